/** What the reader writes of a recording: kept with it, corrected with its times, and drafts while others are looked at. */

import { clockTime, phrase } from "../words/language.js";

/** @typedef {import("./records.js").Row} Row */

export class ReadingForm {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {HTMLTextAreaElement} */
    this.text = host.$("reading-text");
    /** @type {Row | null} */
    this.row = null;
    /** @type {WeakMap<Row, string>} */
    this.drafts = new WeakMap();
    this.text.addEventListener("input", () => this.offer());
  }

  /** @param {Row | null} row */
  show(row) {
    if (row !== this.row) {
      if (this.row) this.drafts.set(this.row, this.text.value);
      this.text.value = (row && (this.drafts.get(row) ?? this.last(row)?.text)) ?? "";
      this.row = row;
    }
    this.offer();
    const kept = this.host.$("reading-kept");
    kept.hidden = !row?.reading;
    if (row?.reading) kept.textContent = [row.reading, ...row.reading.edited].map(line).join("\n");
  }

  /** @param {Row} row */
  last(row) {
    return row.reading && (row.reading.edited.at(-1) ?? row.reading);
  }

  /** Only what has words, and is new, can be kept. */
  offer() {
    const { row, host } = this;
    const written = this.text.value.trim();
    const button = host.$("reading-save");
    button.disabled = !row || !written || written === this.last(row)?.text;
    button.textContent = phrase(host.hiding ? "reading.save-show" : row?.reading ? "reading.correct" : "reading.save");
  }

  /** @param {Row} row */
  hasDraft(row) {
    const text = (row === this.row ? this.text.value : (this.drafts.get(row) ?? "")).trim();
    return text !== "" && text !== (this.last(row)?.text ?? "");
  }

  /** What was written becomes the row's. @returns {boolean} whether there was anything */
  keep() {
    const { row } = this;
    const text = this.text.value.trim();
    if (!row || !text) return false;
    const version = { at: new Date().toISOString(), text };
    if (row.reading) row.reading.edited.push(version);
    else row.reading = { ...version, edited: [] };
    this.drafts.delete(row);
    return true;
  }
}

/** @param {{at: string, text: string}} version */
const line = ({ at, text }) => `${phrase("reading.title")}, ${clockTime(at)}: ${text}`;

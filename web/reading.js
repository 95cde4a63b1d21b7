/** What is written before the network's answer is shown: kept with its recording while others are looked at. */

/** @typedef {import("./records.js").Row} Row */

export class ReadingForm {
  /** @param {HTMLTextAreaElement} text */
  constructor(text) {
    this.text = text;
    /** @type {Row | null} */
    this.row = null;
    /** @type {WeakMap<Row, string>} */
    this.drafts = new WeakMap();
  }

  /** @param {Row | null} row */
  show(row) {
    if (row === this.row) return;
    if (this.row) this.drafts.set(this.row, this.text.value);
    this.text.value = (row && this.drafts.get(row)) ?? "";
    this.row = row;
  }

  /** What was written, which is not to be written again. */
  take() {
    const written = this.text.value.trim();
    this.text.value = "";
    return written;
  }
}

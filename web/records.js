/** The table of what was opened: a line a file, and, after a batch, a column of probabilities. */

import { make, probabilityText } from "./findings.js";

/**
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./pool.js").Outcome} Outcome
 * @typedef {{name: string, type: string, leads: number | null, rate: number | null,
 *   seconds: number | null, state: string, bad: boolean, group: FileGroup | null,
 *   outcome: Outcome | null, reading: {at: string, text: string} | null}} Row
 *   reading: what was read before the network's answer was shown
 * @typedef {"name" | "type" | "leads" | "rate" | "seconds" | "value" | "state"} Column
 */

/** @type {[Column, string][]} */
const COLUMNS = [["name", "Record"], ["state", "State"], ["value", "Probability"], ["seconds", "Length"],
  ["leads", "Leads"], ["rate", "Rate"], ["type", "Type"]];

export class RecordTable {
  /** @param {HTMLTableElement} table @param {(row: Row) => void} onOpen */
  constructor(table, onOpen) {
    this.table = table;
    this.onOpen = onOpen;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Row | null} */
    this.current = null;
    /** @type {Column | ""} */
    this.sortBy = "";
    this.descending = false;
    this.label = "";
    this.blind = false;
    /** Numbers of what was not read yet stay hidden. */
    this.readFirst = false;
    this.frame = 0;
    table.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {Row[]} rows */
  set(rows) {
    this.rows = rows;
    this.current = null;
    this.sortBy = "";
    this.draw();
  }

  /** Soon, once a frame. */
  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  /** @param {Row} row @returns {number | null} the chosen label's probability */
  value(row) {
    if (!row.outcome || !("labels" in row.outcome) || (this.readFirst && !row.reading)) return null;
    return row.outcome.labels.find((l) => l.name === this.label)?.probability ?? null;
  }

  /** @returns {Row[]} */
  sorted() {
    const by = this.sortBy;
    if (!by) return this.rows;
    const key = (/** @type {Row} */ row) => (by === "value" ? this.value(row) : row[by]);
    const sign = this.descending ? -1 : 1;
    return [...this.rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
      if (typeof x === "string") return sign * x.localeCompare(String(y), undefined, { numeric: true });
      return sign * (x - Number(y));
    });
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const focus = /** @type {any} */ (this.table.getRootNode()).activeElement?.dataset?.row;
    const body = make("tbody", {}, ...this.sorted().map((row) => this.rowOf(row)));
    this.table.replaceChildren(make("caption", { className: "unseen" }, "Opened files"), this.head(), body);
    if (focus !== undefined)
      /** @type {HTMLElement | null} */ (this.table.querySelector(`button[data-row="${focus}"]`))?.focus();
  }

  head() {
    const cells = COLUMNS.map(([column, title]) => {
      const text = column === "value" && this.label ? `${title} of ${this.label}` : title;
      const button = make("button", { type: "button", textContent: text });
      button.addEventListener("click", () => {
        this.descending = this.sortBy === column ? !this.descending : column === "value";
        this.sortBy = column;
        this.draw();
      });
      const cell = make("th", { scope: "col", className: column }, button);
      const order = this.sortBy !== column ? "none" : this.descending ? "descending" : "ascending";
      cell.setAttribute("aria-sort", order);
      return cell;
    });
    return make("thead", {}, make("tr", {}, ...cells));
  }

  /** @param {Row} row */
  rowOf(row) {
    const index = this.rows.indexOf(row);
    const name = this.blind ? `recording ${index + 1}` : row.name;
    const first = row.group ? make("button", { type: "button", className: "open-row", textContent: name }) : name;
    if (typeof first !== "string") {
      first.dataset.row = String(index);
      first.addEventListener("click", () => this.onOpen(row));
    }
    const value = this.value(row);
    const texts = [row.state, value === null ? "" : probabilityText(value), row.seconds === null ? "" : `${row.seconds.toFixed(1)} s`,
      row.leads ?? "", row.rate === null ? "" : `${row.rate} Hz`, row.type];
    const line = make("tr", { className: row.bad ? "bad" : "" }, make("th", { scope: "row" }, first),
      ...texts.map((text, i) => make("td", { className: COLUMNS[i + 1][0], textContent: String(text) })));
    if (row === this.current) line.setAttribute("aria-current", "true");
    return line;
  }

  /** The next record that can be opened, in the order shown. @param {number} by */
  step(by) {
    const rows = this.sorted().filter((row) => row.group);
    const at = this.current ? rows.indexOf(this.current) : -1;
    const next = rows[at + by];
    if (next) this.onOpen(next);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const focused = /** @type {HTMLElement} */ (event.target);
    if (!by || !focused.classList.contains("open-row")) return;
    const buttons = /** @type {HTMLElement[]} */ ([...this.table.querySelectorAll(".open-row")]);
    buttons[buttons.indexOf(focused) + by]?.focus();
    event.preventDefault();
  }
}

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

/** Lines that are made in one go; more would be felt. */
const LINES_A_FRAME = 150;
/** While numbers come in, lines change places no more often than this. */
const SORT_MS = 400;

export class RecordTable {
  /** @param {HTMLTableElement} table @param {(row: Row) => void} onOpen */
  constructor(table, onOpen) {
    this.table = table;
    this.onOpen = onOpen;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Map<Row, HTMLTableRowElement>} those that were made */
    this.lines = new Map();
    /** @type {Set<Row>} whose line has to be brought up to date */
    this.changed = new Set();
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
    this.sorting = 0;
    /** @type {Map<Column, HTMLElement>} */
    this.heads = new Map(COLUMNS.map(([column]) => [column, this.headOf(column)]));
    this.body = make("tbody", {});
    table.replaceChildren(make("caption", { className: "unseen" }, "Opened files"),
      make("thead", {}, make("tr", {}, ...this.heads.values())), this.body);
    table.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {Row[]} rows */
  set(rows) {
    this.rows = rows;
    this.lines.clear();
    this.changed.clear();
    this.body.replaceChildren();
    this.current = null;
    this.sortBy = "";
    this.draw();
  }

  /** @param {Row | null} row  the one that is open */
  choose(row) {
    const before = this.current;
    this.current = row;
    for (const each of [before, row]) if (each) this.redraw(each);
  }

  /** Soon, once a frame. @param {Row} [row]  only this one changed */
  redraw(row) {
    for (const each of row ? [row] : this.rows) this.changed.add(each);
    if (!this.frame) this.frame = requestAnimationFrame(() => this.update());
  }

  /** Everything, in its order. */
  draw() {
    for (const row of this.rows) this.changed.add(row);
    this.drawHeads();
    this.update();
    this.sort();
  }

  /** Lines that changed or are still to be made, some a frame. */
  update() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    let left = LINES_A_FRAME;
    const fresh = [];
    for (const row of this.changed) {
      if (left-- === 0) break;
      this.changed.delete(row);
      const line = this.lines.get(row) ?? this.newLine(row);
      if (!line.isConnected) fresh.push(line);
      this.fill(line, row);
    }
    this.body.append(...fresh);
    if (this.changed.size) this.frame = requestAnimationFrame(() => this.update());
    if (this.sortBy) this.sorting ||= setTimeout(() => this.sort(), SORT_MS);
  }

  /** Lines that are there, in their order; the focus stays where it is. */
  sort() {
    clearTimeout(this.sorting);
    this.sorting = 0;
    const wanted = this.sorted().flatMap((row) => this.lines.get(row) ?? []);
    if (wanted.every((line, i) => line === this.body.children[i])) return;
    const focus = /** @type {any} */ (this.table.getRootNode()).activeElement;
    this.body.append(...wanted);
    if (focus && this.body.contains(focus)) focus.focus({ preventScroll: true });
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

  /** @param {Column} column */
  headOf(column) {
    const button = make("button", { type: "button" });
    button.addEventListener("click", () => {
      this.descending = this.sortBy === column ? !this.descending : column === "value";
      this.sortBy = column;
      this.drawHeads();
      this.sort();
    });
    return make("th", { scope: "col", className: column }, button);
  }

  drawHeads() {
    for (const [column, title] of COLUMNS) {
      const cell = /** @type {HTMLElement} */ (this.heads.get(column));
      const order = this.sortBy !== column ? "none" : this.descending ? "descending" : "ascending";
      cell.setAttribute("aria-sort", order);
      /** @type {HTMLElement} */ (cell.firstChild).textContent =
        column === "value" && this.label ? `${title} of ${this.label}` : title;
    }
  }

  /** @param {Row} row */
  newLine(row) {
    const line = make("tr", {}, make("th", { scope: "row" }),
      ...COLUMNS.slice(1).map(([column]) => make("td", { className: column })));
    if (row.group) {
      const button = make("button", { type: "button", className: "open-row" });
      button.addEventListener("click", () => this.onOpen(row));
      line.cells[0].append(button);
    }
    this.lines.set(row, line);
    return line;
  }

  /** @param {HTMLTableRowElement} line @param {Row} row */
  fill(line, row) {
    const value = this.value(row);
    const name = this.blind ? `recording ${this.rows.indexOf(row) + 1}` : row.name;
    const texts = [name, row.state, value === null ? "" : probabilityText(value), row.seconds === null ? "" : `${row.seconds.toFixed(1)} s`,
      row.leads ?? "", row.rate === null ? "" : `${row.rate} Hz`, row.type];
    texts.forEach((text, i) => {
      const cell = line.children[i];
      const holder = cell.firstElementChild ?? cell;
      if (holder.textContent !== String(text)) holder.textContent = String(text);
    });
    line.className = row.bad ? "bad" : "";
    if (row === this.current) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
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

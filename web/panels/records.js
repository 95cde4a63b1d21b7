/** The table of what was opened: a line a file, with what was measured and found, and what was read. */

import { make, setData } from "../base/dom.js";
import { shownText, titleOf, valueText } from "../words/finding_words.js";
import { decimals, English, localeNow, phrase, phraseOf, setPhrase } from "../words/language.js";
import { numberIn } from "../drawing/numbers.js";
import { valueOf } from "../core/report.js";

/**
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 * @typedef {import("../workers/batch.js").Outcome} Outcome
 * @typedef {{name: string, type: string, leads: number | null, rate: number | null,
 *   seconds: number | null, state: import("../words/language.js").Words, bad: boolean, group: FileGroup | null,
 *   outcome: Outcome | null, brief: import("../drawing/numbers.js").Brief | null, number: number, read: boolean,
 *   sample: import("../files/opening.js").Sample | null, reading: Reading | null}} Row
 *   number: of the recording, in the order of opening, which never changes; sample: where it is one of the page's
 * @typedef {import("../core/report.js").Reading} Reading
 * @typedef {"name" | "hr" | "pr" | "qrs" | "qtc" | "axis" | "findings" | "quality" | "reading" | "read" | "value" | "state" |
 *   "seconds" | "leads" | "rate" | "type"} Column
 */

/** @type {readonly Column[]} */
const COLUMNS = [
  "name",
  "hr",
  "pr",
  "qrs",
  "qtc",
  "axis",
  "findings",
  "quality",
  "reading",
  "read",
  "value",
  "state",
  "seconds",
  "leads",
  "rate",
  "type",
];
/** @type {readonly Column[]} */
const NUMBERS = ["hr", "pr", "qrs", "qtc", "axis"];

/** @param {Row} row */
const outputsOf = ({ outcome }) => (outcome && "model" in outcome ? outcome.model.outputs : "probabilities");

/** Lines that are made in one go; more would be felt. */
const LINES_A_FRAME = 25;
/** While numbers come in, lines change places no more often than this. */
const SORT_MS = 400;

/** The most numbers that stand in rising order already. @param {number[]} numbers  all different */
function longestRise(numbers) {
  /** @type {number[]} the smallest number that a rise of i + 1 numbers ends with */
  const ends = [];
  /** @type {Map<number, number | undefined>} the one before it, in the longest rise that ends there */
  const before = new Map();
  for (const number of numbers) {
    const last = ends.at(-1) ?? -Infinity;
    const at = number > last ? ends.length : ends.findIndex((end) => end > number);
    before.set(number, ends[at - 1]);
    ends[at] = number;
  }
  /** @type {Set<number>} */
  const rise = new Set();
  for (let each = ends.at(-1); each !== undefined; each = before.get(each)) rise.add(each);
  return rise;
}

/** What is said in English alone, in a page of another language. @param {HTMLElement} cell
 * @param {import("../words/language.js").Words} words */
function markEnglish(cell, words) {
  const only = words instanceof English && words.translated === null;
  if (only) cell.lang = "en";
  else cell.removeAttribute("lang");
}

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
    /** Which are shown: "", "findings", "notes", "unread". */
    this.filter = "";
    this.blind = false;
    /** Numbers of what was not read yet stay hidden. */
    this.readFirst = false;
    this.onRead = () => {};
    /** A line was made. @type {(line: HTMLTableRowElement, row: Row) => void} */
    this.onLine = () => {};
    this.frame = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.sorting = undefined;
    /** @type {Map<Column, HTMLElement>} */
    this.heads = new Map(COLUMNS.map((column) => [column, this.headOf(column)]));
    this.body = make("tbody", {});
    table.replaceChildren(
      setPhrase(make("caption", { className: "visually-hidden" }), "table.title"),
      make("thead", {}, make("tr", {}, ...this.heads.values())),
      this.body,
    );
    table.addEventListener("keydown", (event) => this.key(event));
    this.drawHeads();
  }

  /** @param {Row[]} rows */
  set(rows) {
    this.rows = rows;
    this.lines.clear();
    this.changed.clear();
    this.body.replaceChildren();
    this.current = null;
    this.draw();
  }

  /** Beside those that are there. @param {Row[]} rows */
  add(rows) {
    this.rows = [...this.rows, ...rows];
    for (const row of rows) this.redraw(row);
  }

  /** @param {Row | null} row  the one that is open */
  choose(row) {
    const before = this.current;
    this.current = row;
    for (const each of [before, row]) if (each) this.redraw(each);
  }

  /** In another language. */
  retell() {
    this.drawHeads();
    this.redraw();
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
    this.sorting = undefined;
    const wanted = this.sorted().flatMap((row) => this.lines.get(row) ?? []);
    for (const [row, line] of this.lines) line.hidden = !this.passes(row);
    const places = new Map([...this.body.children].map((line, i) => [line, i]));
    const staying = longestRise(wanted.map((line) => Number(places.get(line))));
    if (staying.size === wanted.length) return;
    const focus = /** @type {any} */ (this.table.getRootNode()).activeElement;
    // From the last to the first, each before the one that follows it; a line that is moved is laid out anew.
    wanted.reduceRight((/** @type {Element | null} */ next, line) => {
      if (!staying.has(Number(places.get(line)))) this.body.insertBefore(line, next);
      return line;
    }, null);
    if (focus && this.body.contains(focus)) focus.focus({ preventScroll: true });
  }

  /** What is not to be seen before it is read. @param {Row} row */
  covered(row) {
    return this.readFirst && !row.reading;
  }

  /** @param {Row} row @returns {number | null} the chosen finding's probability */
  value(row) {
    if (!row.outcome || !("labels" in row.outcome) || this.covered(row)) return null;
    const found = row.outcome.labels.find((l) => l.name === this.label);
    return found ? valueOf(found) : null;
  }

  /** Findings at or above their thresholds, the likeliest first. @param {Row} row */
  found(row) {
    if (!row.outcome || !("labels" in row.outcome) || this.covered(row)) return [];
    return row.outcome.labels.filter((l) => l.at_or_above_threshold).sort((a, b) => valueOf(b) - valueOf(a));
  }

  /** Their names and values. @param {Row} row */
  foundParts(row) {
    return this.found(row).map((label) => [`${titleOf(label)} `, shownText(valueOf(label), outputsOf(row))]);
  }

  /** @param {Row} row */
  briefOf(row) {
    return this.covered(row) ? null : row.brief;
  }

  /** Whether the filter shows it. @param {Row} row */
  passes(row) {
    if (this.filter === "findings") return this.found(row).length > 0;
    if (this.filter === "notes") return (this.briefOf(row)?.limits.length ?? 0) > 0;
    if (this.filter === "unread") return !row.read && row.group !== null;
    return true;
  }

  /** @param {Row} row @param {Column} column @returns {string | number | null} to sort by */
  keyOf(row, column) {
    if (column === "value") return this.value(row);
    if (NUMBERS.includes(column)) return numberIn(this.briefOf(row), column)?.number ?? null;
    if (column === "findings") {
      const [first] = this.found(row);
      return first ? valueOf(first) : null;
    }
    if (column === "quality") return this.briefOf(row)?.limits.length ?? null;
    if (column === "reading") return row.reading?.text ?? null;
    if (column === "read") return Number(row.read);
    if (column === "state") return String(row.state);
    return row[/** @type {"name"} */ (column)];
  }

  /** Those that a narrow table has no columns for, below the findings; without units. @param {Row} row */
  numbersOf(row) {
    return NUMBERS.filter((column) => column !== "hr" && this.textOf(row, column))
      .map((column) => `${phrase(`column.${column}`).replace(/ \S+$/, "")}\u00a0${this.textOf(row, column)}`)
      .join(" · ");
  }

  /** In a cell. @param {Row} row @param {Column} column @returns {string} */
  textOf(row, column) {
    const brief = this.briefOf(row);
    const value = this.value(row);
    if (NUMBERS.includes(column)) {
      const found = numberIn(brief, column);
      const known = found && found.number !== null;
      const text = known ? String(Math.round(Number(found.number))).replace("-", "−") : (found?.value ?? "");
      return found?.edited ? `${text} (${phrase("marks.edited-short")})` : text;
    }
    if (column === "name") return this.blind ? phrase("table.nameless", { number: row.number }) : row.name;
    if (column === "value") return value === null ? "" : valueText(value, outputsOf(row));
    if (column === "findings" && row.bad) return String(row.state); // why there are none, where it is seen
    if (column === "findings")
      return this.foundParts(row)
        .map(([title, number]) => title + number)
        .join(", ");
    if (column === "quality") return brief ? brief.limits.join("; ") || brief.grade : "";
    if (column === "reading") return row.reading ? (row.reading.edited.at(-1) ?? row.reading).text : "";
    if (column === "read") return "";
    if (column === "seconds") return row.seconds === null ? "" : `${decimals(row.seconds, 1)} s`;
    if (column === "rate") return row.rate === null ? "" : `${row.rate} Hz`;
    if (column === "leads") return String(row.leads ?? "");
    if (column === "type") return phraseOf("type.", row.type);
    return column === "state" && !row.bad ? String(row.state) : "";
  }

  /** @returns {Row[]} */
  sorted() {
    const by = this.sortBy;
    if (!by) return this.rows;
    const key = (/** @type {Row} */ row) => this.keyOf(row, by);
    const sign = this.descending ? -1 : 1;
    return [...this.rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
      if (typeof x === "string") return sign * x.localeCompare(String(y), localeNow(), { numeric: true });
      return sign * (x - Number(y));
    });
  }

  /** @param {Column} column */
  headOf(column) {
    const button = make("button", { type: "button" });
    button.addEventListener("click", () => {
      this.descending = this.sortBy === column ? !this.descending : ["value", "findings", "quality"].includes(column);
      this.sortBy = column;
      this.drawHeads();
      this.sort();
    });
    return make("th", { scope: "col", className: column }, button);
  }

  drawHeads() {
    for (const column of COLUMNS) {
      const title = phrase(`column.${column}`);
      const cell = /** @type {HTMLElement} */ (this.heads.get(column));
      const order = this.sortBy !== column ? "none" : this.descending ? "descending" : "ascending";
      cell.setAttribute("aria-sort", order);
      /** @type {HTMLElement} */ (cell.firstChild).textContent = column === "value" ? this.valueTitle(title) : title;
    }
  }

  /** @param {string} title */
  valueTitle(title) {
    const name = this.rows.some((row) => outputsOf(row) === "scores") ? phrase("column.score") : title;
    return this.label ? phrase("column.of", { name, finding: this.label }) : name;
  }

  /** @param {Row} row */
  newLine(row) {
    const line = make(
      "tr",
      {},
      make("th", { scope: "row" }),
      // What is wrong with a recording may be long: two lines of it, so that many recordings are in sight.
      ...COLUMNS.slice(1).map((column) =>
        make("td", { className: column }, ...(column === "quality" ? [make("div")] : [])),
      ),
    );
    if (row.group) {
      const button = make("button", { type: "button", className: "open-row" });
      button.addEventListener("click", () => this.onOpen(row));
      line.cells[0].append(button);
    }
    if (row.group) {
      const read = make("input", { type: "checkbox" });
      read.addEventListener("change", () => {
        row.read = read.checked;
        this.onRead();
      });
      line.querySelector(".read")?.append(read);
    }
    this.lines.set(row, line);
    this.onLine(line, row);
    return line;
  }

  /** @param {HTMLTableRowElement} line @param {Row} row */
  fill(line, row) {
    COLUMNS.forEach((column, i) => {
      const cell = line.children[i];
      if (column === "read") {
        const box = cell.querySelector("input");
        if (!box) return;
        box.checked = row.read;
        box.setAttribute("aria-label", phrase("table.is-read", { number: row.number }));
        return;
      }
      const text = this.textOf(row, column);
      const holder = column === "findings" ? cell : (cell.firstElementChild ?? cell);
      if (holder.textContent !== text) this.write(/** @type {HTMLElement} */ (holder), row, column, text);
      if (column === "quality")
        /** @type {HTMLElement} */ (holder).title = this.briefOf(row)?.limits.length ? text : "";
      if (column === "quality" || column === "reading")
        setData(/** @type {HTMLElement} */ (holder), "column", phrase(`column.${column}`));
      if (column === "findings") setData(/** @type {HTMLElement} */ (cell), "numbers", this.numbersOf(row));
      if (column === "findings") markEnglish(/** @type {HTMLElement} */ (holder), row.bad ? row.state : "");
    });
    line.hidden = !this.passes(row);
    line.className = row.bad ? "bad" : "";
    if (row === this.current) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }

  /** No line ends within a number and its sign. @param {HTMLElement} holder @param {Row} row @param {Column} column
   * @param {string} text */
  write(holder, row, column, text) {
    if (column !== "findings" || row.bad) holder.textContent = text;
    else
      holder.replaceChildren(
        ...this.foundParts(row).flatMap(([title, value], i) => [
          (i ? ", " : "") + title,
          make("span", { textContent: value }),
        ]),
      );
    if (column === "name") holder.title = text;
  }

  /** Those that are stepped through: what the filter shows, in its order. */
  steppable() {
    return this.sorted().filter((row) => row.group && (this.passes(row) || row === this.current));
  }

  /** @param {number} by @returns {Row | null} */
  neighbour(by) {
    const rows = this.steppable();
    const at = this.current ? rows.indexOf(this.current) : -1;
    return rows[at + by] ?? null;
  }

  /** The next record that can be opened, in the order shown. @param {number} by */
  step(by) {
    const next = this.neighbour(by);
    if (next) this.onOpen(next);
    return next !== null;
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

/** What a table of numbers, or a drawing, does not say, asked of who has it: its leads, rate and unit, drawn as soon as they are known. */

import { LEADS } from "../core/core_constants.js";
import { make } from "../base/dom.js";
import { English, listed, phrase, setPhrase, setWords, deferred } from "../words/language.js";
import { errorWords, messageOf } from "../words/messages.js";

/**
 * @typedef {import("../core/wasm.js").Table} Table
 * @typedef {import("./records.js").Row} Row
 * @typedef {import("../core/readers.js").ReadOptions} ReadOptions
 */

/** Nothing is chosen yet. @returns {[string, string]} */
const unchosen = () => ["", phrase("mapping.choose")];
const UNITS = [
  ["mV", "mV"],
  ["uV", "µV"],
  ["V", "V"],
  ["nV", "nV"],
];
/** Of drawings: paper speed and gain. */
const SCALES = [25, 50, 12.5]
  .flatMap((speed) => [10, 5, 20].map((gain) => `${speed} mm/s ${gain} mm/mV`))
  .map((text) => [text, text]);
/** Answers are tried this long after the last of them. */
const PAUSE_MS = 350;
const OUT = "-";

/** What is asked, in words. @param {Pick<Table, "asks" | "drawing">} table */
export function asked({ asks: { rate, unit, names }, drawing }) {
  if (drawing) return phrase("mapping.asks.scale");
  const parts = [
    ...(names ? [phrase("mapping.asks.leads")] : []),
    ...(rate ? [phrase("mapping.asks.rate")] : []),
    ...(unit ? [phrase("mapping.asks.unit")] : []),
  ];
  return parts.length ? listed(parts) : "";
}

/** A column's name with its unit, as a header writes it. @param {{name: string, units: string}} column */
const headerOf = ({ name, units }) => (units ? `${name} (${units})` : name).replaceAll(",", " ").trim();

/** What a column can be, and what it is taken for. @param {Table["named"][number]} column
 * @returns {{choices: string[][], chosen: string}} */
export function choicesOf(column) {
  const own = headerOf(column);
  const lead = LEADS.find((name) => name.toLowerCase() === column.name.toLowerCase());
  const named = lead ? (column.units ? `${lead} (${column.units})` : lead) : own;
  const time = column.role === "time" ? own : "time";
  const chosen = column.role === "time" ? time : column.role !== "signal" ? OUT : named;
  const leads = LEADS.map((name) => (name === lead ? [named, name] : [name, name]));
  const others =
    column.role === "signal" && named && !lead ? [[named, phrase("mapping.signal", { name: column.name })]] : [];
  return {
    choices: [unchosen(), ...leads, ...others, [time, phrase("mapping.time")], [OUT, phrase("mapping.out")]],
    chosen,
  };
}

export class Mapping {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {Row | null} */
    this.row = null;
    /** @type {Table | null} */
    this.table = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** Answers, by their turn: an older one's outcome is dropped. */
    this.turn = 0;
    const form = this.form;
    form.addEventListener("input", () => this.soon());
    host.on("mapping-form", "submit", (event) => {
      event.preventDefault();
      return this.accept();
    });
    host.on("mapping-close", "click", () => this.hide());
  }

  /** @returns {HTMLFormElement} */
  get form() {
    return this.host.$("mapping-form");
  }

  /** @param {Row} row @param {import("../core/wasm.js").CoreError} error */
  show(row, error) {
    const { host } = this;
    const table = /** @type {Table} */ (error.table);
    if (this.row === row && !host.$("mapping").hidden) return this.tell(error);
    Object.assign(this, { row, table });
    const { drawing, columns, rows } = table;
    if (host.blind) setPhrase(host.$("mapping-title"), "mapping.title-blind");
    else setPhrase(host.$("mapping-title"), "mapping.title", { name: row.name });
    const text = host.$("mapping-text");
    if (drawing) setPhrase(text, "mapping.scale-uncertain", { why: new English(this.spoken(error)) });
    else if (asked(table)) setPhrase(text, "mapping.table", { columns, rows, asks: () => asked(table) });
    else setWords(text, errorWords(error));
    this.fill(table);
    this.say("");
    host.$("mapping").hidden = false;
    /** @type {HTMLElement | null} */ (this.form.querySelector("select, input"))?.focus();
  }

  /** In another language; what was answered stays. */
  retell() {
    const { host, table } = this;
    if (!table || host.$("mapping").hidden) return;
    const fields = [...this.form.querySelectorAll("input, select")].map((each) => /** @type {any} */ (each));
    const kept = fields.map(({ value }) => value);
    const ready = !host.$("mapping-use").disabled;
    this.fill(table);
    const fresh = this.form.querySelectorAll("input, select");
    kept.forEach((value, i) => Object.assign(fresh[i], { value }));
    host.$("mapping-use").disabled = !ready;
  }

  hide() {
    clearTimeout(this.timer);
    this.turn++;
    Object.assign(this, { row: null, table: null });
    this.host.$("mapping").hidden = true;
  }

  /** @param {Table} table */
  fill({ asks, named, first, rate, columns, drawing }) {
    const { host } = this;
    host.$("mapping-table").parentElement.hidden = drawing;
    setPhrase(host.$("mapping-unit-name"), drawing ? "mapping.scale" : "mapping.unit");
    const many = columns > named.length;
    const usual = !asks.names && columns === LEADS.length && named.every(({ name }) => !name);
    const heads = named.map((column, i) => {
      const { choices, chosen } = choicesOf(usual ? { ...column, name: LEADS[i] } : column);
      const select = make("select", { name: `column${i}` }, ...choices.map(([value, text]) => new Option(text, value)));
      select.value = choices.some(([value]) => value === chosen) ? chosen : "";
      const number = i + 1;
      select.setAttribute(
        "aria-label",
        `${phrase("mapping.column", { number })}${column.name ? `, ${column.name}` : ""}`,
      );
      const head = headerOf(column) || phrase("mapping.unnamed", { number });
      return make("th", { scope: "col" }, make("span", { textContent: head }), select);
    });
    const rows = first.map((row) =>
      make("tr", {}, ...row.map((value) => make("td", { textContent: value === null ? "" : String(value) }))),
    );
    host
      .$("mapping-table")
      .replaceChildren(
        make("caption", { className: "visually-hidden" }, phrase("mapping.first-rows")),
        make("thead", {}, make("tr", {}, ...heads)),
        make("tbody", {}, ...rows),
      );
    host.$("mapping-many").hidden = !many;
    host.$("mapping-names").value = "";
    host.$("mapping-rate").value = rate ?? "";
    host
      .$("mapping-unit")
      .replaceChildren(...[unchosen(), ...(drawing ? SCALES : UNITS)].map(([value, text]) => new Option(text, value)));
    host.$("mapping-use").disabled = true;
  }

  /** What was answered; null while something is missing. @returns {ReadOptions | null} */
  answers() {
    const { host, table } = this;
    if (!table) return null;
    const rate = Number(host.$("mapping-rate").value) || 0,
      unit = host.$("mapping-unit").value;
    if (table.drawing) return unit ? { rate, unit, columns: "" } : null;
    const selects = /** @type {HTMLSelectElement[]} */ ([...this.form.querySelectorAll("th select")]);
    const chosen = selects.map(({ value }) => value);
    const many = table.columns > selects.length;
    const columns = many ? host.$("mapping-names").value : chosen.join(",");
    const timed = chosen.some((value, i) => value !== OUT && table.named[i].role === "time") || chosen.includes("time");
    const known = (rate > 0 || !table.asks.rate || timed) && (unit || !table.asks.unit);
    if (!known || (many ? table.asks.names && !columns : chosen.includes("") || chosen.every((value) => value === OUT)))
      return null;
    return { rate, unit, columns };
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.host.guarded(() => this.draw()), PAUSE_MS);
  }

  /** As it would be; it is analysed when that is right. */
  async draw() {
    const { row, host } = this;
    const turn = ++this.turn;
    const reading = this.answers();
    host.$("mapping-use").disabled = true;
    if (!row?.group) return;
    if (!reading) return this.say(deferred("mapping.more"));
    row.group.reading = reading;
    try {
      await host.opener.readRow(row, { kept: true });
    } catch (error) {
      if (turn === this.turn) this.tell(error);
      return;
    }
    if (turn !== this.turn) return;
    host.$("mapping-use").disabled = false;
    this.say(deferred("mapping.drawn"));
    host.say(deferred("mapping.not-analysed"));
  }

  /** The drawing is right. */
  async accept() {
    const { host, row } = this;
    if (host.$("mapping-use").disabled || !row) return;
    this.hide();
    host.$("ecg").focus({ preventScroll: true });
    await host.analyse({});
  }

  /** What the core says, with the form's words for the tool's options. @param {unknown} error */
  spoken(error) {
    return messageOf(error)
      .replaceAll("--rate", "the rate")
      .replaceAll("--columns", "the names")
      .replaceAll("--unit", this.table?.drawing ? "the scale" : "the unit");
  }

  /** @param {unknown} error */
  tell(error) {
    this.say(new English(this.spoken(error)), true);
  }

  /** @param {import("../words/language.js").Words} words @param {boolean} [problem] */
  say(words, problem = false) {
    setWords(this.host.$("mapping-status"), words);
    this.host.$("mapping-status").classList.toggle("problem", problem);
  }
}

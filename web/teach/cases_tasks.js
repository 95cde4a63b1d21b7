/**
 * The tasks of a case as forms: findings from a list that can be searched, measuring by calipers or by number, marking
 * by hand or by fields, choice, text. Each gives the answer that the core scores.
 */

import { element, make } from "../base/dom.js";
import { spanText } from "./cases_language.js";
import { byTimes, isAsked } from "./cases_sight.js";
import { MAX_MARKS } from "./cases_state.js";
import { showText } from "./cases_text.js";

/**
 * @typedef {import("./cases_source.js").Task} Task
 * @typedef {import("./cases_source.js").SetDocument} SetDocument
 * @typedef {import("./cases_state.js").Response} Response
 * @typedef {import("./cases_state.js").Span} Span
 * @typedef {import("./cases_language.js").Words} Words
 * @typedef {import("./cases_ecg.js").Reading} Reading
 * @typedef {{words: Words, set: SetDocument, lang: string, leads: string[], seconds: number,
 *   asked: Span[] | null, askCalipers: (lead: string | undefined) => void,
 *   askMark: (done: ((span: Span) => void) | null) => void, changed: () => void}} Around  lang: of the set's
 *   texts; asked: what marks are asked for in, null: all of the recording
 */

/** Lists are searched where they are longer. */
const SEARCHED = 8;

let numbers = 0;
/** An id for a label to point to; two players on one page are in trees of their own. */
const nextId = () => `cases-field-${++numbers}`;

/** Corrected QT, ms. @type {Record<string, (qt: number, rr: number) => number>} */
const FORMULAS = {
  bazett: (qt, rr) => qt / Math.sqrt(rr / 1000),
  fridericia: (qt, rr) => qt / Math.cbrt(rr / 1000),
  framingham: (qt, rr) => qt + 154 * (1 - rr / 1000),
  hodges: (qt, rr) => qt + 1.75 * (60000 / rr - 60),
};

/** What the formulas are called. */
export const FORMULA_NAMES = Object.freeze({
  bazett: "Bazett",
  fridericia: "Fridericia",
  framingham: "Framingham",
  hodges: "Hodges",
});

/** @param {string | undefined} quantity */
export function unitOf(quantity) {
  if (quantity === "rate") return "/min";
  if (quantity === "amplitude") return "mV";
  return quantity?.includes("axis") ? "°" : "ms";
}

/** With the digits that the unit has. @param {number} value @param {string} unit */
export const numberText = (value, unit) =>
  (unit === "mV" ? value.toFixed(2) : String(Math.round(value * 10) / 10)).replace("-", "−");

/** @param {number} value @param {string} unit */
export const valueText = (value, unit) =>
  `${numberText(value, unit)}${unit === "°" || unit === "/min" ? "" : "\u00a0"}${unit}`;

/** What calipers say of a quantity, or NaN. @param {Task} task @param {Reading} reading */
function readingOf(task, reading) {
  const unit = task.unit ?? unitOf(task.quantity);
  const beats = task.beats ?? 1;
  if (unit === "/min") return reading.ms > 0 ? Math.round((60000 * beats) / reading.ms) : NaN;
  if (unit === "mV") return Math.round(100 * reading.mv) / 100;
  if (unit === "°") return NaN;
  return Math.round(task.quantity === "rr" ? reading.ms / beats : reading.ms);
}

/** A form for a task. @param {Task} task @param {Around} around @returns {TaskForm} */
export function formOf(task, around) {
  if (task.type === "findings") return new FindingsForm(task, around);
  if (task.type === "measure") return new (task.quantity === "qtc" ? QtcForm : MeasureForm)(task, around);
  if (task.type === "mark") return new MarkForm(task, around);
  return task.type === "choice" ? new ChoiceForm(task, around) : new TextForm(task, around);
}

export class TaskForm {
  /** @param {Task} task @param {Around} around */
  constructor(task, around) {
    this.task = task;
    this.around = around;
    /** @type {Response} */
    this.response = {};
    this.legend = showText(element("legend", { lang: around.lang }), task.prompt ?? "");
    this.node = element("fieldset", { class: `cases-task ${task.type}` }, this.legend);
    this.node.dataset.task = task.id;
  }

  get words() {
    return this.around.words;
  }

  /** @param {Response} response  of before */
  restore(response) {
    this.response = response;
  }

  /** @param {Reading | null} _reading  of the calipers, null: they are off */
  calipers(_reading) {}

  /** The learner's own marks. @returns {Span[]} */
  get spans() {
    return [];
  }

  /** Takes along what was typed and not yet taken. @returns {boolean} false: it cannot be, and that is told */
  finish() {
    return true;
  }

  /** Of the whole form, after the commit. */
  disable() {
    /** @type {HTMLFieldSetElement} */ (this.node).disabled = true;
  }

  /** @param {Response} response */
  answer(response) {
    this.response = response;
    this.around.changed();
  }

  /** @param {"checkbox" | "radio"} type @param {string} name @param {string} value @param {string} text */
  box(type, name, value, text) {
    const input = make("input", { type, name, value });
    const words = showText(element("span", { lang: this.around.lang }), text);
    return { input, label: element("label", { class: "cases-choice" }, input, words) };
  }
}

class FindingsForm extends TaskForm {
  /** @param {Task} task @param {Around} around */
  constructor(task, around) {
    super(task, around);
    this.items = around.set.lists?.[task.list ?? ""] ?? [];
    this.boxes = this.items.map(({ id, text }) => ({ text, ...this.box("checkbox", "finding", id, text) }));
    for (const [i, { label }] of this.boxes.entries()) if (this.items[i].in) label.classList.add("inner");
    this.count = element("p", { class: "faint", role: "status" });
    const list = element("div", { class: "cases-list" }, ...this.boxes.map(({ label }) => label));
    list.addEventListener("change", () => this.take());
    const shown = this.items.length > SEARCHED ? [this.search(), list] : [list];
    this.node.append(...shown, this.count);
    this.show();
  }

  search() {
    const { words } = this;
    const input = make("input", { type: "search", autocomplete: "off" });
    input.setAttribute("aria-label", words("filter"));
    input.placeholder = words("filter");
    input.addEventListener("input", () => {
      const wanted = plain(input.value);
      let shown = 0;
      for (const { text, input: box, label } of this.boxes) {
        label.hidden = !plain(text).includes(wanted) && !box.checked;
        shown += Number(!label.hidden);
      }
      this.count.textContent = words("filter-found", { n: shown });
    });
    return input;
  }

  take() {
    const named = this.boxes.filter(({ input }) => input.checked).map(({ input }) => input.value);
    this.answer({ named });
    this.show();
  }

  show() {
    const n = this.boxes.filter(({ input }) => input.checked).length;
    this.count.textContent = n ? this.words("chosen", { n }) : this.words("none-chosen");
  }

  /** @param {Response} response */
  restore(response) {
    super.restore(response);
    for (const { input } of this.boxes) input.checked = response.named?.includes(input.value) ?? false;
    this.show();
  }
}

/** For searching: without accents and capitals. @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

class MeasureForm extends TaskForm {
  /** @param {Task} task @param {Around} around */
  constructor(task, around) {
    super(task, around);
    this.unit = task.unit ?? unitOf(task.quantity);
    const { words } = this;
    const where = task.lead && task.lead !== "*" ? words("from-lead", { lead: task.lead }) : "";
    const facts = [where, task.beats && task.beats > 1 ? words("beats", { n: task.beats }) : ""]
      .filter(Boolean)
      .join(", ");
    this.field = this.number(words("measured"), this.unit, () => this.typed());
    this.node.append(element("p", { class: "bar-line" }, this.field.label));
    if (facts) this.node.append(element("p", { class: "faint" }, facts));
    if (this.unit !== "°") this.node.append(this.caliperButtons());
  }

  /** @param {string} name @param {string} unit @param {() => void} changed */
  number(name, unit, changed) {
    const input = make("input", { type: "number", step: "any", inputMode: "decimal", id: nextId() });
    input.addEventListener("input", changed);
    return { input, label: element("label", {}, `${name} `, input, ` ${unit}`) };
  }

  caliperButtons() {
    const ask = make("button", { type: "button", textContent: this.words("use-calipers") });
    ask.addEventListener("click", () => this.around.askCalipers(this.task.lead));
    this.taking = make("button", { type: "button", className: "primary", hidden: true });
    this.taking.addEventListener("click", () => this.taken());
    return element("p", { class: "actions" }, ask, this.taking);
  }

  /** @param {Reading | null} reading */
  calipers(reading) {
    this.reading = reading;
    const value = reading ? readingOf(this.task, reading) : NaN;
    if (!this.taking) return;
    this.taking.hidden = !Number.isFinite(value);
    this.taking.textContent = Number.isFinite(value)
      ? this.words("take-calipers", { value: valueText(value, this.unit) })
      : "";
  }

  taken() {
    const { reading } = this;
    if (!reading) return;
    const value = readingOf(this.task, reading);
    this.field.input.value = String(value);
    const { lead, from, to } = reading;
    this.answer({ value, lead, from: rounded(from), to: rounded(to) });
  }

  typed() {
    const value = this.field.input.valueAsNumber;
    this.answer(Number.isFinite(value) ? { value } : {});
  }

  /** @param {Response} response */
  restore(response) {
    super.restore(response);
    this.field.input.value = response.value === undefined ? "" : String(response.value);
  }
}

/** To a microsecond. @param {number} s */
const rounded = (s) => Math.round(s * 1e6) / 1e6;

/** QT and RR of the learner's own; what is made of them is told, and is what is scored. */
class QtcForm extends MeasureForm {
  /** @param {Task} task @param {Around} around */
  constructor(task, around) {
    super(task, around);
    const { words } = this;
    this.field.label.remove();
    /** @type {Record<"qt" | "rr", {input: HTMLInputElement, label: HTMLElement}>} */
    this.fields = {
      qt: this.number(words("qt-interval"), "ms", () => this.typed()),
      rr: this.number(words("rr-interval"), "ms", () => this.typed()),
    };
    this.made = element("output", {});
    /** @type {HTMLButtonElement[]} */
    this.takings = [];
    for (const key of /** @type {const} */ (["qt", "rr"])) this.node.append(this.line(key));
    this.node.append(element("p", {}, this.made));
  }

  /** @param {"qt" | "rr"} key */
  line(key) {
    const taking = make("button", { type: "button", hidden: true });
    taking.addEventListener("click", () => {
      if (!this.reading) return;
      this.fields[key].input.value = String(Math.round(this.reading.ms));
      this.typed();
    });
    this.takings.push(taking);
    return element("p", { class: "bar-line" }, this.fields[key].label, taking);
  }

  /** @param {Reading | null} reading */
  calipers(reading) {
    this.reading = reading;
    const { words } = this;
    for (const [i, taking] of this.takings.entries()) {
      taking.hidden = !reading;
      const value = reading ? valueText(Math.round(reading.ms), "ms") : "";
      taking.textContent = words("take-calipers", {
        value: `${[words("qt-interval"), words("rr-interval")][i]} ${value}`,
      });
    }
  }

  typed() {
    const [qt, rr] = [this.fields.qt, this.fields.rr].map(({ input }) => input.valueAsNumber);
    /** @type {Response} */
    const response = {};
    if (Number.isFinite(qt)) response.qt = qt;
    if (Number.isFinite(rr)) response.rr = rr;
    this.show(qt, rr);
    this.answer(response);
  }

  /** @param {number} qt @param {number} rr */
  show(qt, rr) {
    const formula = /** @type {keyof typeof FORMULA_NAMES} */ (this.task.formula ?? "fridericia");
    const value = FORMULAS[formula]?.(qt, rr) ?? NaN;
    const name = FORMULA_NAMES[formula] ?? "";
    this.made.textContent = Number.isFinite(value)
      ? this.words("qtc-is", { ms: String(Math.round(value)), formula: name })
      : "";
  }

  /** @param {Response} response */
  restore(response) {
    this.response = response;
    for (const key of /** @type {const} */ (["qt", "rr"]))
      this.fields[key].input.value = response[key] === undefined ? "" : String(response[key]);
    this.show(response.qt ?? NaN, response.rr ?? NaN);
  }
}

class MarkForm extends TaskForm {
  /** @param {Task} task @param {Around} around */
  constructor(task, around) {
    super(task, around);
    const { words } = this;
    /** @type {Span[]} */
    this.marks = [];
    this.hand = make("button", { type: "button", textContent: words("mark-on") });
    this.hand.setAttribute("aria-pressed", "false");
    this.hand.addEventListener("click", () => this.useHand(this.hand.getAttribute("aria-pressed") !== "true"));
    this.lead = make("select", {}, ...around.leads.map((name) => new Option(name, name)));
    const seconds = { type: "number", step: "0.01", min: "0", max: String(around.seconds), inputMode: "decimal" };
    this.from = make("input", seconds);
    this.to = make("input", seconds);
    const add = make("button", { type: "button", textContent: words("add-mark") });
    add.addEventListener("click", () => this.addFields());
    const label = (/** @type {string} */ name, /** @type {HTMLElement} */ field) =>
      element("label", {}, `${name} `, field);
    const fields = [label(words("lead"), this.lead), label(words("from"), this.from), label(words("to"), this.to), add];
    this.problem = element("p", { class: "cases-problem", role: "alert" });
    this.list = element("ul", { class: "cases-marks" });
    this.node.append(
      element("p", { class: "actions" }, this.hand),
      element("p", { class: "faint" }, words("mark-hint")),
      ...(around.asked ? [element("p", { class: "faint cases-asked" }, askedText(words, around.asked))] : []),
      element("p", { class: "bar-line" }, ...fields),
      this.problem,
      this.list,
    );
    this.show();
  }

  /** @param {boolean} on */
  useHand(on) {
    this.hand.setAttribute("aria-pressed", String(on));
    this.around.askMark(on ? (span) => this.add(span) : null);
  }

  /** Another task took the hand. */
  loseHand() {
    this.hand.setAttribute("aria-pressed", "false");
  }

  addFields() {
    const [from, to] = [this.from.valueAsNumber, this.to.valueAsNumber].sort((a, b) => a - b);
    const fine = from >= 0 && to <= this.around.seconds + 0.01 && to > from;
    this.problem.textContent = fine ? "" : this.words("mark-needs");
    if (!fine) return false;
    this.add({ lead: this.lead.value, from, to });
    this.from.value = this.to.value = "";
    return true;
  }

  /** A mark whose times are typed is one, whether it was added or not. */
  finish() {
    const open = [this.from, this.to].find(({ value, validity }) => value || validity.badInput);
    if (!open || this.addFields()) return true;
    this.problem.textContent = this.words("mark-open");
    open.focus();
    return false;
  }

  /** @param {Span} span */
  add({ lead, from, to }) {
    if (this.marks.length >= MAX_MARKS) return;
    this.marks = [...this.marks, { lead, from: rounded(from), to: rounded(to) }];
    this.keep();
  }

  keep() {
    this.answer(this.marks.length ? { marks: this.marks } : {});
    this.show();
  }

  show() {
    const { words } = this;
    const lines = this.marks.map((mark, i) => {
      const span = spanText(words, mark);
      const remove = make("button", { type: "button", textContent: "×", title: words("remove-mark", { words: span }) });
      remove.setAttribute("aria-label", words("remove-mark", { words: span }));
      remove.addEventListener("click", () => {
        this.marks = this.marks.filter((_, j) => j !== i);
        this.keep();
        this.hand.focus();
      });
      const outside = isAsked(this.around.asked, mark) ? "" : words("mark-outside");
      return element("li", {}, `${span} `, ...(outside ? [make("small", { textContent: outside })] : []), remove);
    });
    this.list.replaceChildren(...(lines.length ? lines : [element("li", { class: "faint" }, words("no-marks"))]));
  }

  get spans() {
    return this.marks;
  }

  /** @param {Response} response */
  restore(response) {
    super.restore(response);
    this.marks = response.marks ?? [];
    this.show();
  }
}

/** What of the ECG is asked for: what the case shows at first. @param {Words} words @param {Span[]} asked */
const askedText = (words, asked) =>
  words("mark-asked", {
    parts: byTimes(asked)
      .map(({ leads, from, to }) => spanText(words, { lead: leads.join(" "), from, to }))
      .join("; "),
  });

class ChoiceForm extends TaskForm {
  /** @param {Task} task @param {Around} around */
  constructor(task, around) {
    super(task, around);
    const options = task.options ?? [];
    const several = task.several ?? options.filter(({ right }) => right).length > 1;
    const name = nextId();
    this.boxes = options.map(({ id, text }) => this.box(several ? "checkbox" : "radio", name, id, text));
    const list = element("div", { class: "cases-list" }, ...this.boxes.map(({ label }) => label));
    list.addEventListener("change", () =>
      this.answer({ chosen: this.boxes.filter(({ input }) => input.checked).map(({ input }) => input.value) }),
    );
    this.node.append(list);
  }

  /** @param {Response} response */
  restore(response) {
    super.restore(response);
    for (const { input } of this.boxes) input.checked = response.chosen?.includes(input.value) ?? false;
  }
}

class TextForm extends TaskForm {
  /** @param {Task} task @param {Around} around */
  constructor(task, around) {
    super(task, around);
    this.text = make("textarea", { rows: 3, maxLength: 4000 });
    this.text.setAttribute("aria-label", task.prompt || around.words("tasks"));
    this.text.addEventListener("input", () => this.answer(this.text.value.trim() ? { text: this.text.value } : {}));
    this.node.append(this.text);
  }

  /** @param {Response} response */
  restore(response) {
    super.restore(response);
    this.text.value = response.text ?? "";
  }
}

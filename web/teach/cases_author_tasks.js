/** The tasks of a case, being written: what is asked, and the key. */

import { areaField, button, checkField, numberField, refill, line, selectField, textField } from "./cases_fields.js";
import {
  emptyTask,
  freshId,
  LIST,
  likeliestQuantity,
  listOf,
  MEASURED_AS,
  measureTask,
  MOST_TASKS,
  PROMPTS,
  QUANTITIES,
  usualTolerance,
} from "./cases_draft.js";
import { FindingsKey } from "./cases_author_findings.js";
import { plainSpan, spanWords } from "./cases_author_marks.js";
import { make } from "../base/dom.js";

/**
 * @typedef {import("./cases_author.js").Author} Author
 * @typedef {import("./cases_draft.js").Task} Task
 * @typedef {import("./cases_draft.js").Quantity} Quantity
 * @typedef {import("./cases_draft.js").MeasureTask} MeasureTask
 * @typedef {import("../package/documents.js").CaseMarkTask} MarkTask
 * @typedef {import("../package/documents.js").CaseChoice} ChoiceTask
 */

const KINDS = /** @type {const} */ ([
  ["findings", "Findings"],
  ["measure", "Measurement"],
  ["mark", "Marking"],
  ["choice", "Choice"],
  ["text", "Text"],
]);

/** A place that its author still has to give times: one that is nobody's choice is no key. */
const NOWHERE = Object.freeze({ from: NaN, to: NaN });
/** What calipers can be set on, and tasks ask. */
const SET_ON = /** @type {const} */ (["rr", "pr", "qrs", "qt"]);
const FORMULAS = /** @type {const} */ (["fridericia", "bazett", "framingham", "hodges"]);

export class TaskEditor {
  /** @param {Author} author */
  constructor(author) {
    this.author = author;
    this.holder = make("div", { className: "author-part" });
    this.findings = new FindingsKey(author);
  }

  /** @param {string} [focus]  key */
  render(focus) {
    const { tasks } = this.author.one;
    refill(
      this.holder,
      [
        make(
          "div",
          { className: "author-row" },
          make("span", { className: "faint", textContent: "Add" }),
          ...this.adders(),
        ),
        ...(this.full
          ? [make("p", { className: "faint", textContent: `A case has at most ${MOST_TASKS} tasks.` })]
          : []),
        ...tasks.map((task, i) => this.taskBox(task, i)),
      ],
      focus,
    );
  }

  /** No further task would be read. */
  get full() {
    return this.author.one.tasks.length >= MOST_TASKS;
  }

  adders() {
    const ask = button("Ask this", () => this.ask(), {
      key: "task-ask",
      className: "primary",
      name: "Ask this: what the calipers measure",
      disabled: this.full,
    });
    const adders = KINDS.map(([type, title]) =>
      button(title, () => this.add(type), { key: `task-add-${type}`, disabled: this.full }),
    );
    return [ask, ...adders];
  }

  /** @param {Task} task @param {string} [part]  of it that has the focus next */
  push(task, part = "prompt") {
    const { author } = this;
    author.keep();
    author.one.tasks.push(task);
    author.changed();
    this.render(`task-${task.id}-${part}`);
  }

  /** @param {string} type */
  add(type) {
    const task = emptyTask(this.author.one, type);
    if (task.type === "findings") listOf(this.author.set, LIST);
    if (task.type === "measure") Object.assign(task, this.measured(task.quantity) ?? {});
    this.push(task, type === "findings" ? "finding" : "prompt");
  }

  /** A task from the calipers. */
  ask() {
    const { author } = this;
    const reading = author.calipers;
    if (!reading) return author.lendCalipers("what you want to ask", "Ask this");
    const preset = SET_ON.find((each) => each === reading.kind);
    const quantity = preset ?? likeliestQuantity(reading.ms, author.measured);
    const beats = preset === "rr" ? reading.count : 1;
    const found = { value: reading.ms / beats, lead: reading.lead, by: /** @type {const} */ ("person") };
    const task = measureTask(author.one, quantity, found, author.level);
    this.push(beats > 1 ? { ...task, beats } : task, "quantity");
    const { title, unit } = QUANTITIES[quantity];
    author.host.say(`Task ${author.one.tasks.length} asks for it: ${title}, ${task.answer} ${unit}.`);
  }

  /** What the page has measured, and that nobody has looked at it. @param {Quantity} quantity */
  measured(quantity) {
    const value = this.author.measured.get(MEASURED_AS[quantity] ?? "");
    if (value === undefined) return null;
    const answer = Math.round(value);
    return {
      answer,
      tolerance: usualTolerance(quantity, answer, this.author.level),
      by: /** @type {const} */ ("page"),
    };
  }

  /** @param {MarkTask} task @param {{lead: string, from: number, to: number}} span */
  addTarget(task, span) {
    const { author } = this;
    author.keep();
    task.targets.push(plainSpan(span));
    author.changed();
    const place = `task-${task.id}-target-${task.targets.length - 1}-from`;
    this.render(Number.isFinite(span.from) ? "" : place);
    author.marks.show();
    if (Number.isFinite(span.from))
      author.host.say(
        `Place ${task.targets.length} of task ${author.one.tasks.indexOf(task) + 1}: ${spanWords(span)}.`,
      );
  }

  /* ---- one of them ---- */

  /** @param {Task} task @param {number} i */
  taskBox(task, i) {
    const { author } = this;
    const { tasks } = author.one;
    const title = KINDS.find(([type]) => type === task.type)?.[1] ?? task.type;
    const key = `task-${task.id}`;
    const move = (/** @type {number} */ by, /** @type {string} */ name) =>
      button(by < 0 ? "↑" : "↓", () => this.move(i, by), {
        name: `${name} task ${i + 1}`,
        key: `${key}-${by < 0 ? "up" : "down"}`,
        disabled: !tasks[i + by],
      });
    return make(
      "fieldset",
      { className: "author-item" },
      make("legend", { textContent: `Task ${i + 1}: ${title}` }),
      areaField("What you ask", task.prompt ?? "", (prompt) => this.put(task, { prompt }), {
        key: `${key}-prompt`,
        rows: 1,
        fault: author.fault,
      }),
      ...this.parts(task, key),
      line(
        move(-1, "Up:"),
        move(1, "Down:"),
        button("Remove", () => this.remove(i), { name: `Remove task ${i + 1}`, key: `${key}-remove` }),
      ),
    );
  }

  /** @param {number} i @param {number} by */
  move(i, by) {
    const { author } = this;
    const { tasks } = author.one;
    author.keep();
    const [task] = tasks.splice(i, 1);
    tasks.splice(i + by, 0, task);
    author.changed();
    const end = i + by === 0 || i + by === tasks.length - 1;
    this.render(`task-${task.id}-${end === by < 0 ? "down" : "up"}`);
    author.marks.show();
  }

  /** @param {number} i */
  remove(i) {
    const { author } = this;
    author.marks.stop();
    author.keep();
    author.one.tasks.splice(i, 1);
    author.changed();
    this.render(`task-${author.one.tasks[Math.max(0, i - 1)]?.id ?? ""}-remove`);
    author.marks.show();
  }

  /** @param {object} what  a task, or a part of one @param {object} change */
  put(what, change) {
    Object.assign(what, change);
    this.author.changed();
  }

  /** @param {Task} task @param {string} key @returns {Node[]} */
  parts(task, key) {
    if (task.type === "findings") return this.findings.parts(task, key);
    if (task.type === "measure") return this.measureParts(task, key);
    if (task.type === "mark") return this.markParts(task, key);
    if (task.type === "choice") return this.choiceParts(task, key);
    const model = areaField("Model answer", task.model ?? "", (text) => this.put(task, { model: text }), {
      key: `${key}-model`,
      fault: this.author.fault,
    });
    return [model];
  }

  /* ---- measurements ---- */

  /** @param {MeasureTask} task @param {string} key */
  measureParts(task, key) {
    return [
      line(...this.answerFields(task, key)),
      line(...this.placeFields(task, key)),
      line(
        button("From the calipers", () => this.fromCalipers(task, key), { key: `${key}-calipers` }),
        button("From the measurements", () => this.fromMeasured(task, key), {
          key: `${key}-measured`,
          disabled: this.measured(task.quantity) === null,
        }),
      ),
      ...(task.by === "page" ? this.uncheckedParts(task, key) : []),
    ];
  }

  /** What is asked for, and the right answer. @param {MeasureTask} task @param {string} key */
  answerFields(task, key) {
    const { unit } = QUANTITIES[task.quantity];
    const quantities = Object.entries(QUANTITIES).map(
      ([quantity, { title }]) => /** @type {[string, string]} */ ([quantity, title]),
    );
    const chosen = (/** @type {string} */ quantity) =>
      this.changeQuantity(task, /** @type {Quantity} */ (quantity), `${key}-quantity`);
    const answered = (/** @type {number | null} */ answer) => this.put(task, { answer: answer ?? NaN, by: "person" });
    const tolerated = (/** @type {number | null} */ width) => this.put(task, { tolerance: width ?? undefined });
    return [
      selectField("Quantity", quantities, task.quantity, chosen, { key: `${key}-quantity` }),
      numberField(`Answer, ${unit}`, task.answer, answered, { key: `${key}-answer` }),
      numberField("± tolerance", task.tolerance, tolerated, { key: `${key}-tolerance`, min: 0 }),
    ];
  }

  /** Where, over how many beats and by which formula it is measured. @param {MeasureTask} task @param {string} key */
  placeFields(task, key) {
    const leads = this.author.leads.map((name) => /** @type {[string, string]} */ ([name, name]));
    const placed = (/** @type {string} */ lead) => this.put(task, { lead: lead || undefined });
    const fields = [
      selectField("Where", [["", "any lead"], ...leads], task.lead ?? "", placed, { key: `${key}-lead` }),
    ];
    if (["rate", "rr"].includes(task.quantity)) {
      const counted = (/** @type {number | null} */ n) => this.put(task, { beats: n ? Math.round(n) : undefined });
      const bounds = { min: 1, max: 100, step: 1 };
      fields.push(numberField("RR intervals", task.beats, counted, { key: `${key}-beats`, ...bounds }));
    }
    if (task.quantity === "qtc") {
      const formulas = FORMULAS.map(
        (each) => /** @type {[string, string]} */ ([each, `${each[0].toUpperCase()}${each.slice(1)}`]),
      );
      const chosen = (/** @type {string} */ formula) =>
        this.put(task, { formula: /** @type {MeasureTask["formula"]} */ (formula) });
      fields.push(selectField("Formula", formulas, task.formula ?? "fridericia", chosen, { key: `${key}-formula` }));
    }
    return fields;
  }

  /** An answer that the page has measured is to be checked by its author. @param {MeasureTask} task @param {string} key */
  uncheckedParts(task, key) {
    const textContent = `${QUANTITIES[task.quantity].title}: measured by the page, not checked by a person.`;
    return [
      make("p", { className: "author-note", textContent }),
      checkField("I have checked this answer on the ECG", false, () => this.checked(task, key), {
        key: `${key}-checked`,
      }),
    ];
  }

  /** @param {MeasureTask} task @param {string} key */
  checked(task, key) {
    this.put(task, { by: "person" });
    this.render(`${key}-answer`);
  }

  /** What is asked changes with it, as long as the author has written nothing else.
   * @param {MeasureTask} task @param {Quantity} quantity @param {string} focus */
  changeQuantity(task, quantity, focus) {
    const { author } = this;
    author.keep();
    const usual = !task.prompt || task.prompt === PROMPTS[task.quantity];
    const other = QUANTITIES[quantity].unit !== task.unit;
    const found = this.measured(quantity);
    const value = other ? (found ?? { answer: 0, by: /** @type {const} */ ("person") }) : {};
    Object.assign(task, {
      quantity,
      unit: QUANTITIES[quantity].unit,
      ...(usual ? { prompt: PROMPTS[quantity] } : {}),
      ...value,
    });
    task.tolerance = usualTolerance(quantity, task.answer, author.level);
    if (!["rate", "rr"].includes(quantity)) delete task.beats;
    if (quantity === "qtc") task.formula ??= "fridericia";
    else delete task.formula;
    author.changed();
    this.render(focus);
  }

  /** @param {MeasureTask} task @param {string} key */
  fromCalipers(task, key) {
    const { author } = this;
    const reading = author.calipers;
    if (!reading) return author.lendCalipers("what is to be measured", "From the calipers");
    const { unit } = QUANTITIES[task.quantity];
    if (unit === "°")
      return author.refuse("An axis is not measured with calipers: write it, or take it from the measurements.");
    const beats = task.beats ?? 1;
    const value =
      task.quantity === "rate"
        ? (60000 * beats) / reading.ms
        : task.quantity === "rr"
          ? reading.ms / beats
          : reading.ms;
    author.keep();
    const answer = unit === "mV" ? Math.round(100 * reading.mv) / 100 : Math.round(value);
    const where = task.lead ? { lead: reading.lead } : {};
    this.put(task, { answer, tolerance: usualTolerance(task.quantity, answer, author.level), by: "person", ...where });
    this.render(`${key}-calipers`);
  }

  /** @param {MeasureTask} task @param {string} key */
  fromMeasured(task, key) {
    const found = this.measured(task.quantity);
    if (!found) return;
    this.author.keep();
    this.put(task, found);
    this.render(`${key}-checked`);
  }

  /* ---- marking ---- */

  /** @param {MarkTask} task @param {string} key */
  markParts(task, key) {
    const { author } = this;
    const remove = (/** @type {number} */ i) => {
      author.keep();
      task.targets.splice(i, 1);
      author.changed();
      this.render(`${key}-draw`);
      author.marks.show();
    };
    const places = task.targets.map((target, i) =>
      make(
        "div",
        { className: "author-target", role: "group", ariaLabel: `Place ${i + 1}` },
        author.marks.spanRow(target, `${key}-target-${i}`, true, (change) => {
          this.put(target, change);
          author.marks.show();
        }),
        button("×", () => remove(i), { name: `Remove place ${i + 1}` }),
      ),
    );
    return [
      make("p", {
        className: "faint",
        textContent: "Where is it? A mark counts when its middle lies in one of these places.",
      }),
      author.marks.buttons(task, key, (span) => this.addTarget(task, span), NOWHERE),
      ...places,
      numberField(
        "So many have to be found",
        task.need ?? 1,
        (need) => this.put(task, { need: Math.max(1, Math.round(need ?? 1)) }),
        {
          key: `${key}-need`,
          min: 1,
          max: 50,
          step: 1,
        },
      ),
    ];
  }

  /* ---- choice ---- */

  /** @param {ChoiceTask} task @param {string} key */
  choiceParts(task, key) {
    const { author } = this;
    const add = () => {
      const ids = task.options.map(({ id }) => id);
      const letter = Array.from("abcdefghijklmnopqrstuvwxyz").find((each) => !ids.includes(each));
      const id = letter ?? freshId(ids, "option");
      author.keep();
      task.options.push({ id, text: "" });
      author.changed();
      this.render(`${key}-option-${id}`);
    };
    const remove = (/** @type {number} */ i) => {
      author.keep();
      task.options.splice(i, 1);
      author.changed();
      this.render(`${key}-add`);
    };
    const options = task.options.map((option, i) =>
      make(
        "div",
        { className: "author-option", role: "group", ariaLabel: `Option ${i + 1}` },
        textField(`Option ${i + 1}`, option.text, (text) => this.put(option, { text }), {
          key: `${key}-option-${option.id}`,
          fault: author.fault,
        }),
        checkField("right", option.right ?? false, (right) => this.put(option, { right: right || undefined }), {
          key: `${key}-right-${option.id}`,
        }),
        textField("why (shown afterwards)", option.why ?? "", (why) => this.put(option, { why: why || undefined }), {
          key: `${key}-why-${option.id}`,
          fault: author.fault,
        }),
        button("×", () => remove(i), { name: `Remove option ${i + 1}`, disabled: task.options.length <= 2 }),
      ),
    );
    return [...options, line(button("Add an option", add, { key: `${key}-add`, disabled: task.options.length >= 36 }))];
  }
}

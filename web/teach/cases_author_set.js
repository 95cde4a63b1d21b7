/** The set that cases are collected in: its list, in an order that the author gives it, and its settings. */

import { areaField, button, checkField, numberField, refill, line, selectField, textField } from "./cases_fields.js";
import { LEVELS, moveCase } from "./cases_draft.js";
import { make } from "../base/dom.js";

/** @typedef {import("../package/documents.js").CaseSettings} Settings */

/** @type {[keyof Settings & string, string, [string, string][]][]} */
const CHOICES = [
  ["level", "Level", LEVELS.map((level) => [level, level])],
  [
    "order",
    "Order",
    [
      ["given", "as in the list"],
      ["mixed", "mixed"],
      ["grouped", "grouped by first tag"],
    ],
  ],
  [
    "feedback",
    "Feedback",
    [
      ["each", "after each case"],
      ["end", "at the end"],
      ["none", "none (examination)"],
    ],
  ],
  [
    "network",
    "Network’s answer",
    [
      ["after", "after the learner’s"],
      ["request", "after it, on request"],
      ["never", "never"],
      ["before", "before (a lesson on its errors)"],
    ],
  ],
  [
    "measurements",
    "Measurements",
    [
      ["after", "after the learner’s answer"],
      ["shown", "shown from the beginning"],
    ],
  ],
  [
    "certainty",
    "Certainty",
    [
      ["no", "not asked"],
      ["ask", "asked, and compared at the end"],
      ["marks", "counts for the score"],
    ],
  ],
];

const CHECKLIST = ["Rate", "Rhythm", "P and PR", "QRS and axis", "ST and T", "QT"];

export class SetEditor {
  /** @param {import("./cases_author.js").Author} author */
  constructor(author) {
    this.author = author;
    this.holder = make("div", { className: "author-part" });
    /** What is being dragged. */
    this.dragged = -1;
  }

  /** @param {string} [focus]  key */
  render(focus) {
    const { author } = this;
    const { set } = author;
    const put = (/** @type {object} */ change) => {
      Object.assign(set, change);
      author.renderHead();
    };
    refill(
      this.holder,
      [
        make("p", { className: "faint", textContent: `${many(set.cases.length, "case")} in the set` }),
        make("ol", { className: "author-list" }, ...set.cases.map((one, i) => this.caseRow(one, i))),
        textField("Title of the set", set.title, (title) => put({ title: title || "My ECG cases" }), {
          key: "set-title",
          maxLength: 200,
          fault: author.fault,
        }),
        textField(
          "Authors, with commas between",
          (set.authors ?? []).join(", "),
          (text) => put({ authors: namesIn(text) }),
          { key: "set-authors", fault: author.fault },
        ),
        line(
          textField("Licence", set.licence ?? "", (licence) => put({ licence }), {
            key: "set-licence",
            maxLength: 200,
            fault: author.fault,
          }),
          textField("Language (en, de …)", set.lang ?? "en", (lang) => put({ lang: lang.trim() || "en" }), {
            key: "set-lang",
            maxLength: 16,
          }),
        ),
        areaField("About it", set.about ?? "", (about) => put({ about }), { key: "set-about", fault: author.fault }),
        make("details", {}, make("summary", { textContent: "How it is played" }), ...this.settings()),
      ],
      focus,
    );
  }

  /** @param {import("./cases_author.js").Case} one @param {number} i */
  caseRow(one, i) {
    const { author } = this;
    const { cases } = author.set;
    const current = one === author.one;
    const open = button(one.id, () => author.host.guarded(() => this.open(one)), {
      key: `case-${one.id}`,
      className: "author-case",
    });
    if (current) open.setAttribute("aria-current", "true");
    const item = make(
      "li",
      { draggable: true },
      open,
      make("span", { className: "faint", textContent: many(one.tasks.length, "task") }),
      make("span", { className: "push" }),
      button("↑", () => this.move(i, i - 1), {
        name: `Move ${one.id} up`,
        key: `case-${one.id}-up`,
        disabled: i === 0,
      }),
      button("↓", () => this.move(i, i + 1), {
        name: `Move ${one.id} down`,
        key: `case-${one.id}-down`,
        disabled: i === cases.length - 1,
      }),
      button("×", () => this.remove(i), { name: `Remove ${one.id} from the set`, key: `case-${one.id}-remove` }),
    );
    item.addEventListener("dragstart", (event) => {
      this.dragged = i;
      event.dataTransfer?.setData("text/plain", one.id);
    });
    item.addEventListener("dragover", (event) => this.dragged >= 0 && event.preventDefault());
    item.addEventListener("dragend", () => (this.dragged = -1));
    item.addEventListener("drop", (event) => {
      if (this.dragged < 0) return;
      event.preventDefault();
      event.stopPropagation(); // it is no file for the page
      this.move(this.dragged, i);
      this.dragged = -1;
    });
    item.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by || !event.altKey) return;
      event.preventDefault();
      this.move(i, i + by);
    });
    return item;
  }

  /** @param {import("./cases_author.js").Case} one */
  async open(one) {
    this.author.take(one);
    await this.author.openRecord(one);
  }

  /** @param {number} from @param {number} to */
  move(from, to) {
    const { author } = this;
    const { id } = author.set.cases[from];
    if (!moveCase(author.set, from, to)) return;
    author.renderHead();
    this.render(`case-${id}`);
    author.host.say(`${id} is case ${to + 1} of ${author.set.cases.length} now.`);
  }

  /** It stays in hand, if it was. @param {number} i */
  remove(i) {
    const { author } = this;
    const [one] = author.set.cases.splice(i, 1);
    author.renderHead();
    this.render(author.set.cases.length ? `case-${author.set.cases[Math.max(0, i - 1)].id}` : "set-title");
    author.host.say(`${one.id} is not in the set any more.`);
    author.host.status.offerUndo(async () => {
      author.set.cases.splice(i, 0, one);
      author.renderHead();
      this.render();
    });
  }

  /** @returns {Node[]} */
  settings() {
    const { author } = this;
    const settings = (author.set.settings ??= {});
    const put = (/** @type {Partial<Settings>} */ change) => {
      Object.assign(settings, change);
      author.renderHead();
    };
    const choices = CHOICES.map(([name, title, pairs]) =>
      selectField(title, pairs, String(settings[name] ?? pairs[0][0]), (value) => put({ [name]: value }), {
        key: `set-${name}`,
      }),
    );
    return [
      ...choices,
      line(
        numberField("Passed from, % (empty: nobody passes or fails)", settings.pass, (pass) => put({ pass }), {
          key: "set-pass",
          min: 0,
          max: 100,
        }),
        numberField("Attempts (empty: any)", settings.attempts, (attempts) => put({ attempts }), {
          key: "set-attempts",
          min: 1,
          max: 100,
          step: 1,
        }),
      ),
      line(
        numberField("Seconds a case (empty: no limit)", settings.seconds, (seconds) => put({ seconds }), {
          key: "set-seconds",
          min: 1,
        }),
        numberField("So many of them, drawn (empty: all)", settings.pick, (pick) => put({ pick }), {
          key: "set-pick",
          min: 1,
          step: 1,
        }),
      ),
      checkField(
        `A checklist before the answer is given: ${CHECKLIST.join(", ")}`,
        Boolean(settings.check?.length),
        (on) => put({ check: on ? CHECKLIST : [] }),
      ),
      checkField("Names of the files are shown", settings.names === "shown", (on) =>
        put({ names: on ? "shown" : "hidden" }),
      ),
      checkField("Locked: the learner can open nothing else", settings.lock !== false, (on) => put({ lock: on })),
    ];
  }
}

/** @param {number} n @param {string} noun */
const many = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** @param {string} text @returns {string[]} */
const namesIn = (text) =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

/** Spans on leads: a case's marks, and where the answer to a task of marking lies. By a drag on the ECG, from the calipers, or by fields. */

import { button, numberField, refill, line, selectField, textField } from "./cases_fields.js";
import { nextLetter } from "./cases_draft.js";
import { make } from "../base/dom.js";

/**
 * @typedef {import("./cases_author.js").Author} Author
 * @typedef {import("./cases_overlay.js").Shape} Shape
 * @typedef {{lead: string, from: number, to: number}} Span
 * @typedef {import("../package/documents.js").CaseMark} Mark
 * @typedef {import("../package/documents.js").CaseMarkTask} MarkTask
 */

/** A few samples more or less are nothing. @param {number} s */
export const rounded = (s) => Math.round(1000 * s) / 1000;

/** @param {Span} span @returns {Span} */
const plain = ({ lead, from, to }) => ({ lead, from: rounded(Math.max(0, from)), to: rounded(Math.max(0, to)) });

/** @param {Span} span */
export const spanWords = (span) => {
  const { lead, from, to } = plain(span);
  return `${lead}, ${from} to ${to} s`;
};

export class MarkEditor {
  /** @param {Author} author */
  constructor(author) {
    this.author = author;
    /** What a drag on the ECG makes now: a mark, or a place for a task. @type {"" | "mark" | MarkTask} */
    this.drawing = "";
    this.holder = make("div", { className: "author-part" });
  }

  /** @param {string} [focus]  key */
  render(focus) {
    const { one } = this.author;
    const marks = (one.marks ??= []);
    refill(
      this.holder,
      [
        make("p", {
          className: "faint",
          textContent: "Drag on a lead, or fill in lead and times. What a mark shows is seen after the answer.",
        }),
        this.buttons("mark", "marks", (span) => this.add(span)),
        ...marks.map((mark, i) => this.markRow(mark, i)),
      ],
      focus,
    );
    this.show();
  }

  /** How a span comes: by drag, from the calipers, or empty. @param {"mark" | MarkTask} what @param {string} key
   * @param {(span: Span) => void} add @param {Partial<Span>} [usual]  what fields have first, where it is not a place in sight */
  buttons(what, key, add, usual = {}) {
    const on = this.drawing === what;
    const drag = button(on ? "Drag on a lead now" : "Draw on the ECG", () => this.toggle(what), {
      key: `${key}-draw`,
      pressed: on,
    });
    return line(
      drag,
      button("From the calipers", () => this.fromCalipers(add), { key: `${key}-calipers` }),
      button("By fields", () => add({ ...this.usualSpan(), ...usual }), { key: `${key}-fields` }),
    );
  }

  /** @param {"mark" | MarkTask} what */
  toggle(what) {
    this.drawing = this.drawing === what ? "" : what;
    const { author } = this;
    author.view.markWith(this.drawing ? (span) => this.drawn(span) : null);
    author.host.say(this.drawing ? "Drag over the place on a lead." : "");
    author.tasks.render();
    this.render();
  }

  /** Nothing is drawn any more. */
  stop() {
    if (this.drawing) this.toggle(this.drawing);
  }

  /** @param {Span} span */
  drawn(span) {
    const { drawing, author } = this;
    if (drawing === "mark") this.add(span);
    else if (drawing) author.tasks.addTarget(drawing, span);
  }

  /** @param {(span: Span) => void} add */
  fromCalipers(add) {
    const reading = this.author.calipers;
    if (!reading) return this.author.lendCalipers("the place", "From the calipers");
    add(reading);
  }

  /** Where nobody has shown one. @returns {Span} */
  usualSpan() {
    const { page } = this.author.view;
    const from = page ? page.start + page.seconds * 0.4 : 0;
    return { lead: this.author.leads.includes("II") ? "II" : (this.author.leads[0] ?? "II"), from, to: from + 0.2 };
  }

  /** @param {Span} span */
  add(span) {
    const { author } = this;
    author.keep();
    const marks = (author.one.marks ??= []);
    const id = nextLetter(marks);
    marks.push({ id, ...plain(span), text: "" });
    author.changed();
    this.render(`mark-${id}-text`);
    author.host.say(`Mark ${id}: ${spanWords(span)}.`);
  }

  /** @param {Mark} mark @param {number} i */
  markRow(mark, i) {
    const { author } = this;
    const remove = () => {
      author.keep();
      author.one.marks?.splice(i, 1);
      author.changed();
      this.render("marks-draw");
    };
    const text = textField("What it shows", mark.text ?? "", (value) => this.put(mark, { text: value }), {
      key: `mark-${mark.id}-text`,
      fault: author.fault,
    });
    return make(
      "fieldset",
      { className: "author-item" },
      make("legend", { textContent: `Mark ${mark.id}` }),
      text,
      this.spanRow(mark, `mark-${mark.id}`, false, (change) => this.put(mark, change)),
      line(
        button(`Put {${mark.id}} into the explanation`, () => author.texts.nameMark(mark.id), {
          key: `mark-${mark.id}-name`,
        }),
        button("Remove", remove, { name: `Remove mark ${mark.id}`, key: `mark-${mark.id}-remove` }),
      ),
    );
  }

  /** @param {Mark} mark @param {Partial<Mark>} change */
  put(mark, change) {
    Object.assign(mark, change);
    this.author.changed();
    this.show();
  }

  /** Lead, from, to. @param {Span} span @param {string} key @param {boolean} any  whether it may be any lead
   * @param {(change: Partial<Span>) => void} changed */
  spanRow(span, key, any, changed) {
    const { leads, seconds } = this.author;
    const names = leads.includes(span.lead) || span.lead === "*" ? leads : [...leads, span.lead];
    const pairs = names.map((name) => /** @type {[string, string]} */ ([name, name]));
    return line(
      selectField("Lead", any ? [["*", "any lead"], ...pairs] : pairs, span.lead, (lead) => changed({ lead }), {
        key: `${key}-lead`,
      }),
      numberField("from, s", span.from, (from) => changed({ from: from ?? NaN }), {
        key: `${key}-from`,
        min: 0,
        max: seconds,
        step: 0.01,
      }),
      numberField("to, s", span.to, (to) => changed({ to: to ?? NaN }), {
        key: `${key}-to`,
        min: 0,
        max: seconds,
        step: 0.01,
      }),
    );
  }

  /** On the ECG. */
  show() {
    const { author } = this;
    if (!author.shown) return author.view.setShapes([]);
    const marks = (author.one.marks ?? []).map(({ id, lead, from, to }) => shape("key", id, { lead, from, to }));
    const targets = author.one.tasks.flatMap((task, t) =>
      task.type === "mark" ? task.targets.map((span) => shape("target", `${t + 1}`, span)) : [],
    );
    author.view.setShapes([...targets, ...marks].filter(({ from, to }) => Number.isFinite(from + to)));
  }
}

/** @param {Shape["kind"]} kind @param {string} label @param {Span} span @returns {Shape} */
const shape = (kind, label, { lead, from, to }) => ({
  kind,
  label,
  lead,
  from: Math.min(from, to),
  to: Math.max(from, to),
});

export { plain as plainSpan };

/** The texts of a case, being written: story and names, explanation, source. */

import { areaField, button, refill, line, selectField, textField } from "./cases_fields.js";
import { idOf, LEVELS, lettersIn } from "./cases_draft.js";
import { rounded } from "./cases_author_marks.js";
import { make } from "../base/dom.js";

/** @typedef {import("./cases_author.js").Case} Case */

export class TextEditor {
  /** @param {import("./cases_author.js").Author} author */
  constructor(author) {
    this.author = author;
    this.story = make("div", { className: "author-part" });
    this.explain = make("div", { className: "author-part" });
    this.source = make("div", { className: "author-part" });
    this.letters = make("p", { className: "faint" });
  }

  render() {
    this.renderStory();
    this.renderExplain();
    this.renderSource();
  }

  renderStory() {
    const { one, set } = this.author;
    const put = (/** @type {Partial<Case>} */ change) => this.author.put(change);
    const tags = textField(
      "Tags, with commas between",
      (one.tags ?? []).join(", "),
      (text) => put({ tags: tagsOf(text) }),
      { key: "tags", fault: this.author.fault },
    );
    const levels = LEVELS.map((level) => /** @type {[string, string]} */ ([level, level]));
    refill(this.story, [
      areaField("What the learner is told first", one.story ?? "", (story) => put({ story }), {
        key: "story",
        rows: 3,
        fault: this.author.fault,
      }),
      line(
        textField("Short name", one.id, (text) => this.rename(text), { key: "id", spellcheck: false, maxLength: 64 }),
        selectField(
          "Level",
          [["", `as the set (${set.settings?.level ?? "intermediate"})`], ...levels],
          one.level ?? "",
          (level) => put({ level: /** @type {any} */ (level || undefined) }),
          { key: "level" },
        ),
      ),
      tags,
      this.earlierField(),
      line(
        button("Open it as the ECG is shown now", () => this.takeView(), {
          key: "view",
          name: "The case opens with the layout, speed, gain and filter of now",
        }),
        make("span", { className: "faint", textContent: viewText(one.view) }),
      ),
    ]);
  }

  /** Which of the recordings that are open is one of the same person's from before: the learner can see it beside the case's. */
  earlierField() {
    const { author } = this;
    const { one, host } = author;
    const { row: own, earlier = null } = author.origin;
    const rows = host.list.rows.filter((row) => row.group && row !== own);
    const nameOf = (/** @type {import("../panels/records.js").Row} */ row) =>
      host.blind ? `recording ${row.number}` : `${row.name} (no. ${row.number})`;
    /** @type {[string, string][]} */
    const kept = one.before && !earlier ? [["kept", "the one that the set has"]] : [];
    const choices = rows.map((row) => /** @type {[string, string]} */ ([String(row.number), nameOf(row)]));
    const chosen = earlier ? String(earlier.number) : kept.length ? "kept" : "";
    return selectField(
      "An earlier ECG of the same person, to compare with (open it first)",
      [["", "none"], ...kept, ...choices],
      chosen,
      (value) => this.takeEarlier(value, rows.find((row) => String(row.number) === value) ?? null),
      { key: "before" },
    );
  }

  /** @param {string} value @param {import("../panels/records.js").Row | null} row */
  takeEarlier(value, row) {
    if (value === "kept") return;
    const { author } = this;
    author.keep();
    author.origins.set(author.one, { ...author.origin, earlier: row });
    // Where it lies is known once it is written: until then its name says which it is.
    author.put({ before: row ? `records/${author.one.id}_before${row.number}.hea` : undefined });
    this.renderStory();
  }

  takeView() {
    this.author.keep();
    this.author.put({ view: this.author.viewNow() });
    this.renderStory();
  }

  /** Only a name that nobody has. @param {string} text */
  rename(text) {
    const { one, set } = this.author;
    const taken = set.cases.filter((other) => other !== one).map((other) => other.id);
    const id = idOf(text);
    if (!id || taken.includes(id)) return;
    for (const other of set.cases) if (other.like === one.id) other.like = id;
    this.author.put({ id });
    this.author.whole.render();
  }

  renderExplain() {
    const { one } = this.author;
    const letters = (one.marks ?? []).map(({ id }) => id);
    const named = new Set(lettersIn(one.explain ?? ""));
    const others = this.author.set.cases.filter((other) => other !== one).map((other) => other.id);
    const words = letters.length
      ? `Marks: ${letters.map((id) => `{${id}}${named.has(id) ? " ✓" : " not named"}`).join(", ")}`
      : "A mark is named by its letter in braces, as {A}: it is shown on the ECG.";
    this.letters.textContent = words;
    refill(this.explain, [
      areaField(
        "What explains the answer",
        one.explain ?? "",
        (explain) => {
          this.author.put({ explain });
          if (explain.endsWith("}")) this.renderExplain();
        },
        { key: "explain", rows: 4, fault: this.author.fault },
      ),
      this.letters,
      selectField(
        "A case that looks like it, shown beside it",
        [["", "none"], ...others.map((id) => /** @type {[string, string]} */ ([id, id]))],
        one.like ?? "",
        (like) => this.author.put({ like: like || undefined }),
        { key: "like" },
      ),
    ]);
  }

  renderSource() {
    const { one } = this.author;
    const put = (/** @type {object} */ change) => this.author.put({ source: { ...one.source, ...change } });
    refill(this.source, [
      areaField("Where the recording is from, and who made the key", one.source?.text ?? "", (text) => put({ text }), {
        key: "source",
        fault: this.author.fault,
      }),
      textField("Licence", one.source?.licence ?? "", (licence) => put({ licence }), {
        key: "licence",
        maxLength: 200,
        fault: this.author.fault,
      }),
    ]);
  }

  /** Into the explanation, where the author writes. @param {string} id  of a mark */
  nameMark(id) {
    const { author } = this;
    author.keep();
    const area = this.explain.querySelector("textarea");
    const text = author.one.explain ?? "";
    const at = area?.selectionStart ?? text.length;
    const gap = at > 0 && !/\s$/.test(text.slice(0, at)) ? " " : "";
    author.put({ explain: `${text.slice(0, at)}${gap}{${id}}${text.slice(at)}` });
    this.renderExplain();
    author.focus("explain");
  }
}

/** @param {string} text @returns {string[]} */
const tagsOf = (text) => [
  ...new Set(
    text
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
];

/** @param {Case["view"]} view */
function viewText(view) {
  if (!view) return "";
  const { layout = "3x4+1", speed = 25, gain = 10, filter = "", start = 0 } = view;
  return [
    layout,
    `${speed} mm/s`,
    `${gain} mm/mV`,
    filter && `filter ${filter}`,
    start > 0 && `from ${rounded(start)} s`,
  ]
    .filter(Boolean)
    .join(" · ");
}

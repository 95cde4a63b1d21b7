/**
 * The case editor: in place of the panel, beside the ECG. A case is made of the recording that is open: story, tasks, marks,
 * explanation; cases become a set, which is saved. Nothing is kept between visits.
 */

import { assetText, casesCore } from "../files/assets.js";
import { button, line } from "./cases_fields.js";
import { MarkEditor, rounded } from "./cases_author_marks.js";
import { NetworkView } from "./cases_author_network.js";
import { SetSaver } from "./cases_author_save.js";
import { SetEditor } from "./cases_author_set.js";
import { TaskEditor } from "./cases_author_tasks.js";
import { TextEditor } from "./cases_author_texts.js";
import {
  DIFFERS_TAG,
  emptyCase,
  emptySet,
  freshId,
  lacksOf,
  statementsSpare,
  Steps,
  textFault,
} from "./cases_draft.js";
import { groupOf } from "./cases_source.js";
import { gainOf } from "../drawing/drawing.js";
import { make } from "../base/dom.js";
import { changes, languageNow, phrase } from "../words/language.js";

/**
 * @typedef {import("../package/documents.js").CaseSet} CaseSet
 * @typedef {import("../package/documents.js").Case} Case
 * @typedef {import("../panels/records.js").Row} Row
 * @typedef {import("./cases_source.js").CaseSet} OpenSet  with its files
 * @typedef {{row: Row | null, from: OpenSet | null, earlier?: Row | null}} Origin  of a case: the recording in the page's list, and
 *   the set that it came with; earlier: the same person's recording of before, where that was chosen here
 */

/** @type {Promise<CSSStyleSheet> | null} */
let style = null;

async function loadStyle() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await assetText("author.css"));
  return sheet;
}

export class Author {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    this.on = false;
    /** @type {CaseSet} */
    this.set = emptySet("set", "en");
    /** Findings that the set came with and that no key named. @type {Set<import("./cases_draft.js").Statement>} */
    this.spare = new Set();
    /** The case in hand, which may not be in the set yet. @type {Case} */
    this.one = emptyCase("case", {});
    /** @type {Map<Case, Origin>} */
    this.origins = new Map();
    this.steps = new Steps();
    /** The set and the case in hand, as they were saved last. */
    this.saved = "";
    /** What is wrong with a text that a learner reads. @type {import("./cases_fields.js").Fault} */
    this.fault = () => "";
    this.texts = new TextEditor(this);
    this.tasks = new TaskEditor(this);
    this.marks = new MarkEditor(this);
    this.network = new NetworkView(this);
    this.whole = new SetEditor(this);
    this.saver = new SetSaver(this);
    const { signal } = /** @type {AbortController} */ (host.leaving);
    changes.addEventListener("change", () => this.sayEnglish(), { signal });
    window.addEventListener("beforeunload", (event) => this.unsaved && event.preventDefault(), { signal });
  }

  /* ---- what is there ---- */

  get view() {
    return /** @type {import("./cases_overlay.js").CaseView} */ (this.host.drawing);
  }

  /** @returns {Origin} of the case in hand */
  get origin() {
    return this.origins.get(this.one) ?? { row: null, from: null };
  }

  /** Whether the ECG on screen is that of the case in hand. */
  get shown() {
    return this.on && this.host.row !== null && this.origin.row === this.host.row;
  }

  get inSet() {
    return this.set.cases.includes(this.one);
  }

  get level() {
    return this.one.level ?? this.set.settings?.level;
  }

  /** Of the recording. */
  get leads() {
    return (this.host.record?.leads ?? []).map(({ name }) => name);
  }

  get seconds() {
    const { record } = this.host;
    return record ? record.samples / record.rate : undefined;
  }

  /** By what the page calls it. @returns {Map<string, number>} */
  get measured() {
    const finding = this.shown ? (this.host.measurements?.shown ?? null) : null;
    const some = (finding?.measured.measurements ?? []).flatMap(({ name, value }) =>
      typeof value === "number" ? [/** @type {[string, number]} */ ([name, value])] : [],
    );
    return new Map(some);
  }

  /** Where the calipers are, and what they were set on: kind is "" where that is nothing, count of RR intervals. */
  get calipers() {
    const { calipers } = this.view;
    if (!calipers || !this.shown) return null;
    const { start, record } = calipers.page;
    const [a, b] = [...calipers.legs].sort((x, y) => x.t - y.t);
    return {
      lead: record.leads[calipers.place.lead].name,
      from: start + a.t,
      to: start + b.t,
      ms: calipers.milliseconds,
      mv: Math.abs(b.mv - a.mv),
      kind: calipers.kind,
      count: calipers.count,
    };
  }

  /** Whether leaving loses something. */
  get unsaved() {
    return (
      this.state !== this.saved &&
      (this.set.cases.length > 0 || this.one.tasks.length > 0 || (this.one.marks ?? []).length > 0)
    );
  }

  get state() {
    return JSON.stringify([this.set, this.inSet ? null : this.one]);
  }

  /** @param {string} text  why something cannot be done now */
  refuse(text) {
    this.host.say(text, { problem: true });
  }

  /** They are on, where what is asked for needs them: what is next is said. @param {string} what @param {string} then  the button to press */
  lendCalipers(what, then) {
    const { host } = this;
    if (!this.shown) return this.refuse("The ECG on screen is not this case’s: show its ECG first.");
    if (!host.drawing.calipers) host.panel.toggleCalipers();
    host.say(`The calipers are on (button Calipers, key C): put them on ${what}, then press “${then}” again.`);
  }

  /* ---- begin and end ---- */

  /** A case of the recording that is open; where there is one already, that one. */
  async begin() {
    const { host } = this;
    host.menus?.close();
    if (!host.row || !host.record) return this.goOn();
    await this.show();
    const there = [this.one, ...this.set.cases].find((one) => this.origins.get(one)?.row === host.row);
    this.take(there ?? this.newCase(host.row));
    this.focus("story");
  }

  /** No recording is open: the set that is here is, where there is one. */
  async goOn() {
    const [first] = this.set.cases;
    if (!first) return this.refuse("Open the recording first that the case is to be made of.");
    await this.show();
    this.take(this.inSet ? this.one : first);
    await this.openRecord(this.one);
  }

  /** A set that was saved: going on where it was. @param {OpenSet} opened */
  async edit(opened) {
    const { host } = this;
    if (this.unsaved && !confirm("The case set in the editor is not saved. Leave it for the one that is opened?"))
      return;
    host.menus?.close();
    this.set = structuredClone(/** @type {any} */ (opened.set));
    this.spare = statementsSpare(this.set);
    this.origins = new Map(this.set.cases.map((one) => [one, { row: null, from: opened }]));
    this.steps = new Steps();
    await this.show();
    this.take(this.set.cases[0] ?? this.newCase(host.row));
    this.saved = this.state;
    await this.openRecord(this.one);
    host.say(`${this.set.cases.length} cases to go on with. Nothing leaves this device.`);
  }

  async show() {
    const { host } = this;
    style ??= loadStyle();
    const [sheet, core] = await Promise.all([style, casesCore()]);
    this.fault = (text) => textFault(core, text);
    const { root } = host;
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    if (!this.holder) this.build();
    if (!this.set.cases.length && this.set.id === "set") Object.assign(this.set, { id: newSetId(), lang: "en" });
    this.on = true;
    this.sayEnglish();
    host.presenting?.end();
    host.tableView?.hide();
    host.$("app").classList.add("authoring");
    /** @type {HTMLElement} */ (this.holder).hidden = false;
    host.panel.resized();
  }

  /** In a page of another language the editor says why it is not. */
  sayEnglish() {
    const { english } = this;
    if (!english) return;
    english.hidden = languageNow() === "en";
    english.lang = languageNow();
    english.textContent = phrase("teaching.editor-english");
  }

  close() {
    if (!this.on) return;
    this.marks.stop();
    this.on = false;
    this.view.setShapes([]);
    this.host.$("app").classList.remove("authoring");
    /** @type {HTMLElement} */ (this.holder).hidden = true;
    this.host.panel.resized();
    if (this.unsaved)
      this.host.say("The case set stays here until the page is left. Save it: More ▾, Make a case of this.");
    this.host.$("ecg").focus({ preventScroll: true });
  }

  /** @param {Row | null} row @returns {Case} */
  newCase(row) {
    const sample = row?.sample;
    const name = sample ? `case-${sample.record}` : `case-${this.set.cases.length + 1}`;
    const id = freshId(
      this.set.cases.map((one) => one.id),
      name,
    );
    const source = sample
      ? {
          text: `PTB-XL 1.0.3, record ${Number.parseInt(sample.record, 10)} (Wagner et al., PhysioNet)`,
          licence: "CC-BY-4.0",
        }
      : {};
    const one = emptyCase(id, { view: this.viewNow(), source });
    this.origins.set(one, { row, from: null });
    return one;
  }

  /** The drawing's settings. @returns {NonNullable<Case["view"]>} */
  viewNow() {
    const { host } = this;
    const layout = host.$("layout").value;
    const page = host.drawing.page;
    return {
      layout: /** @type {any} */ ({ "6x2s": "6x2", cabrera: "12x1" })[layout] ?? layout,
      rhythm: host.$("rhythm").value || "II",
      speed: Number(host.$("speed").value),
      gain: gainOf(host.$("gain").value).gain,
      filter: host.$("filter").value,
      start: page ? rounded(page.start) : 0,
      seconds: page && layout !== "6x2s" ? Math.round(page.seconds * 100) / 100 : 10,
    };
  }

  /** @param {Case} one  in hand from now on */
  take(one) {
    this.marks.stop();
    if (one !== this.one) this.tasks.findings.begin();
    this.one = one;
    this.steps = new Steps();
    this.render();
  }

  /* ---- what is built ---- */

  build() {
    this.where = make("span", { className: "faint" });
    this.undoButton = button("Undo", () => this.undo(), { key: "undo", name: "Undo (Ctrl Z)" });
    this.nextButton = button("New case of this ECG", () => this.nextCase(), { key: "new" });
    this.lacks = make("ul", { className: "author-lacks", id: "author-lacks" });
    this.other = make("p", { className: "author-note" });
    this.english = make("p", { className: "author-note" });
    const head = make(
      "div",
      { className: "author-row" },
      make("h2", { id: "author-title", textContent: "Case editor" }),
      this.where,
      make("span", { className: "push" }),
      this.undoButton,
      button("Close", () => this.close(), { name: "Close the case editor" }),
    );
    const bar = line(
      button("Add to set", () => this.addToSet(), { key: "add", className: "primary" }),
      button("Try it", () => this.host.guarded(() => this.tryIt()), { key: "try" }),
      this.nextButton,
      this.saver.menu(),
    );
    this.holder = make(
      "section",
      { id: "author", className: "author", lang: "en" }, // the editor speaks English alone
      head,
      this.english,
      bar,
      this.other,
      this.lacks,
      card("Story", this.texts.story),
      card("Tasks", this.tasks.holder),
      card("Marks", this.marks.holder),
      card("Explanation", this.texts.explain),
      card("Network", this.network.holder),
      card("Source", this.texts.source, false),
      card("Set", this.whole.holder),
    );
    this.holder.setAttribute("aria-labelledby", "author-title");
    this.holder.addEventListener("keydown", (event) => this.key(event));
    this.host.$("stage").append(this.holder);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const [at] = event.composedPath();
    const typed = at instanceof Element && at.matches("textarea, input:not([type=checkbox], [type=radio])");
    if (
      event.key.toLowerCase() !== "z" ||
      !(event.ctrlKey || event.metaKey) ||
      event.shiftKey ||
      typed ||
      !this.steps.any
    )
      return;
    event.preventDefault();
    this.undo();
  }

  /** All of the case in hand. */
  render() {
    if (!this.holder) return;
    this.texts.render();
    this.tasks.render();
    this.marks.render();
    this.network.render();
    this.whole.render();
    this.renderHead();
  }

  renderHead() {
    if (!this.where || !this.undoButton || !this.nextButton || !this.lacks || !this.other) return;
    const { cases } = this.set;
    const place = cases.indexOf(this.one);
    this.where.textContent = place < 0 ? "not in the set yet" : `case ${place + 1} of ${cases.length}`;
    this.undoButton.disabled = !this.steps.any;
    this.nextButton.disabled = !this.inSet;
    this.lacks.replaceChildren(...lacksOf(this.one).map((text) => make("li", { textContent: text })));
    this.lacks.hidden = !this.lacks.children.length;
    this.showOther();
  }

  /** Where another recording is on screen than the case's. */
  showOther() {
    if (!this.other || !this.on) return;
    const { row: own, from } = this.origin;
    this.other.hidden = this.shown;
    if (this.shown) return;
    const parts = /** @type {Node[]} */ ([make("span", { textContent: "The ECG on screen is not this case’s. " })]);
    if (own || from)
      parts.push(button("Show its ECG", () => this.host.guarded(() => this.openRecord(this.one)), { key: "show-ecg" }));
    if (this.host.row)
      parts.push(
        button("New case of the one shown", () => this.host.guarded(() => this.begin()), { key: "new-of-shown" }),
      );
    this.other.replaceChildren(...parts);
  }

  /* ---- what the author does ---- */

  /** A step back leads to what is there now. */
  keep() {
    this.steps.keep(this.one);
  }

  /** @param {Partial<Case>} change */
  put(change) {
    Object.assign(this.one, change);
    this.changed();
  }

  changed() {
    this.renderHead();
    this.network.render();
  }

  undo() {
    const before = this.steps.back();
    if (!before) return;
    this.marks.stop();
    for (const key of Object.keys(this.one)) delete this.one[key];
    Object.assign(this.one, before);
    this.render();
    this.host.say("Undone.");
  }

  /** Pressed once more, as by a double click, it says the same again. */
  addToSet() {
    const { cases } = this.set;
    if (!this.inSet) {
      const [lack] = lacksOf(this.one);
      if (lack) return this.refuse(lack);
      cases.push(this.one);
      this.whole.render();
      this.changed();
    }
    this.host.say(
      `Case ${cases.indexOf(this.one) + 1} is in the set. Save it when you are done, or open another recording for the next.`,
    );
  }

  /** Of the ECG on screen. */
  nextCase() {
    const { row } = this.host;
    if (!row) return this.refuse("Open the recording first that the case is to be made of.");
    this.take(this.newCase(row));
    this.focus("story");
  }

  /** As a learner plays it. */
  async tryIt() {
    const [lack] = lacksOf(this.one);
    if (lack) return this.refuse(lack);
    this.marks.stop();
    await this.saver.tryOne(this.one);
    this.host.say("As a learner plays it. “Leave the set” goes back to the editor.");
  }

  /** Back from trying. */
  tried() {
    this.host.panel.resized();
    this.focus("try");
  }

  tagDiffering() {
    this.keep();
    this.put({ tags: [...new Set([...(this.one.tags ?? []), DIFFERS_TAG])] });
    this.texts.renderStory();
  }

  /** The ECG of a case. @param {Case} one */
  async openRecord(one) {
    const { host } = this;
    const origin = this.origins.get(one) ?? { row: null, from: null };
    if (!origin.row && origin.from) {
      const list = (/** @type {import("../core/readers.js").ListedFile[]} */ files) => host.live.list(files);
      const group = await groupOf(origin.from, /** @type {any} */ (one), one.record, list);
      [origin.row] = host.opener.addRows({ groups: [group], refusals: [], models: [] });
      this.origins.set(one, origin);
    }
    if (origin.row && host.row !== origin.row) await host.opener.openRow(origin.row);
    this.recordShown();
  }

  /** Another recording is on screen. */
  recordShown() {
    if (!this.on) return;
    this.marks.stop();
    this.showOther();
    this.marks.show();
    this.tasks.render();
    this.network.render();
  }

  /** @param {string} key  of a field */
  focus(key) {
    const field = this.holder?.querySelector(`[data-key="${CSS.escape(key)}"]`);
    /** @type {HTMLElement | null | undefined} */ (field)?.focus({ preventScroll: false });
  }
}

/** Unlike any other, so that answers to it are told apart. */
const newSetId = () =>
  `set-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** A part of the editor that can be folded. @param {string} title @param {HTMLElement} holder @param {boolean} [open] */
const card = (title, holder, open = true) =>
  make("details", { className: "card", open }, make("summary", { textContent: title }), holder);

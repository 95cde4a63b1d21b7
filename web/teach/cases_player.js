/**
 * Playing a case set in the element: start, cases, end; what is committed is scored by the core, told to the page around
 * as events, and to a course where there is one.
 */

import { assetText, casesCore } from "../files/assets.js";
import { CaseScreen } from "./cases_case.js";
import { element } from "../base/dom.js";
import { Reporter } from "./cases_report.js";
import { answersDocument, uuid } from "./cases_results.js";
import { endScreen, startScreen, button } from "./cases_screens.js";
import { settingsOf } from "./cases_settings.js";
import { freshCase, orderOf, resume } from "./cases_state.js";
import { languageNow } from "../words/language.js";
import { wordsFor } from "./cases_language.js";

/**
 * @typedef {import("./cases_source.js").CaseSet} CaseSet
 * @typedef {import("./cases_state.js").CaseState} CaseState
 * @typedef {import("./cases_results.js").CaseResults} CaseResults
 * @typedef {import("./cases_results.js").Attempt} Attempt
 * @typedef {{case?: string | null, order?: string | null, seed?: number | string | null, network?: string | null,
 *   feedback?: string | null, lock?: boolean, lang?: string | null, learner?: string | null, preview?: boolean,
 *   edit?: () => void, closed?: () => void}} Options  case: to begin with; preview: nothing is told to a course or asked
 *   before leaving; edit, closed: what the editor does
 */

/** @type {Promise<CSSStyleSheet> | null} */
let style = null;

async function loadStyle() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await assetText("cases.css"));
  return sheet;
}

/** All that is fetched for playing. */
export async function prepare() {
  style ??= loadStyle();
  await Promise.all([style, casesCore()]);
}

/**
 * A set in the place of what the element shows, until it is left.
 * @param {import("../element.js").EcgXplaim} host @param {CaseSet} caseSet @param {Options} [options]
 * @returns {Promise<CasePlayer>} once its start is shown
 */
export async function playCases(host, caseSet, options = {}) {
  const cases = await casesCore();
  const checked = cases.check(caseSet.text, null);
  if ("error" in checked) throw new Error(checked.error.text);
  style ??= loadStyle();
  // What the reader has chosen for the page goes before what the set is written in.
  const chosen = languageNow();
  const wished = [options.lang, chosen === "en" ? null : chosen, caseSet.set.lang];
  const [sheet, said] = await Promise.all([style, wordsFor(wished)]);
  const sheets = host.root.adoptedStyleSheets;
  if (!sheets.includes(sheet)) host.root.adoptedStyleSheets = [...sheets, sheet];
  host.cases?.close();
  // What is played is what was checked.
  const set = /** @type {import("./cases_source.js").SetDocument} */ (/** @type {unknown} */ (checked.set));
  const player = new CasePlayer(host, { ...caseSet, text: checked.text, set }, options, cases, said);
  host.cases = player;
  await player.start();
  return player;
}

export class CasePlayer {
  /** @param {import("../element.js").EcgXplaim} host @param {CaseSet} caseSet @param {Options} options
   * @param {import("../core/cases_core.js").CasesCore} cases @param {{words: import("./cases_language.js").Words, lang: string}} said
   * what the player says */
  constructor(host, caseSet, options, cases, { words, lang }) {
    this.host = host;
    this.caseSet = caseSet;
    this.set = caseSet.set;
    this.options = options;
    this.core = cases;
    this.settings = settingsOf(this.set, options);
    /** Of the set's texts; the player's own words may be in another language. */
    this.lang = this.set.lang || "en";
    this.words = words;
    this.wordsLang = lang;
    this.learner = options.learner ?? "";
    this.times = 1;
    const seed = Number(options.seed ?? NaN);
    this.seed = Number.isFinite(seed) ? seed >>> 0 : newSeed();
    this.order = orderOf(this.set.cases, this.settings, this.seed);
    /** The first round's, which a course goes on with. */
    this.fullOrder = this.order;
    this.at = 0;
    /** @type {Map<number, CaseState>} by place in the set */
    this.states = new Map();
    /** @type {Attempt[]} */
    this.log = [];
    /** @type {CaseResults | null} */
    this.results = null;
    this.resumed = false;
    this.ended = false;
    this.unsaved = false;
    this.session = uuid();
    this.reporter = new Reporter(this);
    this.leaving = new AbortController();
    /** @type {CaseScreen | null} */
    this.screen = null;
    this.title = element("h2", { id: "cases-title", lang: this.lang, dir: "auto" }, this.set.title);
    this.count = element("span", { class: "faint" });
    this.progress = element("progress", { max: "1", value: "0", "aria-labelledby": "cases-title" });
    this.live = element("p", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    this.problem = element("p", { class: "cases-problem", role: "alert" });
    this.box = element("div", { class: "cases-box" });
    this.node = this.build();
  }

  get root() {
    return this.host.root;
  }

  get shortcuts() {
    return this.host.$("shortcuts")?.checked ?? true;
  }

  get mayLeave() {
    return !this.host.locked && !this.options.lock;
  }

  /* ---- around the screens ---- */

  build() {
    const { words, host } = this;
    const leave = this.mayLeave ? [button(words("leave"), () => this.leave())] : [];
    const disclaimer = element("span", { class: "faint cases-disclaimer" }, words("disclaimer"));
    const parts = [this.title, this.count, this.progress, element("span", { class: "push" }), disclaimer, ...leave];
    const bar = element("div", { class: "cases-bar" }, ...parts);
    const attributes = { class: "cases", "aria-labelledby": "cases-title", lang: this.wordsLang };
    const node = element("section", attributes, bar, this.live, this.problem, this.box);
    const app = host.$("app");
    app.insertBefore(node, app.querySelector(".status-line"));
    app.classList.add("playing");
    const { signal } = this.leaving;
    window.addEventListener("beforeunload", (event) => this.wouldLose && event.preventDefault(), { signal });
    return node;
  }

  get wouldLose() {
    return this.unsaved && !this.reporter.inCourse && !this.options.preview;
  }

  /** @param {string} text */
  say(text) {
    this.live.textContent = text;
  }

  /** Whether what is shown may go on paper: before a commit nothing does. @param {boolean} printable */
  setPrintable(printable) {
    this.node.classList.toggle("printable", printable);
  }

  /** @param {HTMLElement} screen */
  show(screen) {
    this.screen?.close();
    this.screen = null;
    this.box.replaceChildren(screen);
    this.showProgress();
    this.focus();
  }

  /** To the heading of what is shown, where somebody is at it. */
  focus() {
    const byHand = navigator.userActivation?.hasBeenActive ?? true;
    const heading = /** @type {HTMLElement | null} */ (this.box.querySelector(".cases-focus"));
    if (byHand) heading?.focus({ preventScroll: false });
  }

  showProgress() {
    const { words, order } = this;
    const playing = this.screen !== null;
    const done = order.filter((place) => this.states.get(place)?.committed).length;
    this.count.textContent = playing
      ? words("case-of", { n: this.at + 1, all: order.length })
      : words("answered", { n: done, all: order.length });
    this.progress.setAttribute("value", String(order.length ? done / order.length : 0));
  }

  close() {
    this.screen?.close();
    this.screen = null;
    this.leaving.abort();
    this.reporter.close();
    this.node.remove();
    this.host.$("app")?.classList.remove("playing");
    if (this.host.cases === this) this.host.cases = null;
  }

  leave() {
    if (this.wouldLose && !window.confirm(this.words("leave-ask"))) return;
    this.close();
    this.options.closed?.();
  }

  /* ---- start ---- */

  async start() {
    this.show(startScreen(this));
    if (this.options.case) this.goTo(this.options.case, false);
    await this.findCourse();
  }

  async findCourse() {
    this.resume(await this.reporter.findCourse());
    const begin = /** @type {HTMLButtonElement | null} */ (this.box.querySelector(".cases-begin"));
    if (!begin) return;
    begin.disabled = false;
    begin.textContent = this.beginText;
    const where = this.box.querySelector(".cases-where");
    if (where) where.textContent = this.reporter.whereText;
  }

  /** Of the button that begins. */
  get beginText() {
    if (!this.resumed) return this.words("begin");
    return this.at < this.order.length ? this.words("go-on", { n: this.at + 1 }) : this.words("to-end");
  }

  /** @param {string} text  as a course kept it */
  resume(text) {
    const kept = text ? resume(this.set, this.settings, text) : null;
    if (!kept || this.log.length) return;
    Object.assign(this, { seed: kept.seed, order: kept.order, fullOrder: kept.order, states: kept.states });
    this.log = kept.order.flatMap((place) => {
      const state = kept.states.get(place);
      return state?.committed ? [{ place, state }] : [];
    });
    this.at = this.firstOpen();
    this.resumed = this.at > 0 || kept.states.size > 0;
    if (this.log.length) this.score();
    this.ended = this.at >= this.order.length;
    this.showProgress();
  }

  /** Place in the order of the first case that is not committed. */
  firstOpen() {
    const at = this.order.findIndex((place) => !this.states.get(place)?.committed);
    return at < 0 ? this.order.length : at;
  }

  begin() {
    this.reporter.begin();
    if (this.resumed && this.at < this.order.length) this.say(this.words("course-resumed", { n: this.at + 1 }));
    this.showCase();
  }

  /* ---- cases ---- */

  /** @param {number} place */
  numberOf(place) {
    return this.fullOrder.indexOf(place) + 1 || place + 1;
  }

  /** @param {number} place */
  caseTitle(place) {
    return this.words("case-title", { n: this.numberOf(place) });
  }

  showCase() {
    if (this.at >= this.order.length) return this.showEnd();
    const place = this.order[this.at];
    const state = this.states.get(place) ?? freshCase();
    state.startedAt ||= new Date().toISOString();
    this.states.set(place, state);
    const screen = new CaseScreen(this, place, state);
    this.setPrintable(false);
    this.screen?.close();
    this.screen = screen;
    this.box.replaceChildren(screen.node);
    this.showProgress();
    this.focus();
    this.host.guarded(() => screen.open());
  }

  /** An answer that is not committed. */
  draft() {
    this.unsaved = true;
  }

  /** @param {CaseScreen} screen @param {string} [said]  why it is committed */
  commit(screen, said = "") {
    const { state, place } = screen;
    if (state.committed) return;
    state.seconds += screen.spent;
    state.committed = true;
    this.unsaved = true;
    this.log.push({ place, state });
    const result = this.score();
    state.points = result.points;
    this.reporter.caseDone(screen, result);
    this.showProgress();
    const last = this.firstOpen() >= this.order.length;
    if (this.settings.feedback === "each") {
      const again = state.attempt < this.settings.attempts && result.points < result.max_points;
      screen.showFeedback(result, { last, again });
      if (said) this.problem.textContent = said;
    } else {
      this.next();
      this.say(said || this.words("committed"));
    }
  }

  /** All that was committed. @returns {import("./cases_results.js").CaseResult} of the last attempt */
  score() {
    this.results = this.core.score(this.caseSet.text, answersDocument(this.set, this.log, this.learner));
    return this.results.cases[this.results.cases.length - 1];
  }

  /** 0 to 100, with the points of answers that a course has not kept whole. @returns {number | null} */
  get score100() {
    const { results, log } = this;
    if (!results || results.score === null) return null;
    if (log.every(({ state }) => state.kept)) return results.score;
    const points = results.cases.reduce((sum, { counted, points: own }, i) => {
      const { state } = log[i];
      return counted ? sum + (state.kept ? own : (state.points ?? own)) : sum;
    }, 0);
    return Math.min(100, Math.max(0, (100 * points) / results.max_points));
  }

  /** A text's writer has said whether it was right. */
  changedAfterwards() {
    this.score();
    this.reporter.changed();
  }

  /** A recording that cannot be read is left out. @param {CaseScreen} screen */
  skip(screen) {
    this.order = this.order.filter((place) => place !== screen.place);
    this.showCase();
  }

  next() {
    const after = this.order.findIndex((place, i) => i > this.at && !this.states.get(place)?.committed);
    this.at = after >= 0 ? after : this.firstOpen();
    this.problem.textContent = "";
    this.say("");
    this.showCase();
  }

  tryAgain() {
    this.restart(this.order[this.at]);
    this.say("");
    this.showCase();
  }

  /** @param {number} place */
  restart(place) {
    const before = this.states.get(place);
    const seen = before?.committed && this.settings.network !== "never";
    const fresh = { ...freshCase(), attempt: (before?.attempt ?? 0) + 1 };
    if (seen) Object.assign(fresh, { networkShown: before.networkFindings.length > 0 || before.networkShown });
    this.states.set(place, fresh);
  }

  /** @param {string} id  of a case @param {boolean} [tell]  where there is none */
  goTo(id, tell = true) {
    const at = this.order.findIndex((place) => this.set.cases[place].id === id);
    if (at < 0) {
      if (tell) throw new Error(`There is no case ${id} in this set.`);
      return;
    }
    this.at = at;
    if (this.states.get(this.order[at])?.committed)
      this.review(this.log.findIndex(({ place }) => place === this.order[at]));
    else if (this.screen || tell) this.showCase();
  }

  /* ---- end ---- */

  showEnd() {
    this.at = this.order.length;
    if (!this.ended && this.log.length) this.reporter.setDone();
    this.ended = true;
    this.say(""); // of the last case, which this is no more
    this.show(endScreen(this));
    this.setPrintable(true);
  }

  /** @returns {boolean | null} null: the set has no pass */
  get passed() {
    const { score100: score, settings } = this;
    return score === null || settings.pass === null ? null : score >= settings.pass;
  }

  /** Cases whose last attempt was not all right, by their places. */
  get missed() {
    const { results, log } = this;
    /** @type {Map<number, boolean>} */
    const right = new Map();
    for (const [i, { place }] of log.entries()) {
      const result = results?.cases[i];
      right.set(place, !result || result.max_points === 0 || result.points >= result.max_points);
    }
    return [...right].filter(([, fine]) => !fine).map(([place]) => place);
  }

  /** A new attempt, mixed. @param {number[]} places */
  playAgain(places) {
    const mixed = orderOf(
      places.map((place) => this.set.cases[place]),
      { order: "mixed", pick: null },
      newSeed(),
    );
    this.order = mixed.map((i) => places[i]);
    for (const place of places) this.restart(place);
    this.at = 0;
    this.ended = false;
    this.say("");
    this.showCase();
  }

  /** A committed case with its feedback. @param {number} i  of the log */
  review(i) {
    const attempt = this.log[i];
    const result = this.results?.cases[i];
    if (!attempt || !result) return;
    const screen = new CaseScreen(this, attempt.place, attempt.state);
    this.screen?.close();
    this.screen = screen;
    this.box.replaceChildren(screen.node);
    this.host.guarded(async () => {
      await screen.open();
      if (this.screen === screen && screen.group)
        screen.showFeedback(result, { last: true, again: false, review: true });
    });
  }

  /* ---- what leaves ---- */

  /** @returns {import("./cases_results.js").Play | null} */
  get play() {
    const { set, log, results, learner } = this;
    if (!results) return null;
    const { modelSha256, version } = this;
    return { set, log, results, learner, modelSha256, version };
  }

  get modelSha256() {
    return this.screen?.answer?.report.model.sha256 ?? this.host.live.model?.sha256 ?? "";
  }

  get version() {
    return this.host.live.modelWorker.about?.version ?? "";
  }

  saved() {
    this.unsaved = false;
    this.say(this.words("saved"));
  }

  /** What was answered and what it is worth. */
  summary() {
    const answers = answersDocument(this.set, this.log, this.learner);
    return {
      answers,
      results: this.results,
      score: this.score100,
      passed: this.passed,
      statements: [...this.reporter.statements.all],
    };
  }
}

const newSeed = () => Math.floor(2 ** 32 * Math.random());

/**
 * One case on screen: its story, its ECG and its tasks; after the commit what came of it, and the network as a second
 * reader. Before the commit nothing of the answer is there: no finding, map, measurement or name is made.
 */

import { CancelledError } from "../workers/client.js";
import { element, make } from "../base/dom.js";
import { titleOf } from "../words/finding_words.js";
import { Beside } from "./cases_beside.js";
import { answerCard, caseWords, feedbackShapes, whyCard } from "./cases_feedback.js";
import { CaseEcg } from "./cases_ecg.js";
import { CERTAINTIES } from "./cases_language.js";
import { answerOf, failureText, firstShown, namedBy, networkNodes } from "./cases_network.js";
import { listenButton } from "./cases_listen.js";
import { button } from "./cases_screens.js";
import { placesOf } from "./cases_sight.js";
import { checkHashes, groupOf } from "./cases_source.js";
import { isAnswered } from "./cases_state.js";
import { formOf } from "./cases_tasks.js";
import { showBlocks } from "./cases_text.js";
import { beatsIn } from "../drawing/marks.js";
import { messageOf } from "../words/messages.js";

/**
 * @typedef {import("./cases_player.js").CasePlayer} CasePlayer
 * @typedef {import("./cases_state.js").CaseState} CaseState
 * @typedef {import("./cases_results.js").CaseResult} CaseResult
 */

const TICK_MS = 1000;
/** Seconds of a limit that are told aloud. */
const TOLD_SECONDS = [60, 30, 10];

export class CaseScreen {
  /** @param {CasePlayer} player @param {number} place  of the case in the set @param {CaseState} state */
  constructor(player, place, state) {
    this.player = player;
    this.place = place;
    this.state = state;
    this.one = player.set.cases[place];
    /** @type {import("../files/files.js").FileGroup | null} */
    this.group = null;
    /** @type {import("./cases_network.js").Answer | null} */
    this.answer = null;
    this.shownLabel = -1;
    this.closed = false;
    this.asked = false;
    /** @type {CaseResult | null} */
    this.result = null;
    this.ecg = new CaseEcg(player.host, player.words, {
      calipers: (reading) => this.forms?.forEach((form) => form.calipers(reading)),
    });
    /** @type {import("./cases_tasks.js").TaskForm[]} */
    this.forms = [];
    this.panel = element("div", { class: "cases-panel" });
    this.clock = element("span", { class: "cases-clock faint" });
    this.beside = new Beside(player);
    this.node = this.build();
    this.node.addEventListener("keydown", (event) => this.key(/** @type {KeyboardEvent} */ (event)));
    this.since = performance.now();
  }

  get words() {
    return this.player.words;
  }

  get settings() {
    return this.player.settings;
  }

  close() {
    this.closed = true;
    clearInterval(this.ticking);
    this.ecg.close();
    this.beside.close();
  }

  /* ---- before the commit ---- */

  build() {
    const { words, one, player } = this;
    const title = element(
      "h3",
      { tabindex: "-1", class: "cases-focus cases-story-title" },
      player.caseTitle(this.place),
    );
    const story = one.story
      ? showBlocks(element("div", { class: "cases-story-text", lang: player.lang }), one.story)
      : "";
    const seen = element("div", { class: "cases-seen" }, this.ecg.box, this.beside.box);
    this.panel.append(element("p", { class: "faint" }, words("reading")));
    return element(
      "div",
      { class: "cases-case" },
      element("div", { class: "cases-story" }, title, story, this.clock),
      element("div", { class: "cases-stage" }, seen, this.panel),
    );
  }

  /** The recording, and the tasks where they are still to be answered. */
  async open() {
    const { player, one } = this;
    try {
      await checkHashes(player.caseSet, one, player.core);
      this.group = await groupOf(player.caseSet, one, one.record, (files) => player.host.live.list(files));
      const record = await player.host.live.read(this.group);
      if (this.closed) return;
      // Whose it is, and what its file says was found, is not there.
      const { age, sex } = record;
      Object.assign(record, { name: one.id, dx: "", age: null, sex: "" });
      record.facts.statements = [];
      await this.ecg.show(record, one.view, placesOf(one.tasks));
      if (this.closed) return;
      if (this.settings.names === "shown") this.showPerson(this.group.name, age, sex);
      if (this.state.committed) return;
      this.showForm();
      await this.showMeasured(this.settings.measurements === "shown");
    } catch (error) {
      if (!this.closed && !(error instanceof CancelledError)) this.showProblem(error);
    }
  }

  /** @param {string} name @param {unknown} age @param {unknown} sex */
  showPerson(name, age, sex) {
    const facts = [name, age ? `${age}` : "", sex ? String(sex) : ""].filter(Boolean).join(", ");
    this.node.querySelector(".cases-story")?.append(element("p", { class: "faint" }, facts));
  }

  /** @param {unknown} error */
  showProblem(error) {
    const { words, player } = this;
    const text = words("cannot-read", { why: messageOf(error) });
    this.ecg.box.hidden = true; // there is nothing for its tools to work on
    this.panel.replaceChildren(
      element("p", { class: "cases-problem", role: "alert" }, text),
      element(
        "p",
        { class: "actions" },
        button(words("skip-case"), () => player.skip(this), "primary"),
      ),
    );
  }

  showForm() {
    const { words, one, settings, state, player } = this;
    const around = {
      words,
      set: player.set,
      lang: player.lang,
      leads: this.ecg.record?.leads.map(({ name }) => name) ?? [],
      seconds: this.ecg.length,
      asked: this.ecg.asked,
      askCalipers: (/** @type {string | undefined} */ lead) => this.ecg.measureOn(lead),
      askMark: (/** @type {((span: any) => void) | null} */ done) => this.askMark(done),
      changed: () => this.changed(),
    };
    this.forms = one.tasks.map((task) => formOf(task, around));
    for (const form of this.forms) {
      const response = state.responses[form.task.id];
      if (response) form.restore(response);
    }
    this.certainty = settings.certainty === "no" ? null : this.certaintyField();
    this.note = element("p", { class: "cases-problem", role: "alert" });
    this.actions = element("p", { class: "actions cases-commit" });
    const form = element(
      "form",
      { class: "card cases-form", "aria-label": words("tasks") },
      element("h4", {}, words("tasks")),
      ...this.forms.map(({ node }) => node),
      ...(this.certainty ? [this.certainty] : []),
      this.note,
      this.actions,
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    this.panel.replaceChildren(form);
    if (one.before)
      this.panel.prepend(this.besideButton(words("before-open"), words("before-close"), () => this.openBefore()));
    if (settings.network === "before") this.showNetworkBefore();
    this.offerCommit();
    this.changed();
    this.startClock();
  }

  /** Only one task marks at a time. @param {((span: any) => void) | null} done */
  askMark(done) {
    for (const form of this.forms)
      if ("loseHand" in form && !(done && form.node.contains(this.player.root.activeElement)))
        /** @type {any} */ (form).loseHand();
    if (done) this.ecg.toggleCalipers(false);
    this.ecg.view.markWith(done);
    if (done) this.ecg.canvas.scrollIntoView({ block: "nearest" });
  }

  /** What was answered so far. */
  changed() {
    const { state } = this;
    state.responses = Object.fromEntries(
      this.forms.filter(({ response }) => isAnswered(response)).map(({ task, response }) => [task.id, response]),
    );
    const marks = this.forms.flatMap(({ spans }) => spans);
    this.ecg.setShapes(marks.map((span) => ({ kind: "own", ...span, label: this.words("your-mark") })));
    this.player.draft();
  }

  certaintyField() {
    const { words, state } = this;
    const boxes = CERTAINTIES.map((key, i) => {
      const input = make("input", { type: "radio", name: "cases-certainty", checked: state.certainty === i + 1 });
      input.addEventListener("change", () => {
        state.certainty = i + 1;
        this.player.draft();
      });
      return element("label", { class: "cases-choice" }, input, words(key));
    });
    const list = element("div", { class: "cases-list row" }, ...boxes);
    return element("fieldset", { class: "cases-task" }, element("legend", {}, words("certainty")), list);
  }

  /** Where a checklist is set, it comes between answering and committing. */
  offerCommit() {
    const { words, settings, actions } = this;
    const commit = button(words("commit"), () => this.tryCommit(), "primary");
    const note = element("span", { class: "faint" }, words("commit-note"));
    if (!settings.check.length) {
      actions?.replaceChildren(commit, note);
      return;
    }
    const first = button(words("check-first"), () => this.showChecklist([commit, note]), "primary");
    actions?.replaceChildren(first);
  }

  /** @param {Node[]} after */
  showChecklist(after) {
    const { words, settings, actions, player } = this;
    const boxes = settings.check.map((text) => {
      const item = element("span", { lang: player.lang, dir: "auto" }, text);
      return element("label", { class: "cases-choice" }, make("input", { type: "checkbox" }), item);
    });
    const legend = element("legend", { tabindex: "-1" }, words("checklist"));
    actions?.before(element("fieldset", { class: "cases-task cases-checklist" }, legend, ...boxes));
    actions?.replaceChildren(...after);
    legend.focus();
  }

  tryCommit() {
    const { words, state, settings, note } = this;
    if (!note) return;
    if (!this.forms.map((form) => form.finish()).every(Boolean)) return;
    if (settings.certainty !== "no" && !state.certainty) {
      note.textContent = words("certainty-missing");
      this.certainty?.querySelector("input")?.focus();
      return;
    }
    if (!this.asked && !Object.values(state.responses).some(isAnswered)) {
      this.asked = true;
      note.textContent = words("nothing-answered");
      return;
    }
    this.player.commit(this);
  }

  /* ---- time ---- */

  startClock() {
    this.since = performance.now();
    const { times, settings } = this.player;
    const limit = (settings.seconds ?? 0) * times;
    if (!limit) return;
    const tick = () => {
      const left = Math.max(0, Math.ceil(limit - (performance.now() - this.since) / 1000));
      this.clock.textContent = this.words("time-left", { s: left });
      if (TOLD_SECONDS.includes(left)) this.player.say(this.words("time-left", { s: left }));
      if (left > 0) return;
      clearInterval(this.ticking);
      for (const form of this.forms) form.finish();
      this.player.commit(this, this.words("time-over"));
    };
    this.ticking = setInterval(tick, TICK_MS);
    tick();
  }

  /** Spent on it so far. */
  get spent() {
    return (performance.now() - this.since) / 1000;
  }

  /* ---- after it ---- */

  /** @param {CaseResult} result @param {{last: boolean, again: boolean, review?: boolean}} how */
  showFeedback(result, { last, again, review = false }) {
    const { words, player, one, state } = this;
    clearInterval(this.ticking);
    this.clock.textContent = "";
    this.result = result;
    this.ecg.toggleCalipers(false);
    this.ecg.view.markWith(null);
    this.forms = [];
    this.ecg.setShapes(feedbackShapes(one, state, result, words, (...of) => this.ecg.traceOf(...of)));
    const around = {
      set: player.set,
      one,
      words,
      lang: player.lang,
      asked: this.ecg.asked,
      had: this.had.bind(this),
      show: this.showPlace.bind(this),
    };
    const card = answerCard(around, result, state, player.numberOf(this.place));
    const why = whyCard(around);
    this.networkCard = element("section", { class: "card cases-network", hidden: "" });
    this.measuredCard = element("section", { class: "card", hidden: "" });
    const buttons = [];
    if (review) buttons.push(button(words("back-to-end"), () => player.showEnd(), "primary"));
    else {
      if (again) buttons.push(button(words("try-again"), () => player.tryAgain()));
      buttons.push(button(last ? words("to-end") : words("next"), () => player.next(), "primary"));
    }
    const cards = [card, ...(why ? [why] : []), this.networkCard, this.measuredCard];
    this.panel.replaceChildren(...cards, element("p", { class: "actions cases-next" }, ...buttons));
    this.offerLike();
    this.panel.scrollTop = 0;
    player.setPrintable(true);
    /** @type {HTMLElement | null} */ (card.querySelector(".cases-feedback-title"))?.focus();
    player.say(caseWords(result, words));
    this.offerNetwork();
    this.showMeasured(true).catch((error) => player.host.report(error));
  }

  /** A mark may lie where the layout of a narrow screen has not got its lead. @param {import("./cases_state.js").Span} span */
  showPlace(span) {
    this.player.host.guarded(() => this.ecg.reveal(span));
  }

  /** The learner says of a text whether it was right. @param {import("./cases_source.js").Task} task @param {boolean} had */
  had(task, had) {
    const response = this.state.responses[task.id] ?? {};
    this.state.responses[task.id] = { ...response, self: had };
    this.player.changedAfterwards();
  }

  /* ---- the network ---- */

  offerNetwork() {
    const { settings, words, networkCard } = this;
    if (!networkCard || settings.network === "never") return;
    networkCard.hidden = false;
    networkCard.replaceChildren(element("h4", {}, words("network")));
    const show = () => this.player.host.guarded(() => this.showNetwork(true));
    if (settings.network === "request" && !this.answer) networkCard.append(button(words("network-ask"), show));
    else show();
  }

  showNetworkBefore() {
    this.networkCard = element("section", { class: "card cases-network" });
    this.panel.prepend(this.networkCard);
    this.state.networkShown = true;
    this.player.host.guarded(() => this.showNetwork(false));
  }

  /** @param {boolean} committed  what the key says may be told */
  async showNetwork(committed) {
    const { words, player, networkCard: card } = this;
    if (!card) return;
    const title = element("h4", {}, committed ? words("network") : words("network-before"));
    card.replaceChildren(title, element("p", { class: "faint" }, words("network-runs")));
    try {
      this.answer ??= await answerOf(player.host, player.caseSet, this.one, this.group);
    } catch (error) {
      if (this.closed) return;
      card.replaceChildren(title, element("p", {}, failureText(words, error)));
      return;
    }
    if (this.closed || card !== this.networkCard) return;
    const { answer } = this;
    if (!answer) {
      card.replaceChildren(title, element("p", {}, words("network-none")));
      return;
    }
    const named = namedBy(answer);
    this.state.networkFindings = named.map(({ name }) => name);
    if (this.shownLabel < 0)
      this.shownLabel = firstShown(answer, player.set, committed ? this.one : { ...this.one, tasks: [] }, words);
    this.fillNetwork(title, committed);
  }

  /** @param {HTMLElement} title @param {boolean} committed */
  fillNetwork(title, committed) {
    const { answer, networkCard: card, player, one, words } = this;
    if (!answer || !card) return;
    const heat = this.shownLabel >= 0 ? answer.heat(this.shownLabel) : null;
    const show = (/** @type {number} */ label) => {
      this.shownLabel = this.shownLabel === label ? -1 : label;
      this.fillNetwork(title, committed);
      const name = answer.report.labels[label].name;
      /** @type {HTMLElement | null} */ (card.querySelector(`button[data-label="${CSS.escape(name)}"]`))?.focus();
    };
    const shown = heat ? this.shownLabel : -1;
    const nodes = networkNodes(answer, { set: player.set, one, words, key: committed, show, shown });
    card.replaceChildren(title, ...nodes);
    this.ecg.setHeat(heat);
    const label = /** @type {import("../core/core.js").ModelLabel[]} */ (answer.report.labels)[this.shownLabel];
    this.ecg.setMapWords(
      heat && label ? `${words("map-of", { name: titleOf(label) })} ${strongest(answer, label.name, words)}` : "",
    );
  }

  /* ---- measurements ---- */

  /** By this page, where they may be seen. @param {boolean} shown */
  async showMeasured(shown) {
    const { player, group, words } = this;
    if (!shown || !group) return;
    if (!this.state.committed) this.state.measurementsShown = true;
    const finding = await player.host.live.measure(group).catch((error) => {
      if (error instanceof CancelledError) return null;
      throw error;
    });
    if (this.closed || !finding?.numbers) return;
    const line = make("p", { textContent: `${words("twin-measured")}: ${finding.numbers}` });
    this.ecg.setTwinParts([line]);
    const times = beatsIn(finding.marks, 0, this.ecg.length).map(({ time }) => time);
    const listen = listenButton(words, times, 0, this.ecg.length);
    const card = this.measuredCard ?? element("section", { class: "card" });
    card.replaceChildren(
      element("h4", {}, words("measurements")),
      line.cloneNode(true),
      element("p", { class: "faint" }, words("measurements-note")),
      element("p", { class: "actions" }, listen),
    );
    card.hidden = false;
    if (!this.measuredCard) this.panel.append(card);
  }

  /* ---- another ECG beside it ---- */

  /** @param {string} open @param {string} close @param {() => Promise<void>} work */
  besideButton(open, close, work) {
    const made = button(open, () =>
      this.player.host.guarded(async () => {
        const on = made.getAttribute("aria-pressed") !== "true";
        made.setAttribute("aria-pressed", String(on));
        made.textContent = on ? close : open;
        if (on) await work();
        else this.beside.close();
      }),
    );
    made.setAttribute("aria-pressed", "false");
    return made;
  }

  offerLike() {
    const { one, player, words } = this;
    const like = one.like ? player.set.cases.find(({ id }) => id === one.like) : undefined;
    if (!like) return;
    this.likeButton = this.besideButton(words("like-open"), words("like-close"), () =>
      this.beside.open(like, like.record, words("like-is", { id: like.id })),
    );
    this.panel.querySelector(".cases-next")?.before(element("p", { class: "actions" }, this.likeButton));
  }

  async openBefore() {
    if (this.one.before) await this.beside.open(this.one, this.one.before, this.words("before-is"));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const typed = event.target instanceof Element && event.target.closest("input, select, textarea");
    const free = !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (typed || !free || !this.player.shortcuts) return;
    /** @type {Record<string, () => unknown>} */
    const works = {
      c: () => this.ecg.toggleCalipers(),
      "[": () => this.ecg.step(-1),
      "]": () => this.ecg.step(1),
      d: () => this.likeButton?.click(),
    };
    const work = works[event.key.toLowerCase()];
    if (!work || !this.ecg.record) return;
    event.preventDefault();
    work();
  }
}

/** When a map is strongest, in words. @param {import("./cases_network.js").Answer} answer @param {string} name
 * @param {import("./cases_language.js").Words} words */
function strongest({ report }, name, words) {
  if (!("map" in report)) return "";
  const spans = report.map.windows.flatMap(
    (window) => window.labels.find((label) => label.name === name)?.strongest ?? [],
  );
  return spans
    .map(({ start_s: from, end_s: to }) => words("times", { from: from.toFixed(2), to: to.toFixed(2) }))
    .join(", ");
}

/**
 * The calipers' own bar: presets, several pairs and their list. What was measured with them stays with its recording,
 * is copied with the numbers and saved with the report.
 */

import { inSight, newCalipers, startOnBeats } from "../drawing/caliper_set.js";
import { LEADS } from "../core/core_constants.js";
import { make } from "../base/dom.js";
import { addKeyHelp } from "./key_help.js";
import { changes, phrase, setPhrase, setPhraseOf, deferred } from "../words/language.js";
import { Landmarks } from "../drawing/landmarks.js";
import { correctedOf, FORMULA, legsFor, measureText, PRESETS } from "../drawing/presets.js";

/**
 * @typedef {import("../drawing/calipers.js").Calipers} Calipers
 * @typedef {import("./records.js").Row} Row
 * @typedef {NonNullable<import("../package/documents.js").Measured["reader"]>["calipers"]} Saved
 */

/** Pairs at a time: more would be a thicket. */
const MOST = 4;
/** @type {readonly string[]} */
const STANDARD = LEADS;

export class CaliperTools {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** The pairs of recordings that are not open, as addresses. @type {WeakMap<Row, string[]>} */
    this.kept = new WeakMap();
    /** @type {Row | null} whose the pairs are */
    this.row = null;
    changes.addEventListener("change", () => this.view.measured(), { signal: host.leaving?.signal });
    this.makeBar();
    this.listenKeys();
    addKeyHelp(host, [
      [["1", "2", "3", "4", "5"], "calipers.key-presets"],
      [["k", "Delete"], "calipers.key-keep"],
      [[",", "."], "calipers.key-hop"],
      [["Ctrl Z"], "calipers.key-undo"],
    ]);
  }

  /** Beside what the read-out says. */
  makeBar() {
    const { host } = this;
    const presets = PRESETS.map(({ kind, title, says }) => {
      const each = make("button", { type: "button", id: `preset-${kind}`, textContent: title });
      setPhraseOf(each, "title", says);
      each.addEventListener("click", () => this.preset(kind));
      return each;
    });
    const group = setPhraseOf(make("span", { className: "group" }, ...presets), "aria-label", "calipers.intervals");
    group.setAttribute("role", "group");
    this.another = setPhrase(make("button", { type: "button", id: "caliper-keep" }), "calipers.keep");
    setPhraseOf(this.another, "title", "calipers.keep-says");
    this.another.addEventListener("click", () => this.keep());
    this.list = setPhraseOf(make("ol", { id: "caliper-list" }), "aria-label", "calipers.list");
    host.$("read-out").append(group, this.another, this.list);
  }

  listenKeys() {
    const keys = /** @type {import("../page/keys.js").Keys} */ (this.host.keys);
    const measuring = (/** @type {() => unknown} */ work) => () => (this.host.drawing.calipers ? work() : false);
    PRESETS.forEach(({ kind }, i) =>
      keys.on(
        String(i + 1),
        measuring(() => this.preset(kind)),
      ),
    );
    keys.on(
      "k",
      measuring(() => this.keep()),
    );
    for (const key of ["Delete", "Backspace"])
      keys.on(
        key,
        measuring(() => this.drop(this.view.others.length)),
      );
  }

  get view() {
    return this.host.drawing;
  }

  /** What may be held on to: nothing that was measured is told before the reader has answered. */
  get landmarks() {
    const marks = this.host.measurements?.shown?.marks;
    return marks?.length ? new Landmarks(marks) : null;
  }

  /** The recording's mean RR interval, ms. */
  get rr() {
    const found = this.host.measurements?.shown?.measured.measurements.find(({ name }) => name === "rr_interval");
    return found?.value ?? null;
  }

  /** Those on the drawing, in their order. @returns {Calipers[]} */
  get all() {
    const { calipers, others } = this.view;
    return calipers ? [...others, calipers] : [];
  }

  /* ---- presets ---- */

  /** @param {Exclude<import("../drawing/presets.js").Kind, "">} kind */
  preset(kind) {
    const { view, landmarks, host } = this;
    const { calipers } = view;
    if (!calipers) return;
    if (!landmarks) return host.say(deferred("calipers.no-beats"));
    const [from, to] = inSight(view, calipers.place).map((t) => t + calipers.page.start);
    const problem = kind === "rr" ? this.nextRr(calipers, landmarks, from, to) : this.onBeat(calipers, kind, from, to);
    if (problem) return host.say(deferred("calipers.preset-fails", { title: kind.toUpperCase(), why: problem }));
    calipers.fresh = false;
    view.measured();
  }

  /** @param {Calipers} calipers @param {Exclude<import("../drawing/presets.js").Kind, "" | "rr">} kind @param {number} from
   * @param {number} to @returns {string} why it cannot be; "": it is done */
  onBeat(calipers, kind, from, to) {
    const { start } = calipers.page;
    const near = calipers.fresh ? (from + to) / 2 : start + (calipers.legs[0].t + calipers.legs[1].t) / 2;
    const legs = legsFor(/** @type {Landmarks} */ (this.landmarks), kind, near, from, to);
    if (typeof legs === "string") return legs;
    calipers.set(kind, ...legs);
    return "";
  }

  /** One RR interval or, when there is one already, one more of them. @param {Calipers} calipers
   * @param {Landmarks} landmarks @param {number} from @param {number} to @returns {string} as onBeat */
  nextRr(calipers, landmarks, from, to) {
    const beats = landmarks.beats(from, to).map(({ time }) => time);
    const [first, last] = calipers.legs.map(({ t }) => t + calipers.page.start).sort((a, b) => a - b);
    const near = (/** @type {number} */ time) => (/** @type {number} */ each) => Math.abs(each - time) < 0.005;
    const [i, k] = [beats.findIndex(near(first)), beats.findIndex(near(last))];
    if (calipers.kind === "rr" && i >= 0 && k > i && k + 1 < beats.length) {
      calipers.set("rr", beats[i], beats[k + 1], k + 1 - i);
      return "";
    }
    const middle = calipers.fresh || calipers.kind === "rr" ? (from + to) / 2 : (first + last) / 2;
    const pair = landmarks.neighbours(Math.max(from, middle - 2), Math.min(to, middle + 2));
    if (!pair) return phrase("calipers.few-beats");
    calipers.set("rr", pair[0].time, pair[1].time);
    return "";
  }

  /* ---- several ---- */

  /** The pair in hand stays, and another is taken. */
  keep() {
    const { view, host } = this;
    const { calipers, others } = view;
    if (!calipers) return;
    if (others.length + 1 >= MOST) return host.say(deferred("calipers.most", { n: MOST }));
    view.others = [...others, calipers];
    view.calipers = newCalipers(view);
    view.measured();
  }

  /** One that stays comes into the hand. @param {number} i */
  take(i) {
    const { view } = this;
    const all = this.all;
    const chosen = all[i];
    if (!chosen) return;
    view.calipers = chosen;
    view.others = all.filter((each) => each !== chosen);
    view.measured();
    view.canvas.focus({ preventScroll: true });
  }

  /** @param {number} i @returns {boolean} whether there was more than one */
  drop(i) {
    const { view, host } = this;
    const all = this.all;
    if (all.length < 2) return false;
    const before = all.map((each) => each.address);
    const left = all.filter((_, at) => at !== i);
    view.calipers = left.at(-1) ?? null;
    view.others = left.slice(0, -1);
    view.measured();
    view.canvas.focus({ preventScroll: true });
    host.say(deferred("calipers.taken-away"));
    host.status.offerUndo(async () => this.put(before));
    return true;
  }

  /* ---- with the recording ---- */

  /** @param {string[]} addresses  the last one in hand */
  put(addresses) {
    const { view, host } = this;
    const made = addresses.slice(0, MOST).flatMap((address) => {
      const calipers = newCalipers(view);
      return calipers?.follow(address) ? [calipers] : [];
    });
    if (!made.length) return;
    this.row = host.row;
    if (!view.calipers) host.panel.toggleCalipers();
    view.calipers = made.at(-1) ?? null;
    view.others = made.slice(0, -1);
    view.measured();
  }

  get addresses() {
    return this.all.map((each) => each.address);
  }

  /** Calipers are switched on or off: those of the recording come back. @param {boolean} on */
  switched(on) {
    const { row } = this.host;
    if (on && row && this.kept.has(row)) this.put(this.kept.get(row) ?? []);
  }

  /** What is kept of a recording, before its pairs are gone. */
  remember() {
    if (this.row && this.all.some((each) => !each.fresh)) this.kept.set(this.row, this.addresses);
  }

  /** A recording was drawn, or measured: pairs that nobody has moved start on its beats. */
  refresh() {
    const { view, host } = this;
    if (this.row && host.row !== this.row) this.changeRow(host.row);
    for (const each of this.all) each.rr = this.rr;
    if (view.calipers?.fresh && !view.calipers.kind) {
      startOnBeats(view, view.calipers);
      view.measured();
    }
  }

  /** @param {Row | null} row */
  changeRow(row) {
    const { view } = this;
    this.row = row;
    if (!view.calipers) return;
    view.others = [];
    const kept = row && this.kept.get(row);
    if (kept) return this.put(kept);
    const { calipers } = view;
    if (calipers.kind) Object.assign(calipers, { kind: "", count: 1, fresh: true });
    view.measured();
  }

  /* ---- what they say ---- */

  /** The list, and which preset is on. */
  show() {
    const { view, all, host } = this;
    if (view.page?.record !== host.record) return; // another recording is open, and not drawn yet
    this.row = view.calipers ? (this.row ?? host.row) : null;
    if (this.row && host.row !== this.row) return this.changeRow(host.row);
    for (const each of all) each.rr = this.rr;
    for (const { kind } of PRESETS)
      this.host.$(`preset-${kind}`).setAttribute("aria-pressed", String(view.calipers?.kind === kind));
    this.another?.toggleAttribute("disabled", all.length >= MOST);
    this.makeWay();
    const several = all.length > 1;
    this.list?.replaceChildren(...(several ? all.map((each, i) => this.entry(each, i, each === view.calipers)) : []));
    this.remember();
  }

  /** The bar is where the pair in hand is not. */
  makeWay() {
    const { view, host } = this;
    const strip = view.calipers?.place;
    const bar = host.$("read-out");
    if (strip) bar.classList.toggle("below", (strip.top - view.y) * view.scale < bar.offsetHeight + 24);
  }

  /** @param {Calipers} calipers @param {number} i @param {boolean} inHand */
  entry(calipers, i, inHand) {
    const said = calipers.text;
    const choose = make("button", { type: "button", textContent: `${i + 1} ${shortText(calipers)}`, title: said });
    choose.setAttribute("aria-label", phrase("calipers.take-in-hand", { n: i + 1, text: said }));
    choose.setAttribute("aria-pressed", String(inHand));
    choose.addEventListener("click", () => this.take(i));
    const away = make("button", {
      type: "button",
      textContent: "×",
      ariaLabel: phrase("calipers.take-away", { n: i + 1, text: said }),
    });
    away.addEventListener("click", () => this.drop(i));
    return make("li", {}, choose, away);
  }

  /** A line each. @returns {string[]} */
  get lines() {
    return this.all.map((each) =>
      phrase("calipers.line", { lead: each.label, when: each.whenText, what: measureText(each.measure) }),
    );
  }

  /** As documents have them. @returns {Saved} */
  get saved() {
    return this.all.map((each) => savedOf(each));
  }
}

/** @param {Calipers} calipers */
function shortText({ label, measure }) {
  return `${label} ${measureText({ ...measure, rr: null }).split(" · ")[0]}`;
}

/** @param {Calipers} calipers @returns {Saved[number]} */
function savedOf(calipers) {
  const { page, place, measure } = calipers;
  const { kind, ms, mv, count, rr } = measure;
  const [a, b] = calipers.legs.map(({ t }) => Number((t + page.start).toFixed(4)));
  const corrected = correctedOf(measure);
  const lead = page.record.leads[place.lead].name;
  return {
    kind: kind || "free",
    lead: STANDARD.includes(lead) ? lead : null,
    inverted: place.sign < 0,
    start_s: a,
    end_s: b,
    ms: round(ms, 1),
    mv: round(mv, 3),
    intervals: kind === "rr" ? count : null,
    mean_rr_ms: kind === "qt" ? rr : null,
    qtc_ms: corrected === null ? null : round(corrected, 0),
    qtc_formula: corrected === null ? null : FORMULA,
    speed_mm_s: page.speed,
    gain_mm_mv: place.gain,
    filter: page.filter || null,
  };
}

/** @param {number} value @param {number} digits */
const round = (value, digits) => Number(value.toFixed(digits));

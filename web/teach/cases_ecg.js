/** A case's ECG on screen: the drawing with its tools, calipers, marks, and what it is in words. */

import { CancelledError } from "../workers/client.js";
import { offerLeads, pitchRange, screenRequest, showsRhythm, usualPitch } from "../drawing/drawing.js";
import { inLanguage } from "../drawing/drawn_words.js";
import { make } from "../base/dom.js";
import { spanText } from "./cases_language.js";
import { inSight, pageOf } from "./cases_sight.js";
import { CaseView } from "./cases_overlay.js";
import { EcgTools } from "./cases_tools.js";

/**
 * @typedef {import("../workers/session.js").OpenRecord} OpenRecord
 * @typedef {import("./cases_state.js").Span} Span
 * @typedef {import("./cases_overlay.js").Shape} Shape
 * @typedef {{live: Pick<import("../workers/session.js").Session, "draw" | "filter">, hasAttribute: (name: string) => boolean,
 *   guarded: (work: () => Promise<unknown>) => Promise<void>, report: (error: unknown) => void}} Host
 * @typedef {Span & {ms: number, mv: number, heights: [number, number]}} Reading  of the calipers
 */

const PAGE_S = 10;
const PHONE_PAGE_S = 5;
/** What is shown where there is room for it and nothing else is asked for. */
const WIDE = "3x4+1";

/** @typedef {{layout: "6x2s" | "12x1", start: number | null}} Narrow */
/** @type {Narrow} */
const NARROW = { layout: "6x2s", start: null };

export class CaseEcg {
  /** @param {Host} host @param {import("./cases_language.js").Words} words
   * @param {{calipers: (reading: Reading | null) => void}} events */
  constructor(host, words, events) {
    this.host = host;
    this.words = words;
    this.events = events;
    /** @type {OpenRecord | null} */
    this.record = null;
    /** @type {Float32Array[]} */
    this.mv = [];
    this.start = 0;
    this.seconds = PAGE_S;
    /** Of the page that the author chose. */
    this.wideStart = 0;
    this.turn = 0;
    this.chosen = false;
    /** What a screen without room for four columns has instead; start: null is where it is. @type {Narrow} */
    this.narrow = NARROW;
    /** What the case shows at first, where its tasks ask for no more than that. @type {Span[] | null} */
    this.asked = null;
    /** @type {import("../drawing/drawing.js").Heat | null} */
    this.heat = null;
    /** @type {Shape[]} */
    this.shapes = [];
    /** @type {import("../drawing/drawing.js").LayoutName | ""} before a lead was enlarged */
    this.before = "";
    this.size = "";
    /** What is told beyond what is drawn. @type {Node[]} */
    this.twinParts = [];
    this.mapWords = "";
    /** Fulfilled once what is to be seen is drawn. @type {Promise<void>} */
    this.drawn = Promise.resolve();
    this.ui = new EcgTools(words, {
      changed: () => this.draw(),
      layout: () => {
        this.chosen = true;
        this.before = "";
        this.draw();
      },
      filter: () => this.host.guarded(() => this.useFilter()),
      calipers: () => this.toggleCalipers(),
      march: () => this.march(),
      zoom: (by) => (by ? this.view.zoomBy(by) : this.view.reset()),
      step: (by) => this.step(by),
    });
    this.view = new CaseView(this.ui.canvas, {
      caliper: (text) => this.calipersMoved(text),
      zoom: (zoom, least) => this.showZoom(zoom, least),
      key: (key) => this.key(key),
      enlarge: (lead) => this.enlarge(lead),
      resized: () => this.resized(),
    });
    this.theme = new AbortController();
    this.followTheme();
  }

  get box() {
    return this.ui.box;
  }

  get canvas() {
    return this.ui.canvas;
  }

  close() {
    this.turn++;
    this.view.close();
    this.theme.abort();
  }

  followTheme() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      this.view.dark = dark.matches;
      this.draw();
    };
    dark.addEventListener("change", apply, { signal: this.theme.signal });
    this.view.dark = dark.matches;
  }

  /* ---- a recording ---- */

  /** @param {OpenRecord} record @param {import("./cases_source.js").Case["view"]} view  as its author wants it seen first
   * @param {Span[]} [places]  that tasks ask for */
  async show(record, view = {}, places = []) {
    Object.assign(this, { record, mv: record.mv, heat: null, shapes: [], before: "", mapWords: "" });
    offerLeads(this.ui.rhythm, record.leads);
    setSelect(this.ui.layout, view.layout ?? WIDE);
    setSelect(this.ui.rhythm, view.rhythm ?? "II");
    setSelect(this.ui.speed, String(view.speed ?? 25), (v) => `${v} mm/s`);
    setSelect(this.ui.gain, String(view.gain || 10), (v) => `${v} mm/mV`);
    setSelect(this.ui.filter, view.filter ?? "");
    // What an author chose is kept, unless it cannot be read on this screen.
    this.chosen = Boolean(view.layout && view.layout !== WIDE);
    const length = this.length;
    this.seconds = Math.min(view.seconds || PAGE_S, length);
    this.start = Math.min(Math.max(view.start ?? 0, 0), Math.max(0, length - this.seconds));
    await this.plan(places);
    this.followWidth();
    this.view.useCalipers(false);
    this.view.markWith(null);
    this.showCalipers(false);
    this.view.setShapes([]);
    if (this.ui.filter.value) await this.useFilter();
    else this.draw();
    await this.drawn;
  }

  /** Before anything is drawn: what the author's layout has of the recording, and how a narrow screen has the same places.
   * @param {Span[]} places */
  async plan(places) {
    Object.assign(this, { narrow: NARROW, asked: null });
    if (!places.length) return;
    const { start, seconds } = this;
    const asked = await this.stretchesOf(/** @type {any} */ (this.ui.layout.value), seconds);
    const phone = await this.stretchesOf("6x2s", Math.min(PHONE_PAGE_S, seconds));
    const all = asked.every(({ from, to }) => from <= 0 && to >= this.length - 0.01);
    if (!all && places.every((place) => inSight(asked, place))) this.asked = asked;
    const page = pageOf(phone, places, start, { step: PHONE_PAGE_S / 2, last: start + seconds, length: this.length });
    this.narrow = page === null ? { layout: "12x1", start } : { layout: "6x2s", start: page };
    this.wideStart = start;
  }

  /** What a layout has of each lead from the page's beginning. @param {import("../drawing/drawing.js").LayoutName} layout
   * @param {number} seconds @returns {Promise<Span[]>} s of the recording */
  async stretchesOf(layout, seconds) {
    const page = this.page();
    if (!page) return [];
    const asked = { ...page, layout, seconds };
    const { strips } = await this.host.live.draw(page.record, screenRequest(asked, false), null);
    return strips.map(({ lead, from, seconds: long }) => ({
      lead: page.record.leads[lead].name,
      from: page.start + from,
      to: page.start + from + long,
    }));
  }

  get length() {
    return this.record ? this.record.samples / this.record.rate : 0;
  }

  async useFilter() {
    const { record } = this;
    if (!record) return;
    const [low, high, notch] = this.ui.filter.value.split(",").map(Number);
    this.mv = record.mv;
    if (this.ui.filter.value) {
      const { mv } = await this.host.live.filter(record, { low, high, notch });
      if (this.record === record) this.mv = mv;
    }
    this.draw();
  }

  /** @param {1 | -1} by */
  step(by) {
    this.start = this.within(this.start + by * this.stepSeconds);
    this.draw();
  }

  /** @param {number} start  of a page */
  within(start) {
    return Math.min(Math.max(start, 0), Math.max(0, this.length - this.shownSeconds));
  }

  get shownSeconds() {
    return this.ui.layout.value === "6x2s" ? Math.min(PHONE_PAGE_S, this.seconds) : this.seconds;
  }

  /** On a phone a page has each lead for half of its time: what comes next begins where that ends. */
  get stepSeconds() {
    return this.ui.layout.value === "6x2s" ? this.shownSeconds / 2 : this.shownSeconds;
  }

  /** @returns {import("../drawing/drawing.js").Page | null} */
  page() {
    const { record } = this;
    if (!record) return null;
    return {
      record,
      mv: this.mv,
      start: this.start,
      seconds: this.shownSeconds,
      marked: { beats: [], faults: [], numbers: "" },
      window: null,
      layout: /** @type {import("../drawing/drawing.js").LayoutName} */ (this.ui.layout.value),
      rhythm: this.ui.rhythm.value,
      speed: Number(this.ui.speed.value),
      gain: Number(this.ui.gain.value),
      filter: this.ui.filter.value ? this.filterWords : "",
      heat: this.heat,
      style: "strip",
      title: "",
    };
  }

  get filterWords() {
    return this.ui.filter.value ? (this.ui.filter.selectedOptions[0].textContent ?? "") : "";
  }

  draw() {
    const turn = ++this.turn;
    this.drawn = this.drawPage(turn).catch((error) => {
      if (!(error instanceof CancelledError) && turn === this.turn) this.host.report(error);
    });
  }

  /** @param {number} turn */
  async drawPage(turn) {
    const page = this.page();
    if (!page) return;
    const values = page.heat?.values ?? null;
    let pitch = usualPitch(page);
    let list = await this.host.live.draw(page.record, screenRequest(page, this.view.dark, pitch), values);
    const better = this.betterPitch(page, list, pitch);
    if (better !== pitch && turn === this.turn) {
      pitch = better;
      list = await this.host.live.draw(page.record, screenRequest(page, this.view.dark, pitch), values);
    }
    if (turn !== this.turn) return;
    this.ui.rhythm.hidden = !showsRhythm(page.layout, list);
    this.ui.pages.hidden = this.length <= this.shownSeconds + 0.01;
    this.ui.where.textContent = this.words("seconds", {
      from: tenths(page.start),
      to: tenths(page.start + page.seconds),
    });
    this.ui.nameSteps(this.stepSeconds);
    this.ui.earlier.disabled = page.start <= 0;
    this.ui.later.disabled = page.start + page.seconds >= this.length - 0.01;
    this.view.show(page, inLanguage(list, { narrow: page.layout === "6x2s" }));
    this.view.setShapes(this.shapes);
    this.tell();
  }

  /** Rows as far apart as the free height has room for, where there is one to fill.
   * @param {import("../drawing/drawing.js").Page} page @param {import("../core/core.js").DisplayList} list @param {number} pitch */
  betterPitch(page, list, pitch) {
    const { clientHeight: height, clientWidth } = this.ui.paper;
    this.size = `${clientWidth} ${height}`;
    if (!this.host.hasAttribute("fill") || !height || !list.strips.length) return pitch;
    const rows = new Set(list.strips.map(({ y }) => y)).size;
    const free = height / this.view.scaleOf(page.layout) - (list.height - rows * pitch);
    const [least, most] = pitchRange(page.layout);
    return Math.min(Math.max(Math.floor(free / rows), least), most);
  }

  resized() {
    if (!this.record) return;
    const { clientWidth, clientHeight } = this.ui.paper;
    const changed = this.host.hasAttribute("fill") && this.size !== `${clientWidth} ${clientHeight}`;
    if (this.followWidth() || changed) this.draw();
  }

  /** @returns {boolean} whether the layout changed */
  followWidth() {
    if (this.chosen || this.before || !this.ui.paper.clientWidth) return false;
    const wide = this.view.hasWhole(WIDE);
    const wanted = wide ? WIDE : this.narrow.layout;
    if (this.ui.layout.value === wanted) return false;
    this.ui.layout.value = wanted;
    if (this.narrow.start !== null) this.start = wide ? this.wideStart : this.narrow.start;
    return true;
  }

  /** @param {string} lead  "": none */
  enlarge(lead) {
    if (this.before) {
      this.ui.layout.value = this.before;
      this.before = "";
    } else {
      if (!lead || this.ui.layout.value === "single") return;
      this.before = /** @type {import("../drawing/drawing.js").LayoutName} */ (this.ui.layout.value);
      this.ui.layout.value = "single";
      this.ui.rhythm.value = lead;
    }
    this.view.reset();
    this.draw();
  }

  /** Whether all of a place is drawn. @param {Span} span */
  shows(span) {
    return this.view.boxesOf(span).some(({ whole }) => whole);
  }

  /** Brings a place into sight: on a page of the recording that has it or, where the layout leaves its lead out at that
   * time, on its lead alone. Where it is in sight, an enlarged lead goes back among the others. @param {Span} span */
  async reveal(span) {
    this.canvas.scrollIntoView({ block: "nearest" });
    await this.find(span);
    this.view.bringIn(span);
  }

  /** A page that has it. @param {Span} span */
  async find(span) {
    if (this.shows(span)) {
      if (this.before) this.enlarge("");
      return this.settled();
    }
    if (await this.turnTo(span)) return;
    if (this.before) this.enlarge("");
    this.enlarge(span.lead);
    await this.turnTo(span);
  }

  /** @param {Span} span @returns {Promise<boolean>} whether there is such a page */
  async turnTo(span) {
    const { stepSeconds: step, shownSeconds: seconds } = this;
    const base = Math.floor(span.from / step) * step;
    const middle = (span.from + span.to - seconds) / 2;
    for (const start of new Set([base, base - step, middle].map((each) => this.within(each)))) {
      this.start = start;
      this.draw();
      await this.settled();
      if (this.shows(span)) return true;
    }
    return false;
  }

  /** Once nothing is being drawn: what is asked for meanwhile, as a map, takes the place of what was being drawn. */
  async settled() {
    for (let drawn = null; drawn !== this.drawn;) {
      drawn = this.drawn;
      await drawn;
    }
  }

  /** A key that the drawing does not use itself. @param {string} key @returns {boolean} */
  key(key) {
    if (key !== "c") return false;
    this.toggleCalipers();
    return true;
  }

  /** @param {number} zoom @param {number} least */
  showZoom(zoom, least) {
    this.ui.zoomReset.textContent = `${Math.round(zoom * 100)} %`;
    this.ui.zoomReset.hidden = zoom === 1;
    this.ui.zoomOut.disabled = zoom <= least;
  }

  /* ---- calipers and marks ---- */

  /** @param {boolean} [on] */
  toggleCalipers(on = this.view.calipers === null) {
    this.view.useCalipers(on);
    this.showCalipers(on);
    if (on) this.ui.canvas.focus({ preventScroll: true });
  }

  /** Calipers on the lead that is asked for, where it is longest. @param {string | undefined} lead  "*": any */
  measureOn(lead) {
    this.toggleCalipers(true);
    const { calipers, list, page } = this.view;
    if (!calipers || !list || !page || !lead || lead === "*") return;
    const ofLead = list.strips.filter((strip) => page.record.leads[strip.lead].name === lead);
    const longest = Math.max(...ofLead.map(({ seconds }) => seconds));
    const strip = ofLead.find(({ seconds }) => seconds === longest);
    if (!strip || page.record.leads[calipers.place.lead].name === lead) return;
    const from = page.start + strip.from;
    calipers.put(lead, from + 0.25 * strip.seconds, from + 0.5 * strip.seconds);
    this.view.measured();
  }

  /** @param {boolean} on */
  showCalipers(on) {
    this.ui.calipersButton.setAttribute("aria-pressed", String(on));
    this.ui.readOut.hidden = !on;
    this.ui.marchButton.setAttribute("aria-pressed", "false");
  }

  march() {
    const on = this.ui.marchButton.getAttribute("aria-pressed") !== "true";
    this.ui.marchButton.setAttribute("aria-pressed", String(on));
    this.view.marchOut(on);
  }

  /** @param {string} text */
  calipersMoved(text) {
    this.ui.output.textContent = text;
    this.events.calipers(this.reading);
  }

  /** @returns {Reading | null} */
  get reading() {
    const { calipers } = this.view;
    if (!calipers) return null;
    const { start, record } = calipers.page;
    const [a, b] = [...calipers.legs].sort((x, y) => x.t - y.t);
    const { sign, lead } = calipers.place;
    return {
      lead: record.leads[lead].name,
      from: start + a.t,
      to: start + b.t,
      ms: calipers.milliseconds,
      mv: Math.abs(calipers.legs[1].mv - calipers.legs[0].mv),
      heights: [sign * a.mv, sign * b.mv],
    };
  }

  /** Of the recording as it was read; nothing where there is no such lead. @param {string} lead @param {number} from  s
   * @param {number} to */
  traceOf(lead, from, to) {
    const { record } = this;
    const at = record?.leads.findIndex(({ name }) => name === lead) ?? -1;
    if (!record || at < 0) return new Float32Array();
    return record.mv[at].subarray(Math.round(from * record.rate), Math.round(to * record.rate) + 1);
  }

  /** @param {Shape[]} shapes */
  setShapes(shapes) {
    this.shapes = shapes;
    this.view.setShapes(shapes);
    this.tell();
  }

  /** @param {import("../drawing/drawing.js").Heat | null} heat */
  setHeat(heat) {
    this.heat = heat;
    this.draw();
  }

  /* ---- in words ---- */

  /** What is told beyond what is drawn. @param {Node[]} nodes */
  setTwinParts(nodes) {
    this.twinParts = nodes;
    this.tell();
  }

  /** Of the map that is drawn. @param {string} text */
  setMapWords(text) {
    this.mapWords = text;
    this.tell();
  }

  tell() {
    const { record, words } = this;
    if (!record) return;
    const leads = record.leads.map(({ name }) => name).join(", ");
    const lines = [
      words("twin-leads", { leads, s: this.length.toFixed(1), hz: record.rate }),
      words("twin-scale", {
        speed: Number(this.ui.speed.value),
        gain: Number(this.ui.gain.value),
        filter: this.filterWords || words("no-filter"),
      }),
    ];
    const marks = this.shapes.map(({ label, lead, from, to }) =>
      make("li", { textContent: `${label}: ${spanText(words, { lead, from, to })}` }),
    );
    const parts = /** @type {Node[]} */ ([make("p", { textContent: lines.join(" ") }), ...this.twinParts]);
    if (marks.length) parts.push(make("p", { textContent: `${words("twin-marks")}:` }), make("ul", {}, ...marks));
    if (this.mapWords) parts.push(make("p", { textContent: this.mapWords }));
    this.ui.twinText.replaceChildren(...parts);
  }
}

/** @param {number} s */
const tenths = (s) => String(Math.round(10 * s) / 10);

/** A value that the list has not is added where it can be told. @param {HTMLSelectElement} select @param {string} value
 * @param {(value: string) => string} [name] */
function setSelect(select, value, name) {
  if (![...select.options].some((option) => option.value === value)) {
    if (!name) return;
    select.append(new Option(name(value), value));
  }
  select.value = value;
}

/** The open recording's drawing: what is drawn, with which settings, on screen and for paper. */

import { heatOf } from "./attribution.js";
import { CancelledError } from "../workers/client.js";
import {
  gainOf,
  heatTitle,
  LAYOUTS,
  narrowed,
  pageAround,
  paperRequests,
  pitchRange,
  screenRequest,
  showsRhythm,
  usualPitch,
} from "../drawing/drawing.js";
import { inLanguage } from "../drawing/drawn_words.js";
import { phrase, setPhrase, deferred } from "../words/language.js";
import { onPaper, paperColour, paperOf } from "../drawing/papers.js";
import { Ribbon } from "./ribbon.js";
import { errorWords } from "../words/messages.js";

/**
 * @typedef {import("../drawing/drawing.js").Page} Page
 * @typedef {import("../drawing/drawing.js").LayoutName} LayoutName
 */

/** CSS pixels: below, twelve leads beside each other would be too small to read. */
const PHONE = 600;
/** As often as a drawing is made anew until its rows fill the height. */
const TRIES = 4;

/** In the language that is spoken. @param {HTMLSelectElement} select */
const filterName = (select) =>
  phrase(/** @type {import("../words/language.js").Key} */ (select.selectedOptions[0].getAttribute("data-t")));

export class EcgPanel {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    this.darkSystem = matchMedia("(prefers-color-scheme: dark)");
    /** The reader has chosen a layout; else it follows the width. */
    this.chosen = false;
    /** @type {{layout: LayoutName, rhythm: string, chosen: boolean} | null} before a lead was enlarged */
    this.before = null;
    /** mm between rows, of each layout and gain, as it filled the height last. @type {Map<string, number>} */
    this.pitches = new Map();
    /** CSS pixels that it was drawn for last. */
    this.size = "";
  }

  listen() {
    const { host } = this;
    this.ribbon = new Ribbon(host.$("ribbon"), (lead) => {
      host.$("rhythm").value = lead;
      this.draw();
    });
    for (const id of ["rhythm", "speed", "gain", "map-style"]) host.on(id, "change", () => this.draw());
    host.on("paper-kind", "change", () => this.showPaper());
    host.on("layout", "change", () => this.layoutChosen());
    host.on("filter", "change", () => this.filter());
    host.on("calipers", "click", () => this.toggleCalipers());
    host.on("march", "click", () => this.toggleMarch());
    host.on("zoom-in", "click", () => host.drawing.zoomBy(1.25));
    host.on("zoom-out", "click", () => host.drawing.zoomBy(0.8));
    host.on("zoom-reset", "click", () => host.drawing.reset());
    host.on("previous", "click", () => host.list.step(-1));
    host.on("next", "click", () => host.list.step(1));
    host.on("blind", "change", () => this.setBlind(host.$("blind").checked));
    this.listenKeys();
  }

  listenKeys() {
    const { host } = this;
    const keys = /** @type {import("../page/keys.js").Keys} */ (host.keys);
    /** Without a recording these do nothing. @type {Record<string, () => unknown>} */
    const ofRecording = {
      c: () => this.toggleCalipers(),
      "[": () => host.chooseWindow(host.window - 1),
      "]": () => host.chooseWindow(host.window + 1),
      g: () => this.nextOf("gain"),
      s: () => this.nextOf("speed"),
      h: () => host.hiding || this.nextOf("map-style"),
      e: () => this.enlarge(host.drawing.leadInMiddle()),
      "+": () => host.drawing.zoomBy(1.25),
      "-": () => host.drawing.zoomBy(0.8),
      0: () => host.drawing.reset(),
      f: () => host.appLayout?.togglePanel(),
      F: () => host.presenting?.begin(),
      r: () => this.markRead(),
    };
    /** @type {Record<string, () => unknown>} */
    const always = {
      m: () => (host.drawing.calipers ? this.toggleMarch() : false),
      a: () => (host.medianBeat?.beat ? host.guarded(async () => host.medianBeat?.open()) : false),
      b: () => this.setBlind(!host.blind),
      n: () => host.list.step(1),
      p: () => host.list.step(-1),
      o: () => host.locked || host.$("picker").click(),
      t: () => host.tableView?.toggle(),
      l: () => host.tableView?.toggle(),
      "?": () => host.$("help").showModal(),
    };
    for (const [key, work] of Object.entries(ofRecording)) keys.on(key, () => (host.record ? work() : false));
    for (const [key, work] of Object.entries(always)) keys.on(key, work);
  }

  /** The select's next value, around and around. @param {string} id */
  nextOf(id) {
    const select = this.host.$(id);
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    this.draw();
  }

  markRead() {
    const { row, list } = this.host;
    if (!row) return;
    row.read = !row.read;
    list.redraw(row);
    this.host.opener.countRows();
    this.host.say(deferred(row.read ? "status.read" : "status.not-read"));
  }

  draw() {
    this.host.drawn = this.drawPage();
    this.host.drawn.catch((error) => error instanceof CancelledError || this.host.report(error));
  }

  async drawPage() {
    const { host } = this;
    const turn = ++host.drawTurn;
    host.sheets = [];
    const page = this.page();
    if (!page) return;
    host.$("legend-box").classList.toggle("none", !page.heat);
    host.$("legend-label").textContent = page.heat ? heatTitle(page.heat) : "";
    setPhrase(host.$("legend-scope"), page.heat?.perLead ? "legend.by-lead" : "legend.time-only");
    host.$("legend-box").title = page.heat ? host.$("legend-box").textContent.replace(/\s+/g, " ").trim() : "";
    const stale = () => turn !== host.drawTurn || host.record !== page.record;
    const list = await this.drawFilling(page, stale);
    if (stale()) return;
    host.$("rhythm-box").hidden = !showsRhythm(page.layout, list);
    host.drawing.show(page, inLanguage(onPaper(list, this.paper), { narrow: page.layout === "6x2s" }));
    this.ribbon?.show(page);
    host.caliperTools?.makeWay();
    await this.drawSheets(turn);
  }

  /** What was measured meanwhile: on paper too, and on the screen where it is drawn there. */
  addMarks() {
    this.host.caliperTools?.refresh();
    const page = this.page();
    if (!page) return;
    const { beats, faults } = page.marked;
    if (beats.length || faults.length) return this.draw();
    this.host.drawn = this.drawSheets(this.host.drawTurn);
    this.host.drawn.catch((error) => error instanceof CancelledError || this.host.report(error));
  }

  /** For the printer: all of the page, however small the screen is. @param {number} turn */
  async drawSheets(turn) {
    const { host } = this;
    const page = this.page({ paper: true });
    if (!page) return;
    const values = page.heat?.values ?? null;
    const requests = paperRequests(page);
    const sheets = await Promise.all(requests.map((request) => host.live.draw(page.record, request, values)));
    host.pictures = await host.live.printer;
    const printed = this.paper === "grey" ? "grey" : "red";
    if (turn === host.drawTurn && host.record === page.record)
      host.sheets = sheets.map((sheet, i) => {
        const list = inLanguage(onPaper(sheet, printed, { white: true }));
        return { list, title: page.title, start: requests[i].start };
      });
  }

  /** Rows as far apart as the free height has room for. @param {Page} page @param {() => boolean} stale */
  async drawFilling(page, stale) {
    const { host } = this;
    const key = `${page.layout} ${page.gain} ${page.halfChest}`;
    const values = page.heat?.values ?? null;
    let pitch = this.fills ? (this.pitches.get(key) ?? usualPitch(page)) : usualPitch(page);
    for (let tries = 1; ; tries++) {
      const list = await host.live.draw(page.record, screenRequest(page, host.drawing.dark, pitch), values);
      const better = this.fills ? this.betterPitch(page, list, pitch) : pitch;
      if (better === pitch || stale()) return list;
      if (tries >= TRIES && better > pitch) return list; // it goes back and forth: the smaller one fits
      pitch = better;
      this.pitches.set(key, pitch);
    }
  }

  /** @param {Page} page @param {import("../core/core.js").DisplayList} list @param {number} pitch  it was drawn with */
  betterPitch(page, list, pitch) {
    const { host } = this;
    const { clientHeight: height } = host.$("paper");
    this.size = this.sizeNow;
    if (!height || !list.strips.length) return pitch;
    const rows = new Set(list.strips.map(({ y }) => y)).size;
    const free = height / host.drawing.scaleOf(page.layout) - (list.height - rows * pitch);
    const [least, most] = pitchRange(page.layout);
    return Math.min(Math.max(Math.floor(free / rows), least), most);
  }

  /** Whether the drawing has a height of its own to fill. */
  get fills() {
    return this.host.hasAttribute("fill") || (this.host.presenting?.on ?? false);
  }

  /** Its place has another size. */
  resized() {
    const { host } = this;
    if (!host.record) return;
    if (this.followWidth() || (this.fills && this.sizeNow !== this.size)) this.draw();
    else host.caliperTools?.makeWay();
  }

  get sizeNow() {
    const { clientWidth, clientHeight } = this.host.$("paper");
    return `${clientWidth} ${clientHeight}`;
  }

  /** The layout that the width has room for, as long as nobody chose one. @returns {boolean} whether it changed */
  followWidth() {
    const { host } = this;
    const select = host.$("layout");
    const width = host.$("paper").clientWidth;
    if (this.chosen || this.before || !width) return false;
    const tall = host.clientHeight > host.clientWidth;
    const wanted = width < PHONE && (tall || !this.fills) ? "6x2s" : "3x4+1";
    if (select.value === wanted || !["6x2s", "3x4+1"].includes(select.value)) return false;
    select.value = wanted;
    return true;
  }

  /** @param {{paper?: boolean}} [how]  paper: all of it, however small the screen is @returns {Page | null} */
  page({ paper = false } = {}) {
    const { heat } = this;
    const { record } = this.host;
    if (!record) return null;
    const value = (/** @type {string} */ id) => this.host.$(id).value;
    const window = this.host.windows[this.host.window];
    const around = pageAround(window, record.samples / record.rate);
    const layout = value("layout");
    const span = layout === "6x2s" && !paper ? narrowed(around, window) : around;
    return {
      record,
      mv: this.host.mv,
      ...span,
      marked: this.host.marks?.drawn(span.start, span.seconds) ?? { beats: [], faults: [], numbers: "" },
      window: this.host.analysis && window,
      layout: layout === "6x2s" && paper ? "6x2" : layout,
      rhythm: value("rhythm"),
      speed: Number(value("speed")),
      ...gainOf(value("gain")),
      filter: this.host.mv === record.mv ? "" : filterName(this.host.$("filter")),
      heat,
      style: value("map-style"),
      title: this.host.withNames
        ? [record.name, ...this.host.answers.personFacts].join(" · ")
        : phrase("print.nameless", { leads: record.leads.filter((lead) => !lead.derived).length }),
    };
  }

  /** @returns {import("../drawing/drawing.js").Heat | null} */
  get heat() {
    const { host } = this;
    const { analysis, label, window } = host;
    if (!analysis || host.hiding || !host.chosen || !host.$("map-style").value || host.presenting?.blank) return null;
    return heatOf(analysis.model, analysis, window, label, host.explainer?.wanted ?? null);
  }

  /* ---- drawing's settings ---- */

  /** A recording came in the place of another. */
  recordOpened() {
    this.before = null;
    this.followWidth();
  }

  layoutChosen() {
    this.chosen = true;
    this.before = null;
    this.draw();
  }

  /** One lead over the whole width, and back. @param {string} lead  "": none */
  enlarge(lead) {
    const { host } = this;
    const [layout, rhythm] = [host.$("layout"), host.$("rhythm")];
    if (this.before) {
      const { before } = this;
      this.before = null;
      [layout.value, rhythm.value, this.chosen] = [before.layout, before.rhythm, before.chosen];
    } else {
      if (!lead || layout.value === "single") return;
      this.before = { layout: layout.value, rhythm: rhythm.value, chosen: this.chosen };
      layout.value = "single";
      rhythm.value = lead;
    }
    host.drawing.reset();
    this.draw();
  }

  /** @param {string} name */
  setLayout(name) {
    if (!(name in LAYOUTS)) return;
    this.host.$("layout").value = name;
    this.layoutChosen();
  }

  async filter() {
    const { record } = this.host;
    if (!record) return;
    const turn = ++this.host.filterTurn;
    const [low, high, notch] = this.host.$("filter").value.split(",").map(Number);
    let mv = record.mv;
    try {
      if (this.host.$("filter").value) ({ mv } = await this.host.live.filter(record, { low, high, notch }));
    } catch (error) {
      if (turn === this.host.filterTurn && this.host.record === record) {
        this.host.$("filter").value = "";
        this.host.mv = record.mv;
        this.draw();
      }
      throw error;
    }
    if (turn !== this.host.filterTurn || this.host.record !== record) return; // another was chosen meanwhile
    this.host.mv = mv;
    this.draw();
  }

  /** What was chosen for the record before; where that is not possible, the filter is off and that is said. */
  async filterAgain() {
    const { record } = this.host;
    const name = filterName(this.host.$("filter"));
    try {
      await this.filter();
    } catch (error) {
      if (error instanceof CancelledError || !record || this.host.record !== record) throw error;
      const words = deferred("filter.impossible", { name, why: errorWords(error) });
      this.host.notes.push({ code: "filtered", leads: [], args: {}, text: String(words), words });
      this.host.answers.showNotices();
    }
  }

  /** @param {AbortSignal} signal  to stop following it */
  theme(signal) {
    this.darkSystem.addEventListener("change", () => this.showPaper(), { signal });
    this.showPaper();
  }

  /** Of what is on the screen; printed is red or grey. @returns {string} */
  get paper() {
    return paperOf(this.host.$("paper-kind").value, this.darkSystem.matches);
  }

  showPaper() {
    const { host, paper } = this;
    host.drawing.dark = paper === "dark";
    host.$("paper").style.background = paperColour(paper);
    this.draw();
  }

  /** What undoes zooming is there once there is something to undo. @param {number} zoom @param {number} least */
  showZoom(zoom, least) {
    const { host } = this;
    const focus = host.root.activeElement?.id ?? "";
    host.$("zoom-reset").textContent = `${Math.round(zoom * 100)} %`;
    host.$("zoom-reset").hidden = zoom === 1;
    host.$("zoom-out").hidden = zoom <= least;
    if (["zoom-reset", "zoom-out"].includes(focus) && host.$(focus).hidden)
      host.$("zoom-in").focus({ preventScroll: true });
  }

  toggleCalipers() {
    const { host } = this;
    const on = host.toggle("calipers");
    host.drawing.useCalipers(on);
    host.caliperTools?.switched(on);
    host.$("read-out").hidden = !on;
    host.$("march").setAttribute("aria-pressed", "false");
    if (on) host.$("ecg").focus({ preventScroll: true });
  }

  toggleMarch() {
    this.host.drawing.marchOut(this.host.toggle("march"));
  }

  /** Names are hidden, or shown. @param {boolean} on */
  setBlind(on) {
    const { host } = this;
    if (host.locked) return;
    host.blind = host.list.blind = host.$("blind").checked = on;
    host.list.redraw();
    if (host.record) host.showRecord();
  }
}

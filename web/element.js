/**
 * <ecg-xplaim>: the whole page as one element. Attributes: record (URL of a record's file or header on the
 * same site), sample (name of one that comes with the page), model (URL of a .safetensors file on the
 * same site), cases (URL of a case set on the same site: its archive or its cases.json; with it case, order, seed, network,
 * feedback, learner: cases_player.js), layout, view="ecg" (the ECG alone: nothing of the network is shown), read-first (its
 * answer stays hidden until the reader's own is kept), lock (the same, and nothing opens it but an answer: nothing is
 * analysed before), lang (of the page's words; else the document's, else the browser's), embed (only what is dropped on the element itself is opened), fill (as high as the window), single (where the page lies as one file, for the help). After each analysis it sends an `analysis` event whose detail is the object
 * that `xplaim explain --json` prints.
 */

import { assetText } from "./files/assets.js";
import { Answers } from "./page/answers.js";
import { AppLayout } from "./page/app_layout.js";
import { Arrivals } from "./page/arrivals.js";
import { BatchPanel } from "./panels/batch_panel.js";
import { CaseView } from "./teach/cases_overlay.js";
import { CasesStart } from "./teach/cases_start.js";
import { MedianBeat } from "./panels/beat.js";
import { CaliperTools } from "./panels/caliper_tools.js";
import { Compare } from "./panels/compare.js";
import { EcgPanel } from "./panels/ecg_panel.js";
import { Edits } from "./drawing/edits.js";
import { Explainer } from "./panels/explainer.js";
import { Keys } from "./page/keys.js";
import { Link } from "./page/link.js";
import { Mapping } from "./panels/mapping.js";
import { Marks } from "./drawing/marks.js";
import { MARKUP } from "./panels/markup.js";
import { Measurements } from "./panels/measurements.js";
import { Menus } from "./page/menus.js";
import { Models } from "./panels/models.js";
import { Opener } from "./page/opener.js";
import { sameSite } from "./files/opening.js";
import { Presenting } from "./panels/presenting.js";
import { ReadingForm } from "./panels/reading_form.js";
import { RecordTable } from "./panels/records.js";
import { Saving } from "./panels/saving.js";
import { Session } from "./workers/session.js";
import { Speech } from "./page/speech.js";
import { Status } from "./page/status.js";
import { TableView } from "./panels/table_view.js";

/**
 * @typedef {import("./workers/session.js").OpenRecord} OpenRecord
 * @typedef {import("./panels/records.js").Row} Row
 */

/** @type {Promise<CSSStyleSheet> | null} one for all elements */
let style = null;

async function loadStyle() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await assetText("element.css"));
  return sheet;
}

export class EcgXplaim extends HTMLElement {
  static observedAttributes = ["record", "sample", "model", "layout", "view", "lang", "cases"];

  /** Whether nothing is shown before the reader has answered, whatever is pressed: decided once, at the start. */
  #locked = false;

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    this.started = false;
    this.status = new Status(this);
    this.models = new Models(this);
    this.opener = new Opener(this);
    this.answers = new Answers(this);
    this.panel = new EcgPanel(this);
    this.saving = new Saving(this);
    this.edits = new Edits();
    this.speech = new Speech(this);
    /** Counts openings and drawings: what an older one still brings is dropped. */
    this.turn = 0;
    this.drawTurn = 0;
    this.filterTurn = 0;
    this.blind = false;
    /** @type {Row | null} */
    this.row = null;
    /** @type {Row | null} the one that is being read, to take the other's place */
    this.coming = null;
    /** @type {OpenRecord | null} */
    this.record = null;
    /** @type {Float32Array[]} what is drawn */
    this.mv = [];
    /** @type {(import("./core/core.js").Notice & {words: import("./words/language.js").DeferredPhrase})[]} the page's own, of the open recording */
    this.notes = [];
    /** @type {(import("./workers/model_worker.js").Analysed | null)[]} one a model */
    this.analyses = [];
    /** @type {string[]} what is wrong with an analysis, one a model */
    this.problems = [];
    /** @type {import("./workers/model_worker.js").Options} of the last analysis */
    this.options = {};
    this.window = 0;
    this.label = 0;
    /** False while no label reaches its threshold and none was chosen: then there is no map. */
    this.chosen = true;
    /** @type {ArrayBuffer | null} the page's own model, to come back to */
    this.pageModel = null;
    /** @type {WeakMap<ArrayBuffer, string>} the layer that a model takes by itself */
    this.ownLayers = new WeakMap();
    /** @type {Promise<void>} fulfilled once what is to be seen is drawn, for the printer too */
    this.drawn = Promise.resolve();
    /** @type {import("./base/exports.js").Sheet[]} for the printer, which does not wait */
    this.sheets = [];
    /** @type {import("./core/core.js").Pictures | null} what makes them SVG */
    this.pictures = null;
    /** @type {import("./teach/cases_player.js").CasePlayer | null} the case set that is played */
    this.cases = null;
    /** @type {object | null} who plays, as xAPI has it: the page around may set it before */
    this.actor = null;
  }

  /** Nothing is open. */
  empty() {
    Object.assign(this, {
      row: null,
      coming: null,
      record: null,
      mv: [],
      notes: [],
      analyses: [],
      problems: [],
      options: {},
      window: 0,
      sheets: [],
    });
  }

  connectedCallback() {
    if (this.started) return; // it was only moved
    this.started = true;
    this.session = new Session();
    this.leaving = new AbortController();
    this.ready = this.begin(this.leaving.signal);
    this.ready.catch((error) => this.report(error));
  }

  /** What is moved in a document leaves it first: only what stays away is closed. */
  disconnectedCallback() {
    setTimeout(() => this.isConnected || this.close());
  }

  close() {
    if (!this.started) return;
    this.started = false;
    this.turn++;
    this.leaving?.abort();
    this.batches?.cancel();
    this.compare?.end();
    this.cases?.close();
    this.session?.close();
    this.view?.close();
    this.view = undefined;
    this.empty();
  }

  /** @param {string} name @param {string | null} _old @param {string | null} value */
  attributeChangedCallback(name, _old, value) {
    if (!this.view) return;
    if (name === "lang") this.guarded(() => this.speech.choose());
    if (name === "view" && this.record) this.showRecord();
    if (["view", "lang"].includes(name) || value === null) return;
    if (name === "layout") this.panel.setLayout(value);
    else if (!this.isConnected) return;
    else this.guarded(() => this.opener.openAttribute(name, value));
  }

  /** @param {AbortSignal} left  the element is gone */
  async begin(left) {
    style ??= loadStyle();
    const [sheet] = await Promise.all([style, this.speech.begin()]);
    if (left.aborted) return;
    this.root.adoptedStyleSheets = [sheet];
    this.#locked = this.hasAttribute("lock");
    this.root.innerHTML = MARKUP;
    this.$("app").classList.toggle("locked", this.locked);
    this.table = new RecordTable(this.$("records"), (row) => this.guarded(() => this.opener.openRow(row)));
    this.view = new CaseView(this.$("ecg"), {
      caliper: (text) => {
        this.$("caliper-text").textContent = text;
        this.caliperTools?.show();
      },
      landmarks: () => this.caliperTools?.landmarks ?? null,
      zoom: (zoom, least) => this.panel.showZoom(zoom, least),
      key: (key) => this.keys?.press(key) ?? false,
      enlarge: (lead) => this.panel.enlarge(lead),
      resized: () => this.panel.resized(),
    });
    this.makeOwners();
    this.blind = this.list.blind = this.locked;
    this.$("read-first").checked = this.hasAttribute("read-first") || this.locked;
    this.panel.theme(left);
    if (this.getAttribute("layout")) this.panel.setLayout(/** @type {string} */ (this.getAttribute("layout")));
    const wanted = ["sample", "record"].find((name) => this.getAttribute(name) !== null);
    this.appLayout?.arrange();
    this.link?.begin();
    const playing = this.opener.openCases();
    // The drawing does not wait for the model.
    const opened = wanted && this.guarded(() => this.opener.openAttribute(wanted, this.getAttribute(wanted) ?? ""));
    this.guarded(async () => this.showSingle());
    await this.models.firstModel(left).catch((error) => this.opener.withoutModel(error));
    await opened;
    await playing;
  }

  /** What needs the element's markup. */
  makeOwners() {
    this.menus = new Menus(this);
    this.keys = new Keys(this);
    this.tableView = new TableView(this);
    this.presenting = new Presenting(this);
    this.link = new Link(this);
    this.batches = new BatchPanel(this);
    this.explainer = new Explainer(this);
    this.appLayout = new AppLayout(this);
    this.arrivals = new Arrivals(this);
    this.mapping = new Mapping(this);
    this.measurements = new Measurements(this);
    this.marks = new Marks(this);
    this.medianBeat = new MedianBeat(this);
    this.caliperTools = new CaliperTools(this);
    this.compare = new Compare(this);
    this.readings = new ReadingForm(this);
    this.teaching = new CasesStart(this);
    for (const owner of [this.status, this.models, this.opener, this.answers, this.panel, this.saving, this.speech])
      owner.listen();
  }

  showSingle() {
    const single = this.getAttribute("single");
    this.$("single-file").hidden = single === null;
    if (single !== null) this.$("single-link").href = sameSite(single).href;
  }

  /** @param {string} id @returns {any} */
  $(id) {
    return this.root.getElementById(id);
  }

  get live() {
    return /** @type {Session} */ (this.session);
  }

  get drawing() {
    return /** @type {CaseView} */ (this.view);
  }

  get list() {
    return /** @type {RecordTable} */ (this.table);
  }

  /** Of the model whose map is shown. @returns {import("./workers/model_worker.js").Analysed | null} */
  get analysis() {
    return this.analyses[this.live.shown] ?? null;
  }

  get locked() {
    return this.#locked;
  }

  /** What was read before the network's answer was shown. */
  get reading() {
    return this.row?.reading ?? null;
  }

  /** @returns {boolean} */
  get readFirst() {
    return this.#locked || this.$("read-first").checked;
  }

  /** The network's answer stays hidden until the reader's own is kept, or where only the ECG is wanted. */
  get hiding() {
    return this.getAttribute("view") === "ecg" || (this.readFirst && !this.reading);
  }

  /** @param {() => Promise<unknown>} work */
  async guarded(work) {
    try {
      await work();
    } catch (error) {
      this.report(error);
    }
  }

  /** @param {string} id @param {string} kind @param {(event: any) => unknown} work */
  on(id, kind, work) {
    this.$(id).addEventListener(kind, (/** @type {Event} */ event) => this.guarded(async () => work(event)));
  }

  /* ---- what others ask for, done by its owner ---- */

  /** @param {import("./words/language.js").Words} text @param {{cancel?: boolean, problem?: boolean, since?: number}} [options]  of Status */
  say(text, options) {
    this.status.say(text, options);
  }

  /** @param {unknown} error */
  report(error) {
    this.status.report(error);
  }

  /** @param {string} name  of one that comes with the page */
  openSample(name) {
    return this.opener.openSample(name);
  }

  /** In the place of what is shown, until it is left. @param {import("./teach/cases_source.js").CaseSet} caseSet
   * @param {import("./teach/cases_player.js").Options} [options] */
  async playCases(caseSet, options = {}) {
    const { playCases } = await import("./teach/cases_player.js");
    const asked = Object.fromEntries(
      ["case", "order", "seed", "network", "feedback", "lang", "learner"].map((name) => [
        name,
        this.getAttribute(name),
      ]),
    );
    const edit = this.locked ? undefined : () => this.teaching?.edit(caseSet);
    return playCases(this, caseSet, { ...asked, lock: this.locked, edit, ...options });
  }

  /** What plays case sets, before one is opened: later nothing is fetched. */
  async prepareCases() {
    const { prepare } = await import("./teach/cases_player.js");
    await prepare();
  }

  /** Of the case set that is played: answers, points, statements. */
  results() {
    return this.cases?.summary() ?? null;
  }

  /** @param {string} id  of a case of the set that is played */
  goTo(id) {
    this.cases?.goTo(id);
  }

  /** @param {import("./workers/model_worker.js").Options} options */
  analyse(options) {
    return this.answers.analyse(options);
  }

  /** @param {number} w */
  chooseWindow(w) {
    this.answers.chooseWindow(w);
  }

  /** The recording that is open, with what is known of it by now. */
  showRecord() {
    this.answers.showRecord();
    this.teaching?.author?.recordShown();
  }

  showAnalysis() {
    this.answers.showAnalysis();
    this.teaching?.author?.network.render();
  }

  showWindow() {
    this.answers.showWindow();
  }

  /** With the chosen method. */
  async explain() {
    await this.explainer?.run();
  }

  get windows() {
    return this.answers.windows;
  }

  draw() {
    this.panel.draw();
  }

  page() {
    return this.panel.page();
  }

  /** @param {string} id  of a button that stays pressed @returns {boolean} */
  toggle(id) {
    const on = this.$(id).getAttribute("aria-pressed") !== "true";
    this.$(id).setAttribute("aria-pressed", String(on));
    return on;
  }

  /** Whether what is saved may say whose it is. */
  get withNames() {
    return this.$("with-names").checked;
  }

  get exportReports() {
    return this.saving.exportReports;
  }
}

customElements.define("ecg-xplaim", EcgXplaim);

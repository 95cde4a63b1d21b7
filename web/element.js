/**
 * <ecg-xplaim>: the whole page as one element. Attributes: record (URL of a .hea file on the same
 * site), sample (name of one that comes with the page), model (URL of a .safetensors file on the
 * same site), layout, view="ecg" (the ECG alone: nothing of the network is shown), read-first (its
 * answer stays hidden until the reader's own is kept), embed (only what is dropped on the element
 * itself is opened), single (where the page lies as one file, for the help). After each analysis it sends an `analysis` event whose detail is the object
 * that `xplaim explain --json` prints.
 */

import { asset, assetText, fetchBytes } from "./assets.js";
import { heatOf } from "./attribution.js";
import { BatchPanel } from "./batch.js";
import { CancelledError } from "./client.js";
import { CoreError } from "./core.js";
import { findRecords } from "./files.js";
import { LAYOUTS, paperRequests, pictureRequest, screenRequest, WITH_RHYTHM } from "./drawing.js";
import { Explainer } from "./explainer.js";
import { fillPrint, save, saveText } from "./exports.js";
import { showCard } from "./card.js";
import { columnsText, firstLabel, make, markLabel, showHeads, showLabels, showLayers, showMapChoice, showModels, titleOf } from "./findings.js";
import { MARKUP } from "./markup.js";
import { showNotices } from "./notices.js";
import { filesAt, listenDrop, sameSite, sampleFiles } from "./opening.js";
import { ReadingForm } from "./reading.js";
import { RecordTable } from "./records.js";
import { labelsTable, withoutNames } from "./report.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { EcgView } from "./view.js";
import { showWindows } from "./windows.js";

/**
 * @typedef {import("./core.js").EcgRecord} EcgRecord
 * @typedef {import("./worker.js").Answers["analyse"]} Analysed
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./records.js").Row} Row
 * @typedef {import("./drawing.js").Page} Page
 */

const SAMPLE = "00219_hr";
/** Seconds drawn while no model says how long its window is. */
const PAGE_SECONDS = 10;

/** @type {Promise<CSSStyleSheet> | null} one for all elements */
let style = null;

async function loadStyle() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await assetText("element.css"));
  return sheet;
}

export class EcgXplaim extends HTMLElement {
  static observedAttributes = ["record", "sample", "model", "layout", "view"];

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    this.started = false;
    /** @type {Row | null} */
    this.row = null;
    /** @type {EcgRecord | null} */
    this.record = null;
    /** @type {Float32Array[]} what is drawn */
    this.mv = [];
    /** @type {(Analysed | null)[]} one a model */
    this.analyses = [];
    /** What is wrong with the second model's. */
    this.secondProblem = "";
    /** @type {import("./thinker.js").Options} of the last analysis */
    this.options = {};
    this.window = 0;
    this.label = 0;
    /** False while no label reaches its threshold and nobody chose one: then there is no map. */
    this.chosen = true;
    this.turn = 0;
    this.drawTurn = 0;
    /** @type {Promise<void>} fulfilled once what is to be seen is drawn, for the printer too */
    this.drawn = Promise.resolve();
    /** @type {import("./core.js").DisplayList[]} for the printer, which does not wait */
    this.sheets = [];
    this.blind = false;
    /** @type {WeakMap<ArrayBuffer, string>} the layer that a model takes by itself */
    this.ownLayers = new WeakMap();
  }

  connectedCallback() {
    if (this.started) return;
    this.started = true;
    this.session = new Session();
    this.leaving = new AbortController();
    this.ready = this.begin();
    this.ready.catch((error) => this.report(error));
  }

  disconnectedCallback() {
    this.batches?.cancel();
    this.session?.close();
    this.leaving?.abort();
    this.started = false;
  }

  /** @param {string} name @param {string | null} _old @param {string | null} value */
  attributeChangedCallback(name, _old, value) {
    if (!this.view) return;
    if (name === "view" && this.record) this.showRecord();
    if (name === "view" || value === null) return;
    if (name === "layout") this.setLayout(value);
    else if (!this.isConnected) return;
    else this.guarded(() => this.openAttribute(name, value));
  }

  async begin() {
    style ??= loadStyle();
    this.root.adoptedStyleSheets = [await style];
    this.root.innerHTML = MARKUP;
    const model = (this.pageModel = this.fetchModel());
    model.catch((error) => this.live.thinker.firstModel(Promise.reject(error)));
    this.table = new RecordTable(this.$("records"), (row) => this.guarded(() => this.openRow(row)));
    this.view = new EcgView(this.$("ecg"), {
      caliper: (text) => (this.$("caliper-text").textContent = text),
      zoom: (zoom) => (this.$("zoom-reset").textContent = `${Math.round(zoom * 100)} %`),
      key: (key) => this.key(key),
    });
    this.batches = new BatchPanel(this);
    this.explainer = new Explainer(this);
    this.stage = new Stage(this);
    this.readings = new ReadingForm(this.$("reading-text"));
    this.$("read-first").checked = this.hasAttribute("read-first");
    const single = this.getAttribute("single");
    this.$("single-file").hidden = single === null;
    if (single !== null) this.$("single-link").href = sameSite(single).href;
    this.listen();
    this.theme();
    if (this.getAttribute("layout")) this.setLayout(/** @type {string} */ (this.getAttribute("layout")));
    this.useModel(await model, false);
    await /** @type {Session} */ (this.session).modelReady;
    await this.live.rasteriser;
    this.$("loading").hidden = true;
    this.showModel();
    if (!this.record) this.say("Ready. Nothing you open leaves this device.");
    for (const name of ["sample", "record"])
      if (this.getAttribute(name) !== null && !this.record)
        await this.guarded(() => this.openAttribute(name, this.getAttribute(name) ?? ""));
  }

  /** @param {string} id @returns {any} */
  $(id) {
    return this.root.getElementById(id);
  }

  get live() {
    return /** @type {Session} */ (this.session);
  }

  get drawing() {
    return /** @type {EcgView} */ (this.view);
  }

  get list() {
    return /** @type {RecordTable} */ (this.table);
  }

  /** Of the model whose map is shown. @returns {Analysed | null} */
  get analysis() {
    return this.analyses[this.live.shown] ?? null;
  }

  /** What was read before the network's answer was shown. */
  get reading() {
    return this.row?.reading ?? null;
  }

  /** @returns {boolean} */
  get readFirst() {
    return this.$("read-first").checked;
  }

  /** The batch that runs. */
  get batch() {
    return this.batches?.running ?? null;
  }

  /* ---- the model ---- */

  fetchModel() {
    const url = this.getAttribute("model");
    const progress = (/** @type {number} */ part) => {
      const bar = this.$("loading");
      if (!bar) return;
      bar.hidden = part >= 1;
      bar.value = part;
    };
    return url ? fetchBytes(sameSite(url), progress) : asset("model.safetensors", progress);
  }

  /** @param {ArrayBuffer} bytes @param {boolean} again  analyse what is open with it */
  useModel(bytes, again) {
    const loading = this.live.thinkers[0].useModel(bytes);
    if (!again) return loading;
    return loading.then(async () => {
      this.showModel();
      if (this.row) await this.analyse(this.options);
    });
  }

  showModel() {
    const { model, about } = this.live.thinker;
    if (!model || !about) return;
    const kernels = about.kernels.includes("scalar") || about.kernels.includes("plain")
      ? `${about.kernels} kernels: this browser has no working SIMD, so it is slower` : `${about.kernels} kernels`;
    this.$("model-facts").textContent =
      `${model.name || model.architecture}, ${model.labels.length} labels, computed here with ${kernels}`;
    this.$("untrained").hidden = model.trained;
    const bytes = /** @type {ArrayBuffer} */ (this.live.thinker.modelBytes);
    if (!this.ownLayers.has(bytes)) this.ownLayers.set(bytes, model.layer);
    showLayers(this.$("layer"), model, this.ownLayers.get(bytes) ?? "");
    this.pageModel?.then((page) => (this.$("model-default").hidden = this.live.thinkers[0].modelBytes === page), () => {});
    this.$("batch-label").replaceChildren(...model.labels.map((l) => new Option(titleOf(l), l.name)));
    this.label = Math.min(this.label, model.labels.length - 1);
    this.list.label = this.$("batch-label").value;
    this.$("second-remove").hidden = this.live.thinkers.length < 2;
    this.showCard();
  }

  showCard() {
    const { model } = this.live;
    if (!model) return;
    showCard(this.$("card"), this.$("card-whole"), model);
  }

  /* ---- opening ---- */

  /** @param {string} name @param {string} value */
  async openAttribute(name, value) {
    if (name === "sample") await this.openSample(value || SAMPLE);
    else if (name === "record") await this.openFiles(await filesAt(value));
    else if (name === "model") await this.useModel(await fetchBytes(sameSite(value)), true);
  }

  /** @param {string} name */
  async openSample(name) {
    await this.openFiles(await sampleFiles(name));
  }

  /** @param {File[]} files */
  async openFiles(files) {
    const turn = ++this.turn;
    this.batches?.cancel();
    this.closeRecord();
    this.say("Looking through the files …");
    const found = await findRecords(files);
    if (turn !== this.turn) return;
    if (found.models.length) await this.openModels(found);
    if (!found.groups.length && !found.refusals.length) return;
    this.showRows(found);
    const first = this.list.rows.find((row) => row.group);
    if (!first) throw new Error(found.refusals.map((r) => `${r.name}: ${r.problem}`)[0]);
    await Promise.all([this.openRow(first), this.readFacts(turn)]);
  }

  /** @param {import("./files.js").Found} found */
  async openModels(found) {
    this.say(`Loading ${found.models[0].path} …`);
    await this.useModel(await found.models[0].read(), false);
    this.showModel();
    this.say("The model is loaded.");
  }

  /** @param {import("./files.js").Found} found */
  showRows({ groups, refusals }) {
    const blank = { leads: null, rate: null, seconds: null, outcome: null, reading: null };
    /** @type {Row[]} */
    const rows = [
      ...groups.map((group) => ({ ...blank, name: group.name, type: group.type, state: "", bad: false, group })),
      ...refusals.map((r) => ({ ...blank, name: r.name, type: r.type, state: r.problem, bad: true, group: null })),
    ];
    this.list.set(rows);
    this.$("records-panel").hidden = rows.length < 2;
    this.$("steps").hidden = groups.length < 2;
    this.$("batch-run").disabled = groups.length === 0;
    this.batches?.show();
    this.countRows();
  }

  countRows() {
    const rows = this.list.rows;
    const bad = rows.filter((row) => row.bad).length;
    this.$("records-count").textContent = `${rows.length} lines${bad ? `, ${bad} that cannot be used` : ""}`;
  }

  /** Fill in the lines of the records that are not open. @param {number} turn */
  async readFacts(turn) {
    for (const row of this.list.rows) {
      if (!row.group || row.state) continue;
      try {
        this.noteFacts(row, await this.live.readFacts(row.group));
      } catch (error) {
        this.noteProblem(row, error);
      }
      if (turn !== this.turn) return;
    }
  }

  /** @param {Row} row @param {import("./core.js").RecordInfo} record */
  noteFacts(row, record) {
    const notes = record.notices.length ? `ok, ${record.notices.length} notices` : "ok";
    Object.assign(row, { leads: record.leads.length, rate: record.rate, seconds: record.samples / record.rate,
      state: row.state || notes });
    this.list.redraw();
  }

  /** @param {Row} row @param {unknown} error */
  noteProblem(row, error) {
    if (error instanceof CancelledError) return;
    Object.assign(row, { state: messageOf(error), bad: true });
    this.list.redraw();
    this.countRows();
  }

  closeRecord() {
    this.stage?.shrink();
    this.explainer?.stop();
    Object.assign(this, { record: null, analyses: [], row: null, window: 0 });
    this.$("result").hidden = true;
  }

  /** @param {Row} row */
  async openRow(row) {
    const group = row.group;
    if (!group) return;
    const turn = this.turn;
    this.closeRecord();
    this.row = this.list.current = row;
    this.list.redraw();
    this.say(`Reading ${this.shownName} …`);
    try {
      const record = await this.live.read(group);
      if (turn !== this.turn || this.row !== row) return;
      this.record = record;
      this.mv = record.mv;
      this.noteFacts(row, record);
      this.showRecord();
      await this.filter();
    } catch (error) {
      if (this.row === row) this.noteProblem(row, error);
      throw error;
    }
    await this.analyse({});
  }

  /** @param {import("./thinker.js").Options} options */
  async analyse(options) {
    const { row } = this;
    if (!row?.group) return;
    const { group } = row;
    this.options = options;
    this.say(this.live.model ? "Analysing …" : "Waiting for the model …", { cancel: true });
    const [first, second] = await Promise.allSettled(this.live.thinkers.map((thinker) => thinker.analyse(group, options)));
    if (this.row !== row) return;
    this.secondProblem = second?.status === "rejected" ? messageOf(second.reason) : "";
    if (first.status === "fulfilled") return this.take(first.value, second?.status === "fulfilled" ? second.value : null);
    this.analyses = [];
    this.showRecord();
    this.say("");
    if (first.reason instanceof CoreError && ["UNITS", "LEAD_UNKNOWN"].includes(first.reason.code)) this.$("accept").hidden = false;
    throw first.reason;
  }

  /** @param {Analysed} analysis @param {Analysed | null} second  of the other model */
  take(analysis, second) {
    const first = this.analyses.length === 0;
    this.analyses = [analysis, second];
    if (!this.analysis) this.live.shown = 0;
    const shown = /** @type {Analysed} */ (this.analysis);
    if (first) {
      const model = /** @type {import("./worker.js").Model} */ (this.live.model);
      Object.assign(this, firstLabel(model, shown));
      this.window = shown.labels[this.label].window;
    }
    this.window = Math.min(this.window, shown.windows.length - 1);
    this.showAnalysis();
    this.say(`Analysed on this device in ${Math.round(analysis.milliseconds)} ms.`);
    for (const each of [analysis, second])
      if (each) this.dispatchEvent(new CustomEvent("analysis", { detail: each.report, bubbles: true, composed: true }));
  }

  /* ---- two models, and evidence by lead ---- */

  /** @param {File | undefined} file */
  async addModel(file) {
    if (!file) return;
    this.say(`Loading ${file.name} …`);
    await this.live.addModel(await file.arrayBuffer());
    this.showModel();
    this.say(`${file.name} stands beside the first model.`);
    if (this.row) await this.analyse(this.options);
  }

  removeSecond() {
    this.showMapOf(0);
    this.live.removeSecond();
    this.analyses.splice(1);
    this.showModel();
    this.showAnalysis();
  }

  /** @param {number} which  model's map is to be seen */
  showMapOf(which) {
    const name = this.live.model?.labels[this.label]?.name;
    this.explainer?.stop();
    this.live.shown = which;
    this.label = Math.max(0, this.live.model?.labels.findIndex((l) => l.name === name) ?? 0);
    this.showModel();
    this.showAnalysis();
    this.guarded(() => this.explain());
  }

  /** With the chosen method. */
  async explain() {
    await this.explainer?.run();
  }

  /** @param {number} part @param {string} text */
  progress(part, text) {
    this.$("loading").hidden = part >= 1;
    this.$("loading").value = part;
    this.$("status-text").textContent = text;
  }

  cancel() {
    this.live.cancel();
    this.live.modelReady.catch((error) => this.report(error));
  }

  /* ---- saying what goes on ---- */

  /** @param {string} text @param {{cancel?: boolean, problem?: boolean}} [options] */
  say(text, { cancel = false, problem = false } = {}) {
    this.$("status-text").textContent = text;
    this.$("status").classList.toggle("problem", problem);
    this.$("cancel").hidden = !cancel;
    this.$("accept").hidden = true;
  }

  /** @param {() => Promise<unknown>} work */
  async guarded(work) {
    try {
      await work();
    } catch (error) {
      this.report(error);
    }
  }

  /** @param {unknown} error */
  report(error) {
    if (!this.$("status")) return;
    const accept = !this.$("accept").hidden;
    if (error instanceof CancelledError) this.say("Cancelled.");
    else this.say(messageOf(error), { problem: true });
    this.$("accept").hidden = !accept;
  }

  /* ---- showing ---- */

  get shownName() {
    if (!this.row) return "";
    return this.blind ? "Recording" : this.row.name;
  }

  get recordFacts() {
    const { record, row } = this;
    if (!record) return [];
    const facts = [row?.type ?? "", `${record.leads.length} leads`, `${record.rate} Hz`, `${(record.samples / record.rate).toFixed(1)} s`];
    return facts.filter(Boolean);
  }

  get personFacts() {
    const { record } = this;
    const facts = [];
    if (record && record.age !== null) facts.push(`age ${record.age}`);
    if (record?.sex) facts.push(record.sex === "F" ? "female" : "male");
    return facts;
  }

  showRecord() {
    this.$("record-name").textContent = this.shownName;
    this.$("record-facts").textContent = [...this.recordFacts, ...(this.blind ? [] : this.personFacts)].join(" · ");
    this.$("result").hidden = false;
    if (!this.analysis) {
      this.$("labels").replaceChildren();
      this.$("evidence").replaceChildren();
    }
    this.showReading();
    this.showNotices();
    this.showWindow();
    this.stage?.bringUp();
  }

  showAnalysis() {
    const { analysis } = this;
    const { model } = this.live;
    if (!analysis || !model) return;
    const columns = this.live.thinkers.map((thinker, i) => ({
      model: /** @type {import("./worker.js").Model} */ (thinker.model), analysis: this.analyses[i] ?? null,
      problem: i ? this.secondProblem : "" }));
    showModels(this.$("models"), columns, this.live.shown, (which) => this.showMapOf(which));
    this.$("columns-text").textContent = columnsText(model);
    showHeads(this.$("label-heads"), columns.length);
    showLabels(this.$("labels"), columns, this.live.shown, this.chosen ? this.label : -1, this.$("order").value === "probability",
      (i) => this.chooseLabel(i));
    this.showChoice();
    this.showReading();
    this.showNotices();
    this.showWindow();
  }

  /** From the list or over the drawing. @param {number} i */
  chooseLabel(i) {
    if (!this.analysis || i < 0) return;
    this.label = i;
    this.chosen = true;
    this.window = this.analysis.labels[i].window;
    markLabel(this.$("labels"), i);
    this.showChoice();
    this.showWindow();
    this.guarded(() => this.explain());
  }

  showChoice() {
    const { analysis } = this;
    const { model } = this.live;
    if (!analysis || !model) return;
    this.$("method").disabled = !this.chosen;
    showMapChoice(this.$("map-label"), this.$("map-note"), model, analysis, this.chosen ? this.label : -1);
  }

  /** The network's answer stays hidden until the reader's own is kept, or where only the ECG is wanted. */
  get hiding() {
    return this.getAttribute("view") === "ecg" || (this.readFirst && !this.reading);
  }

  showReading() {
    const { hiding, reading } = this;
    this.$("reading").hidden = !hiding;
    this.readings?.show(this.row);
    for (const id of ["findings", "evidence-card", "map-box", "order-box"]) this.$(id).hidden = hiding || !this.analysis;
    this.$("reading-kept").hidden = !reading;
    if (reading) this.$("reading-kept").textContent = `Your reading (${reading.at}): ${reading.text || "no words"}`;
    for (const id of ["save-json", "save-csv"]) this.$(id).disabled = hiding || !this.analysis;
  }

  showNotices() {
    showNotices(this.$("notices"), [...(this.record?.notices ?? []), ...(this.analysis?.notices ?? [])]);
  }

  /** The windows of the record: the model's, or pages as long as nobody says more. */
  get windows() {
    const { analysis, record, label, pageSeconds } = this;
    if (analysis)
      return analysis.windows.map((w, i) => ({ ...w, probability: this.hiding || !this.chosen ? null : analysis.probabilities[i][label] }));
    const seconds = record ? record.samples / record.rate : 0;
    const count = Math.min(1000, Math.max(1, Math.ceil((seconds - 0.01) / pageSeconds)));
    return Array.from({ length: count }, (_, i) => ({ start: i * pageSeconds, seconds: Math.min(pageSeconds, seconds - i * pageSeconds), probability: null }));
  }

  get pageSeconds() {
    const { model } = this.live;
    return model ? model.length / model.rate : PAGE_SECONDS;
  }

  /** @param {number} w */
  chooseWindow(w) {
    this.window = Math.min(Math.max(w, 0), this.windows.length - 1);
    this.showWindow();
    this.guarded(() => this.explain());
  }

  showWindow() {
    const { analysis, windows } = this;
    const { model } = this.live;
    this.window = Math.min(this.window, windows.length - 1);
    const threshold = analysis && this.chosen && !this.hiding ? model?.labels[this.label].threshold ?? null : null;
    showWindows(this.$("windows"), windows, this.window, threshold, (w) => this.chooseWindow(w));
    if (analysis && !this.chosen) this.$("evidence").replaceChildren(make("p", { textContent: "No label reaches its threshold, so that no map is shown until one is chosen." }));
    else if (analysis && model) this.explainer?.showWords(model, analysis);
    this.draw();
  }

  draw() {
    this.drawn = this.drawPage();
    this.drawn.catch((error) => error instanceof CancelledError || this.report(error));
  }

  async drawPage() {
    const page = this.page();
    if (!page) return;
    const turn = ++this.drawTurn;
    this.$("rhythm-box").hidden = !WITH_RHYTHM.includes(page.layout);
    this.$("legend-box").hidden = !page.heat;
    this.$("legend-scope").textContent = page.heat?.perLead
      ? "By lead and time." : "Time only: this map does not tell leads apart.";
    const values = page.heat?.values ?? null;
    const list = await this.live.draw(screenRequest(page, this.drawing.dark), values);
    const stale = () => turn !== this.drawTurn || this.record !== page.record;
    if (stale()) return;
    this.drawing.show(page, list);
    const sheets = await Promise.all(paperRequests(page).map((request) => this.live.draw(request, values)));
    if (!stale()) this.sheets = sheets;
  }

  /** @returns {Page | null} */
  page() {
    const { record, heat } = this;
    if (!record) return null;
    const value = (/** @type {string} */ id) => this.$(id).value;
    return {
      record, mv: this.mv, start: this.windows[this.window].start, seconds: this.pageSeconds,
      layout: value("layout"), rhythm: value("rhythm"), speed: Number(value("speed")), gain: Number(value("gain")),
      filter: this.mv === record.mv ? "" : this.$("filter").selectedOptions[0].textContent,
      heat, title: this.withNames ? [record.name, ...this.personFacts].join(" · ") : "Recording",
    };
  }

  /** @returns {import("./drawing.js").Heat | null} */
  get heat() {
    const { analysis, label, window } = this;
    const { model } = this.live;
    if (!analysis || !model || this.hiding || !this.chosen || !this.$("map-on").checked) return null;
    return heatOf(model, analysis, window, label, this.explainer?.wanted ?? null);
  }

  /* ---- drawing's settings ---- */

  /** @param {string} name */
  setLayout(name) {
    if (!(name in LAYOUTS)) return;
    this.$("layout").value = name;
    this.draw();
  }

  async filter() {
    const { record } = this;
    if (!record) return;
    const [low, high, notch] = this.$("filter").value.split(",").map(Number);
    if (!this.$("filter").value) this.mv = record.mv;
    else
      try {
        const { mv } = await this.live.filter({ low, high, notch });
        if (this.record === record) this.mv = mv;
      } catch (error) {
        this.$("filter").value = "";
        this.mv = record.mv;
        this.draw();
        throw error;
      }
    this.draw();
  }

  theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      this.drawing.dark = dark.matches;
      this.draw();
    };
    dark.addEventListener("change", apply);
    apply();
  }

  /** @param {string} id  of a button that stays pressed @returns {boolean} */
  toggle(id) {
    const on = this.$(id).getAttribute("aria-pressed") !== "true";
    this.$(id).setAttribute("aria-pressed", String(on));
    return on;
  }

  toggleCalipers() {
    const on = this.toggle("calipers");
    this.drawing.useCalipers(on);
    this.$("march").hidden = !on;
    this.$("march").setAttribute("aria-pressed", "false");
    if (on) this.$("ecg").focus({ preventScroll: true });
  }

  toggleBlind() {
    this.blind = this.list.blind = !this.blind;
    this.list.redraw();
    this.showRecord();
  }

  /** @param {string} key @returns {boolean} */
  key(key) {
    if (key === "c") this.toggleCalipers();
    else if (key === "m" && this.drawing.calipers) this.drawing.marchOut(this.toggle("march"));
    else if (key === "b") this.toggleBlind();
    else if (key === "[") this.chooseWindow(this.window - 1);
    else if (key === "]") this.chooseWindow(this.window + 1);
    else if (key === "n") this.list.step(1);
    else if (key === "p") this.list.step(-1);
    else return false;
    return true;
  }

  /* ---- saving ---- */

  get withNames() {
    return this.$("with-names").checked;
  }

  async savePng() {
    const page = this.page();
    if (!page) return;
    const list = await this.live.draw(pictureRequest(page), page.heat?.values ?? null);
    save(this.fileName("png"), await this.live.picture(list));
  }

  /** @param {string} kind */
  fileName(kind) {
    return `${this.withNames && this.row ? this.row.name : "ecg-xplaim"}.${kind}`;
  }

  /** One a model. */
  get exportReports() {
    const reports = this.analyses.flatMap((analysis) => (analysis ? [analysis.report] : []));
    return this.withNames ? reports : reports.map((report) => withoutNames(report));
  }

  /** Of the model whose map is shown. */
  get exportReport() {
    const report = /** @type {Analysed} */ (this.analysis).report;
    return this.withNames ? report : withoutNames(report);
  }

  async print() {
    await this.drawn;
    if (this.record) window.print(); // its sheets are filled in when the browser says it will print
  }

  /* ---- events ---- */

  /** @param {string} id @param {string} kind @param {(event: any) => unknown} work */
  on(id, kind, work) {
    this.$(id).addEventListener(kind, (/** @type {Event} */ event) => this.guarded(async () => work(event)));
  }

  listen() {
    this.listenOpening();
    this.listenDrawing();
    this.listenFindings();
    this.listenSaving();
  }

  listenOpening() {
    for (const id of ["picker", "folder", "model-picker"])
      this.on(id, "change", ({ target }) => {
        const files = [...target.files];
        target.value = "";
        return id === "model-picker" ? this.pickModel(files[0]) : this.openFiles(files);
      });
    this.on("sample", "click", () => this.openSample(this.$("sample-list").value || SAMPLE));
    this.on("model-default", "click", () => this.usePageModel());
    this.on("cancel", "click", () => this.cancel());
    this.on("accept", "click", () => this.analyse({ acceptAmplitude: true, acceptMissingLeads: true }));
    this.on("help-open", "click", () => this.$("help").showModal());
    const area = this.hasAttribute("embed") ? this : document;
    const open = (/** @type {Promise<File[]>} */ files) => this.guarded(async () => this.openFiles(await files));
    listenDrop(area, this.$("drop"), open, this.leaving?.signal);
  }

  /** @param {File | undefined} file */
  async pickModel(file) {
    if (!file) return;
    this.say(`Loading ${file.name} …`);
    await this.useModel(await file.arrayBuffer(), true);
    if (!this.row) this.say(`${file.name} is the model now.`);
  }

  async usePageModel() {
    this.say("Loading the page’s model …");
    await this.useModel(await /** @type {Promise<ArrayBuffer>} */ (this.pageModel), true);
    if (!this.row) this.say("The page’s model is used again.");
  }

  listenDrawing() {
    for (const id of ["layout", "rhythm", "speed", "gain", "map-on"]) this.on(id, "change", () => this.draw());
    this.on("filter", "change", () => this.filter());
    this.on("calipers", "click", () => this.toggleCalipers());
    this.on("march", "click", () => this.drawing.marchOut(this.toggle("march")));
    this.on("zoom-in", "click", () => this.drawing.zoomBy(1.25));
    this.on("zoom-out", "click", () => this.drawing.zoomBy(0.8));
    this.on("zoom-reset", "click", () => this.drawing.reset());
    this.on("previous", "click", () => this.list.step(-1));
    this.on("next", "click", () => this.list.step(1));
  }

  listenFindings() {
    this.on("order", "change", () => this.showAnalysis());
    this.on("map-label", "change", ({ target }) => this.chooseLabel(Number(target.value)));
    this.on("layer", "change", async ({ target }) => {
      this.say("Preparing the layer …", { cancel: true });
      await this.live.thinker.useLayer(target.value);
      await this.analyse(this.options);
    });
    this.on("second-picker", "change", ({ target }) => {
      const [file] = target.files;
      target.value = "";
      return this.addModel(file);
    });
    this.on("second-remove", "click", () => this.removeSecond());
    this.on("read-first", "change", () => {
      this.stage?.showSamples();
      this.batches?.show();
      if (this.record) this.showRecord();
      return this.explain();
    });
    this.on("reading", "submit", (event) => {
      event.preventDefault();
      if (this.row) this.row.reading = { at: new Date().toISOString(), text: this.readings?.take() ?? "" };
      this.batches?.show();
      this.showRecord();
      return this.explain();
    });
  }

  listenSaving() {
    this.on("save-png", "click", () => this.savePng());
    this.on("with-names", "change", () => this.draw());
    this.on("save-json", "click", () => saveText(this.fileName("json"), `${JSON.stringify(this.exportReport)}\n`, "application/json"));
    this.on("save-csv", "click", () => saveText(this.fileName("csv"), labelsTable(this.exportReports, this.reading), "text/csv"));
    this.on("print", "click", () => this.print());
    const fill = () => this.record && fillPrint(this.$("sheet"), this.sheets);
    window.addEventListener("beforeprint", fill, { signal: this.leaving?.signal });
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

customElements.define("ecg-xplaim", EcgXplaim);

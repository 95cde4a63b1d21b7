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
import { heatTitle, LAYOUTS, offerLeads, PAGE_SECONDS, pageAround, paperRequests, pictureRequest, screenRequest, showsRhythm } from "./drawing.js";
import { Explainer } from "./explainer.js";
import { fillPrint, save, saveText } from "./exports.js";
import { showCard } from "./card.js";
import { clearLabels, columnsText, firstLabel, make, markLabel, showHeads, showLabels, showLayers, showMapChoice, showModels, titleOf } from "./findings.js";
import { MARKUP } from "./markup.js";
import { showNotices } from "./notices.js";
import { filesAt, listenDrop, sameSite, sampleFiles } from "./opening.js";
import { ReadingForm } from "./reading.js";
import { RecordTable } from "./records.js";
import { evidenceReport, labelsTable, noticesWithoutNames, withoutNames } from "./report.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { reportOf } from "./thinker.js";
import { EcgView } from "./view.js";
import { showWindows } from "./windows.js";
import { counted, messageOf } from "./words.js";

/**
 * @typedef {import("./session.js").OpenRecord} OpenRecord
 * @typedef {import("./thinker.js").Analysed} Analysed
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./records.js").Row} Row
 * @typedef {import("./drawing.js").Page} Page
 */

const SAMPLE = "00219_hr";
const NONE_REACHED = "No label reaches its threshold, so that no map is shown until one is chosen.";

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
    /** @type {(Analysed | null)[]} one a model */
    this.analyses = [];
    /** @type {string[]} what is wrong with an analysis, one a model */
    this.problems = [];
    /** @type {import("./thinker.js").Options} of the last analysis */
    this.options = {};
    this.window = 0;
    this.label = 0;
    /** Name of the label that was chosen by hand: it stays from record to record. */
    this.chosenLabel = "";
    /** False while no label reaches its threshold and none was chosen: then there is no map. */
    this.chosen = true;
    /** @type {ArrayBuffer | null} the page's own model, to come back to */
    this.pageModel = null;
    /** @type {WeakMap<ArrayBuffer, string>} the layer that a model takes by itself */
    this.ownLayers = new WeakMap();
    /** @type {Promise<void>} fulfilled once what is to be seen is drawn, for the printer too */
    this.drawn = Promise.resolve();
    /** @type {import("./core.js").DisplayList[]} for the printer, which does not wait */
    this.sheets = [];
  }

  /** Nothing is open. */
  empty() {
    Object.assign(this, { row: null, coming: null, record: null, mv: [], analyses: [], problems: [], options: {}, window: 0, sheets: [] });
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
    this.session?.close();
    this.view?.close();
    this.view = undefined;
    this.empty();
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

  /** @param {AbortSignal} left  the element is gone */
  async begin(left) {
    style ??= loadStyle();
    const sheet = await style;
    if (left.aborted) return;
    this.root.adoptedStyleSheets = [sheet];
    this.root.innerHTML = MARKUP;
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
    this.listen();
    this.theme(left);
    if (this.getAttribute("layout")) this.setLayout(/** @type {string} */ (this.getAttribute("layout")));
    const asked = ["sample", "record"].find((name) => this.getAttribute(name) !== null);
    // The drawing does not wait for the model.
    const opened = asked && this.guarded(() => this.openAttribute(asked, this.getAttribute(asked) ?? ""));
    this.guarded(async () => this.showSingle());
    await this.firstModel(left);
    await opened;
  }

  /** @param {AbortSignal} left */
  async firstModel(left) {
    const { thinkers: [thinker], rasteriser } = this.live;
    try {
      const bytes = (this.pageModel = await this.fetchModel());
      // Cancelled, it is loaded again: what counts is that there is one in the end.
      thinker.useModel(bytes).catch(() => {});
    } catch (error) {
      thinker.firstModel(Promise.reject(error));
    }
    await thinker.modelReady;
    await rasteriser;
    if (left.aborted) return;
    this.$("loading").hidden = true;
    this.showModel();
    if (!this.record && !this.coming) this.say("Ready. Nothing you open leaves this device.");
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

  /* ---- the model ---- */

  async fetchModel() {
    const url = this.getAttribute("model");
    const progress = (/** @type {number} */ part) => {
      const bar = this.$("loading");
      if (!bar) return;
      bar.hidden = part >= 1;
      bar.value = part;
    };
    return url ? fetchBytes(sameSite(url), progress) : asset("model.safetensors", progress);
  }

  /** Instead of the first one; what is open is analysed with it. @param {ArrayBuffer} bytes
   * @param {string} name  of its file */
  async useModel(bytes, name) {
    this.explainer?.stop();
    this.say(`Loading ${name} …`, { cancel: true });
    try {
      await this.live.thinkers[0].useModel(bytes);
    } catch (error) {
      throw unusable(name, error);
    }
    this.batches?.forget();
    this.showModel();
    this.say(`${name} is the model now.`);
    if (this.row) await this.analyse(this.options);
  }

  showModel() {
    const { model, about } = this.live.thinker;
    if (!model || !about) return;
    const kernels = about.kernels.includes("scalar") || about.kernels.includes("plain")
      ? `${about.kernels} kernels: this browser has no working SIMD, so it is slower` : `${about.kernels} kernels`;
    this.$("model-facts").textContent =
      `${model.name || model.architecture}, ${model.labels.length} labels, computed here with ${kernels}`;
    this.$("untrained").hidden = model.trained;
    const { bytes } = /** @type {import("./thinker.js").Loadable} */ (this.live.thinker.loaded);
    if (!this.ownLayers.has(bytes)) this.ownLayers.set(bytes, model.layer);
    showLayers(this.$("layer"), model, this.ownLayers.get(bytes) ?? "");
    this.$("model-default").hidden = !this.pageModel || this.live.thinkers[0].loaded?.bytes === this.pageModel;
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
    else if (name === "record") await this.openFrom(filesAt(value));
    else if (name === "model") await this.useModel(await fetchBytes(sameSite(value)), value);
  }

  /** @param {string} name */
  openSample(name) {
    return this.openFrom(sampleFiles(name));
  }

  /** What is asked for last counts, also when it comes sooner. @param {Promise<File[]>} coming */
  async openFrom(coming) {
    const turn = ++this.turn;
    const files = await coming;
    if (turn === this.turn) await this.openFiles(files);
  }

  /** What is open stays until something else can take its place. @param {File[]} files */
  async openFiles(files) {
    if (!files.length) return; // a text was dropped, or the dialog left
    const turn = ++this.turn;
    this.say("Looking through the files …");
    const found = await findRecords(files);
    if (turn !== this.turn) return;
    if (!found.groups.length && !found.models.length && this.row) throw new Error(refusalText(found.refusals));
    if (found.groups.length || found.refusals.length) {
      this.batches?.cancel();
      this.showRows(found);
    }
    const ends = await Promise.allSettled([this.openModel(found), this.openFound(found, turn)]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** The first record that can be read; the others' facts meanwhile.
   * @param {import("./files.js").Found} found @param {number} turn */
  async openFound({ groups, models, refusals }, turn) {
    if (!groups.length && !models.length) {
      this.closeRecord();
      throw new Error(refusalText(refusals));
    }
    const facts = this.readFacts(turn);
    let problem = null;
    for (const row of this.list.rows) {
      if (!row.group || turn !== this.turn) continue;
      try {
        await this.readRow(row);
        problem = null;
        await this.analyse({});
        break;
      } catch (error) {
        if (this.row === row) throw error; // it was read, only not analysed
        problem ??= error;
      }
    }
    await facts;
    if (problem && turn === this.turn) throw problem;
  }

  /** @param {import("./files.js").Found} found */
  async openModel({ models: [model, ...others] }) {
    if (!model) return;
    await this.useModel(await model.read(), model.path);
    if (others.length)
      this.say(`${model.path} is the model now; of several in one drop only the first is taken (not ${others.map((m) => m.path).join(", ")}).`);
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
    const notes = record.notices.length ? `ok, ${counted(record.notices.length, "notice")}` : "ok";
    Object.assign(row, { leads: recorded(record), rate: record.rate, seconds: record.samples / record.rate,
      state: row.state || notes });
    this.list.redraw(row);
  }

  /** @param {Row} row @param {unknown} error */
  noteProblem(row, error) {
    if (error instanceof CancelledError) return;
    Object.assign(row, { state: messageOf(error), bad: true });
    this.list.redraw(row);
    this.countRows();
  }

  closeRecord() {
    this.explainer?.stop();
    this.empty();
    this.$("result").hidden = true;
  }

  /** @param {Row} row */
  async openRow(row) {
    if (!row.group) return;
    await this.readRow(row);
    if (this.row === row) await this.analyse({});
  }

  /** What was open stays in sight until the new record is there. @param {Row} row */
  async readRow(row) {
    const group = /** @type {FileGroup} */ (row.group);
    this.coming = row;
    this.explainer?.stop();
    this.list.choose(row);
    this.say(`Reading ${this.blind ? "the recording" : row.name} …`);
    this.stage?.shrink();
    try {
      const record = await this.live.read(group);
      if (this.coming !== row) throw new CancelledError();
      this.empty();
      Object.assign(this, { row, record, mv: record.mv });
      offerLeads(this.$("rhythm"), record.leads);
      this.noteFacts(row, record);
      this.showRecord();
      await this.filterAgain();
    } catch (error) {
      if (this.coming === row) this.closeRecord();
      this.noteProblem(row, error);
      throw error;
    }
  }

  /** @param {import("./thinker.js").Options} options */
  async analyse(options) {
    const { row } = this;
    if (!row?.group) return;
    const { group } = row;
    this.options = options;
    this.say(this.live.model ? "Analysing …" : "Waiting for the model …", { cancel: true });
    const outcomes = await Promise.allSettled(this.live.thinkers.map((thinker) => thinker.analyse(group, options)));
    if (this.row !== row) return;
    const failed = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    const stopped = failed.find((error) => error instanceof CancelledError);
    if (stopped) {
      this.$("again").hidden = false; // what was there before stays
      throw stopped;
    }
    this.problems = outcomes.map((each) => (each.status === "rejected" ? messageOf(each.reason) : ""));
    this.take(outcomes.map((each) => (each.status === "fulfilled" ? each.value : null)));
    this.$("accept").hidden = !failed.some((e) => e instanceof CoreError && ["UNITS", "LEAD_UNKNOWN"].includes(e.code));
    if (failed.length === outcomes.length) throw failed[0];
  }

  /** @param {(Analysed | null)[]} analyses  one a model */
  take(analyses) {
    const first = !this.analysis;
    this.analyses = analyses;
    if (!this.analysis) this.live.shown = Math.max(0, analyses.findIndex(Boolean));
    const { analysis } = this;
    if (!analysis) {
      this.showRecord();
      return;
    }
    if (first) this.lookAtStrongest(analysis);
    this.label = Math.min(this.label, analysis.labels.length - 1);
    this.window = Math.min(this.window, analysis.windows.length - 1);
    this.showAnalysis();
    this.say(`Analysed on this device in ${Math.round(analysis.milliseconds)} ms.`);
    for (const each of analyses)
      if (each) this.dispatchEvent(new CustomEvent("analysis", { detail: reportOf(each), bubbles: true, composed: true }));
    this.guarded(() => this.explain());
  }

  /** While the answer is hidden, the place to look at is no hint. @param {Analysed} analysis */
  lookAtStrongest(analysis) {
    const byHand = analysis.labels.findIndex((label) => label.name === this.chosenLabel);
    Object.assign(this, byHand < 0 ? firstLabel(analysis.model, analysis) : { label: byHand, chosen: true });
    if (!this.hiding) this.window = analysis.labels[this.label].window;
  }

  /* ---- two models, and evidence by lead ---- */

  /** @param {File | undefined} file */
  async addModel(file) {
    if (!file) return;
    this.explainer?.stop();
    this.say(`Loading ${file.name} …`);
    try {
      await this.live.addModel(await file.arrayBuffer());
    } catch (error) {
      throw unusable(file.name, error);
    }
    this.showModel();
    this.say(`${file.name} stands beside the first model.`);
    if (this.row) await this.analyse(this.options);
  }

  removeSecond() {
    this.showMapOf(0);
    this.live.removeSecond();
    for (const list of [this.analyses, this.problems]) list.splice(1);
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

  /** Not read out: it changes too often. @param {number} part @param {string} text */
  progress(part, text) {
    this.$("loading").hidden = part >= 1;
    this.$("loading").value = part;
    this.$("progress-text").textContent = text;
  }

  cancel() {
    this.live.cancel();
    this.live.modelReady.catch((error) => this.report(error));
  }

  /* ---- saying what goes on ---- */

  /** @param {string} text @param {{cancel?: boolean, problem?: boolean}} [options] */
  say(text, { cancel = false, problem = false } = {}) {
    this.$("status-text").textContent = text;
    this.$("progress-text").textContent = "";
    this.$("status").classList.toggle("problem", problem);
    const focus = this.root.activeElement?.id ?? "";
    this.$("cancel").hidden = !cancel;
    for (const id of ["accept", "again"]) this.$(id).hidden = true;
    // What had the focus may be hidden now: it goes to what it was about.
    if (["cancel", "accept", "again"].includes(focus) && this.$(focus).hidden)
      (cancel ? this.$("cancel") : this.$("ecg")).focus({ preventScroll: true });
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
    const offered = ["accept", "again"].filter((id) => !this.$(id).hidden);
    if (error instanceof CancelledError) {
      if (!this.coming && !this.leaving?.signal.aborted) this.say("Cancelled.");
    } else this.say(messageOf(error), { problem: true });
    for (const id of offered) this.$(id).hidden = false;
  }

  /* ---- showing ---- */

  get shownName() {
    if (!this.row) return "";
    return this.blind ? "Recording" : this.row.name;
  }

  get recordFacts() {
    const { record, row } = this;
    if (!record) return [];
    const facts = [row?.type ?? "", counted(recorded(record), "lead"), `${record.rate} Hz`, `${(record.samples / record.rate).toFixed(1)} s`];
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
      clearLabels(this.$("labels"));
      for (const id of ["models", "evidence"]) this.$(id).replaceChildren();
    }
    this.showReading();
    this.showNotices();
    this.showWindow();
    this.stage?.bringUp();
  }

  showAnalysis() {
    const { analysis } = this;
    if (!analysis) return;
    const columns = this.live.thinkers.map((thinker, i) => ({
      model: this.analyses[i]?.model ?? /** @type {import("./worker.js").Model} */ (thinker.model),
      analysis: this.analyses[i] ?? null, problem: this.problems[i] ?? "" }));
    showModels(this.$("models"), columns, this.live.shown, (which) => this.showMapOf(which));
    this.$("columns-text").textContent = columnsText(analysis.model);
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
    this.chosenLabel = this.analysis.labels[i].name;
    this.window = this.analysis.labels[i].window;
    markLabel(this.$("labels"), i);
    this.showChoice();
    this.showWindow();
    this.guarded(() => this.explain());
  }

  showChoice() {
    const { analysis } = this;
    if (!analysis) return;
    this.$("method").disabled = !this.chosen;
    showMapChoice(this.$("map-label"), this.$("map-note"), analysis.model, analysis, this.chosen ? this.label : -1);
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
    const all = [...(this.record?.notices ?? []), ...(this.analysis?.notices ?? [])];
    showNotices(this.$("notices"), this.blind ? noticesWithoutNames(all, this.row?.name ?? "") : all);
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
    return Math.max(PAGE_SECONDS, model ? model.length / model.rate : 0);
  }

  /** @param {number} w */
  chooseWindow(w) {
    this.window = Math.min(Math.max(w, 0), this.windows.length - 1);
    this.showWindow();
    this.guarded(() => this.explain());
  }

  showWindow() {
    const { analysis, windows } = this;
    this.window = Math.min(this.window, windows.length - 1);
    const threshold = analysis && this.chosen && !this.hiding ? analysis.model.labels[this.label].threshold : null;
    showWindows(this.$("windows"), windows, this.window, threshold, (w) => this.chooseWindow(w));
    if (analysis && !this.chosen) this.$("evidence").replaceChildren(make("p", { textContent: NONE_REACHED }));
    else if (analysis) this.explainer?.showWords(analysis);
    this.draw();
  }

  draw() {
    this.drawn = this.drawPage();
    this.drawn.catch((error) => error instanceof CancelledError || this.report(error));
  }

  async drawPage() {
    const turn = ++this.drawTurn;
    this.sheets = [];
    const page = this.page();
    if (!page) return;
    this.$("legend-box").hidden = !page.heat;
    this.$("legend-label").textContent = page.heat ? heatTitle(page.heat) : "";
    this.$("legend-scope").textContent = page.heat?.perLead
      ? "By lead and time." : "Time only: this map does not tell leads apart.";
    const values = page.heat?.values ?? null;
    const list = await this.live.draw(page.record, screenRequest(page, this.drawing.dark), values);
    const stale = () => turn !== this.drawTurn || this.record !== page.record;
    if (stale()) return;
    this.$("rhythm-box").hidden = !showsRhythm(page.layout, list);
    this.drawing.show(page, list);
    const sheets = await Promise.all(paperRequests(page).map((request) => this.live.draw(page.record, request, values)));
    if (!stale()) this.sheets = sheets;
  }

  /** @returns {Page | null} */
  page() {
    const { record, heat } = this;
    if (!record) return null;
    const value = (/** @type {string} */ id) => this.$(id).value;
    const window = this.windows[this.window];
    return {
      record, mv: this.mv, ...pageAround(window, record.samples / record.rate), window: this.analysis && window,
      layout: value("layout"), rhythm: value("rhythm"), speed: Number(value("speed")), gain: Number(value("gain")),
      filter: this.mv === record.mv ? "" : this.$("filter").selectedOptions[0].textContent,
      heat, title: this.withNames ? [record.name, ...this.personFacts].join(" · ") : "Recording",
    };
  }

  /** @returns {import("./drawing.js").Heat | null} */
  get heat() {
    const { analysis, label, window } = this;
    if (!analysis || this.hiding || !this.chosen || !this.$("map-on").checked) return null;
    return heatOf(analysis.model, analysis, window, label, this.explainer?.wanted ?? null);
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
    const turn = ++this.filterTurn;
    const [low, high, notch] = this.$("filter").value.split(",").map(Number);
    let mv = record.mv;
    try {
      if (this.$("filter").value) ({ mv } = await this.live.filter(record, { low, high, notch }));
    } catch (error) {
      if (turn === this.filterTurn && this.record === record) {
        this.$("filter").value = "";
        this.mv = record.mv;
        this.draw();
      }
      throw error;
    }
    if (turn !== this.filterTurn || this.record !== record) return; // another was chosen meanwhile
    this.mv = mv;
    this.draw();
  }

  /** What was chosen for the record before; where that is not possible, the filter is off and that is said. */
  async filterAgain() {
    const { record } = this;
    const name = this.$("filter").selectedOptions[0].textContent;
    try {
      await this.filter();
    } catch (error) {
      if (error instanceof CancelledError || !record || this.record !== record) throw error;
      const text = `display filter ${name} is not possible here and was switched off: ${messageOf(error)}`;
      record.notices.push({ code: "filtered", lead: "", text });
      this.showNotices();
    }
  }

  /** @param {AbortSignal} signal  to stop following it */
  theme(signal) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      this.drawing.dark = dark.matches;
      this.draw();
    };
    dark.addEventListener("change", apply, { signal });
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
    if (this.record) this.showRecord();
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
    const list = await this.live.draw(page.record, pictureRequest(page), page.heat?.values ?? null);
    save(this.fileName("png"), await this.live.picture(list));
  }

  /** @param {string} kind */
  fileName(kind) {
    return `${this.withNames && this.row ? this.row.name : "ecg-xplaim"}.${kind}`;
  }

  /** As it may leave the page. @template {Parameters<typeof withoutNames>[0]} R @param {R} report */
  named(report) {
    return this.withNames ? report : withoutNames(report);
  }

  /** One a model. */
  get exportReports() {
    return this.analyses.flatMap((analysis) => (analysis ? [this.named(reportOf(analysis))] : []));
  }

  /** What the chosen method has shown, where that is not the map. */
  get exportEvidence() {
    const wanted = this.explainer?.wanted;
    if (!wanted?.evidence) return [];
    const { analysis, method, window, evidence } = wanted;
    return [this.named(evidenceReport(analysis.record.name, analysis.model, analysis.record, analysis, { method, window, evidence }))];
  }

  /** One object, or a line for each. */
  saveJson() {
    const lines = [...this.exportReports, ...this.exportEvidence].map((report) => JSON.stringify(report));
    const one = lines.length === 1;
    saveText(this.fileName(one ? "json" : "jsonl"), `${lines.join("\n")}\n`, one ? "application/json" : "application/x-ndjson");
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
    this.on("again", "click", () => this.analyse(this.options));
    this.on("help-open", "click", () => this.$("help").showModal());
    const area = this.hasAttribute("embed") ? this : document;
    const open = (/** @type {Promise<File[]>} */ files) => this.guarded(() => this.openFrom(files));
    listenDrop(area, this.$("drop"), open, this.leaving?.signal);
  }

  /** @param {File | undefined} file */
  async pickModel(file) {
    if (!file) return;
    this.say(`Loading ${file.name} …`);
    await this.useModel(await file.arrayBuffer(), file.name);
  }

  async usePageModel() {
    if (this.pageModel) await this.useModel(this.pageModel, "The page’s own model");
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
      this.explainer?.stop();
      this.say("Preparing the layer …", { cancel: true });
      try {
        await this.live.thinker.useLayer(target.value);
      } finally {
        this.showModel(); // also where it could not be had: the one before is chosen then
      }
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
    this.on("save-json", "click", () => this.saveJson());
    this.on("save-csv", "click", () => saveText(this.fileName("csv"), labelsTable(this.exportReports, this.reading), "text/csv"));
    this.on("print", "click", () => this.print());
    const fill = () => fillPrint(this.$("sheet"), this.record ? this.sheets : []);
    window.addEventListener("beforeprint", fill, { signal: this.leaving?.signal });
  }
}

/** What is wrong with a model's file; that its loading was cancelled is no fault of it.
 * @param {string} name @param {unknown} error */
function unusable(name, error) {
  if (error instanceof CancelledError) return error;
  return new Error(`${name} is no model that can be used here: ${messageOf(error)}`);
}

/** @param {import("./files.js").Found["refusals"]} refusals */
function refusalText([first, ...others]) {
  if (!first) return "There is no recording in what was dropped.";
  return `${first.name}: ${first.problem}${others.length ? ` (And ${others.length} more files that cannot be used.)` : ""}`;
}
/** How many leads a record has of its own. @param {import("./core.js").RecordInfo} record */
const recorded = (record) => record.leads.filter((lead) => !lead.derived).length;

customElements.define("ecg-xplaim", EcgXplaim);

/**
 * <ecg-xplaim>: the whole page as one element. Attributes: record (URL of a .hea file on the same
 * site), sample (name of one that comes with the page), model (URL of a .safetensors file on the
 * same site), layout, embed (only what is dropped on the element itself is opened). After each analysis it sends an `analysis` event whose detail is the object
 * that `xplaim explain --json` prints.
 */

import { asset, assetText, fetchBytes } from "./assets.js";
import { CancelledError } from "./client.js";
import { CoreError } from "./core.js";
import { droppedFiles, findRecords, parseHeaderText } from "./files.js";
import { LAYOUTS, paperRequests, pictureRequest, screenRequest, WITH_RHYTHM } from "./drawing.js";
import { fillPrint, save, saveText } from "./exports.js";
import { make, showEvidence, showLabels, showWindows, titleOf } from "./findings.js";
import { MARKUP } from "./markup.js";
import { Batch } from "./pool.js";
import { RecordTable } from "./records.js";
import { csv, DISCLAIMER, failureWithoutNames, labelsTable, NAMELESS, withoutNames } from "./report.js";
import { Session } from "./session.js";
import { EcgView } from "./view.js";

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
const SAFE_NAME = /^[A-Za-z0-9_-]+$/;

/** @type {Promise<CSSStyleSheet> | null} one for all elements */
let style = null;

async function loadStyle() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await assetText("element.css"));
  return sheet;
}

export class EcgXplaim extends HTMLElement {
  static observedAttributes = ["record", "sample", "model", "layout"];

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
    /** @type {Analysed | null} */
    this.analysis = null;
    this.window = 0;
    this.label = 0;
    this.turn = 0;
    this.drawTurn = 0;
    /** @type {Promise<void>} fulfilled once what is to be seen is drawn, for the printer too */
    this.drawn = Promise.resolve();
    /** @type {import("./core.js").DisplayList[]} for the printer, which does not wait */
    this.sheets = [];
    this.blind = false;
    /** @type {{at: string, text: string} | null} */
    this.reading = null;
    /** @type {Batch | null} */
    this.batch = null;
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
    this.batch?.cancel();
    this.session?.close();
    this.leaving?.abort();
    this.started = false;
  }

  /** @param {string} name @param {string | null} _old @param {string | null} value */
  attributeChangedCallback(name, _old, value) {
    if (!this.view || value === null) return;
    if (name === "layout") this.setLayout(value);
    else if (!this.isConnected) return;
    else this.guarded(() => this.openAttribute(name, value));
  }

  async begin() {
    style ??= loadStyle();
    this.root.adoptedStyleSheets = [await style];
    this.root.innerHTML = MARKUP;
    const model = this.fetchModel();
    model.catch((error) => this.live.firstModel(Promise.reject(error)));
    this.table = new RecordTable(this.$("records"), (row) => this.guarded(() => this.openRow(row)));
    this.view = new EcgView(this.$("ecg"), {
      caliper: (text) => (this.$("caliper-text").textContent = text),
      zoom: (zoom) => (this.$("zoom-reset").textContent = `${Math.round(zoom * 100)} %`),
      key: (key) => this.key(key),
    });
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
    const loading = this.live.useModel(bytes);
    if (!again) return loading;
    return loading.then(async () => {
      this.showModel();
      if (this.row) await this.analyse({});
    });
  }

  showModel() {
    const { model, about } = this.live;
    if (!model || !about) return;
    const kernels = about.kernels.includes("scalar") || about.kernels.includes("plain")
      ? `${about.kernels} kernels: this browser has no working SIMD, so it is slower` : `${about.kernels} kernels`;
    this.$("model-facts").textContent =
      `${model.name || model.architecture}, ${model.labels.length} labels, computed here with ${kernels}`;
    this.$("untrained").hidden = model.trained;
    this.$("layer").replaceChildren(...model.layers.map((name) => new Option(name, name, false, name === model.layer)));
    this.$("batch-label").replaceChildren(...model.labels.map((l) => new Option(titleOf(l), l.name)));
    this.label = Math.min(this.label, model.labels.length - 1);
    this.list.label = model.labels[0].name;
    this.showCard();
  }

  showCard() {
    const { model } = this.live;
    if (!model) return;
    const window = `${(model.length / model.rate).toFixed(1)} s at ${model.rate} Hz`;
    /** @type {[string, string][]} */
    const facts = [["Name", model.name || "not given"], ["Architecture", model.architecture],
      ["Trained", model.trained ? "yes" : "no: random weights"], ["SHA-256", model.sha256 ?? "not known"],
      ["Input", `${window}, leads ${model.leads.join(" ")}`], ["Labels", String(model.labels.length)]];
    const more = model.meta
      .filter(({ value }) => value.length <= 600)
      .map(({ key, value }) => /** @type {[string, string]} */ ([key.replaceAll("_", " "), value]));
    this.$("card").replaceChildren(...[...facts, ...more].flatMap(([key, value]) => [
      make("dt", { textContent: key }), make("dd", { textContent: value })]));
  }

  /* ---- opening ---- */

  /** @param {string} name @param {string} value */
  async openAttribute(name, value) {
    if (name === "sample") await this.openSample(value || SAMPLE);
    else if (name === "record") await this.openUrl(value);
    else if (name === "model") await this.useModel(await fetchBytes(sameSite(value)), true);
  }

  /** @param {string} name */
  async openSample(name) {
    if (!SAFE_NAME.test(name)) throw new Error(`There is no sample named ${name}.`);
    const names = [`${name}.hea`, `${name}.dat`];
    const bytes = await Promise.all(names.map((file) => asset(`samples/${file}`)));
    await this.openFiles(names.map((file, i) => new File([bytes[i]], file)));
  }

  /** A record on the same site. @param {string} address  of its .hea file */
  async openUrl(address) {
    const url = sameSite(/\.(hea|zip)$/i.test(address) ? address : `${address}.hea`);
    const first = await fetchBytes(url);
    const nameOf = (/** @type {URL} */ u) => decodeURIComponent(u.pathname.split("/").pop() ?? "");
    const files = [new File([first], nameOf(url))];
    const wanted = /\.zip$/i.test(url.pathname) ? [] : parseHeaderText(new TextDecoder().decode(first)).files;
    for (const name of wanted) {
      const part = sameSite(new URL(encodeURIComponent(name), url).href);
      files.push(new File([await fetchBytes(part)], name));
    }
    await this.openFiles(files);
  }

  /** @param {File[]} files */
  async openFiles(files) {
    const turn = ++this.turn;
    this.batch?.cancel();
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
    const blank = { leads: null, rate: null, seconds: null, outcome: null };
    /** @type {Row[]} */
    const rows = [
      ...groups.map((group) => ({ ...blank, name: group.name, type: group.type, state: "", bad: false, group })),
      ...refusals.map((r) => ({ ...blank, name: r.name, type: r.type, state: r.problem, bad: true, group: null })),
    ];
    this.list.set(rows);
    this.$("records-panel").hidden = rows.length < 2;
    this.$("steps").hidden = groups.length < 2;
    this.$("batch-run").disabled = groups.length === 0;
    this.batchButtons();
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
    this.$("drop").classList.add("small");
    Object.assign(this, { record: null, analysis: null, row: null, reading: null, window: 0 });
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

  /** @param {{acceptAmplitude?: boolean}} options */
  async analyse(options) {
    const { row } = this;
    if (!row?.group) return;
    this.say(this.live.model ? "Analysing …" : "Waiting for the model …", { cancel: true });
    let analysis;
    try {
      analysis = await this.live.analyse(row.group, options);
    } catch (error) {
      if (this.row !== row) return;
      this.analysis = null;
      this.showRecord();
      this.say("");
      if (error instanceof CoreError && error.code === "UNITS") this.$("accept").hidden = false;
      throw error;
    }
    if (this.row === row) this.take(analysis);
  }

  /** @param {Analysed} analysis */
  take(analysis) {
    const first = !this.analysis;
    this.analysis = analysis;
    if (first) {
      const best = analysis.labels.reduce((a, b) => (b.probability > a.probability ? b : a));
      this.label = analysis.labels.indexOf(best);
      this.window = best.window;
    }
    this.window = Math.min(this.window, analysis.windows.length - 1);
    this.showAnalysis();
    this.say(`Analysed on this device in ${Math.round(analysis.milliseconds)} ms.`);
    this.dispatchEvent(new CustomEvent("analysis", { detail: analysis.report, bubbles: true, composed: true }));
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
  }

  showAnalysis() {
    const { analysis } = this;
    const { model } = this.live;
    if (!analysis || !model) return;
    showLabels(this.$("labels"), model, analysis, this.label, this.$("order").value === "probability", (i) => {
      this.label = i;
      this.window = analysis.labels[i].window;
      this.showWindow();
    });
    this.showReading();
    this.showNotices();
    this.showWindow();
  }

  /** The network's answer stays hidden until the reader's own is kept. */
  get hiding() {
    return this.$("read-first").checked && !this.reading;
  }

  showReading() {
    const { hiding, reading } = this;
    this.$("reading").hidden = !hiding;
    for (const id of ["findings", "evidence-card"]) this.$(id).hidden = hiding || !this.analysis;
    this.$("reading-kept").hidden = !reading;
    if (reading) this.$("reading-kept").textContent = `Your reading (${reading.at}): ${reading.text || "no words"}`;
    for (const id of ["save-json", "save-csv"]) this.$(id).disabled = hiding || !this.analysis;
  }

  showNotices() {
    const notices = [...(this.record?.notices ?? []), ...(this.analysis?.notices ?? [])];
    const items = notices.map((n) => make("li", { textContent: n.text }));
    if (items.length === 0) items.push(make("li", { textContent: "none" }));
    this.$("notices").replaceChildren(...items);
  }

  /** The windows of the record: the model's, or pages as long as nobody says more. */
  get windows() {
    const { analysis, record, label, pageSeconds } = this;
    if (analysis)
      return analysis.windows.map((w, i) => ({ ...w, probability: this.hiding ? null : analysis.probabilities[i][label] }));
    const seconds = record ? record.samples / record.rate : 0;
    const count = Math.min(1000, Math.max(1, Math.ceil((seconds - 0.01) / pageSeconds)));
    return Array.from({ length: count }, (_, i) => ({ start: i * pageSeconds, seconds: pageSeconds, probability: null }));
  }

  get pageSeconds() {
    const { model } = this.live;
    return model ? model.length / model.rate : PAGE_SECONDS;
  }

  /** @param {number} w */
  chooseWindow(w) {
    this.window = Math.min(Math.max(w, 0), this.windows.length - 1);
    this.showWindow();
  }

  showWindow() {
    const { analysis, windows } = this;
    const { model } = this.live;
    this.window = Math.min(this.window, windows.length - 1);
    showWindows(this.$("windows"), windows, this.window, (w) => this.chooseWindow(w));
    if (analysis && model) showEvidence(this.$("evidence"), model, analysis, this.label, this.window);
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
    const { analysis, label } = this;
    const { model } = this.live;
    if (!analysis?.mapLength || !model || this.hiding || !this.$("map-on").checked) return null;
    const n = analysis.mapLength;
    const untrained = model.trained ? "" : " (UNTRAINED model)";
    return {
      values: analysis.maps[this.window].slice(label * n, (label + 1) * n), perLead: false,
      start: analysis.windows[this.window].start, seconds: n * analysis.step,
      label: `${titleOf(model.labels[label])}${untrained}`, layer: model.layer,
      probability: analysis.probabilities[this.window][label],
    };
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

  /* ---- batch ---- */

  batchButtons() {
    const running = this.batch !== null;
    const some = this.list.rows.some((row) => row.outcome);
    this.$("batch-run").hidden = running;
    this.$("batch-cancel").hidden = this.$("batch-progress").hidden = !running;
    for (const id of ["batch-csv", "batch-json"]) this.$(id).disabled = running || !some;
  }

  async runBatch() {
    await this.live.modelReady;
    const rows = this.list.rows.filter((row) => row.group);
    const groups = rows.map((row) => /** @type {FileGroup} */ (row.group));
    const started = performance.now();
    let done = 0;
    const model = /** @type {ArrayBuffer} */ (this.live.modelBytes);
    const setup = { files: await this.live.files, model, layer: this.live.layer };
    const batch = new Batch(setup, groups, (index, outcome) => {
      rows[index].outcome = outcome;
      this.noteOutcome(rows[index], outcome);
      this.showProgress(++done, rows.length, performance.now() - started);
    });
    this.batch = batch;
    this.showProgress(0, rows.length, 0);
    this.batchButtons();
    try {
      await batch.run();
      this.say(batch.cancelled ? `Cancelled after ${done} of ${rows.length}.` : `${done} recordings analysed on this device.`);
    } finally {
      this.batch = null;
      this.batchButtons();
      this.countRows();
    }
  }

  /** @param {Row} row @param {import("./pool.js").Outcome} outcome */
  noteOutcome(row, outcome) {
    if ("error" in outcome) Object.assign(row, { state: outcome.error.text, bad: true });
    else Object.assign(row, { state: "analysed", bad: false });
    this.list.redraw();
  }

  /** @param {number} done @param {number} all @param {number} ms */
  showProgress(done, all, ms) {
    const left = done ? ` · about ${Math.ceil(((ms / done) * (all - done)) / 1000)} s left` : "";
    this.$("batch-bar").value = done / all;
    this.$("batch-text").textContent = `${done} of ${all}${left}`;
  }

  /** Outcomes as they may leave the page. */
  outcomes() {
    const names = this.$("with-names").checked;
    return this.list.rows.flatMap(({ outcome }, i) => {
      if (!outcome) return [];
      const name = `${NAMELESS} ${i + 1}`;
      if (names) return [outcome];
      return ["error" in outcome ? failureWithoutNames(outcome, name) : withoutNames(outcome, name)];
    });
  }

  saveBatchJson() {
    const lines = this.outcomes().map((outcome) => JSON.stringify(outcome));
    saveText("ecg-xplaim.jsonl", `${lines.join("\n")}\n`, "application/x-ndjson");
  }

  saveBatchCsv() {
    const labels = this.live.model?.labels.map((l) => l.name) ?? [];
    const head = ["record", ...labels, "model", "model_sha256", "trained", "problem", "disclaimer"];
    const rows = this.outcomes().map((o) => {
      if ("error" in o) return [o.record, ...labels.map(() => ""), "", "", "", o.error.text, DISCLAIMER];
      const { name, sha256, trained } = o.model;
      return [o.record, ...o.labels.map((l) => l.probability), name, sha256, String(trained), "", DISCLAIMER];
    });
    saveText("ecg-xplaim.csv", csv([head, ...rows]), "text/csv");
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
    this.on("sample", "click", () => this.openSample(SAMPLE));
    this.on("cancel", "click", () => this.cancel());
    this.on("accept", "click", () => this.analyse({ acceptAmplitude: true }));
    this.on("help-open", "click", () => this.$("help").showModal());
    this.on("batch-run", "click", () => this.runBatch());
    this.on("batch-cancel", "click", () => this.batch?.cancel());
    this.on("batch-csv", "click", () => this.saveBatchCsv());
    this.on("batch-json", "click", () => this.saveBatchJson());
    this.on("batch-label", "change", ({ target }) => {
      this.list.label = target.value;
      this.list.draw();
    });
    const area = this.hasAttribute("embed") ? this : document;
    const until = { signal: this.leaving?.signal };
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.$("drop").classList.add("over");
    }, until);
    area.addEventListener("dragleave", (/** @type {any} */ event) => {
      if (!event.relatedTarget) this.$("drop").classList.remove("over");
    }, until);
    area.addEventListener("drop", (/** @type {any} */ event) => {
      event.preventDefault();
      this.$("drop").classList.remove("over");
      if (event.dataTransfer) this.guarded(async () => this.openFiles(await droppedFiles(event.dataTransfer)));
    }, until);
  }

  /** @param {File | undefined} file */
  async pickModel(file) {
    if (!file) return;
    this.say(`Loading ${file.name} …`);
    await this.useModel(await file.arrayBuffer(), true);
    if (!this.row) this.say(`${file.name} is the model now.`);
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
    this.on("layer", "change", async ({ target }) => {
      this.say("Preparing the layer …", { cancel: true });
      await this.live.useLayer(target.value);
      await this.analyse({});
    });
    this.on("read-first", "change", () => this.showRecord());
    this.on("reading", "submit", (event) => {
      event.preventDefault();
      this.reading = { at: new Date().toISOString(), text: this.$("reading-text").value.trim() };
      this.$("reading-text").value = "";
      this.showRecord();
    });
  }

  listenSaving() {
    this.on("save-png", "click", () => this.savePng());
    this.on("with-names", "change", () => this.draw());
    this.on("save-json", "click", () => saveText(this.fileName("json"), `${JSON.stringify(this.exportReport)}\n`, "application/json"));
    this.on("save-csv", "click", () => saveText(this.fileName("csv"), labelsTable(this.exportReport, this.reading), "text/csv"));
    this.on("print", "click", () => this.print());
    const fill = () => this.record && fillPrint(this.$("sheet"), this.sheets);
    window.addEventListener("beforeprint", fill, { signal: this.leaving?.signal });
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @param {string} address @returns {URL} */
function sameSite(address) {
  const url = new URL(address, document.baseURI);
  if (url.origin !== location.origin || url.origin === "null")
    throw new Error(`${address} is not on this site; only files beside this page can be opened by address.`);
  return url;
}

customElements.define("ecg-xplaim", EcgXplaim);

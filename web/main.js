/** Wiring: files in, worker asked, answers put on the page. */

import { CancelledError, Client } from "./client.js";
import { CoreError } from "./core.js";
import { findRecords, readGroup } from "./files.js";
import { drawLegend, drawPage } from "./view.js";

/**
 * @typedef {import("./core.js").EcgRecord} EcgRecord
 * @typedef {import("./core.js").Analysis} Analysis
 * @typedef {import("./core.js").ModelInfo} ModelInfo
 * @typedef {import("./files.js").FileGroup} FileGroup
 */

const SAMPLE = "00219_hr";
/** Seconds drawn while no model says how long its window is. */
const PAGE_SECONDS = 10;

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

const client = new Client(new URL("worker.js", import.meta.url));

const state = {
  /** @type {FileGroup[]} */ groups: [],
  /** @type {EcgRecord | null} */ record: null,
  /** @type {ModelInfo | null} */ model: null,
  /** @type {Analysis | null} */ analysis: null,
  window: 0,
  label: 0,
  layout: "3x4",
};

/* ---- starting ---- */

/** @param {string} name @returns {Promise<ArrayBuffer>} */
async function fetchBytes(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name} cannot be loaded (${response.status})`);
  return response.arrayBuffer();
}

/** The modules that were built, by kind. @returns {Promise<import("./core.js").CoreFiles>} */
async function fetchModules() {
  /** @type {string[]} */
  const kinds = JSON.parse(new TextDecoder().decode(await fetchBytes("modules.json")));
  const files = await Promise.all(kinds.map((kind) => fetchBytes(`xplaim-${kind}.wasm`)));
  return /** @type {any} */ (Object.fromEntries(kinds.map((kind, i) => [kind, files[i]])));
}

// Asked for at once, needed later.
const downloads = Promise.all([fetchModules(), fetchBytes("model.safetensors")]);
let started = start();

async function start() {
  const [files, model] = await downloads;
  const about = await client.ask("start", { files });
  state.model = await client.ask("model", { bytes: model });
  element("model-facts").textContent =
    `${state.model.name || state.model.architecture}, ${state.model.labels.length} labels, ` +
    `computed here with ${about.kernels} kernels`;
  element("untrained").hidden = state.model.trained;
}

/* ---- opening a record ---- */

/** @param {File[]} files */
async function openFiles(files) {
  await guarded(async () => {
    state.record = null;
    element("result").hidden = true;
    state.groups = await findRecords(files);
    const names = state.groups.map((group) => new Option(group.name, group.name));
    element("records").replaceChildren(...names);
    element("choice").hidden = names.length < 2;
    await openGroup(state.groups[0]);
  });
}

/** @param {FileGroup} group */
async function openGroup(group) {
  state.record = null;
  element("result").hidden = true;
  const files = await readGroup(group);
  say(`Reading ${group.name} …`);
  await started;
  const record = await client.ask("record", { name: group.name, files }, files.map((f) => f.bytes));
  Object.assign(state, { record, analysis: null, window: 0 });
  showRecord(record);
  await analyse({});
}

/** @param {{acceptAmplitude?: boolean}} options */
async function analyse(options) {
  say("Analysing …", { cancel: true });
  try {
    state.analysis = await client.ask("analyse", options);
  } catch (error) {
    if (error instanceof CoreError && error.code === "UNITS") element("accept").hidden = false;
    throw error;
  }
  const best = state.analysis.labels.reduce((a, b) => (b.probability > a.probability ? b : a));
  state.label = state.analysis.labels.indexOf(best);
  state.window = best.window;
  showAnalysis(state.analysis);
  say(`Analysed on this device in ${Math.round(state.analysis.milliseconds)} ms.`);
}

async function openSample() {
  await guarded(async () => {
    say("Fetching the sample record …");
    const names = [`${SAMPLE}.hea`, `${SAMPLE}.dat`];
    const bytes = await Promise.all(names.map((name) => fetchBytes(`samples/${name}`)));
    await openFiles(names.map((name, i) => new File([bytes[i]], name)));
  });
}

function cancel() {
  client.cancel();
  started = start();
  started.catch(report);
}

/* ---- saying what goes on ---- */

/** @param {string} text @param {{cancel?: boolean, problem?: boolean}} [options] */
function say(text, { cancel: cancellable = false, problem = false } = {}) {
  element("status-text").textContent = text;
  element("status").classList.toggle("problem", problem);
  element("cancel").hidden = !cancellable;
  element("accept").hidden = true;
}

/** @param {() => Promise<void>} work */
async function guarded(work) {
  try {
    await work();
  } catch (error) {
    report(error);
  }
}

/** @param {unknown} error */
function report(error) {
  const accept = !element("accept").hidden;
  if (error instanceof CancelledError) say("Cancelled.");
  else say(error instanceof Error ? error.message : String(error), { problem: true });
  element("accept").hidden = !accept;
}

/* ---- showing ---- */

/** @param {EcgRecord} record */
function showRecord(record) {
  const facts = [`${(record.samples / record.rate).toFixed(1)} s at ${record.rate} Hz`];
  facts.push(`${record.leads.length} leads`);
  if (record.age !== null) facts.push(`age ${record.age}`);
  if (record.sex) facts.push(record.sex === "F" ? "female" : "male");
  element("record-name").textContent = record.name;
  element("record-facts").textContent = facts.join(" · ");
  element("result").hidden = false;
  element("labels").replaceChildren();
  element("evidence").replaceChildren();
  showNotices();
  draw();
}

/** @param {Analysis} analysis */
function showAnalysis(analysis) {
  const rows = analysis.labels.map((label, i) => labelRow(label.name, label.probability, i));
  element("labels").replaceChildren(...rows);
  showNotices();
  showWindow();
}

/** @param {string} name @param {number} probability @param {number} index */
function labelRow(name, probability, index) {
  const row = make("label", { className: "label" });
  const input = make("input", { type: "radio", name: "label", checked: index === state.label });
  input.addEventListener("change", () => {
    state.label = index;
    state.window = state.analysis?.labels[index].window ?? 0;
    showWindow();
  });
  const longName = state.model?.labels[index].longName || name;
  const output = make("output", { textContent: probability.toFixed(4) });
  Object.assign(output.dataset, { label: name, probability: String(probability) });
  row.append(input, make("span", { textContent: longName, title: name }));
  row.append(make("meter", { min: 0, max: 1, value: probability, ariaHidden: "true" }), output);
  return row;
}

function showWindow() {
  const { analysis, window: w } = state;
  if (!analysis) return;
  element("windows").hidden = analysis.windows.length < 2;
  element("window-text").textContent = `window ${w + 1} of ${analysis.windows.length}`;
  element("previous").disabled = w === 0;
  element("next").disabled = w === analysis.windows.length - 1;
  showEvidence(analysis);
  draw();
}

/** The map in words. @param {Analysis} analysis */
function showEvidence(analysis) {
  const label = analysis.labels[state.label];
  const name = state.model?.labels[state.label].longName || label.name;
  const map = label.maps[state.window];
  if (!map) return;
  const offset = analysis.windows[state.window].start;
  const items = map.intervals.map(({ start, end, peak }) =>
    make("li", {
      textContent: `${(offset + start).toFixed(2)}–${(offset + end).toFixed(2)} s (peak ${peak.toFixed(2)})`,
    }),
  );
  const text = map.positive
    ? `Strongest stretches for “${name}”, layer ${state.model?.layer}:`
    : `No positive evidence for “${name}” at this layer (${state.model?.layer}).`;
  const list = make("ul", {});
  list.append(...items);
  element("evidence").replaceChildren(make("p", { textContent: text }), list);
}

function showNotices() {
  const notices = [...(state.record?.notices ?? []), ...(state.analysis?.notices ?? [])];
  const items = notices.map((n) => make("li", { textContent: n.text }));
  if (items.length === 0) items.push(make("li", { textContent: "none" }));
  element("notices").replaceChildren(...items);
}

function draw() {
  const { record, model, analysis, window: w, label, layout } = state;
  if (!record) return;
  const seconds = model ? model.length / model.rate : PAGE_SECONDS;
  const start = analysis?.windows[w].start ?? 0;
  drawPage(element("ecg"), { record, start, seconds, layout, heat: heatOf(analysis, w, label) });
}

/** @param {Analysis | null} analysis @param {number} w @param {number} label */
function heatOf(analysis, w, label) {
  if (!analysis?.mapLength) return null;
  const n = analysis.mapLength;
  return { values: analysis.maps[w].subarray(label * n, (label + 1) * n), step: analysis.step };
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, unknown>} properties
 */
function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

/* ---- events ---- */

element("picker").addEventListener("change", (/** @type {any} */ event) =>
  openFiles([...event.target.files]),
);
element("sample").addEventListener("click", openSample);
element("cancel").addEventListener("click", cancel);
element("accept").addEventListener("click", () => guarded(() => analyse({ acceptAmplitude: true })));
element("records").addEventListener("change", (/** @type {any} */ event) =>
  guarded(() => openGroup(state.groups[event.target.selectedIndex])),
);
for (const [id, step] of /** @type {[string, number][]} */ ([["previous", -1], ["next", 1]]))
  element(id).addEventListener("click", () => {
    state.window += step;
    showWindow();
  });
for (const input of document.querySelectorAll("input[name=layout]"))
  input.addEventListener("change", (/** @type {any} */ event) => {
    state.layout = event.target.value;
    draw();
  });
window.addEventListener("resize", () => requestAnimationFrame(draw));

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  element("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) element("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  element("drop").classList.remove("over");
  openFiles([...(event.dataTransfer?.files ?? [])]);
});

drawLegend(element("legend"));
guarded(async () => {
  await started;
  if (!state.record) say("Ready. Nothing you open leaves this device.");
});

/** Owns the core; the page talks to it through client.js. One request at a time, in order. */

import { CoreError, drawPicture, startCore } from "./core.js";
import { hash } from "./digest.js";
import { explainReport, predictReport } from "./report.js";

/**
 * @typedef {import("./core.js").ModelInfo & {sha256: string | null}} Model
 * @typedef {{name: string, bytes: ArrayBuffer}} NamedFile
 * @typedef {{start: {files: import("./core.js").CoreFiles},
 *   model: {bytes: ArrayBuffer, layer?: string},
 *   layer: {layer: string},
 *   record: {name: string, files: NamedFile[], samples?: boolean},
 *   facts: {name: string, files: NamedFile[]},
 *   filter: import("./core.js").DisplayFilter,
 *   draw: {request: import("./core.js").DrawRequest, values: Float32Array | null},
 *   picture: {module: ArrayBuffer, list: import("./core.js").DisplayList, dpi: number},
 *   attribute: {method: import("./core.js").Method, window: number, label: number},
 *   analyse: {acceptAmplitude?: boolean, acceptMissingLeads?: boolean, maps?: boolean}}} Requests  maps false: only the report of
 *   probabilities is wanted
 * @typedef {{start: import("./core.js").About, model: Model, layer: Model,
 *   record: import("./core.js").EcgRecord, facts: import("./core.js").RecordInfo,
 *   filter: {mv: Float32Array[]}, draw: import("./core.js").DisplayList, picture: {png: Uint8Array},
 *   attribute: import("./core.js").Evidence,
 *   analyse: import("./core.js").Analysis & {report: any,
 *   memoryBytes: number}}} Answers  report: the tool's JSON object
 */

/** @type {import("./core.js").Core | null} */
let core = null;
/** @type {import("./core.js").Core | null} a session beside it, so that looking into other records
 * leaves the open one */
let aside = null;
/** @type {string | null} of the model's file */
let sha256 = null;
/** @type {Model | null} */
let model = null;
/** @type {import("./core.js").EcgRecord | null} without its samples */
let opened = null;

function running() {
  if (!core) throw new Error("the worker got a request before it was started");
  return core;
}

/** @param {import("./core.js").Core} c @param {string} name @param {NamedFile[]} files */
function read(c, name, files) {
  c.forgetFiles();
  for (const file of files) c.addFile(file.name, new Uint8Array(file.bytes));
  try {
    return c.openRecord(name);
  } finally {
    c.forgetFiles();
  }
}

const handlers = {
  /** @param {Requests["start"]} request */
  async start({ files }) {
    core = await startCore(files);
    return core.about();
  },

  /** @param {Requests["model"]} request */
  async model({ bytes, layer }) {
    model = null;
    sha256 = await hash(bytes);
    model = { ...running().loadModel(new Uint8Array(bytes), layer), sha256 };
    return model;
  },

  /** @param {Requests["layer"]} request */
  layer({ layer }) {
    model = { ...running().chooseLayer(layer), sha256 };
    return model;
  },

  /** @param {Requests["record"]} request */
  record({ name, files, samples = true }) {
    const record = read(running(), name, files);
    opened = { ...record, mv: [] };
    return samples ? record : opened;
  },

  /** @param {Requests["facts"]} request */
  facts({ name, files }) {
    aside ??= running().another();
    const { mv: _, ...info } = read(aside, name, files);
    return info;
  },

  /** @param {Requests["draw"]} request */
  draw({ request, values }) {
    return running().draw(request, values);
  },

  /** @param {Requests["picture"]} request */
  async picture({ module, list, dpi }) {
    return { png: await drawPicture(module, list, dpi) };
  },

  /** @param {Requests["filter"]} request */
  filter(request) {
    if (!opened) throw new Error("no record is open");
    return { mv: running().filter(request, opened) };
  },

  /** @param {Requests["attribute"]} request */
  attribute({ method, window, label }) {
    return running().attribute(method, window, label);
  },

  /** @param {Requests["analyse"]} request */
  analyse({ acceptAmplitude, acceptMissingLeads, maps = true }) {
    const analysis = running().analyse({ acceptAmplitude, acceptMissingLeads });
    if (!opened || !model) throw new Error("an analysis without a record or a model");
    const report = maps ? explainReport : predictReport;
    return {
      ...analysis,
      maps: maps ? analysis.maps : [],
      memoryBytes: running().memoryBytes,
      report: report(opened.name, model, opened, analysis),
    };
  },
};

/** Buffers of an answer, to be handed over rather than copied. @param {any} answer */
function buffers(answer) {
  const { mv, probabilities, logits, maps, values, ops, points, colors, text, png } = answer;
  return [mv, probabilities, logits, maps, values, [ops, points, colors, text, png]]
    .flatMap((arrays) => arrays ?? [])
    .filter((array) => ArrayBuffer.isView(array))
    .map((array) => array.buffer);
}

/** Requests are answered in the order they came in, also when one of them has to wait. */
let queue = Promise.resolve();

/** @param {{id: number, kind: keyof Requests, request: any}} message */
async function serve({ id, kind, request }) {
  try {
    if (core) core.hooks.progress = (done, total) => self.postMessage({ id, progress: { done, total } });
    const answer = await handlers[kind](request);
    self.postMessage({ id, answer }, { transfer: buffers(answer) });
  } catch (error) {
    const code = error instanceof CoreError ? error.code : "INTERNAL";
    const text = error instanceof Error ? error.message : String(error);
    self.postMessage({ id, error: { code, text } });
  }
}

/** @param {MessageEvent} event */
self.onmessage = ({ data }) => {
  queue = queue.then(() => serve(data));
};

/** Owns the core; the page talks to it through client.js. One request at a time, in order. */

import { CoreError, startCore } from "./core.js";
import { explainReport, predictReport } from "./report.js";

/**
 * @typedef {import("./core.js").ModelInfo & {sha256: string | null}} Model
 * @typedef {{name: string, bytes: ArrayBuffer}} NamedFile
 * @typedef {{start: {files: import("./core.js").CoreFiles},
 *   model: {bytes: ArrayBuffer, layer?: string},
 *   layer: {layer: string},
 *   record: {name: string, files: NamedFile[], samples?: boolean},
 *   filter: import("./core.js").DisplayFilter,
 *   analyse: {acceptAmplitude?: boolean, maps?: boolean}}} Requests  maps false: only the report of
 *   probabilities is wanted
 * @typedef {{start: import("./core.js").About, model: Model, layer: Model,
 *   record: import("./core.js").EcgRecord, filter: {mv: Float32Array[]},
 *   analyse: import("./core.js").Analysis & {report: any,
 *   memoryBytes: number}}} Answers  report: the tool's JSON object
 */

/** @type {import("./core.js").Core | null} */
let core = null;
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

/** Null where the page was not loaded in a way that the browser trusts with hashing.
 * @param {ArrayBuffer} bytes @returns {Promise<string | null>} */
async function hash(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
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
    const c = running();
    c.forgetFiles();
    for (const file of files) c.addFile(file.name, new Uint8Array(file.bytes));
    try {
      const record = c.openRecord(name);
      opened = { ...record, mv: [] };
      return samples ? record : opened;
    } finally {
      c.forgetFiles();
    }
  },

  /** @param {Requests["filter"]} request */
  filter(request) {
    if (!opened) throw new Error("no record is open");
    return { mv: running().filter(request, opened) };
  },

  /** @param {Requests["analyse"]} request */
  analyse({ acceptAmplitude, maps = true }) {
    const analysis = running().analyse({ acceptAmplitude });
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
  return [answer.mv, answer.probabilities, answer.logits, answer.maps]
    .flatMap((arrays) => arrays ?? [])
    .map((array) => array.buffer);
}

/** Requests are answered in the order they came in, also when one of them has to wait. */
let queue = Promise.resolve();

/** @param {{id: number, kind: keyof Requests, request: any}} message */
async function serve({ id, kind, request }) {
  try {
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

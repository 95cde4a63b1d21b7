/** Owns the core; the page talks to it through client.js. One request at a time, in order. */

import { CoreError, drawPicture, startCore } from "./core.js";
import { hash } from "./digest.js";
import { messageOf } from "./words.js";

/**
 * A record is opened together with what is asked of it, or by a ticket that later requests show:
 * between two messages another record may come in.
 * @typedef {import("./core.js").ModelInfo & {sha256: string | null}} Model
 * @typedef {{name: string, bytes: ArrayBuffer}} NamedFile
 * @typedef {{name: string, files: NamedFile[]}} RecordFiles
 * @typedef {{acceptAmplitude?: boolean, acceptMissingLeads?: boolean}} Options
 * @typedef {{start: {files: import("./core.js").CoreFiles},
 *   model: {bytes: ArrayBuffer, layer?: string},
 *   layer: {layer: string},
 *   record: RecordFiles & {ticket: number},
 *   facts: RecordFiles,
 *   filter: {ticket: number, filter: import("./core.js").DisplayFilter},
 *   draw: {ticket: number, request: import("./core.js").DrawRequest, values: Float32Array | null},
 *   picture: {module: ArrayBuffer, list: import("./core.js").DisplayList, dpi: number},
 *   analyse: RecordFiles & {options: Options, maps: boolean},
 *   attribute: RecordFiles & {options: Options, method: import("./core.js").Method, window: number,
 *   label: number}}} Requests
 * @typedef {{start: import("./core.js").About, model: Model, layer: Model,
 *   record: import("./core.js").EcgRecord, facts: import("./core.js").RecordInfo,
 *   filter: {mv: Float32Array[]}, draw: import("./core.js").DisplayList, picture: {png: Uint8Array},
 *   analyse: import("./core.js").Analysis & {record: import("./core.js").RecordInfo, memoryBytes: number},
 *   attribute: import("./core.js").Evidence}} Answers
 */

/** @type {import("./core.js").Core | null} */
let core = null;
/** @type {import("./core.js").Core | null} a session beside it, so that looking into other records
 * leaves the open one */
let aside = null;
/** @type {string | null} of the model's file */
let sha256 = null;
/** @type {{ticket: number, record: import("./core.js").RecordInfo} | null} the one to draw */
let opened = null;

function running() {
  if (!core) throw new Error("the worker got a request before it was started");
  return core;
}

/** @param {number} ticket */
function openedAs(ticket) {
  if (opened?.ticket !== ticket) throw new CoreError("STALE", "Another recording is open by now.");
  return opened.record;
}

/** @param {import("./core.js").Core} c @param {RecordFiles} request */
function read(c, { name, files }) {
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
    sha256 = await hash(bytes);
    return { ...running().loadModel(new Uint8Array(bytes), layer), sha256 };
  },

  /** @param {Requests["layer"]} request */
  layer({ layer }) {
    return { ...running().chooseLayer(layer), sha256 };
  },

  /** @param {Requests["record"]} request */
  record(request) {
    opened = null;
    const { mv, ...record } = read(running(), request);
    opened = { ticket: request.ticket, record };
    return { ...record, mv };
  },

  /** @param {Requests["facts"]} request */
  facts(request) {
    aside ??= running().another();
    const { mv: _, ...info } = read(aside, request);
    return info;
  },

  /** @param {Requests["draw"]} request */
  draw({ ticket, request, values }) {
    openedAs(ticket);
    return running().draw(request, values);
  },

  /** @param {Requests["picture"]} request */
  async picture({ module, list, dpi }) {
    return { png: await drawPicture(module, list, dpi) };
  },

  /** @param {Requests["filter"]} request */
  filter({ ticket, filter }) {
    const record = openedAs(ticket);
    return { mv: running().filter(filter, record) };
  },

  /** @param {Requests["analyse"]} request */
  analyse({ options, maps, ...files }) {
    const { mv: _, ...record } = read(running(), files);
    const analysis = running().analyse({ ...options, withMaps: maps });
    return { ...analysis, record, memoryBytes: running().memoryBytes };
  },

  /** The analysis is made anew, for evidence belongs to one. @param {Requests["attribute"]} request */
  attribute({ options, method, window, label, ...files }) {
    read(running(), files);
    running().analyse({ ...options, withMaps: false });
    return running().attribute(method, window, label);
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
    self.postMessage({ id, error: { code, text: messageOf(error) } });
  }
}

/** @param {MessageEvent} event */
self.onmessage = ({ data }) => {
  queue = queue.then(() => serve(data));
};

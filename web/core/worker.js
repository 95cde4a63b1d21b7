/** Owns the core; the page talks to it through client.js. One request at a time, in order. */

import { CoreError, startCore, startPictures } from "./core.js";
import { startReaders } from "./readers.js";

/**
 * A record is opened together with what is asked of it, or by a ticket that later requests show:
 * between two messages another record may come in.
 * @typedef {import("./core.js").ModelInfo} Model
 * @typedef {{name: string, bytes: ArrayBuffer}} NamedFile
 * @typedef {{name: string, files: NamedFile[], reading?: import("./readers.js").ReadOptions}} RecordFiles
 * @typedef {{acceptAmplitude?: boolean, acceptMissingLeads?: boolean, acceptChecksums?: boolean}} Options
 * @typedef {{start: {files: import("./core.js").CoreFiles},
 *   readers: {module: ArrayBuffer},
 *   model: {bytes: ArrayBuffer, layer?: string, point?: import("./core.js").OperatingPoint},
 *   layer: {layer: string},
 *   point: {point: import("./core.js").OperatingPoint},
 *   record: RecordFiles & {ticket: number},
 *   facts: RecordFiles,
 *   measure: RecordFiles,
 *   measureTexts: RecordFiles & {as: string},
 *   list: {files: import("./readers.js").ListedFile[]},
 *   write: RecordFiles & {how: {to: string, as: string, identity?: boolean, stated?: boolean}},
 *   filter: {ticket: number, filter: import("./core.js").DisplayFilter},
 *   draw: {ticket: number, request: import("./core.js").DrawRequest | import("./core.js").BeatRequest, values: Float32Array | null},
 *   picture: {module: ArrayBuffer, list: import("./core.js").DisplayList, dpi: number},
 *   analyse: RecordFiles & {options: Options, maps: boolean},
 *   attribute: RecordFiles & {options: Options, method: import("./core.js").Method, window: number,
 *   label: number}}} Requests
 * @typedef {{start: import("./core.js").About, readers: null, model: Model, layer: Model, point: Model,
 *   record: import("./core.js").EcgRecord, facts: import("./core.js").RecordInfo,
 *   measure: import("./readers.js").Finding, measureTexts: {json: string, csv: string},
 *   list: import("./readers.js").Listing, write: import("./readers.js").Written,
 *   filter: {mv: Float32Array[]}, draw: import("./core.js").DisplayList, picture: {png: Uint8Array},
 *   analyse: import("./core.js").Analysis & {record: import("./core.js").RecordInfo, memoryBytes: number},
 *   attribute: import("./core.js").Evidence}} Answers
 */

/** @type {import("./core.js").Core | null} */
let core = null;
/** @type {import("./core.js").Core | null} a session beside it, so that looking into other records
 * leaves the open one */
let aside = null;
/** @type {{ticket: number, record: import("./core.js").RecordInfo} | null} the one to draw */
let opened = null;
/** @type {Promise<import("./readers.js").Readers> | null} what reads files */
let readers = null;

function running() {
  if (!core) throw new Error("the worker got a request before it was started");
  return core;
}

/** @param {number} ticket */
function openedAs(ticket) {
  if (opened?.ticket !== ticket) throw new CoreError("STALE", "Another recording is open by now.");
  return opened.record;
}

function reading() {
  if (!readers) throw new Error("the worker got files before it was told how to read them");
  return readers;
}

/** @param {NamedFile[]} files */
const handed = (files) => files.map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) }));

/** From one module's memory to the other's. @param {import("./core.js").Core} c @param {RecordFiles} request */
async function read(c, { name, files, reading: options }) {
  return (await reading()).read(name, handed(files), (bytes) => c.takeRecord(name, bytes), options);
}

const handlers = {
  /** @param {Requests["start"]} request */
  async start({ files }) {
    core = await startCore(files);
    return core.about();
  },

  /** What is wrong with it is told when files come. @param {Requests["readers"]} request */
  readers({ module }) {
    readers = startReaders(module);
    readers.catch(() => {});
    return null;
  },

  /** @param {Requests["model"]} request */
  model({ bytes, layer, point }) {
    const model = running().loadModel(new Uint8Array(bytes), layer);
    return point && point !== model.operating_point ? running().operateAt(point) : model;
  },

  /** @param {Requests["layer"]} request */
  layer({ layer }) {
    return running().chooseLayer(layer);
  },

  /** @param {Requests["point"]} request */
  point({ point }) {
    return running().operateAt(point);
  },

  /** @param {Requests["record"]} request */
  async record(request) {
    opened = null;
    const record = await read(running(), request);
    opened = { ticket: request.ticket, record };
    return { ...record, mv: running().samplesOf(record) };
  },

  /** @param {Requests["facts"]} request */
  facts(request) {
    aside ??= running().another();
    return read(aside, request);
  },

  /** Needs no core. Beats come as numbers: as a document those of a day take long to hand over.
   * @param {Requests["measure"]} request */
  async measure({ name, files, reading: options }) {
    return (await reading()).find(name, handed(files), options);
  },

  /** @param {Requests["measureTexts"]} request */
  async measureTexts({ name, files, as, reading: options }) {
    return (await reading()).measureTexts(name, handed(files), as, options);
  },

  /** @param {Requests["list"]} request */
  async list({ files }) {
    return (await reading()).list(files);
  },

  /** @param {Requests["write"]} request */
  async write({ name, files, reading: options, how }) {
    return (await reading()).write(name, handed(files), how, options);
  },

  /** @param {Requests["draw"]} request */
  draw({ ticket, request, values }) {
    openedAs(ticket);
    return running().draw(request, values);
  },

  /** @param {Requests["picture"]} request */
  async picture({ module, list, dpi }) {
    // Each picture has an instance of its own: a memory that has grown for one never shrinks.
    return { png: (await startPictures(module)).png(list, dpi) };
  },

  /** @param {Requests["filter"]} request */
  filter({ ticket, filter }) {
    const record = openedAs(ticket);
    return { mv: running().filter(filter, record) };
  },

  /** @param {Requests["analyse"]} request */
  async analyse({ options, maps, ...files }) {
    const record = await read(running(), files);
    const analysis = running().analyse({ ...options, withMaps: maps });
    return { ...analysis, record, memoryBytes: running().memoryBytes };
  },

  /** The analysis is made anew, for evidence belongs to one. @param {Requests["attribute"]} request */
  async attribute({ options, method, window, label, ...files }) {
    await read(running(), files);
    running().analyse({ ...options, withMaps: false });
    return running().attribute(method, window, label);
  },
};

/** Buffers of an answer, to be handed over rather than copied. @param {any} answer */
function buffers(answer) {
  const { mv, maps, values, ops, points, colors, text, png, files, marks, beat } = answer ?? {};
  const single = [ops, points, colors, text, png, marks, beat?.mv];
  return [mv, maps, values, files?.map((/** @type {any} */ file) => file.bytes), single]
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
    const { code, table } = error instanceof CoreError ? error : { code: "INTERNAL", table: null };
    self.postMessage({ id, error: { code, text: error instanceof Error ? error.message : String(error), table } });
  }
}

/** @param {MessageEvent} event */
self.onmessage = ({ data }) => {
  queue = queue.then(() => serve(data));
};

// The ES module: a record's files and a model in, the native tool's JSON out, in browsers, workers and
// Node. See index.d.ts for the types and README.md for examples.

import { CoreError, startCore, startFastest } from "./core.js";
import { startReaders } from "./readers.js";
import { measuredPart, withMeasured, withValues } from "./report.js";

export { CoreError } from "./core.js";
export { DISCLAIMER, FORMATS } from "./core_constants.js";

/** A file that lies beside this one. @param {string} name @returns {Promise<ArrayBuffer>} */
async function beside(name) {
  const url = new URL(name, import.meta.url);
  if (url.protocol === "file:") {
    const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");
    return new Uint8Array(await readFile(url)).buffer;
  }
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`${url} cannot be loaded (${response.status}). Keep the files of this module together.`);
  return response.arrayBuffer();
}

/** The model that comes with this module. @returns {Promise<Uint8Array>} a safetensors file */
export async function defaultModel() {
  return new Uint8Array(await beside("model.safetensors"));
}

/** Starts a core of its own: one record and one model at a time. @param {object} [files] modules */
export async function open(files) {
  const readers = async () => startReaders(files?.readers ?? (await beside("readers.wasm")));
  return new Xplaim(await (files ? startCore(files) : startFastest(beside, startCore)), readers);
}

let shared = null;

/**
 * The shortest way: a core that is started at the first call and kept.
 * @param {object} files @param {Uint8Array | ArrayBuffer} [model] @param {object} [options]
 */
export async function analyse(files, model, options) {
  shared ??= open();
  shared.catch(() => (shared = null));
  return (await shared).analyse(files, model, options);
}

async function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (typeof value?.arrayBuffer === "function") return new Uint8Array(await value.arrayBuffer());
  throw new TypeError(`Bytes must be a Uint8Array, an ArrayBuffer, a Blob or a File; got ${typeof value}.`);
}

/** Pairs of a name and bytes, of a list of Files or an object from name to bytes. */
async function named(files) {
  const pairs = Array.isArray(files) ? files.map((file) => [file.name, file]) : Object.entries(files);
  return Promise.all(pairs.map(async ([name, value]) => [name, await bytesOf(value)]));
}

/** The record among the files, and what it calls those that it needs.
 * @returns {Promise<{name: string, files: {name: string, bytes: Uint8Array}[]}>} */
async function chooseRecord(readers, pairs, wanted) {
  const listed = pairs.map(([path, bytes]) => ({ path, size: bytes.length, start: bytes }));
  const { records, help } = await readers.list(listed);
  const found = wanted === undefined ? records : records.filter(({ name }) => name === wanted);
  if (found.length === 1 && !found[0].problem)
    return { name: found[0].name, files: found[0].files.map(({ index, name }) => ({ name, bytes: pairs[index][1] })) };
  if (found.length === 1) throw new CoreError("USAGE", found[0].problem);
  const names = records.map(({ name }) => name).join(", ");
  const which = wanted === undefined ? "Say which with the option record" : `There is no ${wanted} among them`;
  throw new CoreError(
    "USAGE",
    records.length ? `The records of these files are ${names}. ${which}.` : `${help} There is none among these files.`,
  );
}

export class Xplaim {
  /** Use open(). */
  constructor(core, loadReaders) {
    this.core = core;
    /** What reads files: had when there are some. */
    this.loadReaders = loadReaders;
    this.readers = null;
    /** Calls wait for each other: a core holds one model and one record. */
    this.last = Promise.resolve();
    /** What is analysed with where a call does not say: the last model that could be loaded, and the
     * layer that loadModel was given for it. */
    this.source = null;
    this.layer = "";
    /** What the core holds: a source, a layer, and the model that they make.
     * @type {{source: any, layer: string, model: any} | null} */
    this.loaded = null;
  }

  about() {
    return this.core.about();
  }

  /** After the calls before it, whether they went well or not. */
  queued(work) {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }

  /** @param {Uint8Array | ArrayBuffer | Blob} bytes @param {string} [layer] */
  loadModel(bytes, layer = "") {
    return this.queued(async () => {
      const model = await this.load(bytes, layer);
      Object.assign(this, { source: bytes, layer });
      return model;
    });
  }

  analyse(files, model, options = {}) {
    return this.queued(() => this.analyseNow(files, model, options));
  }

  measure(files, options = {}) {
    return this.queued(() => this.measureNow(files, options));
  }

  /** @param {any} files @param {{record?: string, beats?: boolean}} options */
  async measureNow(files, { record, beats = true }) {
    const pairs = await named(files);
    this.readers ??= await this.loadReaders();
    const { name, files: needed } = await chooseRecord(this.readers, pairs, record);
    return this.readers.measure(name, needed, { beats });
  }

  /** The core loses the model before even where the next one cannot be loaded. */
  async load(source, layer) {
    const { loaded } = this;
    if (loaded && loaded.source === source && loaded.layer === layer) return loaded.model;
    const bytes = await bytesOf(source);
    this.loaded = null;
    const model = this.core.loadModel(bytes, layer);
    this.loaded = { source, layer, model };
    return model;
  }

  /** @param {any} files @param {any} model @param {{record?: string, layer?: string, acceptAmplitude?: boolean,
   *   acceptMissingLeads?: boolean, acceptChecksums?: boolean, values?: boolean,
   *   measure?: boolean}} options */
  async analyseNow(
    files,
    model,
    {
      record,
      layer,
      acceptAmplitude = false,
      acceptMissingLeads = false,
      acceptChecksums = false,
      values = true,
      measure = true,
    },
  ) {
    const wanted = model ?? this.source ?? (await defaultModel());
    const usual = wanted === this.source ? this.layer : "";
    await this.load(wanted, layer ?? usual);
    Object.assign(this, { source: wanted, layer: usual });
    const pairs = await named(files);
    this.readers ??= await this.loadReaders();
    const { name, files: needed } = await chooseRecord(this.readers, pairs, record);
    await this.readers.read(name, needed, (bytes) => this.core.takeRecord(name, bytes));
    const analysis = this.core.analyse({ acceptAmplitude, acceptMissingLeads, acceptChecksums });
    const measured = measure ? await this.measuredOf(name, needed, acceptChecksums) : null;
    return withMeasured(values ? withValues(analysis) : analysis.report, measured);
  }

  /** What is measured, or why nothing is. @returns {Promise<import("./documents.js").Explanation["measured"]>} */
  async measuredOf(name, files, acceptChecksums) {
    try {
      return measuredPart(await this.readers.measure(name, files, { beats: false, acceptChecksums }));
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return { error: { code: /** @type {any} */ (error.code), text: error.message } };
    }
  }
}

// The ES module: WFDB files and a model in, the native tool's JSON out, in browsers, workers and
// Node. See index.d.ts for the types and README.md for examples.

import { CoreError, readCoreFiles, startCore } from "./core.js";
import { hash } from "./digest.js";
import { explainReport } from "./report.js";

export { CoreError } from "./core.js";
export { DISCLAIMER } from "./report.js";

/** A file that lies beside this one. @param {string} name @returns {Promise<ArrayBuffer>} */
async function beside(name) {
  const url = new URL(name, import.meta.url);
  if (url.protocol === "file:") {
    const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");
    return new Uint8Array(await readFile(url)).buffer;
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} cannot be loaded (${response.status}). Keep the files of this module together.`);
  return response.arrayBuffer();
}

/** The model that comes with this module. @returns {Promise<Uint8Array>} a safetensors file */
export async function defaultModel() {
  return new Uint8Array(await beside("model.safetensors"));
}

/** Starts a core of its own: one record and one model at a time. @param {object} [files] modules */
export async function open(files) {
  return new Xplaim(await startCore(files ?? (await readCoreFiles(beside))));
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

/** Of this module's own, since Node 18 has it as a module only. @param {Uint8Array} bytes */
async function sha256(bytes) {
  if (globalThis.crypto?.subtle || typeof process === "undefined" || !process.versions?.node) return hash(bytes);
  const { webcrypto } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:crypto");
  return hash(bytes, webcrypto.subtle);
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

function recordName(pairs, wanted) {
  if (wanted) return wanted;
  const headers = pairs.map(([name]) => name).filter((name) => /\.hea$/i.test(name));
  if (headers.length === 1) return headers[0].slice(0, -4);
  const found = headers.length ? `got ${headers.join(", ")}. Say which with the option record` : "got no .hea file";
  throw new CoreError("USAGE", `A record is one .hea file and its signal files; ${found}.`);
}

function withoutValues(report) {
  const labels = (window) => window.labels.map((label) => ({ ...label, values: [] }));
  const windows = report.map.windows.map((window) => ({ ...window, labels: labels(window) }));
  return { ...report, map: { ...report.map, windows } };
}

export class Xplaim {
  /** Use open(). */
  constructor(core) {
    this.core = core;
    /** Calls wait for each other: a core holds one model and one record. */
    this.last = Promise.resolve();
    /** What is analysed with where a call does not say: the last model that could be loaded, and the
     * layer that loadModel was given for it. */
    this.source = null;
    this.layer = "";
    /** What the core holds: a source, a layer, and the model that they make. */
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

  /** The core loses the model before even where the next one cannot be loaded. */
  async load(source, layer) {
    if (this.loaded?.source === source && this.loaded.layer === layer) return this.loaded.model;
    const bytes = await bytesOf(source);
    const sha = await sha256(bytes);
    this.loaded = null;
    const model = { ...this.core.loadModel(bytes, layer), sha256: sha };
    this.loaded = { source, layer, model };
    return model;
  }

  async analyseNow(files, model, { record, layer, acceptAmplitude = false, acceptMissingLeads = false, values = true }) {
    const wanted = model ?? this.source ?? (await defaultModel());
    const usual = wanted === this.source ? this.layer : "";
    const loaded = await this.load(wanted, layer ?? usual);
    Object.assign(this, { source: wanted, layer: usual });
    const pairs = await named(files);
    const name = recordName(pairs, record);
    try {
      this.core.forgetFiles();
      for (const [file, bytes] of pairs) this.core.addFile(file.replace(/\.hea$/i, ".hea"), bytes);
      const opened = this.core.openRecord(name);
      const analysis = this.core.analyse({ acceptAmplitude, acceptMissingLeads });
      const report = explainReport(name, loaded, opened, analysis);
      return values ? report : withoutValues(report);
    } finally {
      this.core.forgetFiles();
    }
  }
}

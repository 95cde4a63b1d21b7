// The ES module: WFDB files and a model in, the native tool's JSON out, in browsers, workers and
// Node. See index.d.ts for the types and README.md for examples.

import { CoreError, startCore } from "./core.js";
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
  if (!response.ok) throw new Error(`${url} cannot be loaded (${response.status})`);
  return response.arrayBuffer();
}

async function coreFiles() {
  const kinds = JSON.parse(new TextDecoder().decode(await beside("modules.json")));
  const files = await Promise.all(kinds.map((kind) => beside(`xplaim-${kind}.wasm`)));
  return Object.fromEntries(kinds.map((kind, i) => [kind, files[i]]));
}

/** The model that comes with this module. @returns {Promise<Uint8Array>} a safetensors file */
export async function defaultModel() {
  return new Uint8Array(await beside("model.safetensors"));
}

/** Starts a core of its own: one record and one model at a time. @param {object} [files] modules */
export async function open(files) {
  return new Xplaim(await startCore(files ?? (await coreFiles())));
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

/** Node 18 has it as a module only; a browser not on pages that it does not trust. */
async function hasher() {
  if (globalThis.crypto?.subtle) return globalThis.crypto.subtle;
  if (typeof process === "undefined" || !process.versions?.node) return null;
  const { webcrypto } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:crypto");
  return webcrypto.subtle;
}

async function sha256(bytes) {
  const subtle = await hasher();
  if (!subtle) return null;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (typeof value?.arrayBuffer === "function") return new Uint8Array(await value.arrayBuffer());
  throw new TypeError("bytes must be a Uint8Array, an ArrayBuffer, a Blob or a File");
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
  const found = headers.length ? `got ${headers.join(", ")}` : "got none";
  throw new CoreError("USAGE", `a record is one .hea file and its signal files; ${found}. Say which: {record}`);
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
    this.model = null;
    /** Calls wait for each other: a core holds one record. */
    this.last = Promise.resolve();
    this.source = null;
    this.layer = "";
  }

  about() {
    return this.core.about();
  }

  /** @param {Uint8Array | ArrayBuffer | Blob} bytes @param {string} [layer] */
  async loadModel(bytes, layer = "") {
    const data = await bytesOf(bytes);
    const hash = await sha256(data);
    this.model = { ...this.core.loadModel(data, layer), sha256: hash };
    this.source = bytes;
    this.layer = layer;
    return this.model;
  }

  analyse(files, model, options = {}) {
    const done = this.last.then(() => this.analyseNow(files, model, options));
    this.last = done.catch(() => undefined);
    return done;
  }

  async analyseNow(files, model, { record, layer = "", acceptAmplitude = false, acceptMissingLeads = false, values = true }) {
    const wanted = model ?? this.source ?? (await defaultModel());
    if (wanted !== this.source || layer !== this.layer) await this.loadModel(wanted, layer);
    const pairs = await named(files);
    const name = recordName(pairs, record);
    try {
      this.core.forgetFiles();
      for (const [file, bytes] of pairs) this.core.addFile(file.replace(/\.hea$/i, ".hea"), bytes);
      const opened = this.core.openRecord(name);
      const analysis = this.core.analyse({ acceptAmplitude, acceptMissingLeads });
      const report = explainReport(name, this.model, opened, analysis);
      return values ? report : withoutValues(report);
    } finally {
      this.core.forgetFiles();
    }
  }
}

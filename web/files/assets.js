/**
 * What the page is made of besides its scripts: modules, model, style, samples. They lie beside the
 * scripts, also in the single file, whose build puts its own `fetch` and `Worker` in place.
 */

import { SpokenError } from "../words/language.js";

/** Of a file of the page. @param {string} name  its path in the page's folder */
export const addressOf = (name) => new URL(`../${name}`, import.meta.url);

/**
 * @param {string} name  as addressOf has it
 * @param {(part: number) => void} [progress]  0 to 1, where the size is known
 * @returns {Promise<ArrayBuffer>}
 */
export function asset(name, progress) {
  return fetchBytes(addressOf(name), progress);
}

/** @param {string} name @returns {Promise<string>} */
export async function assetText(name) {
  return new TextDecoder().decode(await asset(name));
}

/**
 * Where a response is packed on its way, its length is not that of what arrives here, and no part is
 * told. @param {URL} url @param {(part: number) => void} [progress]
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchBytes(url, progress) {
  const response = await fetch(url);
  if (!response.ok) throw new SpokenError("asset.not-loaded", { path: url.pathname, status: response.status });
  const packed = response.headers.get("Content-Encoding") !== null;
  const total = packed ? 0 : Number(response.headers.get("Content-Length"));
  if (!progress || !total || !response.body) return response.arrayBuffer();
  return readAll(response.body, total, progress);
}

/** @param {ReadableStream<Uint8Array>} body @param {number} total @param {(part: number) => void} progress */
async function readAll(body, total, progress) {
  const chunks = [];
  let done = 0;
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    done += next.value.length;
    progress(Math.min(done / total, 1));
  }
  return new Blob(/** @type {BlobPart[]} */ (chunks)).arrayBuffer();
}

/** @type {string} */
let starter = "";

/**
 * A worker takes its security policy from the headers that came with its script, and a plain host
 * sends none; one that starts from a blob has the page's. In Firefox a blob's imports go past the service
 * worker, and fail offline: where one answers, it sends the policy as a header instead (sw.js). (In
 * WebKit, the other way round, a worker that a service worker answers does not start offline.) Where
 * the page is not ours, its policy may not allow blobs, and is its own business.
 */
export function openWorker() {
  const url = addressOf("core/worker.js");
  const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute("content") ?? "";
  const answered = "mozInnerScreenX" in window && navigator.serviceWorker?.controller;
  if (!url.protocol.startsWith("http") || answered || !/worker-src[^;]* blob:/.test(policy))
    return new Worker(url, { type: "module" });
  starter ||= URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" }));
  return new Worker(starter, { type: "module" });
}

/** @type {Promise<ArrayBuffer> | null} */
let readers = null;

/** The module that reads files. */
export function readersFile() {
  readers ??= asset("readers.wasm").catch((error) => {
    readers = null; // it may be there the next time
    throw error;
  });
  return readers;
}

/** @type {Promise<import("../core/cases_core.js").CasesCore> | null} */
let cases = null;

/** What checks, scores and packs case sets: fetched when one is first opened. */
export function casesCore() {
  cases ??= Promise.all([import("../core/cases_core.js"), asset("xplaim_cases.wasm")])
    .then(([{ loadCasesCore }, bytes]) => loadCasesCore(bytes))
    .catch((error) => {
      cases = null; // it may be there the next time
      throw error;
    });
  return cases;
}

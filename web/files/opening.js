/** Where recordings come from besides the file picker: samples, addresses of this site, a drop. */

import { asset, assetText, fetchBytes } from "./assets.js";
import { checkSize, droppedFiles } from "./files.js";
import { phrase, SpokenError } from "../words/language.js";

/** @typedef {{record: string, annotation: string, findings: string[]}} Sample  annotation: of its data set, in words;
 *   findings: what of it the page's network looks for, that first which the sample is shown for */

/** Files of a record that are asked for together. */
const MAX_CONCURRENT_READS = 6;
/** A record's header names files, among them headers that name files. */
const HEADERS_DEEP = 2;
const SAFE_NAME = /^[A-Za-z0-9_-]+$/;

/** Those that come with the page, the first one first. @returns {Promise<Sample[]>} */
export const samples = async () => JSON.parse(await assetText("samples/samples.json"));

/** @param {string} name @returns {Promise<File[]>} */
export async function sampleFiles(name) {
  if (!SAFE_NAME.test(name)) throw new SpokenError("open.no-sample", { name });
  const names = [`${name}.hea`, `${name}.dat`];
  const bytes = await Promise.all(names.map((file) => asset(`samples/${file}`)));
  return names.map((file, i) => new File([bytes[i]], file));
}

/** A record on the same site, with the files that it needs, as far as they are there. @param {string} address
 * of its file or its header, whose ending may be left out, or of a zip
 * @param {import("./files.js").List} list @returns {Promise<File[]>} */
export async function filesAt(address, list) {
  const { url, file } = await firstAt(address);
  const files = [file];
  if (/\.zip$/i.test(url.pathname)) return files;
  for (let round = 0; round < HEADERS_DEEP; round++) {
    const missing = await missingFiles(files, list);
    if (!missing.length) break;
    files.push(...(await filesBeside(url, missing)));
  }
  return files;
}

/** @param {string} address @returns {Promise<{url: URL, file: File}>} */
async function firstAt(address) {
  const opened = async (/** @type {URL} */ url) => ({ url, file: await fileAt(url) });
  const url = sameSite(address),
    header = sameSite(`${address}.hea`);
  if (!/\.[^./]*$/.test(url.pathname)) return opened(header);
  try {
    return await opened(url);
  } catch (error) {
    if (/\.(hea|zip)$/i.test(url.pathname)) throw error;
    return opened(header).catch(() => Promise.reject(error)); // a name may have a full stop in it
  }
}

/** What the first record among the files lacks. @param {File[]} files @param {import("./files.js").List} list */
async function missingFiles(files, list) {
  const listed = await Promise.all(
    files.map(async (file) => {
      const path = /** @type {{folderPath?: string}} */ (file).folderPath ?? file.name;
      return { path, size: file.size, start: await file.arrayBuffer() };
    }),
  );
  const {
    records: [record],
  } = await list(listed);
  return [...new Set(record?.missing ?? [])];
}

/** @param {URL} url */
async function fileAt(url) {
  const name = decodeURIComponent(url.pathname.split("/").pop() ?? "");
  return new File([await fetchBytes(url)], name);
}

/** A file that a header names: at its path, or, where there is none, beside the header. @param {URL} url
 * @param {string} name @returns {Promise<File>} */
async function fileNamed(url, name) {
  const at = (/** @type {string} */ path) =>
    fileAt(sameSite(new URL(path.split("/").map(encodeURIComponent).join("/"), url).href));
  if (!name.includes("/")) return at(name);
  return at(name).then(
    (file) => Object.assign(file, { folderPath: name }),
    (error) => at(name.slice(name.lastIndexOf("/") + 1)).catch(() => Promise.reject(error)),
  );
}

/** Some at a time: a record may have thousands of segments. @param {URL} url @param {string[]} names
 * @returns {Promise<File[]>} */
async function filesBeside(url, names) {
  /** @type {File[]} */
  const files = [];
  for (let i = 0; i < names.length; i += MAX_CONCURRENT_READS) {
    const some = names.slice(i, i + MAX_CONCURRENT_READS);
    files.push(...(await Promise.all(some.map((name) => fileNamed(url, name)))));
    checkSize(files.reduce((sum, file) => sum + file.size, 0));
  }
  return files;
}

/** @param {string} address @returns {URL} */
export function sameSite(address) {
  const url = new URL(address, document.baseURI);
  if (url.origin !== location.origin || url.origin === "null") throw new SpokenError("open.other-site", { address });
  return url;
}

/**
 * What is dropped on an area is opened.
 * @param {Document | HTMLElement} area @param {HTMLElement} box  stands over it meanwhile, and says what will happen
 * @param {(files: Promise<File[]>) => void} open @param {AbortSignal | undefined} signal  to stop
 */
export function listenDrop(area, box, open, signal) {
  area.addEventListener(
    "dragover",
    (/** @type {any} */ event) => {
      event.preventDefault();
      const count = event.dataTransfer?.items?.length ?? 0;
      const words = /** @type {HTMLElement} */ (box.firstElementChild);
      words.textContent = count > 1 ? phrase("open.files-here", { n: count }) : phrase("open.here");
      box.hidden = false;
    },
    { signal },
  );
  area.addEventListener(
    "dragleave",
    (/** @type {any} */ event) => {
      if (!event.relatedTarget) box.hidden = true;
    },
    { signal },
  );
  area.addEventListener(
    "drop",
    (/** @type {any} */ event) => {
      event.preventDefault();
      box.hidden = true;
      if (event.dataTransfer) open(droppedFiles(event.dataTransfer));
    },
    { signal },
  );
}

/** Where recordings come from besides the file picker: samples, addresses of this site, a drop. */

import { asset, assetText, fetchBytes } from "./assets.js";
import { checkSize, droppedFiles, parseHeaderText } from "./files.js";

/** @typedef {{record: string, annotation: string}} Sample  annotation: of its data set */

/** Files of a record that are asked for together. */
const AT_ONCE = 6;
const SAFE_NAME = /^[A-Za-z0-9_-]+$/;

/** Those that come with the page, the first one first. @returns {Promise<Sample[]>} */
export const samples = async () => JSON.parse(await assetText("samples/samples.json"));

/** @param {string} name @returns {Promise<File[]>} */
export async function sampleFiles(name) {
  if (!SAFE_NAME.test(name)) throw new Error(`There is no sample named ${name}.`);
  const names = [`${name}.hea`, `${name}.dat`];
  const bytes = await Promise.all(names.map((file) => asset(`samples/${file}`)));
  return names.map((file, i) => new File([bytes[i]], file));
}

/** A record on the same site. @param {string} address  of its .hea file, or of a zip
 * @returns {Promise<File[]>} */
export async function filesAt(address) {
  const url = sameSite(/\.(hea|zip)$/i.test(address) ? address : `${address}.hea`);
  const first = await fileAt(url);
  if (/\.zip$/i.test(url.pathname)) return [first];
  const own = parseHeaderText(await first.text());
  const headers = await filesBeside(url, own.segments.map((segment) => `${segment}.hea`));
  const named = await Promise.all(headers.map(async (header) => parseHeaderText(await header.text()).files));
  const signals = await filesBeside(url, [...new Set([...own.files, ...named.flat()])]);
  return [first, ...headers, ...signals];
}

/** @param {URL} url */
async function fileAt(url) {
  const name = decodeURIComponent(url.pathname.split("/").pop() ?? "");
  return new File([await fetchBytes(url)], name);
}

/** Some at a time: a record may have thousands of segments. @param {URL} url @param {string[]} names
 * @returns {Promise<File[]>} */
async function filesBeside(url, names) {
  const addresses = names.map((name) => sameSite(new URL(encodeURIComponent(name), url).href));
  /** @type {File[]} */
  const files = [];
  for (let i = 0; i < addresses.length; i += AT_ONCE) {
    files.push(...(await Promise.all(addresses.slice(i, i + AT_ONCE).map(fileAt))));
    checkSize(files.reduce((sum, file) => sum + file.size, 0));
  }
  return files;
}

/** @param {string} address @returns {URL} */
export function sameSite(address) {
  const url = new URL(address, document.baseURI);
  if (url.origin !== location.origin || url.origin === "null")
    throw new Error(`${address} is not on this site; only files beside this page can be opened by address.`);
  return url;
}

/**
 * What is dropped on an area is opened.
 * @param {Document | HTMLElement} area @param {HTMLElement} box  shows that it is meant
 * @param {(files: Promise<File[]>) => void} open @param {AbortSignal | undefined} signal  to stop
 */
export function listenDrop(area, box, open, signal) {
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("over");
  }, { signal });
  area.addEventListener("dragleave", (/** @type {any} */ event) => {
    if (!event.relatedTarget) box.classList.remove("over");
  }, { signal });
  area.addEventListener("drop", (/** @type {any} */ event) => {
    event.preventDefault();
    box.classList.remove("over");
    if (event.dataTransfer) open(droppedFiles(event.dataTransfer));
  }, { signal });
}

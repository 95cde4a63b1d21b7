/** Where recordings come from besides the file picker: samples, addresses of this site, a drop. */

import { asset, assetText, fetchBytes } from "./assets.js";
import { droppedFiles, parseHeaderText } from "./files.js";

/** @typedef {{record: string, annotation: string}} Sample  annotation: of its data set */

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
  const first = await fetchBytes(url);
  const nameOf = (/** @type {URL} */ u) => decodeURIComponent(u.pathname.split("/").pop() ?? "");
  const files = [new File([first], nameOf(url))];
  const wanted = /\.zip$/i.test(url.pathname) ? [] : parseHeaderText(new TextDecoder().decode(first)).files;
  for (const name of wanted) {
    const part = sameSite(new URL(encodeURIComponent(name), url).href);
    files.push(new File([await fetchBytes(part)], name));
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

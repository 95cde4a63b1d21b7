/**
 * Packages of a case set, made by the page: a zip, one HTML file, a SCORM 1.2 package. What is in them is made by the core
 * (cases_core.js), so that it is the same as the tool's; here is where the page itself comes from, and the archive.
 * Works in Node too.
 */

import { PACKED_SET, pageSource } from "../core/cases_core.js";
import { messageOf } from "../words/messages.js";
import { zipOf } from "../files/zip_write.js";

/**
 * @typedef {import("../core/cases_core.js").CasesCore} CasesCore
 * @typedef {import("../core/cases_core.js").PackedFile} PackedFile
 * @typedef {{core: CasesCore, page: () => Promise<string>, text: string, files: PackedFile[], network?: boolean}} Package
 *   page: the source of the page as one file; text: cases.json; files: the set's others; network: with the page's model
 */

/** Of the page as one file, beside the page. */
export const SINGLE_FILE = "ecg-xplaim.html";
const SET_FILE = "cases.json";

const bytesOf = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** The order of the tool: bytes of UTF-8 compared. @param {{name: string}} a @param {{name: string}} b */
export function byName({ name: a }, { name: b }) {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i] - y[i];
  return x.length - y.length;
}

/** The set as it is opened again: cases.json and its files. @param {string} text @param {PackedFile[]} files */
export const zipFiles = (text, files) => [{ name: SET_FILE, bytes: bytesOf(text) }, ...[...files].sort(byName)];

/** The page with the set in it. @param {Package} what @returns {Promise<string>} */
export async function htmlOf({ core, page, text, files, network = false }) {
  return core.bundle(await page(), text, files, { network });
}

/** What a course takes: its manifest, and the page. @param {Package} what @returns {Promise<PackedFile[]>} */
export async function scormFiles(what) {
  const html = await htmlOf(what);
  return [
    { name: "imsmanifest.xml", bytes: bytesOf(what.core.manifest(what.text)) },
    { name: "index.html", bytes: bytesOf(html) },
  ];
}

/** Deflated where the browser can, which saves a third of a page. @param {PackedFile[]} files @returns {Promise<Uint8Array>} */
export async function archiveOf(files) {
  return zipOf(await Promise.all(files.map(async (file) => ({ ...file, packed: await deflated(file.bytes) }))));
}

/** @param {Uint8Array} bytes @returns {Promise<Uint8Array | undefined>} undefined: it is no shorter, or this engine cannot */
async function deflated(bytes) {
  try {
    const stream = new Blob([/** @type {BlobPart} */ (bytes)])
      .stream()
      .pipeThrough(new CompressionStream("deflate-raw"));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    return packed.length < bytes.length ? packed : undefined;
  } catch {
    return undefined; // no such stream, or not of this kind
  }
}

/**
 * The source of the page as one file: this page's own, where it is one, else the one that lies beside it.
 * @param {Document} document @param {(name: string) => Promise<string>} read  a file beside the page's scripts
 * @returns {Promise<string>}
 */
export async function singlePage(document, read) {
  const own = await pageSource(document);
  if (own) return own;
  try {
    return await read(SINGLE_FILE);
  } catch (error) {
    throw new Error(
      `Packages are made of the page as one file, ${SINGLE_FILE}, and this site does not have it beside the page (${messageOf(error).replace(/\.$/, "")}). ` +
        "Save the case set as a zip, and pack it where that file is, or with `xplaim cases pack`.",
    );
  }
}

/** Code that shows a set in a page: for who may paste frames, and a link for who may not.
 * @param {{address: string, title: string}} what  address: of the packed page @returns {{frame: string, link: string}} */
export function embedCode({ address, title }) {
  const safe = (/** @type {string} */ text) =>
    text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
  const [href, name] = [safe(address), safe(title)];
  return {
    frame: `<iframe src="${href}" title="${name}" width="100%" height="820" style="border:0" allow="fullscreen" loading="lazy"></iframe>`,
    link: `<a href="${href}">${name}</a>`,
  };
}

export { PACKED_SET };

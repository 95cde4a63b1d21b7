/**
 * From files to a case set: which of them is the set, which recording belongs to which case, and the settings as they
 * hold. A set is a folder or an archive with cases.json in it, on this device, on this site, or in the page's own file.
 */

import { asset, assetText, fetchBytes } from "../files/assets.js";
import { allSources, groupsAmong } from "../files/files.js";
import { sameSite } from "../files/opening.js";
import { messageOf } from "../words/messages.js";
import { readZip } from "../files/zip.js";

/**
 * @typedef {import("../files/files.js").Source} Source
 * @typedef {{id: string, text: string, in?: string, not_with?: string[], label?: string}} ListItem
 * @typedef {{id: string, text: string, right?: boolean, why?: string}} Option
 * @typedef {{lead: string, from: number, to: number, text?: string}} Target
 * @typedef {{id: string, type: string, prompt: string, points?: number, list?: string, must?: (string | {id: string, points?: number})[],
 *   should?: string[], may?: string[], must_not?: string[], quantity?: string, beats?: number, lead?: string,
 *   several?: boolean, between?: {from: number, to: number}, formula?: string, answer?: number, tolerance?: number, unit?: string,
 *   targets?: Target[], need?: number, options?: Option[], model?: string}} Task
 * @typedef {{id: string, title?: string, tags?: string[], level?: string, record: string, sha256?: Record<string, string>, before?: string | null,
 *   view?: {layout?: string, rhythm?: string, speed?: number, gain?: number, filter?: string, start?: number, seconds?: number},
 *   story?: string, tasks: Task[], marks?: {id: string, lead: string, from: number, to: number, text?: string}[],
 *   explain?: string, like?: string | null, network?: string | null, source?: {text?: string, licence?: string}}} Case
 * @typedef {{level: string, order: string, pick: number | null, feedback: string, network: string, measurements: string,
 *   names: string, certainty: string, check: string[], attempts: number, seconds: number | null, pass: number | null,
 *   lock: boolean}} Settings
 * @typedef {{format: string, version: number, id: string, iri?: string, title: string, lang?: string, authors?: string[],
 *   licence?: string, about?: string, settings?: Partial<Settings>, lists?: Record<string, ListItem[]>, cases: Case[]}} SetDocument
 * @typedef {{text: string, set: SetDocument, name: string, files: Map<string, Source>}} CaseSet
 *   text: of cases.json; files: by their paths relative to it; name: of what was opened
 */

export const FORMAT = "ecg-xplaim-cases";
const SET_FILE = "cases.json";
/** In the page's own file, and beside the page. */
const INSIDE = "cases/";
/** 500 cases of 20 tasks with their texts are less. */
const MAX_SET_BYTES = 32 * 1024 * 1024;

/** @param {string} path */
const base = (path) => path.slice(path.lastIndexOf("/") + 1);

/** Whether a set may be among chosen files: told without unpacking any. @param {File[]} files */
export async function mayHoldSet(files) {
  for (const file of files) {
    if (base(file.name) === SET_FILE) return true;
    if (!/\.zip$/i.test(file.name)) continue;
    const entries = await readZip(file, file.name).catch(() => []);
    if (entries.some(({ path }) => base(path) === SET_FILE)) return true;
  }
  return false;
}

/** The set among files, or null where none of them is one. @param {File[]} files @returns {Promise<CaseSet | null>} */
export async function setAmong(files) {
  if (!(await mayHoldSet(files))) return null;
  const sources = await allSources(files);
  const deep = (/** @type {Source} */ { path }) => path.split("/").length;
  const found = sources.filter(({ path }) => base(path) === SET_FILE).sort((a, b) => deep(a) - deep(b));
  for (const source of found) {
    const text = await textOf(source);
    if (!isSet(text)) continue;
    const folder = source.path.slice(0, source.path.length - SET_FILE.length);
    const inside = sources.filter(({ path }) => path.startsWith(folder));
    const byPath = new Map(inside.map((each) => [each.path.slice(folder.length), each]));
    return { text, set: parsed(text), files: byPath, name: files.length === 1 ? files[0].name : SET_FILE };
  }
  return null;
}

/** @param {Source} source */
async function textOf(source) {
  if (source.size > MAX_SET_BYTES)
    throw new Error(`${source.path} has ${Math.round(source.size / 1e6)} MB; a case set has at most 32 MB.`);
  return new TextDecoder().decode(await source.read());
}

/** Also where it is no JSON: then that is to be told. @param {string} text */
const isSet = (text) => /"format"\s*:\s*"ecg-xplaim-cases"/.test(text.slice(0, 100000));

/** As far as it takes to play it; what else is wrong with it is told by the core's check. @param {string} text @returns {SetDocument} */
function parsed(text) {
  let set;
  try {
    set = JSON.parse(text);
  } catch (error) {
    throw new Error(`${SET_FILE} is no JSON (${messageOf(error)}). Save the case set again.`);
  }
  if (set?.format !== FORMAT || !Array.isArray(set.cases))
    throw new Error(`${SET_FILE} is no case set: its "format" has to be "${FORMAT}" and its "cases" a list.`);
  return set;
}

/** A set on this site. @param {string} address  of its archive or its cases.json @returns {Promise<CaseSet>} */
export async function setAt(address) {
  const url = sameSite(address);
  const name = decodeURIComponent(url.pathname.split("/").pop() || address);
  if (!/\.json$/i.test(url.pathname)) {
    const found = await setAmong([new File([await fetchBytes(url)], /\.zip$/i.test(name) ? name : `${name}.zip`)]);
    if (!found) throw new Error(`${name} holds no case set: there is no ${SET_FILE} in it.`);
    return found;
  }
  const text = new TextDecoder().decode(await fetchBytes(url));
  const set = parsed(text);
  const files = await neededFiles(set, (path) => beside(url, path));
  return { text, set, files, name };
}

/** @param {URL} url @param {string} path */
function beside(url, path) {
  const address = new URL(path.split("/").map(encodeURIComponent).join("/"), url);
  return sourceOf(path, () => fetchBytes(sameSite(address.href)));
}

/** A file that is fetched once, when it is asked for. @param {string} path @param {() => Promise<ArrayBuffer>} fetched @returns {Source} */
function sourceOf(path, fetched) {
  /** @type {Promise<ArrayBuffer> | null} */
  let bytes = null;
  const read = async () => (await (bytes ??= fetched())).slice(0);
  return { path, size: 0, read, start: async (count) => (await read()).slice(0, count) };
}

/** Files of a set that lies in a folder of a site: what it names, and for a header its signals, which hashes name.
 * @param {SetDocument} set @param {(path: string) => Source} open @returns {Promise<Map<string, Source>>} */
async function neededFiles(set, open) {
  /** @type {Map<string, Source>} */
  const files = new Map();
  for (const one of set.cases) {
    // The core's check, which says what is wrong with a set, comes later.
    const { record, before, network, sha256 } = one ?? {};
    const paths = [record, before, network, ...Object.keys(sha256 ?? {})].filter((path) => typeof path === "string");
    const signals = paths.filter((path) => /\.hea$/i.test(path)).map((path) => path.replace(/\.hea$/i, ".dat"));
    for (const path of [...paths, ...signals]) if (path && isInside(path)) files.set(path, open(path));
  }
  return files;
}

/** Relative, and not out of the set's folder. @param {string} path */
const isInside = (path) => !/^([a-z][a-z0-9+.-]*:|[/\\])/i.test(path) && !path.split(/[/\\]/).includes("..");

/** Whether the page's own file has a set in it. */
export const hasSetInside = () => document.querySelector(`script[data-inside="${INSIDE}${SET_FILE}"]`) !== null;

/** That set. @returns {Promise<CaseSet>} */
export async function setInside() {
  const text = await assetText(`${INSIDE}${SET_FILE}`);
  const elements = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`script[data-inside^="${INSIDE}"]`)]);
  const files = elements.map((element) => {
    const path = (element.dataset.inside ?? "").slice(INSIDE.length);
    const source = sourceOf(path, () => asset(`${INSIDE}${path}`));
    source.size = Number(element.dataset.bytes) || 0;
    return /** @type {[string, Source]} */ ([path, source]);
  });
  return { text, set: parsed(text), files: new Map(files), name: SET_FILE };
}

/* ---- recordings ---- */

/** The files of one recording, as the page's readers take them.
 * @param {CaseSet} caseSet @param {Case} one @param {string} record  its path, or that of the recording before it
 * @param {import("../files/files.js").List} list @returns {Promise<import("../files/files.js").FileGroup>} */
export async function groupOf({ files }, one, record, list) {
  const path = record.replaceAll("\\", "/");
  if (!files.has(path)) throw new Error(`${record} is not in the set.`);
  const stem = path.replace(/\.[^./]*$/, "");
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const own = (/** @type {string} */ each) =>
    each === path || each in (one.sha256 ?? {}) || each.replace(/\.[^./]*$/, "") === stem;
  const near = (/** @type {string} */ each) => each.startsWith(folder) && !/\.json$/i.test(each);
  let problem = `${record} is no recording that can be read here.`;
  // Its own files are as a rule enough; a header may name others beside it.
  for (const chosen of [own, near]) {
    const some = [...files].filter(([each]) => chosen(each));
    // Paths as the set has them, whatever archive or folder they came in.
    const sources = await Promise.all(some.map(async ([each, source]) => sized({ ...source, path: each })));
    const { groups, refusals } = await groupsAmong(sources, list);
    const found = groups.find((group) => group.files.some(({ source }) => source.path === path));
    if (found) return found;
    const refused = refusals.find(({ name }) => stem.endsWith(name) || path.endsWith(name));
    if (refused) problem = `${record}: ${refused.problem}`;
  }
  throw new Error(problem);
}

/** A fetched file's size is known once it is there. @param {Source} source */
async function sized(source) {
  if (source.size) return source;
  const bytes = await source.read().catch(() => new ArrayBuffer(0));
  return { ...source, size: bytes.byteLength };
}

/** A record whose bytes are others than the author's is refused. @param {CaseSet} caseSet @param {Case} one
 * @param {{sha256: (bytes: Uint8Array) => string}} core  crypto.subtle is not there without https */
export async function checkHashes({ files }, one, core) {
  for (const [path, wanted] of Object.entries(one.sha256 ?? {})) {
    const source = files.get(path);
    if (!source) throw new Error(`${path}, which the set names with its SHA-256, is not in it.`);
    if (core.sha256(new Uint8Array(await source.read())) !== wanted.toLowerCase())
      throw new Error(`${path} is not the file that the set was made with (its SHA-256 differs).`);
  }
}

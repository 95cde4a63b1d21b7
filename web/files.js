/**
 * From dropped files to records: which headers there are, which files go with each, and what is to
 * be said about the rest. Names in different folders do not mix.
 */

import { readZip } from "./zip.js";

/**
 * @typedef {import("./worker.js").NamedFile} NamedFile
 * @typedef {{path: string, size: number, read: () => Promise<ArrayBuffer>}} Source
 *   path: with folders, as it was chosen
 * @typedef {{name: string, type: string, sources: Source[]}} FileGroup
 *   name: the record's, without extension
 * @typedef {{name: string, type: string, problem: string}} Refusal
 * @typedef {{groups: FileGroup[], refusals: Refusal[], models: Source[]}} Found
 */

/** Larger than any ECG the page can draw; a wrong file is refused before it is read. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_SEGMENTS = 5000;

/** @param {string} path */
const base = (path) => path.slice(path.lastIndexOf("/") + 1);
/** @param {string} path */
const folder = (path) => path.slice(0, path.lastIndexOf("/") + 1);
/** @param {string} name */
const stem = (name) => name.replace(/\.[^.]*$/, "");
/** @param {string} name */
const extension = (name) => (/\.([^.]*)$/.exec(name)?.[1] ?? "").toLowerCase();
/** @param {Source} source */
const isHeader = (source) => extension(source.path) === "hea";

/** What other files are, and what to do about them. @type {Record<string, [string, string]>} */
const OTHERS = {
  dat: ["WFDB signals", "Choose its header (the .hea file of the same record) together with it."],
  mat: ["WFDB signals", "Choose its header (the .hea file of the same record) together with it."],
  xml: ["XML", "This page reads WFDB records (.hea with .dat or .mat). Export the recording as WFDB."],
  dcm: ["DICOM", "This page reads WFDB records (.hea with .dat or .mat). Export the recording as WFDB."],
  edf: ["EDF", "This page reads WFDB records. Convert it first, for example with edf2mit of the WFDB software."],
  csv: ["table", "A table has no agreed units or lead names. Choose a WFDB record (.hea with .dat or .mat)."],
  pdf: ["document", "A printed ECG has no samples. Choose the recording itself as WFDB (.hea with .dat or .mat)."],
  png: ["picture", "A picture has no samples. Choose the recording itself as WFDB (.hea with .dat or .mat)."],
  jpg: ["picture", "A picture has no samples. Choose the recording itself as WFDB (.hea with .dat or .mat)."],
};

/** Files that come with records and need no word. */
const SILENT = new Set(["atr", "qrs", "ann", "md", "txt", "xws", ""]);

/** @param {File} file @returns {Source} */
export function fileSource(file) {
  const path = file.webkitRelativePath || /** @type {any} */ (file).folderPath || file.name;
  return { path, size: file.size, read: () => file.arrayBuffer() };
}

/**
 * Everything among the files: records, models, and a line for what is neither.
 * @param {File[]} files
 * @returns {Promise<Found>}
 */
export async function findRecords(files) {
  /** @type {Found} */
  const found = { groups: [], refusals: [], models: [] };
  /** @type {Source[]} */
  const sources = [];
  for (const file of files) await unpack(file, sources, found.refusals);
  found.models = sources.filter((source) => extension(source.path) === "safetensors");
  const taken = await groupHeaders(sources, found);
  const only = sources.length - found.models.length === 1;
  for (const source of sources)
    if (!taken.has(source) && !found.models.includes(source)) addRefusal(source, found, only);
  if (!found.groups.length && !found.refusals.length && !found.models.length)
    found.refusals.push({ name: namesOf(files), type: "", problem: NO_HEADER });
  return found;
}

const NO_HEADER =
  "There is no record in it. A WFDB record is a header (.hea) and its signal file (.dat or .mat), chosen together.";

/** @param {File[]} files */
const namesOf = (files) => files.map((file) => file.name).join(", ") || "nothing";

/** @param {File} file @param {Source[]} sources @param {Refusal[]} refusals */
async function unpack(file, sources, refusals) {
  if (extension(file.name) !== "zip") {
    sources.push(fileSource(file));
    return;
  }
  try {
    const before = sources.length;
    for (const entry of await readZip(file))
      sources.push({ ...entry, path: `${stem(file.name)}/${entry.path}` });
    if (!sources.slice(before).some(isHeader))
      refusals.push({ name: file.name, type: "zip archive", problem: NO_HEADER });
  } catch (error) {
    refusals.push({ name: file.name, type: "zip archive", problem: messageOf(error) });
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @param {Source} source @param {Found} found @param {boolean} only  it is all there is */
function addRefusal(source, found, only) {
  const kind = extension(source.path);
  if (SILENT.has(kind) && !only) return;
  const [type, problem] = OTHERS[kind] ?? ["not known", NO_HEADER];
  found.refusals.push({ name: base(source.path), type, problem });
}

/**
 * One group a header, headers that are only segments of another left out.
 * @param {Source[]} sources @param {Found} found  groups are added
 * @returns {Promise<Set<Source>>} every file that belongs to a record
 */
async function groupHeaders(sources, found) {
  /** @type {Set<Source>} */
  const taken = new Set();
  for (const inFolder of groupByFolder(sources).values()) {
    const headers = inFolder.filter(isHeader);
    const parsed = new Map();
    for (const header of headers) parsed.set(stem(base(header.path)), await parseHeader(header));
    const segments = new Set([...parsed.values()].flatMap((p) => p.segments));
    const tops = headers.filter((header) => !segments.has(stem(base(header.path))));
    const names = byLowerName(inFolder);
    for (const header of tops.length ? tops : headers) {
      const group = groupOf(header, parsed, names);
      group.sources.forEach((source) => taken.add(source));
      found.groups.push(group);
    }
  }
  return taken;
}

/** @param {Source[]} sources */
function groupByFolder(sources) {
  /** @type {Map<string, Source[]>} */
  const map = new Map();
  for (const source of sources) {
    const list = map.get(folder(source.path));
    if (list) list.push(source);
    else map.set(folder(source.path), [source]);
  }
  return map;
}

/** Names that differ only in case are told by the core, so they are handed to it too.
 * @param {Source[]} sources */
function byLowerName(sources) {
  /** @type {Map<string, Source[]>} */
  const map = new Map();
  for (const source of sources) {
    const name = base(source.path).toLowerCase();
    for (const key of [name, `${stem(name)}.*`]) {
      const list = map.get(key);
      if (list) list.push(source);
      else map.set(key, [source]);
    }
  }
  return map;
}

/**
 * @param {Source} header @param {Map<string, {segments: string[], files: string[]}>} parsed
 * @param {Map<string, Source[]>} names
 * @returns {FileGroup}
 */
function groupOf(header, parsed, names) {
  const name = stem(base(header.path));
  const wanted = new Set([`${name.toLowerCase()}.*`]);
  const own = parsed.get(name);
  for (const segment of [name, ...(own?.segments ?? [])]) {
    wanted.add(`${segment.toLowerCase()}.hea`);
    for (const file of parsed.get(segment)?.files ?? []) wanted.add(file.toLowerCase());
  }
  const sources = new Set([...wanted].flatMap((key) => names.get(key) ?? []));
  const files = [...sources].filter((source) => extension(source.path) !== "safetensors");
  const multi = own?.segments.length ? `${own.segments.length} segments` : "";
  const kinds = new Set(files.filter((f) => !isHeader(f)).map((f) => `.${extension(f.path)}`));
  return { name, type: ["WFDB", multi || [...kinds].join(" ")].join(" ").trim(), sources: files };
}

/**
 * The files and segments that a header names. What is wrong with it is for the core to say.
 * @param {Source} header
 */
async function parseHeader(header) {
  const none = { segments: /** @type {string[]} */ ([]), files: /** @type {string[]} */ ([]) };
  if (header.size > 1024 * 1024) return none;
  try {
    return parseHeaderText(new TextDecoder().decode(await header.read()));
  } catch {
    return none;
  }
}

/**
 * @param {string} text
 * @returns {{segments: string[], files: string[]}}
 */
export function parseHeaderText(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() && !line.trim().startsWith("#"));
  const first = lines.slice(1).map((line) => line.trim().split(/\s+/)[0]);
  if (/^\s*\S+\/\d+/.test(lines[0] ?? ""))
    return { segments: [...new Set(first)].filter((n) => n !== "~").slice(0, MAX_SEGMENTS), files: [] };
  return { segments: [], files: [...new Set(first)] };
}

/**
 * The bytes of a group, for the worker. Where a header's name differs in case from what the disk
 * says (".HEA"), the core is given the usual spelling.
 * @param {FileGroup} group
 * @returns {Promise<NamedFile[]>}
 */
export async function readGroup(group) {
  const total = group.sources.reduce((sum, source) => sum + source.size, 0);
  if (total > MAX_BYTES)
    throw new Error(
      `These files hold ${Math.round(total / 1e6)} MB; the page takes up to 256 MB. ` +
        `Cut the recording first, or use the command-line tool.`,
    );
  return Promise.all(
    group.sources.map(async (source) => ({
      name: isHeader(source) ? `${stem(base(source.path))}.hea` : base(source.path),
      bytes: await source.read().catch((error) => {
        throw new Error(`${base(source.path)} cannot be read: ${messageOf(error)}`);
      }),
    })),
  );
}

/**
 * Files of a drop, with those inside dropped folders.
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function droppedFiles(transfer) {
  // All entries are asked for before anything is awaited: the list is empty afterwards.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  /** @type {File[]} */
  const out = [];
  for (const entry of entries) if (entry) await walk(entry, "", out);
  return out;
}

/** @param {FileSystemEntry} entry @param {string} path @param {File[]} out */
async function walk(entry, path, out) {
  if (entry.isFile) {
    const file = await new Promise((ok, no) => /** @type {any} */ (entry).file(ok, no));
    out.push(Object.assign(file, { folderPath: path + entry.name }));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((ok, no) => reader.readEntries(ok, no));
    if (!some.length) return;
    for (const inner of some) await walk(inner, `${path}${entry.name}/`, out);
  }
}

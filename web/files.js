/**
 * From dropped files to records: which headers there are, which files go with each, and what is to
 * be said about the rest. Names in different folders, or different archives, do not mix.
 */

import { counted, messageOf } from "./words.js";
import { readZip } from "./zip.js";

/**
 * @typedef {import("./worker.js").NamedFile} NamedFile
 * @typedef {{path: string, size: number, read: () => Promise<ArrayBuffer>, file?: File}} Source
 *   path: with folders, as it was chosen; file: where it is one, and not in an archive
 * @typedef {{name: string, type: string, sources: Source[]}} FileGroup
 *   name: the record's, without extension
 * @typedef {{name: string, type: string, problem: string}} Refusal
 * @typedef {{groups: FileGroup[], refusals: Refusal[], models: Source[]}} Found
 */

/** Larger than any ECG the page can draw; a wrong file is refused before it is read. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_SEGMENTS = 5000;
/** An archive in an archive is opened, another one in that is not. */
const MAX_ARCHIVES = 2;
/** Of archives in archives, together: they are unpacked to be looked into. */
const MAX_INNER_BYTES = 4 * MAX_BYTES;
const MAX_FILES = 200000;

/** @param {string} path */
const base = (path) => path.slice(path.lastIndexOf("/") + 1);
/** Without the slash at its end. @param {string} path */
const folder = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
/** @param {string} name */
const stem = (name) => name.replace(/\.[^.]*$/, "");
/** @param {string} name */
const extension = (name) => (/\.([^.]*)$/.exec(base(name))?.[1] ?? "").toLowerCase();
/** @param {Source} source */
const isHeader = (source) => extension(source.path) === "hea";
/** @param {Source} source */
const isModel = (source) => extension(source.path) === "safetensors";

/** What macOS and Windows put beside people's files, and what is hidden. */
const JUNK = /(^|\/)(__MACOSX\/|\.|(thumbs\.db|desktop\.ini)$)/i;

const NEEDED = "A WFDB record is a header (.hea) and its signal file (.dat or .mat), chosen together.";
const NO_HEADER = `There is no record in it. ${NEEDED}`;
const EXPORT = "This page reads WFDB records (.hea with .dat or .mat). Export or convert the recording to WFDB.";
const ITSELF = "Choose the recording itself as WFDB (.hea with .dat or .mat).";

/** What other files are, and what to do about them. @type {[string, string, string][]} */
const KINDS = [
  ["dat mat", "WFDB signals", "Choose its header (the .hea file of the same record) together with it."],
  ["atr qrs ann", "WFDB annotations", "Annotations alone have no samples. Choose the record's .hea and .dat or .mat."],
  ["xml aecg hl7", "XML", EXPORT],
  ["dcm dicom", "DICOM", EXPORT],
  ["scp", "SCP-ECG", EXPORT],
  ["ecg", "ISHNE or another Holter format", EXPORT],
  ["mwf", "MFER", EXPORT],
  ["edf", "EDF", "This page reads WFDB records. Convert it first, for example with edf2mit of the WFDB software."],
  ["bdf", "BDF (BioSemi's EDF)", "This page reads WFDB records. Convert it first, for example with edf2mit of the WFDB software."],
  ["gdf", "GDF", EXPORT],
  ["csv tsv xls xlsx ods", "table", `A table has no agreed units or lead names. ${ITSELF}`],
  ["npy npz", "NumPy array", `An array has no units or lead names. ${ITSELF}`],
  ["h5 hdf5", "HDF5", `HDF5 files hold recordings in no agreed way. ${ITSELF}`],
  ["keras onnx", "network", "This page takes networks as .safetensors: the command-line tool's `xplaim import` makes one of it."],
  ["pdf doc docx odt rtf html htm", "document", `A printed ECG has no samples. ${ITSELF}`],
  ["png jpg jpeg gif bmp tif tiff webp heic heif svg", "picture", `A picture has no samples. ${ITSELF}`],
  ["mp4 mov avi mkv webm", "video", `A video has no samples. ${ITSELF}`],
  ["7z rar tar gz tgz bz2 xz zst", "archive", "Of archives, this page opens .zip only. Unpack it and choose the files inside."],
];
const OTHERS = new Map(KINDS.flatMap(([kinds, ...words]) => kinds.split(" ").map((kind) => [kind, words])));

/** Files that come with records and need no word. */
const SILENT = new Set(["atr", "qrs", "ann", "md", "txt", "xws", ""]);

/** @param {File} file @returns {Source} */
export function fileSource(file) {
  const path = file.webkitRelativePath || /** @type {any} */ (file).folderPath || file.name;
  const read = () => file.arrayBuffer().catch((error) => {
    throw new Error(`${file.name} cannot be read: ${messageOf(error)}`);
  });
  return { path, size: file.size, read, file };
}

/**
 * Everything among the files: records, models, and a line for what is neither.
 * @param {File[]} files
 * @returns {Promise<Found>}
 */
export async function findRecords(files) {
  /** @type {Found} */
  const found = { groups: [], refusals: [], models: [] };
  const sources = await new Unpacking(found.refusals).all(files);
  found.models = sources.filter(isModel);
  const taken = await groupHeaders(sources, found);
  const only = sources.length - found.models.length === 1;
  for (const source of sources) if (!taken.has(source) && !isModel(source)) addRefusal(source, found, only);
  if (!found.groups.length && !found.refusals.length && !found.models.length)
    found.refusals.push({ name: namesOf(files), type: "", problem: NO_HEADER });
  return found;
}

/** @param {File[]} files */
const namesOf = (files) => files.map((file) => file.name).join(", ") || "nothing";

/** Chosen files become a list of all that is in them. */
class Unpacking {
  /** @param {Refusal[]} refusals  added to */
  constructor(refusals) {
    this.refusals = refusals;
    /** @type {Source[]} */
    this.sources = [];
    /** Folders that archives stand for. @type {Set<string>} */
    this.places = new Set();
    this.innerBytes = 0;
  }

  /** In the order a person would put them in, whichever the system has. @param {File[]} files */
  async all(files) {
    for (const file of files) await this.add(fileSource(file), 0);
    return this.sources.sort(byPath);
  }

  /** @param {Source} source @param {number} depth  archives that it is in */
  async add(source, depth) {
    if (JUNK.test(source.path)) return;
    if (extension(source.path) !== "zip") this.sources.push(source);
    else
      try {
        await this.open(source, depth);
      } catch (error) {
        this.refuse(source, messageOf(error));
      }
  }

  /** @param {Source} archive @param {number} depth */
  async open(archive, depth) {
    const [files, lines] = [this.sources.length, this.refusals.length];
    const entries = await readZip(archive.file ?? (await this.inner(archive, depth)), base(archive.path));
    if (files + entries.length > MAX_FILES) throw new Error(`With it there are more than ${MAX_FILES} files. Choose fewer.`);
    const place = this.placeOf(archive.path);
    for (const entry of entries) await this.add({ ...entry, path: `${place}/${entry.path}` }, depth + 1);
    const useful = this.sources.slice(files).some((source) => isHeader(source) || isModel(source));
    if (!useful && this.refusals.length === lines) this.refuse(archive, NO_HEADER);
  }

  /** @param {Source} archive @param {number} depth */
  async inner(archive, depth) {
    if (depth >= MAX_ARCHIVES)
      throw new Error("It lies in an archive that lies in another one. Unpack the outermost, and choose the others.");
    this.innerBytes += archive.size;
    if (this.innerBytes > MAX_INNER_BYTES)
      throw new Error("The archives in this archive are larger than 1 GB together. Unpack it, and choose some of them.");
    return new Blob([await archive.read()]);
  }

  /** Archives of one name, from different folders, stay apart. @param {string} path */
  placeOf(path) {
    const place = ownName(path, this.places);
    this.places.add(place);
    return place;
  }

  /** @param {Source} archive @param {string} problem */
  refuse({ path }, problem) {
    this.refusals.push({ name: base(path), type: "zip archive", problem });
  }
}

/** "name", or "name (2)" where there is one already. @param {string} name @param {Set<string>} names */
function ownName(name, names) {
  let own = name;
  for (let n = 2; names.has(own); n++) own = `${name} (${n})`;
  return own;
}

const { compare } = new Intl.Collator("en", { numeric: true });

/** Folder by folder, and 2 before 10. @param {Source} a @param {Source} b */
function byPath({ path: a }, { path: b }) {
  return (folder(a) === folder(b) ? 0 : compare(folder(a), folder(b))) || compare(base(a), base(b));
}

/** @param {Source} source @param {Found} found @param {boolean} only  it is all there is */
function addRefusal(source, found, only) {
  const kind = extension(source.path);
  if (SILENT.has(kind) && !only) return;
  const unknown = [kind && `.${kind}, not known`, `Files of this kind are not known here. ${NEEDED}`];
  const [type, problem] = OTHERS.get(kind) ?? unknown;
  found.refusals.push({ name: base(source.path), type, problem });
}

/**
 * One group a header, headers that are only segments of another left out.
 * @param {Source[]} sources @param {Found} found  groups are added, and records that are there twice refused
 * @returns {Promise<Set<Source>>} every file that belongs to a record
 */
async function groupHeaders(sources, found) {
  /** @type {Set<Source>} */
  const taken = new Set();
  for (const inFolder of groupByFolder(sources).values()) {
    const headers = new Map(inFolder.filter(isHeader).map((header) => [stem(base(header.path)), header]));
    /** @type {Map<string, Named>} */
    const parsed = new Map();
    for (const [name, header] of headers) parsed.set(name, await parseHeader(header));
    const segments = new Set([...parsed.values()].flatMap((p) => p.segments));
    const tops = [...headers.keys()].filter((name) => !segments.has(name));
    const files = byLowerName(inFolder);
    for (const name of tops.length ? tops : headers.keys()) {
      const group = groupOf(name, parsed, files);
      for (const source of [...group.sources, ...companions(name, files)]) taken.add(source);
      addGroup(group, found);
    }
  }
  return taken;
}

/** Where one name is there several times, nothing tells which file is the record's.
 * @param {FileGroup} group @param {Found} found */
function addGroup(group, found) {
  const names = group.sources.map(handedName);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (!twice) {
    found.groups.push(group);
    return;
  }
  const times = names.filter((name) => name === twice).length;
  const problem = `${twice} is there ${times === 2 ? "twice" : `${times} times`}, and nothing tells which one is meant. ` +
    `Drop the folders that the files are in, or choose one record at a time.`;
  found.refusals.push({ name: group.name, type: group.type, problem });
}

/** Where a header's name differs in case from what the disk says (".HEA"), the core is given the
 * usual spelling. @param {Source} source */
const handedName = (source) => (isHeader(source) ? `${stem(base(source.path))}.hea` : base(source.path));

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

/** By name, and by stem with ".*" after it. Names that differ only in case are told by the core, so
 * they are handed to it too. @param {Source[]} sources */
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

/** What lies beside a record under its name, such as its printed form: no word is needed about it.
 * @param {string} name @param {Map<string, Source[]>} files */
const companions = (name, files) => (files.get(`${name.toLowerCase()}.*`) ?? []).filter((source) => !isModel(source));

/**
 * The record's header, the files that it and its segments name, and a signal file of its name: where
 * the header names another one, the core says so.
 * @param {string} name @param {Map<string, Named>} parsed @param {Map<string, Source[]>} files
 * @returns {FileGroup}
 */
function groupOf(name, parsed, files) {
  const segments = parsed.get(name)?.segments ?? [];
  const wanted = [];
  for (const header of [name, ...segments]) wanted.push(`${header}.hea`, ...(parsed.get(header)?.files ?? []));
  wanted.push(`${name}.dat`, `${name}.mat`);
  const keys = new Set(wanted.map((file) => file.toLowerCase()));
  const sources = [...new Set([...keys].flatMap((key) => files.get(key) ?? []))];
  const kinds = new Set(sources.filter((f) => !isHeader(f)).map((f) => `.${extension(f.path)}`));
  const type = segments.length ? counted(segments.length, "segment") : [...kinds].join(" ");
  return { name, type: `WFDB ${type}`.trim(), sources };
}

/** @typedef {{segments: string[], files: string[]}} Named  by a header */

/**
 * The files and segments that a header names. What is wrong with it is for the core to say.
 * @param {Source} header @returns {Promise<Named>}
 */
async function parseHeader(header) {
  const none = { segments: [], files: [] };
  if (header.size > 1024 * 1024) return none;
  try {
    return parseHeaderText(new TextDecoder().decode(await header.read()));
  } catch {
    return none;
  }
}

/** @param {string} text @returns {Named} */
export function parseHeaderText(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() && !line.trim().startsWith("#"));
  // "~" stands for no file: a pause between segments, or a signal of a layout.
  const first = new Set(lines.slice(1).map((line) => line.trim().split(/\s+/)[0]).filter((name) => name !== "~"));
  if (/^\s*\S+\/\d+/.test(lines[0] ?? "")) return { segments: [...first].slice(0, MAX_SEGMENTS), files: [] };
  return { segments: [], files: [...first] };
}

/** @param {number} bytes  of a record's files */
export function checkSize(bytes) {
  if (bytes > MAX_BYTES)
    throw new Error(
      `These files hold ${Math.round(bytes / 1e6)} MB; the page takes up to 256 MB. ` +
        `Cut the recording first, or use the command-line tool.`,
    );
}

/**
 * The bytes of a group, for the worker.
 * @param {FileGroup} group
 * @returns {Promise<NamedFile[]>}
 */
export async function readGroup(group) {
  checkSize(group.sources.reduce((sum, source) => sum + source.size, 0));
  return Promise.all(group.sources.map(async (source) => ({ name: handedName(source), bytes: await source.read() })));
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
  /** Folders of one name, from different places, stay apart. @type {Set<string>} */
  const folders = new Set();
  for (const entry of entries) {
    if (!entry) continue;
    const name = entry.isDirectory ? ownName(entry.name, folders) : entry.name;
    if (entry.isDirectory) folders.add(name);
    await walk(entry, name, out);
  }
  return out;
}

/** @param {FileSystemEntry} entry @param {string} path  its own @param {File[]} out */
async function walk(entry, path, out) {
  if (entry.isFile) {
    const file = await new Promise((ok, no) => /** @type {any} */ (entry).file(ok, no));
    out.push(Object.assign(file, { folderPath: path }));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((ok, no) => reader.readEntries(ok, no));
    if (!some.length) return;
    for (const inner of some) await walk(inner, `${path}/${inner.name}`, out);
  }
}

/**
 * From dropped files to records: archives are opened, and the core says which records there are, which
 * files go with each, and what is to be said about the rest. Names in different folders, or different
 * archives, do not mix.
 */

import { English, SpokenError, deferred } from "../words/language.js";
import { gzipMembers, holdMore, isGzip, startOfMembers, unpackMembers } from "./gzip.js";
import { errorWords, messageOf } from "../words/messages.js";
import { readZip } from "./zip.js";

/**
 * @typedef {import("../core/worker.js").NamedFile} NamedFile
 * @typedef {{path: string, size: number, read: () => Promise<ArrayBuffer>,
 *   start: (bytes: number) => Promise<ArrayBuffer>, file?: File}} Source
 *   path: with folders, as it was chosen; start: its first bytes; file: where it is one, and not in an archive
 * @typedef {{name: string, type: string, files: {name: string, source: Source}[],
 *   reading?: import("../core/readers.js").ReadOptions}} FileGroup
 *   name: the record's; of a file: what the record calls it; reading: what its reader has said of it
 * @typedef {{name: string, type: string, problem: string, words?: import("../words/language.js").Words}} Refusal
 *   problem: in words; words: the same, where they are the page's and not the core's
 * @typedef {{groups: FileGroup[], refusals: Refusal[], models: Source[]}} Found
 * @typedef {import("../core/readers.js").ListedFile} ListedFile
 * @typedef {import("../core/readers.js").Listing} Listing
 * @typedef {(files: ListedFile[]) => Promise<Listing>} List  the core's list of records
 */

/** Larger than any ECG the page can draw; a wrong file is refused before it is read. */
const MAX_BYTES = 256 * 1024 * 1024;
/** An archive in an archive is opened, another one in that is not. */
const MAX_ARCHIVES = 2;
/** Of archives in archives, together: they are unpacked to be looked into. */
const MAX_INNER_BYTES = 4 * MAX_BYTES;
const MAX_FILES = 200000;
/** Files that are looked into at the same time. */
const MAX_CONCURRENT_READS = 32;

/** @param {string} path */
const base = (path) => path.slice(path.lastIndexOf("/") + 1);
/** Without the slash at its end. @param {string} path */
const folder = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
/** @param {string} name */
const extension = (name) => (/\.([^.]*)$/.exec(base(name))?.[1] ?? "").toLowerCase();
/** @param {Source} source */
const isModel = (source) => extension(source.path) === "safetensors";

/** What macOS and Windows put beside people's files, and what is hidden. */
const JUNK = /(^|\/)(__MACOSX\/|\.|(thumbs\.db|desktop\.ini)$)/i;

/** @param {File} file @returns {Source} */
export function fileSource(file) {
  const written = file.webkitRelativePath || /** @type {any} */ (file).folderPath || file.name;
  const path = written.normalize("NFC"); // as headers are typed; macOS decomposes marked letters
  const fail = (/** @type {unknown} */ error) => {
    throw new SpokenError("files.unreadable", { name: file.name, why: errorWords(error) });
  };
  const read = () => file.arrayBuffer().catch(fail);
  const start = (/** @type {number} */ bytes) =>
    bytes < file.size ? file.slice(0, bytes).arrayBuffer().catch(fail) : read();
  return { path, size: file.size, read, start, file };
}

/**
 * Of a chosen file that gzip packed ("x.csv.gz"), what it holds ("x.csv"); of any other, itself. How much that is stands
 * at the end of each of its members, where gzip writes it: what comes to more is refused on the way.
 * @param {Source} source @returns {Promise<Source>}
 */
async function unpacked(source) {
  const { file, path } = source;
  if (!file || extension(path) !== "gz") return source;
  const first = await source.start(4).catch(() => new ArrayBuffer(0)); // reading it says what is wrong
  if (!isGzip(first)) return source;
  const members = await gzipMembers(file, MAX_BYTES);
  const size = members.reduce((sum, member) => sum + member.size, 0);
  const fail = (/** @type {unknown} */ error) => {
    throw new SpokenError("files.unreadable", { name: file.name, why: errorWords(error) });
  };
  const isCut = size > MAX_BYTES && !(await holdMore(members, MAX_BYTES));
  const read = async () => {
    if (isCut) fail(new SpokenError("zip.ends-early"));
    checkSize(size);
    return unpackMembers(members, size).catch(fail);
  };
  const start = (/** @type {number} */ bytes) => (bytes < size ? startOfMembers(members, bytes).catch(fail) : read());
  return { path: path.slice(0, -3), size: isCut ? file.size : size, read, start };
}

/**
 * Everything among the files: records, models, and a line for what is neither.
 * @param {File[]} files @param {List} list
 * @returns {Promise<Found>}
 */
export async function findRecords(files, list) {
  const unpacking = new Unpacking();
  const sources = [...(await unpacking.all(files)), ...unpacking.named.keys()].sort(byPath);
  const { groups, refusals, models, listing } = await foundAmong(sources, list, unpacking);
  if (!groups.length && !refusals.length && !models.length)
    refusals.push({ name: namesOf(files), type: "", ...noRecord(listing) });
  return { groups, refusals, models };
}

/** The files themselves, those in archives too. @param {File[]} files @returns {Promise<Source[]>} */
export const allSources = (files) => new Unpacking().all(files);

/** Records among files that were unpacked. @param {Source[]} sources @param {List} list @returns {Promise<Found>} */
export const groupsAmong = (sources, list) => foundAmong(sources, list, new Unpacking());

/** @param {Source[]} sources @param {List} list @param {Unpacking} unpacking  what they came from
 * @returns {Promise<Found & {listing: Listing}>} */
async function foundAmong(sources, list, unpacking) {
  const models = sources.filter(isModel);
  const rest = sources.filter((source) => !isModel(source));
  const listing = await listRecords(rest, list);
  const refusals = [...unpacking.refusals, ...unpacking.withoutRecords(rest, models, listing)];
  /** @type {FileGroup[]} */
  const groups = [];
  for (const { name, type, files: needed, problem } of listing.records)
    if (problem) refusals.push({ name, type, problem });
    else groups.push({ name, type, files: needed.map((file) => ({ name: file.name, source: rest[file.index] })) });
  for (const { index, type, problem, quiet } of listing.others) {
    const named = unpacking.named.get(rest[index]);
    if (named) refusals.push(named);
    else if (!quiet || rest.length === 1) refusals.push({ name: base(rest[index].path), type, problem });
  }
  return { groups, refusals, models, listing };
}

/** @param {Listing} listing */
function noRecord({ help }) {
  const words = deferred("files.no-record", { help: new English(help) });
  return { problem: String(words), words };
}

/**
 * The core's list; it asks for starts of files until it knows.
 * @param {Source[]} sources @param {List} list @returns {Promise<Listing>}
 */
async function listRecords(sources, list) {
  /** @type {ListedFile[]} */
  const files = sources.map(({ path, size }) => ({ path, size, start: null }));
  for (;;) {
    const listing = await list(files);
    if (!listing.wanted.length) return listing;
    for (let at = 0; at < listing.wanted.length; at += MAX_CONCURRENT_READS)
      await Promise.all(
        listing.wanted.slice(at, at + MAX_CONCURRENT_READS).map(async ([index, bytes]) => {
          // What cannot be read says so when its record is opened.
          const start = await sources[index].start(bytes).catch(() => new ArrayBuffer(0));
          files[index].start = composed(files[index].path, start);
        }),
      );
  }
}

/** @param {File[]} files */
const namesOf = (files) => files.map((file) => file.name).join(", ") || String(deferred("files.none"));

/** @typedef {{archive: Source, inside: Source[], archives: Opened[]}} Opened  an archive, and what was in it */

/** Chosen files become a list of all that is in them. */
class Unpacking {
  constructor() {
    /** @type {Refusal[]} */
    this.refusals = [];
    /** @type {Source[]} */
    this.sources = [];
    /** Archives that could be opened, inner ones first. @type {Opened[]} */
    this.opened = [];
    /** Chosen files with the name of an archive that cannot be opened, and why not: they may be recordings by their
     * content. @type {Map<Source, Refusal>} */
    this.named = new Map();
    /** Folders that archives stand for. @type {Set<string>} */
    this.places = new Set();
    this.innerBytes = 0;
  }

  /** In the order a person would put them in, whichever the system has. @param {File[]} files */
  async all(files) {
    for (const file of files) await this.add(await unpacked(fileSource(file)), 0);
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
        const why = refusal(source, { problem: messageOf(error), words: errorWords(error) });
        if (depth === 0) this.named.set(source, why);
        else this.refusals.push(why);
      }
  }

  /** @param {Source} archive @param {number} depth */
  async open(archive, depth) {
    const [files, lines, archives] = [this.sources.length, this.refusals.length, this.opened.length];
    const entries = await readZip(archive.file ?? (await this.inner(archive, depth)), base(archive.path));
    if (files + entries.length > MAX_FILES) throw new SpokenError("files.too-many", { most: MAX_FILES });
    const place = this.placeOf(archive.path);
    for (const entry of entries) await this.add({ ...entry, path: `${place}/${entry.path}` }, depth + 1);
    if (this.refusals.length === lines)
      this.opened.push({ archive, inside: this.sources.slice(files), archives: this.opened.slice(archives) });
  }

  /** A line for each archive in which there is nothing of use; of one in another, for the inner one alone.
   * @param {Source[]} sources @param {Source[]} models @param {Listing} listing  of the sources
   * @returns {Refusal[]} */
  withoutRecords(sources, models, listing) {
    const useful = new Set(models);
    for (const { files } of listing.records) for (const { index } of files) useful.add(sources[index]);
    /** @type {Set<Opened>} */
    const empty = new Set();
    for (const opened of this.opened)
      if (!opened.inside.some((source) => useful.has(source)) && !opened.archives.some((inner) => empty.has(inner)))
        empty.add(opened);
    return [...empty].map(({ archive }) => refusal(archive, noRecord(listing)));
  }

  /** @param {Source} archive @param {number} depth */
  async inner(archive, depth) {
    if (depth >= MAX_ARCHIVES) throw new SpokenError("files.too-deep");
    this.innerBytes += archive.size;
    if (this.innerBytes > MAX_INNER_BYTES) throw new SpokenError("files.inner-large");
    return new Blob([await archive.read()]);
  }

  /** Archives of one name, from different folders, stay apart. @param {string} path */
  placeOf(path) {
    const place = ownName(path, this.places);
    this.places.add(place);
    return place;
  }
}

/** @param {Source} archive @param {Pick<Refusal, "problem" | "words">} why @returns {Refusal} */
const refusal = ({ path }, why) => ({ name: base(path), type: "zip archive", ...why });

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

/** @param {number} bytes  of a record's files */
export function checkSize(bytes) {
  if (bytes > MAX_BYTES) throw new SpokenError("files.large", { size: Math.round(bytes / 1e6) });
}

/**
 * The bytes of a group, for the worker.
 * @param {FileGroup} group
 * @returns {Promise<NamedFile[]>}
 */
export async function readGroup(group) {
  checkSize(group.files.reduce((sum, { source }) => sum + source.size, 0));
  return Promise.all(
    group.files.map(async ({ name, source }) => ({ name, bytes: composed(name, await source.read()) })),
  );
}

/**
 * A header as paths are, with marked letters composed: macOS's programs write the names in it decomposed. It keeps its
 * length, by empty lines. What is no UTF-8, or would grow, stays as it is.
 * @param {string} path @param {ArrayBuffer} bytes
 */
function composed(path, bytes) {
  if (extension(path) !== "hea") return bytes;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
    const made = new TextEncoder().encode(text.normalize("NFC"));
    if (text === text.normalize("NFC") || made.length > bytes.byteLength) return bytes;
    const out = new Uint8Array(bytes.byteLength).fill(10);
    out.set(made);
    return out.buffer;
  } catch {
    return bytes;
  }
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

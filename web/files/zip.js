/**
 * Zip archives, read without a library: the central directory here, inflating by the browser. What
 * an archive says of itself is not believed: sizes are limited, both of its descriptions of an entry
 * must agree, and an entry is what it announced, by size and by CRC-32, or it is refused (method:
 * APPNOTE.TXT 6.3, sections 4.3 and 4.4).
 */

import { SpokenError, deferred } from "../words/language.js";
import { errorWords } from "../words/messages.js";

/** @typedef {{path: string, size: number, read: () => Promise<ArrayBuffer>,
 *   start: (bytes: number) => Promise<ArrayBuffer>}} ZipEntry
 *   path: relative, with "/" between its parts; start: the first bytes, of which only the whole entry tells
 *   whether they are what was packed */

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR64_BYTES = 20;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
/** Where the end is looked for: behind it are a comment, and what a server or a mail program has added. */
const TAIL_BYTES = 256 * 1024;
/** Bits that say so of the contents, of their strong form, and of the directory. */
const ENCRYPTED = 0x2041;
/** Sizes and CRC follow the data; the local header does not have them. */
const DESCRIPTOR = 8;
const UTF8 = 0x800;
const STORED = 0;
const DEFLATED = 8;
/** Extra fields of an entry: 64-bit sizes; its name in UTF-8. */
const EXTRA64 = 0x0001;
const EXTRA_PATH = 0x7075;
/** Stands where the real number is in a field of the 64-bit kind. */
const ELSEWHERE = 0xffffffff;
const MAX_ENTRIES = 200000;
const MAX_DIRECTORY_BYTES = 128 * 1024 * 1024;
const MAX_ENTRY_BYTES = 256 * 1024 * 1024;

/** @typedef {import("../words/language.js").Key} Key */

/** What to do. @type {Key} */
const BY_HAND = "zip.by-hand";
/** @type {Key} */
const AGAIN = "zip.again";
/** @type {Key} */
const UNPACK = "zip.unpack";
/** @type {Key} */
const DAMAGED = "zip.damaged";

/** What is wrong with an archive, and what to do. */
class ZipError extends SpokenError {
  /** @param {Key} key @param {Key} [advice] @param {import("../words/language.js").Args} [args] */
  constructor(key, advice = AGAIN, args = {}) {
    super(key, args);
    this.advice = advice;
  }
}

/** @param {Blob} blob @param {number} from @param {number} bytes */
async function view(blob, from, bytes) {
  const buffer = await blob.slice(from, from + bytes).arrayBuffer();
  if (buffer.byteLength < bytes) throw new ZipError("zip.ends-early");
  return new DataView(buffer);
}

/**
 * The files in an archive; folders are left out.
 * @param {Blob} archive @param {string} name  for messages
 * @returns {Promise<ZipEntry[]>}
 */
export async function readZip(archive, name) {
  try {
    const { count, from, bytes, moved } = await findDirectory(archive);
    const entries = directoryEntries(await view(archive, from, bytes), count, moved);
    return entries
      .filter((entry) => entry.path && !entry.path.endsWith("/"))
      .map((entry) => ({
        path: entry.path,
        size: entry.size,
        read: () => readEntry(archive, name, entry),
        start: (wanted) => (wanted < entry.size ? readStart(archive, entry, wanted) : readEntry(archive, name, entry)),
      }));
  } catch (error) {
    const advice = error instanceof ZipError ? error.advice : UNPACK;
    throw new SpokenError("zip.unreadable", { name, why: errorWords(error), advice: deferred(advice) });
  }
}

/**
 * Where the directory is. What lies before the archive, as a program that unpacks it, moves everything in it.
 * @param {Blob} archive @returns {Promise<{count: number, from: number, bytes: number, moved: number}>}
 */
async function findDirectory(archive) {
  const from = Math.max(0, archive.size - TAIL_BYTES);
  const tail = await view(archive, from, archive.size - from);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END || at + END_BYTES + tail.getUint16(at + 20, true) > tail.byteLength) continue;
    const end = await wideEnd(archive, tail, at, from);
    if (end.disk) throw new ZipError("zip.part", UNPACK);
    if (end.count > MAX_ENTRIES)
      throw new ZipError("zip.too-many", "zip.choose", { count: end.count, most: MAX_ENTRIES });
    if (end.bytes > MAX_DIRECTORY_BYTES || end.bytes > end.place) throw new ZipError(DAMAGED);
    return { ...end, ...(await startOf(archive, end)) };
  }
  throw await noDirectory(archive);
}

/** @typedef {{count: number, bytes: number, from: number, disk: number, place: number}} End  place: its own */

/** The end record, or that of the 64-bit kind (ZIP64) before it.
 * @param {Blob} archive @param {DataView} tail @param {number} at @param {number} from  of the tail
 * @returns {Promise<End>} */
async function wideEnd(archive, tail, at, from) {
  const end = {
    disk: tail.getUint16(at + 4, true),
    count: tail.getUint16(at + 10, true),
    bytes: tail.getUint32(at + 12, true),
    from: tail.getUint32(at + 16, true),
    place: from + at,
  };
  const wide = [end.disk, end.count].includes(0xffff) || [end.bytes, end.from].includes(ELSEWHERE);
  const locator = at - LOCATOR64_BYTES;
  if (locator < 0 || tail.getUint32(locator, true) !== LOCATOR64) {
    if (end.from === ELSEWHERE || end.bytes === ELSEWHERE) throw new ZipError(DAMAGED);
    return end;
  }
  // Where the locator says, or, in an archive that was moved, right before it.
  for (const place of [number64(tail, locator + 8), from + locator - END64_BYTES]) {
    if (place < 0 || place + END64_BYTES > archive.size) continue;
    const record = await view(archive, place, END64_BYTES);
    if (record.getUint32(0, true) !== END64) continue;
    return {
      disk: record.getUint32(16, true),
      count: number64(record, 32),
      bytes: number64(record, 40),
      from: number64(record, 48),
      place,
    };
  }
  if (wide) throw new ZipError(DAMAGED);
  return end;
}

/** The directory ends where its end record begins. What is moved by another archive before it lies in that one, whose
 * end is missing. @param {Blob} archive @param {End} end */
async function startOf(archive, { from, bytes, count, place }) {
  const places = [...new Set([place - bytes, from])].filter((at) => at >= 0 && at + bytes <= archive.size);
  for (const at of places) {
    if (count && (await signature(archive, at)) !== CENTRAL) continue;
    if (at < from) throw new ZipError("zip.no-beginning");
    if (at > from && (await signature(archive, 0)) === LOCAL) throw await behindAnother(archive, at - from);
    return { from: at, moved: count ? at - from : 0 };
  }
  throw new ZipError(DAMAGED);
}

/** @param {Blob} archive @param {number} at */
async function signature(archive, at) {
  const bytes = await archive.slice(at, at + 4).arrayBuffer();
  return bytes.byteLength === 4 ? new DataView(bytes).getUint32(0, true) : 0;
}

/** Of an archive behind what begins as one too: a whole archive, whose end record (without a comment) is the last of it,
 * or one whose end is missing. @param {Blob} archive @param {number} at */
async function behindAnother(archive, at) {
  if (at >= END_BYTES && (await signature(archive, at - END_BYTES)) === END) return new ZipError("zip.several");
  return noDirectory(archive);
}

/** @param {Blob} archive */
async function noDirectory(archive) {
  if ((await signature(archive, 0)) === LOCAL) return new ZipError("zip.no-end");
  return new ZipError("zip.none", "zip.other");
}

/** @param {DataView} data @param {number} at */
const number64 = (data, at) => data.getUint32(at, true) + 2 ** 32 * data.getUint32(at + 4, true);

/** @param {DataView} directory @param {number} count @param {number} moved */
function directoryEntries(directory, count, moved) {
  const entries = [];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > directory.byteLength || directory.getUint32(at, true) !== CENTRAL)
      throw new ZipError(DAMAGED);
    const entry = directoryEntry(directory, at, moved);
    at = entry.next;
    entries.push(entry);
  }
  return entries;
}

/** @param {DataView} d @param {number} at @param {number} moved */
function directoryEntry(d, at, moved) {
  const nameBytes = d.getUint16(at + 28, true);
  const end = at + CENTRAL_BYTES + nameBytes;
  const next = end + d.getUint16(at + 30, true) + d.getUint16(at + 32, true);
  if (next > d.byteLength) throw new ZipError(DAMAGED);
  const flags = d.getUint16(at + 8, true);
  const name = new Uint8Array(d.buffer, d.byteOffset + at + CENTRAL_BYTES, nameBytes);
  const extra = extraFields(d, end, end + d.getUint16(at + 30, true));
  const numbers = {
    size: d.getUint32(at + 24, true),
    packed: d.getUint32(at + 20, true),
    offset: d.getUint32(at + 42, true),
  };
  const whole = widen(numbers, extra.get(EXTRA64));
  return {
    name,
    path: cleanPath(nameOf(name, flags, extra.get(EXTRA_PATH))),
    encrypted: (flags & ENCRYPTED) !== 0,
    method: d.getUint16(at + 10, true),
    crc: d.getUint32(at + 16, true),
    size: numbers.size,
    packed: numbers.packed,
    offset: numbers.offset + moved,
    whole,
    next,
  };
}

/** By their ids. @param {DataView} d @param {number} from @param {number} to @returns {Map<number, DataView>} */
function extraFields(d, from, to) {
  const fields = new Map();
  for (let at = from; at + 4 <= to;) {
    const bytes = d.getUint16(at + 2, true);
    if (at + 4 + bytes > to) break; // padding, and what other programs leave
    const id = d.getUint16(at, true);
    if (!fields.has(id)) fields.set(id, new DataView(d.buffer, d.byteOffset + at + 4, bytes));
    at += 4 + bytes;
  }
  return fields;
}

/** Numbers of 64 bits stand in the extra field, in this order, those alone that do not fit. False where one lacks.
 * @param {{size: number, packed: number, offset: number}} numbers @param {DataView | undefined} extra */
function widen(numbers, extra) {
  let at = 0;
  for (const key of /** @type {const} */ (["size", "packed", "offset"])) {
    if (numbers[key] !== ELSEWHERE) continue;
    if (!extra || at + 8 > extra.byteLength) return false;
    numbers[key] = number64(extra, at);
    at += 8;
  }
  return true;
}

/**
 * An entry's name. What says that it is UTF-8 is believed; without a word it is UTF-8 where it can be, as macOS and
 * Linux write it, else of the IBM PC, as the standard has it. Composed, as headers are, where macOS decomposes.
 * @param {Uint8Array} name @param {number} flags @param {DataView | undefined} path  the name's extra field
 */
function nameOf(name, flags, path) {
  const unicode = !(flags & UTF8) && path && path.byteLength > 5 && path.getUint8(0) === 1;
  const own = unicode && path.getUint32(1, true) === crc32(name);
  const bytes = own ? new Uint8Array(path.buffer, path.byteOffset + 5, path.byteLength - 5) : name;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).normalize("NFC");
  } catch {
    return Array.from(name, (byte) => (byte < 128 ? String.fromCharCode(byte) : IBM_PC[byte - 128])).join("");
  }
}

/** Code page 437, from 128 on. */
const IBM_PC =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/** @typedef {ReturnType<typeof directoryEntry>} Entry */

/** Relative, whatever was written. @param {string} written */
function cleanPath(written) {
  const parts = written
    .replaceAll("\\", "/")
    .replace(/^[A-Za-z]:/, "")
    .replace(/^\/+/, "")
    .split("/");
  if (parts.includes("..")) throw new ZipError("zip.leads-out", UNPACK, { path: written });
  return parts.filter((part) => part !== ".").join("/");
}

/** @param {Blob} archive @param {string} name @param {Entry} entry @returns {Promise<ArrayBuffer>} */
async function readEntry(archive, name, entry) {
  const refuse = (/** @type {import("../words/language.js").Words} */ why, /** @type {Key} */ advice) =>
    new SpokenError("zip.not-unpacked", { path: entry.path, name, why, advice: deferred(advice) });
  const unfit = whyNotRead(entry);
  if (unfit) throw refuse(unfit.phrase, BY_HAND);
  try {
    const packed = await packedBytes(archive, entry);
    const bytes = entry.method === STORED ? await packed.arrayBuffer() : await inflate(packed, entry.size);
    checkContents(bytes, entry);
    return bytes;
  } catch (error) {
    throw refuse(errorWords(error), AGAIN);
  }
}

/** @param {Blob} archive @param {Entry} entry @param {number} bytes @returns {Promise<ArrayBuffer>} */
async function readStart(archive, entry, bytes) {
  const unfit = whyNotRead(entry);
  if (unfit) throw unfit;
  const packed = await packedBytes(archive, entry);
  return entry.method === STORED ? packed.slice(0, bytes).arrayBuffer() : inflateStart(packed, bytes);
}

/** The first bytes of what is packed. @param {Blob} packed @param {number} bytes
 * @param {CompressionFormat} [format] @returns {Promise<ArrayBuffer>} */
export async function inflateStart(packed, bytes, format = "deflate-raw") {
  const reader = packed.stream().pipeThrough(new DecompressionStream(format)).getReader();
  const out = new Uint8Array(bytes);
  let at = 0;
  while (at < bytes) {
    const { done, value } = await reader.read();
    if (done) break;
    out.set(value.subarray(0, bytes - at), at);
    at += value.length;
  }
  await reader.cancel();
  return out.buffer.slice(0, at);
}

/** What is whole, but not for this reader. @param {Entry} entry */
function whyNotRead(entry) {
  if (entry.encrypted) return new SpokenError("zip.encrypted");
  if (!entry.whole) return new SpokenError("zip.no-size");
  if (entry.method !== STORED && entry.method !== DEFLATED)
    return new SpokenError("zip.method", { method: entry.method });
  if (entry.size > MAX_ENTRY_BYTES) return new SpokenError("zip.large");
  return null;
}

/** @param {Blob} archive @param {Entry} entry @returns {Promise<Blob>} */
async function packedBytes(archive, entry) {
  const local = await view(archive, entry.offset, LOCAL_BYTES);
  const nameBytes = local.getUint16(26, true);
  const name = await view(archive, entry.offset + LOCAL_BYTES, nameBytes);
  checkLocal(local, new Uint8Array(name.buffer), entry);
  const from = entry.offset + LOCAL_BYTES + nameBytes + local.getUint16(28, true);
  const packed = archive.slice(from, from + entry.packed);
  if (packed.size < entry.packed) throw new SpokenError("zip.archive-ends-early");
  return packed;
}

/** An entry is described twice, before its data and in the directory.
 * @param {DataView} local @param {Uint8Array} name @param {Entry} entry */
function checkLocal(local, name, entry) {
  if (local.getUint32(0, true) !== LOCAL) throw new SpokenError("zip.place");
  const same = (/** @type {number} */ at, /** @type {number} */ expected) =>
    [expected, ELSEWHERE].includes(local.getUint32(at, true));
  const described =
    (local.getUint16(6, true) & DESCRIPTOR) !== 0 ||
    (same(14, entry.crc) && same(18, entry.packed) && same(22, entry.size));
  const named = name.length === entry.name.length && name.every((byte, i) => byte === entry.name[i]);
  if (!described || !named || local.getUint16(8, true) !== entry.method) throw new SpokenError("zip.differ");
}

/** @param {ArrayBuffer} bytes @param {Entry} entry */
function checkContents(bytes, entry) {
  if (bytes.byteLength !== entry.size) throw new SpokenError("zip.size", { bytes: bytes.byteLength, size: entry.size });
  const crc = crc32(new Uint8Array(bytes));
  const hex = (/** @type {number} */ value) => value.toString(16).padStart(8, "0");
  if (crc !== entry.crc) throw new SpokenError("zip.crc", { crc: hex(crc), stated: hex(entry.crc) });
}

/** @param {Blob} packed @param {number} size  what it must come to @param {CompressionFormat} [format]
 * @returns {Promise<ArrayBuffer>} */
export async function inflate(packed, size, format = "deflate-raw") {
  const reader = packed.stream().pipeThrough(new DecompressionStream(format)).getReader();
  const next = () =>
    reader.read().catch(() => {
      throw new SpokenError("zip.data");
    });
  const out = new Uint8Array(size);
  let at = 0;
  for (let part = await next(); !part.done; part = await next()) {
    if (at + part.value.length > size) {
      await reader.cancel();
      throw new SpokenError("zip.larger");
    }
    out.set(part.value, at);
    at += part.value.length;
  }
  if (at !== size) throw new SpokenError("zip.shorter");
  return out.buffer;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * Zip archives, read without a library: the central directory here, inflating by the browser. What
 * an archive says of itself is not believed: sizes are limited, both of its descriptions of an entry
 * must agree, and an entry is what it announced, by size and by CRC-32, or it is refused (method:
 * APPNOTE.TXT 6.3, sections 4.3 and 4.4).
 */

import { messageOf } from "./words.js";

/** @typedef {{path: string, size: number, read: () => Promise<ArrayBuffer>}} ZipEntry
 *   path: relative, with "/" between its parts */

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const COMMENT_MAX = 65535;
const ENCRYPTED = 1;
/** Sizes and CRC follow the data; the local header does not have them. */
const DESCRIPTOR = 8;
const UTF8 = 0x800;
const STORED = 0;
const DEFLATED = 8;
/** Stands where the real number is in a field of the 64-bit kind. */
const ELSEWHERE = 0xffffffff;
const ZIP64 = "it is of the 64-bit kind (ZIP64), which is not read here";
const MAX_ENTRIES = 20000;
const MAX_ENTRY_BYTES = 256 * 1024 * 1024;

const BY_HAND = "Unpack the archive by hand and choose the files.";
const AGAIN = "Download the archive again, or zip the files again.";

/** @param {Blob} blob @param {number} from @param {number} bytes */
async function view(blob, from, bytes) {
  const buffer = await blob.slice(from, from + bytes).arrayBuffer();
  if (buffer.byteLength < bytes) throw new Error("it ends too early");
  return new DataView(buffer);
}

/**
 * The files in an archive; folders are left out.
 * @param {Blob} archive @param {string} name  for messages
 * @returns {Promise<ZipEntry[]>}
 */
export async function readZip(archive, name) {
  try {
    const { count, from, bytes } = await findDirectory(archive);
    const entries = directoryEntries(await view(archive, from, bytes), count);
    return entries
      .filter((entry) => entry.path && !entry.path.endsWith("/"))
      .map((entry) => ({ path: entry.path, size: entry.size, read: () => readEntry(archive, name, entry) }));
  } catch (error) {
    throw new Error(`${name} cannot be read as a zip archive: ${messageOf(error)}. ` +
      `Unpack it and choose the files inside it.`);
  }
}

/** @param {Blob} archive */
async function findDirectory(archive) {
  const from = Math.max(0, archive.size - END_BYTES - COMMENT_MAX);
  const tail = await view(archive, from, archive.size - from);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    const found = {
      count: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      from: tail.getUint32(at + 16, true),
    };
    if (found.count === 0xffff || found.from === ELSEWHERE) throw new Error(ZIP64);
    if (found.count > MAX_ENTRIES) throw new Error(`it holds more than ${MAX_ENTRIES} files`);
    if (found.from + found.bytes > from + at) throw new Error("its directory is damaged");
    return found;
  }
  throw new Error("it has no directory at its end");
}

/** @param {DataView} directory @param {number} count */
function directoryEntries(directory, count) {
  const entries = [];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > directory.byteLength || directory.getUint32(at, true) !== CENTRAL)
      throw new Error("its directory is damaged");
    const entry = directoryEntry(directory, at);
    at = entry.next;
    if (at > directory.byteLength) throw new Error("its directory is damaged");
    entries.push(entry);
  }
  return entries;
}

/** @param {DataView} d @param {number} at */
function directoryEntry(d, at) {
  const nameBytes = d.getUint16(at + 28, true);
  const end = at + CENTRAL_BYTES + nameBytes;
  if (end > d.byteLength) throw new Error("its directory is damaged");
  const flags = d.getUint16(at + 8, true);
  const name = new Uint8Array(d.buffer, d.byteOffset + at + CENTRAL_BYTES, nameBytes);
  return {
    name,
    path: cleanPath(new TextDecoder(flags & UTF8 ? "utf-8" : "latin1").decode(name)),
    encrypted: (flags & ENCRYPTED) !== 0,
    method: d.getUint16(at + 10, true),
    crc: d.getUint32(at + 16, true),
    packed: d.getUint32(at + 20, true),
    size: d.getUint32(at + 24, true),
    offset: d.getUint32(at + 42, true),
    next: end + d.getUint16(at + 30, true) + d.getUint16(at + 32, true),
  };
}

/** @typedef {ReturnType<typeof directoryEntry>} Entry */

/** Relative, whatever was written. @param {string} written */
function cleanPath(written) {
  const parts = written.replaceAll("\\", "/").replace(/^[A-Za-z]:/, "").replace(/^\/+/, "").split("/");
  if (parts.includes("..")) throw new Error(`the path ${written} in it leads out of it`);
  return parts.filter((part) => part !== ".").join("/");
}

/** @param {Blob} archive @param {string} name @param {Entry} entry @returns {Promise<ArrayBuffer>} */
async function readEntry(archive, name, entry) {
  const refuse = (/** @type {string} */ why, /** @type {string} */ advice) =>
    new Error(`${entry.path} in ${name} cannot be unpacked: ${why}. ${advice}`);
  const unfit = whyNotRead(entry);
  if (unfit) throw refuse(unfit, BY_HAND);
  try {
    const packed = await packedBytes(archive, entry);
    const bytes = entry.method === STORED ? await packed.arrayBuffer() : await inflate(packed, entry.size);
    checkContents(bytes, entry);
    return bytes;
  } catch (error) {
    throw refuse(messageOf(error), AGAIN);
  }
}

/** What is whole, but not for this reader. @param {Entry} entry */
function whyNotRead(entry) {
  if (entry.encrypted) return "it is encrypted";
  if ([entry.size, entry.packed, entry.offset].includes(ELSEWHERE)) return ZIP64;
  if (entry.method !== STORED && entry.method !== DEFLATED)
    return `compression method ${entry.method} is not known here`;
  if (entry.size > MAX_ENTRY_BYTES) return "it is larger than 256 MB";
  return "";
}

/** @param {Blob} archive @param {Entry} entry @returns {Promise<Blob>} */
async function packedBytes(archive, entry) {
  const local = await view(archive, entry.offset, LOCAL_BYTES);
  const nameBytes = local.getUint16(26, true);
  const name = await view(archive, entry.offset + LOCAL_BYTES, nameBytes);
  checkLocal(local, new Uint8Array(name.buffer), entry);
  const from = entry.offset + LOCAL_BYTES + nameBytes + local.getUint16(28, true);
  const packed = archive.slice(from, from + entry.packed);
  if (packed.size < entry.packed) throw new Error("the archive ends too early");
  return packed;
}

/** An entry is described twice, before its data and in the directory.
 * @param {DataView} local @param {Uint8Array} name @param {Entry} entry */
function checkLocal(local, name, entry) {
  if (local.getUint32(0, true) !== LOCAL) throw new Error("its place is wrong");
  const same = (/** @type {number} */ at, /** @type {number} */ expected) =>
    [expected, ELSEWHERE].includes(local.getUint32(at, true));
  const described = (local.getUint16(6, true) & DESCRIPTOR) !== 0 ||
    (same(14, entry.crc) && same(18, entry.packed) && same(22, entry.size));
  const named = name.length === entry.name.length && name.every((byte, i) => byte === entry.name[i]);
  if (!described || !named || local.getUint16(8, true) !== entry.method)
    throw new Error("its two descriptions in the archive differ");
}

/** @param {ArrayBuffer} bytes @param {Entry} entry */
function checkContents(bytes, entry) {
  if (bytes.byteLength !== entry.size)
    throw new Error(`it has ${bytes.byteLength} bytes and should have ${entry.size}`);
  const crc = crc32(new Uint8Array(bytes));
  const hex = (/** @type {number} */ value) => value.toString(16).padStart(8, "0");
  if (crc !== entry.crc)
    throw new Error(`it is damaged (its CRC-32 is ${hex(crc)} and should be ${hex(entry.crc)})`);
}

/** @param {Blob} packed @param {number} size  what it must come to @returns {Promise<ArrayBuffer>} */
async function inflate(packed, size) {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const next = () => reader.read().catch(() => {
    throw new Error("its compressed data are damaged");
  });
  const out = new Uint8Array(size);
  let at = 0;
  for (let part = await next(); !part.done; part = await next()) {
    if (at + part.value.length > size) {
      await reader.cancel();
      throw new Error("it is larger than it says");
    }
    out.set(part.value, at);
    at += part.value.length;
  }
  if (at !== size) throw new Error("it is shorter than it says");
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

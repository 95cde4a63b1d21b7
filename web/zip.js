/**
 * Zip archives, read without a library: the central directory here, inflating by the browser. What
 * an archive says of itself is not believed: sizes are limited, and an entry that inflates to more
 * than it announced is refused (method: APPNOTE.TXT 6.3, sections 4.3 and 4.4).
 */

/** @typedef {{path: string, size: number, read: () => Promise<ArrayBuffer>}} ZipEntry */

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const COMMENT_MAX = 65535;
const ENCRYPTED = 1;
const UTF8 = 0x800;
const STORED = 0;
const DEFLATED = 8;
const MAX_ENTRIES = 20000;
const MAX_ENTRY_BYTES = 256 * 1024 * 1024;

/** @param {Blob} blob @param {number} from @param {number} bytes */
async function view(blob, from, bytes) {
  const buffer = await blob.slice(from, from + bytes).arrayBuffer();
  if (buffer.byteLength < bytes) throw new Error("it ends too early");
  return new DataView(buffer);
}

/**
 * The files in an archive; folders are left out.
 * @param {File} file
 * @returns {Promise<ZipEntry[]>}
 */
export async function readZip(file) {
  try {
    const { count, from, bytes } = await findDirectory(file);
    return directoryEntries(file, await view(file, from, bytes), count);
  } catch (error) {
    throw new Error(`${file.name} cannot be read as a zip archive: ${messageOf(error)}. ` +
      `Unpack it and choose the files inside it.`);
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @param {File} file */
async function findDirectory(file) {
  const from = Math.max(0, file.size - END_BYTES - COMMENT_MAX);
  const tail = await view(file, from, file.size - from);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    const found = {
      count: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      from: tail.getUint32(at + 16, true),
    };
    if (found.count === 0xffff || found.from === 0xffffffff) throw new Error("it is of the 64-bit kind");
    if (found.count > MAX_ENTRIES) throw new Error(`it holds more than ${MAX_ENTRIES} files`);
    if (found.from + found.bytes > from + at) throw new Error("its directory is damaged");
    return found;
  }
  throw new Error("it has no directory at its end");
}

/** @param {File} file @param {DataView} directory @param {number} count @returns {ZipEntry[]} */
function directoryEntries(file, directory, count) {
  const entries = [];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > directory.byteLength || directory.getUint32(at, true) !== CENTRAL)
      throw new Error("its directory is damaged");
    const entry = directoryEntry(directory, at);
    at = entry.next;
    if (at > directory.byteLength) throw new Error("its directory is damaged");
    if (!entry.path.endsWith("/"))
      entries.push({ path: entry.path, size: entry.size, read: () => readEntry(file, entry) });
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
    path: new TextDecoder(flags & UTF8 ? "utf-8" : "latin1").decode(name).replaceAll("\\", "/"),
    encrypted: (flags & ENCRYPTED) !== 0,
    method: d.getUint16(at + 10, true),
    packed: d.getUint32(at + 20, true),
    size: d.getUint32(at + 24, true),
    offset: d.getUint32(at + 42, true),
    next: end + d.getUint16(at + 30, true) + d.getUint16(at + 32, true),
  };
}

/** @param {File} file @param {ReturnType<typeof directoryEntry>} entry @returns {Promise<ArrayBuffer>} */
async function readEntry(file, entry) {
  const refuse = (/** @type {string} */ why) =>
    new Error(`${entry.path} in ${file.name} cannot be unpacked: ${why}. Unpack the archive by hand.`);
  if (entry.encrypted) throw refuse("it is encrypted");
  if (entry.method !== STORED && entry.method !== DEFLATED)
    throw refuse(`compression method ${entry.method} is not known here`);
  if (entry.size > MAX_ENTRY_BYTES) throw refuse("it is larger than 256 MB");
  try {
    const local = await view(file, entry.offset, LOCAL_BYTES);
    if (local.getUint32(0, true) !== LOCAL) throw new Error("its place is wrong");
    const from = entry.offset + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
    const packed = file.slice(from, from + entry.packed);
    if (packed.size < entry.packed) throw new Error("the archive ends too early");
    if (entry.method === STORED) return await packed.arrayBuffer();
    return await inflate(packed, entry.size);
  } catch (error) {
    throw refuse(messageOf(error));
  }
}

/** @param {Blob} packed @param {number} size  what it must come to @returns {Promise<ArrayBuffer>} */
async function inflate(packed, size) {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const out = new Uint8Array(size);
  let at = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (at + next.value.length > size) {
      await reader.cancel();
      throw new Error("it is larger than it says");
    }
    out.set(next.value, at);
    at += next.value.length;
  }
  if (at !== size) throw new Error("it is shorter than it says");
  return out.buffer;
}

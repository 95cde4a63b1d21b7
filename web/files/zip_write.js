/** Several files as one: a zip archive whose files are stored as they are, or as who hands them in has packed them. */

/** By the polynomial of zip, a byte at a time. */
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** The first day that zip knows: an archive says nothing of when it was made. */
const DATE = 0x21;
const LOCAL = 0x04034b50,
  CENTRAL = 0x02014b50,
  END = 0x06054b50;
const VERSION = 20;
const DEFLATED = 8;
/** The bit that says so of a name. */
const UTF8 = 0x800;

/** Little-endian numbers. @param {[size: 2 | 4, value: number][]} fields */
function record(fields) {
  const bytes = new Uint8Array(fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {{name: string, bytes: Uint8Array, packed?: Uint8Array}[]} files  packed: by DEFLATE, without an envelope
 * @returns {Uint8Array} */
export function zipOf(files) {
  /** @type {Uint8Array[]} */ const parts = [];
  /** @type {Uint8Array[]} */ const directory = [];
  let at = 0;
  for (const { name, bytes, packed } of files) {
    const title = new TextEncoder().encode(name);
    const data = packed ?? bytes;
    /** @type {[2 | 4, number][]} */
    const common = [
      [2, VERSION],
      [2, title.length === name.length ? 0 : UTF8],
      [2, packed ? DEFLATED : 0],
      [2, 0],
      [2, DATE],
      [4, crc32(bytes)],
      [4, data.length],
      [4, bytes.length],
      [2, title.length],
      [2, 0],
    ];
    const local = record([[4, LOCAL], ...common]);
    directory.push(record([[4, CENTRAL], [2, VERSION], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), title);
    parts.push(local, title, data);
    at += local.length + title.length + data.length;
  }
  const central = joined(directory);
  const end = record([
    [4, END],
    [2, 0],
    [2, 0],
    [2, files.length],
    [2, files.length],
    [4, central.length],
    [4, at],
    [2, 0],
  ]);
  return joined([...parts, central, end]);
}

// A zip archive of some files, for tests: stored or deflated, or damaged on purpose.

import { deflateRawSync } from "node:zlib";

const ENCRYPTED = 1;
const DESCRIPTOR = 8;

/** CRC-32, bit by bit: not the table of the code that is tested. @param {Buffer} bytes */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/**
 * @typedef {{name: string, bytes: Buffer, says?: number, crc?: number, stored?: boolean,
 *   descriptor?: boolean, encrypted?: boolean, central?: (entry: Buffer) => void,
 *   local?: (head: Buffer) => void}} ZipFile  says: a false size; crc: a false one; descriptor: sizes
 *   and CRC follow the data; central, local: what else is done to the entry's two headers
 */

/** @param {ZipFile[]} files @returns {Buffer} */
export function zip(files) {
  const parts = [];
  const central = [];
  let at = 0;
  for (const file of files) {
    const { name, bytes, stored, descriptor } = file;
    const packed = stored ? bytes : deflateRawSync(bytes);
    const title = Buffer.from(name);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE((descriptor ? DESCRIPTOR : 0) | (file.encrypted ? ENCRYPTED : 0), 6);
    head.writeUInt16LE(stored ? 0 : 8, 8);
    head.writeUInt32LE(file.crc ?? crc32(bytes), 14);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(file.says ?? bytes.length, 22);
    head.writeUInt16LE(title.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    head.copy(entry, 8, 6, 30);
    entry.writeUInt32LE(at, 42);
    const after = Buffer.from(descriptor ? head.subarray(14, 26) : []);
    if (descriptor) head.fill(0, 14, 26);
    file.local?.(head);
    file.central?.(entry);
    central.push(entry, title);
    parts.push(head, title, packed, after);
    at += head.length + title.length + packed.length + after.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}

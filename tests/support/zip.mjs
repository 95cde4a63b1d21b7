// A zip archive of some files, for tests: by fflate, and then damaged where a test wants it so.

import { Zip, ZipDeflate, ZipPassThrough, zipSync } from "fflate";

/**
 * @typedef {{name: string, bytes: Uint8Array, says?: number, crc?: number, stored?: boolean,
 *   descriptor?: boolean, encrypted?: boolean, central?: (entry: Buffer) => void,
 *   local?: (head: Buffer) => void}} ZipFile  says: a false size; crc: a false one; descriptor: sizes
 *   and CRC of this archive's files follow their data; central, local: what else is done to the
 *   entry's two headers
 */

/** Where in a local header and in an entry of the directory a field lies. */
const AT = { flags: [6, 8], crc: [14, 16], size: [22, 24] };
const ENCRYPTED = 1;

/** @param {ZipFile[]} files @returns {Buffer} */
export function zip(files) {
  const archive = files.some((file) => file.descriptor) ? streamed(files) : whole(files);
  const end = archive.length - 22; /* no comment follows the end record */
  let at = archive.readUInt32LE(end + 16);
  for (const file of files) {
    const name = Buffer.from(file.name);
    const entry = archive.subarray(at, at + 46);
    const head = archive.subarray(entry.readUInt32LE(42));
    name.copy(head, 30);
    name.copy(archive, at + 46);
    change(file, head, entry);
    at += 46 + name.length + entry.readUInt16LE(30) + entry.readUInt16LE(32);
  }
  return archive;
}

/** Sizes and CRC in the local headers. A name may be there several times, which fflate does not write:
 * the later ones get theirs afterwards. @param {ZipFile[]} files */
function whole(files) {
  /** @type {import("fflate").Zippable} */ const named = {};
  for (const { name, bytes, stored } of files) {
    let own = name;
    for (let k = 1; own in named; k++)
      own = `${name.slice(0, -1)}${String.fromCharCode(name.charCodeAt(name.length - 1) ^ k)}`;
    named[own] = [bytes, { level: stored ? 0 : 6 }];
  }
  return Buffer.from(zipSync(named));
}

/** Sizes and CRC behind the data. @param {ZipFile[]} files */
function streamed(files) {
  /** @type {Uint8Array[]} */ const parts = [];
  const archive = new Zip((error, part) => {
    if (error) throw error;
    parts.push(part);
  });
  for (const { name, bytes, stored } of files) {
    const file = stored ? new ZipPassThrough(name) : new ZipDeflate(name);
    archive.add(file);
    file.push(bytes, true);
  }
  archive.end();
  return Buffer.concat(parts);
}

/** @param {ZipFile} file @param {Buffer} head @param {Buffer} entry */
function change(file, head, entry) {
  [head, entry].forEach((header, i) => {
    if (file.encrypted) header.writeUInt16LE(header.readUInt16LE(AT.flags[i]) | ENCRYPTED, AT.flags[i]);
    if (file.crc !== undefined) header.writeUInt32LE(file.crc, AT.crc[i]);
    if (file.says !== undefined) header.writeUInt32LE(file.says, AT.size[i]);
  });
  file.local?.(head);
  file.central?.(entry);
}

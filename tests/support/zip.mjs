// A zip archive of some files, for tests: stored or deflated, or damaged on purpose.

import { deflateRawSync } from "node:zlib";

/** @param {{name: string, bytes: Buffer, says?: number}[]} files  says: a false size
 *  @returns {Buffer} */
export function zip(files) {
  const parts = [];
  const central = [];
  let at = 0;
  for (const { name, bytes, says } of files) {
    const packed = deflateRawSync(bytes);
    const title = Buffer.from(name);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(says ?? bytes.length, 22);
    head.writeUInt16LE(title.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    head.copy(entry, 8, 6, 30);
    entry.writeUInt32LE(at, 42);
    central.push(entry, title);
    parts.push(head, title, packed);
    at += head.length + title.length + packed.length;
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

/**
 * Files that gzip packed, unpacked by the browser. A file may be several such files behind each other (members, by RFC
 * 1952), which unpack to what they held, one behind the other: browsers unpack one member, and it is looked for here
 * where each of them ends.
 */

import { inflate, inflateStart } from "./zip.js";

/** @typedef {{packed: Blob, size: number}} Member  size: of what it holds, as it says itself */

/** Of the shortest member. */
const MEMBER_BYTES = 18;
const PIECE_BYTES = 1024 * 1024;
/** Places where a member seems to begin, and does not: by chance there is one in 16 MB. */
const MAX_MISTAKES = 100;

/** @param {Uint8Array} bytes @param {number} at */
const begins = (bytes, at) => bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 8 && bytes[at + 3] < 32;

/** Whether a file begins as one that gzip packed. @param {ArrayBuffer} start */
export const isGzip = (start) => start.byteLength > 3 && begins(new Uint8Array(start), 0);

/** Where members may begin behind the first, and the file's end. @param {Blob} file */
async function endsOfMembers(file) {
  const ends = [];
  for (let from = MEMBER_BYTES; from < file.size; from += PIECE_BYTES) {
    const bytes = new Uint8Array(await file.slice(from, from + PIECE_BYTES + 3).arrayBuffer());
    const last = Math.min(bytes.length - 3, PIECE_BYTES);
    for (let at = bytes.indexOf(0x1f); at >= 0 && at < last; at = bytes.indexOf(0x1f, at + 1))
      if (begins(bytes, at)) ends.push(from + at);
  }
  return [...ends, file.size];
}

/** @param {Blob} packed @returns {Promise<Member>} */
async function memberOf(packed) {
  const end = new DataView(await packed.slice(-4).arrayBuffer());
  return { packed, size: end.getUint32(0, true) };
}

/** How many bytes it holds, by unpacking it; counted until they are more than most.
 * @param {Blob} packed @param {number} most */
async function countUnpacked(packed, most) {
  let bytes = 0;
  const reader = packed.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.length;
    if (bytes <= most) continue;
    await reader.cancel();
    break;
  }
  return bytes;
}

/** Whether it is a member, and nothing else. @param {Member} member @param {number} most */
async function isWhole({ packed, size }, most) {
  if (size > most) return false;
  return countUnpacked(packed, size).then(
    (bytes) => bytes === size,
    () => false, // damaged
  );
}

/**
 * The members of a file. What is none is the last one: unpacking it says what is wrong.
 * @param {Blob} file @param {number} most  bytes that a member may hold
 * @returns {Promise<Member[]>}
 */
export async function gzipMembers(file, most) {
  const ends = await endsOfMembers(file);
  const members = [];
  let from = 0;
  let mistakes = 0;
  for (const end of ends) {
    if (end === file.size || mistakes > MAX_MISTAKES) break;
    if (end - from < MEMBER_BYTES) continue;
    const member = await memberOf(file.slice(from, end));
    if (await isWhole(member, most)) {
      members.push(member);
      from = end;
    } else {
      mistakes++;
    }
  }
  return [...members, await memberOf(file.slice(from))];
}

/** What members hold, size bytes together. @param {Member[]} members @param {number} size */
export async function unpackMembers(members, size) {
  if (members.length === 1) return inflate(members[0].packed, size, "gzip");
  const out = new Uint8Array(size);
  let at = 0;
  for (const member of members) {
    out.set(new Uint8Array(await inflate(member.packed, member.size, "gzip")), at);
    at += member.size;
  }
  return out.buffer;
}

/** The first bytes of that. @param {Member[]} members @param {number} bytes */
export async function startOfMembers(members, bytes) {
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const { packed } of members) {
    if (at === bytes) break;
    const part = new Uint8Array(await inflateStart(packed, bytes - at, "gzip"));
    out.set(part, at);
    at += part.length;
  }
  return out.buffer.slice(0, at);
}

/** Whether they hold more than so many bytes, by unpacking them: what is cut off says anything of its size.
 * @param {Member[]} members @param {number} most */
export async function holdMore(members, most) {
  let left = most;
  for (const { packed } of members) {
    left -= await countUnpacked(packed, left).catch(() => 0); // cut or damaged: it is the last one
    if (left < 0) return true;
  }
  return false;
}

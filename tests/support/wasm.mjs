// WebAssembly modules that load and run, and compute wrongly: as an engine with a faulty instruction
// would make of a good one.

/** An unsigned LEB128 number: [value, where it ends]. */
function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at++) {
    value |= (bytes[at] & 127) << shift;
    if (bytes[at] < 128) return [value, at + 1];
  }
}

const CODE_SECTION = 10;
/** f32x4.add, whose last two bytes are its number; f32x4.sub follows it. */
const ADD = [0xfd, 0xe4, 0x01];
const SUB = 0xe5;

/** The module with every addition of four floats turned into a subtraction. @param {ArrayBuffer} module
 * @returns {ArrayBuffer} */
export function computingWrongly(module) {
  const bytes = new Uint8Array(module.slice(0));
  let changed = 0;
  for (let at = 8; at < bytes.length;) {
    const [size, body] = leb(bytes, at + 1);
    for (let i = body; bytes[at] === CODE_SECTION && i < body + size - 2; i++)
      if (ADD.every((byte, k) => bytes[i + k] === byte)) [bytes[i + 1], changed] = [SUB, changed + 1];
    at = body + size;
  }
  if (!changed) throw new Error("nothing could be changed");
  return bytes.buffer;
}

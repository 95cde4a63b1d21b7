// An ONNX file imported, against onnxruntime on the same file.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ort from "onnxruntime-node";
import { scratch, XPLAIM } from "./native.mjs";
import { Random } from "./onnx_maker.mjs";

const TOLERANCE = 1e-5;

export const run = (...words) => execFileSync(XPLAIM, words, { stdio: "pipe", encoding: "utf8" });

/** A .npy file of float32. @param {string} path @param {number[]} shape @param {Float32Array} data */
function writeNpy(path, shape, data) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
  const head = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.alloc(2), Buffer.from(padded)]);
  head.writeUInt16LE(padded.length, 8);
  writeFileSync(path, Buffer.concat([head, Buffer.from(data.buffer)]));
}

/** @param {string} path */
function readNpy(path) {
  const bytes = readFileSync(path);
  return new Float32Array(new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

/** (channels, time) of each record as (time, channels). @param {Float32Array} x @param {number} leads @param {number} samples */
function timeFirst(x, leads, samples) {
  const out = new Float32Array(x.length);
  for (let r = 0; r < x.length / leads / samples; r++)
    for (let c = 0; c < leads; c++)
      for (let t = 0; t < samples; t++) out[(r * samples + t) * leads + c] = x[(r * leads + c) * samples + t];
  return out;
}

/** @param {string} name @param {ArrayLike<number>} got @param {ArrayLike<number>} want */
function assertClose(name, got, want) {
  assert.equal(got.length, want.length, name);
  const scale = Math.max(1, ...Array.from(want, Math.abs));
  const worst = Math.max(...Array.from(got, (v, i) => Math.abs(v - want[i]))) / scale;
  assert.ok(worst <= TOLERANCE, `${name}: off by ${worst}`);
  return worst;
}

/** Imports the file, and compares with onnxruntime, before and after our own export.
 * @param {string} name @param {import("./onnx_maker.mjs").Maker} maker @param {string} output @param {number} labels
 * @param {{timeLast?: boolean, records?: number, options?: string[], explain?: boolean, location?: string}} [options] */
export async function agree(name, maker, output, labels, options = {}) {
  const { timeLast = true, records = 2, explain = true, location } = options;
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const [onnx, model, again] = ["net.onnx", "net.safetensors", "again.onnx"].map((f) => join(folder, f));
  const { model: bytes, data } = maker.file(output, labels, location);
  writeFileSync(onnx, bytes);
  if (location) writeFileSync(join(folder, location), data);
  const [, a, b] = /** @type {number[]} */ (/** @type {any} */ (maker).input);
  const [leads, samples] = timeLast ? [a, b] : [b, a];
  const x = new Random(7).list(records * leads * samples, -2, 2);
  const ours = timeLast ? timeFirst(x, leads, samples) : x;
  writeNpy(join(folder, "x.npy"), [records, samples, leads], ours);
  const session = await ort.InferenceSession.create(onnx);
  const want = (await session.run({ x: new ort.Tensor("float32", x, [records, a, b]) }))[output].data;
  const names = "I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6".split(",").slice(0, leads).join(",");
  run("import", onnx, "-o", model, "--leads", names, "--rate", "100", ...(options.options ?? []));
  run("predict", "-m", model, join(folder, "x.npy"), "-o", join(folder, "p.npy"));
  const got = readNpy(join(folder, "p.npy"));
  const worst = assertClose(name, got, /** @type {Float32Array} */ (want));
  run("export", "-m", model, "-o", again);
  const back = await ort.InferenceSession.create(again);
  const told = await back.run({ ecg: new ort.Tensor("float32", ours, [records, samples, leads]) });
  assertClose(`${name}, exported`, /** @type {Float32Array} */ (told[back.outputNames[0]].data), got);
  const returned = join(folder, "returned.safetensors");
  run("import", again, "-o", returned);
  run("predict", "-m", returned, join(folder, "x.npy"), "-o", join(folder, "q.npy"));
  assertClose(`${name}, returned`, readNpy(join(folder, "q.npy")), got);
  if (explain) {
    const map = join(folder, "map.npy");
    run("explain", "-m", model, join(folder, "x.npy"), "--signed", "-o", map);
    assert.ok(
      readNpy(map).some((v) => v !== 0 && Number.isFinite(v)),
      `${name}: an empty map`,
    );
  }
  return { worst, model, want };
}

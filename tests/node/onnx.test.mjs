// onnxruntime runs the exported ONNX and gives what the native tool gives, for any batch; the
// file comes back through import unchanged.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import ort from "onnxruntime-node";
import { bytesOf, DIST, ROOT, scratch, SHARED, XPLAIM } from "../support/native.mjs";

const TOLERANCE = 1e-5;

after(() => rmSync(scratch, { recursive: true }));

const run = (...words) => execFileSync(XPLAIM, words, { stdio: "pipe", encoding: "utf8" });

/** A .npy file of float32 or float64: its shape and numbers. */
function readNpy(path) {
  const bytes = readFileSync(path);
  const begin = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, begin);
  const shape = header
    .match(/\(([^)]*)\)/)[1]
    .split(",")
    .filter((s) => s.trim())
    .map(Number);
  const data = new Uint8Array(bytes.subarray(begin)).buffer;
  assert.match(header, /'<f[48]'/);
  return { shape, data: header.includes("<f8") ? new Float64Array(data) : new Float32Array(data) };
}

function assertClose(got, want, what) {
  assert.equal(got.length, want.length, what);
  const worst = got.reduce((most, v, i) => Math.max(most, Math.abs(v - want[i])), 0);
  assert.ok(worst <= TOLERANCE, `${what}: off by ${worst}`);
  return worst;
}

/** Metadata of a .safetensors file. */
function metadataOf(path) {
  const bytes = readFileSync(path);
  const header = bytes.toString("utf8", 8, 8 + Number(bytes.readBigUInt64LE(0)));
  return JSON.parse(header).__metadata__;
}

async function compare(model, input, keras, t) {
  const onnx = join(scratch, "model.onnx");
  const out = join(scratch, "probabilities.npy");
  run("export", "-m", model, "-o", onnx);
  run("predict", "-m", model, input, "-o", out);
  const x = readNpy(input);
  const native = readNpy(out).data;
  const session = await ort.InferenceSession.create(onnx);
  assert.deepEqual(session.inputNames, ["ecg"]);
  assert.deepEqual(session.outputNames, ["probabilities"]);
  const [length, leads] = x.shape.slice(-2);
  const records = x.data.length / (length * leads);
  const labels = native.length / records;
  let worst = 0;
  for (const batch of new Set([1, records])) {
    const values = Float32Array.from(x.data.subarray(0, batch * length * leads));
    const tensor = new ort.Tensor("float32", values, [batch, length, leads]);
    const { probabilities } = await session.run({ ecg: tensor });
    assert.deepEqual(probabilities.dims, [batch, labels]);
    worst = Math.max(worst, assertClose(probabilities.data, native.subarray(0, batch * labels), "native"));
    if (keras) assertClose(probabilities.data, keras.subarray(0, batch * labels), "Keras");
  }
  t.diagnostic(`${records} records, largest difference ${worst.toExponential(1)}`);
}

for (const name of ["xplaim_full", "xplaim_small_odd", "cnn_small", "gru_small", "zoo"]) {
  const folder = join(SHARED, "golden");
  const keras = join(folder, `${name}.keras`);
  test(`onnxruntime agrees on ${name}`, { skip: !existsSync(keras) }, async (t) => {
    const model = join(scratch, `${name}.safetensors`);
    const options = name === "xplaim_small_odd" ? ["--leads", "I,II,V1,V2,V3,V4,V5,V6"] : [];
    run("import", keras, "-o", model, ...options);
    const expected = readNpy(join(folder, name, "probabilities.npy")).data;
    await compare(model, join(folder, name, "x.npy"), expected, t);
  });
}

const page = join(DIST, "model.safetensors");

test("onnxruntime agrees on the page's model and the sample record", async (t) => {
  const x = join(scratch, "x.npy");
  run("prepare", join(ROOT, "web/samples/00219_hr"), "-m", page, "-o", x);
  await compare(page, x, null, t);
});

test("an exported model comes back: weights, labels, leads", () => {
  const [onnx, back, again] = ["a.onnx", "a.safetensors", "b.onnx"].map((f) => join(scratch, f));
  run("export", "-m", page, "-o", onnx);
  run("import", onnx, "-o", back);
  run("export", "-m", back, "-o", again);
  assert.ok(readFileSync(onnx).equals(readFileSync(again)));
  assert.deepEqual(metadataOf(back), metadataOf(page));
});

test("the page is exported with another model inside, in a folder of its own", () => {
  const model = join(scratch, "half.safetensors");
  const folder = join(scratch, "site");
  run("export", "-m", page, "--half", "-o", model);
  run("export", "-m", model, "--half", "--format", "web", "--page", DIST, "-o", folder);
  assert.deepEqual(bytesOf(join(folder, "model.safetensors")), bytesOf(model));
  assert.deepEqual(bytesOf(join(folder, "index.html")), bytesOf(join(DIST, "index.html")));
  assert.ok(existsSync(join(folder, "samples/00219_hr.dat")));
  const again = () => run("export", "-m", model, "--format", "web", "--page", DIST, "-o", folder);
  assert.throws(again, /is not empty/);
});

test("what cannot be exported or imported says why", () => {
  const missing = join(scratch, "nothing");
  const refused = (words, text) =>
    assert.throws(
      () => run(...words),
      (/** @type {any} */ error) => error.stderr.includes(text),
    );
  refused(["export", "-m", page, "-o", missing], "its ending is neither");
  refused(["export", "-m", page, "-o", `${missing}.onnx`, "--half"], "ONNX gets float32");
  const web = ["export", "-m", page, "--format", "web", "--page", scratch, "-o", missing];
  refused(web, "scripts/demo --no-serve");
  const broken = join(scratch, "broken.onnx");
  writeFileSync(broken, readFileSync(join(scratch, "a.onnx")).subarray(0, 1000));
  refused(["import", broken, "-o", `${missing}.safetensors`], "not an ONNX model");
  refused(["predict", "-m", join(scratch, "a.onnx"), "x.npy"], "xplaim import");
  assert.ok(!existsSync(missing) && !existsSync(`${missing}.onnx`));
});

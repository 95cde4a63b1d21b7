// Networks as tf2onnx writes them import and give what onnxruntime gives of the same file.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { scratch } from "../support/native.mjs";
import { agree, run } from "../support/onnx_agree.mjs";
import { Maker } from "../support/onnx_maker.mjs";

after(() => rmSync(scratch, { recursive: true }));

test("convolutions and pools of 1 x K between Unsqueeze and Squeeze", async () => {
  const m = new Maker(["batch", 50, 3], { opset: 15 });
  const flat = (/** @type {string} */ y) => m.node("Squeeze", [y, m.integers([2])]);
  const deep = (/** @type {string} */ y) =>
    m.node("Transpose", [m.node("Unsqueeze", [y, m.integers([-3])])], { perm: { ints: [0, 3, 1, 2] } });
  let x = flat(
    m.node("Conv", [deep("x"), m.weights([6, 3, 1, 5])], {
      dilations: { ints: [1, 1] },
      group: { int: 1 },
      kernel_shape: { ints: [1, 5] },
      pads: { ints: [0, 1, 0, 2] },
      strides: { ints: [1, 2] },
    }),
  );
  x = m.node("Add", [m.node("Mul", [x, m.weights([1, 6, 1])]), m.weights([1, 6, 1])]);
  x = m.node("Transpose", [m.relu(x)], { perm: { ints: [0, 2, 1] } });
  x = flat(m.node("MaxPool", [deep(x)], { kernel_shape: { ints: [1, 2] }, strides: { ints: [1, 2] } }));
  const pooled = m.node("Squeeze", [m.node("GlobalAveragePool", [x]), m.integers([2])]);
  const output = m.node("Sigmoid", [m.node("MatMul", [pooled, m.weights([6, 4])])]);
  await agree("tf2onnx", m, output, 4, { timeLast: false });
});

test("a mean as tf2onnx writes it from opset 18 on: axes that are given make noop_with_empty_axes say nothing", async () => {
  const m = new Maker(["batch", 50, 3]);
  const noop = { noop_with_empty_axes: { int: 1 } };
  const same = m.node("ReduceMean", [m.node("Relu", ["x"]), m.integers([])], noop);
  const mean = m.node("ReduceMean", [same, m.integers([1])], { ...noop, keepdims: { int: 0 } });
  await agree("noop", m, m.node("Sigmoid", [m.node("MatMul", [mean, m.weights([3, 2])])]), 2, { timeLast: false });
});

/** Zeros for the first states of both directions, from the shape of what is read. @param {Maker} m @param {string} x @param {number[]} order @param {number} units */
function zeroStates(m, x, order, units) {
  const shape = m.node("Gather", [m.node("Shape", [x]), m.integers(order)]);
  const batch = m.node("Slice", [shape, m.integers([0]), m.integers([1]), m.integers([0])]);
  const sizes = m.node("Concat", [batch, m.integers([units])], { axis: { int: 0 } });
  const zeros = m.node("Unsqueeze", [m.node("Expand", [m.weights([], [0]), sizes]), m.integers([0])]);
  return m.node("Concat", [zeros, zeros], { axis: { int: 0 } });
}

test("both directions of an LSTM as tf2onnx takes them apart", async () => {
  const m = new Maker(["batch", 40, 3]);
  const slice = (
    /** @type {string} */ y,
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {number} */ axis,
  ) =>
    m.node("Squeeze", [
      m.node("Slice", [y, m.integers([from]), m.integers([to]), m.integers([axis])]),
      m.integers([axis]),
    ]);
  const lstm = (
    /** @type {string} */ x,
    /** @type {number} */ from,
    /** @type {number} */ units,
    /** @type {string} */ zeros,
  ) =>
    m.node(
      "LSTM",
      [
        x,
        m.weights([2, 4 * units, from]),
        m.weights([2, 4 * units, units]),
        m.weights([2, 8 * units]),
        "",
        zeros,
        zeros,
      ],
      { direction: { string: "bidirectional" }, hidden_size: { int: units }, input_forget: { int: 0 } },
      3,
    )[0];
  const first = lstm(m.node("Transpose", ["x"], { perm: { ints: [1, 0, 2] } }), 3, 5, zeroStates(m, "x", [0, 1, 2], 5));
  const both = m.node("Concat", [slice(first, 0, 1, 1), slice(first, 1, 2, 1)], { axis: { int: 2 } });
  const second = lstm(both, 10, 4, zeroStates(m, both, [1, 0, 2], 4));
  const ends = [slice(slice(second, 0, 1, 1), -1, 2147483647, 0), slice(slice(second, 1, 2, 1), 0, 1, 0)];
  const joined = m.node("Concat", ends, { axis: { int: 1 } });
  await agree("tf2onnx_lstm", m, m.node("MatMul", [joined, m.weights([8, 3])]), 3, { timeLast: false });
});

/** A dense layer of every sample, as TensorFlow writes it: all records' samples as one list. @param {Maker} m @param {string} x @param {number} from @param {number} units */
function tensordot(m, x, from, units) {
  const kept = m.node("Gather", [m.node("Shape", [x]), m.integers([0, 1])], { axis: { int: 0 } });
  const sizes = m.node("Concat", [kept, m.integers([units])], { axis: { int: 0 } });
  const product = m.node("MatMul", [m.node("Reshape", [x, m.integers([-1, from])]), m.weights([from, units])]);
  return m.node("Add", [m.node("Reshape", [product, sizes]), m.weights([units])]);
}

test("dense layers of every sample, and an attention built of them", async () => {
  const m = new Maker(["batch", 40, 3]);
  const x = m.node("Tanh", [tensordot(m, "x", 3, 6)]);
  const weights = m.node("Softmax", [tensordot(m, x, 6, 1)], { axis: { int: 1 } });
  const turned = m.node("Transpose", [x], { perm: { ints: [0, 2, 1] } });
  const seen = m.node("MatMul", [turned, m.node("Reshape", [weights, m.integers([0, -1, 1])])]);
  const flat = m.node("Reshape", [seen, m.integers([-1, 6])]);
  await agree("tensordot", m, m.node("MatMul", [flat, m.weights([6, 3])]), 3, { timeLast: false });
});

test("a list of all records' samples is for dense layers alone", () => {
  const m = new Maker(["batch", 40, 3]);
  const list = m.node("Reshape", ["x", m.integers([-1, 3])]);
  const mean = m.node("ReduceMean", [list, m.integers([0])], { keepdims: { int: 1 } });
  const path = join(scratch, "rows.onnx");
  mkdirSync(scratch, { recursive: true });
  writeFileSync(path, m.file(mean, 3).model);
  assert.throws(() => run("import", path, "-o", `${path}.safetensors`), /samples of all records as one list/);
});

test("ranges of all axes of which one is a part, as TensorFlow writes x[:, -1] and x[:, 2:-3]", async () => {
  const m = new Maker(["batch", 40, 3]);
  const all = 2147483647;
  const range = (
    /** @type {string} */ x,
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {number} */ step,
  ) =>
    m.node("Slice", [
      x,
      m.integers([0, from, 0]),
      m.integers([1000000000, to, all]),
      m.integers([0, 1, 2]),
      m.integers([1, step, 1]),
    ]);
  const cropped = range(m.node("Relu", ["x"]), 2, -3, 1);
  const mean = m.node("ReduceMean", [range(cropped, 0, all, 2), m.integers([1])], { keepdims: { int: 0 } });
  const last = m.node("Squeeze", [range(cropped, -1, all, 1), m.integers([1])]);
  const joined = m.node("Concat", [mean, last], { axis: { int: 1 } });
  await agree("ranges", m, m.node("MatMul", [joined, m.weights([6, 3])]), 3, { timeLast: false });
});

for (const [name, starts, ends, axes] of /** @type {[string, number[], number[], number[]][]} */ ([
  ["two parts", [0, 1, 1], [1000000000, 9, 3], [0, 1, 2]],
  ["some records", [1, 1], [1000000000, 9], [0, 1]],
  ["a list of another length", [0, 1], [9], [0, 1]],
]))
  test(`a Slice of ${name} is refused`, () => {
    const m = new Maker(["batch", 40, 3]);
    const lists = [starts, ends, axes].map((list) => m.integers(list));
    const mean = m.node("ReduceMean", [m.node("Slice", ["x", ...lists]), m.integers([1])], { keepdims: { int: 0 } });
    const path = join(scratch, "slice.onnx");
    mkdirSync(scratch, { recursive: true });
    writeFileSync(path, m.file(mean, 3).model);
    assert.throws(() => run("import", path, "-o", `${path}.safetensors`), /range/);
  });

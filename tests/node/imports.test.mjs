// Networks of the field, written as PyTorch writes them, import, give what onnxruntime gives
// of the same file, are explained, and come back from our own export as they were.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { scratch } from "../support/native.mjs";
import { agree, run } from "../support/onnx_agree.mjs";
import { Maker } from "../support/onnx_maker.mjs";

after(() => rmSync(scratch, { recursive: true }));

/* ==== the networks of ecg_ptbxl_benchmarking ==== */

/** fastai's XResNet in one dimension. @param {Maker} m @param {number[]} blocks @param {number} width @param {number} labels */
function xresnet1d(m, blocks, width, labels) {
  const layer = (x, from, to, kernel, stride = 1, act = true) => {
    const y = m.norm(m.conv(x, from, to, kernel, { stride }), to);
    return act ? m.relu(y) : y;
  };
  let x = layer(layer(layer("x", 12, width / 2, 5, 2), width / 2, width / 2, 5), width / 2, width, 5);
  x = m.node("MaxPool", [x], {
    ceil_mode: { int: 0 },
    kernel_shape: { ints: [3] },
    pads: { ints: [1, 1] },
    strides: { ints: [2] },
  });
  let channels = width;
  blocks.forEach((count, stage) => {
    const hidden = width << Math.min(stage, 3);
    for (let i = 0; i < count; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      let y = layer(x, channels, hidden, 1);
      y = layer(layer(y, hidden, hidden, 5, stride), hidden, hidden * 4, 1, 1, false);
      if (stride > 1)
        x = m.node("AveragePool", [x], {
          ceil_mode: { int: 1 },
          count_include_pad: { int: 1 },
          kernel_shape: { ints: [2] },
          pads: { ints: [0, 0] },
          strides: { ints: [2] },
        });
      if (channels !== hidden * 4) x = layer(x, channels, hidden * 4, 1, 1, false);
      channels = hidden * 4;
      x = m.relu(m.node("Add", [y, x]));
    }
  });
  return head(m, x, channels, labels);
}

/** Both pools, two dense layers. @param {Maker} m @param {string} x @param {number} channels @param {number} labels */
function head(m, x, channels, labels) {
  const pooled = [m.node("GlobalAveragePool", [x]), m.node("GlobalMaxPool", [x])];
  let y = m.node("Flatten", [m.node("Concat", pooled, { axis: { int: 1 } })], { axis: { int: 1 } });
  y = m.relu(m.linear(m.norm(y, 2 * channels), 2 * channels, 32));
  return m.node("Sigmoid", [m.linear(m.norm(y, 32), 32, labels)]);
}

/** @param {Maker} m @param {number} depth @param {number} width @param {number} labels */
function inception1d(m, depth, width, labels) {
  let x = "x";
  let residual = x;
  let channels = 12;
  let before = 12;
  for (let d = 0; d < depth; d++) {
    const narrow = m.conv(x, channels, width, 1);
    const pool = { kernel_shape: { ints: [3] }, pads: { ints: [1, 1] }, strides: { ints: [1] } };
    const branches = [39, 19, 9].map((kernel) => m.conv(narrow, width, width, kernel));
    branches.push(m.conv(m.node("MaxPool", [x], pool), channels, width, 1));
    channels = 4 * width;
    x = m.relu(m.norm(m.node("Concat", branches, { axis: { int: 1 } }), channels));
    if (d % 3 !== 2) continue;
    x = m.relu(m.node("Add", [x, m.norm(m.conv(residual, before, channels, 1), channels)]));
    residual = x;
    before = channels;
  }
  return head(m, x, channels, labels);
}

/** @param {Maker} m @param {number} width @param {number} labels */
function resnet1dWang(m, width, labels) {
  let x = m.relu(m.norm(m.conv("x", 12, width, 7), width));
  let channels = width;
  for (const [to, stride] of [
    [width, 1],
    [width * 2, 2],
    [width * 4, 2],
  ]) {
    let y = m.relu(m.norm(m.conv(x, channels, to, 5, { stride }), to));
    y = m.norm(m.conv(y, to, to, 3), to);
    if (stride > 1) x = m.norm(m.conv(x, channels, to, 1, { stride }), to);
    channels = to;
    x = m.relu(m.node("Add", [y, x]));
  }
  return head(m, x, channels, labels);
}

test("xresnet1d101, as deep as it is and narrower", async (t) => {
  const m = new Maker(["batch", 12, 250]);
  const { worst } = await agree("xresnet1d101", m, xresnet1d(m, [3, 4, 23, 3], 16, 5), 5);
  t.diagnostic(`off by ${worst.toExponential(1)}`);
});

test("resnet1d_wang in its full size", async () => {
  const m = new Maker(["batch", 12, 1000]);
  await agree("resnet1d_wang", m, resnet1dWang(m, 128, 71), 71, { records: 1 });
});

test("inception1d", async () => {
  const m = new Maker(["batch", 12, 250]);
  await agree("inception1d", m, inception1d(m, 6, 8, 5), 5);
});

/* ==== weights beside the model ==== */

test("weights beside the model are found there, or asked for", async () => {
  const m = new Maker(["batch", 12, 100]);
  const output = resnet1dWang(m, 8, 5);
  await agree("beside", m, output, 5, { location: "net.onnx.data" });
  const folder = join(scratch, "beside");
  const refused = (/** @type {RegExp} */ pattern) =>
    assert.throws(
      () => run("import", join(folder, "net.onnx"), "-o", join(folder, "none.safetensors")),
      (/** @type {any} */ error) => pattern.test(error.stderr),
    );
  const data = readFileSync(join(folder, "net.onnx.data"));
  writeFileSync(join(folder, "net.onnx.data"), data.subarray(0, data.length / 2));
  refused(/it ends before the tensor does/);
  rmSync(join(folder, "net.onnx.data"));
  refused(/not beside the model.*external_data=False/);
  for (const name of ["../net.onnx.data", "/etc/hostname", "a/../../b"]) {
    writeFileSync(join(folder, "net.onnx"), m.file(output, 5, name).model);
    refused(/in the model's folder/);
  }
});

/* ==== operators ==== */

/** What is made of a first convolution (8 channels), and then pooled. @type {Record<string, (m: Maker, x: string) => string>} */
const OPERATORS = {
  grouped: (m, x) => m.conv(x, 8, 12, 5, { group: 4, stride: 2, bias: true }),
  depthwise: (m, x) => m.conv(x, 8, 8, 7, { group: 8, dilation: 3, pad: 9 }),
  dilated: (m, x) => m.conv(x, 8, 6, 3, { dilation: 4, pad: 4, bias: true }),
  leaky: (m, x) => m.node("LeakyRelu", [x], { alpha: { float: 0.2 } }),
  elu: (m, x) => m.node("Elu", [x], { alpha: { float: 0.7 } }),
  selu: (m, x) => m.node("Selu", [x], { alpha: { float: 1.67326324 }, gamma: { float: 1.05070102 } }),
  swish: (m, x) => m.node("Mul", [x, m.node("Sigmoid", [x])]),
  gelu(m, x) {
    const half = m.node("Erf", [m.node("Div", [x, m.weights([], [Math.SQRT2])])]);
    const scaled = m.node("Mul", [x, m.node("Add", [half, m.weights([], [1])])]);
    return m.node("Mul", [scaled, m.weights([], [0.5])]);
  },
  hardswish: (m, x) => m.node("HardSwish", [x]),
  hardsigmoid: (m, x) => m.node("HardSigmoid", [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  softplus: (m, x) => m.node("Softplus", [x]),
  mish: (m, x) => m.node("Mul", [x, m.node("Tanh", [m.node("Softplus", [x])])]),
  clip: (m, x) => m.node("Clip", [x, m.weights([], [0]), m.weights([], [0.6])]),
  prelu: (m, x) => m.node("PRelu", [x, m.weights([8, 1])]),
  affine(m, x) {
    const scaled = m.node("Mul", [x, m.weights([1, 8, 1])]);
    return m.node("Sub", [m.weights([8, 1]), m.node("Div", [scaled, m.weights([8, 1], m.random.list(8, 0.5, 2))])]);
  },
  excitation(m, x) {
    const pooled = m.node("ReduceMean", [x, m.integers([-1])], {
      keepdims: { int: 1 },
      noop_with_empty_axes: { int: 0 },
    });
    const narrow = m.relu(m.conv(pooled, 8, 2, 1, { pad: 0, bias: true }));
    return m.node("Mul", [x, m.node("Sigmoid", [m.conv(narrow, 2, 8, 1, { pad: 0, bias: true })])]);
  },
  instancenorm: (m, x) =>
    m.node("InstanceNormalization", [x, m.weights([8]), m.weights([8])], { epsilon: { float: 1e-3 } }),
  groupnorm(m, x) {
    const apart = m.node("Reshape", [x, m.integers([0, 4, -1])], { allowzero: { int: 0 } });
    const ones = [m.weights([4], [1, 1, 1, 1]), m.weights([4], [0, 0, 0, 0])];
    const normed = m.node("InstanceNormalization", [apart, ...ones], { epsilon: { float: 1e-5 } });
    const back = m.node("Reshape", [normed, m.node("Shape", [x], { start: { int: 0 } })]);
    return m.node("Add", [m.node("Mul", [back, m.weights([8, 1])]), m.weights([8, 1])]);
  },
  layernorm(m, x) {
    const turned = m.node("Transpose", [x], { perm: { ints: [0, 2, 1] } });
    const normed = m.node("LayerNormalization", [turned, m.weights([8]), m.weights([8])], {
      axis: { int: -1 },
      epsilon: { float: 1e-5 },
      stash_type: { int: 1 },
    });
    return m.node("Transpose", [normed], { perm: { ints: [0, 2, 1] } });
  },
  /** Not read by the pool itself: onnxruntime lets a pool take the zeros up as if they were not there. */
  pad(m, x) {
    const padded = m.node("Pad", [x, m.integers([0, 0, 3, 0, 0, 2])], { mode: { string: "constant" } });
    return m.node("MaxPool", [m.node("Tanh", [padded])], { kernel_shape: { ints: [3] } });
  },
  least(m, x) {
    const padded = m.node("Pad", [x, m.integers([0, 0, 1, 0, 0, 1]), m.weights([], [-3.4e38])]);
    return m.node("MaxPool", [padded], { kernel_shape: { ints: [3] }, strides: { ints: [2] } });
  },
  slices(m, x) {
    const part = (y, from, to, step) =>
      m.node("Slice", [y, m.integers([from]), m.integers([to]), m.integers([2]), m.integers([step])]);
    const sum = m.node("Add", [part(x, 3, -2, 1), part(x, 5, 60, 1)]);
    return part(part(sum, -1, -56, -1), 0, 55, 2);
  },
  counted: (m, x) =>
    m.node("AveragePool", [x], {
      ceil_mode: { int: 1 },
      count_include_pad: { int: 1 },
      kernel_shape: { ints: [4] },
      pads: { ints: [2, 1] },
      strides: { ints: [3] },
    }),
  uncounted: (m, x) =>
    m.node("AveragePool", [x], {
      ceil_mode: { int: 1 },
      count_include_pad: { int: 0 },
      kernel_shape: { ints: [4] },
      pads: { ints: [2, 1] },
      strides: { ints: [3] },
    }),
  lower: (m, x) =>
    m.node("MaxPool", [x], { auto_pad: { string: "SAME_LOWER" }, kernel_shape: { ints: [4] }, strides: { ints: [2] } }),
  /** A batch norm of which the exporter has computed nothing. */
  constants(m, x) {
    const epsilon = m.node("Constant", [], { value_float: { float: 1e-3 } });
    const variance = m.weights([1, 8, 1], m.random.list(8, 0.5, 2));
    const deviation = m.node("Sqrt", [m.node("Add", [variance, epsilon])]);
    const scale = m.node("Div", [m.node("Unsqueeze", [m.weights([8]), m.integers([-1])]), deviation]);
    const row = m.node("Reshape", [m.weights([1]), m.integers([1, 1, -1])]);
    const rows = m.node("Add", [m.node("Expand", [row, m.integers([1, 1, 8])]), m.weights([8])]);
    const shift = m.node("Transpose", [rows], { perm: { ints: [0, 2, 1] } });
    return m.node("Add", [m.node("Mul", [m.node("Sub", [x, m.weights([8, 1])]), scale]), shift]);
  },
  expanded(m, x) {
    const pooled = m.node("Flatten", [m.node("GlobalAveragePool", [x])]);
    const gate = m.node("Unsqueeze", [m.node("Sigmoid", [m.linear(pooled, 8, 8)]), m.integers([2])]);
    return m.node("Mul", [x, m.node("Expand", [gate, m.node("Shape", [x])])]);
  },
  /** As torch writes AdaptiveMaxPool1d(1) where it knows the length. */
  single(m, x) {
    const whole = { kernel_shape: { ints: [60] }, strides: { ints: [60] } };
    const joined = m.node("Concat", [m.node("MaxPool", [x], whole), m.node("GlobalAveragePool", [x])], {
      axis: { int: 1 },
    });
    const flat = m.linear(m.node("Squeeze", [joined, m.integers([2])]), 16, 8);
    const more = m.linear(m.node("Squeeze", [m.node("MaxPool", [x], whole), m.integers([-1])]), 8, 8);
    return m.node("Unsqueeze", [m.node("Add", [flat, more]), m.integers([2])]);
  },
  limits: (m, x) => m.node("Min", [m.node("Max", [x, m.weights([], [-0.2])]), m.weights([1], [0.4])]),
  sizes(m, x) {
    const size = (from) => m.node("Shape", [x], { start: { int: from }, end: { int: from + 1 } });
    const shape = m.node("Concat", [size(0), m.node("Mul", [size(1), size(2)])], { axis: { int: 0 } });
    const y = m.node("Gemm", [m.node("Reshape", [x, shape]), m.weights([480, 8]), m.weights([8])], {
      alpha: { float: 0.05 },
      beta: { float: 2 },
    });
    return m.node("Unsqueeze", [y, m.integers([2])]);
  },
  nothing(m, x) {
    const dropped = m.node("Dropout", [x, m.weights([], [0.5])]);
    return m.node("Cast", [m.node("Identity", [dropped])], { to: { int: 1 }, saturate: { int: 1 } });
  },
};

const CHANNELS = { grouped: 12, dilated: 6 };

for (const [name, make] of Object.entries(OPERATORS))
  test(`the operator ${name}`, async () => {
    const m = new Maker(["batch", 3, 60], { seed: name.length, opset: 19 });
    const y = make(m, m.conv("x", 3, 8, 5, { bias: true }));
    const pooled = m.node("Flatten", [m.node("GlobalAveragePool", [y])]);
    await agree(name, m, m.node("Sigmoid", [m.linear(pooled, CHANNELS[name] ?? 8, 3)]), 3);
  });

/* ==== recurrent layers and attention ==== */

/** @param {Maker} m @param {string} x  (batch, channels, time) @param {string} type @param {number} from @param {number} units @param {string} direction */
function recurrent(m, x, type, from, units, direction) {
  const gates = type === "LSTM" ? 4 : 3;
  const parts = direction === "bidirectional" ? 2 : 1;
  const weights = [
    m.weights([parts, gates * units, from]),
    m.weights([parts, gates * units, units]),
    m.weights([parts, 2 * gates * units]),
  ];
  const attributes = { direction: { string: direction }, hidden_size: { int: units } };
  const options =
    type === "GRU" ? { ...attributes, linear_before_reset: { int: 1 } } : { ...attributes, input_forget: { int: 0 } };
  const turned = m.node("Transpose", [x], { perm: { ints: [2, 0, 1] } });
  return m.node(type, [turned, ...weights], options, type === "LSTM" ? 3 : 2);
}

for (const type of ["LSTM", "GRU"])
  for (const direction of ["forward", "reverse", "bidirectional"])
    test(`${type}, ${direction}: all states, and the last`, async () => {
      const m = new Maker(["batch", 3, 40]);
      const parts = direction === "bidirectional" ? 2 : 1;
      const [all, last] = recurrent(m, m.conv("x", 3, 4, 3, { stride: 2 }), type, 4, 5, direction);
      const turned = m.node("Transpose", [all], { perm: { ints: [2, 0, 1, 3] } });
      const states = m.node("Reshape", [turned, m.integers([0, 0, -1])]);
      const mean = m.node("ReduceMean", [states, m.integers([1])], { keepdims: { int: 0 } });
      const h = Array.from({ length: parts }, (_, i) =>
        m.node("Gather", [last, m.integers([i], [])], { axis: { int: 0 } }),
      );
      const final = m.node("Gather", [states, m.integers([-1], [])], { axis: { int: 1 } });
      const joined = m.node("Concat", [mean, final, ...h], { axis: { int: 1 } });
      await agree(`${type}_${direction}`, m, m.linear(joined, 15 * parts, 2), 2);
    });

test("an attention over time, built of MatMul", async () => {
  const m = new Maker(["batch", 3, 40]);
  const x = m.node("Transpose", [m.relu(m.conv("x", 3, 6, 5))], { perm: { ints: [0, 2, 1] } });
  const score = m.node("MatMul", [m.node("Tanh", [m.node("MatMul", [x, m.weights([6, 4])])]), m.weights([4, 1])]);
  const weights = m.node("Softmax", [score], { axis: { int: 1 } });
  const context = m.node("MatMul", [m.node("Transpose", [weights], { perm: { ints: [0, 2, 1] } }), x]);
  const flat = m.node("Squeeze", [context, m.integers([1])]);
  const summed = m.node("ReduceSum", [m.node("Mul", [x, weights]), m.integers([1])], { keepdims: { int: 0 } });
  await agree("attention", m, m.linear(m.node("Concat", [flat, summed], { axis: { int: -1 } }), 12, 3), 3);
});

test("every sample against every other", async () => {
  const m = new Maker(["batch", 3, 20]);
  const x = m.node("Transpose", [m.conv("x", 3, 6, 5)], { perm: { ints: [0, 2, 1] } });
  const [q, k, v] = [0, 1, 2].map(() => m.node("Add", [m.weights([5]), m.node("MatMul", [x, m.weights([6, 5])])]));
  const scores = m.node("MatMul", [q, m.node("Transpose", [k], { perm: { ints: [0, 2, 1] } })]);
  const scaled = m.node("Div", [scores, m.weights([], [Math.sqrt(5)])]);
  const seen = m.node("MatMul", [m.node("Softmax", [scaled], { axis: { int: -1 } }), v]);
  const pooled = m.node("ReduceMean", [seen, m.integers([1])], { keepdims: { int: 0 } });
  await agree("selfattention", m, m.linear(pooled, 5, 3), 3);
});

/* ==== what is refused ==== */

/** @type {[string, (m: Maker, x: string) => string, RegExp][]} */
const REFUSED = [
  [
    "an attribute that changes something",
    (m, x) => m.node("ReduceMean", [x, m.integers([2])], { keeps: { int: 1 } }),
    /attribute keeps/,
  ],
  [
    "a dropout that draws",
    (m, x) => m.node("Dropout", [x, m.weights([], [0.5]), m.integers([1], [])]),
    /evaluation mode/,
  ],
  [
    "a pad that mirrors",
    (m, x) => m.node("Pad", [x, m.integers([0, 0, 1, 0, 0, 1])], { mode: { string: "reflect" } }),
    /mode = reflect/,
  ],
  ["a pad of channels", (m, x) => m.node("Pad", [x, m.integers([0, 1, 0, 0, 0, 0])]), /ends of time/],
  [
    "a constant for each sample",
    (m, x) => m.node("Mul", [x, m.weights([1, 1, 60])]),
    /neither one number nor one for each channel/,
  ],
  [
    "a gate repeated to another length",
    (m, x) => m.node("Mul", [x, m.node("Expand", [m.node("GlobalMaxPool", [x]), m.integers([1, 8, 50])])]),
    /Expand made 50 samples/,
  ],
  [
    "constants that do not fit over each other",
    (m, x) => m.node("Mul", [x, m.node("Add", [m.weights([8, 1]), m.weights([5, 1])])]),
    /do not fit over each other/,
  ],
  [
    "a constant that a few bytes make large",
    (m, x) => m.node("Mul", [x, m.node("Expand", [m.weights([1]), m.integers([40000, 40000])])]),
    /the constants of the network grow to more than/,
  ],
  [
    "groups that do not divide",
    (m, x) => m.node("Conv", [x, m.weights([6, 2, 3])], { group: { int: 3 } }),
    /group = 3/,
  ],
  [
    "a pad of more samples than there are bytes",
    (m, x) => m.node("Pad", [x, m.integers([0, 0, 2 ** 40, 0, 0, 0])]),
    /padding/,
  ],
];

for (const [name, make, pattern] of REFUSED)
  test(`refused: ${name}`, () => {
    const m = new Maker(["batch", 3, 60]);
    const y = make(m, m.conv("x", 3, 8, 5));
    const output = m.linear(m.node("Flatten", [m.node("GlobalAveragePool", [y])]), 8, 3);
    const path = join(scratch, "refused.onnx");
    mkdirSync(scratch, { recursive: true });
    writeFileSync(path, m.file(output, 3).model);
    assert.throws(
      () => run("import", path, "-o", join(scratch, "none.safetensors"), "--leads", "I,II,V1"),
      (/** @type {any} */ error) => pattern.test(error.stderr) || assert.fail(error.stderr),
    );
  });

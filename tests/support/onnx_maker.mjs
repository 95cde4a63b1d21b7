// ONNX files, made byte by byte as exporters write them: protobuf messages of nodes and constants.

/** @typedef {{ints?: number[], int?: number, float?: number, string?: string, strings?: string[]}} Attribute */
/** @typedef {{name: string, dims: number[], values: ArrayLike<number>, integers?: boolean}} Constant */

/** @param {number | bigint} value @returns {number[]} */
function varint(value) {
  let v = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  do {
    bytes.push(Number(v & 0x7fn) | (v > 0x7fn ? 0x80 : 0));
    v >>= 7n;
  } while (v > 0n);
  return bytes;
}

/** @param {number} field @param {number | bigint} value */
const number = (field, value) => Buffer.from([...varint(field << 3), ...varint(value)]);

/** @param {number} field @param {Uint8Array | string} content */
function bytes(field, content) {
  const data = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(data.length)]), data]);
}

/** @param {number} field @param {number} value */
function float(field, value) {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([Buffer.from(varint((field << 3) | 5)), data]);
}

const TYPES = { float: 1, int: 2, string: 3, ints: 7, strings: 8 };

/** @param {string} name @param {Attribute} value */
function attribute(name, value) {
  const [kind] = /** @type {(keyof typeof TYPES)[]} */ (Object.keys(value));
  const content = {
    float: () => [float(2, /** @type {number} */ (value.float))],
    int: () => [number(3, /** @type {number} */ (value.int))],
    string: () => [bytes(4, /** @type {string} */ (value.string))],
    ints: () => /** @type {number[]} */ (value.ints).map((v) => number(8, v)),
    strings: () => /** @type {string[]} */ (value.strings).map((v) => bytes(9, v)),
  }[kind]();
  return Buffer.concat([bytes(1, name), ...content, number(20, TYPES[kind])]);
}

/** @param {Constant} constant @param {{location: string, offset: number, length: number}} [beside] */
function tensor({ name, dims, values, integers = false }, beside) {
  const data = integers ? BigInt64Array.from(Array.from(values, BigInt)) : Float32Array.from(values);
  const entry = (/** @type {string} */ key, /** @type {string} */ value) =>
    bytes(13, Buffer.concat([bytes(1, key), bytes(2, value)]));
  const content = beside
    ? [...Object.entries(beside).map(([key, value]) => entry(key, String(value))), number(14, 1)]
    : [bytes(9, new Uint8Array(data.buffer))];
  return Buffer.concat([...dims.map((d) => number(1, d)), number(2, integers ? 7 : 1), bytes(8, name), ...content]);
}

/** @param {string} name @param {(number | string)[]} shape */
function valueInfo(name, shape) {
  const dims = shape.map((d) => bytes(1, typeof d === "number" ? number(1, d) : bytes(2, d)));
  return Buffer.concat([
    bytes(1, name),
    bytes(2, bytes(1, Buffer.concat([number(1, 1), bytes(2, Buffer.concat(dims))]))),
  ]);
}

/** Numbers that look random and are the same every time. */
export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** 0 to 1 */
  next() {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 32;
  }

  /** @param {number} n @param {number} low @param {number} high */
  list(n, low = -1, high = 1) {
    return Float32Array.from({ length: n }, () => low + (high - low) * this.next());
  }
}

/** @param {number[]} dims */
const count = (dims) => dims.reduce((a, b) => a * b, 1);

/** A graph that grows node by node; each method gives the name of what it made. */
export class Maker {
  /** @param {(number | string)[]} input  shape, the batch first @param {{opset?: number, seed?: number}} [options] */
  constructor(input, { opset = 18, seed = 1 } = {}) {
    Object.assign(this, { input, opset });
    this.random = new Random(seed);
    /** @type {Buffer[]} */
    this.nodes = [];
    /** @type {Constant[]} */
    this.constants = [];
    this.count = 0;
  }

  /** @param {string} type @param {string[]} inputs @param {Record<string, Attribute>} [attributes] @param {number} [outputs] */
  node(type, inputs, attributes = {}, outputs = 1) {
    const made = Array.from({ length: outputs }, (_, i) => `${type}_${++this.count}${i ? `_${i}` : ""}`);
    this.nodes.push(
      Buffer.concat([
        ...inputs.map((name) => bytes(1, name)),
        ...made.map((name) => bytes(2, name)),
        bytes(3, `/${type}_${this.count}`),
        bytes(4, type),
        ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
      ]),
    );
    return outputs === 1 ? made[0] : /** @type {any} */ (made);
  }

  /** Weights of that shape. @param {number[]} dims @param {ArrayLike<number>} [values] @param {string} [name] */
  weights(dims, values, name = `w${this.constants.length}`) {
    const fan = Math.max(1, count(dims.slice(1)));
    const limit = 1.5 / Math.sqrt(fan);
    this.constants.push({ name, dims, values: values ?? this.random.list(count(dims), -limit, limit) });
    return name;
  }

  /** @param {number[]} values @param {number[]} [dims] */
  integers(values, dims = [values.length]) {
    const name = `i${this.constants.length}`;
    this.constants.push({ name, dims, values, integers: true });
    return name;
  }

  /** @param {string} x @param {number} from @param {number} to @param {number} kernel
   * @param {{stride?: number, pad?: number, group?: number, dilation?: number, bias?: boolean}} [options] */
  conv(x, from, to, kernel, { stride = 1, pad = (kernel - 1) >> 1, group = 1, dilation = 1, bias = false } = {}) {
    const inputs = [x, this.weights([to, from / group, kernel])];
    if (bias) inputs.push(this.weights([to]));
    return this.node("Conv", inputs, {
      auto_pad: { string: "NOTSET" },
      dilations: { ints: [dilation] },
      group: { int: group },
      kernel_shape: { ints: [kernel] },
      pads: { ints: [pad, pad] },
      strides: { ints: [stride] },
    });
  }

  /** @param {string} x @param {number} channels */
  norm(x, channels) {
    const part = (/** @type {number} */ low, /** @type {number} */ high) =>
      this.weights([channels], this.random.list(channels, low, high));
    const parts = [part(0.5, 1.5), part(-0.3, 0.3), part(-0.3, 0.3), part(0.5, 1.5)];
    return this.node("BatchNormalization", [x, ...parts], {
      epsilon: { float: 1e-5 },
      momentum: { float: 0.9 },
      training_mode: { int: 0 },
    });
  }

  /** @param {string} x */
  relu(x) {
    return this.node("Relu", [x]);
  }

  /** @param {string} x @param {number} from @param {number} to */
  linear(x, from, to) {
    return this.node("Gemm", [x, this.weights([to, from]), this.weights([to])], {
      alpha: { float: 1 },
      beta: { float: 1 },
      transB: { int: 1 },
    });
  }

  /** The file; with `location` its large constants lie in a second one.
   * @param {string} output @param {number} labels @param {string} [location] @returns {{model: Buffer, data: Buffer}} */
  file(output, labels, location) {
    let offset = 0;
    /** @type {Buffer[]} */
    const parts = [];
    const constants = this.constants.map((constant) => {
      if (!location || constant.integers || constant.values.length < 32) return bytes(5, tensor(constant));
      const data = Buffer.from(Float32Array.from(constant.values).buffer);
      const beside = { location, offset, length: data.length };
      parts.push(data);
      offset += data.length;
      return bytes(5, tensor(constant, beside));
    });
    const graph = Buffer.concat([
      ...this.nodes.map((node) => bytes(1, node)),
      bytes(2, "main_graph"),
      ...constants,
      bytes(11, valueInfo("x", /** @type {any} */ (this).input)),
      bytes(12, valueInfo(output, ["batch", labels])),
    ]);
    const opset = bytes(8, Buffer.concat([bytes(1, ""), number(2, /** @type {any} */ (this).opset)]));
    const head = [number(1, 9), bytes(2, "pytorch"), bytes(3, "2.9.0")];
    return { model: Buffer.concat([...head, bytes(7, graph), opset]), data: Buffer.concat(parts) };
  }
}

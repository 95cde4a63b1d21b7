/**
 * The WebAssembly core. This is the only file that sees pointers: others get plain objects and
 * typed arrays that are theirs to keep. Works in a worker and in Node.
 */

/**
 * @typedef {{code: string, lead: string, text: string}} Notice
 * @typedef {{name: string, derived: boolean, calibrated: boolean, missing: number}} LeadInfo
 * @typedef {{name: string, rate: number, samples: number, age: number | null, sex: string,
 *   dx: string, leads: LeadInfo[], notices: Notice[]}} RecordInfo
 * @typedef {RecordInfo & {mv: Float32Array[]}} EcgRecord  mv: one array a lead, NaN where missing
 * @typedef {{name: string, architecture: string, trained: boolean, rate: number, length: number,
 *   leads: string[], layer: string, layers: string[], bytes: number,
 *   meta: {key: string, value: string}[], labels: ModelLabel[]}} ModelInfo
 * @typedef {{name: string, longName: string, threshold: number | null, thresholdSource: string,
 *   auroc: number | null, aurocLow: number | null, aurocHigh: number | null,
 *   positives: number | null}} ModelLabel  null: not given
 * @typedef {{start: number, end: number, peak: number}} Interval
 * @typedef {{positive: boolean, max: number, intervals: Interval[]}} MapInfo
 * @typedef {{rate: number, mapLength: number, step: number, notices: Notice[],
 *   windows: {start: number, seconds: number}[],
 *   labels: {name: string, probability: number, window: number, maps: MapInfo[]}[]}} AnalysisInfo
 * @typedef {AnalysisInfo & {probabilities: Float32Array[], logits: Float32Array[],
 *   maps: Float32Array[], milliseconds: number}} Analysis  one array a window; maps are (labels, mapLength), 0 to 1
 * @typedef {{low: number, high: number, notch: number}} DisplayFilter  Hz; 0: none of it
 * @typedef {{layout: string, cabrera: boolean, rhythm: string, speed: number, gain: number,
 *   start: number, seconds: number, filter: string, colormap: string, alpha: number, title?: string,
 *   pixel?: number, pitch?: number, bare?: boolean, dark?: boolean,
 *   map: {start: number, seconds: number, perLead: boolean, label: string, layer: string,
 *   probability: number} | null}} DrawRequest  src/draw_request.h
 * @typedef {{x: number, width: number, y: number, top: number, height: number, from: number,
 *   seconds: number, lead: number, sign: number}} Strip  mm and s: xp_strip of src/plot/plot.h
 * @typedef {{width: number, height: number, paper: number, ops: Uint32Array, points: Float32Array,
 *   colors: Uint32Array, text: Uint8Array, strips: Strip[]}} DisplayList  src/plot/plot.h
 * @typedef {"occlusion" | "gradients"} Method  that tells leads apart
 * @typedef {{logit: number, baseline: number, sum: number, residual: number, steps: number,
 *   complete: boolean}} Integration
 * @typedef {{firstLabel: number, labels: number, leads: number, steps: number, step: number,
 *   integration: Integration | null, values: Float32Array[]}} Evidence
 *   values: of the labels from firstLabel on, (leads of the record, steps) logits, NaN in leads that
 *   the model does not see; each step lasts step seconds
 * @typedef {{version: string, kernels: string, modelFormat: string}} About
 * @typedef {{relaxed?: ArrayBuffer, simd?: ArrayBuffer, scalar: ArrayBuffer}} CoreFiles
 */

/** @typedef {{progress: (done: number, total: number) => void}} Hooks  passes through the network */

/** An error that the core explains: code is a stable name, message a sentence for a person. */
export class CoreError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "CoreError";
    this.code = code;
  }
}

// (module (func (result v128) i32.const 0 i8x16.splat))
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15,
  11,
]);

/** @returns {boolean} whether this engine has 128-bit SIMD */
export function hasSimd() {
  return WebAssembly.validate(SIMD_PROBE);
}

const TEXT = { about: 0, error: 1, record: 2, model: 3, analysis: 4, drawing: 5, evidence: 6 };
const METHODS = { occlusion: 0, gradients: 1 };
const DRAWING = { ops: 0, points: 1, colors: 2, text: 3, strips: 4 };
const FLOATS = { lead: 0, probabilities: 1, maps: 2, logits: 3, filtered: 4, evidence: 5 };

/**
 * The modules that were built, by kind.
 * @param {(name: string) => Promise<ArrayBuffer>} read  a file that lies beside this one
 * @returns {Promise<CoreFiles>}
 */
export async function readCoreFiles(read) {
  /** @type {string[]} */
  const kinds = JSON.parse(new TextDecoder().decode(await read("modules.json")));
  const files = await Promise.all(kinds.map((kind) => read(`xplaim-${kind}.wasm`)));
  return /** @type {any} */ (Object.fromEntries(kinds.map((kind, i) => [kind, files[i]])));
}

/**
 * Start the core with the fastest of the modules that runs here and passes its self-test: relaxed
 * SIMD (fused multiply-add), SIMD, scalar. Validating a module tells whether the engine knows its
 * instructions.
 * @param {CoreFiles} files  what is left out is not tried
 * @returns {Promise<Core>}
 */
export async function startCore({ relaxed, simd, scalar }) {
  for (const bytes of [relaxed, simd]) {
    if (!bytes || !hasSimd() || !WebAssembly.validate(bytes)) continue;
    try {
      const core = await instantiate(bytes);
      core.selfTest();
      return core;
    } catch (error) {
      console.warn("A module is not used:", error);
    }
  }
  const core = await instantiate(scalar);
  core.selfTest();
  return core;
}

/** @param {ArrayBuffer} bytes @returns {Promise<Core>} */
async function instantiate(bytes) {
  const module = await WebAssembly.compile(bytes);
  /** @type {Hooks} */
  const hooks = { progress: () => {} };
  const { exports } = await WebAssembly.instantiate(module, imports(module, hooks));
  const core = /** @type {any} */ (exports);
  core._initialize?.();
  return new Core(core, hooks);
}

/**
 * The C library's idea of an operating system. The core computes only: it has no files, no clock
 * and no output, so every call is refused (52: "not supported") except leaving, which is an error.
 * What it asks of the page is to be told how far a long work has come.
 * @param {WebAssembly.Module} module @param {Hooks} [hooks]
 */
function imports(module, hooks) {
  /** @type {Record<string, Record<string, Function>>} */
  const out = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    out[from] ??= {};
    out[from][name] = (/** @type {number} */ code, /** @type {number} */ total) => {
      if (name === "xp_wasm_progress") return hooks?.progress(code, total);
      if (name === "emscripten_notify_memory_growth") return undefined;
      if (name === "proc_exit" || name === "abort") throw new Error(`The core stopped (${code}).`);
      return 52;
    };
  }
  return /** @type {WebAssembly.Imports} */ (out);
}

export class Core {
  /** @param {any} wasm  the module's exports @param {Hooks} hooks  what it calls */
  constructor(wasm, hooks) {
    this.wasm = wasm;
    this.hooks = hooks;
    this.session = wasm.xp_wasm_open();
    if (!this.session) throw new CoreError("MEMORY", "No memory for a session.");
  }

  /** @returns {About} */
  about() {
    return this.json(TEXT.about);
  }

  /** Bytes of memory taken so far; it never shrinks, so this is the peak too. */
  get memoryBytes() {
    return this.wasm.memory.buffer.byteLength;
  }

  selfTest() {
    this.check(this.wasm.xp_wasm_self_test(this.session));
  }

  /** @param {string} name @param {Uint8Array} bytes */
  addFile(name, bytes) {
    this.withName(name, (pointer) => {
      const copy = this.copyIn(bytes);
      this.check(this.wasm.xp_wasm_add_file(this.session, pointer, copy, bytes.length));
    });
  }

  forgetFiles() {
    this.check(this.wasm.xp_wasm_add_file(this.session, 0, 0, 0));
  }

  /**
   * @param {string} name  without extension
   * @returns {EcgRecord}
   */
  openRecord(name) {
    this.withName(name, (pointer) => {
      this.check(this.wasm.xp_wasm_open_record(this.session, pointer));
    });
    /** @type {RecordInfo} */
    const info = this.json(TEXT.record);
    const mv = info.leads.map((_, i) => this.floats(FLOATS.lead, i, info.samples));
    return { ...info, mv };
  }

  /**
   * @param {Uint8Array} bytes  a safetensors file
   * @param {string} [layer]  the layer to explain; the model's default when left out
   * @returns {ModelInfo}
   */
  loadModel(bytes, layer = "") {
    this.withName(layer, (pointer) => {
      const copy = this.copyIn(bytes);
      this.check(this.wasm.xp_wasm_load_model(this.session, copy, bytes.length, pointer));
    });
    return this.json(TEXT.model);
  }

  /** @param {string} layer  "": the default one @returns {ModelInfo} */
  chooseLayer(layer) {
    this.withName(layer, (pointer) => {
      this.check(this.wasm.xp_wasm_choose_layer(this.session, pointer));
    });
    return this.json(TEXT.model);
  }

  /**
   * The open record's leads as a display filter makes them; what is not one of the twelve leads
   * stays as it is. The analysis does not see this.
   * @param {DisplayFilter} filter @param {RecordInfo} record  the open one
   * @returns {Float32Array[]}
   */
  filter({ low, high, notch }, record) {
    this.check(this.wasm.xp_wasm_filter(this.session, low, high, notch));
    return record.leads.map((_, i) => {
      const there = this.wasm.xp_wasm_floats(this.session, FLOATS.filtered, i);
      return this.floats(there ? FLOATS.filtered : FLOATS.lead, i, record.samples);
    });
  }

  /**
   * The open record as a display list.
   * @param {DrawRequest} request @param {Float32Array | null} values  of the map
   * @returns {DisplayList}
   */
  draw(request, values) {
    this.withName(JSON.stringify(request), (pointer) => {
      const floats = values && request.map ? values : new Float32Array();
      const copy = this.copyIn(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
      const status = this.wasm.xp_wasm_draw(this.session, pointer, copy, floats.length);
      this.wasm.xp_wasm_free(copy);
      this.check(status);
    });
    const { width, height, paper, counts } = this.json(TEXT.drawing);
    const part = (/** @type {number} */ which, /** @type {number} */ bytes) => {
      const start = this.wasm.xp_wasm_drawing(this.session, which);
      return this.wasm.memory.buffer.slice(start, start + counts[which] * bytes);
    };
    return {
      width, height, paper, ops: new Uint32Array(part(DRAWING.ops, 24)), points: new Float32Array(part(DRAWING.points, 8)),
      colors: new Uint32Array(part(DRAWING.colors, 4)), text: new Uint8Array(part(DRAWING.text, 1)),
      strips: stripsOf(part(DRAWING.strips, 36)),
    };
  }

  /** Another session of the same module: its own files, record and model. @returns {Core} */
  another() {
    return new Core(this.wasm, this.hooks);
  }

  /**
   * @param {{acceptAmplitude?: boolean, acceptMissingLeads?: boolean, withMaps?: boolean}} [options]
   * @returns {Analysis}
   */
  analyse({ acceptAmplitude = false, acceptMissingLeads = false, withMaps = true } = {}) {
    const start = performance.now();
    const flags = (acceptAmplitude ? 1 : 0) + (withMaps ? 0 : 2) + (acceptMissingLeads ? 4 : 0);
    this.check(this.wasm.xp_wasm_analyse(this.session, flags));
    const milliseconds = performance.now() - start;
    /** @type {AnalysisInfo} */
    const info = this.json(TEXT.analysis);
    const n = info.labels.length;
    const probabilities = info.windows.map((_, w) => this.floats(FLOATS.probabilities, w, n));
    const logits = info.windows.map((_, w) => this.floats(FLOATS.logits, w, n));
    const maps = info.mapLength
      ? info.windows.map((_, w) => this.floats(FLOATS.maps, w, n * info.mapLength))
      : [];
    return { ...info, probabilities, logits, maps, milliseconds };
  }

  /**
   * Evidence by lead and time of a window of the last analysis.
   * @param {Method} method @param {number} window @param {number} label
   * @returns {Evidence}
   */
  attribute(method, window, label) {
    this.check(this.wasm.xp_wasm_attribute(this.session, METHODS[method], window, label));
    const info = this.json(TEXT.evidence);
    const values = Array.from({ length: info.labels }, (_, i) =>
      this.floats(FLOATS.evidence, info.firstLabel + i, info.leads * info.steps));
    return { ...info, values };
  }

  /** @param {number} status */
  check(status) {
    if (status === 0) return;
    const { code, text } = this.json(TEXT.error);
    throw new CoreError(code, text);
  }

  /** @param {number} kind @returns {any} */
  json(kind) {
    const start = this.wasm.xp_wasm_text(this.session, kind);
    const memory = new Uint8Array(this.wasm.memory.buffer);
    return JSON.parse(new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start))));
  }

  /** @param {number} kind @param {number} index @param {number} count @returns {Float32Array} */
  floats(kind, index, count) {
    const start = this.wasm.xp_wasm_floats(this.session, kind, index);
    if (!start) throw new Error(`the core has no floats of kind ${kind}, index ${index}`);
    return new Float32Array(this.wasm.memory.buffer, start, count).slice();
  }

  /** @param {Uint8Array} bytes @returns {number} a pointer that the callee takes over */
  copyIn(bytes) {
    const pointer = this.wasm.xp_wasm_alloc(bytes.length);
    if (!pointer) throw new CoreError("MEMORY", `No memory for a file of ${bytes.length} bytes.`);
    new Uint8Array(this.wasm.memory.buffer).set(bytes, pointer);
    return pointer;
  }

  /** @param {string} text @param {(pointer: number) => void} use  pointer is valid inside only */
  withName(text, use) {
    const pointer = this.copyIn(new TextEncoder().encode(`${text}\0`));
    try {
      use(pointer);
    } finally {
      this.wasm.xp_wasm_free(pointer);
    }
  }
}

/** @param {ArrayBuffer} bytes @returns {Strip[]} */
function stripsOf(bytes) {
  const floats = new Float32Array(bytes);
  const ints = new Int32Array(bytes);
  return Array.from({ length: bytes.byteLength / 36 }, (_, i) => {
    const [x, width, y, top, height, from, seconds] = floats.subarray(9 * i, 9 * i + 7);
    return { x, width, y, top, height, from, seconds, lead: ints[9 * i + 7], sign: ints[9 * i + 8] };
  });
}

/**
 * A display list as a PNG file, by the core's rasteriser (picture.wasm).
 * @param {ArrayBuffer} bytes  of the module @param {DisplayList} list @param {number} dpi
 * @returns {Promise<Uint8Array>}
 */
export async function drawPicture(bytes, list, dpi) {
  const module = await WebAssembly.compile(bytes);
  const { exports } = await WebAssembly.instantiate(module, imports(module));
  const wasm = /** @type {any} */ (exports);
  wasm._initialize?.();
  const { width, height, paper, ops, points, colors, text } = list;
  const picture = wasm.xp_picture_open(width, height, paper, ops.length / 6, points.length / 2, colors.length, text.length);
  if (!picture) throw new CoreError("MEMORY", "No memory for a picture.");
  for (const [i, part] of [ops, points, colors, text].entries())
    new Uint8Array(wasm.memory.buffer).set(
      new Uint8Array(part.buffer, part.byteOffset, part.byteLength), wasm.xp_picture_part(picture, i));
  if (wasm.xp_picture_png(picture, dpi)) {
    const memory = new Uint8Array(wasm.memory.buffer, wasm.xp_picture_error(picture));
    throw new CoreError("PICTURE", new TextDecoder().decode(memory.subarray(0, memory.indexOf(0))));
  }
  const start = wasm.xp_picture_bytes(picture);
  return new Uint8Array(wasm.memory.buffer).slice(start, start + wasm.xp_picture_size(picture));
}

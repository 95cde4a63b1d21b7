/**
 * The WebAssembly core. Pointers stay here (and in readers.js and wasm.js): others get plain objects and
 * typed arrays that are theirs to keep. Works in a worker and in Node.
 */

import { ANALYSE, DRAWING, FLOATS, METHODS, TEXT } from "./core_constants.js";
import { Boundary, CoreError, instantiate } from "./wasm.js";

export { CoreError } from "./wasm.js";

/**
 * @typedef {import("../package/documents.js").Notice} Notice
 * @typedef {import("../package/documents.js").Recording} RecordInfo
 * @typedef {RecordInfo & {mv: Float32Array[]}} EcgRecord  mv: one array a lead, NaN where missing
 * @typedef {import("../package/documents.js").LoadedModel} ModelInfo
 * @typedef {import("../package/documents.js").ModelLabel} ModelLabel  null: not given
 * @typedef {Omit<import("../package/documents.js").Explanation, "measured"> | import("../package/documents.js").Prediction} Report
 *   the latter where no maps were made; what is measured is another module's (readers.js)
 * @typedef {{report: Report, maps: Float32Array[], milliseconds: number}} Analysis  the report's maps have
 *   no values, for those of a long recording are a million: they are in maps, an array (labels, steps)
 *   a window, 0 to 1
 * @typedef {{low: number, high: number, notch: number}} DisplayFilter  Hz; 0: none of it
 * @typedef {{layout: string, cabrera: boolean, rhythm: string, speed: number, gain: number, halfChest?: boolean,
 *   start: number, seconds: number, filter: string, colormap: string, alpha: number, title?: string,
 *   pixel?: number, pitch?: number, bare?: boolean, narrow?: boolean, dark?: boolean, style?: string, numbers?: string,
 *   beats?: Mark[], faults?: import("./readers.js").Fault[],
 *   window: {start: number, seconds: number} | null,
 *   map: {start: number, seconds: number, perLead: boolean, label: string, layer: string,
 *   probability?: number, score?: number, below: boolean} | null}} DrawRequest  src/draw_request.h
 * @typedef {import("./readers.js").Ends} Ends
 * @typedef {{time: number, symbol: string, used: boolean, p: Ends, qrs: Ends, t: Ends}} Mark  of a beat, s; waves from
 *   its time
 * @typedef {{title: string, numbers: string, pixel: number, dark?: boolean,
 *   beat: import("./readers.js").MedianBeat}} BeatRequest  src/draw_request.h too
 * @typedef {{x: number, width: number, y: number, top: number, height: number, from: number,
 *   seconds: number, lead: number, gain: number, sign: number}} Strip  mm and s; gain: mm/mV; sign: -1 where it is
 *   drawn upside down: xp_strip of src/plot/plot.h
 * @typedef {{width: number, height: number, paper: number, ops: Uint32Array, points: Float32Array,
 *   colors: Uint32Array, text: Uint8Array, strips: Strip[]}} DisplayList  src/plot/plot.h
 * @typedef {keyof typeof METHODS} Method  that tells leads apart
 * @typedef {{report: Omit<import("../package/documents.js").LeadExplanation, "measured">, firstLabel: number,
 *   values: Float32Array[]}} Evidence  report: of one window; values: of the labels from firstLabel on,
 *   (leads of the record, segments) logits, NaN in leads that the model does not see
 * @typedef {ModelInfo["operating_point"]} OperatingPoint
 * @typedef {{version: string, kernels: string, modelFormat: string}} About
 * @typedef {{relaxed?: ArrayBuffer, simd?: ArrayBuffer, scalar?: ArrayBuffer}} CoreFiles
 */

/** Modules of a few bytes, each valid where the engine knows the instructions of that kind. */
const PROBES = {
  // (module (func (result v128) i32.const 0 i8x16.splat i32.const 0 i8x16.splat i8x16.relaxed_swizzle))
  relaxed: new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 15, 65, 0, 253, 15,
    253, 128, 2, 11,
  ]),
  // (module (func (result v128) i32.const 0 i8x16.splat))
  simd: new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
  ]),
};

/** @param {string} kind @returns {boolean} whether this engine knows its instructions */
const knows = (kind) => !Object.hasOwn(PROBES, kind) || WebAssembly.validate(PROBES[/** @type {"simd"} */ (kind)]);

/** @param {(name: string) => Promise<ArrayBuffer>} read @param {string[]} kinds @returns {Promise<CoreFiles>} */
async function readModules(read, kinds) {
  const files = await Promise.all(kinds.map((kind) => read(`xplaim-${kind}.wasm`)));
  return Object.fromEntries(kinds.map((kind, i) => [kind, files[i]]));
}

/**
 * Hands start the fastest of the modules that were built, and only where that does not work here the others: each is as
 * large as all else that a first drawing takes.
 * @template T
 * @param {(name: string) => Promise<ArrayBuffer>} read  a file that lies beside this one
 * @param {(files: CoreFiles) => Promise<T>} start  a CoreError tells that none of them works
 * @returns {Promise<T>}
 */
export async function startFastest(read, start) {
  /** @type {string[]} */
  const built = JSON.parse(new TextDecoder().decode(await read("modules.json")));
  const [fastest, ...others] = built.filter(knows);
  try {
    return await start(await readModules(read, [fastest]));
  } catch (error) {
    if (!(error instanceof CoreError) || !others.length) throw error;
    return start(await readModules(read, others));
  }
}

/**
 * Start the core with the fastest of the modules that runs here and passes its self-test: relaxed
 * SIMD (fused multiply-add), SIMD, scalar. Validating a module tells whether the engine knows its
 * instructions.
 * @param {CoreFiles} files  what is left out is not tried
 * @returns {Promise<Core>}
 */
export async function startCore({ relaxed, simd, scalar }) {
  /** @type {unknown} */
  let problem = "none was given";
  for (const bytes of [relaxed, simd, scalar]) {
    if (!bytes || (bytes !== scalar && !WebAssembly.validate(bytes))) continue;
    try {
      const core = await coreOf(bytes);
      core.selfTest();
      return core;
    } catch (error) {
      console.warn("A module is not used:", error);
      problem = error;
    }
  }
  if (problem instanceof CoreError) throw problem;
  throw new CoreError("INTERNAL", `No module of the core works here (${problem}).`);
}

/** @param {ArrayBuffer} bytes @returns {Promise<Core>} */
async function coreOf(bytes) {
  /** @type {import("./wasm.js").Hooks} */
  const hooks = { progress: () => {} };
  return new Core(await instantiate(await WebAssembly.compile(bytes), hooks), hooks);
}

export class Core extends Boundary {
  /** @param {any} wasm  the module's exports @param {import("./wasm.js").Hooks} hooks  what it calls */
  constructor(wasm, hooks) {
    super(wasm);
    this.hooks = hooks;
    this.session = wasm.xp_wasm_open();
    if (!this.session) throw new CoreError("MEMORY", "No memory for a session.");
  }

  /** @returns {About} */
  about() {
    return this.json(TEXT.about);
  }

  selfTest() {
    this.check(this.wasm.xp_wasm_self_test(this.session));
  }

  /**
   * Open a record that was read.
   * @param {string} name  as it was asked for @param {Uint8Array} bytes  as the readers hand it on
   * @returns {RecordInfo}
   */
  takeRecord(name, bytes) {
    this.withText(name, (pointer) => {
      const copy = this.copyIn(bytes);
      this.check(this.wasm.xp_wasm_take_record(this.session, pointer, copy, bytes.length));
    });
    return this.json(TEXT.record);
  }

  /** The open record's samples: one array a lead, NaN where missing. @param {RecordInfo} record
   * @returns {Float32Array[]} */
  samplesOf(record) {
    return record.leads.map((_, i) => this.floats(FLOATS.lead, i, record.samples));
  }

  /**
   * @param {Uint8Array} bytes  a safetensors file
   * @param {string} [layer]  the layer to explain; the model's default when left out
   * @returns {ModelInfo}
   */
  loadModel(bytes, layer = "") {
    this.withText(layer, (pointer) => {
      const copy = this.copyIn(bytes);
      this.check(this.wasm.xp_wasm_load_model(this.session, copy, bytes.length, pointer));
    });
    return this.json(TEXT.model);
  }

  /** @param {string} layer  "": the default one @returns {ModelInfo} */
  chooseLayer(layer) {
    this.withText(layer, (pointer) => {
      this.check(this.wasm.xp_wasm_choose_layer(this.session, pointer));
    });
    return this.json(TEXT.model);
  }

  /** @param {OperatingPoint} point  whose thresholds count @returns {ModelInfo} */
  operateAt(point) {
    this.withText(point, (pointer) => {
      this.check(this.wasm.xp_wasm_operate_at(this.session, pointer));
    });
    return this.json(TEXT.model);
  }

  /**
   * The open record's leads as a display filter makes them; what cannot be filtered
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
   * @param {DrawRequest | BeatRequest} request @param {Float32Array | null} values  of the map, or the median beat
   * @returns {DisplayList}
   */
  draw(request, values) {
    this.withText(JSON.stringify(request), (pointer) => {
      const floats = values && ("beat" in request || request.map) ? values : new Float32Array();
      const copy = this.copyIn(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
      const status = this.wasm.xp_wasm_draw(this.session, pointer, copy, floats.length);
      this.wasm.xp_wasm_free(copy);
      this.check(status);
    });
    const { width, height, paper, counts } = this.json(TEXT.drawing);
    const array = (/** @type {{part: number, bytes: number}} */ { part, bytes }) => {
      const start = this.wasm.xp_wasm_drawing(this.session, part);
      return this.wasm.memory.buffer.slice(start, start + counts[part] * bytes);
    };
    return {
      width,
      height,
      paper,
      ops: new Uint32Array(array(DRAWING.ops)),
      points: new Float32Array(array(DRAWING.points)),
      colors: new Uint32Array(array(DRAWING.colors)),
      text: new Uint8Array(array(DRAWING.text)),
      strips: stripsOf(array(DRAWING.strips)),
    };
  }

  /** Another session of the same module: its own files, record and model. @returns {Core} */
  another() {
    return new Core(this.wasm, this.hooks);
  }

  /**
   * @param {{acceptAmplitude?: boolean, acceptMissingLeads?: boolean,
   *   acceptChecksums?: boolean, withMaps?: boolean}} [options]
   * @returns {Analysis}
   */
  analyse({ acceptAmplitude = false, acceptMissingLeads = false, acceptChecksums = false, withMaps = true } = {}) {
    const start = performance.now();
    const flags =
      (acceptAmplitude ? ANALYSE.acceptAmplitude : 0) +
      (withMaps ? 0 : ANALYSE.noMaps) +
      (acceptMissingLeads ? ANALYSE.acceptMissingLeads : 0) +
      (acceptChecksums ? ANALYSE.acceptChecksums : 0);
    this.check(this.wasm.xp_wasm_analyse(this.session, flags));
    const milliseconds = performance.now() - start;
    /** @type {Report} */
    const report = this.json(TEXT.report);
    const size = "map" in report ? report.labels.length * report.map.steps : 0;
    const maps = "map" in report ? report.map.windows.map((_, w) => this.floats(FLOATS.maps, w, size)) : [];
    return { report, maps, milliseconds };
  }

  /**
   * Evidence by lead and time of a window of the last analysis.
   * @param {Method} method @param {number} window @param {number} label
   * @returns {Evidence}
   */
  attribute(method, window, label) {
    this.check(this.wasm.xp_wasm_attribute(this.session, METHODS[method], window, label));
    /** @type {Evidence["report"]} */
    const report = this.json(TEXT.evidence);
    const { leads } = /** @type {RecordInfo} */ (this.json(TEXT.record));
    const count = report.labels.length;
    const firstLabel = count > 1 ? 0 : label;
    const values = Array.from({ length: count }, (_, i) =>
      this.floats(FLOATS.evidence, firstLabel + i, leads.length * report.evidence.segments),
    );
    return { report, firstLabel, values };
  }

  /** @param {number} status */
  check(status) {
    if (status === 0) return;
    const { code, text } = this.json(TEXT.error);
    throw new CoreError(code, text);
  }

  /** @param {number} kind @returns {any} */
  json(kind) {
    return this.parse(this.wasm.xp_wasm_text(this.session, kind));
  }

  /** @param {number} kind @param {number} index @param {number} count @returns {Float32Array} */
  floats(kind, index, count) {
    const start = this.wasm.xp_wasm_floats(this.session, kind, index);
    if (!start) throw new Error(`the core has no floats of kind ${kind}, index ${index}`);
    return new Float32Array(this.wasm.memory.buffer, start, count).slice();
  }
}

/** @param {ArrayBuffer} bytes @returns {Strip[]} */
function stripsOf(bytes) {
  const floats = new Float32Array(bytes);
  const ints = new Int32Array(bytes);
  return Array.from({ length: bytes.byteLength / DRAWING.strips.bytes }, (_, i) => {
    const [x, width, y, top, height, from, seconds] = floats.subarray(9 * i, 9 * i + 7);
    const gain = floats[9 * i + 8];
    return {
      x,
      width,
      y,
      top,
      height,
      from,
      seconds,
      lead: ints[9 * i + 7],
      gain: Math.abs(gain),
      sign: Math.sign(gain),
    };
  });
}

/** Display lists as files, by the core's rasteriser and its SVG writer (picture.wasm). */
export class Pictures {
  /** @param {any} wasm  its exports */
  constructor(wasm) {
    this.wasm = wasm;
  }

  /** @param {DisplayList} list @param {number} dpi @returns {Uint8Array} */
  png(list, dpi) {
    return this.make(list, "", (picture) => this.wasm.xp_picture_png(picture, dpi));
  }

  /** The file that `xplaim plot --svg` writes. @param {DisplayList} list @param {string} title
   * @returns {string} */
  svg(list, title) {
    return new TextDecoder().decode(this.make(list, title, (picture) => this.wasm.xp_picture_svg(picture)));
  }

  /** @param {DisplayList} list @param {string} title @param {(picture: number) => number} draw
   * @returns {Uint8Array} */
  make({ width, height, paper, ops, points, colors, text }, title, draw) {
    const { wasm } = this;
    const titleBytes = new TextEncoder().encode(title);
    const picture = wasm.xp_picture_open(
      width,
      height,
      paper,
      ops.length / 6,
      points.length / 2,
      colors.length,
      text.length,
      titleBytes.length,
    );
    if (!picture) throw new CoreError("MEMORY", "No memory for a picture.");
    try {
      for (const [i, part] of [ops, points, colors, text, titleBytes].entries())
        new Uint8Array(wasm.memory.buffer).set(
          new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
          wasm.xp_picture_part(picture, i),
        );
      if (draw(picture)) {
        const memory = new Uint8Array(wasm.memory.buffer, wasm.xp_picture_error(picture));
        throw new CoreError("PICTURE", new TextDecoder().decode(memory.subarray(0, memory.indexOf(0))));
      }
      const start = wasm.xp_picture_bytes(picture);
      return new Uint8Array(wasm.memory.buffer).slice(start, start + wasm.xp_picture_size(picture));
    } finally {
      wasm.xp_picture_close(picture);
    }
  }
}

/** @param {ArrayBuffer} bytes  of picture.wasm @returns {Promise<Pictures>} */
export async function startPictures(bytes) {
  return new Pictures(await instantiate(await WebAssembly.compile(bytes)));
}

/** Several display lists (src/plot/plot.h) as one: beside each other, below each other, or one's traces over another's. */

import { opsOf } from "./paint.js";

/**
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {ReturnType<typeof opsOf>[number]} Op
 * @typedef {{list: DisplayList, dx?: number, dy?: number, keep?: (op: Op, list: DisplayList) => boolean, ink?: number | null,
 *   dash?: [number, number] | null}} Part  dx, dy: mm; keep: which of its ops; ink: for all of them, null: their own; dash:
 *   mm of a trace that are drawn and left out, by turns
 * @typedef {{points: number[], ink: number, size: number}} Line  points: x, y, x, y ... mm; size: how thick, mm
 * @typedef {{text: string, x: number, y: number, size: number, ink: number, right?: boolean}} Words  mm
 */

const KIND = { line: 0, rects: 1, cells: 2, text: 3 };
/** Lines of a trace, and of the calibration pulse, are as thick; thinner are ticks. mm */
const TRACE_MM = 0.25;
const POINT_BITS = 0xffffff;

/** @param {number} red @param {number} green @param {number} blue */
export const inkOf = (red, green, blue) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** Traces alone, without the calibration pulse before them. @param {Op} op @param {DisplayList} list */
export function isTrace({ kind, size, first }, { points, strips }) {
  const left = Math.min(...strips.map((strip) => strip.x));
  return kind === KIND.line && size >= TRACE_MM && points[2 * first] >= left - 0.01;
}

/** Traces with their leads' names. @param {Op} op @param {DisplayList} list */
export function isLead(op, list) {
  const { kind, extra } = op;
  if (kind !== KIND.text) return isTrace(op, list);
  const [x, y] = list.points.subarray(2 * (extra & POINT_BITS), 2 * (extra & POINT_BITS) + 2);
  return list.strips.some((s) => x >= s.x - 0.5 && x <= s.x + 6 && y >= s.top - 0.5 && y <= s.top + s.height + 0.5);
}

/** What stands below the rows: seconds, scale. @param {Op} op @param {DisplayList} list */
export function isBelow({ kind, size, first, extra }, { points, strips }) {
  const bottom = Math.max(...strips.map((strip) => strip.top + strip.height));
  if (kind === KIND.text) return points[2 * (extra & POINT_BITS) + 1] >= bottom - 0.01;
  return kind === KIND.line && size < TRACE_MM && points[2 * first + 1] >= bottom - 0.01;
}

/** @param {Op} op */
export const isGrid = ({ kind }) => kind === KIND.rects;

class Builder {
  constructor() {
    /** @type {number[][]} */
    this.ops = [];
    /** @type {number[]} */
    this.points = [];
    /** @type {number[]} */
    this.colors = [];
    /** @type {number[]} */
    this.text = [];
  }

  /** @param {Part} part */
  add({ list, dx = 0, dy = 0, keep = () => true, ink = null, dash = null }) {
    for (const op of opsOf(list).filter((each) => keep(each, list))) {
      const rgba = ink ?? op.rgba;
      const points = (/** @type {number} */ from, /** @type {number} */ count) =>
        Array.from(list.points.subarray(2 * from, 2 * (from + count)), (v, i) => v + (i % 2 ? dy : dx));
      if (op.kind === KIND.line) {
        const whole = points(op.first, op.count);
        for (const line of dash && isTrace(op, list) ? dashed(whole, dash) : [whole]) this.line(line, rgba, op.size);
      } else if (op.kind === KIND.rects)
        this.push(KIND.rects, rgba, points(op.first, 2 * op.count), op.count, op.size, 0);
      else if (op.kind === KIND.cells) {
        const at = this.colors.length;
        this.colors.push(...list.colors.subarray(op.extra, op.extra + op.count));
        this.push(KIND.cells, rgba, points(op.first, 2), op.count, op.size, at);
      } else
        this.letters(
          list.text.subarray(op.first, op.first + op.count),
          rgba,
          op.size,
          points(op.extra & POINT_BITS, 1),
          op.extra >>> 24,
        );
    }
  }

  /** @param {number[]} points @param {number} rgba @param {number} size */
  line(points, rgba, size) {
    this.push(KIND.line, rgba, points, points.length / 2, size, 0);
  }

  /** @param {number} kind @param {number} rgba @param {number[]} points @param {number} count @param {number} size @param {number} extra */
  push(kind, rgba, points, count, size, extra) {
    this.ops.push([kind, rgba, this.points.length / 2, count, size, extra]);
    for (const v of points) this.points.push(v);
  }

  /** @param {Uint8Array} bytes @param {number} rgba @param {number} size @param {number[]} at @param {number} flags */
  letters(bytes, rgba, size, at, flags) {
    this.ops.push([
      KIND.text,
      rgba,
      this.text.length,
      bytes.length,
      size,
      ((flags << 24) | (this.points.length / 2)) >>> 0,
    ]);
    this.points.push(...at);
    this.text.push(...bytes);
  }

  /** @param {Words} words */
  say({ text, x, y, size, ink, right = false }) {
    this.letters(new TextEncoder().encode(text), ink, size, [x, y], right ? 2 : 0);
  }

  /** @param {number} width @param {number} height @param {number} paper @param {import("../core/core.js").Strip[]} strips
   * @returns {DisplayList} */
  list(width, height, paper, strips) {
    const ops = new Uint32Array(6 * this.ops.length);
    const sizes = new Float32Array(ops.buffer);
    this.ops.forEach(([kind, rgba, first, count, size, extra], i) => {
      ops.set([kind, rgba, first, count, 0, extra], 6 * i);
      sizes[6 * i + 4] = size;
    });
    const [points, colors, text] = [
      new Float32Array(this.points),
      new Uint32Array(this.colors),
      new Uint8Array(this.text),
    ];
    return { width, height, paper, ops, points, colors, text, strips };
  }
}

/** Stretches of a line. @param {number[]} points @param {[number, number]} dash  mm on, off @returns {number[][]} */
function dashed(points, [on, off]) {
  const out = [];
  let part = [points[0], points[1]];
  let drawing = true;
  let left = on;
  for (let i = 2; i < points.length; i += 2) {
    let [x, y] = [points[i - 2], points[i - 1]];
    let far = Math.hypot(points[i] - x, points[i + 1] - y);
    while (far > left) {
      x += ((points[i] - x) * left) / far;
      y += ((points[i + 1] - y) * left) / far;
      far -= left;
      if (drawing) out.push([...part, x, y]);
      drawing = !drawing;
      part = [x, y];
      left = drawing ? on : off;
    }
    left -= far;
    if (drawing) part.push(points[i], points[i + 1]);
  }
  if (drawing && part.length > 2) out.push(part);
  return out;
}

/** One list of several, in their order. @param {Part[]} parts @param {Words[]} words @param {number} width  mm
 * @param {number} height @param {Line[]} [lines]  over the parts @returns {DisplayList} */
export function joined(parts, words, width, height, lines = []) {
  const builder = new Builder();
  for (const part of parts) builder.add(part);
  for (const { points, ink, size } of lines) builder.line(points, ink, size);
  for (const each of words) builder.say(each);
  return builder.list(width, height, parts[0].list.paper, parts[0].list.strips);
}

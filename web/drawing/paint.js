/** A display list (src/plot/plot.h) on a canvas. */

/**
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {{scale: number, x: number, y: number}} Place
 *   scale: device pixels a millimetre; x, y: of the list's corner on the canvas, device pixels
 * @typedef {CanvasRenderingContext2D} Context
 * @typedef {{kind: number, colour: string, size: number, count: number, at: number[], paths?: Stretch[],
 *   strip?: HTMLCanvasElement, text?: string, anchor?: number, upwards?: boolean}} Part
 *   at: the op's points (x, y, x, y ...) where it is no line
 * @typedef {{path: Path2D, left: number, right: number}} Stretch  of a line; mm
 */

const KIND = { line: 0, rects: 1, cells: 2, text: 3 };
/** The font of the core's pictures, and what is as wide. */
const FONT = '"DejaVu Sans", Verdana, "Liberation Sans", Arial, sans-serif';
const ALIGN = /** @type {const} */ (["left", "center", "right"]);

/** Lines of the grid's millimetres are thinner than this, and left out where they are too near. */
const FINE_MM = 0.15;
const FINE_FROM_SCALE = 3;
/** Traces are as thick as this, or more; what is thinner is grid and ticks. mm */
const TRACE_MM = 0.25;
const MIN_TEXT_CSS_PX = 11;
/** Points of a line that are drawn in one go on a screen: what is out of sight is left out, and many
 * short paths are filled sooner than a long one. */
const STRETCH = 128;

/** @param {number} rgba  red in the lowest byte @returns {string} */
export function colourOf(rgba) {
  const [r, g, b, a] = [rgba & 255, (rgba >>> 8) & 255, (rgba >>> 16) & 255, rgba >>> 24];
  return a === 255 ? `rgb(${r}, ${g}, ${b})` : `rgba(${r}, ${g}, ${b}, ${(a / 255).toFixed(4)})`;
}

/** Ops as objects, in the order of drawing. @param {DisplayList} list
 * @returns {{kind: number, rgba: number, first: number, count: number, size: number, extra: number}[]} */
export function opsOf({ ops }) {
  const sizes = new Float32Array(ops.buffer, ops.byteOffset, ops.length);
  return Array.from({ length: ops.length / 6 }, (_, i) => {
    const [kind, rgba, first, count, , extra] = ops.subarray(6 * i, 6 * i + 6);
    return { kind, rgba, first, count, size: sizes[6 * i + 4], extra };
  });
}

/** What a list was made into, once: whole, and for a screen.
 * @type {WeakMap<DisplayList, Part[]>[]} */
const made = [new WeakMap(), new WeakMap()];

/** @param {DisplayList} list @param {boolean} crisp */
function partsOf(list, crisp) {
  const known = made[Number(crisp)].get(list);
  if (known) return known;
  const decoder = new TextDecoder();
  const parts = opsOf(list).map(({ kind, rgba, first, count, size, extra }) => {
    const colour = colourOf(rgba);
    const points = (/** @type {number} */ from, /** @type {number} */ n) =>
      list.points.subarray(2 * from, 2 * (from + n));
    /** @type {Part} */
    const part = { kind, colour, size, count, at: [] };
    if (kind === KIND.line) part.paths = stretches(points(first, count), crisp ? STRETCH : Infinity);
    else if (kind === KIND.rects) part.at = [...points(first, 2 * count)];
    else if (kind === KIND.cells) {
      part.at = [...points(first, 2)];
      part.strip = stripOf(list.colors.subarray(extra, extra + count));
    } else {
      part.at = [...points(extra & 0xffffff, 1)];
      part.text = decoder.decode(list.text.subarray(first, first + count));
      part.anchor = (extra >>> 24) & 3;
      part.upwards = Boolean((extra >>> 26) & 1);
    }
    return part;
  });
  made[Number(crisp)].set(list, parts);
  return parts;
}

/** @param {Float32Array} points @param {number} most  points each; neighbours share one
 * @returns {Stretch[]} */
function stretches(points, most) {
  const out = [];
  for (let i = 0; i === 0 || 2 * (i + 1) < points.length; i += most - 1) {
    const part = points.subarray(2 * i, most === Infinity ? undefined : 2 * (i + most));
    let [left, right] = [Infinity, -Infinity];
    for (let k = 0; k < part.length; k += 2) [left, right] = [Math.min(left, part[k]), Math.max(right, part[k])];
    out.push({ path: linePath(part), left, right });
    if (most === Infinity) break;
  }
  return out;
}

/** A single point is a dot: a line too short to be seen, with round ends. @param {Float32Array} points */
function linePath(points) {
  const path = new Path2D();
  path.moveTo(points[0], points[1]);
  if (points.length === 2) path.lineTo(points[0] + 1e-3, points[1]);
  for (let i = 2; i < points.length; i += 2) path.lineTo(points[i], points[i + 1]);
  return path;
}

/** Cells as a picture one pixel high. @param {Uint32Array} colors */
function stripOf(colors) {
  const canvas = document.createElement("canvas");
  canvas.width = colors.length;
  canvas.height = 1;
  const c = /** @type {Context} */ (canvas.getContext("2d"));
  const image = c.createImageData(colors.length, 1);
  image.data.set(new Uint8ClampedArray(colors.slice().buffer));
  c.putImageData(image, 0, 0);
  return canvas;
}

/**
 * @param {Context} c @param {DisplayList} list @param {Place} place
 * @param {{crisp?: boolean, weight?: number}} [options]  crisp: for a screen, where the grid's lines are whole
 *   pixels, no line is thinner than one, and no text too small to read; weight: times that traces are thicker
 */
export function paint(c, list, place, { crisp = false, weight = 1 } = {}) {
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.fillStyle = colourOf(list.paper);
  c.fillRect(0, 0, c.canvas.width, c.canvas.height);
  for (const part of partsOf(list, crisp)) {
    if (part.kind === KIND.line) paintLine(c, part, place, crisp, weight);
    else if (part.kind === KIND.rects) paintRects(c, part, place, crisp);
    else if (part.kind === KIND.cells) paintCells(c, part, place, crisp);
    else paintText(c, part, place, crisp);
  }
}

/** @param {Context} c @param {Part} part @param {Place} at @param {boolean} crisp @param {number} weight */
function paintLine(c, part, at, crisp, weight) {
  const wide = part.size >= TRACE_MM ? part.size * weight : part.size;
  c.setTransform(at.scale, 0, 0, at.scale, at.x, at.y);
  c.strokeStyle = part.colour;
  c.lineWidth = crisp ? Math.max(wide, 1 / at.scale) : wide;
  c.lineCap = "round";
  c.lineJoin = crisp ? "bevel" : "round";
  const [left, right] = [-at.x / at.scale - part.size, (c.canvas.width - at.x) / at.scale + part.size];
  for (const stretch of part.paths ?? []) if (stretch.right >= left && stretch.left <= right) c.stroke(stretch.path);
  c.setTransform(1, 0, 0, 1, 0, 0);
}

/** @param {Context} c @param {Part} part @param {Place} at @param {boolean} crisp */
function paintRects(c, { at: p, colour }, at, crisp) {
  c.fillStyle = colour;
  for (let i = 0; i < p.length; i += 4) {
    const [wide, tall] = [p[i + 2] - p[i], p[i + 3] - p[i + 1]];
    if (crisp && Math.min(wide, tall) < FINE_MM && at.scale < FINE_FROM_SCALE) continue;
    const [x, width] = along(at.x + p[i] * at.scale, wide * at.scale, crisp);
    const [y, height] = along(at.y + p[i + 1] * at.scale, tall * at.scale, crisp);
    c.fillRect(x, y, width, height);
  }
}

/** From where and how far; crisp: whole pixels around the same middle.
 * @param {number} from @param {number} length @param {boolean} crisp @returns {[number, number]} */
function along(from, length, crisp) {
  if (!crisp || length > 3) return [from, length];
  const whole = Math.max(1, Math.round(length));
  return [Math.round(from + (length - whole) / 2), whole];
}

/** crisp: rows that touch share no pixel. @param {Context} c @param {Part} part @param {Place} at
 * @param {boolean} crisp */
function paintCells(c, { at: p, strip, count }, at, crisp) {
  c.imageSmoothingEnabled = false;
  const [top, bottom] = [p[1], p[3]].map((y) => (crisp ? Math.round(at.y + y * at.scale) : at.y + y * at.scale));
  c.drawImage(
    /** @type {HTMLCanvasElement} */ (strip),
    0,
    0,
    count,
    1,
    at.x + p[0] * at.scale,
    top,
    (p[2] - p[0]) * at.scale,
    bottom - top,
  );
}

/** @param {Context} c @param {Part} part @param {Place} at @param {boolean} crisp */
function paintText(c, { at: p, colour, size, text = "", anchor = 0, upwards }, at, crisp) {
  c.font = `${Math.max(size * at.scale, crisp ? MIN_TEXT_CSS_PX * (globalThis.devicePixelRatio || 1) : 0)}px ${FONT}`;
  c.fillStyle = colour;
  c.textAlign = ALIGN[anchor];
  c.textRendering = "geometricPrecision"; // as wide at every size, and
  c.fontKerning = "none"; // as the core's pictures set it
  c.translate(at.x + p[0] * at.scale, at.y + p[1] * at.scale);
  if (upwards) c.rotate(-Math.PI / 2);
  c.fillText(text, 0, 0);
  c.setTransform(1, 0, 0, 1, 0, 0);
}

/** A display list (src/plot/plot.h) as an SVG of true size: millimetres, for the printer. */

import { ANCHORS, colourOf, FONT, KIND, opsOf } from "./paint.js";

/**
 * @typedef {import("./core.js").DisplayList} DisplayList
 * @typedef {ReturnType<typeof opsOf>[number]} Op
 */

const NS = "http://www.w3.org/2000/svg";

/** @param {DisplayList} list @returns {SVGSVGElement} */
export function drawSvg(list) {
  const svg = /** @type {SVGSVGElement} */ (
    node("svg", { width: `${list.width}mm`, height: `${list.height}mm`, viewBox: `0 0 ${list.width} ${list.height}`,
      preserveAspectRatio: "xMidYMin slice",
      "font-family": FONT })
  );
  for (const op of opsOf(list)) svg.append(...draw(list, op));
  return svg;
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function node(tag, attributes, text) {
  const made = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {number} v */
const mm = (v) => v.toFixed(3);
/** @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
const box = (x0, y0, x1, y1) => `M${mm(x0)} ${mm(y0)}H${mm(x1)}V${mm(y1)}H${mm(x0)}Z`;

/** @param {DisplayList} list @param {Op} op @returns {Element[]} */
function draw(list, op) {
  const points = (/** @type {number} */ first, /** @type {number} */ n) => [...list.points.subarray(2 * first, 2 * (first + n))];
  if (op.kind === KIND.line) return [drawLine(points(op.first, op.count), op)];
  if (op.kind === KIND.rects) return [drawRects(points(op.first, 2 * op.count), op)];
  if (op.kind === KIND.cells) return drawCells(points(op.first, 2), list.colors.subarray(op.extra, op.extra + op.count));
  const [x, y] = points(op.extra & 0xffffff, 1);
  const text = new TextDecoder().decode(list.text.subarray(op.first, op.first + op.count));
  /** @type {Record<string, string | number>} */
  const attributes = { x: mm(x), y: mm(y), "font-size": op.size.toFixed(2), "text-anchor": ANCHORS[(op.extra >>> 24) & 3],
    fill: colourOf(op.rgba) };
  if ((op.extra >>> 26) & 1) attributes.transform = `rotate(-90 ${mm(x)} ${mm(y)})`;
  return [node("text", attributes, text)];
}

/** @param {number[]} p @param {Op} op */
function drawLine(p, { rgba, size, count }) {
  let d = count === 1 ? `M${mm(p[0])} ${mm(p[1])}h0` : "";
  for (let i = 0; i < p.length && count > 1; i += 2) d += `${i ? "L" : "M"}${mm(p[i])} ${mm(p[i + 1])}`;
  return node("path", { d, fill: "none", stroke: colourOf(rgba), "stroke-width": size.toFixed(3),
    "stroke-linejoin": "round", "stroke-linecap": "round" });
}

/** @param {number[]} p @param {Op} op */
function drawRects(p, { rgba }) {
  let d = "";
  for (let i = 0; i < p.length; i += 4) d += box(p[i], p[i + 1], p[i + 2], p[i + 3]);
  return node("path", { d, fill: colourOf(rgba) });
}

/** Neighbours of one colour are one box; no seams between them. @param {number[]} p
 * @param {Uint32Array} colors @returns {Element[]} */
function drawCells([x0, y0, x1, y1], colors) {
  const step = (x1 - x0) / colors.length;
  /** @type {Element[]} */
  const boxes = [];
  for (let i = 0, j = 0; i < colors.length; i = j) {
    for (j = i + 1; colors[j] === colors[i]; j++);
    if (colors[i] >>> 24)
      boxes.push(node("path", { d: box(x0 + step * i, y0, x0 + step * j, y1), fill: colourOf(colors[i]),
        "shape-rendering": "crispEdges" }));
  }
  return boxes;
}

/** A sheet of layout.js as an SVG of true size: millimetres, for the printer. */

import { heatAt, heatColour, walkTrace } from "./layout.js";
import { INKS } from "./paint.js";

/**
 * @typedef {import("./layout.js").Sheet} Sheet
 * @typedef {import("./layout.js").Item} Item
 * @typedef {import("./layout.js").Heat} Heat
 */

const NS = "http://www.w3.org/2000/svg";
/** A sample shorter than this on paper is no finer than a printer's dot. */
const DOT_MM = 0.05;

/**
 * @param {Sheet} sheet @param {Heat | null} heat
 * @returns {SVGSVGElement}
 */
export function drawSvg(sheet, heat) {
  const svg = /** @type {SVGSVGElement} */ (
    node("svg", { class: "page", width: `${sheet.width}mm`, height: `${sheet.height}mm`,
      viewBox: `0 0 ${sheet.width} ${sheet.height}` })
  );
  for (const item of sheet.items) svg.append(...draw(item, heat));
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

/** @param {Item} item @param {Heat | null} heat @returns {Element[]} */
function draw(item, heat) {
  if (item.kind === "heat") return heat ? drawHeat(item, heat) : [];
  if (item.kind === "grid") return drawGrid(item);
  if (item.kind === "trace") return [stroke(tracePath(item), INKS.light.trace, 0.25)];
  if (item.kind === "line") {
    const path = item.points.map(([x, y], i) => `${i ? "L" : "M"}${mm(x)} ${mm(y)}`).join("");
    return [stroke(path, INKS.light[item.ink], item.width)];
  }
  const weight = item.bold ? 600 : 400;
  return [node("text", { x: mm(item.x), y: mm(item.y), "font-size": item.size, "font-weight": weight,
    "font-family": "system-ui, sans-serif", fill: INKS.light[item.ink] }, item.text)];
}

/** @param {string} d @param {string} colour @param {number} width */
function stroke(d, colour, width) {
  return node("path", { d, fill: "none", stroke: colour, "stroke-width": width, "stroke-linejoin": "round" });
}

/** @param {Extract<Item, {kind: "grid"}>} item */
function drawGrid({ x, y, width, height }) {
  return [[1, INKS.light.minor, 0.1], [5, INKS.light.major, 0.18]].map(([every, colour, wide]) => {
    const step = Number(every);
    let path = "";
    for (let at = x + 2; at <= x + width; at += step) path += `M${mm(at)} ${mm(y)}v${mm(height)}`;
    for (let at = y; at <= y + height + 1e-6; at += step) path += `M${mm(x)} ${mm(at)}h${mm(width)}`;
    return stroke(path, String(colour), Number(wide));
  });
}

/** @param {Extract<Item, {kind: "heat"}>} item @param {Heat} heat */
function drawHeat(item, heat) {
  const count = Math.ceil(item.width);
  const boxes = [];
  for (let i = 0; i < count; i++) {
    const value = heatAt(heat, item.from + ((i + 0.5) / count) * item.seconds);
    if (value < 0.02) continue;
    boxes.push(node("rect", { x: mm(item.x + (i * item.width) / count), y: mm(item.y),
      width: mm(item.width / count), height: mm(item.height), fill: heatColour(value) }));
  }
  return boxes;
}

/** @param {Extract<Item, {kind: "trace"}>} item */
function tracePath(item) {
  let path = "";
  const group = Math.max(1, Math.floor(DOT_MM / item.dx));
  walkTrace(item.mv, 0, item.mv.length, group, (k, mv, down) => {
    path += `${down ? "L" : "M"}${mm(item.x + k * item.dx)} ${mm(item.y - mv * item.perMv)}`;
  });
  return path;
}

/** A sheet of layout.js on a canvas. */

import { heatAt, heatBytes, heatColour, walkTrace } from "./layout.js";

/**
 * @typedef {import("./layout.js").Sheet} Sheet
 * @typedef {import("./layout.js").Item} Item
 * @typedef {import("./layout.js").Heat} Heat
 * @typedef {Record<import("./layout.js").Ink | "paper" | "mark", string>} Inks
 * @typedef {{scale: number, x: number, y: number}} Place
 *   scale: device pixels a millimetre; x, y: of the sheet's corner on the canvas, device pixels
 */

/** @type {{light: Inks, dark: Inks}} */
export const INKS = {
  light: { paper: "#fffdfb", minor: "#f7e7e1", major: "#ebc9be", trace: "#16202b", text: "#33404c",
    faint: "#7b8690", mark: "#7a3fb0" },
  dark: { paper: "#14191f", minor: "#1e2730", major: "#2f3d49", trace: "#e9eef2", text: "#c3ccd4",
    faint: "#8c98a3", mark: "#cfa8f5" },
};

/**
 * @param {CanvasRenderingContext2D} c @param {Sheet} sheet @param {Heat | null} heat
 * @param {Place} place @param {Inks} inks
 */
export function paint(c, sheet, heat, place, inks) {
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.fillStyle = inks.paper;
  c.fillRect(0, 0, c.canvas.width, c.canvas.height);
  const strip = heat && heatStrip(heat);
  for (const item of sheet.items) {
    if (item.kind === "heat") strip && paintHeat(c, item, place, strip, /** @type {Heat} */ (heat));
    else if (item.kind === "grid") paintGrid(c, item, place, inks);
    else if (item.kind === "line") paintLine(c, item, place, inks);
    else if (item.kind === "text") paintText(c, item, place, inks);
    else paintTrace(c, item, place, inks);
  }
}

const HEAT_PIXELS = 2048;
/** @type {WeakMap<Float32Array, HTMLCanvasElement>} */
const heatStrips = new WeakMap();

/** The whole map as a picture one pixel high. @param {Heat} heat */
function heatStrip(heat) {
  const made = heatStrips.get(heat.values);
  if (made) return made;
  const canvas = document.createElement("canvas");
  canvas.width = HEAT_PIXELS;
  canvas.height = 1;
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = c.createImageData(HEAT_PIXELS, 1);
  const seconds = heat.values.length * heat.step;
  for (let x = 0; x < HEAT_PIXELS; x++)
    image.data.set(heatBytes(heatAt(heat, ((x + 0.5) / HEAT_PIXELS) * seconds)), x * 4);
  c.putImageData(image, 0, 0);
  heatStrips.set(heat.values, canvas);
  return canvas;
}

/** @param {CanvasRenderingContext2D} c @param {Extract<Item, {kind: "heat"}>} item
 * @param {Place} at @param {HTMLCanvasElement} strip @param {Heat} heat */
function paintHeat(c, item, at, strip, heat) {
  const perSecond = HEAT_PIXELS / (heat.values.length * heat.step);
  const from = item.from * perSecond;
  const width = Math.min(item.seconds * perSecond, HEAT_PIXELS - from);
  if (width <= 0) return;
  const across = (item.width * width) / (item.seconds * perSecond);
  c.drawImage(strip, from, 0, width, 1, at.x + item.x * at.scale, Math.round(at.y + item.y * at.scale),
    across * at.scale, Math.round(item.height * at.scale));
}

/** Lines of whole device pixels, so that none vanishes at any zoom.
 * @param {CanvasRenderingContext2D} c @param {Extract<Item, {kind: "grid"}>} item
 * @param {Place} at @param {Inks} inks */
function paintGrid(c, item, at, inks) {
  const right = at.x + (item.x + item.width) * at.scale;
  const left = at.x + item.x * at.scale;
  const top = at.y + item.y * at.scale;
  const bottom = at.y + (item.y + item.height) * at.scale;
  const wide = Math.max(1, Math.round(at.scale * 0.1));
  for (const [every, colour] of /** @type {[number, string][]} */ ([[1, inks.minor], [5, inks.major]])) {
    if (every * at.scale < 3) continue;
    c.fillStyle = colour;
    c.globalCompositeOperation = inks.paper < "#8" ? "lighten" : "multiply";
    for (let k = 0, x = item.x + (2 % 5); x <= item.x + item.width; k++, x += every)
      if (every > 1 || k % 5) c.fillRect(Math.round(at.x + x * at.scale), top, wide, bottom - top);
    for (let k = 0, y = item.y; y <= item.y + item.height + 1e-6; k++, y += every)
      if (every > 1 || k % 5) c.fillRect(left, Math.round(at.y + y * at.scale), right - left, wide);
  }
  c.globalCompositeOperation = "source-over";
}

/** @param {CanvasRenderingContext2D} c @param {Extract<Item, {kind: "line"}>} item
 * @param {Place} at @param {Inks} inks */
function paintLine(c, item, at, inks) {
  c.beginPath();
  for (const [x, y] of item.points) c.lineTo(at.x + x * at.scale, at.y + y * at.scale);
  c.strokeStyle = inks[item.ink];
  c.lineWidth = Math.max(1, item.width * at.scale);
  c.stroke();
}

/** @param {CanvasRenderingContext2D} c @param {Extract<Item, {kind: "text"}>} item
 * @param {Place} at @param {Inks} inks */
function paintText(c, item, at, inks) {
  c.font = `${item.bold ? 600 : 400} ${Math.max(9, item.size * at.scale)}px system-ui, sans-serif`;
  c.fillStyle = inks[item.ink];
  c.fillText(item.text, at.x + item.x * at.scale, at.y + item.y * at.scale);
}

/** Only what is in sight is gone along. @param {CanvasRenderingContext2D} c
 * @param {Extract<Item, {kind: "trace"}>} item @param {Place} at @param {Inks} inks */
function paintTrace(c, item, at, inks) {
  const dx = item.dx * at.scale;
  const x0 = at.x + item.x * at.scale;
  const y0 = at.y + item.y * at.scale;
  const perMv = item.perMv * at.scale;
  const group = Math.max(1, Math.floor(1 / dx));
  const first = Math.max(0, Math.floor(-x0 / dx) - group);
  const last = Math.min(item.mv.length, Math.ceil((c.canvas.width - x0) / dx) + group);
  c.beginPath();
  walkTrace(item.mv, first - (first % group), last, group, (k, mv, down) => {
    if (down) c.lineTo(x0 + k * dx, y0 - mv * perMv);
    else c.moveTo(x0 + k * dx, y0 - mv * perMv);
  });
  c.strokeStyle = inks.trace;
  c.lineWidth = Math.max(1, 0.28 * at.scale);
  c.lineJoin = "round";
  c.stroke();
}

/** The key to the heat colours. @param {HTMLCanvasElement} canvas @param {Inks} inks */
export function paintLegend(canvas, inks) {
  const c = canvas.getContext("2d");
  if (!c) return;
  c.fillStyle = inks.paper;
  c.fillRect(0, 0, canvas.width, canvas.height);
  for (let x = 0; x < canvas.width; x++) {
    c.fillStyle = heatColour(x / (canvas.width - 1));
    c.fillRect(x, 0, 1, canvas.height);
  }
}

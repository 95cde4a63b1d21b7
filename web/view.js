/**
 * Drawing an ECG to clinical scale: everything is laid out in millimetres, then scaled to the
 * canvas. 25 mm a second, 10 mm a millivolt.
 */

/**
 * @typedef {import("./core.js").EcgRecord} EcgRecord
 * @typedef {{lead: string, row: number, from: number, seconds: number, label: string}} Strip
 *   from: seconds from the page's start, which is also where the strip sits on paper
 * @typedef {{values: Float32Array, step: number}} Heat  values 0 to 1, each lasting step seconds
 * @typedef {{record: EcgRecord, start: number, seconds: number, layout: string,
 *   heat: Heat | null}} Page  start: of the page in the record, s
 */

export const MM_PER_SECOND = 25;
export const MM_PER_MV = 10;

const MARGIN = { left: 12, right: 3, top: 4, bottom: 4 };
const ROW_MM = { "3x4": 25, "12x1": 17 };
const ALL_LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const COLUMNS = [
  ["I", "II", "III"],
  ["aVR", "aVL", "aVF"],
  ["V1", "V2", "V3"],
  ["V4", "V5", "V6"],
];

const INK = {
  paper: "#fffdfb",
  minor: "#f6e4de",
  major: "#e9c4b8",
  trace: "#16202b",
  text: "#3c4854",
  faint: "#8a949e",
};

/**
 * Where each lead goes. In 3x4 the columns follow one another in time, as on paper, with lead II
 * below over the whole page.
 * @param {string} layout  "3x4" or "12x1"
 * @param {number} seconds  of the page
 * @returns {Strip[]}
 */
export function strips(layout, seconds) {
  if (layout === "12x1")
    return ALL_LEADS.map((lead, row) => ({ lead, row, from: 0, seconds, label: lead }));
  const part = seconds / COLUMNS.length;
  const short = COLUMNS.flatMap((leads, column) =>
    leads.map((lead, row) => ({ lead, row, from: column * part, seconds: part, label: lead })),
  );
  return [...short, { lead: "II", row: 3, from: 0, seconds, label: "II" }];
}

/** Size of a page in millimetres. @param {string} layout @param {number} seconds */
export function pageSize(layout, seconds) {
  const rows = layout === "12x1" ? 12 : 4;
  const rowMm = layout === "12x1" ? ROW_MM["12x1"] : ROW_MM["3x4"];
  return {
    width: MARGIN.left + seconds * MM_PER_SECOND + MARGIN.right,
    height: MARGIN.top + rows * rowMm + MARGIN.bottom,
    rowMm,
  };
}

/** A colour for evidence 0 to 1: ever darker blue, so that it reads without telling hues apart.
 * @param {number} v */
export function heatColour(v) {
  const t = Math.min(Math.max(v, 0), 1);
  return `rgba(${Math.round(140 - 90 * t)}, ${Math.round(190 - 60 * t)}, 235, ${(0.8 * t).toFixed(3)})`;
}

/** The map's value at a time, straight between the centres of its steps, as the core stretches it.
 * @param {Heat} heat @param {number} seconds */
export function heatAt({ values, step }, seconds) {
  const at = Math.min(Math.max(seconds / step - 0.5, 0), values.length - 1);
  const i = Math.min(Math.floor(at), values.length - 2);
  if (i < 0) return values[0] ?? 0;
  return values[i] + (at - i) * (values[i + 1] - values[i]);
}

/**
 * Draw a page so that it fills the canvas's width in CSS pixels.
 * @param {HTMLCanvasElement} canvas @param {Page} page
 */
export function drawPage(canvas, page) {
  const size = pageSize(page.layout, page.seconds);
  const ratio = window.devicePixelRatio || 1;
  const scale = (canvas.clientWidth * ratio) / size.width;
  canvas.width = Math.round(size.width * scale);
  canvas.height = Math.round(size.height * scale);
  canvas.style.aspectRatio = `${size.width} / ${size.height}`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = INK.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const layout = strips(page.layout, page.seconds);
  if (page.heat) for (const strip of layout) drawHeat(context, scale, size.rowMm, strip, page.heat);
  drawGrid(context, scale, size);
  for (let row = 0; row * size.rowMm < size.height - MARGIN.top - MARGIN.bottom; row++)
    drawCalibration(context, scale, middle(row, size.rowMm));
  for (const strip of layout) drawStrip(context, scale, size.rowMm, strip, page);
}

/** @param {number} row @param {number} rowMm */
const middle = (row, rowMm) => MARGIN.top + (row + 0.5) * rowMm;

/** Lines of whole device pixels, so that none vanishes at any zoom.
 * @param {CanvasRenderingContext2D} c @param {number} scale @param {{width: number, height: number}} size */
function drawGrid(c, scale, { width, height }) {
  for (const [every, colour] of /** @type {[number, string][]} */ ([
    [1, INK.minor],
    [5, INK.major],
  ])) {
    if (every * scale < 3) continue;
    c.fillStyle = colour;
    c.globalCompositeOperation = "multiply";
    for (let x = MARGIN.left % 5; x <= width; x += every)
      if (every > 1 || (x - (MARGIN.left % 5)) % 5) c.fillRect(Math.round(x * scale), 0, 1, height * scale);
    for (let y = MARGIN.top % 5; y <= height; y += every)
      if (every > 1 || (y - (MARGIN.top % 5)) % 5) c.fillRect(0, Math.round(y * scale), width * scale, 1);
  }
  c.globalCompositeOperation = "source-over";
}

/** 1 mV for 0.2 s. @param {CanvasRenderingContext2D} c @param {number} scale @param {number} y */
function drawCalibration(c, scale, y) {
  const x = MARGIN.left - 8;
  const points = [[0, 0], [1, 0], [1, -MM_PER_MV], [6, -MM_PER_MV], [6, 0], [7, 0]];
  c.beginPath();
  for (const [dx, dy] of points) c.lineTo((x + dx) * scale, (y + dy) * scale);
  c.strokeStyle = INK.faint;
  c.lineWidth = Math.max(1, 0.25 * scale);
  c.stroke();
}

/** @param {CanvasRenderingContext2D} c @param {number} scale @param {number} rowMm @param {Strip} strip
 * @param {Heat} heat */
function drawHeat(c, scale, rowMm, strip, heat) {
  const left = Math.round((MARGIN.left + strip.from * MM_PER_SECOND) * scale);
  const right = Math.round((MARGIN.left + (strip.from + strip.seconds) * MM_PER_SECOND) * scale);
  const top = Math.round((MARGIN.top + strip.row * rowMm) * scale);
  const height = Math.round(rowMm * scale);
  for (let x = left; x < right; x++) {
    const value = heatAt(heat, (x + 0.5) / scale / MM_PER_SECOND - MARGIN.left / MM_PER_SECOND);
    if (value < 0.01) continue;
    c.fillStyle = heatColour(value);
    c.fillRect(x, top, 1, height);
  }
}

/** @param {CanvasRenderingContext2D} c @param {number} scale @param {number} rowMm @param {Strip} strip
 * @param {Page} page */
function drawStrip(c, scale, rowMm, strip, page) {
  const x = MARGIN.left + strip.from * MM_PER_SECOND;
  const y = middle(strip.row, rowMm);
  const index = page.record.leads.findIndex((lead) => lead.name === strip.lead);
  c.font = `600 ${Math.round(3.2 * scale)}px system-ui, sans-serif`;
  c.fillStyle = index < 0 ? INK.faint : INK.text;
  const label = index < 0 ? `${strip.label} not recorded` : strip.label;
  c.fillText(label, (x + 1) * scale, (y - rowMm / 2 + 4) * scale);
  if (index < 0) return;

  const rate = page.record.rate;
  const first = Math.round((page.start + strip.from) * rate);
  const last = Math.min(first + Math.round(strip.seconds * rate), page.record.mv[index].length);
  const samples = page.record.mv[index].subarray(first, Math.max(first, last));
  c.strokeStyle = INK.trace;
  c.lineWidth = Math.max(1, 0.28 * scale);
  c.lineJoin = "round";
  tracePath(c, samples, x * scale, (MM_PER_SECOND * scale) / rate, y * scale, MM_PER_MV * scale);
}

/**
 * The trace, at most four points a pixel column (first, lowest, highest, last), so that no R peak
 * is lost and long strips stay cheap. Missing samples leave a gap.
 * @param {CanvasRenderingContext2D} c @param {Float32Array} mv @param {number} x0
 * @param {number} dx  pixels a sample @param {number} y0 @param {number} perMv  pixels a millivolt
 */
function tracePath(c, mv, x0, dx, y0, perMv) {
  const group = Math.max(1, Math.floor(1 / dx));
  c.beginPath();
  let pen = false;
  for (let i = 0; i < mv.length; i += group) {
    const points = extremes(mv, i, Math.min(i + group, mv.length));
    for (const k of points) {
      const x = x0 + k * dx;
      const y = y0 - mv[k] * perMv;
      if (pen) c.lineTo(x, y);
      else c.moveTo(x, y);
      pen = true;
    }
    if (points.length === 0) pen = false;
  }
  c.stroke();
}

/** Indices in [from, to) of the first, lowest, highest and last sample that is there, in time's
 * order. @param {Float32Array} mv @param {number} from @param {number} to @returns {number[]} */
function extremes(mv, from, to) {
  let first = -1, last = -1, low = -1, high = -1;
  for (let i = from; i < to; i++) {
    if (Number.isNaN(mv[i])) continue;
    if (first < 0) first = low = high = i;
    last = i;
    if (mv[i] < mv[low]) low = i;
    if (mv[i] > mv[high]) high = i;
  }
  if (first < 0) return [];
  return [...new Set([first, Math.min(low, high), Math.max(low, high), last])];
}

/** The key to the heat colours. @param {HTMLCanvasElement} canvas */
export function drawLegend(canvas) {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = INK.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (let x = 0; x < canvas.width; x++) {
    context.fillStyle = heatColour(x / (canvas.width - 1));
    context.fillRect(x, 0, 1, canvas.height);
  }
}

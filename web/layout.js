/**
 * Where everything on a page of ECG paper lies, in millimetres: a list of things to draw, which
 * paint.js puts on a canvas and svg.js writes for the printer. No pixels here.
 */

/**
 * @typedef {import("./core.js").EcgRecord} EcgRecord
 * @typedef {"12x1" | "6x2" | "3x4" | "3x4+1" | "cabrera"} LayoutName
 * @typedef {{lead: string, label: string, sign: number, row: number, from: number,
 *   seconds: number}} Strip  from: seconds from the page's start, also where it sits on paper
 * @typedef {{values: Float32Array, step: number}} Heat  values 0 to 1, each lasting step seconds
 * @typedef {{record: EcgRecord, mv: Float32Array[], start: number, seconds: number,
 *   layout: LayoutName, rhythm: string, speed: number, gain: number, filter: string,
 *   heat: Heat | null, heatFrom?: number, maxHeight?: number, heading?: string[],
 *   footing?: string[]}} Page
 *   mv: what is drawn, the record's or filtered; start: of the page in the record, s; speed: mm/s;
 *   gain: mm/mV; filter: in words, "" for none; heatFrom: what of the map lies at the page's start, s;
 *   maxHeight: mm, rows move together to keep within
 * @typedef {"minor" | "major" | "trace" | "text" | "faint"} Ink
 * @typedef {{kind: "grid", x: number, y: number, width: number, height: number}
 *   | {kind: "heat", x: number, y: number, width: number, height: number, from: number,
 *      seconds: number}
 *   | {kind: "line", points: number[][], ink: Ink, width: number}
 *   | {kind: "text", x: number, y: number, size: number, text: string, ink: Ink, bold: boolean}
 *   | {kind: "trace", mv: Float32Array, x: number, y: number, dx: number, perMv: number}} Item
 * @typedef {{width: number, height: number, items: Item[], strips: PlacedStrip[]}} Sheet
 * @typedef {Strip & {x: number, y: number, top: number, height: number, index: number}} PlacedStrip
 *   y: of 0 mV; index: of the record's lead, -1 where it is not recorded
 */

export const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const CABRERA = ["aVL", "I", "-aVR", "II", "aVF", "III", "V1", "V2", "V3", "V4", "V5", "V6"];
/** @type {Record<LayoutName, string>} */
export const LAYOUTS = {
  "3x4+1": "3 × 4 + rhythm",
  "3x4": "3 × 4",
  "6x2": "6 × 2",
  "12x1": "12 × 1",
  cabrera: "12 × 1 Cabrera",
};
export const SPEEDS = [12.5, 25, 50];
export const GAINS = [5, 10, 20];

export const MARGIN = { left: 12, right: 3, top: 2, bottom: 2 };
const TEXT_MM = 5;
const ROW_MM = { wide: 17, grid: 25 };
const PULSE = { mv: 1, seconds: 0.2, lead: 1 };

/** @param {string} lead @returns {{lead: string, label: string, sign: number}} */
const named = (lead) =>
  lead.startsWith("-")
    ? { lead: lead.slice(1), label: `−${lead.slice(1)}`, sign: -1 }
    : { lead, label: lead, sign: 1 };

/**
 * Where each lead goes. In layouts of several columns these follow one another in time, as on
 * paper.
 * @param {LayoutName} layout @param {number} seconds  of the page @param {string} rhythm
 * @returns {Strip[]}
 */
export function strips(layout, seconds, rhythm) {
  if (layout === "12x1" || layout === "cabrera") {
    const order = layout === "cabrera" ? CABRERA : LEADS;
    return order.map((lead, row) => ({ ...named(lead), row, from: 0, seconds }));
  }
  const rows = layout === "6x2" ? 6 : 3;
  const part = (seconds * rows) / LEADS.length;
  const short = LEADS.map((lead, i) => ({
    ...named(lead),
    row: i % rows,
    from: Math.floor(i / rows) * part,
    seconds: part,
  }));
  if (layout !== "3x4+1") return short;
  return [...short, { ...named(rhythm), row: 3, from: 0, seconds }];
}

/** @param {LayoutName} layout */
function rowsOf(layout) {
  const rows = { "12x1": 12, cabrera: 12, "6x2": 6, "3x4": 3, "3x4+1": 4 };
  return rows[layout];
}

/**
 * A page as a list of things to draw, in the order of drawing.
 * @param {Page} page
 * @returns {Sheet}
 */
export function layOut(page) {
  const head = MARGIN.top + TEXT_MM * (page.heading?.length ?? 0);
  const foot = TEXT_MM * (1 + (page.footing?.length ?? 0)) + MARGIN.bottom;
  const room = (page.maxHeight ?? Infinity) - head - foot;
  const rowMm = Math.min(rowHeight(page), Math.floor(room / rowsOf(page.layout)));
  const body = rowMm * rowsOf(page.layout);
  const sheet = { width: MARGIN.left + page.seconds * page.speed + MARGIN.right, height: head + body + foot };
  const placed = strips(page.layout, page.seconds, page.rhythm).map((strip) => ({
    ...strip,
    x: MARGIN.left + strip.from * page.speed,
    y: head + (strip.row + 0.5) * rowMm,
    top: head + strip.row * rowMm,
    height: rowMm,
    index: page.record.leads.findIndex((lead) => lead.name === strip.lead),
  }));
  /** @type {Item[]} */
  const items = [];
  if (page.heat) items.push(...placed.map((strip) => heatItem(strip, page)));
  items.push({ kind: "grid", x: 0, y: head, width: sheet.width, height: body });
  for (let row = 0; row < rowsOf(page.layout); row++)
    items.push(pulseItem(head + (row + 0.5) * rowMm, page));
  for (const strip of placed) items.push(...stripItems(strip, page));
  items.push(...textItems(page, sheet.height - foot, head));
  return { ...sheet, items, strips: placed };
}

/** @param {Page} page */
function rowHeight({ layout, gain }) {
  const base = layout === "12x1" || layout === "cabrera" ? ROW_MM.wide : ROW_MM.grid;
  return gain > 10 ? base * 1.5 : base;
}

/** @param {PlacedStrip} strip @param {Page} page @returns {Item} */
function heatItem({ x, top, height, from, seconds }, { speed, heatFrom = 0 }) {
  return { kind: "heat", x, y: top, width: seconds * speed, height, from: heatFrom + from, seconds };
}

/** 1 mV for 0.2 s. @param {number} y @param {Page} page @returns {Item} */
function pulseItem(y, { speed, gain }) {
  const width = PULSE.seconds * speed;
  const x = MARGIN.left - width - 2 * PULSE.lead - 0.5;
  const tall = PULSE.mv * gain;
  const path = [[0, 0], [1, 0], [1, -tall], [1 + width, -tall], [1 + width, 0], [2 + width, 0]];
  const points = path.map(([dx, dy]) => [x + dx, y + dy]);
  return { kind: "line", points, ink: "faint", width: 0.25 };
}

/** @param {PlacedStrip} strip @param {Page} page @returns {Item[]} */
function stripItems(strip, page) {
  const there = strip.index >= 0;
  const lead = page.record.leads[strip.index];
  const note = !there ? " not recorded" : lead.derived ? " (derived)" : "";
  /** @type {Item[]} */
  const items = [
    { kind: "text", x: strip.x + 1, y: strip.top + 4, size: 3.2, text: strip.label + note,
      ink: there ? "text" : "faint", bold: there },
  ];
  if (strip.from > 0)
    items.push({ kind: "line", ink: "faint", width: 0.25,
      points: [[strip.x, strip.y - 4], [strip.x, strip.y + 4]] });
  if (!there) return items;
  const { rate } = page.record;
  const all = page.mv[strip.index];
  const first = Math.round((page.start + strip.from) * rate);
  const last = Math.min(first + Math.round(strip.seconds * rate), all.length);
  const mv = all.subarray(first, Math.max(first, last));
  items.push({ kind: "trace", mv, x: strip.x, y: strip.y, dx: page.speed / rate,
    perMv: strip.sign * page.gain });
  return items;
}

/** @param {Page} page @param {number} bottom @param {number} head @returns {Item[]} */
function textItems(page, bottom, head) {
  const scale = [`${page.speed} mm/s`, `${page.gain} mm/mV`, page.filter ? `display filter ${page.filter}` : "no display filter"];
  if (page.start > 0) scale.push(`from ${page.start.toFixed(1)} s`);
  const lines = [scale.join("   "), ...(page.footing ?? [])];
  const at = (/** @type {string} */ text, /** @type {number} */ y, /** @type {boolean} */ bold) =>
    /** @type {Item} */ ({ kind: "text", x: MARGIN.left, y, size: 3, text, ink: "text", bold });
  return [
    ...(page.heading ?? []).map((text, i) => at(text, head - TEXT_MM * ((page.heading?.length ?? 0) - i) + 3, i === 0)),
    ...lines.map((text, i) => at(text, bottom + TEXT_MM * i + 4, false)),
  ];
}

/** A colour for evidence 0 to 1: ever darker blue, so that it reads without telling hues apart.
 * @param {number} v */
export function heatColour(v) {
  const [r, g, b, a] = heatBytes(v);
  return `rgba(${r}, ${g}, ${b}, ${(a / 255).toFixed(3)})`;
}

/** @param {number} v @returns {number[]} red, green, blue, opacity: 0 to 255 */
export function heatBytes(v) {
  const t = Math.min(Math.max(v, 0), 1);
  return [Math.round(140 - 90 * t), Math.round(190 - 60 * t), 235, Math.round(204 * t)];
}

/** The map's value at a time, straight between the centres of its steps, as the core stretches it.
 * @param {Heat} heat @param {number} seconds */
export function heatAt({ values, step }, seconds) {
  const at = Math.min(Math.max(seconds / step - 0.5, 0), values.length - 1);
  const i = Math.min(Math.floor(at), values.length - 2);
  if (i < 0) return values[0] ?? 0;
  return values[i] + (at - i) * (values[i + 1] - values[i]);
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
  const between = [Math.min(low, high), Math.max(low, high)];
  return [first, ...between, last].filter((k, i, all) => i === 0 || k !== all[i - 1]);
}

/**
 * Go along a trace, at most four points a group of samples (first, lowest, highest, last), so that
 * no R peak is lost and long strips stay cheap. Missing samples lift the pen.
 * @param {Float32Array} mv @param {number} from @param {number} to @param {number} group
 * @param {(sample: number, mv: number, down: boolean) => void} point
 */
export function walkTrace(mv, from, to, group, point) {
  let down = false;
  if (group <= 1) {
    for (let i = from; i < to; i++) {
      const there = !Number.isNaN(mv[i]);
      if (there) point(i, mv[i], down);
      down = there;
    }
    return;
  }
  for (let i = from; i < to; i += group) {
    const found = extremes(mv, i, Math.min(i + group, to));
    for (const k of found) {
      point(k, mv[k], down);
      down = true;
    }
    if (found.length === 0) down = false;
  }
}

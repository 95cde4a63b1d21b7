/**
 * What is to be drawn, as the core's layout wants it asked (src/draw_request.h): on screen, on
 * paper, as a picture. Where things lie on the page is the core's business.
 */

import { GAINS } from "../core/core_constants.js";
import { shownText } from "../words/finding_words.js";
import { phrase } from "../words/language.js";

/**
 * @typedef {import("../core/core.js").DrawRequest} DrawRequest
 * @typedef {(typeof import("../core/core_constants.js").LAYOUTS)[number] | "cabrera" | "6x2s"} LayoutName
 *   6x2s: six rows of two leads, 2.5 s each, which fit on a phone; paper has all of it
 * @typedef {{values: Float32Array, perLead: boolean, start: number, seconds: number, label: string,
 *   layer: string, value: number, whole?: number | null, outputs: "probabilities" | "scores", below: boolean}} Heat  values: 0 to 1,
 *   over the seconds from start; value: of that segment; whole: of the recording, where it has several segments, else
 *   null; below: the segment's value, the label's threshold
 * @typedef {{start: number, seconds: number}} Span  s
 * @typedef {{record: import("../workers/session.js").OpenRecord, mv: Float32Array[], start: number, seconds: number,
 *   window: Span | null, layout: LayoutName, rhythm: string, speed: number, gain: number, halfChest?: boolean, filter: string,
 *   heat: Heat | null, style: string, title: string, marked: import("./marks.js").Drawn}} Page
 *   mv: what is drawn, the record's or filtered; start: of the page in the record, s; window: what of
 *   it was analysed; speed: mm/s;
 *   gain: mm/mV; halfChest: V1 to V6 have half of it; filter: in words, "" for none; style: where the map is, as the core has it; title: for paper and
 *   pictures; marked: what was measured
 */

/** What they are called. @type {Record<LayoutName, import("../words/language.js").Key>} */
export const LAYOUTS = {
  "3x4+1": "layout.rhythm",
  "3x4+3": "layout.rhythms",
  "3x4": "layout.3x4",
  "6x2": "layout.6x2",
  "6x2s": "layout.6x2s",
  "12x1": "layout.12x1",
  cabrera: "layout.cabrera",
  single: "layout.single",
};
/** Layouts in which a lead is chosen. */
const WITH_RHYTHM = ["3x4+1", "3x4+3", "single"];
/** What can be chosen, mm/mV; 10/5: chest leads have half of it, as on machines. */
export const GAIN_CHOICES = GAINS.flatMap((gain) => (gain === 10 ? ["10", "10/5"] : [String(gain)]));
/** Of such a choice. @param {string} choice */
export const gainOf = (choice) => ({ gain: Number.parseFloat(choice), halfChest: choice.includes("/") });
export const PICTURE_DPI = 300;
/** A page is not shorter, however short the model's window. */
export const PAGE_SECONDS = 10;
/** What a page of that length is wide at 25 mm/s, on screen: millimetres are drawn as large as makes
 * it fit. */
const SCREEN_MM = { grid: 272, single: 280, narrow: 142 };
/** s of a page of 6x2s */
const NARROW_SECONDS = 5;

/** Finer than a device's pixel at any zoom that shows more than one beat. */
export const SCREEN_PIXEL_MM = 0.05;
/** Of 255, behind the trace, which has to be read on it. */
const HEAT_ALPHA = { light: 150, dark: 204 };
/** What an A4 page has room for across, whatever the speed. */
const PAPER_TRACE_MM = 250;

/** @param {Page} page @returns {DrawRequest} */
function common(page) {
  const { record, start, seconds, window, layout, rhythm, speed, gain, halfChest, filter, heat, style, marked } = page;
  const there = record.leads.some((lead) => lead.name === rhythm);
  const left = record.samples / record.rate - start;
  return {
    layout: layout === "cabrera" ? "12x1" : layout === "6x2s" ? "6x2" : layout,
    cabrera: layout === "cabrera",
    rhythm: there ? rhythm : "",
    speed,
    gain,
    halfChest: Boolean(halfChest),
    start,
    window: window && { start: window.start, seconds: window.seconds },
    seconds: Math.min(seconds, left),
    filter,
    colormap: "blues",
    style: style || "behind",
    alpha: HEAT_ALPHA.light,
    beats: marked.beats,
    faults: marked.faults,
    map: heat && {
      start: heat.start,
      seconds: heat.seconds,
      perLead: heat.perLead,
      label: heatLabel(heat),
      layer: heat.layer,
      [heat.outputs === "scores" ? "score" : "probability"]: heat.value,
      below: heat.below,
    },
  };
}

/** mm @param {LayoutName} layout */
export const screenWidth = (layout) =>
  layout === "single" ? SCREEN_MM.single : layout === "6x2s" ? SCREEN_MM.narrow : SCREEN_MM.grid;

/** The page that shows a window: pages follow each other and stay as they are while windows step
 * through them, but none is shorter than it need be. @param {Span} window @param {number} duration
 * @returns {Span} s */
export function pageAround({ start, seconds }, duration) {
  const length = Math.min(Math.max(seconds, PAGE_SECONDS), duration);
  const page = Math.floor(start / length + 1e-6) * length;
  const reaching = Math.max(page, start + seconds - length);
  return { start: Math.max(0, Math.min(reaching, duration - length)), seconds: length };
}

/** What of it a phone shows. @param {Span} page @param {Span} window  that was analysed @returns {Span} s */
export function narrowed(page, window) {
  const start = Math.max(page.start, window.start);
  return { start, seconds: Math.min(NARROW_SECONDS, page.start + page.seconds - start) };
}

/** Only leads that are there can be chosen; one that was chosen stays so where it can.
 * @param {HTMLSelectElement} select @param {{name: string}[]} leads */
export function offerLeads(select, leads) {
  const names = leads.map((lead) => lead.name);
  const chosen = [select.value, "II", names[0]].find((name) => names.includes(name));
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
}

/** Whether a lead was chosen for what is drawn: records of few leads get a row for each.
 * @param {LayoutName} layout @param {import("../core/core.js").DisplayList} list */
export function showsRhythm(layout, { strips }) {
  const rhythm = strips.some((strip) => strip.seconds !== strips[0].seconds);
  return layout === "single" || (rhythm && WITH_RHYTHM.includes(layout));
}

/** What the map is of, in words: which of two numbers is the segment's, where the recording has another one.
 * @param {Heat} heat */
export function heatTitle(heat) {
  const { values, layer, value, whole = null, outputs, below } = heat;
  const from = layer ? `, ${phrase("map.at-layer", { layer })}` : "";
  const none = values.some((v) => v > 0) ? "" : `: ${phrase("map.nothing")}`;
  const under = below ? ` – ${phrase("findings.below")}` : "";
  // Beside two numbers it has to be seen which one is meant.
  const rest = whole === null ? from + under : under + from;
  return `${heatLabel(heat)} ${shownText(value, outputs)}${rest}${none}.`;
}

/** Its finding; where the recording has several segments also the value of them together, so that the one that follows
 * is seen to be this segment's. @param {Heat} heat */
const heatLabel = ({ label, whole = null, outputs }) =>
  whole === null ? label : phrase("map.of-segment", { finding: label, whole: shownText(whole, outputs) });

/** mm between rows: least and most. @param {LayoutName} layout @returns {[number, number]} */
export function pitchRange(layout) {
  if (layout === "single") return [40, 60];
  return layout === "12x1" || layout === "cabrera" ? [10, 20] : [13, 40];
}

/** Rows as near to each other as can be read. @param {Pick<Page, "layout" | "gain">} page */
export function usualPitch({ layout, gain }) {
  if (layout === "single") return 60;
  const rows = layout === "12x1" || layout === "cabrera" ? 15 : 25;
  return gain > 10 ? Math.ceil((rows * 1.5) / 5) * 5 : rows;
}

/** @param {Page} page @param {boolean} dark @param {number} [pitch]  mm between rows @returns {DrawRequest} */
export const screenRequest = (page, dark, pitch = usualPitch(page)) => ({
  ...common(page),
  bare: true,
  narrow: page.layout === "6x2s",
  dark,
  alpha: dark ? HEAT_ALPHA.dark : HEAT_ALPHA.light,
  pixel: SCREEN_PIXEL_MM,
  pitch,
});

/** What paper and pictures say beside the drawing. @param {Page} page */
const heading = ({ title, marked }) => ({ title, numbers: marked.numbers });

/** @param {Page} page @returns {DrawRequest} */
export const pictureRequest = (page) => ({ ...common(page), ...heading(page), pixel: 25.4 / PICTURE_DPI });

/** As many sheets of A4 as the page needs at its true scale. @param {Page} page @returns {DrawRequest[]} */
export function paperRequests(page) {
  const whole = { ...common(page), ...heading(page), pixel: SCREEN_PIXEL_MM };
  const sheets = Math.max(1, Math.ceil((whole.seconds * page.speed) / PAPER_TRACE_MM - 1e-6));
  const seconds = whole.seconds / sheets;
  return Array.from({ length: sheets }, (_, i) => ({ ...whole, start: page.start + i * seconds, seconds }));
}

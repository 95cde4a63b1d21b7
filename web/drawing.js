/**
 * What is to be drawn, as the core's layout wants it asked (src/draw_request.h): on screen, on
 * paper, as a picture. Where things lie on the page is the core's business.
 */

/**
 * @typedef {import("./core.js").DrawRequest} DrawRequest
 * @typedef {"12x1" | "6x2" | "3x4" | "3x4+1" | "3x4+3" | "cabrera" | "single"} LayoutName
 * @typedef {{values: Float32Array, perLead: boolean, start: number, seconds: number, label: string,
 *   layer: string, probability: number}} Heat  values: 0 to 1, over the seconds from start
 * @typedef {{record: import("./session.js").OpenRecord, mv: Float32Array[], start: number, seconds: number,
 *   layout: LayoutName, rhythm: string, speed: number, gain: number, filter: string,
 *   heat: Heat | null, title: string}} Page
 *   mv: what is drawn, the record's or filtered; start: of the page in the record, s; speed: mm/s;
 *   gain: mm/mV; filter: in words, "" for none; title: for paper and pictures
 */

export const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
/** @type {Record<LayoutName, string>} */
export const LAYOUTS = {
  "3x4+1": "3 × 4 + rhythm",
  "3x4+3": "3 × 4 + 3 rhythms",
  "3x4": "3 × 4",
  "6x2": "6 × 2",
  "12x1": "12 × 1",
  cabrera: "12 × 1 Cabrera",
  single: "one lead",
};
/** Layouts in which a lead is chosen. */
export const WITH_RHYTHM = ["3x4+1", "3x4+3", "single"];
export const SPEEDS = [12.5, 25, 50];
export const GAINS = [5, 10, 20];
export const PICTURE_DPI = 300;

/** Finer than a device's pixel at any zoom that shows more than one beat. */
const SCREEN_PIXEL_MM = 0.05;
/** Of 255, behind the trace, which has to be read on it. */
const HEAT_ALPHA = { light: 150, dark: 204 };
/** What an A4 page has room for across, whatever the speed. */
const PAPER_TRACE_MM = 250;

/** @param {Page} page @returns {DrawRequest} */
function common({ record, start, seconds, layout, rhythm, speed, gain, filter, heat }) {
  const there = record.leads.some((lead) => lead.name === rhythm);
  const left = record.samples / record.rate - start;
  return {
    layout: layout === "cabrera" ? "12x1" : layout, cabrera: layout === "cabrera",
    rhythm: there ? rhythm : layout === "single" ? record.leads[0].name : "", speed, gain, start,
    seconds: Math.min(seconds, left), filter, colormap: "blues", alpha: HEAT_ALPHA.light,
    map: heat && { start: heat.start, seconds: heat.seconds, perLead: heat.perLead, label: heat.label,
      layer: heat.layer, probability: heat.probability },
  };
}

/** Rows as near to each other as can be read. @param {Page} page */
function pitchOf({ layout, gain }) {
  if (layout === "single") return 60;
  const rows = layout === "12x1" || layout === "cabrera" ? 15 : 25;
  return gain > 10 ? Math.ceil((rows * 1.5) / 5) * 5 : rows;
}

/** @param {Page} page @param {boolean} dark @returns {DrawRequest} */
export const screenRequest = (page, dark) => ({
  ...common(page), bare: true, dark, alpha: dark ? HEAT_ALPHA.dark : HEAT_ALPHA.light, pixel: SCREEN_PIXEL_MM,
  pitch: pitchOf(page),
});

/** @param {Page} page @returns {DrawRequest} */
export const pictureRequest = (page) => ({ ...common(page), title: page.title, pixel: 25.4 / PICTURE_DPI });

/** As many sheets of A4 as the page needs at its true scale. @param {Page} page @returns {DrawRequest[]} */
export function paperRequests(page) {
  const whole = { ...common(page), title: page.title, pixel: SCREEN_PIXEL_MM };
  const sheets = Math.max(1, Math.ceil((whole.seconds * page.speed) / PAPER_TRACE_MM - 1e-6));
  const seconds = whole.seconds / sheets;
  return Array.from({ length: sheets }, (_, i) => ({ ...whole, start: page.start + i * seconds, seconds }));
}

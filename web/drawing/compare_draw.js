/** Two ECGs in one drawing: lead under lead, side by side, or their median beats over each other. */

import { inkOf, isBelow, isGrid, isLead, isTrace, joined } from "./display_lists.js";
import { PAGE_SECONDS, SCREEN_PIXEL_MM } from "./drawing.js";
import { inLanguage } from "./drawn_words.js";
import { phrase, SpokenError } from "../words/language.js";

/**
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {import("./display_lists.js").Op} Op
 * @typedef {import("../core/readers.js").Finding} Finding
 * @typedef {"stacked" | "beside" | "beats"} Mode
 * @typedef {{gain: number, halfChest: boolean, dark: boolean}} How  gain: mm/mV
 * @typedef {{parts: import("./display_lists.js").Part[], width: number, height: number}} Made
 * @typedef {{name: string, record: import("../core/core.js").RecordInfo, finding: Finding | null, start: number,
 *   draw: (request: any, values: Float32Array | null) => Promise<DisplayList>}} Side  name: as it may be told; finding: null
 *   where it cannot be measured; start: s, of what is drawn
 */

/** The other ECG: brown and, where both lie over each other, dashed, so that paper without colours tells them apart. */
const INKS = {
  light: { own: inkOf(16, 16, 20), other: inkOf(0x8a, 0x5a, 0), faint: inkOf(96, 96, 104) },
  dark: { own: inkOf(0xdf, 0xe7, 0xec), other: inkOf(0xe0, 0xb4, 0x5c), faint: inkOf(0xa8, 0xb3, 0xbd) },
};
/** @type {[number, number]} mm drawn and left out */
const DASH = [3, 2];
/** mm between a row and the next of the same ECG; the other's lies half way. */
const STACKED_PITCH = 40;
const BESIDE_SECONDS = 5;
const BESIDE_PITCH = 25;
/** Median beats that stay within so many mV are drawn at 20 mm/mV, others at 10. */
const MOST_AT_20 = 1.5;
/** Of a median beat, s before its QRS onset and after. */
const BEFORE = 0.34;
const AFTER = 0.62;
/** mm above and below, for words. */
const HEAD = 12;
const FOOT = 7;
const GAP = 6;

/** @param {Side} side @param {any} more @param {boolean} dark */
function page({ record, start, draw }, more, dark) {
  const seconds = Math.min(more.seconds ?? PAGE_SECONDS, record.samples / record.rate - start);
  const request = {
    speed: 25,
    start,
    filter: "",
    rhythm: "",
    cabrera: false,
    colormap: "blues",
    alpha: 0,
    window: null,
    map: null,
  };
  return draw({ ...request, bare: true, dark, pixel: SCREEN_PIXEL_MM, ...more, seconds }, null);
}

/** Whether both have the same leads in the same places. @param {DisplayList} a @param {DisplayList} b @param {Side[]} sides */
function sameShape(a, b, [one, other]) {
  const key = (/** @type {DisplayList} */ list, /** @type {Side} */ side) =>
    list.strips
      .map((s) => [side.record.leads[s.lead].name, s.sign, Math.round(s.x), Math.round(s.y)].join(" "))
      .join("|");
  return key(a, one) === key(b, other);
}

/** @param {[Side, Side]} sides @param {How} how */
async function stacked(sides, { gain, halfChest, dark }) {
  const request = { layout: "3x4", gain, halfChest, pitch: STACKED_PITCH };
  const [a, b] = await Promise.all(sides.map((side) => page(side, request, dark)));
  const { other } = INKS[dark ? "dark" : "light"];
  if (sameShape(a, b, sides)) {
    const dy = STACKED_PITCH / 2;
    // The paper reaches as far down as either needs, and what stands below the rows is the lower one's.
    const reaches = dy + b.height > a.height;
    const under = { list: b, dy, keep: (/** @type {Op} */ op) => isGrid(op) || (reaches && isBelow(op, b)) };
    const own = { list: a, keep: (/** @type {Op} */ op) => !reaches || !isBelow(op, a) };
    const lower = { list: b, dy, keep: isLead, ink: other };
    return { parts: [under, own, lower], width: Math.max(a.width, b.width), height: Math.max(a.height, dy + b.height) };
  }
  const below = { list: b, dy: a.height + GAP };
  return { parts: [{ list: a }, below], width: Math.max(a.width, b.width), height: a.height + GAP + b.height };
}

/** @param {[Side, Side]} sides @param {How} how */
async function beside(sides, { gain, halfChest, dark }) {
  const request = { layout: "6x2", gain, halfChest, pitch: BESIDE_PITCH, narrow: true, seconds: BESIDE_SECONDS };
  const [a, b] = await Promise.all(sides.map((side) => page(side, request, dark)));
  const parts = [{ list: a }, { list: b, dx: a.width + GAP, keep: () => true }];
  return { parts, width: a.width + GAP + b.width, height: Math.max(a.height, b.height) };
}

/** The median beat around its QRS onset: as much of it before and after as the other has, without marks.
 * @param {Finding} finding */
function beatAround({ beat }) {
  if (!beat?.qrs) throw new SpokenError("compare.no-beat-of-one");
  const { rate, samples, fiducial, leads, mv } = beat;
  const onset = Math.round(fiducial + beat.qrs[0] * rate);
  const [before, after] = [Math.round(BEFORE * rate), Math.round(AFTER * rate)];
  const length = before + after;
  const cut = new Float32Array(leads.length * length).fill(NaN);
  for (let lead = 0; lead < leads.length; lead++)
    for (let i = 0; i < length; i++) {
      const from = onset - before + i;
      if (from >= 0 && from < samples) cut[lead * length + i] = mv[lead * samples + from];
    }
  const part = { rate, samples: length, fiducial: before, beats: beat.beats, leads };
  return { mv: cut, beat: { ...part, p: null, qrs: null, t: null } };
}

/** @param {[Side, Side]} sides @param {{dark: boolean}} how */
async function overlaid(sides, { dark }) {
  const cut = sides.map(({ finding }) => {
    if (!finding) throw new SpokenError("compare.no-beat-of-one");
    return beatAround(finding);
  });
  const most = Math.max(0.5, ...cut.map(({ mv }) => mv.reduce((max, v) => (Math.abs(v) > max ? Math.abs(v) : max), 0)));
  const gain = most <= MOST_AT_20 ? 20 : 10;
  const pitch = Math.min(Math.max(Math.ceil(1.2 * most * gain), 30), 60);
  const [a, b] = await Promise.all(
    sides.map(({ draw }, i) =>
      draw(
        { title: "", numbers: "", pixel: SCREEN_PIXEL_MM, dark, bare: true, gain, pitch, beat: cut[i].beat },
        cut[i].mv,
      ),
    ),
  );
  const { other } = INKS[dark ? "dark" : "light"];
  const same = sameShape(a, b, sides);
  if (!same) throw new SpokenError("compare.other-leads");
  const parts = [{ list: a }, { list: b, keep: isTrace, ink: other, dash: DASH }];
  return { parts, width: a.width, height: a.height };
}

/** @type {Record<Mode, (sides: [Side, Side], how: How) => Promise<Made>>} */
const MODES = { stacked, beside, beats: overlaid };

/** @param {Mode} mode @param {[Side, Side]} sides  the one that is open first @param {{gain: number, halfChest?: boolean, dark?: boolean,
 *   sheet?: [number, number] | null}} how  sheet: mm of the paper that it stands on @returns {Promise<DisplayList>} */
export async function drawComparison(mode, sides, { gain, halfChest = false, dark = false, sheet = null }) {
  const { parts, width, height } = await MODES[mode](sides, { gain, halfChest, dark });
  const inks = INKS[dark ? "dark" : "light"];
  const [wide, tall] = [Math.max(width, sheet?.[0] ?? 0), Math.max(HEAD + height + FOOT, sheet?.[1] ?? 0)];
  const [own, other] = sides.map((side, i) => `${phrase(i ? "compare.other" : "compare.own")}: ${side.name}`);
  const second = mode === "beside" ? (parts[1].dx ?? 0) : 0;
  const how =
    mode === "beats" ? `, ${phrase("compare.brown-dashed")}` : mode === "stacked" ? `, ${phrase("compare.brown")}` : "";
  const words = [
    { text: own, x: 1, y: 4.5, size: 3.4, ink: inks.own },
    { text: other + how, x: 1 + second, y: second ? 4.5 : 9.5, size: 3.4, ink: second ? inks.own : inks.other },
    { text: phrase("disclaimer"), x: wide - 1, y: tall - 2.5, size: 2.6, ink: inks.faint, right: true },
  ];
  return joined(
    parts.map((part) => ({ ...part, list: inLanguage(part.list), dy: (part.dy ?? 0) + HEAD })),
    words,
    wide,
    tall,
  );
}

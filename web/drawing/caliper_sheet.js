/** Calipers on paper and in pictures: where they stand on the screen, with what they measure. */

import { inkOf, joined } from "./display_lists.js";
import { measureText } from "./presets.js";

/**
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {import("./calipers.js").Calipers} Calipers
 * @typedef {import("../core/core.js").Strip} Strip
 */

/** mm */
const LINE = 0.2;
const TEXT = 2.6;
const GAP = 0.8;
/** s: a leg on a strip's very end is on it. */
const NEAR_S = 1e-3;
/** As annotations are on light paper. */
const INK = inkOf(107, 47, 168);

/** Of the lead's strips the one that most of a pair lies on, of several the longest; null: it is on another sheet.
 * @param {DisplayList} list @param {number[]} times  s from the sheet's start @param {Strip} place  on the screen */
function stripOf(list, times, place) {
  const inside = (/** @type {Strip} */ { from, seconds }) =>
    times.filter((t) => t >= from - NEAR_S && t <= from + seconds + NEAR_S);
  const [best] = list.strips
    .filter((strip) => strip.lead === place.lead && strip.sign === place.sign && inside(strip).length > 0)
    .sort((a, b) => inside(b).length - inside(a).length || b.seconds - a.seconds);
  return best ? { strip: best, inside: inside(best) } : null;
}

/** A drawing with these calipers on it. @param {DisplayList} list @param {Calipers[]} pairs @param {number} start  of the
 * drawing in the recording, s @returns {DisplayList} */
export function withCalipers(list, pairs, start) {
  /** @type {import("./display_lists.js").Line[]} */
  const lines = [];
  /** @type {import("./display_lists.js").Words[]} */
  const words = [];
  pairs.forEach((pair, i) => {
    const times = pair.legs.map(({ t }) => t + pair.page.start - start).sort((a, b) => a - b);
    const found = stripOf(list, times, pair.place);
    if (!found) return;
    const { strip, inside } = found;
    const xOf = (/** @type {number} */ t) => strip.x + (t - strip.from) * pair.page.speed;
    for (const t of inside)
      lines.push({ points: [xOf(t), strip.top, xOf(t), strip.top + strip.height], ink: INK, size: LINE });
    const number = pairs.length > 1 ? `${i + 1}  ` : "";
    const y = strip.top + strip.height - GAP - (i % 2) * TEXT * 1.2; // neighbours do not stand on each other
    const last = xOf(Math.max(...inside)) + GAP;
    const right = last > list.width * 0.8;
    const x = right ? xOf(Math.min(...inside)) - GAP : last;
    words.push({ text: number + measureText(pair.measure), x, y, size: TEXT, ink: INK, right });
  });
  return lines.length ? joined([{ list }], words, list.width, list.height, lines) : list;
}

/** Pairs of calipers on a view: one in hand, others that stay beside it. */

import { Calipers } from "./calipers.js";

/** @typedef {import("./view.js").EcgView} EcgView */

/** On two neighbouring R peaks in sight, where these are known; null where nothing is drawn. @param {EcgView} view */
export function newCalipers(view) {
  if (!view.page || !view.list?.strips.length) return null;
  const calipers = new Calipers(view.page, view.list);
  calipers.strip = stripInSight(view, calipers.strip);
  calipers.bringInside();
  startOnBeats(view, calipers);
  return calipers;
}

/** @param {EcgView} view @param {Calipers} calipers  that nobody has moved yet */
export function startOnBeats(view, calipers) {
  const [from, to] = inSight(view, calipers.place);
  const { start } = calipers.page;
  const pair = view.events.landmarks?.()?.neighbours(start + from, start + to);
  if (pair) calipers.set("rr", pair[0].time, pair[1].time);
}

/** What of a strip is in sight, s from the page's start; all of it where nothing is.
 * @param {EcgView} view @param {import("../core/core.js").Strip} strip @returns {[number, number]} */
export function inSight(view, strip) {
  const speed = view.page?.speed ?? 25;
  const left = strip.from + (view.x - strip.x) / speed;
  const right = left + view.canvas.clientWidth / view.scale / speed;
  const [from, to] = [Math.max(strip.from, left), Math.min(strip.from + strip.seconds, right)];
  return to > from ? [from, to] : [strip.from, strip.from + strip.seconds];
}

/** The one of which most is in sight. @param {EcgView} view @param {number} usual  where others show no more */
function stripInSight(view, usual) {
  const strips = view.list?.strips ?? [];
  const [top, bottom] = [view.y, view.y + view.canvas.clientHeight / view.scale];
  const seconds = strips.map((strip) => {
    const middle = strip.top + strip.height / 2;
    const [from, to] = middle < top || middle > bottom ? [0, 0] : inSight(view, strip);
    return isInSight(view, strip) ? to - from : 0;
  });
  const most = Math.max(...seconds);
  return seconds[usual] >= most - 0.01 ? usual : seconds.indexOf(most);
}

/** Sideways. @param {EcgView} view @param {import("../core/core.js").Strip} strip */
const isInSight = (view, { x, width }) => x + width > view.x && x < view.x + view.canvas.clientWidth / view.scale;

/** The pair in hand over those that stay, each with its number where there are several.
 * @param {CanvasRenderingContext2D} c @param {EcgView} view */
export function paintCalipers(c, { calipers, others, inks, place }) {
  if (!calipers) return;
  for (const [i, each] of others.entries()) each.paint(c, place, inks, { name: `${i + 1}`, faint: true });
  calipers.paint(c, place, inks, { name: others.length ? `${others.length + 1}` : "" });
}

/**
 * What calipers hold on to: the R peaks, and where P, QRS and T begin and end, of the beats that were measured. Times
 * are seconds of the recording.
 */

import { beatsIn } from "./marks.js";

/** @typedef {import("../core/core.js").Mark} Mark
 * @typedef {{time: number, p: import("../core/core.js").Ends, qrs: import("../core/core.js").Ends, t: import("../core/core.js").Ends}} Beat
 *   time: of its R peak; all seconds of the recording */

/** Waves reach no further than this from their beat, s. */
const REACH = 1.5;

export class Landmarks {
  /** @param {Float64Array} marks  nine numbers a beat, by time (readers.js) */
  constructor(marks) {
    this.marks = marks;
  }

  /** Beats whose R peak lies between two times. @param {number} from @param {number} to @returns {Beat[]} */
  beats(from, to) {
    return beatsIn(this.marks, from, to).map(atRest);
  }

  /** Every place between two times that a caliper holds on to, in order. @param {number} from @param {number} to
   * @returns {number[]} */
  between(from, to) {
    return this.beats(from - REACH, to + REACH)
      .flatMap(({ time, p, qrs, t }) => [time, ...(p ?? []), ...(qrs ?? []), ...(t ?? [])])
      .filter((each) => each >= from && each <= to)
      .sort((a, b) => a - b);
  }

  /** The nearest of them, or the time itself where none is that near. @param {number} time @param {number} reach */
  nearest(time, reach) {
    let best = time;
    let least = reach;
    for (const each of this.between(time - reach, time + reach))
      if (Math.abs(each - time) <= least) [best, least] = [each, Math.abs(each - time)];
    return best;
  }

  /** The next of them after a time, or before it; null: there is none. @param {number} time @param {1 | -1} way
   * @param {number} step  s that are no step */
  next(time, way, step) {
    const [from, to] = way > 0 ? [time + step, time + 2 * REACH] : [time - 2 * REACH, time - step];
    const there = this.between(from, to);
    return (way > 0 ? there[0] : there.at(-1)) ?? null;
  }

  /** Two neighbouring beats between two times, as near to their middle as there are. @param {number} from
   * @param {number} to @returns {[Beat, Beat] | null} */
  neighbours(from, to) {
    const there = this.beats(from, to);
    const away = (/** @type {number} */ i) => Math.abs(there[i].time + there[i + 1].time - from - to);
    let best = 0;
    for (let i = 1; i + 1 < there.length; i++) if (away(i) < away(best)) best = i;
    return there.length > 1 ? [there[best], there[best + 1]] : null;
  }
}

/** @param {Mark} mark @returns {Beat} */
function atRest({ time, p, qrs, t }) {
  const moved = (/** @type {import("../core/core.js").Ends} */ ends) =>
    /** @type {import("../core/core.js").Ends} */ (ends && ends.map((end) => time + end));
  return { time, p: moved(p), qrs: moved(qrs), t: moved(t) };
}

/** What was measured, on the drawing: beats and their waves where they are wanted, faults of leads, a line of numbers. */

import { languageNow, phraseOf } from "../words/language.js";
import { numbersText } from "./numbers.js";

/**
 * @typedef {import("../core/core.js").Mark} Mark
 * @typedef {{beats: Mark[], faults: import("../core/readers.js").Fault[], numbers: string}} Drawn  numbers: "": none
 */

/** Of a beat's mark: time, WFDB's code, whether it is used, then where P, QRS and T begin and end. */
const NUMBERS = 9;
/** Waves reach further than their beat, s. */
const REACH = 1.5;

/** @type {Drawn} */
const NOTHING = Object.freeze({ beats: [], faults: [], numbers: "" });

/** A word for a fault, of the core's. @param {string} word */
const faultWord = (word) => phraseOf("fault.", word);

export class Marks {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    host.on("marks", "click", () => {
      host.toggle("marks");
      host.draw();
    });
  }

  get on() {
    return this.host.$("marks").getAttribute("aria-pressed") === "true";
  }

  /** On what is drawn from a second of the recording on. @param {number} start @param {number} seconds
   * @returns {Drawn} */
  drawn(start, seconds) {
    const finding = this.host.measurements?.shown;
    if (!finding) return NOTHING;
    const { numbers, faults, marks } = finding;
    const end = start + seconds;
    const brief = this.host.row?.brief;
    return {
      numbers: languageNow() === "en" || !brief ? numbers : numbersText(brief),
      faults: faults
        .filter((fault) => fault.start < end && fault.end >= start)
        .map((fault) => ({ ...fault, word: faultWord(fault.word) })),
      beats: this.on ? beatsIn(marks, start - REACH, end + REACH) : [],
    };
  }
}

/** @param {Float64Array} marks @param {number} from  s @param {number} to  s @returns {Mark[]} */
export function beatsIn(marks, from, to) {
  const beats = [];
  for (let i = 0; i < marks.length && marks[i] <= to; i += NUMBERS)
    if (marks[i] >= from) beats.push(beatOf(marks.subarray(i, i + NUMBERS)));
  return beats;
}

/** @param {Float64Array} numbers @returns {Mark} */
function beatOf([time, symbol, used, ...ends]) {
  const wave = (/** @type {number} */ i) => endsOf(ends[i], ends[i + 1]);
  return { time, symbol: String.fromCharCode(symbol), used: used !== 0, p: wave(0), qrs: wave(2), t: wave(4) };
}

/** @param {number} onset @param {number} offset @returns {import("../core/core.js").Ends} */
const endsOf = (onset, offset) => (Number.isNaN(onset) || Number.isNaN(offset) ? null : [onset, offset]);

/** What a pair of calipers measures: the interval of a beat that a preset sets its legs on, and what is said of it. */

import { decimals, phrase } from "../words/language.js";

/**
 * @typedef {import("./landmarks.js").Landmarks} Landmarks
 * @typedef {import("./landmarks.js").Beat} Beat
 * @typedef {"" | "rr" | "pr" | "qrs" | "qt" | "st"} Kind  "": from anywhere to anywhere
 * @typedef {{kind: Kind, ms: number, mv: number, count: number, rr: number | null}} Measure  count: RR intervals in it;
 *   rr: the recording's mean RR interval, ms
 */

/** The formula that is named with every QTc of the calipers. */
export const FORMULA = "Fridericia";
/** ST is measured so long after the J point, s. */
export const ST_AFTER_J = 0.06;

/** In the order of their keys, 1 to 5. @type {{kind: Exclude<Kind, "">, title: string, says: import("../words/language.js").Key}[]} */
export const PRESETS = [
  { kind: "rr", title: "RR", says: "calipers.rr-says" },
  { kind: "pr", title: "PR", says: "calipers.pr-says" },
  { kind: "qrs", title: "QRS", says: "calipers.qrs-says" },
  { kind: "qt", title: "QT", says: "calipers.qt-says" },
  { kind: "st", title: "ST", says: "calipers.st-says" },
];

/** The two times of a beat's interval; a string says what it lacks. @param {Beat} beat @param {Kind} kind
 * @returns {[number, number] | string} */
function spanOf({ p, qrs, t }, kind) {
  if (!qrs) return phrase("calipers.lacks-qrs");
  if (kind === "pr") return p ? [p[0], qrs[0]] : phrase("calipers.lacks-p");
  if (kind === "qt") return t ? [qrs[0], t[1]] : phrase("calipers.lacks-t");
  return kind === "qrs" ? [qrs[0], qrs[1]] : [qrs[0], qrs[1] + ST_AFTER_J];
}

/** Legs for a preset, of the beat that is nearest to a time and wholly between two others; a string says why there are
 * none. @param {Landmarks} landmarks @param {Exclude<Kind, "" | "rr">} kind @param {number} near @param {number} from
 * @param {number} to @returns {[number, number] | string} */
export function legsFor(landmarks, kind, near, from, to) {
  const beats = landmarks.beats(from, to).sort((a, b) => Math.abs(a.time - near) - Math.abs(b.time - near));
  let why = phrase("calipers.no-beat");
  for (const beat of beats) {
    const span = spanOf(beat, kind);
    if (typeof span === "string") why = span;
    else if (span[0] >= from && span[1] <= to) return span;
    else why = phrase("calipers.not-whole");
  }
  return why;
}

/** @param {number} mv */
const volts = (mv) => `${mv < 0 ? "−" : ""}${decimals(Math.abs(mv), 2)} mV`;
/** @param {number} ms */
const rate = (ms) => (ms > 0 ? ` · ${(60000 / ms).toFixed(0)}/min` : "");

/** QT corrected to 60 a minute, ms; null where no RR interval is known. @param {Measure} measure */
export const correctedOf = ({ kind, ms, rr }) => (kind === "qt" && rr ? ms / Math.cbrt(rr / 1000) : null);

/** @param {Measure} measure */
export function measureText(measure) {
  const { kind, ms, mv, count, rr } = measure;
  const whole = ms.toFixed(0);
  const each = ms / count;
  const corrected = correctedOf(measure);
  if (kind === "rr")
    return `${count > 1 ? phrase("calipers.mean-of", { n: count }) : "RR"} ${each.toFixed(0)} ms${rate(each)}`;
  if (kind === "pr") return `PR ${whole} ms`;
  if (kind === "qrs") return `QRS ${whole} ms`;
  if (kind === "st") return `${phrase("calipers.st-text")}: ${volts(mv)}`;
  if (kind === "qt")
    return corrected === null
      ? `QT ${whole} ms · ${phrase("calipers.no-qtc")}`
      : `QT ${whole} ms · ${phrase("calipers.mean-rr")} ${rr?.toFixed(0)} ms · QTc ${corrected.toFixed(0)} ms (${FORMULA})`;
  return `${whole} ms${rate(ms)} · ${volts(mv)}`;
}

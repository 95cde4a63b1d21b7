/** What is measured: in which order it is shown, its units, and why there is no number. */

import { phraseOf } from "./language.js";

/** In the order in which it is asked for. */
export const MEASURED = /** @type {const} */ ([
  "heart_rate",
  "pr_interval",
  "qrs_duration",
  "qt_interval",
  "qtc_fridericia",
  "qtc_bazett",
  "qtc_framingham",
  "qtc_hodges",
  "p_axis",
  "qrs_axis",
  "t_axis",
  "p_duration",
  "rr_interval",
]);

/** Waves and points that have an amplitude, or a duration: the same in all languages. */
export const WAVES = Object.freeze({
  p: "P",
  q: "Q",
  r: "R",
  s: "S",
  r2: "R′",
  s2: "S′",
  t: "T",
  j: "J",
  st60: "ST 60",
  st80: "ST 80",
});

export const UNITS = Object.freeze({ "/min": "/min", ms: "ms", deg: "°" });

/** Why there is no number. @param {import("../package/documents.js").Measurement} found */
export const reasonOf = ({ reason, text }) =>
  phraseOf("reason.", reason ?? "", text.replace(/^.*not measurable, /, ""));

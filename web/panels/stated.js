/** What a file states of itself: the recording's circumstances, and what a device or a person found in it. */

import { make } from "../base/dom.js";
import { decimals, languageNow, localeNow, phrase, phraseOf } from "../words/language.js";

/**
 * @typedef {import("../core/core.js").RecordInfo} RecordInfo
 * @typedef {[string, string]} Line  what, and its value
 */

/** Written otherwise than their first letter large. */
const WORDS = new Map(
  Object.entries({
    pr: "PR",
    pq: "PQ",
    qrs: "QRS",
    qt: "QT",
    qtc: "QTc",
    rr: "RR",
    pp: "PP",
    p: "P",
    q: "Q",
    r: "R",
    s: "S",
    t: "T",
    st: "ST",
    j: "J",
  }),
);

/** "pr_interval": "PR interval". @param {string} name */
export function wordsOf(name) {
  const words = name
    .split("_")
    .map((word) => WORDS.get(word) ?? word)
    .join(" ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** As files have it, but for readers of other languages theirs. @param {string} start  ISO 8601, no zone */
const dateOf = (start) =>
  languageNow() === "en"
    ? start.replace("T", " ")
    : new Date(start).toLocaleString(localeNow(), { dateStyle: "medium", timeStyle: "medium" });

/** @param {string | number} value */
const numberIn = (value) => (typeof value === "number" ? decimals(value, placesOf(value)) : value);

/** Decimals that a number has. @param {number} value */
const placesOf = (value) => (/\.(\d+)$/.exec(String(value))?.[1] ?? "").length;

/** How the recording was made. @param {RecordInfo} record @param {boolean} blind  without what tells who and when
 * @returns {Line[]} */
export function circumstances({ facts }, blind) {
  /** @param {string} what @param {string | number | null} value @param {string} [unit] @returns {Line[]} */
  const line = (what, value, unit = "") => (value === null ? [] : [[what, `${numberIn(value)}${unit && ` ${unit}`}`]]);
  return [
    ...line(phrase("stated.start"), blind || !facts.start ? null : dateOf(facts.start)),
    ...line(phrase("stated.device"), facts.device),
    ...line(phrase("stated.filter"), facts.filter),
    ...line(phrase("stated.high-pass"), facts.high_pass, "Hz"),
    ...line(phrase("stated.low-pass"), facts.low_pass, "Hz"),
    ...line(phrase("stated.notch"), facts.notch, "Hz"),
    ...line(phrase("stated.speed"), facts.paper_speed, "mm/s"),
    ...line(phrase("stated.gain"), facts.paper_gain, "mm/mV"),
  ];
}

/** What was found in it, elsewhere. @param {RecordInfo} record @returns {Line[]} */
export function findings({ dx, facts: { statements } }) {
  const lines = statements.map(
    ({ name, value, unit, text }) =>
      /** @type {Line} */ ([
        phraseOf("stated.of.", name, "") || phraseOf("measured.", name, wordsOf(name)),
        value === null ? text : [value, unit, text].filter((part) => part !== "").join(" "),
      ]),
  );
  return dx ? [[phrase("stated.dx"), dx], ...lines] : lines;
}

/**
 * @param {HTMLElement} card @param {RecordInfo | null} record
 * @param {{blind: boolean, hiding: boolean}} how  blind: names are hidden, and texts that may hold one; hiding:
 * the reader has not answered yet
 */
export function showStated(card, record, { blind, hiding }) {
  const lines = record ? [...circumstances(record, blind), ...(hiding || blind ? [] : findings(record))] : [];
  const list = /** @type {HTMLElement} */ (card.querySelector("dl"));
  list.replaceChildren(
    ...lines.flatMap(([what, value]) => [make("dt", { textContent: what }), make("dd", { textContent: value })]),
  );
  card.hidden = lines.length === 0;
}

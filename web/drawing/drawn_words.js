/**
 * What the core writes into a drawing, in the language of the page: on the screen and on paper. (Pictures that are saved
 * are documents, and stay English.)
 */

import { languageNow, localised, phrase } from "../words/language.js";
import { opsOf } from "./paint.js";

/** @typedef {import("../core/core.js").DisplayList} DisplayList */

const TEXT = 3;
const WORDS_AN_OP = 6;

/** The core's words (src/plot/page_draw.c, beat.c), and what is said for them. @type {[RegExp, import("../words/language.js").Key][]} */
const WORDS = [
  [/ \(derived\)$/, "drawn.derived"],
  [/ \(not recorded\)$/, "drawn.not-recorded"],
  [/(?<= {3})filter: none(?= {3})/, "drawn.no-filter"],
  [/(?<= {3})filter: /, "drawn.filter"],
  [/(?<= {3})analysed: /, "drawn.analysed"],
  [/ s recorded at /, "drawn.recorded"],
  [/(?<= {3})shown: /, "drawn.shown"],
  [/(?<= {3})probability /, "drawn.probability"],
  [/(?<= {3})score /, "drawn.score"],
  [/(?<= – )below its threshold$/, "findings.below"],
  [/time only: this map does not tell leads apart$/, "drawn.time-only"],
  [/evidence by lead and time$/, "drawn.by-lead"],
  [/no positive evidence at this layer$/, "drawn.nothing"],
  [/(?<= {3})marks: P, QRS and T from onset to offset, over all leads$/, "drawn.marks"],
  [/^Research and education only\. .* clinical decisions\.$/, "disclaimer"],
];

/** Lines of numbers that the core has written, by their beginnings. */
const NUMBERS = /^[\d.]+ (mm\/s|s recorded|Hz) |probability [\d.<]|score [-\d.]/;

/** @param {string} text */
function said(text) {
  const numbers = NUMBERS.test(text) ? text.replace(/(?<=\d)\.(?=\d)/g, localised(".")) : text;
  const [, name, beats] = /^(.* {3})median of (\d+) beats$/.exec(numbers) ?? [];
  if (name) return name + phrase("drawn.median", { n: Number(beats) });
  return WORDS.reduce((line, [words, key]) => line.replace(words, () => phrase(key)), numbers);
}

/** Where the scale is told, the rate of the recording: a phone has no room for it beside the map's own scale. */
const RATE = /(?<=^[\d.,]+ mm\/s .*) {3}[\d.,]+ Hz$/;

/** The same drawing, with its words in the language of the page. @param {DisplayList} list
 * @param {{narrow?: boolean}} [how]  narrow: on a phone @returns {DisplayList} */
export function inLanguage(list, { narrow = false } = {}) {
  if (languageNow() === "en" && !narrow) return list;
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const ops = list.ops.slice();
  /** @type {Uint8Array[]} */
  const texts = [];
  let at = 0;
  for (const [i, { kind, first, count }] of opsOf(list).entries()) {
    if (kind !== TEXT) continue;
    const text = decoder.decode(list.text.subarray(first, first + count));
    const words = languageNow() === "en" ? text : said(text);
    const bytes = encoder.encode(narrow ? words.replace(RATE, "") : words);
    ops[WORDS_AN_OP * i + 2] = at;
    ops[WORDS_AN_OP * i + 3] = bytes.length;
    texts.push(bytes);
    at += bytes.length;
  }
  const text = new Uint8Array(at);
  let from = 0;
  for (const bytes of texts) {
    text.set(bytes, from);
    from += bytes.length;
  }
  return { ...list, ops, text };
}

/**
 * The language that the player of case sets speaks. It may be another than the page's: a set brings its own. Words are
 * found and filled in as the page's are (language.js); those of a language are loaded when it is spoken.
 */

import { localised, localeOf, phrasesIn, pickLanguage } from "../words/language.js";
import { CASES } from "./strings_cases_en.js";

/**
 * @typedef {keyof typeof CASES} Key
 * @typedef {Record<Key, import("../words/language.js").Entry>} Strings
 * @typedef {import("../words/language.js").Phrases<Key>} Words
 */

/** Beside English. @type {Record<string, () => Promise<{CASES: Strings}>>} */
const FILES = {
  de: () => import("./strings_cases_de.js"),
  el: () => import("./strings_cases_el.js"),
  es: () => import("./strings_cases_es.js"),
  fr: () => import("./strings_cases_fr.js"),
};

/** A number alone, as code writes it, with its unit. */
const NUMBER = /^[+\u2212-]?\d+\.\d+\D{0,6}$/;

/** Numbers that are handed over as text, for their decimals, are written as the language does too; names and other texts
 * keep their points. @param {string} code @param {Strings} strings @returns {Words} */
function wordsIn(code, strings) {
  const [said, locale] = [phrasesIn(code, strings), localeOf(code)];
  const written = (/** @type {unknown} */ arg) =>
    typeof arg === "string" && NUMBER.test(arg) ? localised(arg, locale) : arg;
  return (key, args = {}) =>
    said(key, Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, written(arg)])));
}

export const ENGLISH = wordsIn("en", CASES);

/** How certain one is: 1, 2, 3. */
export const CERTAINTIES = /** @type {const} */ (["certainty-1", "certainty-2", "certainty-3"]);

/** In the first language wished for that there is, and in English where its words cannot be had.
 * @param {(string | null | undefined)[]} wished  as "de-CH" @returns {Promise<{words: Words, lang: string}>} */
export async function wordsFor(wished) {
  const lang = pickLanguage(wished);
  try {
    if (lang !== "en") return { words: wordsIn(lang, (await FILES[lang]()).CASES), lang };
  } catch (error) {
    console.warn("No words of this language:", error);
  }
  return { words: ENGLISH, lang: "en" };
}

/** A place on the ECG. @param {Words} words @param {{lead: string, from: number, to: number}} span  lead: "" and "*" are
 * all of them; s */
export const spanText = (words, { lead, from, to }) =>
  words("mark-words", {
    lead: lead && lead !== "*" ? lead : words("all-leads"),
    from: from.toFixed(2),
    to: to.toFixed(2),
  });

/** What messages are made of: counts, and what went wrong. */

import { English, phrase, SpokenError } from "./language.js";

/** @typedef {import("./language.js").Words} Words */

/** "1 lead", "12 leads". @param {number} count @param {"beat" | "case" | "lead" | "note" | "recording" | "task"} noun */
export const counted = (count, noun) => phrase(`count.${noun}`, { n: count });

/** In the language that was spoken when it went wrong. @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** What went wrong, to be said in whatever language is spoken; what others than the page say is English.
 * @param {unknown} error @returns {Words} */
export const errorWords = (error) => (error instanceof SpokenError ? error.phrase : new English(messageOf(error)));

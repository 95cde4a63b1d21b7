/**
 * Texts of a case set as nodes: the Markdown of model cards (card.js), never markup; no link can be followed and nothing
 * is loaded.
 */

import { showMarkdown } from "../panels/card.js";

/** Marks that a text names: {A}. */
const NAMED = /\{([A-Za-z0-9_.-]{1,64})\}/g;

/** Characters that turn what follows them round whatever it is: no text of a set needs them. */
const OVERRIDES = /[\u202d\u202e]/g;
/** What a text has that could turn what stands beside it: letters from right to left, and marks of direction. */
const TURNING = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;

/** A text for a line of ours, which keeps its own direction for itself. @param {string} text */
export const isolated = (text) => (TURNING.test(text) ? `\u2068${text.replace(CONTROLS, "")}\u2069` : text);

/** The same in an element of its own: each paragraph has its text's direction, and nothing beside it has.
 * @param {HTMLElement} holder @param {string} text */
function showIsolated(holder, text) {
  showMarkdown(holder, text.replace(OVERRIDES, ""));
  for (const each of [
    holder,
    .../** @type {HTMLElement[]} */ ([...holder.querySelectorAll("p, li, td, th, h4, h5, h6")]),
  ])
    each.dir = "auto";
}

/** One line of text: a paragraph's content, or the words as they are. @template {HTMLElement} T
 * @param {T} holder @param {string} text @returns {T} */
export function showText(holder, text) {
  const made = document.createElement("div");
  showIsolated(made, text);
  holder.dir = "auto";
  const [only] = made.children;
  if (made.children.length === 1 && only.localName === "p") holder.replaceChildren(...only.childNodes);
  else holder.textContent = text.replace(OVERRIDES, "");
  return holder;
}

/** Paragraphs and lists. @template {HTMLElement} T @param {T} holder @param {string} text @returns {T} */
export function showBlocks(holder, text) {
  showIsolated(holder, text);
  return holder;
}

/** The same, {A} as "(A)" in bold, where there is such a mark. @param {HTMLElement} holder @param {string} text
 * @param {Set<string>} marks  their ids */
export function showExplained(holder, text, marks) {
  showIsolated(
    holder,
    text.replace(NAMED, (whole, id) => (marks.has(id) ? `**(${id})**` : whole)),
  );
  return holder;
}

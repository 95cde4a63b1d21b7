/**
 * Texts of a case set as nodes: the Markdown of model cards (card.js), never markup; no link can be followed and nothing
 * is loaded.
 */

import { showMarkdown } from "./card.js";

/** Marks that a text names: {A}. */
const NAMED = /\{([A-Za-z0-9_.-]{1,64})\}/g;

/** One line of text: a paragraph's content, or the words as they are. @template {HTMLElement} T
 * @param {T} holder @param {string} text @returns {T} */
export function showText(holder, text) {
  const made = document.createElement("div");
  showMarkdown(made, text);
  const [only] = made.children;
  if (made.children.length === 1 && only.localName === "p") holder.replaceChildren(...only.childNodes);
  else holder.textContent = text;
  return holder;
}

/** Paragraphs and lists. @template {HTMLElement} T @param {T} holder @param {string} text @returns {T} */
export function showBlocks(holder, text) {
  showMarkdown(holder, text);
  return holder;
}

/** The same, {A} as "(A)" in bold, where there is such a mark. @param {HTMLElement} holder @param {string} text
 * @param {Set<string>} marks  their ids */
export function showExplained(holder, text, marks) {
  showMarkdown(
    holder,
    text.replace(NAMED, (whole, id) => (marks.has(id) ? `**(${id})**` : whole)),
  );
  return holder;
}

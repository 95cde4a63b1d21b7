/** What leaves the page, by the user's hand only: files to save, and paper. */

import { drawSvg } from "./svg.js";

/** @typedef {import("./core.js").DisplayList} DisplayList */

/** @param {string} name @param {Blob} blob */
export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** @param {string} name @param {string} text @param {string} type */
export const saveText = (name, text, type) => save(name, new Blob([text], { type }));

/** Fill what only the printer sees. @param {HTMLElement} holder @param {DisplayList[]} sheets */
export function fillPrint(holder, sheets) {
  holder.replaceChildren(...sheets.map(drawSvg));
}

/**
 * The paper under the traces: colours of the grid that the core draws (src/plot/page_draw.c), put in the place of its own.
 * Traces, marks and maps stay as they are: dark paper is drawn by the core, with light ink.
 */

import { inkOf } from "./display_lists.js";
import { opsOf } from "./paint.js";

/**
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {{paper: number, fine: number, bold: number}} Paper  rgba; fine: lines of 1 mm, bold: of 5 mm
 */

const RECTS = 1;
const WORDS_AN_OP = 6;

/** As printed paper is: light enough not to compete with traces, strong enough to be counted. @type {Record<string, Paper>} */
const PAPERS = {
  red: { paper: inkOf(255, 250, 250), fine: inkOf(249, 217, 215), bold: inkOf(235, 156, 152) },
  grey: { paper: inkOf(255, 255, 255), fine: inkOf(230, 230, 230), bold: inkOf(189, 189, 189) },
  green: { paper: inkOf(247, 251, 244), fine: inkOf(211, 230, 204), bold: inkOf(147, 191, 134) },
  dark: { paper: inkOf(15, 20, 24), fine: inkOf(31, 42, 51), bold: inkOf(58, 72, 84) },
};

/** What can be chosen; "": red, or dark where the reader's system is. @type {[string, import("../words/language.js").Key][]} */
export const PAPER_CHOICES = [
  ["", "paper.system"],
  ["red", "paper.red"],
  ["grey", "paper.grey"],
  ["green", "paper.green"],
  ["dark", "paper.dark"],
];

/** @param {string} chosen @param {boolean} darkSystem @returns {string} of PAPERS */
export const paperOf = (chosen, darkSystem) => chosen || (darkSystem ? "dark" : "red");

/** Grid lines come first in a drawing: those of 1 mm, then those of 5 mm. @param {DisplayList} list */
function gridOf(list) {
  const ops = opsOf(list);
  const others = ops.findIndex(({ kind }) => kind !== RECTS);
  const grid = others < 0 ? ops : ops.slice(0, others);
  const colours = [...new Set(grid.map(({ rgba }) => rgba))];
  return { count: grid.length, fine: colours[0], bold: colours[1] };
}

/** Of the map's colours on dark paper: the strongest. */
const DARK_MAP = inkOf(140, 189, 235);

/** A map that is not seen through goes from white to dark blue; on dark paper it begins with the paper, so that the
 * strongest is what is seen first there too. @param {Uint32Array} colors @param {number} paper */
function darkened(colors, paper) {
  const part = (/** @type {number} */ rgba, /** @type {number} */ shift) => (rgba >>> shift) & 255;
  return colors.map((rgba) => {
    if (part(rgba, 24) < 255) return rgba;
    const t = 1 - part(rgba, 0) / 255;
    const [r, g, b] = [0, 8, 16].map((at) => Math.round(part(paper, at) + t * (part(DARK_MAP, at) - part(paper, at))));
    return inkOf(r, g, b);
  });
}

/** The same drawing on another paper. @param {DisplayList} list @param {string} name  of PAPERS
 * @param {{white?: boolean}} [how]  white: for the printer, whose own paper it is @returns {DisplayList} */
export function onPaper(list, name, { white = false } = {}) {
  const { paper, fine, bold } = PAPERS[name];
  const grid = gridOf(list);
  const ops = list.ops.slice();
  for (let i = 0; i < grid.count; i++) {
    const at = WORDS_AN_OP * i + 1;
    if (ops[at] === grid.fine) ops[at] = fine;
    else if (ops[at] === grid.bold) ops[at] = bold;
  }
  const colors = name === "dark" ? darkened(list.colors, paper) : list.colors;
  return { ...list, ops, colors, paper: white ? inkOf(255, 255, 255) : paper };
}

/** What is around a drawing, in CSS. @param {string} name  of PAPERS */
export const paperColour = (name) => {
  const { paper } = PAPERS[name];
  return `rgb(${paper & 255} ${(paper >>> 8) & 255} ${(paper >>> 16) & 255})`;
};

/** The leads in small above one that is enlarged: what it is beside, and a way to the next. */

import { make } from "../base/dom.js";
import { languageNow, phrase } from "../words/language.js";

/** @typedef {import("../drawing/drawing.js").Page} Page */

const SVG = "http://www.w3.org/2000/svg";
/** s of each lead */
const SECONDS = 2.5;
/** Units of a small drawing: as many columns as can be told apart, and its height. */
const WIDE = 120;
const TALL = 60;
/** mV from the middle to the edge: no less, that noise stays small, and no more, that one lead does not flatten all. */
const LEAST_MV = 1;
const MOST_MV = 3;

/** The largest value that is not far from 0, of all leads alike. @param {Float32Array[]} leads */
function reach(leads) {
  let most = 0;
  for (const mv of leads) for (const v of mv) if (Math.abs(v) > most) most = Math.abs(v);
  return Math.min(Math.max(most, LEAST_MV), MOST_MV);
}

/** Least and greatest of each column; a gap is left out. @param {Float32Array} mv @param {number} edge  mV */
function pathOf(mv, edge) {
  const each = Math.max(1, mv.length / WIDE);
  const y = (/** @type {number} */ v) => (TALL / 2 - (v / edge) * (TALL / 2 - 2)).toFixed(1);
  let path = "";
  let drawing = false;
  for (let x = 0; x < WIDE && x * each < mv.length; x++) {
    const part = mv.subarray(Math.floor(x * each), Math.max(Math.floor((x + 1) * each), Math.floor(x * each) + 1));
    const there = [...part].filter(Number.isFinite);
    if (there.length) path += `${drawing ? "L" : "M"}${x} ${y(Math.max(...there))}L${x} ${y(Math.min(...there))}`;
    drawing = there.length > 0;
  }
  return path;
}

/** @param {string} path */
function picture(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${TALL}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export class Ribbon {
  /** @param {HTMLElement} holder @param {(lead: string) => void} onChoose */
  constructor(holder, onChoose) {
    this.holder = holder;
    this.onChoose = onChoose;
    /** What it was made of. @type {unknown[]} */
    this.made = [];
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map();
  }

  /** @param {Page} page */
  show(page) {
    const { holder } = this;
    holder.hidden = page.layout !== "single" || page.mv.length < 2;
    if (holder.hidden) return;
    const now = [page.mv, page.start, languageNow()];
    if (now.some((each, i) => each !== this.made[i])) this.make(page);
    this.made = now;
    for (const [lead, button] of this.buttons) button.setAttribute("aria-pressed", String(lead === page.rhythm));
  }

  /** @param {Page} page */
  make({ record, mv, start }) {
    const [from, to] = [start, start + SECONDS].map((s) => Math.round(s * record.rate));
    const parts = mv.map((lead) => lead.subarray(from, to));
    const edge = reach(parts);
    this.buttons = new Map(
      record.leads.map(({ name }, i) => {
        const button = make("button", { type: "button" }, picture(pathOf(parts[i], edge)), make("span", {}, name));
        button.setAttribute("aria-label", phrase("ribbon.lead", { lead: name }));
        button.addEventListener("click", () => this.onChoose(name));
        return [name, button];
      }),
    );
    this.holder.replaceChildren(...this.buttons.values());
  }
}

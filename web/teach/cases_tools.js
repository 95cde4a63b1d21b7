/** The tools of a case's ECG, the place that it is drawn in, and what it is in words: made here, worked by their owner. */

import { LAYOUTS } from "../drawing/drawing.js";
import { element, make } from "../base/dom.js";
import { phrase } from "../words/language.js";
import { FILTERS } from "../panels/markup.js";

/**
 * @typedef {import("./cases_language.js").Words} Words
 * @typedef {{changed: () => void, layout: () => void, filter: () => void, calipers: () => void, march: () => void,
 *   zoom: (by: number) => void, step: (by: 1 | -1) => void}} Works  zoom: 0 is back to the whole
 */

const SPEEDS = [25, 50, 12.5];
const GAINS = [10, 5, 20];
const SHOWN_LAYOUTS = /** @type {const} */ (["3x4+1", "3x4", "6x2", "6x2s", "12x1", "single"]);
const ZOOM = 1.25;

let count = 0;

export class EcgTools {
  /** @param {Words} words @param {Works} works */
  constructor(words, works) {
    this.words = words;
    // There may be two in one tree.
    this.name = `cases-ecg-${++count}`;
    this.canvas = canvasOf(words, this.name);
    this.output = element("output", {
      id: `${this.name}-calipers`,
      class: "cases-caliper-text",
      "aria-live": "polite",
    });
    this.marchButton = button(words("march"), works.march, true);
    this.readOut = element("div", { class: "read-out", hidden: "" }, this.output, this.marchButton);
    this.paper = element("div", { class: "paper cases-paper" }, this.canvas);
    this.twinText = element("div", { id: `${this.name}-twin`, class: "cases-twin-text" });
    const names = SHOWN_LAYOUTS.map((name) => [name, phrase(LAYOUTS[name])]);
    const inUnit = (/** @type {number[]} */ values, /** @type {string} */ unit) =>
      values.map((v) => [String(v), `${v} ${unit}`]);
    this.layout = select(words("layout"), names, works.layout);
    this.rhythm = select(words("rhythm"), [["II", "II"]], works.changed);
    this.speed = select(words("speed"), inUnit(SPEEDS, "mm/s"), works.changed);
    this.gain = select(words("gain"), inUnit(GAINS, "mm/mV"), works.changed);
    const filters = FILTERS.map(([value, key]) => [value, phrase(key)]);
    this.filter = select(words("filter-name"), filters, works.filter);
    this.calipersButton = button(words("calipers"), works.calipers, true);
    this.zoomOut = button("−", () => works.zoom(1 / ZOOM), false, words("zoom-out"));
    this.zoomReset = button("100 %", () => works.zoom(0), false, words("zoom-reset"));
    this.zoomIn = button("+", () => works.zoom(ZOOM), false, words("zoom-in"));
    this.earlier = button("‹", () => works.step(-1));
    this.later = button("›", () => works.step(1));
    this.where = element("span", { class: "faint" });
    this.pages = element("span", { class: "group", hidden: "" }, this.earlier, this.where, this.later);
    this.box = this.arrange();
  }

  /** What the buttons between pages do. @param {number} s */
  nameSteps(s) {
    this.earlier.setAttribute("aria-label", this.words("earlier", { s }));
    this.later.setAttribute("aria-label", this.words("later", { s }));
  }

  arrange() {
    const { words } = this;
    const twin = element("details", { class: "card cases-twin" }, element("summary", {}, words("twin")), this.twinText);
    const keys = element("p", { id: `${this.name}-keys`, class: "visually-hidden" }, words("drawing-keys"));
    const seen = element("div", { class: "cases-drawing" }, this.paper, this.readOut, keys);
    return element("div", { class: "cases-ecg" }, this.bar(), seen, twin);
  }

  bar() {
    const { words } = this;
    const zoom = element("span", { class: "group" }, this.zoomOut, this.zoomReset, this.zoomIn);
    const chosen = [this.layout, this.rhythm, this.speed, this.gain, this.filter];
    // Folded where there is little room.
    const views = element("span", { class: "cases-views" }, ...chosen);
    const open = button(words("view"), () => {
      const on = views.classList.toggle("unfolded");
      open.setAttribute("aria-expanded", String(on));
    });
    open.className = "cases-views-open";
    open.setAttribute("aria-expanded", "false");
    return element("div", { class: "cases-tools bar-line" }, this.calipersButton, this.pages, zoom, open, views);
  }
}

/** @param {Words} words @param {string} name  what the ids of its descriptions begin with */
function canvasOf(words, name) {
  const attributes = {
    class: "cases-canvas",
    tabindex: "0",
    role: "application",
    "aria-roledescription": words("ecg"),
    "aria-label": words("ecg"),
    "aria-describedby": `${name}-twin ${name}-calipers ${name}-keys`,
  };
  return /** @type {HTMLCanvasElement} */ (element("canvas", attributes));
}

/** @param {string} text @param {() => unknown} work @param {boolean} [stays]  pressed @param {string} [name] */
function button(text, work, stays = false, name = "") {
  const made = make("button", { type: "button", textContent: text });
  if (stays) made.setAttribute("aria-pressed", "false");
  if (name) made.setAttribute("aria-label", name);
  made.addEventListener("click", work);
  return made;
}

/** @param {string} name @param {(readonly string[])[]} options @param {() => unknown} changed */
function select(name, options, changed) {
  const made = make("select", {}, ...options.map(([value, text]) => new Option(text, value)));
  made.setAttribute("aria-label", name);
  made.addEventListener("change", changed);
  return made;
}

/**
 * The windows of a long recording: a button for each while they are few, else one bar for each in an
 * overview that is a single stop for Tab. Both move by arrow keys.
 */

import { make } from "../base/dom.js";
import { valueName, valueText } from "../words/finding_words.js";
import { localised, phrase } from "../words/language.js";

/**
 * @typedef {{start: number, seconds: number, value: number | null,
 *   outputs: import("../words/finding_words.js").Outputs}} Window
 * @typedef {(window: number) => void} OnChoose
 */

/** More would be a row of buttons that nobody sees the end of. */
const MAX_BUTTONS = 30;
/** Bars that can still be told apart. */
const MAX_BARS = 600;

/** @type {WeakMap<HTMLElement, Overview>} kept while it is moved in, so that a drag goes on */
const overviews = new WeakMap();

/**
 * @param {HTMLElement} holder @param {Window[]} windows @param {number} chosen
 * @param {number | null} threshold  of the label whose values these are
 * @param {OnChoose} onChoose
 */
export function showWindows(holder, windows, chosen, threshold, onChoose) {
  holder.hidden = windows.length < 2;
  const many = windows.length > MAX_BUTTONS;
  holder.classList.toggle("many", many);
  if (!many) return showButtons(holder, windows, chosen, onChoose);
  holder.onkeydown = null; // of buttons that stood here; the overview hears keys itself
  const overview = overviews.get(holder) ?? new Overview();
  overviews.set(holder, overview);
  if (holder.firstElementChild !== overview.slider) holder.replaceChildren(overview.slider, overview.legend);
  overview.show(windows, chosen, threshold, onChoose);
}

/** Seconds, without digits that say nothing. @param {number} s */
const seconds = (s) => localised(String(Number(s.toFixed(1))));

/** @param {Window} window */
const spanText = ({ start, seconds: length }) => `${seconds(start)}–${seconds(start + length)} s`;

/** @param {Window} window */
const wordsOf = ({ value, outputs }) =>
  value === null ? "" : `, ${valueName({ outputs })} ${valueText(value, outputs)}`;

/** How high its bar is, 0 to 1; scores have no scale that a bar could be of. @param {Window} window */
const levelOf = ({ value, outputs }) => (outputs === "scores" ? 0 : (value ?? 0));

/** @param {HTMLElement} holder @param {Window[]} windows @param {number} chosen @param {OnChoose} onChoose */
function showButtons(holder, windows, chosen, onChoose) {
  const focused = holder.contains(/** @type {any} */ (holder.getRootNode()).activeElement);
  const buttons = windows.map((window, w) => windowButton(window, w, w === chosen, onChoose));
  const scrolled = holder.scrollLeft;
  holder.replaceChildren(...buttons);
  holder.scrollLeft = scrolled;
  holder.onkeydown = (event) => moveBy(event, chosen, windows.length, onChoose);
  if (focused) buttons[chosen]?.focus({ preventScroll: true });
  if (buttons[chosen]) bringIn(holder, buttons[chosen]);
}

/** @param {Window} window @param {number} w @param {boolean} pressed @param {OnChoose} onChoose */
function windowButton(window, w, pressed, onChoose) {
  const span = spanText(window);
  const level = make("span", { className: "level", ariaHidden: "true" });
  level.style.height = `${levelOf(window) * 100}%`;
  const button = make(
    "button",
    { type: "button", className: "window", title: span + wordsOf(window), tabIndex: pressed ? 0 : -1 },
    level,
    make("span", { textContent: span }),
  );
  button.setAttribute("aria-label", `${phrase("segments.one", { number: w + 1 })}, ${span}${wordsOf(window)}`);
  button.setAttribute("aria-pressed", String(pressed));
  button.addEventListener("click", () => onChoose(w));
  return button;
}

/** Sideways only: the page itself stays where it is. @param {HTMLElement} holder @param {HTMLElement} button */
function bringIn(holder, button) {
  const left = button.offsetLeft - holder.offsetLeft;
  const over = left + button.offsetWidth - holder.clientWidth;
  if (holder.scrollLeft > left) holder.scrollLeft = left;
  else if (holder.scrollLeft < over) holder.scrollLeft = over;
}

/** @param {KeyboardEvent} event @param {number} chosen @param {number} count @param {OnChoose} onChoose */
function moveBy(event, chosen, count, onChoose) {
  /** @type {Record<string, number>} */
  const to = {
    ArrowLeft: chosen - 1,
    ArrowDown: chosen - 1,
    ArrowRight: chosen + 1,
    ArrowUp: chosen + 1,
    PageDown: chosen - 10,
    PageUp: chosen + 10,
    Home: 0,
    End: count - 1,
  };
  if (!(event.key in to)) return;
  event.preventDefault();
  onChoose(Math.min(Math.max(to[event.key], 0), count - 1));
}

class Overview {
  constructor() {
    this.path = svg("path", { class: "bars" });
    this.limit = svg("path", { class: "limit" });
    this.mark = svg("rect", { class: "mark", y: "0", height: "1" });
    this.picture = svg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, this.path, this.limit, this.mark);
    this.slider = make("div", { className: "overview", tabIndex: 0 }, this.picture);
    this.slider.setAttribute("role", "slider");
    this.ends = [make("span"), make("span"), make("span")];
    this.legend = make("p", { className: "ends faint" }, ...this.ends);
    this.count = 0;
    this.chosen = 0;
    /** @type {OnChoose} */
    this.onChoose = () => {};
    this.listen();
  }

  listen() {
    this.slider.addEventListener("keydown", (event) => moveBy(event, this.chosen, this.count, this.onChoose));
    this.slider.addEventListener("pointerdown", (event) => {
      this.slider.setPointerCapture(event.pointerId);
      this.choose(event);
    });
    this.slider.addEventListener("pointermove", (event) => event.buttons && this.choose(event));
  }

  /** @param {PointerEvent} event */
  choose(event) {
    const box = this.slider.getBoundingClientRect();
    const at = Math.floor(((event.clientX - box.left) / box.width) * this.count);
    const w = Math.min(Math.max(at, 0), this.count - 1);
    if (w !== this.chosen) this.onChoose(w);
  }

  /** @param {Window[]} windows @param {number} chosen @param {number | null} threshold @param {OnChoose} onChoose */
  show(windows, chosen, threshold, onChoose) {
    Object.assign(this, { count: windows.length, chosen, onChoose });
    const last = windows[windows.length - 1];
    const at = phrase("segments.at", { at: chosen + 1, all: windows.length });
    const text = `${at}, ${spanText(windows[chosen])}${wordsOf(windows[chosen])}`;
    const ends = [`${seconds(windows[0].start)} s`, text, `${seconds(last.start + last.seconds)} s`];
    this.ends.forEach((end, i) => (end.textContent = ends[i]));
    set(this.slider, {
      "aria-label": phrase("segments.slider"),
      "aria-valuemin": "1",
      "aria-valuemax": String(windows.length),
      "aria-valuenow": String(chosen + 1),
      "aria-valuetext": text,
    });
    set(this.picture, { viewBox: `0 0 ${windows.length} 1` });
    set(this.path, { d: barsOf(windows) });
    set(this.limit, { d: threshold === null ? "" : `M0 ${1 - threshold}H${windows.length}` });
    const wide = Math.max(1, windows.length / 250);
    set(this.mark, { x: String(Math.min(chosen, windows.length - wide)), width: String(wide) });
  }
}

/** A bar a window, or the highest of its neighbours where there is no room for each.
 * @param {Window[]} windows */
function barsOf(windows) {
  const each = Math.ceil(windows.length / MAX_BARS);
  let path = "";
  for (let from = 0; from < windows.length; from += each) {
    const most = Math.max(...windows.slice(from, from + each).map(levelOf));
    if (most > 0) path += `M${from} 1V${(1 - most).toFixed(4)}h${each * 0.85}V1z`;
  }
  return path;
}

/** Writes only what changed. @param {Element} element @param {Record<string, string>} attributes */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes))
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @param {string} tag @param {Record<string, string>} attributes @param {Element[]} children */
function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(made, attributes);
  made.append(...children);
  return made;
}

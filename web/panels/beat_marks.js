/** Marks of the median beat in the reader's hands: by mouse, finger and keys; each change can be undone. */

import { wavesOf } from "../drawing/edits.js";
import { make } from "../base/dom.js";
import { changes, phrase, setPhrase, setPhraseOf } from "../words/language.js";
import { editedNames } from "../core/report.js";

/**
 * @typedef {import("../drawing/edits.js").Waves} Waves
 * @typedef {import("../core/readers.js").MedianBeat} Beat
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {{wave: "p" | "qrs" | "t", end: 0 | 1, title: import("../words/language.js").Key}} Mark
 */

const SVG = "http://www.w3.org/2000/svg";
/** T's onset is measured, but no interval is made of it. @type {Mark[]} */
const MARKS = [
  { wave: "p", end: 0, title: "marks.p-onset" },
  { wave: "p", end: 1, title: "marks.p-end" },
  { wave: "qrs", end: 0, title: "marks.qrs-onset" },
  { wave: "qrs", end: 1, title: "marks.qrs-end" },
  { wave: "t", end: 1, title: "marks.t-end" },
];
/** Where a wave is put that was not found, s from the QRS complex: the reader moves it from there. */
const PLACED = { p: [-0.16, -0.06], t: [0.14, 0.3] };
const REACH_CSS_PX = { mouse: 8, touch: 24 };
/** What is read of the intervals, with its title. */
const READ = [
  ["pr_interval", "PR"],
  ["qrs_duration", "QRS"],
  ["qt_interval", "QT"],
  ["qtc_fridericia", "QTc (Fridericia)"],
];

export class BeatMarks {
  /** @param {import("../element.js").EcgXplaim} host @param {() => Promise<unknown>} redraw  the drawing below */
  constructor(host, redraw) {
    this.host = host;
    this.redraw = redraw;
    /** @type {DisplayList | null} */
    this.list = null;
    /** @type {Waves | null} while a mark is being dragged */
    this.moving = null;
    /** @type {Mark | null} */
    this.held = null;
    /** From the pointer to the mark that it drags, s. */
    this.grip = 0;
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("class", "beat-marks");
    this.svg.setAttribute("role", "group");
    changes.addEventListener("change", () => this.list && this.show(), { signal: host.leaving?.signal });
    setPhraseOf(this.svg, "aria-label", "marks.marks-of-beat");
    this.makeBar();
    this.listen();
  }

  makeBar() {
    const { host } = this;
    const button = (/** @type {string} */ id) => make("button", { type: "button", id });
    this.said = make("output", { id: "beat-intervals" });
    this.placeP = button("beat-p");
    this.placeT = button("beat-t");
    this.back = setPhraseOf(setPhrase(button("beat-undo"), "marks.undo"), "title", "marks.undo-says");
    this.reset = setPhraseOf(setPhrase(button("beat-reset"), "marks.as-measured"), "title", "marks.as-measured-says");
    this.placeP.addEventListener("click", () => this.toggleWave("p"));
    this.placeT.addEventListener("click", () => this.toggleWave("t"));
    this.back.addEventListener("click", () => this.undo());
    this.reset.addEventListener("click", () => this.asMeasured());
    const help = setPhrase(make("span", { className: "faint" }), "marks.move-help");
    const bar = make("p", { className: "actions" }, this.placeP, this.placeT, this.back, this.reset, help);
    host.$("beat-drawing").before(make("div", { className: "beat-changes" }, make("p", {}, this.said), bar));
  }

  listen() {
    const { svg, host } = this;
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.moved(event));
    for (const kind of ["pointerup", "pointercancel"]) svg.addEventListener(kind, () => this.released());
    svg.addEventListener(
      "touchstart",
      (event) => event.touches.length === 1 && this.nearest(event.touches[0], "touch") && event.preventDefault(),
      { passive: false },
    );
    host.on("beat-dialog", "keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return;
      event.preventDefault();
      this.undo();
    });
  }

  get row() {
    return this.host.row;
  }

  /** As it is drawn. @returns {Beat | null} */
  get beat() {
    return this.host.measurements?.shown?.beat ?? null;
  }

  /** As it was measured. @returns {Beat | null} */
  get measured() {
    return this.host.measurements?.found?.beat ?? null;
  }

  /** @returns {Waves | null} */
  get waves() {
    return this.moving ?? (this.beat && wavesOf(this.beat));
  }

  /** Over a drawing of the beat. @param {HTMLElement} holder @param {DisplayList} list */
  mount(holder, list) {
    this.list = list;
    holder.style.setProperty("--ratio", String(list.width / list.height));
    this.svg.setAttribute("viewBox", `0 0 ${list.width} ${list.height}`);
    if (this.svg.parentNode !== holder) holder.append(this.svg);
    this.show();
  }

  /* ---- where ---- */

  /** @param {import("../core/core.js").Strip} strip @param {number} s  from the beat @returns {number} mm */
  xOf(strip, s) {
    const { beat } = this;
    const t = beat ? beat.fiducial / beat.rate + s : s;
    return strip.x + ((t - strip.from) * strip.width) / strip.seconds;
  }

  /** @param {{clientX: number, clientY: number}} at @returns {{x: number, y: number, px: number}} mm; px: mm of one */
  mm({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    const px = (this.list?.width ?? 1) / Math.max(box.width, 1);
    return { x: (clientX - box.left) * px, y: (clientY - box.top) * px, px };
  }

  /** @param {{x: number, y: number}} mm */
  stripAt({ x, y }) {
    const inside = (/** @type {import("../core/core.js").Strip} */ s) => y >= s.top && y <= s.top + s.height;
    return this.list?.strips.find((s) => inside(s) && x >= s.x - 3 && x <= s.x + s.width + 3) ?? null;
  }

  /** The mark in reach. @param {{clientX: number, clientY: number}} at @param {string} kind  of pointer
   * @returns {Mark | null} */
  nearest(at, kind) {
    const { waves } = this;
    const mm = this.mm(at);
    const strip = this.stripAt(mm);
    if (!strip || !waves) return null;
    let best = null;
    let least = mm.px * (kind === "touch" ? REACH_CSS_PX.touch : REACH_CSS_PX.mouse);
    for (const mark of MARKS) {
      const ends = waves[mark.wave];
      const away = ends ? Math.abs(this.xOf(strip, ends[mark.end]) - mm.x) : Infinity;
      if (away <= least) [best, least] = [mark, away];
    }
    return best;
  }

  /* ---- moving ---- */

  /** Between its neighbours, on a sample. @param {Mark} mark @param {number} to  s from the beat @returns {Waves | null} */
  movedTo({ wave, end }, to) {
    const { waves, beat } = this;
    const ends = waves?.[wave];
    if (!waves || !beat || !ends) return null;
    const step = 1 / beat.rate;
    const [low, high] = this.limits({ wave, end });
    const sample = Math.round((to - ends[end]) / step) * step;
    const s = Math.min(Math.max(ends[end] + sample, low), high);
    return { ...waves, [wave]: end ? [ends[0], s] : [s, ends[1]] };
  }

  /** No mark passes another. @param {Pick<Mark, "wave" | "end">} mark @returns {[number, number]} s */
  limits({ wave, end }) {
    const { waves, beat } = this;
    if (!waves || !beat) return [0, 0];
    const step = 1 / beat.rate;
    const order = [waves.p?.[0], waves.p?.[1], waves.qrs?.[0], waves.qrs?.[1], waves.t?.[0], waves.t?.[1]];
    const at = { p: 0, qrs: 2, t: 4 }[wave] + end;
    const defined = (/** @type {number | undefined} */ s) => s !== undefined;
    const below = order.slice(0, at).filter(defined).at(-1);
    const above = order.slice(at + 1).find(defined);
    const first = -beat.fiducial * step;
    return [(below ?? first - step) + step, (above ?? first + beat.samples * step) - step];
  }

  /** @param {PointerEvent} event */
  down(event) {
    const mark = this.nearest(event, event.pointerType);
    if (!mark) return;
    this.held = mark;
    const s = this.timeAt(event);
    const ends = this.waves?.[mark.wave];
    this.grip = ends && s !== null ? ends[mark.end] - s : 0;
    this.svg.setPointerCapture(event.pointerId);
    this.handleOf(mark)?.focus({ preventScroll: true });
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (!this.held) {
      this.svg.style.cursor = this.nearest(event, event.pointerType) ? "ew-resize" : "";
      return;
    }
    const s = this.timeAt(event);
    if (s === null) return;
    this.moving = this.movedTo(this.held, s + this.grip);
    this.showLines();
  }

  /** s from the beat; null: where no lead is. @param {PointerEvent} event */
  timeAt(event) {
    const { x } = this.mm(event);
    const column = this.list?.strips.find((s) => x >= s.x && x <= s.x + s.width);
    const { beat } = this;
    if (!column || !beat) return null;
    return ((x - column.x) / column.width) * column.seconds + column.from - beat.fiducial / beat.rate;
  }

  released() {
    const { moving } = this;
    this.held = null;
    this.moving = null;
    if (moving) this.change(moving);
  }

  /** @param {Mark} mark @param {KeyboardEvent} event */
  key(mark, event) {
    const { beat, waves } = this;
    const ends = waves?.[mark.wave];
    if (!beat || !ends || event.ctrlKey || event.metaKey || event.altKey) return;
    const samples = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if ((event.key === "Delete" || event.key === "Backspace") && mark.wave !== "qrs") this.toggleWave(mark.wave);
    else if (samples === undefined) return;
    else {
      const moved = this.movedTo(mark, ends[mark.end] + (samples * (event.shiftKey ? 10 : 1)) / beat.rate);
      if (moved) this.change(moved, mark);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** A wave that is not there is put down; one that is there is taken away. @param {"p" | "t"} wave */
  toggleWave(wave) {
    const { waves, beat } = this;
    if (!waves?.qrs || !beat) return;
    const [from, to] =
      wave === "p"
        ? [waves.qrs[0] + PLACED.p[0] + 0.04, waves.qrs[0] - 0.04]
        : PLACED.t.map((s) => s + (waves.qrs?.[1] ?? 0));
    const [first, last] = [-beat.fiducial / beat.rate, (beat.samples - 1 - beat.fiducial) / beat.rate];
    const there = [Math.max(from, first), Math.min(to, last)];
    this.change({ ...waves, [wave]: waves[wave] ? null : there });
  }

  /** @param {Waves} waves @param {Mark | null} [focus]  whose handle keeps the focus */
  change(waves, focus = null) {
    const { row, measured, host } = this;
    if (!row || !measured) return;
    host.edits.set(row, wavesOf(measured), waves);
    this.changed(focus);
  }

  undo() {
    const { row, host } = this;
    if (!row || !host.edits.canUndo(row)) return;
    host.edits.undo(row);
    this.changed();
  }

  asMeasured() {
    const { measured } = this;
    if (measured) this.change(wavesOf(measured));
  }

  /** @param {Mark | null} [focus] */
  changed(focus = null) {
    this.host.measurements?.edited();
    this.show();
    if (focus) this.handleOf(focus)?.focus({ preventScroll: true });
    this.host.guarded(() => this.redraw());
  }

  /* ---- showing ---- */

  show() {
    this.showLines();
    const { host, row, waves } = this;
    const edit = host.edits.of(row);
    const { measurements } = host.measurements?.shown?.measured ?? { measurements: [] };
    const parts = READ.map(([name, title]) => {
      const found = measurements.find((each) => each.name === name);
      const value = found?.value ?? null;
      const before = found?.edited ? ` (${phrase("marks.measured-as", { value: found.edited.measured ?? "—" })})` : "";
      return `${title} ${value === null ? "—" : `${value} ms`}${before}`;
    });
    if (this.said) this.said.textContent = `${parts.join(" · ")}${edit ? ` · ${phrase("marks.edited")}` : ""}`;
    this.placeP?.replaceChildren(phrase(waves?.p ? "marks.take-p-away" : "marks.place-p"));
    this.placeT?.replaceChildren(phrase(waves?.t ? "marks.take-t-away" : "marks.place-t"));
    this.back?.toggleAttribute("disabled", !host.edits.canUndo(row));
    this.reset?.toggleAttribute("disabled", !edit);
    for (const button of [this.placeP, this.placeT]) button?.toggleAttribute("disabled", !waves?.qrs);
    if (edit && !editedNames(host.measurements?.shown?.measured).length && this.said)
      this.said.textContent += ` (${phrase("marks.no-interval")})`;
  }

  /** @param {Mark} mark @returns {SVGGElement | null} */
  handleOf({ wave, end }) {
    return this.svg.querySelector(`[data-mark="${wave}${end}"]`);
  }

  /** A line through every lead for each mark, with a handle at both ends; the nodes stay, so that the focus does. */
  showLines() {
    for (const mark of MARKS) {
      const ends = this.waves?.[mark.wave] ?? null;
      let handle = this.handleOf(mark);
      if (!ends) handle?.remove();
      else {
        handle ??= this.newHandle(mark);
        this.place(handle, mark, ends[mark.end]);
      }
    }
  }

  /** @param {Mark} mark @returns {SVGGElement} */
  newHandle(mark) {
    const handle = document.createElementNS(SVG, "g");
    handle.dataset.mark = `${mark.wave}${mark.end}`;
    handle.setAttribute("class", mark.wave);
    handle.setAttribute("role", "slider");
    handle.setAttribute("tabindex", "0");
    handle.setAttribute("aria-label", phrase(mark.title));
    handle.append(document.createElementNS(SVG, "path"), document.createElementNS(SVG, "path"));
    handle.addEventListener("keydown", (event) => this.key(mark, event));
    const order = MARKS.indexOf(mark);
    const after = MARKS.slice(order + 1).flatMap((each) => this.handleOf(each) ?? [])[0] ?? null;
    this.svg.insertBefore(handle, after);
    return handle;
  }

  /** @param {SVGGElement} handle @param {Mark} mark @param {number} s */
  place(handle, mark, s) {
    const strips = this.list?.strips ?? [];
    const lines = strips.map((strip) => `M${this.xOf(strip, s).toFixed(3)} ${strip.top}v${strip.height}`);
    const out = mark.end ? 1.6 : -1.6; // flags point away from their wave
    const flags = strips.map((strip) => {
      const x = this.xOf(strip, s).toFixed(3);
      return `M${x} ${strip.top}h${out}l${-out} 3.2zM${x} ${strip.top + strip.height}h${out}l${-out} -3.2z`;
    });
    const [line, flag] = handle.children;
    line.setAttribute("d", lines.join(""));
    flag.setAttribute("d", flags.join(""));
    flag.setAttribute("class", "flag");
    const [low, high] = this.limits(mark).map((limit) => Math.round(limit * 1000));
    handle.setAttribute("aria-valuemin", String(low));
    handle.setAttribute("aria-valuemax", String(high));
    handle.setAttribute("aria-valuenow", String(Math.round(s * 1000)));
    handle.setAttribute("aria-valuetext", phrase("marks.from-r", { n: Math.round(s * 1000) }));
  }
}

/**
 * The ECG on screen: one canvas, what is in sight of the drawing, and the hands on it (mouse, touch,
 * keyboard). It knows nothing of files or models.
 */

import { newCalipers, paintCalipers } from "./caliper_set.js";
import { screenWidth } from "./drawing.js";
import { colourOf, paint } from "./paint.js";

/**
 * @typedef {import("./drawing.js").Page} Page
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {import("./calipers.js").Calipers} Calipers
 * @typedef {{caliper: (text: string) => void, zoom: (zoom: number, least: number) => void, key: (key: string) => boolean,
 *   enlarge: (lead: string) => void, resized: () => void,
 *   landmarks?: () => import("./landmarks.js").Landmarks | null}} ViewEvents  key: one that means something beyond the view;
 *   enlarge: a lead over the whole width, or back; landmarks: what calipers hold on to, null where that is not to be seen
 */

/** The whole is shown where a millimetre is no smaller than the first of these; else a millimetre is the second, and
 * what has no room is there to pan to. */
const WHOLE_CSS_PX_PER_MM = 2;
const PART_CSS_PX_PER_MM = 3;
const NAME_CSS_PX = 13;
const MAX_ZOOM = 12;
const REACH_CSS_PX = 14;
/** A leg holds on to what was measured within both of these. */
const HOLD_CSS_PX = 8;
const HOLD_S = 0.04;
const PAN_CSS_PX = 60;
/** A finger or a mouse that moves less has tapped. */
const TAP_CSS_PX = 4;
const EDGE_CSS_PX = 26;

export class EcgView {
  /** @param {HTMLCanvasElement} canvas @param {ViewEvents} events */
  constructor(canvas, events) {
    this.canvas = canvas;
    this.events = events;
    /** @type {Page | null} */
    this.page = null;
    /** @type {DisplayList | null} */
    this.list = null;
    /** @type {Calipers | null} */
    this.calipers = null;
    /** Pairs that stay beside the one in hand. @type {Calipers[]} */
    this.others = [];
    this.dark = false;
    /** Times that traces are thicker than on paper. */
    this.weight = 1;
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    this.frame = 0;
    /** @type {Map<number, {x: number, y: number}>} */
    this.pointers = new Map();
    this.dragging = -1;
    /** Where a drag of the calipers would begin. @type {{x: number, y: number} | null} */
    this.pressed = null;
    /** The calipers before the gesture that goes on. @type {import("./calipers.js").Kept | null} */
    this.kept = null;
    this.closing = new AbortController();
    this.listen();
  }

  /** Listens to nothing beyond the canvas any more. */
  close() {
    this.closing.abort();
    cancelAnimationFrame(this.frame);
  }

  /** @param {Page} page @param {DisplayList} list  its drawing */
  show(page, list) {
    const before = this.page;
    const another = before?.record !== page.record || before.start !== page.start;
    const window = another || before.window?.start !== page.window?.start;
    const said = this.calipers?.text ?? "";
    this.page = page;
    this.list = list;
    this.release();
    if (!list.strips.length) this.calipers = null;
    this.calipers?.move(page, list);
    for (const each of this.others) each.move(page, list);
    if (another) this.x = 0;
    this.fit();
    if (window) this.reveal();
    this.draw();
    if ((this.calipers?.text ?? "") !== said) this.measured();
  }

  /** Bring the window that was analysed into sight, where it is a part of the page. */
  reveal() {
    const { page, list } = this;
    if (!page?.window || !list?.strips.length) return;
    const { x, from } = list.strips[0];
    const middle = x + (page.window.start + page.window.seconds / 2 - page.start - from) * page.speed;
    const wide = this.canvas.clientWidth / this.scale;
    if (page.window.seconds * page.speed < wide && (middle < this.x || middle > this.x + wide))
      this.x = middle - wide / 2;
    this.clamp();
  }

  /** The canvas takes its width from the page around it, its height from the drawing. */
  fit() {
    if (!this.list || !this.canvas.clientWidth) return;
    const height = this.list.height * this.baseScale;
    this.canvas.style.height = `${Math.ceil(height)}px`;
    const ratio = globalThis.devicePixelRatio || 1;
    const [wide, tall] = [Math.round(this.canvas.clientWidth * ratio), Math.round(Math.ceil(height) * ratio)];
    if (this.canvas.width !== wide) this.canvas.width = wide;
    if (this.canvas.height !== tall) this.canvas.height = tall;
    if (this.zoom < this.minZoom) this.reset();
    this.clamp();
    this.events.zoom(this.zoom, this.minZoom);
  }

  /** CSS pixels a millimetre before zooming: the same whatever is drawn, at any speed and gain. */
  get baseScale() {
    return this.scaleOf(this.page?.layout ?? "12x1");
  }

  /** @param {import("./drawing.js").LayoutName} layout */
  scaleOf(layout) {
    const whole = (this.canvas.clientWidth || 1) / screenWidth(layout);
    return this.hasWhole(layout) ? whole : PART_CSS_PX_PER_MM;
  }

  /** Whether there is room for all of a layout's width, large enough to be read.
   * @param {import("./drawing.js").LayoutName} layout */
  hasWhole(layout) {
    return (this.canvas.clientWidth || 1) / screenWidth(layout) >= WHOLE_CSS_PX_PER_MM;
  }

  /** The least: all of the drawing's width. */
  get minZoom() {
    return Math.min(1, this.canvas.clientWidth / ((this.list?.width ?? 1) * this.baseScale));
  }

  /** mm of the drawing that lie beyond the left and the right edge. @returns {[number, number]} */
  get beyond() {
    const right = (this.list?.width ?? 0) - this.x - this.canvas.clientWidth / this.scale;
    const some = (/** @type {number} */ mm) => (mm > 0.5 ? mm : 0);
    return [some(this.x), some(right)];
  }

  get scale() {
    return this.baseScale * this.zoom;
  }

  /** @returns {import("./paint.js").Place} in device pixels */
  get place() {
    const ratio = this.canvas.width / Math.max(this.canvas.clientWidth, 1);
    return { scale: this.scale * ratio, x: -this.x * this.scale * ratio, y: -this.y * this.scale * ratio };
  }

  /** Of the calipers. */
  get inks() {
    return { mark: this.dark ? "#cfa8f5" : "#6b2fa8", paper: colourOf(this.list?.paper ?? 0) };
  }

  /** Soon, once a frame. */
  redraw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const c = this.canvas.getContext("2d", { alpha: false });
    if (!c || !this.list || !this.page) return;
    paint(c, this.list, this.place, { crisp: true, weight: this.weight });
    this.paintNames(c);
    paintCalipers(c, this);
    const [left, right] = this.beyond;
    if (left) this.paintEdge(c, 0, 1);
    if (right) this.paintEdge(c, this.canvas.width, -1);
  }

  /** Of leads whose own names are out of sight to the left. @param {CanvasRenderingContext2D} c */
  paintNames(c) {
    const { page, list } = this;
    if (!page || !list || this.x <= 0) return;
    const px = this.canvas.width / Math.max(this.canvas.clientWidth, 1);
    const { scale, x: left, y: top } = this.place;
    c.font = `${NAME_CSS_PX * px}px system-ui, sans-serif`;
    c.textAlign = "left";
    for (const strip of list.strips) {
      if (left + strip.x * scale >= 0 || left + (strip.x + strip.width) * scale < 40 * px) continue;
      const name = `${strip.sign < 0 ? "−" : ""}${page.record.leads[strip.lead].name}`;
      const y = top + strip.top * scale + 1.4 * NAME_CSS_PX * px;
      c.fillStyle = this.inks.paper;
      c.fillRect(22 * px, y - NAME_CSS_PX * px, c.measureText(name).width + 6 * px, 1.3 * NAME_CSS_PX * px);
      c.fillStyle = this.dark ? "#e3e8ec" : "#14202b";
      c.fillText(name, 25 * px, y);
    }
  }

  /** A shade and an arrow where there is more. @param {CanvasRenderingContext2D} c @param {number} x
   * @param {1 | -1} inwards */
  paintEdge(c, x, inwards) {
    const px = this.canvas.width / Math.max(this.canvas.clientWidth, 1);
    const ink = this.dark ? "0, 0, 0" : "40, 50, 60";
    const shade = c.createLinearGradient(x, 0, x + inwards * EDGE_CSS_PX * px, 0);
    shade.addColorStop(0, `rgba(${ink}, ${this.dark ? 0.8 : 0.3})`);
    shade.addColorStop(1, `rgba(${ink}, 0)`);
    c.fillStyle = shade;
    c.fillRect(x, 0, inwards * EDGE_CSS_PX * px, this.canvas.height);
    c.beginPath();
    for (const [dx, dy] of [
      [10, -6],
      [4, 0],
      [10, 6],
    ])
      c.lineTo(x + inwards * dx * px, this.canvas.height / 2 + dy * px);
    c.strokeStyle = this.dark ? "#e3e8ec" : "#14202b";
    c.lineWidth = 2 * px;
    c.stroke();
  }

  /* ---- moving ---- */

  clamp() {
    if (!this.list) return;
    const wide = this.canvas.clientWidth / this.scale;
    const tall = (this.list.height * this.baseScale) / this.scale;
    this.x = Math.min(Math.max(this.x, 0), Math.max(0, this.list.width - wide));
    this.y = Math.min(Math.max(this.y, 0), Math.max(0, this.list.height - tall));
  }

  /** @param {number} dx CSS pixels @param {number} dy */
  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.clamp();
    this.redraw();
  }

  /** Zoom so that what is under a place stays there. @param {number} factor @param {number} x
   * @param {number} y CSS pixels from the canvas's corner */
  zoomAt(factor, x, y) {
    const [mmX, mmY] = [this.x + x / this.scale, this.y + y / this.scale];
    this.zoom = Math.min(Math.max(this.zoom * factor, this.minZoom), MAX_ZOOM);
    this.x = mmX - x / this.scale;
    this.y = mmY - y / this.scale;
    this.clamp();
    this.canvas.classList.toggle("zoomed", this.zoom > 1);
    this.redraw();
    this.events.zoom(this.zoom, this.minZoom);
  }

  /** @param {number} factor */
  zoomBy(factor) {
    this.zoomAt(factor, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
  }

  reset() {
    this.zoom = 1;
    this.x = this.y = 0;
    this.zoomBy(1);
  }

  /* ---- calipers ---- */

  /** @param {boolean} on */
  useCalipers(on) {
    this.calipers = on ? newCalipers(this) : null;
    if (!on) this.others = [];
    this.canvas.classList.toggle("measuring", on);
    this.release();
    this.measured();
  }

  /** @param {boolean} on */
  marchOut(on) {
    if (this.calipers) this.calipers.march = on;
    this.redraw();
  }

  measured() {
    this.redraw();
    this.events.caliper(this.calipers?.text ?? "");
  }

  /* ---- hands ---- */

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    canvas.addEventListener("pointerup", (event) => {
      this.pointers.delete(event.pointerId);
      this.release();
    });
    canvas.addEventListener("pointercancel", (event) => {
      this.pointers.delete(event.pointerId);
      this.giveUp();
    });
    canvas.addEventListener("touchstart", (event) => this.touched(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.events.enlarge(this.leadAt(this.mm(this.at(event)))));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && this.key(event)) event.preventDefault();
    });
    const size = new ResizeObserver(() => this.refit());
    size.observe(canvas.parentElement ?? canvas);
    this.closing.signal.addEventListener("abort", () => size.disconnect());
    this.watchRatio();
  }

  refit() {
    this.fit();
    this.redraw();
    this.events.resized();
  }

  /** Name of the lead whose strip is at a place, "" where none is. @param {{x: number, y: number}} mm */
  leadAt({ x, y }) {
    const found = this.list?.strips.find((s) => x >= s.x && x <= s.x + s.width && y >= s.top && y <= s.top + s.height);
    return found && this.page ? this.page.record.leads[found.lead].name : "";
  }

  /** Of what is in sight; where calipers are, theirs. */
  leadInMiddle() {
    const { calipers, canvas, page } = this;
    if (calipers && page) return page.record.leads[calipers.place.lead].name;
    const middle = this.mm({ x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 });
    return this.leadAt(middle) || (page?.record.leads[this.list?.strips[0]?.lead ?? 0]?.name ?? "");
  }

  /** A window that comes to another screen has other pixels, and may be as large as before. */
  watchRatio() {
    const { signal } = this.closing;
    if (signal.aborted) return;
    const changed = () => {
      this.refit();
      this.watchRatio();
    };
    matchMedia(`(resolution: ${globalThis.devicePixelRatio || 1}dppx)`).addEventListener("change", changed, {
      once: true,
      signal,
    });
  }

  /** @param {{clientX: number, clientY: number}} event */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {{x: number, y: number}} css */
  mm({ x, y }) {
    return { x: this.x + x / this.scale, y: this.y + y / this.scale };
  }

  /** @param {PointerEvent} event */
  down(event) {
    const at = this.at(event);
    this.pointers.set(event.pointerId, at);
    this.canvas.setPointerCapture(event.pointerId);
    if (this.pointers.size > 1) this.giveUp();
    else if (this.calipers) {
      this.pressed = at;
      this.kept = this.calipers.keep();
    }
  }

  /** Measuring is over for this gesture. */
  release() {
    this.dragging = -1;
    this.pressed = this.kept = null;
  }

  /** It was no measuring after all. */
  giveUp() {
    if (this.calipers && this.kept) {
      this.calipers.restore(this.kept);
      this.measured();
    }
    this.release();
  }

  /** Up and down, a finger scrolls the page, unless it holds a leg. @param {TouchEvent} event */
  touched(event) {
    if (!this.calipers || event.touches.length > 1) return;
    const { x, y } = this.mm(this.at(event.touches[0]));
    if (this.calipers.near(x, y, REACH_CSS_PX / this.scale) >= 0) event.preventDefault();
  }

  /** @param {{x: number, y: number}} at  CSS pixels @param {boolean} touch @param {boolean} free  it holds on to nothing */
  drag(at, touch, free) {
    const calipers = /** @type {Calipers} */ (this.calipers);
    const from = this.pressed;
    if (!from || (this.dragging < 0 && Math.hypot(at.x - from.x, at.y - from.y) < TAP_CSS_PX)) return;
    if (this.dragging < 0) {
      const { x, y } = this.mm(from);
      const upright = touch && this.zoom <= 1 && Math.abs(at.y - from.y) > Math.abs(at.x - from.x);
      if (upright && calipers.near(x, y, REACH_CSS_PX / this.scale) < 0) return this.release();
      this.dragging = calipers.take(x, y, REACH_CSS_PX / this.scale);
    }
    const { x, y } = this.mm(at);
    const landmarks = free ? null : (this.events.landmarks?.() ?? null);
    const reach = Math.min(HOLD_CSS_PX / this.scale / calipers.page.speed, HOLD_S);
    calipers.moveTo(x, y, landmarks && { landmarks, reach });
    this.measured();
  }

  /** @param {PointerEvent} event */
  moved(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const at = this.at(event);
    this.pointers.set(event.pointerId, at);
    const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId);
    if (other) this.pinch(before, at, other[1]);
    else if (this.calipers) this.drag(at, event.pointerType === "touch", event.shiftKey);
    else this.pan(at.x - before.x, event.pointerType === "touch" && this.zoom <= 1 ? 0 : at.y - before.y);
  }

  /** @param {{x: number, y: number}} before @param {{x: number, y: number}} now
   * @param {{x: number, y: number}} other */
  pinch(before, now, other) {
    const span = (/** @type {{x: number, y: number}} */ p) => Math.hypot(p.x - other.x, p.y - other.y);
    const factor = span(now) / Math.max(span(before), 1);
    this.zoomAt(factor, (now.x + other.x) / 2, (now.y + other.y) / 2);
    this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  /** A plain wheel scrolls the page, as everywhere; with Ctrl (which a trackpad's pinch sends too)
   * it zooms. @param {WheelEvent} event */
  wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      const { x, y } = this.at(event);
      this.zoomAt(Math.exp(-event.deltaY / 300), x, y);
    } else if (this.beyond.some(Boolean) && (event.shiftKey || event.deltaX)) {
      this.pan(-(event.deltaX || event.deltaY), 0);
    } else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was used */
  key(event) {
    const { key, shiftKey } = event;
    if (key === "+" || key === "=") this.zoomBy(1.25);
    else if (key === "-") this.zoomBy(0.8);
    else if (key === "0") this.reset();
    else if (key === "Escape" && this.calipers) return this.events.key("c");
    else if (key === "Enter" && !this.calipers) this.events.enlarge(this.leadInMiddle());
    else if (this.calipers && this.measureKey(key, shiftKey)) this.measured();
    else if (!this.calipers && this.panKey(key)) return true;
    else return false;
    return true;
  }

  /** @param {string} key @param {boolean} shift */
  measureKey(key, shift) {
    const calipers = /** @type {Calipers} */ (this.calipers);
    const step = shift ? 10 : 1;
    if (key === "ArrowLeft") calipers.step(-step);
    else if (key === "ArrowRight") calipers.step(step);
    else if (key === "ArrowUp") calipers.lift(step);
    else if (key === "ArrowDown") calipers.lift(-step);
    else if (key === " " || key === "Enter") calipers.switchLeg();
    else if (key === "," || key === ".") this.hop(key === "." ? 1 : -1);
    else if (key === "PageUp") calipers.switchStrip(-1);
    else if (key === "PageDown") calipers.switchStrip(1);
    else return false;
    return true;
  }

  /** The leg in hand to the next of what was measured. @param {1 | -1} way */
  hop(way) {
    const landmarks = this.events.landmarks?.();
    if (landmarks) this.calipers?.hop(landmarks, way);
  }

  /** Arrow keys that would move nothing are left to the browser. @param {string} key */
  panKey(key) {
    const [x, y] = [this.x, this.y];
    if (key === "ArrowLeft") this.pan(PAN_CSS_PX, 0);
    else if (key === "ArrowRight") this.pan(-PAN_CSS_PX, 0);
    else if (key === "ArrowUp") this.pan(0, PAN_CSS_PX);
    else if (key === "ArrowDown") this.pan(0, -PAN_CSS_PX);
    return x !== this.x || y !== this.y;
  }
}

/**
 * What is drawn over a case's ECG: the learner's marks, afterwards the author's, and the learner's calipers beside the
 * reference. Places are times of leads, so they are where the trace has them at any zoom.
 */

import { EcgView } from "../drawing/view.js";

/**
 * @typedef {import("./cases_state.js").Span} Span
 * @typedef {"own" | "key" | "reference" | "target"} Kind
 * @typedef {Span & {kind: Kind, label: string, mv?: [number, number] | null}} Shape  lead: "*" is all of them; a reference and
 *   "own" with mv are calipers: two lines
 */

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

/** CSS px */
const LABEL_PX = 12;
const DASH = [6, 4];
/** Below, a drag was a tap. */
const LEAST_S = 0.02;

/** @type {Record<Kind, {light: string, dark: string, dash: number[], fill: number}>} */
const INKS = {
  own: { light: "#1b5a94", dark: "#8cbdeb", dash: DASH, fill: 0.1 },
  key: { light: "#6b2fa8", dark: "#cfa8f5", dash: DASH, fill: 0 },
  reference: { light: "#6b2fa8", dark: "#cfa8f5", dash: [], fill: 0.08 },
  target: { light: "#2b7a3d", dark: "#7fd497", dash: DASH, fill: 0.05 },
};

/** What is of all leads is drawn on the lowest row alone: on each it would cover the ECG. @template {{y: number}} B
 * @param {Shape} shape @param {B[]} boxes @returns {B[]} */
function lowest({ lead }, boxes) {
  const most = Math.max(...boxes.map(({ y }) => y));
  return lead === "*" ? boxes.filter(({ y }) => y === most) : boxes;
}

/** @param {Box} a @param {Box} b */
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** The page's view of an ECG, with shapes over it, and hands that mark. */
export class CaseView extends EcgView {
  /** @param {HTMLCanvasElement} canvas @param {import("../drawing/view.js").ViewEvents} events */
  constructor(canvas, events) {
    super(canvas, events);
    /** @type {Shape[]} */
    this.shapes = [];
    /** While a mark is to be drawn: what it ends with. @type {((span: Span) => void) | null} */
    this.marking = null;
    /** @type {{strip: number, from: number, to: number} | null} */
    this.stretch = null;
    /** Where words stand over the ECG, in device pixels. @type {Box[]} */
    this.labels = [];
  }

  /** @param {Shape[]} shapes */
  setShapes(shapes) {
    this.shapes = shapes;
    this.redraw();
  }

  /** @param {((span: Span) => void) | null} done */
  markWith(done) {
    this.marking = done;
    this.stretch = null;
    this.canvas.classList.toggle("measuring", Boolean(done) || this.calipers !== null);
    this.redraw();
  }

  draw() {
    this.labels = [];
    super.draw();
    const c = this.canvas.getContext("2d", { alpha: false });
    if (!c || !this.list || !this.page) return;
    for (const shape of this.shapes) this.paintShape(c, shape);
    const { stretch } = this;
    if (stretch) this.paintBox(c, this.boxOf(stretch.strip, stretch.from, stretch.to), "own", "");
  }

  /* ---- shapes ---- */

  /** Where a shape is, a box for each strip that it is on, in CSS px of the canvas. @param {Shape | Span} shape
   * @returns {{x: number, y: number, width: number, height: number, whole: boolean, strip: number}[]} whole: none of it is
   *   cut off by the strip's ends */
  boxesOf({ lead, from, to }) {
    const { page, list } = this;
    if (!page || !list) return [];
    return list.strips.flatMap((strip, i) => {
      const name = page.record.leads[strip.lead].name;
      const [start, end] = [page.start + strip.from, page.start + strip.from + strip.seconds];
      if ((lead !== "*" && lead !== "" && name !== lead) || from > end || to < start) return [];
      const box = this.boxOf(i, Math.max(from, start), Math.min(to, end));
      return [{ ...box, whole: from >= start && to <= end, strip: i }];
    });
  }

  /** Of a drawing that is wider or higher than its place, the part where a shape is: its middle, or its beginning where it
   * is wider itself. @param {Span} shape */
  bringIn(shape) {
    const box = this.boxesOf(shape).find(({ whole }) => whole);
    if (!box) return;
    const { canvas, scale } = this;
    const paper = canvas.parentElement ?? canvas;
    const [width, height] = [canvas.clientWidth, Math.min(paper.clientHeight, canvas.clientHeight)];
    const [right, bottom] = [box.x + box.width, box.y + box.height];
    if (box.x < 0 || right > width) this.x += (box.width > width ? box.x : (box.x + right - width) / 2) / scale;
    if (box.y < 0 || bottom > canvas.clientHeight) this.y += (box.y + bottom - height) / 2 / scale;
    this.clamp();
    this.redraw();
    const { y } = this.boxesOf(shape).find(({ whole }) => whole) ?? box;
    if (y < paper.scrollTop || y + box.height > paper.scrollTop + paper.clientHeight)
      paper.scrollTop = y + box.height / 2 - paper.clientHeight / 2;
  }

  /** @param {number} i  strip @param {number} from  s @param {number} to  s */
  boxOf(i, from, to) {
    const { page, list, scale } = this;
    const strip = /** @type {import("../core/core.js").DisplayList} */ (list).strips[i];
    const { start, speed } = /** @type {import("../drawing/drawing.js").Page} */ (page);
    const x = (/** @type {number} */ t) => (strip.x + (t - start - strip.from) * speed - this.x) * scale;
    const [left, right] = [x(Math.min(from, to)), x(Math.max(from, to))];
    return { x: left, y: (strip.top - this.y) * scale, width: right - left, height: strip.height * scale };
  }

  /** @param {CanvasRenderingContext2D} c @param {Shape} shape */
  paintShape(c, shape) {
    const boxes = this.boxesOf(shape);
    // Calipers are on one strip: the one that has all of them.
    const some =
      shape.mv !== undefined ? [boxes.find(({ whole }) => whole) ?? boxes[0]].filter(Boolean) : lowest(shape, boxes);
    for (const [i, box] of some.entries()) {
      const label = i && shape.lead === "*" ? "" : shape.label;
      if (shape.mv === undefined) this.paintBox(c, box, shape.kind, label);
      else this.paintLegs(c, box, shape);
    }
  }

  /** @param {CanvasRenderingContext2D} c */
  pen(c, /** @type {Kind} */ kind) {
    const px = this.canvas.width / Math.max(this.canvas.clientWidth, 1);
    const ink = INKS[kind][this.dark ? "dark" : "light"];
    c.strokeStyle = c.fillStyle = ink;
    c.lineWidth = 1.5 * px;
    c.setLineDash(INKS[kind].dash.map((length) => length * px));
    return px;
  }

  /** @param {CanvasRenderingContext2D} c @param {{x: number, y: number, width: number, height: number}} box
   * @param {Kind} kind @param {string} label */
  paintBox(c, box, kind, label) {
    const px = this.pen(c, kind);
    const [x, y, width, height] = [box.x, box.y, Math.max(box.width, 2), box.height].map((v) => v * px);
    c.globalAlpha = INKS[kind].fill;
    c.fillRect(x, y, width, height);
    c.globalAlpha = 1;
    c.strokeRect(x, y + px, width, height - 2 * px);
    c.setLineDash([]);
    if (label) this.paintLabel(c, label, x + 3 * px, y + (LABEL_PX + 3) * px, px);
  }

  /** Two lines, and what lies between them; of a height that is the reference its two levels alone. @param {CanvasRenderingContext2D} c
   * @param {{x: number, y: number, width: number, height: number, strip: number}} box @param {Shape} shape */
  paintLegs(c, box, shape) {
    const px = this.pen(c, shape.kind);
    c.setLineDash(shape.kind === "own" ? DASH.map((length) => length * px) : []);
    const low = shape.kind === "reference" ? 0.15 : 0; // so that both are seen where they agree
    const [top, bottom] = [box.y + low * box.height, box.y + (1 - low) * box.height].map((v) => v * px);
    if (shape.mv && shape.kind === "reference") {
      this.paintHeights(c, box, shape.mv, px);
      return this.paintLabel(c, shape.label, (box.x + box.width + 10) * px, this.levelOf(box, shape.mv[1]) * px, px);
    }
    c.beginPath();
    for (const x of [box.x, box.x + box.width]) {
      c.moveTo(x * px, top);
      c.lineTo(x * px, bottom);
    }
    const across = shape.kind === "reference" ? bottom : top + px;
    c.moveTo(box.x * px, across);
    c.lineTo((box.x + box.width) * px, across);
    c.stroke();
    if (shape.mv) this.paintHeights(c, box, shape.mv, px);
    c.setLineDash([]);
    const y = shape.kind === "reference" ? bottom - 4 * px : top + (LABEL_PX + 3) * px;
    this.paintLabel(c, shape.label, box.x * px + 3 * px, y, px);
  }

  /** @param {CanvasRenderingContext2D} c @param {{x: number, width: number, strip: number}} box
   * @param {[number, number]} mv @param {number} px */
  paintHeights(c, box, mv, px) {
    c.beginPath();
    for (const value of mv) {
      const y = this.levelOf(box, value) * px;
      c.moveTo((box.x - 8) * px, y);
      c.lineTo((box.x + box.width + 8) * px, y);
    }
    c.stroke();
  }

  /** CSS px from the top. @param {{strip: number}} box @param {number} mv */
  levelOf({ strip: i }, mv) {
    const strip = this.list?.strips[i];
    return strip ? (strip.y - strip.sign * mv * strip.gain - this.y) * this.scale : NaN;
  }

  /** Below what stands there already, where places of several lie on each other.
   * @param {CanvasRenderingContext2D} c @param {string} label @param {number} x @param {number} y @param {number} px */
  paintLabel(c, label, x, y, px) {
    c.font = `600 ${LABEL_PX * px}px system-ui, sans-serif`;
    c.textAlign = "left";
    const ink = c.fillStyle;
    const { width } = c.measureText(label);
    const left = Math.max(2 * px, Math.min(x, c.canvas.width - width - 4 * px));
    const height = (LABEL_PX + 3) * px;
    const box = { left: left - 2 * px, right: left + width + 2 * px, top: y - LABEL_PX * px, bottom: y + 3 * px };
    const above = () => this.labels.find((other) => meet(other, box));
    for (let other = above(); other; other = above())
      Object.assign(box, { top: other.bottom, bottom: other.bottom + height });
    this.labels.push(box);
    c.globalAlpha = 0.85;
    c.fillStyle = this.inks.paper;
    c.fillRect(box.left, box.top, box.right - box.left, height);
    c.globalAlpha = 1;
    c.fillStyle = ink;
    c.fillText(label, left, box.bottom - 3 * px);
  }

  /* ---- hands that mark ---- */

  /** @param {PointerEvent} event */
  down(event) {
    if (!this.marking || this.pointers.size) return super.down(event);
    const at = this.at(event);
    const place = this.timeAt(at);
    if (!place) return super.down(event);
    this.pointers.set(event.pointerId, at);
    this.canvas.setPointerCapture(event.pointerId);
    this.stretch = { strip: place.strip, from: place.s, to: place.s };
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (!this.stretch || !this.pointers.has(event.pointerId)) return super.moved(event);
    const at = this.at(event);
    this.pointers.set(event.pointerId, at);
    this.stretch.to = this.timeIn(this.stretch.strip, this.mm(at).x);
    this.redraw();
  }

  /** The pointer left the drawing. */
  release() {
    const { stretch, marking, page, list } = this;
    this.stretch = null;
    super.release();
    if (!stretch || !marking || !page || !list) return;
    const [from, to] = [stretch.from, stretch.to].sort((a, b) => a - b);
    if (to - from >= LEAST_S) marking({ lead: page.record.leads[list.strips[stretch.strip].lead].name, from, to });
    this.redraw();
  }

  giveUp() {
    this.stretch = null;
    super.giveUp();
  }

  /** A finger that marks does not scroll. @param {TouchEvent} event */
  touched(event) {
    if (!this.marking || event.touches.length > 1) return super.touched(event);
    if (this.timeAt(this.at(event.touches[0]))) event.preventDefault();
  }

  /** @param {{x: number, y: number}} css */
  timeAt(css) {
    const { x, y } = this.mm(css);
    const strip =
      this.list?.strips.findIndex((s) => x >= s.x && x <= s.x + s.width && y >= s.top && y <= s.top + s.height) ?? -1;
    return strip < 0 ? null : { strip, s: this.timeIn(strip, x) };
  }

  /** @param {number} i  strip @param {number} x  mm @returns {number} s of the record */
  timeIn(i, x) {
    const strip = /** @type {import("../core/core.js").DisplayList} */ (this.list).strips[i];
    const { start, speed } = /** @type {import("../drawing/drawing.js").Page} */ (this.page);
    const t = strip.from + (x - strip.x) / speed;
    return start + Math.min(Math.max(t, strip.from), strip.from + strip.seconds);
  }
}

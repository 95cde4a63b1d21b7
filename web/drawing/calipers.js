/**
 * Calipers: two legs on one lead, each at a time and a voltage. What they say is in milliseconds,
 * beats a minute and millivolt; march-out repeats the interval along the strip.
 */

import { decimals } from "../words/language.js";
import { measureText } from "./presets.js";

/**
 * @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {import("./drawing.js").Page} Page
 * @typedef {{t: number, mv: number}} Leg  t: seconds from the page's start
 * @typedef {import("./presets.js").Kind} Kind
 * @typedef {import("./landmarks.js").Landmarks} Landmarks
 * @typedef {{legs: [Leg, Leg], strip: number, active: number, kind: Kind, count: number, fresh: boolean}} Kept
 */

const FINE_MV = 0.01;

/** The first of the longest strips. @param {DisplayList} list */
function rhythmOf({ strips }) {
  const most = Math.max(...strips.map((strip) => strip.seconds));
  return strips.findIndex((strip) => strip.seconds === most);
}

export class Calipers {
  /** @param {Page} page @param {DisplayList} list */
  constructor(page, list) {
    this.page = page;
    this.list = list;
    this.strip = rhythmOf(list);
    this.march = false;
    this.active = 1;
    /** What they measure. @type {Kind} */
    this.kind = "";
    /** RR intervals between the legs, of that kind. */
    this.count = 1;
    /** The recording's mean RR interval, ms. @type {number | null} */
    this.rr = null;
    /** Nobody has moved them. */
    this.fresh = true;
    /** From the pointer to the leg that it drags, mm. */
    this.grip = { x: 0, y: 0 };
    const { from, seconds } = this.place;
    /** @type {[Leg, Leg]} */
    this.legs = [this.onTrace(from + seconds * 0.25), this.onTrace(from + seconds * 0.5)];
  }

  get place() {
    return this.list.strips[this.strip];
  }

  /** @returns {Kept} */
  keep() {
    const [a, b] = this.legs;
    const { strip, active, kind, count, fresh } = this;
    return { legs: [{ ...a }, { ...b }], strip, active, kind, count, fresh };
  }

  /** @param {Kept} kept */
  restore(kept) {
    Object.assign(this, kept);
  }

  /** The same calipers on a page that was laid out anew: on the same lead, in the strip that has most
   * of what they measured. Voltages stay where they were put as long as the trace is the same.
   * @param {Page} page @param {DisplayList} list */
  move(page, list) {
    const before = this.page;
    const { name } = before.record.leads[this.place.lead];
    const { sign } = this.place;
    const held = (/** @type {import("../core/core.js").Strip} */ s) =>
      this.legs.filter(({ t }) => t >= s.from && t <= s.from + s.seconds).length;
    let best = -1;
    for (const [i, s] of list.strips.entries())
      if (page.record.leads[s.lead].name === name && (best < 0 || held(s) > held(list.strips[best]))) best = i;
    const same =
      best >= 0 &&
      before.mv === page.mv &&
      before.start === page.start &&
      list.strips[best].sign === sign &&
      held(list.strips[best]) === 2;
    this.page = page;
    this.list = list;
    this.strip = best >= 0 ? best : rhythmOf(list);
    if (!same) this.bringInside();
  }

  /** Both legs in the strip, as far from each other as it has room for, and on its trace. */
  bringInside() {
    const { from, seconds } = this.place;
    const width = Math.min(Math.max(this.legs[1].t - this.legs[0].t, -seconds), seconds);
    const least = from - Math.min(width, 0);
    const first = Math.min(Math.max(this.legs[0].t, least), from + seconds - Math.max(width, 0));
    this.legs = [this.onTrace(first), this.onTrace(first + width)];
  }

  /** The lead's voltage at a time. @param {number} t @returns {Leg} */
  onTrace(t) {
    const { record, mv, start } = this.page;
    const place = this.place;
    const inside = Math.min(Math.max(t, place.from), place.from + place.seconds);
    const sample = Math.min(Math.round((start + inside) * record.rate), mv[place.lead].length - 1);
    const value = mv[place.lead][sample];
    return { t: sample / record.rate - start, mv: Number.isFinite(value) ? place.sign * value : 0 };
  }

  /** A pointer begins to drag: the leg that is near to it, or a new pair in the strip under it.
   * @param {number} x mm @param {number} y mm @param {number} reach mm @returns {number} which */
  take(x, y, reach) {
    const near = this.near(x, y, reach);
    if (near === 0 || near === 1) {
      const leg = this.legs[near];
      this.grip = { x: this.xOf(leg) - x, y: this.place.y - leg.mv * this.place.gain - y };
      this.active = near;
    } else {
      this.strip = this.stripAt(x, y);
      this.grip = { x: 0, y: 0 };
      this.legs = [this.legAt(x, y), this.legAt(x, y)];
      this.active = 1;
      this.kind = "";
    }
    this.fresh = false;
    return this.active;
  }

  /** The leg that was taken follows the pointer. @param {number} x mm @param {number} y mm
   * @param {{landmarks: Landmarks, reach: number} | null} [snap]  what it holds on to, and from how far, s */
  moveTo(x, y, snap = null) {
    const leg = this.legAt(x + this.grip.x, y + this.grip.y);
    this.legs[this.active] = snap ? this.held(leg, snap) : leg;
  }

  /** @param {Leg} leg @param {{landmarks: Landmarks, reach: number}} snap @returns {Leg} */
  held({ t, mv }, { landmarks, reach }) {
    const { from, seconds } = this.place;
    const near = landmarks.nearest(t + this.page.start, reach) - this.page.start;
    return { t: Math.min(Math.max(near, from), from + seconds), mv };
  }

  /** The active leg to the next landmark. @param {Landmarks} landmarks @param {1 | -1} way */
  hop(landmarks, way) {
    const { start, record } = this.page;
    const { from, seconds } = this.place;
    const at = landmarks.next(this.legs[this.active].t + start, way, 0.75 / record.rate);
    if (at === null || at - start < from || at - start > from + seconds) return;
    this.legs[this.active] = this.onTrace(at - start);
    this.fresh = false;
  }

  /** @param {Kind} kind @param {number} from  s of the recording @param {number} to @param {number} [count] */
  set(kind, from, to, count = 1) {
    const { start } = this.page;
    this.legs = [this.onTrace(from - start), this.onTrace(to - start)];
    Object.assign(this, { kind, count, active: 1 });
  }

  /** A place on the sheet as a leg of the strip. @param {number} x mm @param {number} y mm @returns {Leg} */
  legAt(x, y) {
    const place = this.place;
    const t = place.from + (x - place.x) / this.page.speed;
    const inside = Math.min(Math.max(t, place.from), place.from + place.seconds);
    return { t: inside, mv: (place.y - y) / place.gain };
  }

  /** @param {number} x @param {number} y */
  stripAt(x, y) {
    const found = this.list.strips.findIndex(
      (s) => x >= s.x && x <= s.x + s.width && y >= s.top && y <= s.top + s.height,
    );
    return found >= 0 ? found : this.strip;
  }

  /** The leg nearest to a place, when it is near enough to be taken hold of; else -1.
   * @param {number} x mm @param {number} y mm @param {number} reach mm */
  near(x, y, reach) {
    if (this.stripAt(x, y) !== this.strip) return -1;
    const away = this.legs.map((leg) => Math.abs(this.xOf(leg) - x));
    const best = away[0] <= away[1] ? 0 : 1;
    return away[best] <= reach ? best : -1;
  }

  /** @param {Leg} leg @returns {number} mm */
  xOf(leg) {
    return this.place.x + (leg.t - this.place.from) * this.page.speed;
  }

  /** On a lead, at two times of the recording, s. @param {string} lead @param {number} from @param {number} to */
  put(lead, from, to) {
    const { record, start } = this.page;
    const inside = (/** @type {import("../core/core.js").Strip} */ s) =>
      from - start >= s.from && to - start <= s.from + s.seconds;
    const ofLead = this.list.strips.map((s, i) => ({ s, i })).filter(({ s }) => record.leads[s.lead].name === lead);
    const best = ofLead.find(({ s }) => inside(s)) ?? ofLead[0];
    if (best) this.strip = best.i;
    this.legs = [this.onTrace(from - start), this.onTrace(to - start)];
    this.fresh = false;
  }

  /** All that restore() of an address needs: lead:from~to@mV~mV:kind:count. */
  get address() {
    const { record, start } = this.page;
    const times = this.legs.map(({ t }) => (t + start).toFixed(4)).join("~");
    const volts = this.legs.map(({ mv }) => mv.toFixed(4)).join("~");
    return `${record.leads[this.place.lead].name}:${times}@${volts}:${this.kind}:${this.count}`;
  }

  /** @param {string} address @returns {boolean} whether it was one */
  follow(address) {
    const found = /^(.*):(-?[\d.]+)~(-?[\d.]+)(?:@(-?[\d.]+)~(-?[\d.]+))?(?::(rr|pr|qrs|qt|st|):(\d+))?$/.exec(address);
    if (!found) return false;
    const [, lead, from, to, low, high, kind = "", count = "1"] = found;
    this.put(lead, Number(from), Number(to));
    Object.assign(this, { kind, count: Number(count) || 1 });
    if (low === undefined) return true;
    const { start } = this.page;
    this.legs = [
      { t: Number(from) - start, mv: Number(low) },
      { t: Number(to) - start, mv: Number(high) },
    ];
    return true;
  }

  /** One sample a step, on the trace. @param {number} samples */
  step(samples) {
    const leg = this.legs[this.active];
    this.legs[this.active] = this.onTrace(leg.t + samples / this.page.record.rate);
    this.fresh = false;
  }

  /** @param {number} steps */
  lift(steps) {
    this.legs[this.active].mv += steps * FINE_MV;
    this.fresh = false;
  }

  switchLeg() {
    this.active = 1 - this.active;
  }

  /** @param {number} by */
  switchStrip(by) {
    const count = this.list.strips.length;
    this.strip = (this.strip + by + count) % count;
    this.bringInside();
  }

  get label() {
    const { lead, sign } = this.place;
    return `${sign < 0 ? "−" : ""}${this.page.record.leads[lead].name}`;
  }

  get milliseconds() {
    return Math.abs(this.legs[1].t - this.legs[0].t) * 1000;
  }

  /** @returns {import("./presets.js").Measure} */
  get measure() {
    const { kind, count, rr, milliseconds: ms } = this;
    return { kind, ms, mv: this.legs[1].mv - this.legs[0].mv, count, rr };
  }

  /** Where in the recording, s. */
  get whenText() {
    const [a, b] = this.legs.map(({ t }) => t + this.page.start).sort((x, y) => x - y);
    return `${decimals(a, 2)}–${decimals(b, 2)} s`;
  }

  /** In words. */
  get text() {
    return `${this.label}: ${measureText(this.measure)}`;
  }

  /** Times of all lines: the two legs, and where march-out repeats them. @returns {number[]} */
  lines() {
    const [a, b] = this.legs.map((leg) => leg.t).sort((x, y) => x - y);
    if (!this.march || b - a < 0.02) return [a, b];
    const { from, seconds } = this.place;
    const out = [];
    for (let k = -Math.floor((a - from) / (b - a)); a + k * (b - a) <= from + seconds; k++) out.push(a + k * (b - a));
    return out;
  }

  /**
   * @param {CanvasRenderingContext2D} c @param {import("./paint.js").Place} at
   * @param {{mark: string, paper: string}} inks @param {{name?: string, faint?: boolean}} [how]  name: its number among
   *   several; faint: it is not the one in hand
   */
  paint(c, at, inks, { name = "", faint = false } = {}) {
    const place = this.place;
    const top = at.y + place.top * at.scale;
    const height = place.height * at.scale;
    const x = (/** @type {number} */ t) => Math.round(at.x + this.xOf({ t, mv: 0 }) * at.scale) + 0.5;
    const y = (/** @type {number} */ mv) => at.y + (place.y - mv * place.gain) * at.scale;
    c.strokeStyle = c.fillStyle = inks.mark;
    c.lineWidth = Math.max(1, (faint ? 0.12 : 0.2) * at.scale);
    c.beginPath();
    for (const t of this.lines()) {
      c.moveTo(x(t), top);
      c.lineTo(x(t), top + height);
    }
    c.stroke();
    const [a, b] = this.legs;
    c.globalAlpha = faint ? 0.06 : 0.12;
    c.fillRect(x(a.t), top, x(b.t) - x(a.t), height);
    c.globalAlpha = 1;
    for (const [i, leg] of this.legs.entries()) {
      c.beginPath();
      c.arc(x(leg.t), y(leg.mv), (i === this.active && !faint ? 1.3 : 0.9) * at.scale, 0, 7);
      c.fill();
    }
    if (faint) return this.paintText(c, at, x(Math.max(a.t, b.t)), [-Infinity, top + height], inks, name);
    const said = this.text.replace(/^[^:]*: /, "");
    this.paintText(c, at, (x(a.t) + x(b.t)) / 2, [top, top + height], inks, `${name} ${said}`.trim());
  }

  /** Above the strip's band, so that it covers neither its name nor its waves; where there is no room,
   * at its lower end. @param {CanvasRenderingContext2D} c @param {import("./paint.js").Place} at
   * @param {number} x @param {[number, number]} band @param {{mark: string, paper: string}} inks @param {string} text */
  paintText(c, at, x, [top, bottom], inks, text) {
    const size = Math.max(11 * (globalThis.devicePixelRatio || 1), 3 * at.scale);
    const y = top - size * 1.3 > 0 ? top - size * 0.35 : Math.min(bottom, c.canvas.height) - size * 0.35;
    c.font = `600 ${size}px system-ui, sans-serif`;
    const whole = c.measureText(text).width <= c.canvas.width - 8;
    const said = whole ? text : text.split(" · ")[0]; // the rest is in the line of numbers
    const width = c.measureText(said).width;
    const left = Math.min(Math.max(x - width / 2, 4), c.canvas.width - width - 4);
    c.globalAlpha = 0.88;
    c.fillStyle = inks.paper;
    c.fillRect(left - 4, y - size, width + 8, size * 1.3);
    c.globalAlpha = 1;
    c.fillStyle = inks.mark;
    c.fillText(said, left, y);
  }
}

/**
 * Calipers: two legs on one lead, each at a time and a voltage. What they say is in milliseconds,
 * beats a minute and millivolt; march-out repeats the interval along the strip.
 */

/**
 * @typedef {import("./core.js").DisplayList} DisplayList
 * @typedef {import("./drawing.js").Page} Page
 * @typedef {{t: number, mv: number}} Leg  t: seconds from the page's start
 */

const FINE_MV = 0.01;

export class Calipers {
  /** @param {Page} page @param {DisplayList} list */
  constructor(page, list) {
    this.page = page;
    this.list = list;
    this.strip = 0;
    this.march = false;
    this.active = 1;
    const { from, seconds } = this.place;
    /** @type {[Leg, Leg]} */
    this.legs = [this.onTrace(from + seconds * 0.25), this.onTrace(from + seconds * 0.5)];
  }

  get place() {
    return this.list.strips[this.strip];
  }

  /** The same calipers on a page that was laid out anew. @param {Page} page @param {DisplayList} list */
  move(page, list) {
    const { lead } = this.place;
    const at = this.legs[0].t;
    const fits = list.strips.findIndex(
      (s) => s.lead === lead && at >= s.from && at <= s.from + s.seconds,
    );
    this.page = page;
    this.list = list;
    this.strip = Math.max(0, fits);
  }

  /** The lead's voltage at a time. @param {number} t @returns {Leg} */
  onTrace(t) {
    const { record, mv, start } = this.page;
    const place = this.place;
    const inside = Math.min(Math.max(t, place.from), place.from + place.seconds);
    const sample = Math.round((start + inside) * record.rate);
    const value = mv[place.lead][sample];
    return { t: sample / record.rate - start, mv: Number.isFinite(value) ? place.sign * value : 0 };
  }

  /** Where on the sheet a pointer is, as a leg of the strip under it. @param {number} x mm
   * @param {number} y mm @param {boolean} choose  the strip may change @returns {Leg} */
  legAt(x, y, choose) {
    if (choose) this.strip = this.stripAt(x, y);
    const place = this.place;
    const t = place.from + (x - place.x) / this.page.speed;
    const inside = Math.min(Math.max(t, place.from), place.from + place.seconds);
    return { t: inside, mv: (place.y - y) / this.page.gain };
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

  /** One sample a step, on the trace. @param {number} samples */
  step(samples) {
    const leg = this.legs[this.active];
    this.legs[this.active] = this.onTrace(leg.t + samples / this.page.record.rate);
  }

  /** @param {number} steps */
  lift(steps) {
    this.legs[this.active].mv += steps * FINE_MV;
  }

  switchLeg() {
    this.active = 1 - this.active;
  }

  /** @param {number} by */
  switchStrip(by) {
    const count = this.list.strips.length;
    this.strip = (this.strip + by + count) % count;
    const { from, seconds } = this.place;
    const width = Math.min(Math.abs(this.legs[1].t - this.legs[0].t), seconds);
    const first = Math.min(Math.max(this.legs[0].t, from), from + seconds - width);
    this.legs = [this.onTrace(first), this.onTrace(first + width)];
  }

  get label() {
    const { lead, sign } = this.place;
    return `${sign < 0 ? "−" : ""}${this.page.record.leads[lead].name}`;
  }

  get milliseconds() {
    return Math.abs(this.legs[1].t - this.legs[0].t) * 1000;
  }

  /** In words. */
  get text() {
    const ms = this.milliseconds;
    const rate = ms > 0 ? ` · ${(60000 / ms).toFixed(0)} bpm` : "";
    const mv = this.legs[1].mv - this.legs[0].mv;
    return `${this.label}: ${ms.toFixed(0)} ms${rate} · ${mv < 0 ? "−" : ""}${Math.abs(mv).toFixed(2)} mV`;
  }

  /** Times of all lines: the two legs, and where march-out repeats them. @returns {number[]} */
  lines() {
    const [a, b] = this.legs.map((leg) => leg.t).sort((x, y) => x - y);
    if (!this.march || b - a < 0.02) return [a, b];
    const { from, seconds } = this.place;
    const out = [];
    for (let k = -Math.floor((a - from) / (b - a)); a + k * (b - a) <= from + seconds; k++)
      out.push(a + k * (b - a));
    return out;
  }

  /**
   * @param {CanvasRenderingContext2D} c @param {import("./paint.js").Place} at
   * @param {{mark: string, paper: string}} inks
   */
  paint(c, at, inks) {
    const place = this.place;
    const top = at.y + place.top * at.scale;
    const height = place.height * at.scale;
    const x = (/** @type {number} */ t) => Math.round(at.x + this.xOf({ t, mv: 0 }) * at.scale) + 0.5;
    const y = (/** @type {number} */ mv) => at.y + (place.y - mv * this.page.gain) * at.scale;
    c.strokeStyle = c.fillStyle = inks.mark;
    c.lineWidth = Math.max(1, 0.2 * at.scale);
    c.beginPath();
    for (const t of this.lines()) {
      c.moveTo(x(t), top);
      c.lineTo(x(t), top + height);
    }
    c.stroke();
    const [a, b] = this.legs;
    c.globalAlpha = 0.12;
    c.fillRect(x(a.t), top, x(b.t) - x(a.t), height);
    c.globalAlpha = 1;
    for (const [i, leg] of this.legs.entries()) {
      c.beginPath();
      c.arc(x(leg.t), y(leg.mv), (i === this.active ? 1.3 : 0.9) * at.scale, 0, 7);
      c.fill();
    }
    this.paintText(c, at, (x(a.t) + x(b.t)) / 2, top + 3.5 * at.scale, inks);
  }

  /** @param {CanvasRenderingContext2D} c @param {import("./paint.js").Place} at @param {number} x
   * @param {number} y @param {{mark: string, paper: string}} inks */
  paintText(c, at, x, y, inks) {
    const size = Math.max(11 * (globalThis.devicePixelRatio || 1), 3 * at.scale);
    c.font = `600 ${size}px system-ui, sans-serif`;
    const text = this.text.replace(/^[^:]*: /, "");
    const width = c.measureText(text).width;
    const left = Math.min(Math.max(x - width / 2, 4), c.canvas.width - width - 4);
    c.globalAlpha = 0.88;
    c.fillStyle = inks.paper;
    c.fillRect(left - 4, y - size, width + 8, size * 1.3);
    c.globalAlpha = 1;
    c.fillStyle = inks.mark;
    c.fillText(text, left, y);
  }
}

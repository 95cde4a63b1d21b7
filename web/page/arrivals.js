/**
 * When the panel's cards are shown. What stands in them comes after the recording, each at its time, and nothing that is
 * being read may be pushed down by it: below the first card all wait until findings and measurements are there. Where
 * that takes long they are shown, with room kept for both (element.css).
 */

/** So long a card that could be shown waits for those above it, ms. */
const PATIENCE_MS = 1000;

export class Arrivals {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {import("../panels/records.js").Row | null} whose cards wait */
    this.row = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  get waiting() {
    return this.row !== null;
  }

  /** A recording is open, and nothing is known of it. Who is to read first has nothing to wait for.
   * @param {import("../panels/records.js").Row} row */
  hold(row) {
    clearTimeout(this.timer);
    this.row = this.host.hiding ? null : row;
    const { classList } = this.host.$("panel-cards");
    classList.toggle("held", this.row !== null);
    classList.remove("late");
    this.host.$("coming").hidden = !this.row;
    if (this.row) this.timer = setTimeout(() => classList.add("late"), PATIENCE_MS);
  }

  /** Its analysis has ended, well or not. @param {import("../panels/records.js").Row} row */
  async settled(row) {
    if (this.row !== row) return;
    this.host.$("coming").hidden = true;
    await this.host.measurements?.done?.catch(() => {});
    if (this.row !== row) return;
    clearTimeout(this.timer);
    this.row = null;
    this.host.$("panel-cards").classList.remove("held"); // room that was kept stays
    this.host.answers.showReading();
  }
}

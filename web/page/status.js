/** The status line: what goes on, what went wrong, and what can be done about it. */

import { CancelledError } from "../workers/client.js";
import { setWords, deferred } from "../words/language.js";
import { errorWords } from "../words/messages.js";

const UNDO_MS = 10000;
const OFFERS = ["accept", "again"];

export class Status {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** How many were told. What ends later than one, but began before it, does not take its place. */
    this.problems = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {(() => Promise<unknown>) | null} */
    this.undoing = null;
  }

  listen() {
    this.host.on("cancel", "click", () => this.cancel());
    this.host.on("undo", "click", () => this.undo());
  }

  /** @param {import("../words/language.js").Words} words
   * @param {{cancel?: boolean, problem?: boolean, since?: number}} [options]  since: problems when the work began whose
   *   end this is */
  say(words, { cancel = false, problem = false, since = this.problems } = {}) {
    const { host } = this;
    if (since !== this.problems) return;
    if (problem) this.problems++;
    setWords(host.$("status-text"), words);
    host.$("progress-text").textContent = "";
    host.$("status").classList.toggle("problem", problem);
    const focus = host.root.activeElement?.id ?? "";
    host.$("cancel").hidden = !cancel;
    for (const id of OFFERS) host.$(id).hidden = true;
    // What had the focus may be hidden now: it goes to what it was about.
    if (["cancel", ...OFFERS].includes(focus) && host.$(focus).hidden)
      (cancel ? host.$("cancel") : host.$("ecg")).focus({ preventScroll: true });
  }

  /** @param {unknown} error */
  report(error) {
    const { host } = this;
    if (!host.$("status")) return;
    const offered = OFFERS.filter((id) => !host.$(id).hidden);
    if (error instanceof CancelledError) {
      if (!host.coming && !host.leaving?.signal.aborted) this.say(deferred("status.cancelled"));
    } else this.say(errorWords(error), { problem: true });
    for (const id of offered) host.$(id).hidden = false;
  }

  /** Not read out: it changes too often. @param {number} part @param {string} text */
  progress(part, text) {
    this.host.$("loading").hidden = part >= 1;
    this.host.$("loading").value = part;
    this.host.$("progress-text").textContent = text;
  }

  cancel() {
    this.host.live.cancel();
    this.host.live.modelReady.catch((error) => this.report(error));
  }

  /** For some seconds. @param {() => Promise<unknown>} work */
  offerUndo(work) {
    clearTimeout(this.timer);
    this.undoing = work;
    this.host.$("undo").hidden = false;
    this.timer = setTimeout(() => this.endUndo(), UNDO_MS);
  }

  endUndo() {
    clearTimeout(this.timer);
    this.undoing = null;
    const button = this.host.$("undo");
    if (button) button.hidden = true;
  }

  /** @returns {Promise<unknown> | false} false: there is nothing to undo */
  undo() {
    const work = this.undoing;
    this.endUndo();
    return work ? work() : false;
  }
}

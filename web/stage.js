/**
 * What stands around the drawing, and how much room it takes: the opening area that shrinks to a bar,
 * the drawing's tools behind a button on narrow screens, the drawing that stays in sight of the list.
 */

import { samples } from "./opening.js";
import { make } from "./findings.js";

/** A drawing taller than this part of the window would leave no room for the list below it. */
const STICKY_PART = 0.6;
const NARROW = "(max-width: 52rem)";

export class Stage {
  /** @param {import("./element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {import("./core.js").EcgRecord | null} brought into sight last */
    this.seen = null;
    /** @type {import("./opening.js").Sample[]} */
    this.samples = [];
    host.$("folder-box").hidden = !("webkitdirectory" in host.$("folder"));
    this.disclose("open-more", "drop");
    this.disclose("view-open", "tools");
    host.on("wide", "click", () => host.$("stage").classList.toggle("wide", host.toggle("wide")));
    this.listSamples().catch((error) => console.warn("No list of samples:", error));
    new ResizeObserver(() => this.hold()).observe(host.$("paper"));
  }

  /** A button that shows what is folded away. @param {string} button @param {string} box */
  disclose(button, box) {
    this.host.on(button, "click", ({ currentTarget }) => {
      const open = this.host.$(box).classList.toggle("unfolded");
      currentTarget.setAttribute("aria-expanded", String(open));
    });
  }

  /** The opening area is a bar from now on. */
  shrink() {
    const { host } = this;
    host.$("drop").classList.add("small");
    host.$("drop").classList.remove("unfolded");
    host.$("open-more").setAttribute("aria-expanded", "false");
    host.toggleAttribute("opened", true);
  }

  /** On a narrow screen a recording that somebody opened comes to the top, once. */
  bringUp() {
    const { host } = this;
    if (this.seen === host.record) return;
    this.seen = host.record;
    // An element in somebody's page moves that page only after a hand was laid on it.
    const byHand = navigator.userActivation?.hasBeenActive ?? true;
    if (!byHand || host.hasAttribute("embed") || !matchMedia(NARROW).matches) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    host.$("result").scrollIntoView({ behavior: still ? "instant" : "smooth", block: "start" });
  }

  /** The drawing stays in sight of the list below it where both have room. */
  hold() {
    const paper = this.host.$("paper");
    paper.classList.toggle("held", paper.offsetHeight <= STICKY_PART * window.innerHeight);
  }

  /* ---- samples ---- */

  async listSamples() {
    this.samples = await samples();
    this.showSamples();
  }

  /** Without what they show while it is still to be read. */
  showSamples() {
    const { host } = this;
    const caption = (/** @type {string} */ annotation, /** @type {number} */ i) => (host.readFirst ? `Sample ${i + 1}` : annotation);
    const chosen = host.$("sample-list").value;
    host.$("sample-list").replaceChildren(...this.samples.map(({ record, annotation }, i) =>
      new Option(caption(annotation, i), record, false, record === chosen)));
    host.$("sample-cards").replaceChildren(...this.samples.map(({ record, annotation }, i) => {
      const card = make("button", { type: "button", className: "sample-card" }, make("strong", { textContent: caption(annotation, i) }),
        make("small", { textContent: host.readFirst ? "of PTB-XL" : `annotated in PTB-XL (${Number.parseInt(record, 10)})` }));
      card.dataset.record = record;
      card.addEventListener("click", () => host.guarded(() => host.openSample(record)));
      return make("li", {}, card);
    }));
  }
}

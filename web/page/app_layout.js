/** What stands around the drawing: the start page, the drawing's tools and the panel, which are folded where there is little room. */

import { samples } from "../files/opening.js";
import { make } from "../base/dom.js";
import { phrase, phraseOf, setPhrase } from "../words/language.js";

/** What a sample is, as its data set has it. @param {string} annotation */
export const annotationWords = (annotation) => phraseOf("annotation.", annotation);

/** CSS px of the element: narrower, a recording that was opened comes to the top of somebody's page. */
const NARROW = 832;

export class AppLayout {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {import("../core/core.js").EcgRecord | null} brought into sight last */
    this.seen = null;
    /** @type {import("../files/opening.js").Sample[]} */
    this.samples = [];
    host.$("folder-box").hidden = !("webkitdirectory" in host.$("folder"));
    this.disclose("view-open", "tools");
    host.on("wide", "click", () => this.togglePanel());
    host.on("network-open", "click", () => this.showCard("network"));
    /** Fulfilled once the samples are known. */
    this.listed = this.listSamples().catch((error) => console.warn("No list of samples:", error));
  }

  /** A button that shows what is folded away. @param {string} button @param {string} box */
  disclose(button, box) {
    this.host.on(button, "click", ({ currentTarget }) => {
      const open = this.host.$(box).classList.toggle("unfolded");
      currentTarget.setAttribute("aria-expanded", String(open));
      if (open) this.unfoldPanel(false); // both would be over the drawing
    });
  }

  /** @param {string} button @param {string} box */
  fold(button, box) {
    this.host.$(box).classList.remove("unfolded");
    this.host.$(button).setAttribute("aria-expanded", "false");
  }

  /** The start page, or the recording. */
  arrange() {
    const { host } = this;
    const open = host.record !== null;
    host.$("start").hidden = open || host.locked;
    host.toggleAttribute("opened", open);
    for (const id of ["present", "title", "save-menu"]) host.$(id).hidden = !open;
  }

  /** The panel beside the drawing, or as a sheet over its lower half. */
  togglePanel() {
    const { host } = this;
    if (host.$("panel-peek").offsetParent) return this.unfoldPanel();
    const hidden = host.toggle("wide");
    host.$("stage").classList.toggle("wide", hidden);
    setPhrase(host.$("wide"), hidden ? "panel.show" : "panel.hide");
  }

  /** @param {boolean} [open] */
  unfoldPanel(open) {
    const { host } = this;
    const now = host.$("panel").classList.toggle("unfolded", open);
    if (now) this.fold("view-open", "tools");
    host.$("panel-peek").setAttribute("aria-expanded", String(now));
    host.answers.showPeek();
  }

  /** Brings a card of the panel into sight, wherever the panel is. @param {string} id */
  showCard(id) {
    const { host } = this;
    host.menus?.close();
    if (host.$("stage").classList.contains("wide")) this.togglePanel();
    if (host.$("panel-peek").offsetParent) this.unfoldPanel(true);
    const card = host.$(id);
    if (card instanceof HTMLDetailsElement) card.open = true;
    card.scrollIntoView({ block: "nearest" });
    (card.querySelector("summary") ?? card).focus({ preventScroll: true });
  }

  /** On a narrow screen a recording that somebody opened comes to the top, once. */
  bringUp() {
    const { host } = this;
    if (this.seen === host.record) return;
    this.seen = host.record;
    // An element in somebody's page moves that page only after a hand was laid on it.
    const byHand = navigator.userActivation?.hasBeenActive ?? true;
    if (!byHand || host.hasAttribute("embed") || host.hasAttribute("fill") || host.clientWidth > NARROW) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    host.$("result").scrollIntoView({ behavior: still ? "instant" : "smooth", block: "start" });
  }

  /** What was opened by hand has the focus, where the focus would be lost else. */
  takeFocus() {
    const { host } = this;
    const at = host.root.activeElement;
    const nowhere = at ? !(/** @type {HTMLElement} */ (at).offsetParent) : document.activeElement === document.body;
    const byHand = navigator.userActivation?.hasBeenActive ?? true;
    if (byHand && host.hasAttribute("fill") && nowhere && !host.tableView?.open)
      this.focusDrawing(at?.matches(":focus-visible") ?? false);
  }

  /** Who opened it with a mouse or a finger sees the ECG without a frame, until a key is pressed. @param {boolean} byKey */
  focusDrawing(byKey) {
    const ecg = this.host.$("ecg");
    ecg.classList.toggle("quiet", !byKey);
    ecg.focus({ preventScroll: true });
    for (const type of ["keydown", "blur"])
      ecg.addEventListener(type, () => ecg.classList.remove("quiet"), { once: true, capture: true });
  }

  /* ---- samples ---- */

  async listSamples() {
    this.samples = await samples();
    this.showSamples();
  }

  /** Without what they show while it is still to be read. */
  showSamples() {
    const { host } = this;
    const caption = (/** @type {string} */ annotation, /** @type {number} */ i) =>
      host.readFirst ? phrase("sample.number", { number: i + 1 }) : annotationWords(annotation);
    const chosen = host.$("sample-list").value;
    host
      .$("sample-list")
      .replaceChildren(
        ...this.samples.map(
          ({ record, annotation }, i) => new Option(caption(annotation, i), record, false, record === chosen),
        ),
      );
    host.$("sample-cards").replaceChildren(
      ...this.samples.map(({ record, annotation }, i) => {
        const card = make(
          "button",
          { type: "button", className: "sample-card" },
          make("strong", { textContent: caption(annotation, i) }),
          make("small", {
            textContent: host.readFirst
              ? phrase("sample.source")
              : phrase("sample.annotated", { number: Number.parseInt(record, 10) }),
          }),
        );
        card.dataset.record = record;
        card.addEventListener("click", () => host.guarded(() => host.openSample(record)));
        return make("li", {}, card);
      }),
    );
  }
}

/** The median beat with its marks, twelve leads at 50 mm/s, over the page: the drawing that `xplaim plot beat` makes. */

import { BeatMarks } from "./beat_marks.js";
import { PICTURE_DPI, SCREEN_PIXEL_MM } from "../drawing/drawing.js";
import { inLanguage } from "../drawing/drawn_words.js";
import { save, saveText, svgElement } from "../base/exports.js";
import { make } from "../base/dom.js";
import { inEnglish, setPhrase, SpokenError } from "../words/language.js";

export class MedianBeat {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    this.marks = new BeatMarks(host, () => this.showDrawing());
    host.on("beat-open", "click", () => this.open());
    host.on("beat-png", "click", async () => save(this.fileName("png"), await host.live.picture(await this.draw())));
    host.on("beat-svg", "click", async () => {
      const pictures = await host.live.printer;
      saveText(this.fileName("svg"), pictures.svg(await this.draw(), this.title), "image/svg+xml");
    });
    host.on("beat-dialog", "close", () => host.$("beat-drawing").replaceChildren());
    host.on("beat-dialog", "keydown", (event) => {
      if (event.key !== "a" || event.ctrlKey || event.metaKey || event.altKey || !host.$("shortcuts").checked) return;
      event.preventDefault(); // else the key opens it again
      this.close();
    });
  }

  /** Of the open recording, where it may be shown. */
  get beat() {
    return this.host.measurements?.shown?.beat ?? null;
  }

  get title() {
    return inEnglish(() => this.host.page()?.title ?? "");
  }

  /** @param {string} kind */
  fileName(kind) {
    return this.host.saving.fileName(`beat.${kind}`);
  }

  /** As things stand: what may not be shown any more goes. */
  show() {
    this.host.$("beat-open").disabled = !this.beat;
    if (!this.beat) this.close();
    this.host.compare?.show();
  }

  async open() {
    const { host, beat } = this;
    if (!beat || host.$("beat-dialog").open) return;
    if (await this.showDrawing()) host.$("beat-dialog").showModal();
  }

  /** As it is, with its marks in the reader's hands. @returns {Promise<boolean>} whether it is there still */
  async showDrawing() {
    const { host, beat } = this;
    const list = await this.draw({ pixel: SCREEN_PIXEL_MM, dark: host.drawing.dark, bare: true });
    const pictures = await host.live.printer;
    if (this.beat !== beat) return false; // another recording is open by now, or it was changed again
    const svg = svgElement(pictures, inLanguage(list), this.title);
    svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
    for (const side of ["width", "height"]) svg.removeAttribute(side);
    setPhrase(host.$("beat-count"), "count.beat", { n: beat?.beats });
    const holder = host.$("beat-drawing");
    holder.style.setProperty("--ratio", String(list.width / list.height));
    const [sheet] = holder.children;
    if (sheet) sheet.firstElementChild?.replaceWith(svg);
    else holder.append(make("div", { className: "beat-sheet" }, /** @type {any} */ (svg)));
    this.marks.mount(holder.firstElementChild, list);
    return true;
  }

  close() {
    this.host.$("beat-dialog").close();
  }

  /** @param {{pixel?: number, dark?: boolean, bare?: boolean}} [how]  bare: without the words that stand around it on the
   * screen, so that it is larger */
  async draw({ pixel = 25.4 / PICTURE_DPI, dark = false, bare = false } = {}) {
    const { host, beat } = this;
    const page = inEnglish(() => host.page()); // as it is saved; on the screen its words are put into the language
    if (!page || !beat) throw new SpokenError("beat.none");
    const { mv, ...asked } = beat;
    const words = bare ? { title: "", numbers: "", bare } : { title: page.title, numbers: page.marked.numbers };
    const request = { ...words, pixel, dark, beat: asked };
    return host.live.draw(page.record, request, mv);
  }
}

/** Which language the element speaks, and saying everything again in another one. */

import { changes, English, fill, languageNow, pickLanguage, setWords, speak } from "../words/language.js";

export class Speech {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
  }

  /** The element's, the document's, the browser's. */
  get wanted() {
    const { host } = this;
    const around = host.closest("[lang]")?.getAttribute("lang");
    return pickLanguage([around, ...navigator.languages]);
  }

  /** Before there is anything to be read. Without the words of a language it is English. */
  async begin() {
    await null; // the page around may still say which
    await speak(this.wanted).catch((error) => console.warn("No words of this language:", error));
  }

  /** Another language was asked for. */
  async choose() {
    const { host } = this;
    try {
      await speak(this.wanted);
    } finally {
      host.$("language").value = languageNow(); // also where its words cannot be had
    }
  }

  listen() {
    const { host } = this;
    host.on("language", "change", ({ target }) => (host.lang = target.value));
    changes.addEventListener("change", () => this.retell(), { signal: host.leaving?.signal });
    // The core's sentences on what is read.
    for (const line of host.root.querySelectorAll("[data-format]"))
      setWords(/** @type {HTMLElement} */ (line), new English(line.textContent ?? ""));
    this.tell();
  }

  /** What the structure says. */
  tell() {
    const { host } = this;
    fill(host.root);
    host.$("app").lang = languageNow();
    host.$("language").value = languageNow();
  }

  /** All of it in another language; what is open, written and chosen stays. */
  retell() {
    const { host } = this;
    this.tell();
    host.readings?.offer();
    host.list.retell();
    host.batches?.show();
    host.appLayout?.showSamples();
    host.models.showModel();
    host.mapping?.retell();
    if (host.record) host.showRecord();
    host.showAnalysis();
    host.opener.countRows();
    host.dispatchEvent(new CustomEvent("language", { detail: languageNow(), bubbles: true, composed: true }));
  }
}

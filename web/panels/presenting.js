/** Presentation: the ECG over the whole screen, its rate and one finding; keys of a clicker step through the records. */

import { numberNodes } from "../drawing/numbers.js";
import { shownText, titleOf } from "../words/finding_words.js";
import { phrase } from "../words/language.js";
import { valueOf } from "../core/report.js";

/** Seen from the last row. */
const WEIGHT = 1.6;

export class Presenting {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    this.on = false;
    /** The answer is covered, the ECG stays. */
    this.blank = false;
    /** @type {string} where the map was before */
    this.mapBefore = "";
    host.on("present", "click", () => this.begin());
    host.on("presenting-next", "click", () => host.list.step(1));
    host.on("presenting-end", "click", () => this.end());
    host.addEventListener("keydown", (event) => this.key(event), { capture: true });
    document.addEventListener("fullscreenchange", () => document.fullscreenElement || this.end(), {
      signal: host.leaving?.signal,
    });
  }

  begin() {
    const { host } = this;
    if (this.on || !host.record) return;
    this.on = true;
    this.blank = false;
    host.menus?.close();
    host.tableView?.hide();
    this.mapBefore = host.$("map-style").value;
    if (this.mapBefore) host.$("map-style").value = "behind";
    host.drawing.weight = WEIGHT;
    host.$("app").classList.add("presenting");
    host.requestFullscreen?.().catch(() => {}); // the same in the window
    this.show();
    host.draw();
    host.$("ecg").focus({ preventScroll: true });
  }

  end() {
    const { host } = this;
    if (!this.on) return;
    this.on = false;
    host.$("map-style").value = this.mapBefore;
    host.drawing.weight = 1;
    host.$("app").classList.remove("presenting");
    host.$("presenting").hidden = true;
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    host.draw();
    host.$("ecg").focus({ preventScroll: true });
  }

  /** As things stand. */
  show() {
    const { host } = this;
    host.$("presenting").hidden = !this.on;
    if (!this.on) return;
    const brief = host.hiding ? null : (host.row?.brief ?? null);
    host.$("presenting-numbers").replaceChildren(...(brief ? numberNodes(brief) : []));
    const covered = this.blank || host.hiding;
    host.$("presenting-finding").textContent = covered ? "" : this.finding;
    const says = covered ? "" : host.answers.sampleText;
    host.$("presenting-says").textContent = says;
    // A class, since :has() with :empty has the browser judge all styles anew at each change of any text.
    host.$("presenting").classList.toggle("says", says !== "");
    host.$("presenting-next").disabled = host.list.neighbour(1) === null;
  }

  get finding() {
    const { analysis, chosen, label } = this.host;
    if (!analysis) return "";
    if (!chosen) return phrase("findings.none");
    const { threshold } = analysis.model.labels[label];
    const { outputs } = analysis.model;
    const limit =
      threshold === null ? "" : ` (${phrase("findings.threshold", { value: shownText(threshold, outputs) })})`;
    return `${titleOf(analysis.model.labels[label])} ${shownText(valueOf(analysis.report.labels[label]), outputs)}${limit}`;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { host } = this;
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey || host.root.querySelector("dialog[open]")) return;
    const { key } = event;
    if (key === "Escape") this.end();
    else if (key === "ArrowRight" || key === "PageDown") host.list.step(1);
    else if (key === "ArrowLeft" || key === "PageUp") host.list.step(-1);
    else if (key === "ArrowDown") host.answers.nextFinding();
    else if (key === ".") {
      this.blank = !this.blank;
      this.show();
      host.draw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

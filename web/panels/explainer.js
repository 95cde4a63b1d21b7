/** Which method explains, and the making of evidence by lead: one at a time, told and stopped. */

import { Attributions, METHODS, showAttribution } from "./attribution.js";
import { make } from "../base/dom.js";
import { showEvidence } from "./findings.js";
import { phrase, setPhrase, deferred } from "../words/language.js";
import { windowsOf } from "../core/report.js";

/** @typedef {import("../core/core.js").Method} Method */

export class Explainer {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    this.kept = new Attributions();
    /** @type {{modelWorker: import("../workers/model_worker.js").ModelWorker} | null} */
    this.running = null;
    host.on("method", "change", () => {
      host.showWindow();
      return this.run();
    });
  }

  /** @returns {Method | null}  null: Grad-CAM */
  get method() {
    const value = this.host.$("method").value;
    return METHODS.includes(value) ? value : null;
  }

  /** What is wanted now, and the evidence where it is there. */
  get wanted() {
    const { method, host } = this;
    const { analysis, window, label } = host;
    if (!method || !analysis) return null;
    return { method, analysis, window, label, evidence: this.kept.find(analysis, method, window, label) };
  }

  stop() {
    const { running } = this;
    this.running = null;
    running?.modelWorker.cancel();
  }

  /** Make the evidence that the chosen method, label and window need, where it is not there yet. */
  async run() {
    const { host, wanted } = this;
    const row = host.row;
    host.$("layer").disabled = this.method !== null;
    this.stop();
    if (!wanted || wanted.evidence || !row?.group || host.hiding) return;
    const { method, analysis, window, label } = wanted;
    const turn = { modelWorker: host.live.modelWorker };
    this.running = turn;
    host.say(deferred(`method.${method}.computing`), { cancel: true });
    try {
      const evidence = await turn.modelWorker.attribute(
        row.group,
        host.options,
        { method, window, label },
        (done, total) => {
          if (this.running === turn)
            host.status.progress(
              done / total,
              phrase("method.progress", { method: phrase(`method.${method}`), done, total }),
            );
        },
      );
      this.kept.keep(analysis, method, window, label, evidence);
      if (this.running === turn) host.say(deferred(`method.${method}.done`));
    } catch (error) {
      if (this.running !== turn) return;
      host.$("method").value = "";
      host.$("layer").disabled = false;
      throw error;
    } finally {
      if (this.running === turn) {
        this.running = null;
        host.$("loading").hidden = true;
        host.showWindow();
      }
    }
  }

  /** In words. @param {import("../workers/model_worker.js").Analysed} analysis */
  showWords(analysis) {
    const { host, wanted } = this;
    const { model } = analysis;
    const { record, label, window } = host;
    if (!wanted) showEvidence(host.$("evidence"), model, analysis, label, window);
    else if (wanted.evidence && record)
      showAttribution(
        host.$("evidence"),
        wanted.method,
        wanted.evidence,
        record,
        model.labels[label],
        label,
        windowsOf(analysis.report)[window].start_s,
      );
    else host.$("evidence").replaceChildren(setPhrase(make("p"), `method.${wanted.method}.computing`));
  }
}

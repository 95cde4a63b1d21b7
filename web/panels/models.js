/** The models of the page: the first one, one of the reader's own in its place, a second one beside it. */

import { asset, fetchBytes } from "../files/assets.js";
import { showCard } from "./card.js";
import { CancelledError } from "../workers/client.js";
import { titleOf } from "../words/finding_words.js";
import { showLayers, showMeaning, showPoints } from "./findings.js";
import { phrase, setPhrase, SpokenError, deferred } from "../words/language.js";
import { sameSite } from "../files/opening.js";
import { errorWords } from "../words/messages.js";

export class Models {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
  }

  listen() {
    const { host } = this;
    /** @param {HTMLInputElement} input */
    const taken = (input) => {
      const [file] = input.files ?? [];
      input.value = "";
      return file;
    };
    host.on("model-picker", "change", ({ target }) => this.pickModel(taken(target)));
    host.on("second-picker", "change", ({ target }) => this.addModel(taken(target)));
    host.on("model-default", "click", () => this.usePageModel());
    host.on("second-remove", "click", () => this.removeSecond());
    host.on("layer", "change", ({ target }) => this.useLayer(target.value));
    host.on("point", "change", ({ target }) => this.usePoint(target.value));
  }

  /** @param {string} layer */
  async useLayer(layer) {
    const { host } = this;
    host.explainer?.stop();
    host.say(deferred("network.preparing"), { cancel: true });
    try {
      await host.live.modelWorker.useLayer(layer);
    } finally {
      this.showModel(); // also where it could not be had: the one before is chosen then
    }
    await host.analyse(host.options);
  }

  /** What was found in other recordings was judged by other thresholds. @param {import("../core/core.js").OperatingPoint} point */
  async usePoint(point) {
    const { host } = this;
    host.explainer?.stop();
    try {
      await host.live.modelWorker.usePoint(point);
    } finally {
      this.showModel();
    }
    const { batches } = host;
    if (batches) host.guarded(() => batches.again());
    if (host.row) await host.analyse(host.options);
  }

  /** After what draws a recording: without that it is of no use, and it is most of what a visit brings. */
  async fetchModel() {
    await this.host.live.drawable;
    const url = this.host.getAttribute("model");
    const progress = (/** @type {number} */ part) => {
      const bar = this.host.$("loading");
      if (!bar) return;
      bar.hidden = part >= 1;
      bar.value = part;
    };
    return url ? fetchBytes(sameSite(url), progress) : asset("model.safetensors", progress);
  }

  /** @param {AbortSignal} left */
  async firstModel(left) {
    const since = this.host.status.problems;
    const {
      modelWorkers: [modelWorker],
      rasteriser,
    } = this.host.live;
    try {
      const bytes = (this.host.pageModel = await this.fetchModel());
      // Cancelled, it is loaded again: what counts is that there is one in the end.
      modelWorker.useModel(bytes).catch(() => {});
    } catch (error) {
      modelWorker.firstModel(Promise.reject(error));
    }
    await modelWorker.modelReady;
    await Promise.all([rasteriser, this.host.live.reader.equip(), this.host.prepareCases()]); // later nothing is fetched
    if (left.aborted) return;
    this.host.$("loading").hidden = true;
    this.showModel();
    if (!this.host.record && !this.host.coming) this.host.say(deferred("status.ready"), { since });
  }

  /** Instead of the first one; what is open is analysed with it. @param {ArrayBuffer} bytes
   * @param {string | import("../words/language.js").DeferredPhrase} name  of its file */
  async useModel(bytes, name) {
    this.host.explainer?.stop();
    this.host.say(deferred("network.loading", { name }), { cancel: true });
    try {
      await this.host.live.modelWorkers[0].useModel(bytes);
    } catch (error) {
      throw unusable(name, error);
    }
    this.host.batches?.cancel();
    this.host.batches?.forget();
    this.showModel();
    this.host.say(deferred("network.now", { name }));
    if (this.host.row) await this.host.analyse(this.host.options);
  }

  showModel() {
    const { model, about } = this.host.live.modelWorker;
    if (!model || !about) return;
    const kernels =
      about.kernels.includes("scalar") || about.kernels.includes("plain")
        ? phrase("network.slow-kernels", { kernels: about.kernels })
        : phrase("network.kernels", { kernels: about.kernels });
    this.host.$("model-facts").textContent = phrase("network.facts", {
      name: model.name || model.architecture,
      n: model.labels.length,
      kernels,
    });
    this.host.$("untrained").hidden = model.trained;
    showMeaning(this.host.$("meaning"), model);
    setPhrase(this.host.$("order").options[0], model.outputs === "scores" ? "order.score" : "order.probability");
    const { bytes } = /** @type {import("../workers/model_worker.js").Loadable} */ (this.host.live.modelWorker.loaded);
    if (!this.host.ownLayers.has(bytes)) this.host.ownLayers.set(bytes, model.layer);
    showLayers(this.host.$("layer"), model, this.host.ownLayers.get(bytes) ?? "");
    showPoints(this.host.$("point"), model);
    this.host.$("model-default").hidden =
      !this.host.pageModel || this.host.live.modelWorkers[0].loaded?.bytes === this.host.pageModel;
    if (!this.host.locked)
      this.host.$("batch-label").replaceChildren(...model.labels.map((l) => new Option(titleOf(l), l.name)));
    this.host.label = Math.min(this.host.label, model.labels.length - 1);
    this.host.list.label = this.host.$("batch-label").value;
    this.host.$("second-remove").hidden = this.host.live.modelWorkers.length < 2;
    this.showCard();
  }

  showCard() {
    const { model } = this.host.live;
    if (!model) return;
    showCard(this.host.$("card"), this.host.$("card-whole"), model);
  }

  /** @param {File | undefined} file */
  async addModel(file) {
    if (!file) return;
    this.host.explainer?.stop();
    this.host.say(deferred("network.loading", { name: file.name }));
    try {
      await this.host.live.addModel(await file.arrayBuffer());
    } catch (error) {
      throw unusable(file.name, error);
    }
    this.showModel();
    this.host.say(deferred("network.beside", { name: file.name }));
    if (this.host.row) await this.host.analyse(this.host.options);
  }

  removeSecond() {
    this.showMapOf(0);
    this.host.live.removeSecond();
    for (const list of [this.host.analyses, this.host.problems]) list.splice(1);
    this.showModel();
    this.host.showAnalysis();
  }

  /** @param {number} which  model's map is to be seen */
  showMapOf(which) {
    const name = this.host.live.model?.labels[this.host.label]?.name;
    this.host.explainer?.stop();
    this.host.live.shown = which;
    this.host.label = Math.max(0, this.host.live.model?.labels.findIndex((l) => l.name === name) ?? 0);
    this.showModel();
    this.host.showAnalysis();
    this.host.guarded(() => this.host.explain());
  }

  /** @param {File | undefined} file */
  async pickModel(file) {
    if (!file) return;
    this.host.say(deferred("network.loading", { name: file.name }));
    await this.useModel(await file.arrayBuffer(), file.name);
  }

  async usePageModel() {
    if (this.host.pageModel) await this.useModel(this.host.pageModel, deferred("network.pages"));
  }
}

/** What is wrong with a model's file; that its loading was cancelled is no fault of it.
 * @param {string | import("../words/language.js").DeferredPhrase} name @param {unknown} error */
function unusable(name, error) {
  if (error instanceof CancelledError) return error;
  return new SpokenError("network.unusable", { name, why: errorWords(error) });
}

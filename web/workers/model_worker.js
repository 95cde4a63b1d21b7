/** One model in a worker of its own: loading, analysing, explaining, and stopping at once. */

import { CancelledError, Client } from "./client.js";
import { readGroup } from "../files/files.js";

/**
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 * @typedef {import("../core/worker.js").Model} Model
 * @typedef {import("../core/worker.js").Options} Options
 * @typedef {import("../core/core.js").About} About
 * @typedef {import("../core/core.js").OperatingPoint} OperatingPoint
 * @typedef {{bytes: ArrayBuffer, layer: string, point?: OperatingPoint}} Loadable  without a point: the model's first
 * @typedef {import("../core/worker.js").Answers["analyse"] & {model: Model}} Analysed  with what it was made by
 */

/** What is under way is waited for so long before it is stopped for something newer. */
const PATIENCE_MS = 150;

export class ModelWorker {
  /** @param {Promise<import("../core/core.js").CoreFiles>} files */
  constructor(files) {
    this.files = files;
    this.client = new Client();
    /** @type {Loadable | null} what is loaded, or being loaded */
    this.wanted = null;
    /** @type {Loadable | null} what was loaded last: to go back to */
    this.loaded = null;
    /** @type {Model | null} */
    this.model = null;
    /** @type {About | null} */
    this.about = null;
    /** @type {Promise<unknown> | null} the analysis that the worker is at */
    this.work = null;
    this.stopping = stop();
    this.ready = this.start();
    /** @type {(model: Promise<Model>) => void} */
    this.firstModel = () => {};
    /** @type {Promise<Model>} fulfilled once there is a model; a later one takes its place */
    this.loading = new Promise((resolve) => (this.firstModel = resolve));
    for (const promise of [this.loading, this.ready]) promise.catch(() => {});
  }

  async start() {
    this.about = await this.client.ask("start", { files: await this.files });
  }

  /* ---- the model ---- */

  /** Fulfilled once the model that was asked for last is there. */
  get modelReady() {
    return this.settled();
  }

  /** @returns {Promise<Model>} */
  async settled() {
    for (;;) {
      const { loading } = this;
      const outcome = await loading.then(
        (model) => ({ model }),
        (error) => ({ error }),
      );
      if (loading !== this.loading) continue; // another took its place meanwhile
      if ("error" in outcome) throw outcome.error;
      return outcome.model;
    }
  }

  /** @param {ArrayBuffer} bytes  a safetensors file @returns {Promise<Model>} */
  async useModel(bytes) {
    await this.makeWay();
    return this.load({ bytes, layer: "" });
  }

  /** @param {string} layer @returns {Promise<Model>} */
  useLayer(layer) {
    return this.change("layer", { layer });
  }

  /** @param {OperatingPoint} point @returns {Promise<Model>} */
  usePoint(point) {
    return this.change("point", { point });
  }

  /** Another setting of the model that was loaded last.
   * @template {"layer" | "point"} K
   * @param {K} kind @param {import("../core/worker.js").Requests[K]} setting @returns {Promise<Model>} */
  async change(kind, setting) {
    await this.makeWay();
    await this.modelReady;
    const loaded = /** @type {Loadable} */ (this.loaded);
    return this.load({ ...loaded, ...setting }, () => this.client.ask(kind, setting));
  }

  /** Where that fails, the one before is loaded again. @param {Loadable} wanted
   * @param {() => Promise<Model>} [ask] @returns {Promise<Model>} */
  load(wanted, ask = () => this.client.ask("model", wanted)) {
    const load = async () => {
      await this.ready;
      const model = await ask();
      Object.assign(this, { model, loaded: { ...wanted, layer: model.layer, point: model.operating_point } });
      return model;
    };
    this.wanted = wanted;
    const loading = load();
    this.firstModel(loading);
    this.loading = loading;
    loading.catch(() => {
      if (this.loading === loading && this.loaded && this.loaded !== wanted) this.load(this.loaded).catch(() => {});
    });
    return loading;
  }

  /* ---- work ---- */

  /** @param {FileGroup} group @param {Options} options @returns {Promise<Analysed>} */
  async analyse(group, options) {
    await this.makeWay();
    const { files, model } = await this.prepare(group);
    const request = { name: group.name, files, reading: group.reading, options, maps: true };
    const work = this.client.askOfFiles(
      "analyse",
      request,
      files.map((file) => file.bytes),
    );
    this.work = work;
    try {
      return { ...(await work), model };
    } finally {
      if (this.work === work) this.work = null;
    }
  }

  /** Evidence by lead of one window.
   * @param {FileGroup} group @param {Options} options
   * @param {{method: import("../core/core.js").Method, window: number, label: number}} what
   * @param {import("./client.js").OnProgress} onProgress */
  async attribute(group, options, what, onProgress) {
    const { files } = await this.prepare(group);
    const request = { name: group.name, files, reading: group.reading, options, ...what };
    return this.client.askOfFiles(
      "attribute",
      request,
      files.map((file) => file.bytes),
      onProgress,
    );
  }

  /** @param {FileGroup} group */
  async prepare(group) {
    const { stopped } = this.stopping;
    const [files, model] = await Promise.race([Promise.all([readGroup(group), this.modelReady]), stopped]);
    return { files, model };
  }

  /** An analysis that is under way and takes long is stopped: nobody waits for it any more. */
  async makeWay() {
    const { work } = this;
    if (!work) return;
    await Promise.race([work.catch(() => {}), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    if (this.work === work) this.cancel();
  }

  /** Stop whatever runs, at once. The model is loaded anew meanwhile: the last one that worked, or the
   * one that was on its way. */
  cancel() {
    this.stopping.now();
    this.stopping = stop();
    this.work = null;
    this.client.cancel();
    this.ready = this.start();
    this.ready.catch(() => {});
    const again = this.loaded ?? this.wanted;
    if (again) this.load(again).catch(() => {});
  }

  close() {
    this.client.close();
  }
}

/** What is waited for beside the worker's answers, so that it ends at once too.
 * @returns {{stopped: Promise<never>, now: () => void}} */
function stop() {
  let now = () => {};
  /** @type {Promise<never>} */
  const stopped = new Promise((_, reject) => (now = () => reject(new CancelledError())));
  stopped.catch(() => {});
  return { stopped, now };
}

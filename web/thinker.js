/** One model in a worker of its own: loading, analysing, explaining, and stopping at once. */

import { workerUrl } from "./assets.js";
import { CancelledError, Client } from "./client.js";
import { readGroup } from "./files.js";

/**
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./worker.js").Model} Model
 * @typedef {import("./core.js").About} About
 * @typedef {{acceptAmplitude?: boolean, acceptMissingLeads?: boolean}} Options
 */

export class Thinker {
  /** @param {Promise<import("./core.js").CoreFiles>} files */
  constructor(files) {
    this.files = files;
    this.client = new Client(workerUrl());
    this.layer = "";
    /** @type {ArrayBuffer | null} */
    this.modelBytes = null;
    /** @type {Model | null} */
    this.model = null;
    /** @type {About | null} */
    this.about = null;
    this.stopping = stop();
    this.ready = this.start();
    /** @type {(bytes: Promise<unknown>) => void} */
    this.firstModel = () => {};
    /** @type {Promise<unknown>} fulfilled once there is a model; a later one takes its place */
    this.modelReady = new Promise((resolve) => (this.firstModel = resolve));
    for (const promise of [this.modelReady, this.ready]) promise.catch(() => {});
  }

  async start() {
    this.about = await this.client.ask("start", { files: await this.files });
  }

  /** @param {ArrayBuffer} bytes  a safetensors file @returns {Promise<Model>} */
  useModel(bytes) {
    const load = async () => {
      await this.ready;
      const model = await this.client.ask("model", { bytes, layer: "" });
      Object.assign(this, { model, modelBytes: bytes, layer: model.layer });
      return model;
    };
    const loading = load();
    this.firstModel(loading);
    this.modelReady = loading;
    loading.catch(() => {
      // The one before is loaded again, where there is one.
      if (this.modelBytes) this.modelReady = this.restore();
    });
    return loading;
  }

  /** @param {string} layer @returns {Promise<Model>} */
  async useLayer(layer) {
    await this.modelReady;
    this.model = await this.client.ask("layer", { layer });
    this.layer = layer;
    return this.model;
  }

  /** @param {FileGroup} group @param {Options} options */
  async analyse(group, options) {
    await this.read(group);
    return this.client.ask("analyse", options);
  }

  /** Evidence by lead of one window. The analysis is made anew: the worker may be another since.
   * @param {FileGroup} group @param {Options} options
   * @param {import("./worker.js").Requests["attribute"]} request
   * @param {import("./client.js").OnProgress} onProgress */
  async attribute(group, options, request, onProgress) {
    await this.read(group);
    await this.client.ask("analyse", { ...options, maps: false });
    return this.client.ask("attribute", request, [], onProgress);
  }

  /** @param {FileGroup} group */
  async read(group) {
    const { stopped } = this.stopping;
    const [files] = await Promise.race([Promise.all([readGroup(group), this.modelReady]), stopped]);
    const transfer = files.map((file) => file.bytes);
    await this.client.ask("record", { name: group.name, files, samples: false }, transfer);
  }

  /** Stop whatever runs, at once; the model is loaded anew meanwhile. */
  cancel() {
    this.stopping.now();
    this.stopping = stop();
    this.client.cancel();
    this.ready = this.start();
    if (this.modelBytes) this.modelReady = this.restore();
    this.modelReady.catch(() => {});
  }

  async restore() {
    await this.ready;
    const bytes = /** @type {ArrayBuffer} */ (this.modelBytes);
    this.model = await this.client.ask("model", { bytes, layer: this.layer });
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

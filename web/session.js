/**
 * The page's two workers: one reads and filters records, so that an ECG is drawn whatever the other,
 * which owns the model, is busy with.
 */

import { asset, coreFiles, workerUrl } from "./assets.js";
import { Client } from "./client.js";
import { PICTURE_DPI } from "./drawing.js";
import { readGroup } from "./files.js";

/**
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./worker.js").Model} Model
 * @typedef {import("./core.js").About} About
 */

export class Session {
  constructor() {
    this.files = coreFiles();
    /** The rasteriser: small, and here before it is needed, since later nothing is fetched. */
    this.rasteriser = asset("picture.wasm");
    this.reader = new Client(workerUrl());
    this.thinker = new Client(workerUrl());
    this.layer = "";
    /** @type {ArrayBuffer | null} */
    this.modelBytes = null;
    /** @type {Model | null} */
    this.model = null;
    /** @type {About | null} */
    this.about = null;
    this.readerReady = this.startCore(this.reader);
    this.thinkerReady = this.startCore(this.thinker);
    /** @type {(bytes: Promise<unknown>) => void} */
    this.firstModel = () => {};
    /** @type {Promise<unknown>} fulfilled once there is a model; a later one takes its place */
    this.modelReady = new Promise((resolve) => (this.firstModel = resolve));
    this.modelReady.catch(() => {});
    for (const promise of [this.readerReady, this.thinkerReady, this.rasteriser]) promise.catch(() => {});
  }

  /** @param {Client} client */
  async startCore(client) {
    this.about = await client.ask("start", { files: await this.files });
  }

  /** @param {ArrayBuffer} bytes  a safetensors file @returns {Promise<Model>} */
  useModel(bytes) {
    const load = async () => {
      await this.thinkerReady;
      const model = await this.thinker.ask("model", { bytes, layer: "" });
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
    this.model = await this.thinker.ask("layer", { layer });
    this.layer = layer;
    return this.model;
  }

  /** The samples, as soon as they can be had. @param {FileGroup} group */
  async read(group) {
    const files = await readGroup(group);
    await this.readerReady;
    return this.reader.ask("record", { name: group.name, files }, files.map((file) => file.bytes));
  }

  /** What a record is, without its samples. @param {FileGroup} group */
  async readFacts(group) {
    const files = await readGroup(group);
    await this.readerReady;
    return this.reader.ask("facts", { name: group.name, files }, files.map((file) => file.bytes));
  }

  /** The leads of the record that was read last, filtered for display.
   * @param {import("./core.js").DisplayFilter} filter */
  filter(filter) {
    return this.reader.ask("filter", filter);
  }

  /** The record that was read last, as a display list.
   * @param {import("./core.js").DrawRequest} request @param {Float32Array | null} values  of the map */
  draw(request, values) {
    return this.reader.ask("draw", { request, values });
  }

  /** A drawing as a picture, its scale written into it.
   * @param {import("./core.js").DisplayList} list @returns {Promise<Blob>} */
  async picture(list) {
    const module = await this.rasteriser;
    const { png } = await this.reader.ask("picture", { module, list, dpi: PICTURE_DPI });
    return new Blob([/** @type {BlobPart} */ (png)], { type: "image/png" });
  }

  /** @param {FileGroup} group @param {{acceptAmplitude?: boolean}} options */
  async analyse(group, options) {
    const files = await readGroup(group);
    await this.modelReady;
    const transfer = files.map((file) => file.bytes);
    await this.thinker.ask("record", { name: group.name, files, samples: false }, transfer);
    return this.thinker.ask("analyse", options);
  }

  /** Stop what the model is busy with, at once; it is loaded anew meanwhile. */
  cancel() {
    this.thinker.cancel();
    this.thinkerReady = this.startCore(this.thinker);
    if (this.modelBytes) this.modelReady = this.restore();
    this.modelReady.catch(() => {});
  }

  async restore() {
    await this.thinkerReady;
    const bytes = /** @type {ArrayBuffer} */ (this.modelBytes);
    this.model = await this.thinker.ask("model", { bytes, layer: this.layer });
  }

  close() {
    this.reader.close();
    this.thinker.close();
  }
}

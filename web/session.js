/**
 * The page's workers: one reads, filters and draws records, so that an ECG is drawn whatever the
 * models are busy with; each model, and there may be two, has one of its own.
 */

import { asset, coreFiles, workerUrl } from "./assets.js";
import { Client } from "./client.js";
import { PICTURE_DPI } from "./drawing.js";
import { readGroup } from "./files.js";
import { Thinker } from "./thinker.js";

/** @typedef {import("./files.js").FileGroup} FileGroup */

export class Session {
  constructor() {
    this.files = coreFiles();
    /** The rasteriser: small, and here before it is needed, since later nothing is fetched. */
    this.rasteriser = asset("picture.wasm");
    this.reader = new Client(workerUrl());
    this.readerReady = this.startReader();
    this.thinkers = [new Thinker(this.files)];
    /** Which model's maps are shown. */
    this.shown = 0;
    for (const promise of [this.readerReady, this.rasteriser]) promise.catch(() => {});
  }

  async startReader() {
    await this.reader.ask("start", { files: await this.files });
  }

  /** The one whose maps are shown. */
  get thinker() {
    return this.thinkers[this.shown];
  }

  get model() {
    return this.thinker.model;
  }

  get modelReady() {
    return Promise.all(this.thinkers.map((thinker) => thinker.modelReady));
  }

  /** A model beside the first. @param {ArrayBuffer} bytes */
  async addModel(bytes) {
    const second = new Thinker(this.files);
    try {
      await second.useModel(bytes);
    } catch (error) {
      second.close();
      throw error;
    }
    this.removeSecond();
    this.thinkers.push(second);
  }

  removeSecond() {
    this.shown = 0;
    for (const thinker of this.thinkers.splice(1)) thinker.close();
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

  /** What every model says. @param {FileGroup} group @param {import("./thinker.js").Options} options */
  analyse(group, options) {
    return Promise.all(this.thinkers.map((thinker) => thinker.analyse(group, options)));
  }

  cancel() {
    for (const thinker of this.thinkers) thinker.cancel();
  }

  close() {
    this.reader.close();
    for (const thinker of this.thinkers) thinker.close();
  }
}

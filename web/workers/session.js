/**
 * The page's workers: one reads, filters and draws records, so that an ECG is drawn whatever the
 * models are busy with; another measures them; each model, and there may be two, has one of its own.
 */

import { asset, readersFile } from "../files/assets.js";
import { CancelledError, Client } from "./client.js";
import { startFastest, startPictures } from "../core/core.js";
import { PICTURE_DPI } from "../drawing/drawing.js";
import { readGroup } from "../files/files.js";
import { ModelWorker } from "./model_worker.js";

/**
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 * @typedef {import("../core/core.js").EcgRecord & {ticket: number}} OpenRecord  ticket: shown when it is to be
 *   drawn or filtered, for the reader may hold another by then
 */

export class Session {
  constructor() {
    this.reader = new Client();
    /** The core's modules that work here, for the workers after the first. */
    this.files = this.startReader();
    /** What draws a first recording is fetched before all else: on a slow line the rest would take its time. */
    this.drawable = Promise.allSettled([this.files, readersFile()]);
    /** The rasteriser: small, and here before it is needed, since later nothing is fetched. */
    this.rasteriser = this.drawable.then(() => asset("picture.wasm"));
    this.tickets = 0;
    this.measurer = new Client(); // before it is needed, since later nothing is fetched
    /** @type {Promise<unknown> | null} what it is at */
    this.measuring = null;
    this.modelWorkers = [new ModelWorker(this.files)];
    /** @type {ModelWorker | null} the second model's, while that is loaded */
    this.coming = null;
    /** Which model's maps are shown. */
    this.shown = 0;
    /** The same in this thread, for paper: what is printed must be there at once. */
    this.printer = this.rasteriser.then(startPictures);
    for (const promise of [this.files, this.rasteriser, this.printer]) promise.catch(() => {});
  }

  startReader() {
    return startFastest(asset, async (files) => {
      await this.reader.ask("start", { files });
      return files;
    });
  }

  /** The one whose maps are shown. */
  get modelWorker() {
    return this.modelWorkers[this.shown];
  }

  get model() {
    return this.modelWorker.model;
  }

  get modelReady() {
    return Promise.all(this.modelWorkers.map((modelWorker) => modelWorker.modelReady));
  }

  /** A model beside the first. @param {ArrayBuffer} bytes */
  async addModel(bytes) {
    this.coming?.close();
    const second = (this.coming = new ModelWorker(this.files));
    try {
      await second.useModel(bytes);
    } catch (error) {
      second.close();
      throw error;
    }
    this.coming = null;
    this.removeSecond();
    this.modelWorkers.push(second);
  }

  removeSecond() {
    this.shown = 0;
    for (const modelWorker of this.modelWorkers.splice(1)) modelWorker.close();
  }

  /** The samples, as soon as they can be had; cancelled when another is read meanwhile.
   * @param {FileGroup} group @returns {Promise<OpenRecord>} */
  async read(group) {
    const ticket = ++this.tickets;
    const files = await readGroup(group);
    await this.files;
    if (ticket !== this.tickets) throw new CancelledError();
    const request = { name: group.name, files, reading: group.reading, ticket };
    const record = await this.reader.askOfFiles(
      "record",
      request,
      files.map((file) => file.bytes),
    );
    return { ...record, ticket };
  }

  /** Which records there are among files, as far as their starts tell.
   * @param {import("../core/readers.js").ListedFile[]} files */
  async list(files) {
    await this.files;
    return this.reader.askOfFiles("list", { files });
  }

  /** What a record is, without its samples. @param {FileGroup} group */
  async readFacts(group) {
    const files = await readGroup(group);
    await this.files;
    return this.reader.askOfFiles(
      "facts",
      { name: group.name, files, reading: group.reading },
      files.map((file) => file.bytes),
    );
  }

  /** What is measured on a record. That has a worker of its own, so that neither drawing nor the network waits for a
   * long one; what is under way for another is stopped.
   * @param {FileGroup} group @returns {Promise<import("../core/readers.js").Finding>} */
  measure(group) {
    return this.measureAs("measure", group, {});
  }

  /** The same as the tool prints it. @param {FileGroup} group @param {string} as  what the record is called */
  measureTexts(group, as) {
    return this.measureAs("measureTexts", group, { as });
  }

  /** @template {"measure" | "measureTexts"} K @param {K} kind @param {FileGroup} group
   * @param {Omit<import("../core/worker.js").Requests[K], keyof import("../core/worker.js").RecordFiles>} more
   * @returns {Promise<import("../core/worker.js").Answers[K]>} */
  async measureAs(kind, group, more) {
    if (this.measuring) this.measurer.cancel();
    const files = await readGroup(group);
    const request = /** @type {any} */ ({ name: group.name, files, reading: group.reading, ...more });
    const work = this.measurer.askOfFiles(
      kind,
      request,
      files.map((file) => file.bytes),
    );
    this.measuring = work;
    try {
      return await work;
    } finally {
      if (this.measuring === work) this.measuring = null;
    }
  }

  /** In files of another format, without who it is of unless that is asked for. @param {FileGroup} group
   * @param {{to: string, as: string, identity?: boolean, stated?: boolean}} how */
  async write(group, how) {
    const files = await readGroup(group);
    return this.reader.askOfFiles(
      "write",
      { name: group.name, files, reading: group.reading, how },
      files.map((file) => file.bytes),
    );
  }

  /** The leads filtered for display; cancelled when another record is open by then.
   * @param {OpenRecord} record @param {import("../core/core.js").DisplayFilter} filter */
  filter({ ticket }, filter) {
    return this.reader.ask("filter", { ticket, filter });
  }

  /** As a display list; cancelled when another record is open by then. @param {OpenRecord} record
   * @param {import("../core/core.js").DrawRequest | import("../core/core.js").BeatRequest} request
   * @param {Float32Array | null} values  of the map, or the median beat */
  draw({ ticket }, request, values) {
    return this.reader.ask("draw", { ticket, request, values });
  }

  /** A drawing as a picture, its scale written into it.
   * @param {import("../core/core.js").DisplayList} list @returns {Promise<Blob>} */
  async picture(list) {
    const module = await this.rasteriser;
    const { png } = await this.reader.ask("picture", { module, list, dpi: PICTURE_DPI });
    return new Blob([/** @type {BlobPart} */ (png)], { type: "image/png" });
  }

  cancel() {
    for (const modelWorker of this.modelWorkers) modelWorker.cancel();
  }

  close() {
    this.reader.close();
    this.measurer.close();
    this.coming?.close();
    for (const modelWorker of this.modelWorkers) modelWorker.close();
  }
}

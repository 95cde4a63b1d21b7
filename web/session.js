/**
 * The page's workers: one reads, filters and draws records, so that an ECG is drawn whatever the
 * models are busy with; each model, and there may be two, has one of its own.
 */

import { asset, coreFiles } from "./assets.js";
import { CancelledError, Client } from "./client.js";
import { PICTURE_DPI } from "./drawing.js";
import { readGroup } from "./files.js";
import { Thinker } from "./thinker.js";

/**
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./core.js").EcgRecord & {ticket: number}} OpenRecord  ticket: shown when it is to be
 *   drawn or filtered, for the reader may hold another by then
 */

export class Session {
  constructor() {
    this.files = coreFiles();
    /** The rasteriser: small, and here before it is needed, since later nothing is fetched. */
    this.rasteriser = asset("picture.wasm");
    this.reader = new Client();
    this.readerReady = this.startReader();
    this.tickets = 0;
    this.thinkers = [new Thinker(this.files)];
    /** @type {Thinker | null} the second model's, while that is loaded */
    this.coming = null;
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
    this.coming?.close();
    const second = (this.coming = new Thinker(this.files));
    try {
      await second.useModel(bytes);
    } catch (error) {
      second.close();
      throw error;
    }
    this.coming = null;
    this.removeSecond();
    this.thinkers.push(second);
  }

  removeSecond() {
    this.shown = 0;
    for (const thinker of this.thinkers.splice(1)) thinker.close();
  }

  /** The samples, as soon as they can be had; cancelled when another is read meanwhile.
   * @param {FileGroup} group @returns {Promise<OpenRecord>} */
  async read(group) {
    const ticket = ++this.tickets;
    const files = await readGroup(group);
    await this.readerReady;
    if (ticket !== this.tickets) throw new CancelledError();
    const request = { name: group.name, files, ticket };
    const record = await this.reader.ask("record", request, files.map((file) => file.bytes));
    return { ...record, ticket };
  }

  /** What a record is, without its samples. @param {FileGroup} group */
  async readFacts(group) {
    const files = await readGroup(group);
    await this.readerReady;
    return this.reader.ask("facts", { name: group.name, files }, files.map((file) => file.bytes));
  }

  /** The leads filtered for display; cancelled when another record is open by then.
   * @param {OpenRecord} record @param {import("./core.js").DisplayFilter} filter */
  filter({ ticket }, filter) {
    return this.reader.ask("filter", { ticket, filter });
  }

  /** As a display list; cancelled when another record is open by then. @param {OpenRecord} record
   * @param {import("./core.js").DrawRequest} request @param {Float32Array | null} values  of the map */
  draw({ ticket }, request, values) {
    return this.reader.ask("draw", { ticket, request, values });
  }

  /** A drawing as a picture, its scale written into it.
   * @param {import("./core.js").DisplayList} list @returns {Promise<Blob>} */
  async picture(list) {
    const module = await this.rasteriser;
    const { png } = await this.reader.ask("picture", { module, list, dpi: PICTURE_DPI });
    return new Blob([/** @type {BlobPart} */ (png)], { type: "image/png" });
  }

  cancel() {
    for (const thinker of this.thinkers) thinker.cancel();
  }

  close() {
    this.reader.close();
    this.coming?.close();
    for (const thinker of this.thinkers) thinker.close();
  }
}

/** A batch: several workers, each with the model, take one record after another. */

import { CancelledError, Client } from "./client.js";
import { CoreError } from "../core/core.js";
import { readGroup } from "../files/files.js";
import { failureReport } from "../core/report.js";
import { messageOf } from "../words/messages.js";

/**
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 * @typedef {import("../core/report.js").Report | import("../core/report.js").Failure} Outcome
 * @typedef {import("../package/documents.js").Measured | null} Measured  null: not measurable
 * @typedef {{files: import("../core/core.js").CoreFiles, model: ArrayBuffer, layer: string,
 *   point?: import("../core/core.js").OperatingPoint, options: import("../core/worker.js").Options}} Setup
 */

/** Every worker holds the network, some 100 MB: more than four would be unkind to a laptop. */
const poolSize = () => Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2)));

export class Batch {
  /** @param {Setup} setup @param {FileGroup[]} groups
   * @param {(index: number, outcome: Outcome, measured: Measured) => void} onDone */
  constructor(setup, groups, onDone) {
    this.setup = setup;
    this.groups = groups;
    this.onDone = onDone;
    this.next = 0;
    this.cancelled = false;
    const count = Math.min(poolSize(), groups.length);
    this.clients = Array.from({ length: count }, () => new Client());
  }

  /** Ends when all records are done or cancel() was called. A worker that cannot start, as where memory
   * is short, leaves the work to the others; only when none can is that an error. */
  async run() {
    const ends = await Promise.allSettled(this.clients.map((client) => this.work(client)));
    for (const client of this.clients) client.close();
    const failed = ends.find((end) => end.status === "rejected");
    if (failed && !this.cancelled && this.next < this.groups.length) throw failed.reason;
  }

  cancel() {
    this.cancelled = true;
    for (const client of this.clients) client.close();
  }

  /** @param {Client} client */
  async work(client) {
    const { files, model: bytes, layer, point } = this.setup;
    await client.ask("start", { files });
    await client.ask("model", { bytes, layer, point });
    while (!this.cancelled && this.next < this.groups.length) {
      const index = this.next++;
      const outcome = await this.one(client, this.groups[index]);
      const measured = await this.measured(client, this.groups[index]);
      if (!this.cancelled) this.onDone(index, outcome, measured);
    }
  }

  /** @param {Client} client @param {FileGroup} group @returns {Promise<Measured>} */
  async measured(client, group) {
    try {
      const files = await readGroup(group);
      const request = { name: group.name, files, reading: group.reading };
      const { measured } = await client.askOfFiles(
        "measure",
        request,
        files.map((file) => file.bytes),
      );
      return measured;
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      return null; // its line says why it cannot be read
    }
  }

  /** @param {Client} client @param {FileGroup} group @returns {Promise<Outcome>} */
  async one(client, group) {
    try {
      const files = await readGroup(group);
      const request = { name: group.name, files, reading: group.reading, options: this.setup.options, maps: false };
      return (
        await client.askOfFiles(
          "analyse",
          request,
          files.map((file) => file.bytes),
        )
      ).report;
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      const code = /** @type {import("../core/report.js").Failure["error"]["code"]} */ (
        error instanceof CoreError ? error.code : "IO"
      );
      return failureReport(group.name, { code, text: messageOf(error) });
    }
  }
}

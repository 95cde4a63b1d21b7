/** A batch: several workers, each with the model, take one record after another. */

import { CancelledError, Client } from "./client.js";
import { CoreError } from "./core.js";
import { readGroup } from "./files.js";
import { failureReport, predictReport } from "./report.js";
import { messageOf } from "./words.js";

/**
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./worker.js").Model} Model
 * @typedef {import("./report.js").Prediction | ReturnType<typeof failureReport>} Outcome
 * @typedef {{files: import("./core.js").CoreFiles, model: ArrayBuffer, layer: string,
 *   options: import("./worker.js").Options}} Setup
 */

/** Every worker holds the network, some 100 MB: more than four would be unkind to a laptop. */
const poolSize = () => Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2)));

export class Batch {
  /** @param {Setup} setup @param {FileGroup[]} groups
   * @param {(index: number, outcome: Outcome) => void} onDone */
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
    const { files, model: bytes, layer } = this.setup;
    await client.ask("start", { files });
    const model = await client.ask("model", { bytes, layer });
    while (!this.cancelled && this.next < this.groups.length) {
      const index = this.next++;
      const outcome = await this.one(client, model, this.groups[index]);
      if (!this.cancelled) this.onDone(index, outcome);
    }
  }

  /** @param {Client} client @param {Model} model @param {FileGroup} group @returns {Promise<Outcome>} */
  async one(client, model, group) {
    try {
      const files = await readGroup(group);
      const request = { name: group.name, files, options: this.setup.options, maps: false };
      const analysis = await client.ask("analyse", request, files.map((file) => file.bytes));
      return predictReport(group.name, model, analysis.record, analysis);
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      const code = error instanceof CoreError ? error.code : "IO";
      return failureReport(group.name, { code, text: messageOf(error) });
    }
  }
}

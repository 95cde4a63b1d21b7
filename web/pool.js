/** A batch: several workers, each with the model, take one record after another. */

import { workerUrl } from "./assets.js";
import { CancelledError, Client } from "./client.js";
import { CoreError } from "./core.js";
import { readGroup } from "./files.js";
import { failureReport } from "./report.js";

/**
 * @typedef {import("./files.js").FileGroup} FileGroup
 * @typedef {import("./report.js").Prediction | ReturnType<typeof failureReport>} Outcome
 * @typedef {{files: import("./core.js").CoreFiles, model: ArrayBuffer, layer: string}} Setup
 */

/** Every worker holds the network, some 150 MB: more than four would be unkind to a laptop.
 * @returns {number} */
export function poolSize() {
  return Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2)));
}

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
    this.clients = Array.from({ length: count }, () => new Client(workerUrl()));
  }

  /** Ends when all records are done or cancel() was called. */
  async run() {
    try {
      await Promise.all(this.clients.map((client) => this.work(client)));
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    } finally {
      for (const client of this.clients) client.close();
    }
  }

  cancel() {
    this.cancelled = true;
    for (const client of this.clients) client.close();
  }

  /** @param {Client} client */
  async work(client) {
    const { files, model, layer } = this.setup;
    await client.ask("start", { files });
    await client.ask("model", { bytes: model, layer });
    while (!this.cancelled && this.next < this.groups.length) {
      const index = this.next++;
      const outcome = await this.one(client, this.groups[index]);
      if (!this.cancelled) this.onDone(index, outcome);
    }
  }

  /** @param {Client} client @param {FileGroup} group @returns {Promise<Outcome>} */
  async one(client, group) {
    try {
      const files = await readGroup(group);
      const transfer = files.map((file) => file.bytes);
      await client.ask("record", { name: group.name, files, samples: false }, transfer);
      const { report } = await client.ask("analyse", { maps: false });
      return { ...report, record: group.name };
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      const code = error instanceof CoreError ? error.code : "IO";
      return failureReport(group.name, { code, text: error instanceof Error ? error.message : String(error) });
    }
  }
}

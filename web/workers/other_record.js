/** A second recording, read, measured and drawn in a worker of its own while the first stays open. */

import { CancelledError, Client } from "./client.js";
import { readGroup } from "../files/files.js";

/** Shown by what is drawn of it; there is no other in that worker. */
const TICKET = 1;

export class OtherRecord {
  /** @param {import("../panels/records.js").Row} row */
  constructor(row) {
    this.row = row;
    this.client = new Client();
  }

  /** @param {import("./session.js").Session} session @returns {Promise<import("../core/core.js").RecordInfo>} */
  async open(session) {
    await this.client.ask("start", { files: await session.files });
    return this.ask("record", { ticket: TICKET });
  }

  /** What was measured; null: it cannot be. @returns {Promise<import("../core/readers.js").Finding | null>} */
  async measure() {
    try {
      return await this.ask("measure", {});
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      return null;
    }
  }

  /** With copies of its files. @param {"record" | "measure"} kind @param {object} more @returns {Promise<any>} */
  async ask(kind, more) {
    const group = /** @type {import("../files/files.js").FileGroup} */ (this.row.group);
    const files = await readGroup(group);
    const request = /** @type {any} */ ({ name: group.name, files, reading: group.reading, ...more });
    return this.client.askOfFiles(
      kind,
      request,
      files.map((file) => file.bytes),
    );
  }

  /** @param {any} request @param {Float32Array | null} values */
  draw(request, values) {
    return this.client.ask("draw", { ticket: TICKET, request, values });
  }

  close() {
    this.client.close();
  }
}

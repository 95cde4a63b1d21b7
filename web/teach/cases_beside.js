/** Another ECG beside a case's: a look-alike, or the same person's of before. It has a reader of its own, as long as it is seen. */

import { Client } from "../workers/client.js";
import { readGroup } from "../files/files.js";
import { CaseEcg } from "./cases_ecg.js";
import { element } from "../base/dom.js";
import { groupOf } from "./cases_source.js";

export class Beside {
  /** @param {import("./cases_player.js").CasePlayer} player */
  constructor(player) {
    this.player = player;
    this.box = element("div", { class: "cases-beside", hidden: "" });
    /** @type {CaseEcg | null} */
    this.ecg = null;
    /** @type {Client | null} */
    this.client = null;
  }

  close() {
    this.ecg?.close();
    this.client?.close();
    this.ecg = this.client = null;
    this.box.hidden = true;
    this.box.replaceChildren();
  }

  /** @param {import("./cases_source.js").Case} one @param {string} record  its path @param {string} title */
  async open(one, record, title) {
    const { host, caseSet, words } = this.player;
    this.close();
    const client = (this.client = new Client());
    const group = await groupOf(caseSet, one, record, (files) => host.live.list(files));
    const files = await readGroup(group);
    await client.ask("start", { files: await host.live.files });
    const request = { name: group.name, files, reading: group.reading, ticket: 1 };
    const read = await client.askOfFiles(
      "record",
      request,
      files.map((file) => file.bytes),
    );
    if (this.client !== client) return; // it was closed meanwhile
    read.facts.statements = [];
    const opened = { ...read, name: one.id, dx: "", age: null, sex: /** @type {const} */ (""), ticket: 1 };
    this.ecg = new CaseEcg(this.hostFor(client), words, { calipers: () => {} });
    this.box.hidden = false;
    this.box.replaceChildren(element("h4", {}, title), this.ecg.box);
    await this.ecg.show(opened, one.view);
  }

  /** What the drawing asks of the element, answered by the second reader. @param {Client} client
   * @returns {import("./cases_ecg.js").Host} */
  hostFor(client) {
    const { host } = this.player;
    return {
      live: {
        draw: ({ ticket }, request, values) => client.ask("draw", { ticket, request, values }),
        filter: ({ ticket }, filter) => client.ask("filter", { ticket, filter }),
      },
      hasAttribute: () => false,
      guarded: (work) => host.guarded(work),
      report: (error) => host.report(error),
    };
  }
}

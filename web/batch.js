/** The panel of opened files: analysing them all, progress, and what is saved of them. */

import { saveText } from "./exports.js";
import { Batch } from "./pool.js";
import { csv, DISCLAIMER, failureWithoutNames, NAMELESS, withoutNames } from "./report.js";
import { counted } from "./words.js";

/**
 * @typedef {import("./records.js").Row} Row
 * @typedef {import("./files.js").FileGroup} FileGroup
 */

export class BatchPanel {
  /** @param {import("./element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {Batch | null} */
    this.running = null;
    host.on("batch-run", "click", () => this.run());
    host.on("batch-cancel", "click", () => this.cancel());
    host.on("batch-csv", "click", () => this.saveCsv());
    host.on("batch-json", "click", () => this.saveJson());
    host.on("batch-label", "change", ({ target }) => {
      host.list.label = target.value;
      host.list.draw();
    });
  }

  cancel() {
    this.running?.cancel();
  }

  get rows() {
    return this.host.list.rows;
  }

  /** Numbers of recordings that are still to be read stay hidden. */
  show() {
    const { host, running } = this;
    const some = this.rows.some((row) => row.outcome);
    const hidden = host.readFirst && this.rows.some((row) => row.outcome && !row.reading);
    host.$("batch-run").hidden = running !== null;
    host.$("batch-cancel").hidden = host.$("batch-progress").hidden = running === null;
    for (const id of ["batch-csv", "batch-json"]) {
      host.$(id).disabled = running !== null || !some || hidden;
      host.$(id).title = hidden ? "Some recordings are still to be read first" : "";
    }
    host.list.readFirst = host.readFirst;
    host.list.redraw();
  }

  async run() {
    const { host } = this;
    await host.live.modelReady;
    const rows = this.rows.filter((row) => row.group);
    const groups = rows.map((row) => /** @type {FileGroup} */ (row.group));
    const started = performance.now();
    let done = 0;
    const { modelBytes, layer } = host.live.thinker;
    const setup = { files: await host.live.files, model: /** @type {ArrayBuffer} */ (modelBytes), layer };
    const batch = new Batch(setup, groups, (index, outcome) => {
      rows[index].outcome = outcome;
      this.note(rows[index], outcome);
      this.progress(++done, rows.length, performance.now() - started);
    });
    this.running = batch;
    this.progress(0, rows.length, 0);
    this.show();
    try {
      await batch.run();
      host.say(batch.cancelled ? `Cancelled after ${done} of ${rows.length}.` : `${counted(done, "recording")} analysed on this device.`);
    } finally {
      this.running = null;
      this.show();
      host.countRows();
    }
  }

  /** @param {Row} row @param {import("./pool.js").Outcome} outcome */
  note(row, outcome) {
    if ("error" in outcome) Object.assign(row, { state: outcome.error.text, bad: true });
    else Object.assign(row, { state: "analysed", bad: false });
    this.host.list.redraw();
  }

  /** @param {number} done @param {number} all @param {number} ms */
  progress(done, all, ms) {
    const left = done ? ` · about ${Math.ceil(((ms / done) * (all - done)) / 1000)} s left` : "";
    this.host.$("batch-bar").value = done / all;
    this.host.$("batch-text").textContent = `${done} of ${all}${left}`;
  }

  /** Outcomes as they may leave the page, with what was read before. */
  outcomes() {
    const names = this.host.withNames;
    return this.rows.flatMap(({ outcome, reading }, i) => {
      if (!outcome) return [];
      const name = `${NAMELESS} ${i + 1}`;
      const told = names ? outcome
        : "error" in outcome ? failureWithoutNames(outcome, name) : withoutNames(outcome, name);
      return [{ told, reading }];
    });
  }

  saveJson() {
    const lines = this.outcomes().map(({ told }) => JSON.stringify(told));
    saveText("ecg-xplaim.jsonl", `${lines.join("\n")}\n`, "application/x-ndjson");
  }

  saveCsv() {
    const labels = this.host.live.model?.labels.map((l) => l.name) ?? [];
    const head = ["record", ...labels, "model", "model_sha256", "trained", "read_first_at", "read_first_text", "problem", "disclaimer"];
    const rows = this.outcomes().map(({ told, reading }) => {
      const read = [reading?.at ?? "", reading?.text ?? ""];
      if ("error" in told) return [told.record, ...labels.map(() => ""), "", "", "", ...read, told.error.text, DISCLAIMER];
      const { name, sha256, trained } = told.model;
      return [told.record, ...told.labels.map((l) => l.probability), name, sha256, String(trained), ...read, "", DISCLAIMER];
    });
    saveText("ecg-xplaim.csv", csv([head, ...rows]), "text/csv");
  }
}

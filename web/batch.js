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
    /** Asked for, while the model is waited for. */
    this.starting = false;
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
    this.starting = false;
    this.running?.cancel();
    this.show();
  }

  get rows() {
    return this.host.list.rows;
  }

  /** Numbers of recordings that are still to be read stay hidden. */
  show() {
    const { host } = this;
    const busy = this.starting || this.running !== null;
    const some = this.rows.some((row) => row.outcome);
    const hidden = host.readFirst && this.rows.some((row) => row.outcome && !row.reading);
    const focus = /** @type {any} */ (host.root.activeElement)?.id;
    host.$("batch-run").hidden = busy;
    host.$("batch-cancel").hidden = host.$("batch-progress").hidden = !busy;
    // One takes the other's place, and the focus with it.
    if (focus === "batch-run" && busy) host.$("batch-cancel").focus();
    if (focus === "batch-cancel" && !busy) host.$("batch-run").focus();
    for (const id of ["batch-csv", "batch-json"]) {
      host.$(id).disabled = busy || !some || hidden;
      host.$(id).title = hidden ? "Some recordings are still to be read first" : "";
    }
    host.list.readFirst = host.readFirst;
    host.list.redraw();
  }

  /** Numbers of another model, or of before, do not stay beside new ones. */
  forget() {
    for (const row of this.rows) {
      if (!row.outcome) continue;
      Object.assign(row, "error" in row.outcome ? { outcome: null, bad: false, state: "" } : { outcome: null, state: "ok" });
      this.host.list.redraw(row);
    }
    this.show();
  }

  async run() {
    const { host } = this;
    if (this.starting || this.running) return;
    this.starting = true;
    this.progress(0, this.rows.length, 0);
    this.show();
    try {
      await host.live.modelReady;
      if (this.starting) await this.runNow();
    } finally {
      this.starting = false;
      this.running = null;
      this.show();
      host.countRows();
    }
  }

  async runNow() {
    const { host } = this;
    const { loaded } = host.live.thinker;
    if (!loaded) return;
    this.forget();
    const rows = this.rows.filter((row) => row.group);
    const groups = rows.map((row) => /** @type {FileGroup} */ (row.group));
    const all = host.$("batch-accept").checked;
    const options = { acceptAmplitude: all, acceptMissingLeads: all };
    const setup = { files: await host.live.files, model: loaded.bytes, layer: loaded.layer, options };
    const started = performance.now();
    let done = 0, failed = 0;
    const batch = (this.running = new Batch(setup, groups, (index, outcome) => {
      if ("error" in outcome) failed++;
      this.note(rows[index], outcome);
      this.progress(++done, rows.length, performance.now() - started);
    }));
    await batch.run();
    const good = `${counted(done - failed, "recording")} analysed on this device`;
    host.say(batch.cancelled ? `Cancelled after ${done} of ${rows.length}.` : failed ? `${good}, ${failed} could not be.` : `${good}.`);
  }

  /** @param {Row} row @param {import("./pool.js").Outcome} outcome */
  note(row, outcome) {
    row.outcome = outcome;
    if ("error" in outcome) Object.assign(row, { state: outcome.error.text, bad: true });
    else Object.assign(row, { state: "analysed", bad: false });
    this.host.list.redraw(row);
  }

  /** @param {number} done @param {number} all @param {number} ms */
  progress(done, all, ms) {
    const left = done ? ` · about ${Math.ceil(((ms / done) * (all - done)) / 1000)} s left` : "";
    this.host.$("batch-bar").value = done / Math.max(all, 1);
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

  /** @param {string} name @param {string} text @param {string} type */
  save(name, text, type) {
    saveText(name, text, type);
    if (!this.host.withNames)
      this.host.say("Saved without names: the lines are numbered in the order in which the files were opened. The box under “Save” keeps names.");
  }

  saveJson() {
    const lines = this.outcomes().map(({ told }) => JSON.stringify(told));
    this.save("ecg-xplaim.jsonl", `${lines.join("\n")}\n`, "application/x-ndjson");
  }

  /** All by one model (forget), so the first that was analysed names the columns. */
  saveCsv() {
    const outcomes = this.outcomes();
    const labels = outcomes.flatMap(({ told }) => ("labels" in told ? [told.labels.map((l) => l.name)] : []))[0] ?? [];
    const head = ["record", ...labels, "model", "model_sha256", "trained", "read_first_at", "read_first_text", "problem", "disclaimer"];
    const rows = outcomes.map(({ told, reading }) => {
      const read = [reading?.at ?? "", reading?.text ?? ""];
      if ("error" in told) return [told.record, ...labels.map(() => ""), "", "", "", ...read, told.error.text, DISCLAIMER];
      const { name, sha256, trained } = told.model;
      return [told.record, ...told.labels.map((l) => l.probability), name, sha256, String(trained), ...read, "", DISCLAIMER];
    });
    this.save("ecg-xplaim.csv", csv([head, ...rows]), "text/csv");
  }
}

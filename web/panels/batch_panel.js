/** The panel of opened files: analysing them all, progress, and what is saved of them. */

import { DISCLAIMER } from "../core/core_constants.js";
import { saveText } from "../base/exports.js";
import { briefOf } from "../drawing/numbers.js";
import { Batch } from "../workers/batch.js";
import { csv, failureWithoutNames, NAMELESS, valueOf, withoutNames } from "../core/report.js";
import { English, phrase, deferred } from "../words/language.js";
import { counted } from "../words/messages.js";

/**
 * @typedef {import("./records.js").Row} Row
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 */

/** Up to so many are analysed without being asked for. */
const UNASKED = 200;

export class BatchPanel {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {Batch | null} */
    this.running = null;
    /** Asked for, while the model is waited for. */
    this.starting = false;
    /** @type {Promise<void>} the last one that was started, to its end */
    this.ended = Promise.resolve();
    /** Ended by hand: nothing more is done unasked. */
    this.stopped = false;
    host.list.onRead = () => host.opener.countRows();
    host.on("batch-run", "click", () => this.run());
    host.on("batch-cancel", "click", () => {
      this.stopped = true;
      this.cancel();
    });
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
      host.$(id).title = hidden ? phrase("batch.unread") : "";
    }
    host.list.readFirst = host.readFirst;
    host.list.redraw();
  }

  /** Numbers of another model, or of before, do not stay beside new ones. */
  forget() {
    for (const row of this.rows) {
      if (!row.outcome) continue;
      Object.assign(row, "error" in row.outcome ? { outcome: null, bad: false, state: "" } : { outcome: null });
      this.host.list.redraw(row);
    }
    this.show();
  }

  /** What is not analysed yet, where there are several. What is added meanwhile is done after. */
  async soon() {
    const { host } = this;
    const left = () => this.rows.filter((row) => row.group && !row.bad && !row.outcome);
    const wanted = () => left().length > 0 && this.rows.length > 1 && this.rows.length <= UNASKED;
    if (this.stopped || host.locked || !host.live.model) return;
    while (wanted() && !this.starting && !this.running && !this.stopped && host.started) {
      const rows = left();
      await this.start(rows, { quiet: true });
      if (!rows.some((row) => row.outcome || row.bad)) break; // others may have been added meanwhile
    }
  }

  /** What was found is judged otherwise now: what was begun is left, and all is done anew where it is done unasked. */
  async again() {
    this.cancel();
    await this.ended;
    this.forget();
    await this.soon();
  }

  /** All of them. */
  async run() {
    this.stopped = false;
    await this.start(null);
  }

  /** @param {Row[] | null} rows  null: all, whatever was found before @param {{quiet?: boolean}} [how] */
  async start(rows, { quiet = false } = {}) {
    if (this.starting || this.running) return;
    this.starting = true;
    const work = this.startNow(rows, quiet);
    this.ended = work.catch(() => {}); // whoever started it is told
    await work;
  }

  /** @param {Row[] | null} rows @param {boolean} quiet */
  async startNow(rows, quiet) {
    const { host } = this;
    this.progress(0, rows?.length ?? this.rows.length, 0);
    this.show();
    try {
      await host.live.modelReady;
      if (this.starting) await this.runNow(rows, quiet);
    } finally {
      this.starting = false;
      this.running = null;
      this.show();
      host.opener.countRows();
    }
  }

  /** @param {Row[] | null} chosen @param {boolean} quiet */
  async runNow(chosen, quiet) {
    const { host } = this;
    const { loaded } = host.live.modelWorker;
    if (!loaded) return;
    if (!chosen) this.forget();
    const rows = chosen ?? this.rows.filter((row) => row.group);
    const groups = rows.map((row) => /** @type {FileGroup} */ (row.group));
    const all = host.$("batch-accept").checked;
    const options = { acceptAmplitude: all, acceptMissingLeads: all };
    const setup = {
      files: await host.live.files,
      model: loaded.bytes,
      layer: loaded.layer,
      point: loaded.point,
      options,
    };
    const started = performance.now();
    let done = 0,
      failed = 0;
    const batch = (this.running = new Batch(setup, groups, (index, outcome, measured) => {
      if ("error" in outcome) failed++;
      if (measured) rows[index].brief = briefOf(host.edits.measuredOf(rows[index], measured));
      this.note(rows[index], outcome);
      this.progress(++done, rows.length, performance.now() - started);
    }));
    await batch.run();
    if (quiet && !this.stopped) return;
    const good = () => counted(done - failed, "recording");
    host.say(
      batch.cancelled
        ? deferred("batch.cancelled", { done, all: rows.length })
        : failed
          ? deferred("batch.done-but", { good, failed })
          : deferred("batch.done", { good }),
    );
  }

  /** @param {Row} row @param {import("../workers/batch.js").Outcome} outcome */
  note(row, outcome) {
    row.outcome = outcome;
    if ("error" in outcome) Object.assign(row, { state: new English(outcome.error.text), bad: true });
    else Object.assign(row, { bad: false });
    this.host.list.redraw(row);
    this.host.opener.countRows();
  }

  /** @param {number} done @param {number} all @param {number} ms */
  progress(done, all, ms) {
    const left = done ? ` · ${phrase("batch.left", { seconds: Math.ceil(((ms / done) * (all - done)) / 1000) })}` : "";
    this.host.$("batch-bar").value = done / Math.max(all, 1);
    this.host.$("batch-text").textContent = `${phrase("batch.of", { done, all })}${left}`;
  }

  /** Outcomes as they may leave the page, with what was read before. */
  outcomes() {
    const names = this.host.withNames;
    return this.rows.flatMap(({ outcome, reading, number }) => {
      if (!outcome) return [];
      const name = `${NAMELESS} ${number}`;
      const result = names
        ? outcome
        : "error" in outcome
          ? failureWithoutNames(outcome, name)
          : withoutNames(outcome, name);
      return [{ result, reading }];
    });
  }

  /** @param {string} name @param {string} text @param {string} type */
  save(name, text, type) {
    saveText(name, text, type);
    if (!this.host.withNames) this.host.say(deferred("batch.saved"));
  }

  saveJson() {
    const lines = this.outcomes().map(({ result }) => JSON.stringify(result));
    this.save(`ecg-${lines.length}-recordings.jsonl`, `${lines.join("\n")}\n`, "application/x-ndjson");
  }

  /** All by one model (forget), so the first that was analysed names the columns. */
  saveCsv() {
    const outcomes = this.outcomes();
    const labels =
      outcomes.flatMap(({ result }) => ("labels" in result ? [result.labels.map((l) => l.name)] : []))[0] ?? [];
    const head = [
      "record",
      ...labels,
      "model",
      "model_sha256",
      "trained",
      "outputs",
      "read_first_at",
      "read_first_text",
      "edited_at",
      "edited_text",
      "problem",
      "disclaimer",
    ];
    const rows = outcomes.map(({ result, reading }) => {
      const edited = reading?.edited ?? [];
      const read = [
        reading?.at ?? "",
        reading?.text ?? "",
        edited.map(({ at }) => at).join(" | "),
        edited.map(({ text }) => text).join(" | "),
      ];
      if ("error" in result)
        return [result.record, ...labels.map(() => ""), "", "", "", "", ...read, result.error.text, DISCLAIMER];
      const { name, sha256, trained, outputs } = result.model;
      return [
        result.record,
        ...result.labels.map(valueOf),
        name,
        sha256,
        String(trained),
        outputs,
        ...read,
        "",
        DISCLAIMER,
      ];
    });
    this.save(`ecg-${rows.length}-recordings.csv`, csv([head, ...rows]), "text/csv");
  }
}

/** From chosen files to an open recording. Opening adds to what is open; closing can be undone. */

import { fetchBytes } from "../files/assets.js";
import { CancelledError } from "../workers/client.js";
import { CoreError } from "../core/core.js";
import { hasSetInside, setAmong, setAt, setInside } from "../teach/cases_source.js";
import { offerLeads } from "../drawing/drawing.js";
import { findRecords } from "../files/files.js";
import { English, phrase, SpokenError, deferred } from "../words/language.js";
import { asked } from "../panels/mapping.js";
import { filesAt, listenDrop, sameSite, sampleFiles } from "../files/opening.js";
import { errorWords } from "../words/messages.js";

/**
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 * @typedef {import("../panels/records.js").Row} Row
 * @typedef {import("../files/opening.js").Sample} Sample
 */

const SAMPLE = "00219_hr";
/** Where a package of a case set has it (src/teach/README.md). */
const PACKED_SET = "cases/cases.json";
/** More recordings at once than these, and the table comes first. */
const FEW = 3;

export class Opener {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** Of recordings, ever: a number never comes back. */
    this.numbers = 0;
  }

  listen() {
    const { host } = this;
    for (const id of ["picker", "folder", "start-picker"])
      host.on(id, "change", ({ target }) => {
        const files = [...target.files];
        target.value = "";
        return this.openFiles(files);
      });
    host.on("sample", "click", () => host.openSample(host.$("sample-list").value || SAMPLE));
    host.on("accept", "click", () => host.answers.analyseAllTheSame());
    host.on("again", "click", () => host.analyse(host.options));
    host.on("help-open", "click", () => host.$("help").showModal());
    host.on("close-all", "click", () => this.closeAll());
    host.on("demonstration", "click", () => this.demonstrate());
    const area = host.hasAttribute("embed") ? host : document;
    const open = (/** @type {Promise<File[]>} */ files) => host.guarded(() => this.openFrom(files));
    const { signal } = /** @type {AbortController} */ (host.leaving);
    if (host.locked) return;
    listenDrop(area, host.$("over"), open, signal);
    area.addEventListener("paste", (event) => this.pasted(/** @type {ClipboardEvent} */ (event)), { signal });
    window.addEventListener("beforeunload", (event) => this.hasReadings() && event.preventDefault(), { signal });
  }

  /** A file from the clipboard. @param {ClipboardEvent} event */
  pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.host.guarded(() => this.openFiles(files));
  }

  /** Whether something would be lost that somebody wrote. */
  hasReadings() {
    return this.host.list.rows.some((row) => row.reading || this.host.readings?.hasDraft(row));
  }

  /* ---- what is to be opened ---- */

  /** @param {string} name @param {string} value */
  async openAttribute(name, value) {
    if (name === "sample") await this.host.openSample(value || SAMPLE);
    else if (name === "cases") await this.openCases();
    else if (name === "record") await this.openFrom(filesAt(value, (listed) => this.host.live.list(listed)));
    else if (name === "model") await this.host.models.useModel(await fetchBytes(sameSite(value)), value);
  }

  /** The case set of the element's attribute, or of the page's own file. */
  async openCases() {
    const { host } = this;
    const address = host.getAttribute("cases");
    if (address === null && !hasSetInside()) return;
    const inside = hasSetInside() && [null, "", PACKED_SET].includes(address);
    await host.guarded(async () => this.playSet(await (inside ? setInside() : setAt(address ?? ""))));
  }

  /** @param {import("../teach/cases_source.js").CaseSet} caseSet */
  async playSet(caseSet) {
    const { host } = this;
    host.batches?.cancel();
    if (host.record) this.closeRecord(); // nothing of another recording is there while a set is played
    await host.playCases(caseSet);
    if (host.cases) host.say(deferred("teaching.open", { title: caseSet.set.title }));
  }

  /** A case set has its own answers: a package of one may come without a model. @param {unknown} error */
  withoutModel(error) {
    const { host } = this;
    if (host.getAttribute("cases") === null && !hasSetInside()) throw error;
    host.$("loading").hidden = true;
    if (!host.cases) host.say(deferred("teaching.ready"));
  }

  /** One that is open already is only shown. @param {string} name */
  async openSample(name) {
    const { host } = this;
    const there = host.list.rows.find((row) => row.sample?.record === name);
    if (there) return this.openRow(there);
    await this.openFrom(sampleFiles(name), name);
  }

  /** All samples, one after another, over the whole screen. */
  async demonstrate() {
    const { host } = this;
    await host.appLayout?.listed;
    const names = (host.appLayout?.samples ?? []).map(({ record }) => record);
    const rowOf = (/** @type {string} */ name) => host.list.rows.find((row) => row.sample?.record === name);
    for (const name of names)
      if (!rowOf(name)) this.readFacts(this.addRows(await this.find(await sampleFiles(name)), name));
    const first = rowOf(names[0]);
    if (first) await this.readRow(first);
    host.presenting?.begin();
    if (first) await host.analyse({});
    host.batches?.soon();
  }

  /** What is asked for last is shown, also when it comes sooner; the rest is in the list.
   * @param {Promise<File[]>} coming @param {string} [sample]  which of the page's it is */
  async openFrom(coming, sample = "") {
    const turn = ++this.host.turn;
    await this.open(await coming, turn, sample);
  }

  /** @param {File[]} files */
  async openFiles(files) {
    await this.open(files, ++this.host.turn);
  }

  /** @param {File[]} files */
  find(files) {
    return findRecords(files, (listed) => this.host.live.list(listed));
  }

  /** @param {File[]} files @param {number} turn @param {string} [sample] */
  async open(files, turn, sample = "") {
    const { host } = this;
    if (!files.length) return; // a text was dropped, or the dialog left
    if (turn === host.turn) host.say(deferred("open.looking"));
    const caseSet = await setAmong(files);
    if (caseSet) return this.playSet(caseSet);
    const found = await this.find(files);
    if (!host.started) return;
    host.menus?.close();
    const rows = this.addRows(found, sample);
    const ends = await Promise.allSettled([this.openModel(found), this.openFound(found, rows, turn)]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** The first record that can be read; the others' facts meanwhile.
   * @param {import("../files/files.js").Found} found @param {Row[]} rows  of it @param {number} turn */
  async openFound({ groups, models, refusals }, rows, turn) {
    const { host } = this;
    if (!groups.length && !models.length) throw refused(refusals);
    if (turn === host.turn && groups.length > FEW) host.tableView?.show();
    else if (turn === host.turn && groups.length) host.tableView?.hide();
    const facts = this.readFacts(rows);
    let problem = null;
    for (const row of rows) {
      if (!row.group || turn !== host.turn) continue;
      try {
        await this.readRow(row);
        problem = null;
        await host.analyse({});
        break;
      } catch (error) {
        if (host.row === row) throw error; // it was read, only not analysed
        problem ??= error;
      }
    }
    await facts;
    host.batches?.soon();
    if (problem && turn === host.turn) throw problem;
  }

  /** @param {import("../files/files.js").Found} found */
  async openModel({ models: [model, ...others] }) {
    if (!model) return;
    await this.host.models.useModel(await model.read(), model.path);
    if (others.length)
      this.host.say(deferred("open.first-model", { name: model.path, others: others.map((m) => m.path).join(", ") }));
  }

  /* ---- the list ---- */

  /** @param {import("../files/files.js").Found} found @param {string} [sample] @returns {Row[]} */
  addRows({ groups, refusals }, sample = "") {
    const { host } = this;
    const known = host.appLayout?.samples.find(({ record }) => record === sample) ?? null;
    const blank = () => ({
      leads: null,
      rate: null,
      seconds: null,
      outcome: null,
      brief: null,
      reading: null,
      read: false,
      sample: sample ? (known ?? { record: sample, annotation: "", findings: [] }) : null,
      number: ++this.numbers,
    });
    /** @type {Row[]} */
    const rows = [
      ...groups.map((group) => ({ ...blank(), name: group.name, type: group.type, state: "", bad: false, group })),
      ...refusals.map((r) => ({
        ...blank(),
        name: r.name,
        type: r.type,
        state: refusalWords(r),
        bad: true,
        group: null,
      })),
    ];
    if (host.locked) for (const row of rows) row.name = phrase("record.number", { number: row.number });
    host.list.add(rows);
    host.batches?.show();
    this.countRows();
    return rows;
  }

  countRows() {
    this.host.tableView?.count();
  }

  /** Everything, until it is undone. */
  closeAll() {
    const { host } = this;
    const { rows } = host.list;
    const open = host.row;
    host.turn++;
    host.menus?.close();
    host.batches?.cancel();
    host.mapping?.hide();
    host.list.set([]);
    this.closeRecord();
    this.countRows();
    host.say(deferred("open.closed", { n: rows.length }));
    host.status.offerUndo(async () => {
      host.list.set([...rows, ...host.list.rows]);
      this.countRows();
      host.batches?.show();
      if (open) await this.openRow(open);
    });
  }

  /** Fill in the lines of the records that are not open. @param {Row[]} rows */
  async readFacts(rows) {
    for (const row of rows) {
      if (!row.group || row.state || row.seconds !== null) continue;
      try {
        this.noteFacts(row, await this.host.live.readFacts(row.group));
      } catch (error) {
        this.noteProblem(row, error);
      }
      if (!this.host.started) return;
    }
  }

  /** @param {Row} row @param {import("../core/core.js").RecordInfo} record */
  noteFacts(row, record) {
    if (row.bad) row.state = ""; // it was asked, and answered
    const notes = record.notices.length ? deferred("count.note", { n: record.notices.length }) : "";
    Object.assign(row, {
      leads: recorded(record),
      rate: record.rate,
      seconds: record.samples / record.rate,
      state: row.state || notes,
      bad: false,
    });
    this.host.list.redraw(row);
  }

  /** @param {Row} row @param {unknown} error */
  noteProblem(row, error) {
    if (error instanceof CancelledError) return;
    const table = error instanceof CoreError ? error.table : null;
    const asks = table && asked(table) && deferred("open.asks", { asks: () => asked(table) });
    Object.assign(row, { state: asks || errorWords(error), bad: true });
    this.host.list.redraw(row);
    this.countRows();
  }

  closeRecord() {
    const { host } = this;
    host.explainer?.stop();
    host.presenting?.end();
    host.empty();
    host.list.choose(null);
    host.$("result").hidden = true;
    host.appLayout?.arrange();
  }

  /** @param {Row} row */
  async openRow(row) {
    const { host } = this;
    if (!row.group) return;
    host.tableView?.hide();
    await this.readRow(row);
    if (host.row === row) await host.analyse({});
  }

  /** What was open stays until the new record is there, and where it cannot be read.
   * @param {Row} row @param {{kept?: boolean}} [options]  kept: what the row's table does not say is still being asked */
  async readRow(row, { kept = false } = {}) {
    const { host } = this;
    const group = /** @type {FileGroup} */ (row.group);
    if (!kept) host.mapping?.hide();
    host.coming = row;
    host.explainer?.stop();
    host.list.choose(row);
    host.say(host.blind ? deferred("open.reading-it") : deferred("open.reading", { name: row.name }));
    try {
      const record = await host.live.read(group);
      if (host.coming !== row) throw new CancelledError();
      host.empty();
      if (host.locked) withoutAnswer(record, row.name);
      Object.assign(host, { row, record, mv: record.mv });
      offerLeads(host.$("rhythm"), record.leads);
      this.noteFacts(row, record);
      host.panel.recordOpened();
      host.arrivals?.hold(row);
      host.showRecord();
      host.measurements?.open(row);
      await host.panel.filterAgain();
    } catch (error) {
      if (host.coming === row) this.giveUp(row);
      this.noteProblem(row, error);
      if (!(error instanceof CoreError && error.table) || kept) throw error;
      host.mapping?.show(row, error);
      throw host.blind ? new SpokenError("open.answer-it") : new SpokenError("open.answer", { name: row.name });
    }
  }

  /** @param {Row} row  which cannot be read */
  giveUp(row) {
    const { host } = this;
    host.coming = null;
    if (!host.row || host.row === row) this.closeRecord();
    else host.list.choose(host.row);
  }
}

/** @param {import("../files/files.js").Found["refusals"]} refusals */
function refused([first, ...others]) {
  if (!first) return new SpokenError("open.nothing");
  const args = { name: first.name, problem: refusalWords(first), n: others.length };
  return new SpokenError(others.length ? "open.refused-more" : "open.refused", args);
}

/** The core's sentences are English. @param {import("../files/files.js").Refusal} refusal */
const refusalWords = ({ problem, words }) => words ?? new English(problem);

/** What a file says of whose it is and what was found in it is not there before the reader has answered.
 * @param {import("../core/core.js").RecordInfo} record @param {string} name */
function withoutAnswer(record, name) {
  Object.assign(record, { name, dx: null, age: null, sex: null });
  record.facts.statements = [];
}

/** How many leads a record has of its own. @param {import("../core/core.js").RecordInfo} record */
export const recorded = (record) => record.leads.filter((lead) => !lead.derived).length;

/** The files of a set that is made: recordings, written without who they are of, and what the network says of them. */

import { casesCore } from "../files/assets.js";
import { groupOf } from "./cases_source.js";
import { CoreError } from "../core/core.js";
import { noteOf, reaches } from "../words/finding_words.js";
import { valueOf, withMeasured, withoutNames, withValues } from "../core/report.js";

/**
 * @typedef {import("../package/documents.js").Case} Case
 * @typedef {import("../core/cases_core.js").PackedFile} PackedFile
 * @typedef {import("../core/cases_core.js").RecordFacts} RecordFacts
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 */

export class SetFiles {
  /** @param {import("./cases_author.js").Author} author */
  constructor(author) {
    this.author = author;
    this.identity = false;
    /** What was written of a recording, so that it is written once. @type {Map<string, PackedFile[]>} */
    this.kept = new Map();
    /** The network's, by recording, case and model. @type {Map<string, Uint8Array>} */
    this.answers = new Map();
  }

  /** @param {Case[]} cases @param {boolean} identity  recordings keep who they are of
   * @returns {Promise<{files: PackedFile[], records: RecordFacts[]}>} */
  async of(cases, identity) {
    this.identity = identity;
    /** @type {Map<string, PackedFile>} */
    const files = new Map();
    /** @type {RecordFacts[]} */
    const records = [];
    for (const one of cases) {
      for (const file of await this.filesOf(one)) files.set(file.name, file);
      records.push(await this.factsOf(one));
    }
    return { files: [...files.values()], records };
  }

  /** @param {Case} one @param {string} [record]  its own, or the one before @returns {Promise<FileGroup | null>} */
  async groupOf(one, record = one.record) {
    const { row, from } = this.author.origins.get(one) ?? { row: null, from: null };
    if (row?.group && record === one.record) return row.group;
    const list = (/** @type {import("../core/readers.js").ListedFile[]} */ files) => this.author.host.live.list(files);
    return from && groupOf(from, /** @type {any} */ (one), record, list);
  }

  /** What a set is held to of a recording: its length and leads, and, where something is measured on it, how far its beats
   * spread. @param {Case} one @returns {Promise<RecordFacts>} */
  async factsOf(one) {
    const { host } = this.author;
    const group = await this.groupOf(one);
    if (!group)
      throw new Error(`The recording of case ${one.id} is not here any more: open it, and make the case again.`);
    const { leads, samples, rate } = await host.live.readFacts(group);
    const facts = {
      name: one.record,
      seconds: samples / rate,
      leads: leads.map((/** @type {{name: string}} */ { name }) => name),
    };
    if (!one.tasks.some(({ type }) => type === "measure")) return facts;
    await host.measurements?.done; // what is measured for somebody else would be stopped
    const found = await host.live.measure(group).catch(() => null); // that it cannot be measured is no fault of the set
    const spread = (found?.measured.measurements ?? []).flatMap(({ name, range }) =>
      range ? [{ name, low: range[0], high: range[1] }] : [],
    );
    return { ...facts, spread };
  }

  /** Recording and network's answer of a case; where they lie and their hashes are written into it.
   * @param {Case} one @returns {Promise<PackedFile[]>} */
  async filesOf(one) {
    const { author } = this;
    const origin = author.origins.get(one) ?? { row: null, from: null };
    const recording = origin.from ? await this.keptFiles(one, origin) : await this.writtenFiles(one, origin.row);
    const earlier = await this.earlierFiles(one, origin);
    const answer = await this.networkFile(one, origin);
    return [...recording, ...earlier, ...(answer ? [answer] : [])];
  }

  /** Of the same person's recording of before, where one was chosen among those that are open. @param {Case} one
   * @param {import("./cases_author.js").Origin} origin @returns {Promise<PackedFile[]>} */
  async earlierFiles(one, { earlier = null }) {
    if (!one.before || !earlier?.group) return [];
    const { files, record, sha256 } = await this.written(earlier, `${one.id}_before`);
    one.before = record;
    one.sha256 = { ...one.sha256, ...sha256 };
    return files;
  }

  /** As they came. @param {Case} one @param {import("./cases_author.js").Origin} origin @returns {Promise<PackedFile[]>} */
  async keptFiles(one, { from, earlier = null }) {
    if (!from) return [];
    if (earlier || !one.before) await this.forgetEarlier(one, from);
    const paths = new Set(Object.keys(one.sha256 ?? {}));
    for (const record of [one.record, earlier ? null : one.before]) {
      if (!record) continue;
      const group = record === one.record ? await this.keptGroup(one, from) : await this.groupOf(one, record);
      for (const { source } of group?.files ?? []) paths.add(source.path);
    }
    return Promise.all(
      [...paths].map(async (name) => {
        const source = from.files.get(name);
        if (!source) throw new Error(`${name}, which case ${one.id} names, is not in the set.`);
        return { name, bytes: new Uint8Array(await source.read()) };
      }),
    );
  }

  /** By the paths of the set. @param {Case} one @param {import("./cases_source.js").CaseSet} from */
  keptGroup(one, from) {
    const list = (/** @type {import("../core/readers.js").ListedFile[]} */ files) => this.author.host.live.list(files);
    return groupOf(from, /** @type {any} */ (one), one.record, list);
  }

  /** Another recording of before was chosen, or none: hashes are of the case's own files alone. @param {Case} one
   * @param {import("./cases_source.js").CaseSet} from */
  async forgetEarlier(one, from) {
    if (!one.sha256) return;
    const group = await this.keptGroup(one, from);
    const own = new Set([one.record, ...(group?.files ?? []).map(({ source }) => source.path)]);
    one.sha256 = Object.fromEntries(Object.entries(one.sha256).filter(([name]) => own.has(name)));
  }

  /** @param {Case} one @param {import("../panels/records.js").Row | null} row @returns {Promise<PackedFile[]>} */
  async writtenFiles(one, row) {
    if (!row?.group)
      throw new Error(`The recording of case ${one.id} is not here any more: open it, and make the case again.`);
    const { files, record, sha256 } = await this.written(row, one.id);
    one.record = record;
    one.sha256 = sha256;
    return files;
  }

  /** As WFDB, which every reader takes, and without who it is of unless that is wanted.
   * @param {import("../panels/records.js").Row} row @param {string} name
   * @returns {Promise<{files: PackedFile[], record: string, sha256: Record<string, string>}>} */
  async written(row, name) {
    const key = `${row.number} ${name} ${this.identity}`;
    let files = this.kept.get(key);
    if (!files) {
      const how = {
        to: "wfdb",
        as: name.replace(/[^A-Za-z0-9_-]/g, "_"),
        identity: this.identity,
        stated: this.identity,
      };
      const made = await this.author.host.live.write(/** @type {FileGroup} */ (row.group), how);
      files = /** @type {PackedFile[]} */ (made.files).map((file) => ({ ...file, name: `records/${file.name}` }));
      this.kept.set(key, files);
    }
    const core = await casesCore();
    return {
      files,
      record: (files.find((file) => file.name.endsWith(".hea")) ?? files[0]).name,
      sha256: Object.fromEntries(files.map((file) => [file.name, core.sha256(file.bytes)])),
    };
  }

  /** What the network says of a recording, as `xplaim explain --json` has it, with the maps of what it names; when that was
   * computed stands in it, and the model's SHA-256. Where the set has it already, that.
   * @param {Case} one @param {import("./cases_author.js").Origin} origin @returns {Promise<PackedFile | null>} */
  async networkFile(one, { row, from }) {
    const { host, set } = this.author;
    const kept = one.network ? from?.files.get(one.network) : undefined;
    if (one.network && kept) return { name: one.network, bytes: new Uint8Array(await kept.read()) };
    const { model } = host.live;
    const name = `network/${one.id}.json`;
    const key = `${row?.number ?? one.record} ${name} ${model?.sha256}`;
    const bytes =
      set.settings?.network === "never" || !model ? null : (this.answers.get(key) ?? (await this.newAnswer(one)));
    if (!bytes) {
      delete one.network; // it is not wanted, or the network cannot read the recording
      return null;
    }
    this.answers.set(key, bytes);
    one.network = name;
    return { name, bytes };
  }

  /** @param {Case} one @returns {Promise<Uint8Array | null>} */
  async newAnswer(one) {
    const group = await this.groupOf(one);
    if (!group) return null;
    const document = await this.answerOf(group, one.id).catch((error) => {
      if (error instanceof CoreError) return null; // the network cannot read it
      throw error;
    });
    return document ? new TextEncoder().encode(`${JSON.stringify(document)}\n`) : null;
  }

  /** @param {FileGroup} group @param {string} id */
  async answerOf(group, id) {
    const { modelWorker } = this.author.host.live;
    const analysis = await modelWorker.analyse(group, {});
    const report = withoutNames(withMeasured(withValues(analysis), null), id);
    const named = new Set(
      analysis.model.labels.filter((label, i) => reaches(label, valueOf(report.labels[i]))).map(({ name }) => name),
    );
    const map = "map" in report ? { map: onlyNamed(report.map, named) } : {};
    const checks = checksOf(noteOf(analysis.model, "xai_check"), named);
    return { ...report, ...map, computed_at: new Date().toISOString(), ...(checks ? { map_checks: checks } : {}) };
  }
}

/** Maps of what is named; of the others, which are many and say little, their values alone.
 * @param {import("../package/documents.js").TimeMap} map @param {Set<string>} named */
const onlyNamed = ({ windows, ...map }, named) => ({
  ...map,
  windows: windows.map((window) => ({
    ...window,
    labels: window.labels.map((label) =>
      named.has(label.name) ? { ...label } : { ...label, values: [], strongest: [] },
    ),
  })),
});

/** What was tested of the maps of some findings, from a model's note. @param {string} text @param {Set<string>} named */
function checksOf(text, named) {
  try {
    const { labels, ...rest } = JSON.parse(text);
    return { ...rest, labels: labels.filter((/** @type {{name: string}} */ { name }) => named.has(name)) };
  } catch {
    return null; // none, or a note of another kind
  }
}

/** What the network says of the open recording, as the page shows it: analysing, findings, windows, notices. */

import { CancelledError } from "../workers/client.js";
import { CoreError } from "../core/core.js";
import { PAGE_SECONDS } from "../drawing/drawing.js";
import { make } from "../base/dom.js";
import { columnsText, firstLabel, shownText, reaches, titleOf } from "../words/finding_words.js";
import { clearLabels, markLabel, showLabels, showMapChoice, showModels } from "../panels/findings.js";
import { annotationWords } from "./app_layout.js";
import { decimals, English, localised, phrase, phraseOf, setPhrase, setWords, deferred } from "../words/language.js";
import { showNotices } from "../panels/notices.js";
import { recorded } from "./opener.js";
import {
  likeliestWindow,
  noticesWithoutNames,
  recordedSeconds,
  valueIn,
  valueOf,
  windowsOf,
  withMeasured,
  withValues,
} from "../core/report.js";
import { showStated } from "../panels/stated.js";
import { showWindows } from "../panels/windows.js";
import { counted, messageOf } from "../words/messages.js";

/** @typedef {import("../workers/model_worker.js").Analysed} Analysed */

export class Answers {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
  }

  listen() {
    const { host } = this;
    host.on("order", "change", () => this.showAnalysis());
    host.on("map-label", "change", ({ target }) => this.chooseLabel(Number(target.value)));
    host.on("read-first", "change", () => {
      host.appLayout?.showSamples();
      host.batches?.show();
      if (host.record) this.showRecord();
      return host.explain();
    });
    host.on("reading", "submit", (event) => {
      event.preventDefault();
      return this.keepReading();
    });
    host.on("panel-peek", "click", () => host.appLayout?.unfoldPanel());
    host.on("quality", "click", () => host.appLayout?.showCard("measurements"));
  }

  /** What was kept opens what was hidden. */
  async keepReading() {
    const { host } = this;
    const hidden = host.hiding;
    if (!host.readings?.keep() || !host.row) return;
    host.row.read = true;
    host.batches?.show();
    this.showRecord();
    if (hidden && host.locked) {
      host.measurements?.open(host.row);
      await this.analyse({});
    } else await host.explain();
  }

  /** @param {import("../workers/model_worker.js").Options} options */
  async analyse(options) {
    const { row } = this.host;
    if (!row?.group) return;
    if (this.host.locked && this.host.hiding) return this.host.say(deferred("status.read-first"));
    const { group } = row;
    const since = this.host.status.problems;
    this.host.options = options;
    this.host.say(deferred(this.host.live.model ? "status.analysing" : "status.waiting"), { cancel: true });
    const outcomes = await Promise.allSettled(
      this.host.live.modelWorkers.map((modelWorker) => modelWorker.analyse(group, options)),
    );
    this.host.arrivals?.settled(row);
    if (this.host.row !== row) return;
    const failed = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    const stopped = failed.find((error) => error instanceof CancelledError);
    if (stopped) {
      this.host.$("again").hidden = false; // what was there before stays
      throw stopped;
    }
    this.host.problems = outcomes.map((each) => (each.status === "rejected" ? messageOf(each.reason) : ""));
    this.take(
      outcomes.map((each) => (each.status === "fulfilled" ? each.value : null)),
      since,
    );
    this.host.$("accept").hidden = !failed.some(
      (e) => e instanceof CoreError && ["UNITS", "LEAD_UNKNOWN", "FORMAT"].includes(e.code),
    );
    if (failed.length === outcomes.length) throw failed[0];
  }

  /** What was refused was read, and is taken as it is. */
  async analyseAllTheSame() {
    const { row } = this.host;
    if (row?.group) row.group.reading = { ...row.group.reading, acceptChecksums: true };
    if (row) this.host.measurements?.open(row);
    await this.analyse({ acceptAmplitude: true, acceptMissingLeads: true, acceptChecksums: true });
  }

  /** @param {(Analysed | null)[]} analyses  one a model @param {number} since  as say() has it */
  take(analyses, since) {
    const first = !this.host.analysis;
    this.host.analyses = analyses;
    if (!this.host.analysis) this.host.live.shown = Math.max(0, analyses.findIndex(Boolean));
    const { analysis } = this.host;
    if (!analysis) {
      this.showRecord();
      return;
    }
    if (first) this.lookAtStrongest(analysis);
    this.host.label = Math.min(this.host.label, analysis.report.labels.length - 1);
    this.host.window = Math.min(this.host.window, windowsOf(analysis.report).length - 1);
    this.showAnalysis();
    this.host.say(deferred("status.analysed", { ms: Math.round(analysis.milliseconds) }), { since });
    for (const each of analyses) if (each) this.host.guarded(() => this.tell(each));
    this.host.guarded(() => this.host.explain());
  }

  /** The page around hears of it once the recording is measured too. @param {Analysed} analysis */
  async tell(analysis) {
    const measured = (await this.host.measurements?.partOf(this.host.row)) ?? null;
    const detail = withMeasured(withValues(analysis), measured);
    this.host.dispatchEvent(new CustomEvent("analysis", { detail, bubbles: true, composed: true }));
  }

  /** While the answer is hidden, the place to look at is no hint. @param {Analysed} analysis */
  lookAtStrongest(analysis) {
    const { host } = this;
    const wanted = host.row?.sample?.findings ?? [];
    const named = analysis.report.labels.findIndex((label) => label.name === wanted[0]);
    Object.assign(host, named < 0 ? firstLabel(analysis.model, analysis) : { label: named, chosen: true });
    if (!host.hiding) host.window = likeliestWindow(analysis.report, host.label);
  }

  /** How a sample's annotation and the network's answer go together, in a sentence. @returns {string} */
  get sampleText() {
    const { analysis, row, hiding } = this.host;
    if (!analysis || !row?.sample?.annotation || hiding) return "";
    const { labels } = analysis.model;
    const at = (/** @type {number} */ i) => reaches(labels[i], valueOf(analysis.report.labels[i]));
    const expected = labels.map((_, i) => i).filter((i) => row.sample?.findings.includes(labels[i].name));
    const missed = expected.filter((i) => !at(i)).map((i) => `${titleOf(labels[i])} (${chance(analysis, i)})`);
    const more = labels.map((_, i) => i).filter((i) => at(i) && !expected.includes(i));
    const annotation = annotationWords(row.sample.annotation.replace(/ \(.*\)$/, ""));
    const parts = [phrase("sample.annotation", { annotation })];
    if (missed.length) parts.push(phrase("sample.missed", { findings: missed.join(", ") }));
    else parts.push(phrase(expected.length ? "sample.found" : "sample.agrees"));
    if (more.length) parts.push(phrase("sample.more", { findings: more.map((i) => titleOf(labels[i])).join(", ") }));
    return parts.join(" ");
  }

  /** The next of those at or above their thresholds, around and around. */
  nextFinding() {
    const { analysis, label } = this.host;
    if (!analysis || this.host.hiding) return;
    const { labels } = analysis.model;
    const probability = (/** @type {number} */ i) => valueOf(analysis.report.labels[i]);
    const found = labels.map((_, i) => i).filter((i) => reaches(labels[i], probability(i)));
    found.sort((a, b) => probability(b) - probability(a));
    if (found.length) this.chooseLabel(found[(found.indexOf(label) + 1) % found.length]);
  }

  showAnalysis() {
    const { analysis } = this.host;
    if (!analysis) return;
    const columns = this.host.live.modelWorkers.map((modelWorker, i) => ({
      model: this.host.analyses[i]?.model ?? /** @type {import("../core/worker.js").Model} */ (modelWorker.model),
      analysis: this.host.analyses[i] ?? null,
      problem: this.host.problems[i] ?? "",
    }));
    showModels(this.host.$("models"), columns, this.host.live.shown, (which) => this.host.models.showMapOf(which));
    this.host.$("columns-text").textContent = columnsText(analysis.model);
    showLabels(
      this.host.$("labels"),
      columns,
      this.host.live.shown,
      this.host.chosen ? this.host.label : -1,
      this.host.$("order").value === "probability",
      (i) => this.chooseLabel(i),
    );
    this.showChoice();
    this.showReading();
    this.showNotices();
    this.showWindow();
  }

  /** From the list or over the drawing. @param {number} i */
  chooseLabel(i) {
    if (!this.host.analysis || i < 0) return;
    this.host.label = i;
    this.host.chosen = true;
    const { report } = this.host.analysis;
    this.host.window = likeliestWindow(report, i);
    markLabel(this.host.$("labels"), i);
    this.showPeek();
    this.showChoice();
    this.showWindow();
    this.host.guarded(() => this.host.explain());
  }

  showChoice() {
    const { analysis } = this.host;
    if (!analysis) return;
    this.host.$("method").disabled = !this.host.chosen;
    showMapChoice(
      this.host.$("map-label"),
      this.host.$("map-note"),
      analysis.model,
      analysis,
      this.host.chosen ? this.host.label : -1,
    );
  }

  showRecord() {
    this.host.$("record-name").textContent = this.shownName;
    this.host.$("record-number").textContent = this.host.row
      ? phrase("record.no", { number: this.host.row.number })
      : "";
    this.host.$("record-facts").textContent = [...this.recordFacts, ...(this.host.blind ? [] : this.personFacts)].join(
      " · ",
    );
    this.host.$("result").hidden = false;
    if (!this.host.analysis) {
      clearLabels(this.host.$("labels"));
      for (const id of ["models", "evidence"]) this.host.$(id).replaceChildren();
    }
    this.showReading();
    this.showNotices();
    this.showWindow();
    this.host.appLayout?.arrange();
    this.host.appLayout?.bringUp();
    this.host.appLayout?.takeFocus();
    this.host.opener.countRows();
  }

  showReading() {
    const { host } = this;
    const { hiding } = host;
    host.readings?.show(host.row);
    showStated(host.$("stated"), host.record, { blind: host.blind, hiding });
    host.measurements?.show();
    host.$("findings").hidden = hiding || !host.analysis;
    host.$("evidence-card").hidden = hiding || !(host.analysis || host.arrivals?.waiting);
    host.$("map-box").hidden = hiding;
    host.$("network").hidden = hiding && host.locked;
    host.$("waiting").hidden = !hiding;
    host.$("waiting").textContent = host.getAttribute("view") === "ecg" ? "" : phrase("reading.hidden");
    for (const id of ["save-json", "save-csv", "copy-numbers"]) host.$(id).disabled = hiding || !host.analysis;
    const says = this.sampleText;
    host.$("sample-says").hidden = !says;
    host.$("sample-says").textContent = says;
    this.showPeek();
    host.presenting?.show();
  }

  /** The panel in a line, where it is folded. */
  showPeek() {
    const { host } = this;
    const { analysis, hiding } = host;
    const words = hiding ? phrase("reading.title") : analysis ? this.peekText(analysis) : phrase("findings.name");
    const { label, chosen } = host;
    const value =
      analysis && chosen && !hiding ? shownText(valueOf(analysis.report.labels[label]), analysis.model.outputs) : "";
    const open = host.$("panel").classList.contains("unfolded");
    host
      .$("panel-peek")
      .replaceChildren(
        make("strong", { textContent: words }),
        " ",
        make("strong", { className: "value", textContent: value }),
        make("span", { className: "push", textContent: open ? "▾" : `${phrase("findings.peek")} ▴` }),
      );
  }

  /** @param {Analysed} analysis */
  peekText(analysis) {
    const { label, chosen } = this.host;
    if (!chosen) return phrase("findings.none");
    return titleOf(analysis.model.labels[label]);
  }

  showNotices() {
    const { host } = this;
    const notices = host.analysis?.report.notices ?? host.record?.notices ?? [];
    // They have places of their own; what is wrong with a lead is the reader's to see first.
    const elsewhere = ["model", "resampled", ...(host.hiding ? ["quality"] : [])];
    const resampled = notices.filter(({ code }) => code === "resampled").map(({ text }) => text);
    setWords(host.$("analysis-facts"), new English(resampled.join("; ")));
    const all = [...notices.filter(({ code }) => !elsewhere.includes(code)), ...host.notes];
    showNotices(host.$("notices"), host.blind ? noticesWithoutNames(all, host.row?.name ?? "") : all);
  }

  /** The windows of the record: the model's, or pages as long as nobody says more.
   * @returns {import("../panels/windows.js").Window[]} */
  get windows() {
    const { pageSeconds } = this;
    const { analysis, record, label } = this.host;
    if (analysis)
      return windowsOf(analysis.report).map((w, i) => ({
        start: w.start_s,
        seconds: recordedSeconds(w),
        value: this.host.hiding || !this.host.chosen ? null : valueIn(analysis.report, i, label),
        outputs: analysis.model.outputs,
      }));
    const seconds = record ? record.samples / record.rate : 0;
    const count = Math.min(1000, Math.max(1, Math.ceil((seconds - 0.01) / pageSeconds)));
    return Array.from({ length: count }, (_, i) => ({
      start: i * pageSeconds,
      seconds: Math.min(pageSeconds, seconds - i * pageSeconds),
      value: null,
      outputs: "probabilities",
    }));
  }

  get pageSeconds() {
    const { model } = this.host.live;
    return Math.max(PAGE_SECONDS, model ? model.length / model.rate : 0);
  }

  /** @param {number} w */
  chooseWindow(w) {
    this.host.window = Math.min(Math.max(w, 0), this.windows.length - 1);
    this.showWindow();
    this.host.guarded(() => this.host.explain());
  }

  showWindow() {
    this.showNone();
    const { windows } = this;
    const { analysis } = this.host;
    this.host.window = Math.min(this.host.window, windows.length - 1);
    const threshold =
      analysis && this.host.chosen && !this.host.hiding ? analysis.model.labels[this.host.label].threshold : null;
    showWindows(this.host.$("windows"), windows, this.host.window, threshold, (w) => this.chooseWindow(w));
    if (analysis && !this.host.chosen)
      this.host.$("evidence").replaceChildren(setPhrase(make("p"), "evidence.none-chosen"));
    else if (analysis) this.host.explainer?.showWords(analysis);
    this.host.draw();
  }

  /** That nothing was found is no report of health. */
  showNone() {
    const { analysis } = this.host;
    const none = this.host.$("none-found");
    none.hidden = !analysis || firstLabel(analysis.model, analysis).chosen;
    none.textContent = none.hidden ? "" : phrase("findings.not-normal", { n: analysis?.model.labels.length ?? 0 });
  }

  get shownName() {
    if (!this.host.row) return "";
    return this.host.blind ? phrase("record.label") : this.host.row.name;
  }

  get recordFacts() {
    const { record, row } = this.host;
    if (!record) return [];
    const facts = [
      phraseOf("type.", row?.type ?? ""),
      counted(recorded(record), "lead"),
      `${localised(String(record.rate))} Hz`,
      `${decimals(record.samples / record.rate, 1)} s`,
    ];
    return facts.filter(Boolean);
  }

  get personFacts() {
    const { record } = this.host;
    const facts = [];
    if (record && record.age !== null) facts.push(phrase("person.age", { age: record.age }));
    if (record?.sex) facts.push(phrase(record.sex === "F" ? "person.female" : "person.male"));
    return facts;
  }
}

/** @param {Analysed} analysis @param {number} i */
function chance(analysis, i) {
  const { threshold } = analysis.model.labels[i];
  const limit =
    threshold === null
      ? ""
      : `, ${phrase("findings.threshold", { value: shownText(threshold, analysis.model.outputs) })}`;
  return `${shownText(valueOf(analysis.report.labels[i]), analysis.model.outputs)}${limit}`;
}

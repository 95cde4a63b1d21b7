/** What is saved of the open recording, with names only where the reader wants them. */

import { withCalipers } from "../drawing/caliper_sheet.js";
import { pictureRequest } from "../drawing/drawing.js";
import { fillPrint, save, saveText } from "../base/exports.js";
import { reaches, shownText, titleOf } from "../words/finding_words.js";
import { English, inEnglish, phrase, SpokenError, deferred } from "../words/language.js";
import { numbersText } from "../drawing/numbers.js";
import { readerPart, withReader } from "../core/reader_part.js";
import { labelsTable, valueOf, withMeasured, withoutNames, withValues } from "../core/report.js";
import { zipOf } from "../files/zip_write.js";

/** Whether the device has a sheet that takes pictures. */
function canShare() {
  const one = new File([], "ecg.png", { type: "image/png" });
  return typeof navigator.share === "function" && Boolean(navigator.canShare?.({ files: [one] }));
}

export class Saving {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
  }

  listen() {
    const { host } = this;
    host.on("save-png", "click", () => this.savePng());
    host.on("save-svg", "click", () => this.saveSvg());
    host.on("save-record", "click", () => this.saveRecord());
    host.on("with-names", "change", () => host.draw());
    host.on("save-json", "click", () => this.saveJson());
    host.on("save-csv", "click", () => this.saveCsv());
    host.on("print", "click", () => this.print());
    host.$("share").hidden = !canShare();
    host.on("share", "click", () => this.share());
    host.on("copy-png", "click", () => this.copyPicture());
    host.on("copy-numbers", "click", () => this.copyNumbers());
    host.on("copy-link", "click", () => this.copyLink());
    const fill = () => fillPrint(host.$("sheet"), this.sheets, host.pictures);
    window.addEventListener("beforeprint", fill, { signal: host.leaving?.signal });
  }

  /** For the printer, with the calipers as they are now. @returns {import("../base/exports.js").Sheet[]} */
  get sheets() {
    const { host } = this;
    if (!host.record) return [];
    return host.sheets.map((sheet) => ({ ...sheet, list: withCalipers(sheet.list, this.pairs, sheet.start) }));
  }

  get pairs() {
    return this.host.caliperTools?.all ?? [];
  }

  /** All of the page, however small the screen is. */
  async drawPicture() {
    const page = inEnglish(() => this.host.panel.page({ paper: true }));
    if (!page) throw new SpokenError("save.no-recording");
    const list = await this.host.live.draw(page.record, pictureRequest(page), page.heat?.values ?? null);
    return { list: inEnglish(() => withCalipers(list, this.pairs, page.start)), title: page.title };
  }

  /** @returns {Promise<Blob>} */
  async picture() {
    return this.host.live.picture((await this.drawPicture()).list);
  }

  async savePng() {
    save(this.fileName("png"), await this.picture());
  }

  async saveSvg() {
    const { list, title } = await this.drawPicture();
    const pictures = await this.host.live.printer;
    saveText(this.fileName("svg"), pictures.svg(list, title), "image/svg+xml");
  }

  /** The clipboard takes the picture's promise: it has to be asked at once. */
  async copyPicture() {
    const { clipboard } = navigator;
    if (!clipboard?.write || typeof ClipboardItem === "undefined") throw new SpokenError("save.no-clipboard-picture");
    await clipboard.write([new ClipboardItem({ "image/png": this.picture() })]);
    this.host.say(deferred("save.picture-copied"));
  }

  /** The picture, to whatever the device's own sheet offers; nothing is sent unless the reader chooses a place there. */
  async share() {
    const file = new File([await this.picture()], this.fileName("png"), { type: "image/png" });
    try {
      await navigator.share({ files: [file], title: file.name, text: phrase("disclaimer") });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return; // it was closed again
      throw error;
    }
  }

  /** Rate, intervals, and what was found, as a line of text. */
  async copyNumbers() {
    const { host } = this;
    const { analysis, row } = host;
    if (!analysis || !row || host.hiding) return;
    const { labels } = analysis.model;
    const found = analysis.report.labels.flatMap((each, i) =>
      reaches(labels[i], valueOf(each))
        ? [`${titleOf(labels[i])} ${shownText(valueOf(each), analysis.model.outputs)}`]
        : [],
    );
    const lines = [
      row.brief ? numbersText(row.brief) : phrase("measured.not"),
      ...(host.caliperTools?.lines ?? []),
      phrase("save.findings", {
        model: analysis.report.model.name,
        findings: found.join(", ") || phrase("save.no-findings"),
      }),
      phrase("disclaimer"),
    ];
    await this.copyText(lines.join("\n"));
    host.say(deferred("save.numbers-copied"));
  }

  async copyLink() {
    const { host } = this;
    await this.copyText(host.link?.address ?? "");
    host.say(deferred(host.row?.sample ? "save.link-copied" : "save.settings-copied"));
  }

  /** @param {string} text */
  async copyText(text) {
    if (!navigator.clipboard) throw new SpokenError("save.no-clipboard");
    await navigator.clipboard.writeText(text);
  }

  /** What is saved of one recording; no two have the same. */
  get baseName() {
    const { row, list, withNames } = this.host;
    const number = String(row?.number ?? 0).padStart(3, "0");
    if (!row || !withNames) return `ecg-${number}`;
    return list.rows.some((other) => other !== row && other.name === row.name) ? `${row.name}-${number}` : row.name;
  }

  /** @param {string} kind */
  fileName(kind) {
    return `${this.baseName}.${kind}`;
  }

  /** As it may leave the page. @template {Parameters<typeof withoutNames>[0]} R @param {R} report */
  named(report) {
    return this.host.withNames ? report : withoutNames(report);
  }

  /** One a model. */
  get exportReports() {
    const measured = this.host.measurements?.part ?? null;
    const reader = readerPart(this.host);
    return this.host.analyses.flatMap((analysis) =>
      analysis ? [withReader(this.named(withMeasured(withValues(analysis), measured)), reader)] : [],
    );
  }

  /** What the chosen method has shown, where that is not the map. */
  get exportEvidence() {
    const wanted = this.host.explainer?.wanted;
    if (!wanted?.evidence) return [];
    const report = this.named(withMeasured(wanted.evidence.report, this.host.measurements?.part ?? null));
    return [withReader(report, readerPart(this.host))];
  }

  async saveCsv() {
    await this.host.measurements?.done;
    saveText(this.fileName("csv"), labelsTable(this.exportReports, this.host.reading), "text/csv");
  }

  /** One object, or a line for each. */
  async saveJson() {
    await this.host.measurements?.done;
    const lines = [...this.exportReports, ...this.exportEvidence].map((report) => JSON.stringify(report));
    const one = lines.length === 1;
    saveText(
      this.fileName(one ? "json" : "jsonl"),
      `${lines.join("\n")}\n`,
      one ? "application/json" : "application/x-ndjson",
    );
  }

  /** The samples as they were stored, in another format, and nothing that says whose they are unless that is asked for. */
  async saveRecord() {
    const group = this.host.row?.group;
    if (!group) return;
    const to = this.host.$("save-format").value;
    const as = this.baseName.replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9_-]/g, "_");
    const {
      files: [first, ...others],
      notices,
    } = await this.host.live.write(group, {
      to,
      as,
      identity: this.host.$("save-identity").checked,
      stated: this.host.$("save-stated").checked,
    });
    const whole = others.length ? zipOf([first, ...others]) : first.bytes;
    save(others.length ? `${as}-${to}.zip` : first.name, new Blob([/** @type {BlobPart} */ (whole)]));
    if (notices.length) this.host.say(deferred("save.saved-with", { notices: new English(`${notices.join(". ")}.`) }));
    else this.host.say(deferred("save.saved"));
  }

  async print() {
    await this.host.drawn;
    if (this.host.record) window.print(); // its sheets are filled in when the browser says it will print
  }
}

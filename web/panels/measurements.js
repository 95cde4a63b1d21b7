/** What is measured on the open recording, and how good it is: in a strip and in the panel, hidden while the reader is to answer first. */

import { CancelledError } from "../workers/client.js";
import { CoreError } from "../core/core.js";
import { saveText } from "../base/exports.js";
import { make } from "../base/dom.js";
import { decimals, English, localised, phrase, setPhrase, setWords, SpokenError, deferred } from "../words/language.js";
import { briefOf, showStrip } from "../drawing/numbers.js";
import { readerPart, tableEdited, withReader } from "../core/reader_part.js";
import { measuredPart, NAMELESS, withoutNames } from "../core/report.js";
import { counted, errorWords, messageOf } from "../words/messages.js";
import { MEASURED, reasonOf, UNITS, WAVES } from "../words/quantities.js";

/**
 * @typedef {import("../package/documents.js").Measured} Measured
 * @typedef {import("../package/documents.js").Measurement} Measurement
 * @typedef {import("../package/documents.js").MeasuredLead} MeasuredLead
 * @typedef {import("../core/readers.js").Finding} Finding
 * @typedef {import("../package/documents.js").Explanation["measured"]} Part
 * @typedef {import("./records.js").Row} Row
 */

export class Measurements {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {Row | null} whose they are */
    this.row = null;
    /** @type {Finding | null} as it was measured */
    this.found = null;
    /** @type {Finding | null} with what the reader has edited */
    this.finding = null;
    /** @type {unknown} why there is none */
    this.problem = null;
    /** @type {Promise<void>} fulfilled once there is the one or the other */
    this.done = Promise.resolve();
    host.on("measured-json", "click", () => this.saveJson());
    host.on("measured-csv", "click", async () => saveText(this.fileName("csv"), (await this.texts()).csv, "text/csv"));
  }

  /** Where it may be shown. */
  get shown() {
    const { host, row, finding } = this;
    return row !== null && row === host.row && !host.hiding ? finding : null;
  }

  /** As documents of an analysis have it; null: it was not measured. @returns {Part} */
  get part() {
    const { finding, problem } = this;
    if (finding) return measuredPart(finding.measured);
    return problem ? { error: { code: codeOf(problem), text: messageOf(problem) } } : null;
  }

  /** The same of a row, once it is there. @param {Row | null} row @returns {Promise<Part>} */
  async partOf(row) {
    if (this.row === row) await this.done;
    return this.row === row ? this.part : null;
  }

  /** Once the recording is drawn: the drawing is not to be later for it. @param {Row} row */
  open(row) {
    Object.assign(this, { row, found: null, finding: null, problem: null });
    this.show();
    // What is locked could be looked up, if it were measured.
    this.done = this.host.locked && this.host.hiding ? Promise.resolve() : this.measure(row);
    return this.done;
  }

  /** @param {Row} row */
  async measure(row) {
    const { host } = this;
    await host.drawn.catch(() => {});
    if (this.row !== row || host.row !== row || !row.group) return;
    try {
      const finding = await host.live.measure(row.group);
      row.brief = briefOf(host.edits.measuredOf(row, finding.measured));
      host.list.redraw(row);
      if (this.row === row) Object.assign(this, { found: finding, finding: host.edits.apply(row, finding) });
    } catch (error) {
      if (this.row !== row || error instanceof CancelledError) return;
      this.problem = error;
    }
    if (this.row !== row || host.row !== row) return;
    this.show();
    await host.drawn.catch(() => {});
    if (this.row === row && host.row === row) host.panel.addMarks();
  }

  /** The reader has moved marks, or undone that. */
  edited() {
    const { host, row, found } = this;
    if (!row || !found) return;
    this.finding = host.edits.apply(row, found);
    row.brief = briefOf(this.finding.measured);
    host.list.redraw(row);
    this.show();
    host.panel.addMarks();
  }

  /* ---- saving ---- */

  /** @param {string} kind */
  fileName(kind) {
    return this.host.saving.fileName(`measured.${kind}`);
  }

  /** As `xplaim measure` prints them. */
  async texts() {
    const { host, row } = this;
    if (!row?.group || !this.shown) throw new SpokenError("measured.nothing");
    const { measured } = this.shown;
    const { json, csv } = await host.live.measureTexts(row.group, host.withNames ? row.group.name : NAMELESS);
    return { json: this.textWithReader(json), csv: tableEdited(csv, measured) };
  }

  /** The tool's document, and where the reader has added to it that too. @param {string} json */
  textWithReader(json) {
    const { host, row } = this;
    const part = readerPart(host);
    if (!part || !row) return json;
    return `${JSON.stringify(withReader(host.edits.measuredOf(row, JSON.parse(json)), part))}\n`;
  }

  /** With names that is the tool's document, to the last byte. */
  async saveJson() {
    const name = this.row?.group?.name ?? "";
    const { json } = await this.texts();
    const text = this.host.withNames
      ? json
      : `${JSON.stringify(withoutNames({ ...JSON.parse(json), record: name }))}\n`;
    saveText(this.fileName("json"), text, "application/json");
  }

  /* ---- showing ---- */

  /** Where there are no numbers. @param {boolean} there */
  stripText(there) {
    if (!there) return this.host.record ? phrase("reading.hidden") : "";
    return phrase(this.problem ? "measured.unmeasurable" : "measured.measuring");
  }

  /** As things stand. */
  show() {
    const { host, row, problem } = this;
    const panel = host.$("measurements");
    const there = row !== null && row === host.row && !host.hiding;
    const measured = this.shown?.measured;
    panel.hidden = !there;
    const brief = there ? (row?.brief ?? null) : null;
    showStrip(host.$("numbers"), host.$("quality"), brief, this.stripText(there));
    host.presenting?.show();
    host.$("marks-place").hidden = !there;
    host.$("marks").disabled = !measured;
    host.$("measured-save").hidden = !measured;
    host.medianBeat?.show();
    const content = host.$("measured");
    if (!there) content.replaceChildren();
    else if (measured) content.replaceChildren(...parts(measured, content.querySelector("details")?.open ?? false));
    else
      content.replaceChildren(
        setWords(
          make("p", { className: "faint" }),
          problem
            ? deferred("measured.unmeasurable-why", { why: errorWords(problem) })
            : deferred("measured.measuring"),
        ),
      );
  }
}

/** @param {unknown} error @returns {import("../package/documents.js").Failure["error"]["code"]} */
const codeOf = (error) => /** @type {any} */ (error instanceof CoreError ? error.code : "INTERNAL");

/** @param {Measured} measured @param {boolean} open  the table by lead was unfolded */
function parts(measured, open) {
  const { findings } = measured.quality;
  return [
    scrolling(phrase("measured.intervals"), valuesTable(measured)),
    make("p", { className: "faint", textContent: rhythmText(measured) }),
    make("p", {
      id: "measured-grade",
      textContent: [
        phrase("quality.is", { grade: phrase(`grade.is.${measured.quality.grade}`) }),
        findings.length ? "" : phrase("quality.nothing"),
      ]
        .filter(Boolean)
        .join(" "),
    }),
    ...(findings.length
      ? [
          make(
            "ul",
            { id: "measured-findings", className: "limits" },
            ...findings.map(({ text }) => setWords(make("li"), new English(text))),
          ),
        ]
      : []),
    make(
      "details",
      { open },
      make("summary", { textContent: phrase("measured.by-lead") }),
      ...leadTables(measured.leads),
    ),
    setPhrase(make("p", { className: "faint" }), "measured.how"),
  ];
}

/* ---- intervals and axes ---- */

/** @param {Measured} measured */
function valuesTable({ measurements }) {
  const rows = MEASURED.flatMap((name) => {
    const found = measurements.find((each) => each.name === name);
    return found ? [valueRow(phrase(`measured.${name}`), found)] : [];
  });
  return make(
    "table",
    {},
    make("caption", { className: "visually-hidden", textContent: phrase("measured.title") }),
    heads([
      phrase("measured.measurement"),
      phrase("measured.value"),
      phrase("measured.range"),
      phrase("measured.beats"),
      phrase("measured.reliability"),
    ]),
    make("tbody", {}, ...rows),
  );
}

/** @param {string} title @param {Measurement} found */
function valueRow(title, found) {
  const { name, value, unit, beats, range, reliability, text, edited } = found;
  const head = make("th", { scope: "row", textContent: title });
  const row = make("tr", {}, head);
  row.dataset.measure = name;
  if (edited) {
    const was = edited.measured;
    const before =
      was === null ? phrase("marks.not-measured") : phrase("marks.measured-as", { value: withUnit(was, unit) });
    const now = value === null ? phrase("marks.gone") : withUnit(value, unit);
    row.append(
      make("td", { textContent: now }),
      make("td", { colSpan: 2, textContent: `${phrase("marks.edited")}; ${before}` }),
    );
    return row;
  }
  if (value === null) {
    row.append(
      make("td", {
        colSpan: 3,
        className: "none",
        textContent: phrase("measured.not-because", { reason: reasonOf(found) }),
      }),
    );
    return row;
  }
  const [, note] = text.split("; "); // what is to be known of the formula at this rate
  if (note) head.append(" ", setWords(make("small"), new English(note)));
  const cells = [
    withUnit(value, unit),
    range ? rangeText(range) : "–",
    String(beats),
    reliability ? phrase(`reliability.${reliability}`) : "–",
  ];
  row.append(...cells.map((cell) => make("td", { textContent: cell })));
  return row;
}

/** A dash between numbers would be taken for a sign where one is negative. @param {number[]} range */
const rangeText = ([from, to]) =>
  from < 0 ? phrase("measured.from-to", { from: number(from), to: number(to) }) : `${number(from)}–${number(to)}`;

/** With the signs that type and the language have. @param {number | string} value */
const number = (value) => (typeof value === "number" ? localised(String(value)) : value).replace("-", "−");

/** @param {number} value @param {Measurement["unit"]} unit */
const withUnit = (value, unit) => `${number(value)}${unit === "deg" ? "" : " "}${UNITS[unit]}`;

/** @param {Measured} measured */
function rhythmText({ rhythm }) {
  const {
    beats,
    irregularity,
    p_waves: pWaves,
    supraventricular_ectopic: s,
    ventricular_ectopic: v,
    fusion_beats: fused,
    paced,
  } = rhythm;
  const facts = [
    counted(beats, "beat"),
    irregularity && phrase(`rhythm.is.${irregularity}`),
    pWaves && phrase(`p-waves.${pWaves}`),
    phrase("rhythm.ectopic", { s, v }),
    fused > 0 && phrase("rhythm.fusion", { n: fused }),
    paced && phrase("rhythm.paced"),
  ];
  return `${facts.filter(Boolean).join("; ")}.`;
}

/* ---- by lead ---- */

/** @param {MeasuredLead[]} leads */
function leadTables(leads) {
  const duration = new Set(leads.flatMap((lead) => Object.keys(lead.durations_ms)));
  return [
    leadTable(phrase("measured.amplitudes"), leads, Object.keys(WAVES), (lead, key) =>
      rounded(of(lead.amplitudes, key), 3),
    ),
    leadTable(
      phrase("measured.durations"),
      leads,
      Object.keys(WAVES).filter((key) => duration.has(key)),
      (lead, key) => rounded(of(lead.durations_ms, key), 0),
    ),
  ];
}

/** @param {Record<string, number | null>} values @param {string} key */
const of = (values, key) => values[key] ?? null;

/** @param {number | null} value @param {number} digits */
const rounded = (value, digits) =>
  value === null ? "–" : number(decimals(Number(value.toFixed(digits)) || 0, digits));

/** @param {string} title @param {MeasuredLead[]} leads @param {string[]} keys
 * @param {(lead: MeasuredLead, key: string) => string} cell */
function leadTable(title, leads, keys, cell) {
  const rows = leads.map((lead) =>
    make(
      "tr",
      {},
      make("th", { scope: "row", textContent: lead.derived ? phrase("lead.derived", { lead: lead.lead }) : lead.lead }),
      ...keys.map((key) => make("td", { textContent: cell(lead, key) })),
    ),
  );
  return scrolling(
    title,
    make(
      "table",
      {},
      make("caption", { textContent: title }),
      heads([phrase("measured.lead"), ...keys.map(titleOf)]),
      make("tbody", {}, ...rows),
    ),
  );
}

/** @param {string} key */
const titleOf = (key) => WAVES[/** @type {keyof typeof WAVES} */ (key)];

/* ---- tables ---- */

/** @param {string[]} titles */
const heads = (titles) =>
  make("thead", {}, make("tr", {}, ...titles.map((title) => make("th", { scope: "col", textContent: title }))));

/** What is too wide scrolls, by keys too. @param {string} label @param {HTMLTableElement} table */
function scrolling(label, table) {
  const box = make(
    "div",
    { className: "measured-box", tabIndex: 0, ariaLabel: phrase("scrolls", { what: label }) },
    table,
  );
  box.setAttribute("role", "region");
  return box;
}

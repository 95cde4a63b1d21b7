/**
 * The core's documents (tools/schema), as the page shows and saves them: their parts, whichever document
 * it is, tables, and what leaves the page without names.
 */

import { DISCLAIMER, LEADS } from "./core_constants.js";

/** @typedef {{at: string, text: string, edited: {at: string, text: string}[]}} Reading  what the reader wrote of a
 * recording; edited: later versions of it */

/**
 * @typedef {import("./core.js").Report} Report
 * @typedef {import("../package/documents.js").Explanation} Explanation
 * @typedef {import("../package/documents.js").Prediction} Prediction
 * @typedef {import("../package/documents.js").Failure & {record: string}} Failure
 * @typedef {import("../package/documents.js").MeasuredPart} MeasuredPart
 * @typedef {import("../package/documents.js").Notice} Notice
 * @typedef {{start_s: number, end_s: number, padded_s: number}} Window
 */

/** Numbers that are float32 in the core, without the digits that only say so. @param {number} v */
const short = (v) => Number(v.toPrecision(9));

/** Decimals with which the two ends of one step differ. @param {number} step  s */
export function timeDigits(step) {
  let digits = 2;
  for (let unit = 0.01; unit > step && digits < 6; unit /= 10) digits++;
  return digits;
}

/** @param {Report} report @returns {Window[]} */
export const windowsOf = (report) => ("map" in report ? report.map.windows : report.windows);

/** A label's probability or, of a model whose outputs are none, its score.
 * @param {{probability?: number, score?: number}} label */
export const valueOf = ({ probability, score }) => probability ?? score ?? NaN;

/** Of a label in a window. @param {Report} report @param {number} w @param {number} label */
export function valueIn(report, w, label) {
  if ("map" in report) return valueOf(report.map.windows[w].labels[label]);
  const { probabilities, scores } = report.windows[w];
  return (probabilities ?? scores ?? [])[label] ?? NaN;
}

/** The first window in which a label's value is the largest. @param {Report} report @param {number} label */
export function likeliestWindow(report, label) {
  const values = windowsOf(report).map((_, w) => valueIn(report, w, label));
  return values.reduce((best, value, w) => (value > values[best] ? w : best), 0);
}

/** Seconds of a window that are from the record. @param {Window} window */
export const recordedSeconds = ({ start_s, end_s, padded_s }) => end_s - start_s - padded_s;

/** The document as `xplaim explain --json` prints it: with the maps' values, made when they are read.
 * @param {Pick<import("./core.js").Analysis, "report" | "maps">} analysis @returns {Report} */
export function withValues({ report, maps }) {
  if (!("map" in report)) return report;
  const { steps, windows } = report.map;
  const filled = windows.map((window, w) => ({
    ...window,
    labels: window.labels.map(({ values: _, text, ...label }, i) => ({
      ...label,
      get values() {
        return Array.from(maps[w].subarray(i * steps, (i + 1) * steps), short);
      },
      ...(text ? { text } : {}),
    })),
  }));
  return { ...report, map: { ...report.map, windows: filled } };
}

/** A record that could not be analysed, as the tool says it.
 * @param {string} name @param {Failure["error"]} error @returns {Failure} */
export function failureReport(name, error) {
  return { record: name, disclaimer: DISCLAIMER, error };
}

/** Where a formula would begin: at a text's start, and behind what spreadsheets part cells at. In many countries that is
 * the semicolon, and quotes that stand around commas alone do not hold there. The signs have wide forms too. */
const FORMULA = /(^|[;\t\r\n]"*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** @param {unknown} value  a table's cell; text that a spreadsheet would take for a formula is not */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value).replace(FORMULA, "$1'");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180. @param {unknown[][]} rows */
export const csv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

/** @param {NonNullable<Explanation["reader"]>["calipers"][number]} calipers */
const caliperText = ({ kind, lead, start_s: start, end_s: end, ms, mv, qtc_ms: qtc, qtc_formula: formula }) =>
  `${kind} ${lead ?? "?"} ${start}-${end} s: ${ms} ms, ${mv} mV${qtc === null ? "" : `, QTc ${qtc} ms (${formula})`}`;

/** The measurements that stand beside each label, and that are compared. */
export const NUMBERS = /** @type {const} */ ([
  "heart_rate",
  "pr_interval",
  "qrs_duration",
  "qt_interval",
  "qtc_fridericia",
  "p_axis",
  "qrs_axis",
  "t_axis",
]);

/**
 * @typedef {Report & Partial<Pick<Explanation, "measured" | "reader">>} ShownReport
 * @typedef {{report: ShownReport, label: ShownReport["labels"][number], strongest: string, layer: string, reading: Reading | null}} Line
 */

/** The columns of the table of labels. @type {[string, (line: Line) => unknown][]} */
const COLUMNS = [
  ["record", ({ report }) => report.record],
  ["label", ({ label }) => label.name],
  ["long_name", ({ label }) => label.long_name],
  ["probability", ({ label }) => label.probability],
  ["score", ({ label }) => label.score],
  ["threshold", ({ label }) => label.threshold],
  ["threshold_source", ({ label }) => label.threshold_source],
  ["auroc", ({ label }) => label.auroc],
  ["auroc_low", ({ label }) => label.auroc_low],
  ["auroc_high", ({ label }) => label.auroc_high],
  ["n_positive", ({ label }) => label.n_positive],
  ["strongest_s", ({ strongest }) => strongest],
  ["model", ({ report }) => report.model.name],
  ["model_sha256", ({ report }) => report.model.sha256],
  ["trained", ({ report }) => String(report.model.trained)],
  ["layer", ({ layer }) => layer],
  ["read_first_at", ({ reading }) => reading?.at ?? ""],
  ["read_first_text", ({ reading }) => reading?.text ?? ""],
  ["edited_at", ({ reading }) => (reading?.edited ?? []).map(({ at }) => at).join(" | ")],
  ["edited_text", ({ reading }) => (reading?.edited ?? []).map(({ text }) => text).join(" | ")],
  ...NUMBERS.map(measuredColumn),
  ["quality", ({ report }) => measuredOf(report)?.quality.grade ?? ""],
  ["edited_by_reader", ({ report }) => editedNames(/** @type {any} */ (report.measured)).join(" ")],
  ["calipers", ({ report }) => (report.reader?.calipers ?? []).map(caliperText).join(" | ")],
  ["disclaimer", ({ report }) => report.disclaimer],
];

/** What was measured; null where nothing could be. @param {ShownReport} report */
function measuredOf({ measured }) {
  return measured && !("error" in measured) ? measured : null;
}

/** @param {(typeof NUMBERS)[number]} name @returns {[string, (line: Line) => unknown]} */
function measuredColumn(name) {
  return [name, ({ report }) => measuredOf(report)?.measurements.find((each) => each.name === name)?.value];
}

/** When the map of a report's label is strongest. @param {ShownReport} report @param {number} i  of the label */
function strongestOf(report, i) {
  if (!("map" in report)) return "";
  const digits = timeDigits(report.map.step_s);
  return report.map.windows
    .flatMap(({ labels }) => labels[i].strongest)
    .map(({ start_s: start, end_s: end }) => `${start.toFixed(digits)}-${end.toFixed(digits)}`)
    .join(" ");
}

/**
 * One line a label. @param {ShownReport[]} reports  one a model @param {Reading | null} reading  what the reader wrote
 */
export function labelsTable(reports, reading) {
  const lines = reports.flatMap((report) =>
    report.labels.map((label, i) => {
      const layer = "map" in report ? report.map.layer : "";
      return { report, label, strongest: strongestOf(report, i), layer, reading };
    }),
  );
  const rows = lines.map((line) => COLUMNS.map(([, cellOf]) => cellOf(line)));
  return csv([COLUMNS.map(([title]) => title), ...rows]);
}

/** Notices whose text has numbers and lead names only; others may quote the file. */
const HARMLESS = new Set([
  "model",
  "rate_assumed",
  "derived",
  "resampled",
  "short",
  "windows",
  "filtered",
  "amplitude",
  "gap",
  "marked",
  "quality",
]);
/** @type {readonly string[]} */
const STANDARD = LEADS;
export const NAMELESS = "recording";

/**
 * The same without what could name a person: the record's name, and texts that may quote the file.
 * @template {{record: string, notices: Notice[]}} R
 * @param {R} report @param {string} [name]  to stand for the record's
 * @returns {R}
 */
export function withoutNames(report, name = NAMELESS) {
  const nameless = { ...report, record: name, notices: noticesWithoutNames(report.notices, report.record, name) };
  if ("quality" in report) return standardLeads(/** @type {any} */ (nameless));
  const measured = /** @type {Partial<Explanation>} */ (report).measured;
  return measured === undefined ? nameless : { ...nameless, measured: measuredWithoutNames(measured) };
}

/** @param {Explanation["measured"]} measured @returns {Explanation["measured"]} */
function measuredWithoutNames(measured) {
  if (!measured) return null;
  if (!("error" in measured)) return standardLeads(measured);
  const text = "could not be measured; the reason may quote the file and is left out";
  return { error: { code: measured.error.code, text } };
}

/** Other leads are called as somebody named them. @template {MeasuredPart} M @param {M} measured @returns {M} */
function standardLeads(measured) {
  const known = (/** @type {{lead: string | null}} */ { lead }) => lead === null || STANDARD.includes(lead);
  const { findings, leads } = measured.quality;
  const quality = { ...measured.quality, findings: findings.filter(known), leads: leads.filter(known) };
  return { ...measured, quality, leads: measured.leads.filter(known) };
}

/** What documents of an analysis have of what was measured. @param {MeasuredPart} measured @returns {MeasuredPart} */
export const measuredPart = ({ settings, quality, rhythm, measurements, leads }) => ({
  settings,
  quality,
  rhythm,
  measurements,
  leads,
});

/** The document of `xplaim explain --json`. @template {object} R @param {R} report
 * @param {Explanation["measured"]} measured @returns {R & {measured: Explanation["measured"]}} */
export const withMeasured = (report, measured) => Object.assign({}, report, { measured });

/** @param {Notice[]} notices
 * @param {string} record  its name @param {string} [name]  to stand for it */
export function noticesWithoutNames(notices, record, name = NAMELESS) {
  // Of a format with a header the file is NAME.hea; of others the record is called as its file.
  const ending = /\.[^./]*$/.exec(record)?.[0] ?? "";
  const plain = (/** @type {string} */ text) => {
    const header = text.replaceAll(`${record}.hea`, `${name}.hea`);
    return ending ? header.replaceAll(record, name + ending) : header;
  };
  return notices.map((n) => {
    const leads = n.leads.filter((lead) => STANDARD.includes(lead));
    if (!HARMLESS.has(n.code))
      return { ...n, leads, args: {}, text: "a note of this kind; its text may quote the file and is left out" };
    // Of these only one names something: the file.
    const args = Object.entries(n.args).map(([key, value]) => [key, typeof value === "string" ? plain(value) : value]);
    return { ...n, leads, args: Object.fromEntries(args), text: plain(n.text) };
  });
}

/** @param {Failure} failure @param {string} name */
export function failureWithoutNames(failure, name) {
  const text = "could not be analysed; the reason may quote the file and is left out";
  return { ...failure, record: name, error: { code: failure.error.code, text } };
}

/** Which measurements of a document the reader has changed. @param {Pick<import("../package/documents.js").Measured, "measurements"> | null | undefined} measured
 * @returns {string[]} */
export const editedNames = (measured) =>
  (measured?.measurements ?? []).filter((each) => each.edited).map((each) => each.name);

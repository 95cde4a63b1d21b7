/**
 * What was found, as the command-line tool says it: `xplaim explain --json` and `xplaim predict
 * --json` (tools/schema), and a table.
 */

/**
 * @typedef {import("./worker.js").Model} Model
 * @typedef {import("./core.js").Analysis} Analysis
 * @typedef {import("./core.js").RecordInfo} RecordInfo
 * @typedef {import("./core.js").Notice} Notice
 * @typedef {import("./core.js").Evidence} Evidence
 * @typedef {import("./core.js").Method} Method
 * @typedef {ReturnType<typeof explainReport>} Explanation
 * @typedef {ReturnType<typeof predictReport>} Prediction
 */

export const DISCLAIMER =
  "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";
export const UNTRAINED =
  "untrained: weights not known to be fitted to real labels; the numbers are arithmetic, not findings";
const MAP_TEXT = "time only: this map does not tell leads apart";
const NO_EVIDENCE = "no positive evidence at this layer";

/** Numbers that are float32 in the core, without the digits that only say so. @param {number} v */
const short = (v) => Number(v.toPrecision(9));
/** Decimals with which the two ends of one step differ. @param {number} step  s */
export function timeDigits(step) {
  let digits = 2;
  for (let unit = 0.01; unit > step && digits < 6; unit /= 10) digits++;
  return digits;
}

/** @param {string} text */
const orNull = (text) => text || null;

/** @param {Model} model */
function modelPart({ name, sha256, architecture, trained }) {
  return { name, sha256, architecture, trained };
}

/** @param {Model} model @param {Analysis} analysis */
function labelsPart(model, analysis) {
  return model.labels.map((l, i) => {
    const { probability, window } = analysis.labels[i];
    return {
      name: l.name,
      long_name: l.longName,
      threshold: l.threshold,
      threshold_source: orNull(l.thresholdSource),
      auroc: l.auroc,
      auroc_low: l.aurocLow,
      auroc_high: l.aurocHigh,
      n_positive: l.positives,
      probability: short(probability),
      logit: short(analysis.logits[window][i]),
      at_or_above_threshold: l.threshold === null ? null : probability >= l.threshold,
    };
  });
}

/** @param {Model} model @param {RecordInfo} record @param {Analysis} analysis */
function noticesPart(model, record, analysis) {
  const own = model.trained ? [] : [{ code: "model", lead: "", text: UNTRAINED }];
  return [...own, ...record.notices, ...analysis.notices].map((n) => ({
    code: n.code,
    lead: orNull(n.lead),
    text: n.text,
  }));
}

/** @param {Model} model @param {Analysis} analysis @param {number} w */
function windowPart(model, analysis, w) {
  const { start, seconds } = analysis.windows[w];
  const whole = model.length / model.rate;
  return { start_s: start, end_s: start + whole, padded_s: short(whole - seconds) };
}

/** @param {Model} model @param {Analysis} analysis @param {number} w @param {number} i */
function mapPart(model, analysis, w, i) {
  const { start, seconds } = analysis.windows[w];
  const map = analysis.labels[i].maps[w];
  const n = analysis.mapLength;
  return {
    name: model.labels[i].name,
    probability: short(analysis.probabilities[w][i]),
    positive: map.positive,
    max_raw: short(map.max),
    strongest: map.intervals.map((x) => ({
      start_s: start + x.start,
      end_s: start + x.end,
      peak: x.peak,
      in_padding: x.start >= seconds,
    })),
    /** Made when they are read: of a long record they are a million. */
    get values() {
      return Array.from(analysis.maps[w].subarray(i * n, (i + 1) * n), short);
    },
    ...(map.positive ? {} : { text: NO_EVIDENCE }),
  };
}

/**
 * As `xplaim explain --json` gives it.
 * @param {string} name @param {Model} model @param {RecordInfo} record @param {Analysis} analysis
 */
export function explainReport(name, model, record, analysis) {
  return {
    record: name,
    disclaimer: DISCLAIMER,
    model: modelPart(model),
    labels: labelsPart(model, analysis),
    map: {
      layer: model.layer,
      signed: false,
      step_s: analysis.step,
      steps: analysis.mapLength,
      text: MAP_TEXT,
      windows: analysis.windows.map((_, w) => ({
        ...windowPart(model, analysis, w),
        labels: model.labels.map((_, i) => mapPart(model, analysis, w, i)),
      })),
    },
    notices: noticesPart(model, record, analysis),
  };
}

/**
 * As `xplaim predict --json` gives it: no maps.
 * @param {string} name @param {Model} model @param {RecordInfo} record @param {Analysis} analysis
 */
export function predictReport(name, model, record, analysis) {
  return {
    record: name,
    disclaimer: DISCLAIMER,
    model: modelPart(model),
    labels: labelsPart(model, analysis),
    windows: analysis.windows.map((_, w) => ({
      ...windowPart(model, analysis, w),
      probabilities: Array.from(analysis.probabilities[w], short),
    })),
    notices: noticesPart(model, record, analysis),
  };
}

/** @param {Evidence} evidence @param {number} i  of its labels @param {Model} model @param {RecordInfo} record */
function leadsPart(evidence, i, model, record) {
  return model.leads.flatMap((lead) => {
    const at = record.leads.findIndex(({ name }) => name === lead);
    const values = evidence.values[i].subarray(at * evidence.steps, (at + 1) * evidence.steps);
    return at < 0 || Number.isNaN(values[0]) ? [] : [{ lead, values: Array.from(values, short) }];
  });
}

/** @param {import("./core.js").Integration} told */
function completenessPart({ sum, logit, baseline, residual, steps, complete }) {
  return { completeness: { sum: short(sum), logit: short(logit), baseline_logit: short(baseline),
    residual: short(residual), steps, complete } };
}

/**
 * As `xplaim explain --method occlusion|ig --segment SECONDS --json` gives it, of one window.
 * @param {string} name @param {Model} model @param {RecordInfo} record @param {Analysis} analysis
 * @param {{method: Method, window: number, evidence: Evidence}} made
 */
export function evidenceReport(name, model, record, analysis, { method, window, evidence }) {
  const labels = model.labels.slice(evidence.firstLabel, evidence.firstLabel + evidence.labels);
  return {
    record: name,
    disclaimer: DISCLAIMER,
    model: modelPart(model),
    labels: labelsPart(model, analysis).slice(evidence.firstLabel, evidence.firstLabel + evidence.labels),
    evidence: {
      method: method === "gradients" ? "ig" : method,
      baseline: "zero",
      unit: "logit",
      segment_s: evidence.step,
      segments: evidence.steps,
      windows: [{
        ...windowPart(model, analysis, window),
        labels: labels.map((label, i) => ({
          name: label.name,
          probability: short(analysis.probabilities[window][evidence.firstLabel + i]),
          leads: leadsPart(evidence, i, model, record),
          ...(evidence.integration ? completenessPart(evidence.integration) : {}),
        })),
      }],
    },
    notices: noticesPart(model, record, analysis),
  };
}

/** A record that could not be analysed, as the tool says it.
 * @param {string} name @param {{code: string, text: string}} error */
export function failureReport(name, error) {
  return { record: name, disclaimer: DISCLAIMER, error };
}

/** @param {unknown} value  a table's cell; text that a spreadsheet would take for a formula is not */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(String(value)) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180. @param {unknown[][]} rows */
export const csv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

/**
 * One line a label. @param {ReturnType<typeof explainReport>[]} reports  one a model
 * @param {{at: string, text: string} | null} reading  what was read before the answer was shown
 */
export function labelsTable(reports, reading) {
  const head = ["record", "label", "long_name", "probability", "threshold", "threshold_source",
    "auroc", "auroc_low", "auroc_high", "n_positive", "strongest_s", "model", "model_sha256",
    "trained", "layer", "read_first_at", "read_first_text", "disclaimer"];
  const rowsOf = (/** @type {ReturnType<typeof explainReport>} */ report) => report.labels.map((l, i) => {
    const digits = timeDigits(report.map.step_s);
    const strongest = report.map.windows.flatMap((w) =>
      w.labels[i].strongest.map((s) => `${s.start_s.toFixed(digits)}-${s.end_s.toFixed(digits)}`),
    );
    return [report.record, l.name, l.long_name, l.probability, l.threshold, l.threshold_source,
      l.auroc, l.auroc_low, l.auroc_high, l.n_positive, strongest.join(" "), report.model.name,
      report.model.sha256, String(report.model.trained), report.map.layer, reading?.at ?? "",
      reading?.text ?? "", report.disclaimer];
  });
  return csv([head, ...reports.flatMap(rowsOf)]);
}

/** Notices whose text has numbers and lead names only; others may quote the file. */
const HARMLESS = new Set(["model", "rate_assumed", "derived", "resampled", "short", "windows",
  "filtered", "amplitude", "gap"]);
const STANDARD = /^(I|II|III|aVR|aVL|aVF|V[1-6])$/;
export const NAMELESS = "recording";

/**
 * The same without what could name a person: the record's name, and texts that may quote the file.
 * @template {{record: string, notices: {code: string, lead: string | null, text: string}[]}} R
 * @param {R} report @param {string} [name]  to stand for the record's
 * @returns {R}
 */
export function withoutNames(report, name = NAMELESS) {
  return { ...report, record: name, notices: noticesWithoutNames(report.notices, report.record, name) };
}

/** @template {{code: string, lead: string | null, text: string}} N @param {N[]} notices
 * @param {string} record  its name @param {string} [name]  to stand for it */
export function noticesWithoutNames(notices, record, name = NAMELESS) {
  return notices.map((n) => ({
    ...n,
    lead: n.lead && STANDARD.test(n.lead) ? n.lead : null,
    // Of these only one names something: the header, "NAME.hea".
    text: HARMLESS.has(n.code)
      ? n.text.replaceAll(`${record}.hea`, `${name}.hea`)
      : `a note of this kind; its text may quote the file and is left out`,
  }));
}

/** @param {ReturnType<typeof failureReport>} failure @param {string} name */
export function failureWithoutNames(failure, name) {
  const text = "could not be analysed; the reason may quote the file and is left out";
  return { ...failure, record: name, error: { code: failure.error.code, text } };
}

/**
 * An analysis as the native tool tells it: the object of `xplaim explain --json`
 * (tools/schema/explain.schema.json). Without DOM: the page, its workers and the npm module use it.
 */

/**
 * @typedef {import("./core.js").Notice} Notice
 * @typedef {import("./core.js").ModelInfo & {sha256: string | null}} Model
 * @typedef {{name: string, notices: Notice[]}} Recording
 * @typedef {ReturnType<typeof explainResult>} ExplainResult
 * @typedef {{record: string, disclaimer: string, error: {code: string, text: string}}} Failure
 */

export const DISCLAIMER =
  "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or " +
  "clinical decisions.";
export const MAP_TEXT = "time only: this map does not tell leads apart";
export const NO_EVIDENCE = "no positive evidence at this layer";

/**
 * @param {Recording} record @param {Model} model @param {import("./core.js").Analysis} analysis
 * @param {{values?: boolean}} [options]  values: with the maps' values (yes)
 */
export function explainResult(record, model, analysis, { values = true } = {}) {
  return {
    record: record.name,
    disclaimer: DISCLAIMER,
    model: {
      name: model.name,
      sha256: model.sha256,
      architecture: model.architecture,
      trained: model.trained,
    },
    labels: model.labels.map((_, i) => labelResult(model, analysis, i)),
    map: {
      layer: model.layer,
      signed: false,
      step_s: analysis.step,
      steps: analysis.mapLength,
      text: MAP_TEXT,
      windows: analysis.windows.map((_, w) => windowResult(model, analysis, w, values)),
    },
    notices: [...record.notices, ...analysis.notices].map(noticeResult),
  };
}

/** What stands in an analysis' place when there is none. @param {string} record @param {unknown} error
 * @returns {Failure} */
export function failureResult(record, error) {
  const code = /** @type {any} */ (error)?.code ?? "INTERNAL";
  const text = error instanceof Error ? error.message : String(error);
  return { record, disclaimer: DISCLAIMER, error: { code, text } };
}

/** @param {Model} model @param {import("./core.js").Analysis} analysis @param {number} i */
function labelResult(model, analysis, i) {
  const label = model.labels[i];
  const { probability, window } = analysis.labels[i];
  return {
    name: label.name,
    long_name: label.longName,
    threshold: label.threshold,
    threshold_source: label.thresholdSource || null,
    auroc: label.auroc,
    auroc_low: label.aurocLow,
    auroc_high: label.aurocHigh,
    n_positive: label.positives,
    probability,
    logit: analysis.logits[window][i],
    at_or_above_threshold: label.threshold === null ? null : probability >= label.threshold,
  };
}

/** @param {Model} model @param {import("./core.js").Analysis} analysis @param {number} w
 * @param {boolean} values */
function windowResult(model, analysis, w, values) {
  const { start, seconds } = analysis.windows[w];
  const length = model.length / model.rate;
  return {
    start_s: start,
    end_s: start + length,
    padded_s: length - seconds,
    labels: model.labels.map((label, i) => ({
      name: label.name,
      probability: analysis.probabilities[w][i],
      ...mapResult(analysis, w, i, values),
    })),
  };
}

/** @param {import("./core.js").Analysis} analysis @param {number} w @param {number} i
 * @param {boolean} values */
function mapResult(analysis, w, i, values) {
  const { positive, max, intervals } = analysis.labels[i].maps[w];
  const { start: offset, seconds } = analysis.windows[w];
  const n = analysis.mapLength;
  return {
    positive,
    max_raw: max,
    strongest: intervals.map(({ start, end, peak }) => ({
      start_s: offset + start,
      end_s: offset + end,
      peak,
      in_padding: start >= seconds,
    })),
    values: values && analysis.maps[w] ? [...analysis.maps[w].subarray(i * n, (i + 1) * n)] : [],
    ...(positive ? {} : { text: NO_EVIDENCE }),
  };
}

/** @param {Notice} notice */
function noticeResult({ code, lead, text }) {
  return { code, lead: lead || null, text };
}

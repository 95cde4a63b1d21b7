/**
 * Evidence by lead and time (occlusion, integrated gradients): made when it is asked for, kept as
 * long as the analysis it belongs to, told in words and as a map.
 */

import { make } from "../base/dom.js";
import { titleOf } from "../words/finding_words.js";
import { decimals, phrase } from "../words/language.js";
import { valueIn, valueOf, windowsOf } from "../core/report.js";

/**
 * @typedef {import("../core/core.js").Evidence} Evidence
 * @typedef {import("../core/core.js").Method} Method
 * @typedef {import("../core/core.js").EcgRecord} EcgRecord
 * @typedef {import("../workers/model_worker.js").ModelWorker} ModelWorker
 */

/** @type {readonly Method[]} */
export const METHODS = ["occlusion", "ig"];
const TOP_LEADS = 4;

export class Attributions {
  constructor() {
    /** @type {WeakMap<object, Map<string, Evidence>>} by analysis */
    this.kept = new WeakMap();
  }

  /** @param {object} analysis @param {Method} method @param {number} window @param {number} label */
  find(analysis, method, window, label) {
    return this.kept.get(analysis)?.get(keyOf(method, window, label)) ?? null;
  }

  /** @param {object} analysis @param {Method} method @param {number} window @param {number} label
   * @param {Evidence} evidence */
  keep(analysis, method, window, label, evidence) {
    if (!this.kept.has(analysis)) this.kept.set(analysis, new Map());
    this.kept.get(analysis)?.set(keyOf(method, window, label), evidence);
  }
}

/** Occlusion gives all labels at once. @param {Method} method @param {number} window @param {number} label */
const keyOf = (method, window, label) => `${method} ${window} ${method === "occlusion" ? "" : label}`;

/** The page asks for segments, never for whole leads. @param {Evidence} evidence */
const segmentSeconds = ({ report }) => /** @type {number} */ (report.evidence.segment_s);

/** @param {Evidence} evidence */
const evidenceSeconds = (evidence) => evidence.report.evidence.segments * segmentSeconds(evidence);

/** @param {Evidence} evidence @param {number} label */
const valuesOf = (evidence, label) => evidence.values[label - evidence.firstLabel];

/** What is drawn of a share between 0 and 1. Integrated gradients give single samples, a few of which
 * stand so far above the rest that nothing else would be seen. @type {Record<Method, (share: number) => number>} */
const DRAWN = { occlusion: (share) => share, ig: Math.sqrt };

/** What speaks for the label, 0 to 1 of its strongest; NaN stays. @param {Method} method
 * @param {Evidence} evidence @param {number} label */
function mapOf(method, evidence, label) {
  const values = valuesOf(evidence, label);
  let most = 0;
  for (const v of values) if (v > most) most = v;
  return values.map((v) => (Number.isNaN(v) ? NaN : most > 0 ? DRAWN[method](Math.max(v, 0) / most) : 0));
}

/**
 * What is drawn behind the trace. @param {import("../core/worker.js").Model} model
 * @param {import("../core/core.js").Analysis} analysis @param {number} window @param {number} label
 * @param {{method: Method, evidence: Evidence | null} | null} attribution  null: the Grad-CAM map
 * @returns {import("../drawing/drawing.js").Heat | null}  null: there is none (yet)
 */
export function heatOf(model, analysis, window, label, attribution) {
  const title = `${titleOf(model.labels[label])}${model.trained ? "" : ` (${phrase("map.untrained")})`}`;
  const { report } = analysis;
  const value = valueIn(report, window, label);
  const below = value < (model.labels[label].threshold ?? 0);
  const windows = windowsOf(report);
  const whole = windows.length > 1 ? valueOf(report.labels[label]) : null;
  const shared = { start: windows[window].start_s, value, whole, outputs: model.outputs, below };
  if (attribution) {
    const { method, evidence } = attribution;
    return (
      evidence && {
        ...shared,
        values: mapOf(method, evidence, label),
        perLead: true,
        seconds: evidenceSeconds(evidence),
        label: `${title}, ${phrase(`method.${method}.drawn`)}`,
        layer: "",
      }
    );
  }
  if (!("map" in report)) return null;
  const { steps, layer } = report.map;
  const { start_s, end_s } = report.map.windows[window];
  return {
    ...shared,
    values: analysis.maps[window].slice(label * steps, (label + 1) * steps),
    perLead: false,
    seconds: end_s - start_s,
    label: title,
    layer,
  };
}

/** Sum over time of each lead that the model sees, and when it is strongest.
 * @param {Evidence} evidence @param {number} label @param {EcgRecord} record */
function byLead(evidence, label, record) {
  const values = valuesOf(evidence, label);
  const { segments } = evidence.report.evidence;
  return record.leads.flatMap(({ name }, i) => {
    const row = values.subarray(i * segments, (i + 1) * segments);
    if (Number.isNaN(row[0])) return [];
    const at = row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity));
    return [{ name, sum: row.reduce((a, b) => a + b, 0), at }];
  });
}

/** @param {number} v */
const signed = (v) => `${v < 0 ? "−" : "+"}${decimals(Math.abs(v), 3)}`;

/**
 * In words. @param {HTMLElement} holder @param {Method} method @param {Evidence} evidence
 * @param {EcgRecord} record @param {import("../core/core.js").ModelLabel} label @param {number} index
 * @param {number} start  of the window, s
 */
export function showAttribution(holder, method, evidence, record, label, index, start) {
  const leads = byLead(evidence, index, record).sort((a, b) => b.sum - a.sum);
  const step = segmentSeconds(evidence);
  const items = leads.slice(0, TOP_LEADS).map(({ name, sum, at }) => {
    const from = start + at * step;
    return make("li", {
      textContent: phrase("evidence.lead", {
        lead: name,
        sum: signed(sum),
        from: decimals(from, 2),
        to: decimals(from + step, 2),
      }),
    });
  });
  const parts = [
    make("p", { textContent: phrase(`method.${method}.of`, { finding: titleOf(label) }) }),
    make("ul", {}, ...items),
    make("p", { className: "faint", textContent: phrase(`method.${method}.explained`) }),
  ];
  const sums = evidence.report.evidence.windows[0].labels[index - evidence.firstLabel].completeness;
  if (sums)
    parts.push(
      make("p", {
        className: "faint",
        textContent: phrase(sums.complete ? "evidence.sums" : "evidence.sums-rough", {
          steps: sums.steps,
          sum: signed(sums.sum),
          difference: signed(sums.logit - sums.baseline_logit),
        }),
      }),
    );
  holder.replaceChildren(...parts);
}

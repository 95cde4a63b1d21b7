/**
 * Evidence by lead and time (occlusion, integrated gradients): made when it is asked for, kept as
 * long as the analysis it belongs to, told in words and as a map.
 */

import { make, titleOf } from "./findings.js";

/**
 * @typedef {import("./core.js").Evidence} Evidence
 * @typedef {import("./core.js").Method} Method
 * @typedef {import("./core.js").EcgRecord} EcgRecord
 * @typedef {import("./thinker.js").Thinker} Thinker
 */

/** @type {Record<Method, string>} */
export const METHOD_NAMES = { occlusion: "Lead occlusion", gradients: "Integrated gradients" };
/** @type {Record<Method, string>} */
const EXPLAINED = {
  occlusion: "How far the label’s logit falls when half a second of one lead is replaced by 0 mV. Leads that are sums of others stay as they were.",
  gradients: "The label’s logit, shared out among all samples (from a record of 0 mV). The parts add up to the whole.",
};
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

/** @param {Evidence} evidence @param {number} label */
const valuesOf = (evidence, label) => evidence.values[label - evidence.firstLabel];

/** What is drawn of a share between 0 and 1. Integrated gradients give single samples, a few of which
 * stand so far above the rest that nothing else would be seen. @type {Record<Method, (share: number) => number>} */
const DRAWN = { occlusion: (share) => share, gradients: Math.sqrt };
/** @type {Record<Method, string>} */
const DRAWN_WORDS = { occlusion: "", gradients: " (square root)" };

/** What speaks for the label, 0 to 1 of its strongest; NaN stays. @param {Method} method
 * @param {Evidence} evidence @param {number} label */
function mapOf(method, evidence, label) {
  const values = valuesOf(evidence, label);
  let most = 0;
  for (const v of values) if (v > most) most = v;
  return values.map((v) => (Number.isNaN(v) ? NaN : most > 0 ? DRAWN[method](Math.max(v, 0) / most) : 0));
}

/**
 * What is drawn behind the trace. @param {import("./worker.js").Model} model
 * @param {import("./core.js").Analysis} analysis @param {number} window @param {number} label
 * @param {{method: Method, evidence: Evidence | null} | null} byLead  null: the Grad-CAM map
 * @returns {import("./drawing.js").Heat | null}  null: there is none (yet)
 */
export function heatOf(model, analysis, window, label, byLead) {
  const title = `${titleOf(model.labels[label])}${model.trained ? "" : " (UNTRAINED model)"}`;
  const probability = analysis.probabilities[window][label];
  const below = probability < (model.labels[label].threshold ?? 0);
  const shared = { start: analysis.windows[window].start, probability, below };
  if (byLead) {
    const { method, evidence } = byLead;
    return evidence && { ...shared, values: mapOf(method, evidence, label), perLead: true, seconds: evidence.steps * evidence.step,
      label: `${title}, ${METHOD_NAMES[method].toLowerCase()}${DRAWN_WORDS[method]}`, layer: "" };
  }
  const n = analysis.mapLength;
  if (!n) return null;
  return { ...shared, values: analysis.maps[window].slice(label * n, (label + 1) * n), perLead: false,
    seconds: n * analysis.step, label: title, layer: model.layer };
}

/** Sum over time of each lead that the model sees, and when it is strongest.
 * @param {Evidence} evidence @param {number} label @param {EcgRecord} record */
function byLead(evidence, label, record) {
  const values = valuesOf(evidence, label);
  return record.leads.flatMap(({ name }, i) => {
    const row = values.subarray(i * evidence.steps, (i + 1) * evidence.steps);
    if (Number.isNaN(row[0])) return [];
    const at = row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity));
    return [{ name, sum: row.reduce((a, b) => a + b, 0), at }];
  });
}

/** @param {number} v */
const signed = (v) => `${v < 0 ? "−" : "+"}${Math.abs(v).toFixed(3)}`;

/**
 * In words. @param {HTMLElement} holder @param {Method} method @param {Evidence} evidence
 * @param {EcgRecord} record @param {import("./core.js").ModelLabel} label @param {number} index
 * @param {number} start  of the window, s
 */
export function showAttribution(holder, method, evidence, record, label, index, start) {
  const leads = byLead(evidence, index, record).sort((a, b) => b.sum - a.sum);
  const items = leads.slice(0, TOP_LEADS).map(({ name, sum, at }) => {
    const from = start + at * evidence.step;
    return make("li", { textContent: `${name}: ${signed(sum)}, strongest ${from.toFixed(2)}–${(from + evidence.step).toFixed(2)} s` });
  });
  const parts = [
    make("p", { textContent: `${METHOD_NAMES[method]}: what speaks for “${titleOf(label)}”, in logits:` }),
    make("ul", {}, ...items),
    make("p", { className: "faint", textContent: EXPLAINED[method] }),
  ];
  const told = evidence.integration;
  if (told)
    parts.push(make("p", { className: "faint", textContent:
      `${told.steps} points; all parts together ${signed(told.sum)}, the logit’s difference ${signed(told.logit - told.baseline)}${told.complete ? "" : " (not within 1 %: take it as rough)"}.` }));
  holder.replaceChildren(...parts);
}

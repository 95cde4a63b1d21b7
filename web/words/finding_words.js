/** What a finding is called, and how its value reads. */

import { decimals, English, localised, phrase, setWords } from "./language.js";
import { valueOf } from "../core/report.js";

/**
 * @typedef {import("../core/core.js").Analysis} Analysis
 * @typedef {import("../core/worker.js").Model} Model
 * @typedef {import("../core/core.js").ModelLabel} ModelLabel
 */

/** Findings that have words of their own (some are written otherwise than in a model's file: one term for one thing,
 * and none that says more than the data do), by what models' files call them. @type {Map<string, import("./language.js").Key>} */
const FINDINGS = new Map([
  ["atrial fibrillation", "finding.afib"],
  ["atrial flutter", "finding.aflu"],
  ["atrial fibrillation or flutter", "finding.afifl"],
  ["right bundle branch block", "finding.rbbb"],
  ["left bundle branch block", "finding.lbbb"],
  ["left anterior fascicular block", "finding.lafb"],
  ["left posterior fascicular block", "finding.lpfb"],
  ["premature ventricular contraction", "finding.pvc"],
  ["premature atrial contraction", "finding.pac"],
  ["anterior myocardial infarction", "finding.ami"],
  ["inferior myocardial infarction", "finding.imi"],
  ["septal myocardial infarction", "finding.smi"],
  ["lateral myocardial infarction", "finding.lmi"],
  ["first-degree atrioventricular block", "finding.avb1"],
  ["sinus bradycardia", "finding.bradsr"],
  ["supraventricular tachycardia", "finding.svt"],
  ["sinus tachycardia", "finding.tachsr"],
  ["paced rhythm", "finding.pace"],
  ["long qt", "finding.lqt"],
  ["wolff-parkinson-white", "finding.wpw"],
]);

/** @param {{name: string, long_name: string}} label */
const keyOf = (label) => FINDINGS.get((label.long_name || label.name).toLowerCase());

/** Of a model's finding, in the language of the page where it has words for it.
 * @param {{name: string, long_name: string}} label */
export function titleOf(label) {
  const title = label.long_name || label.name;
  const key = keyOf(label);
  const words = key ? phrase(key) : title;
  return words === title.toLowerCase() ? title : words;
}

/** A finding's title as an element's content. @template {HTMLElement} E @param {E} node
 * @param {{name: string, long_name: string}} label */
export function setTitle(node, label) {
  return keyOf(label) ? setWords(node, titleOf(label)) : setWords(node, new English(titleOf(label)));
}

/** A text that travels in the model's file, or "". @param {Model} model @param {string} key */
export const noteOf = (model, key) => model.meta.find((note) => note.key === key)?.value ?? "";

/** Never 0 and never 1, which no network means. @param {number} p */
export const probabilityText = (p) =>
  p < 0.00005 ? `< ${localised("0.0001")}` : p >= 0.99995 ? `> ${localised("0.9999")}` : decimals(p, 4);

/** As it is read: more digits would say more than the network knows. @param {number} p */
export const percent = (p) => (p < 0.01 ? "< 1 %" : p > 0.99 ? "> 99 %" : `${Math.round(100 * p)} %`);

/** @typedef {"probabilities" | "scores"} Outputs  of a model; scores are any numbers */

/** A value of a model's outputs. @param {number} value @param {Outputs} outputs */
export const valueText = (value, outputs) => (outputs === "scores" ? decimals(value, 3) : probabilityText(value));

/** As it is read. @param {number} value @param {Outputs} outputs */
export const shownText = (value, outputs) => (outputs === "scores" ? decimals(value, 3) : percent(value));

/** On which side of its threshold a value lies, and of which; where both read alike, with the digits that tell them apart.
 * @param {number} value @param {number} threshold @param {Outputs} outputs @param {string} [more]  about the threshold */
export function sideText(value, threshold, outputs, more = "") {
  const above = value >= threshold;
  const limit = shownText(threshold, outputs);
  const say = (/** @type {string} */ text) => `${phrase(above ? "findings.above" : "findings.below")} (${text}${more})`;
  if (above || shownText(value, outputs) !== limit) return say(limit);
  const [times, unit] = outputs === "scores" ? [1, ""] : [100, " %"];
  const told = (/** @type {number} */ digits) =>
    [value, threshold].map((each) => decimals(times * each, digits) + unit);
  const digits = [1, 2, 3, 4, 5, 6].find((each) => new Set(told(each)).size > 1) ?? 6;
  return say(told(digits).join(" < "));
}

/** @param {{outputs: Outputs}} model */
export const valueName = ({ outputs }) => phrase(outputs === "scores" ? "value.score" : "value.probability");

/** The source that all thresholds of a model have, or null where they differ. @param {Model} model */
export function commonSource(model) {
  const sources = new Set(model.labels.flatMap((l) => (l.threshold === null ? [] : [l.threshold_source ?? ""])));
  return sources.size === 1 ? [...sources][0] : null;
}

/** What holds for all findings, once. @param {Model} model */
export function columnsText(model) {
  const source = commonSource(model);
  const known = model.labels.some((l) => l.auroc !== null);
  if (!known && model.labels.every((l) => l.threshold === null)) return phrase("findings.no-results");
  const n = model.labels.length;
  return source
    ? phrase("findings.looked-for-at", { n, source: new English(source) })
    : phrase("findings.looked-for", { n });
}

/** Which label is shown first: the likeliest of those that reach their thresholds. Where there are
 * thresholds and none is reached, nothing is: a map at full strength would say what the number does
 * not. @param {Model} model @param {Analysis} analysis */
export function firstLabel(model, analysis) {
  const likeliest = (/** @type {number[]} */ of) =>
    of.reduce((a, b) => (valueOf(analysis.report.labels[b]) > valueOf(analysis.report.labels[a]) ? b : a));
  const all = model.labels.map((_, i) => i);
  const reaching = all.filter((i) => reaches(model.labels[i], valueOf(analysis.report.labels[i])));
  const open = reaching.length > 0 || model.labels.every((l) => l.threshold === null);
  return { label: likeliest(reaching.length ? reaching : all), chosen: open };
}

/** @param {ModelLabel} label @param {number} probability */
export const reaches = ({ threshold }, probability) => threshold !== null && probability >= threshold;

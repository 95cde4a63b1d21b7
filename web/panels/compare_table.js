/** What differs between two ECGs, as rows of numbers: this one, the other, and the first minus the second. */

import { shownText, titleOf } from "../words/finding_words.js";
import { localised, phrase } from "../words/language.js";
import { NUMBERS, valueOf } from "../core/report.js";
import { UNITS } from "../words/quantities.js";

/**
 * @typedef {import("../package/documents.js").Measured} Measured
 * @typedef {Pick<Measured, "measurements" | "leads">} Numbers
 * @typedef {{labels: any[], model: {sha256: string, outputs: "probabilities" | "scores"}}} Found  what a network said
 * @typedef {{key: string, title: string, own: string, other: string, difference: string, value: number | null}} Row
 *   value: of the difference, in the row's unit
 */

const NONE = "—";
/** Stands beside a finding that is at or above its threshold. */
export const ABOVE = "▴";

/** @param {number} value @param {number} digits  a sign before it, and none before zero */
export function signed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  return localised(Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`);
}

/** @param {number | null} value @param {number} digits */
function plain(value, digits) {
  if (value === null) return NONE;
  const text = Math.abs(value).toFixed(digits);
  return localised(Number(text) === 0 || value > 0 ? text : `−${text}`);
}

/** Of directions: the shorter way round. @param {number} degrees */
const turned = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;

/** @param {string} key @param {string} title @param {number | null} own @param {number | null} other @param {string} unit
 * @param {number} digits @returns {Row} */
function rowOf(key, title, own, other, unit, digits) {
  const apart = own === null || other === null ? null : own - other;
  const value = apart !== null && unit === UNITS.deg ? turned(apart) : apart;
  const after = unit === UNITS.deg ? unit : ` ${unit}`;
  const shown = (/** @type {number | null} */ each) => (each === null ? NONE : plain(each, digits) + after);
  const difference = value === null ? NONE : signed(value, digits) + after;
  return { key, title, own: shown(own), other: shown(other), difference, value };
}

/** Rate, intervals, axes. @param {Numbers | null} own @param {Numbers | null} other @returns {Row[]} */
export function measuredRows(own, other) {
  const found = (/** @type {Numbers | null} */ numbers, /** @type {string} */ name) =>
    numbers?.measurements.find((each) => each.name === name);
  return NUMBERS.map((name) => {
    const [a, b] = [found(own, name), found(other, name)];
    const unit = UNITS[a?.unit ?? b?.unit ?? "ms"];
    const row = rowOf(name, phrase(`measured.${name}`), a?.value ?? null, b?.value ?? null, unit, 0);
    const edited = (/** @type {typeof a} */ each, /** @type {string} */ text) =>
      each?.edited ? `${text} (${phrase("marks.edited")})` : text;
    return { ...row, own: edited(a, row.own), other: edited(b, row.other) };
  });
}

/** An amplitude, lead by lead, of leads that both have. @param {Numbers | null} own @param {Numbers | null} other
 * @param {string} key @returns {Row[]} */
export function leadRows(own, other, key) {
  return (own?.leads ?? []).flatMap(({ lead, amplitudes }) => {
    const same = other?.leads.find((each) => each.lead === lead);
    if (!same) return [];
    const value = (/** @type {any} */ from) => /** @type {number | null} */ (from[key] ?? null);
    return [rowOf(`${key} ${lead}`, lead, value(amplitudes), value(same.amplitudes), "mV", 2)];
  });
}

/** Findings of which one or the other is at or above its threshold. @param {Found | null} own @param {Found | null} other
 * @returns {Row[]} */
export function findingRows(own, other) {
  if (!own || !other || own.model.sha256 !== other.model.sha256) return [];
  const { outputs } = own.model;
  return own.labels.flatMap((label) => {
    const same = other.labels.find((each) => each.name === label.name);
    if (!same || !(label.at_or_above_threshold || same.at_or_above_threshold)) return [];
    const [a, b] = [valueOf(label), valueOf(same)];
    const value = outputs === "scores" ? a - b : 100 * (a - b);
    const shown = (/** @type {any} */ each) =>
      `${shownText(valueOf(each), outputs)}${each.at_or_above_threshold ? ` ${ABOVE}` : ""}`;
    const difference = outputs === "scores" ? signed(value, 3) : phrase("compare.points", { n: signed(value, 0) });
    return [{ key: label.name, title: titleOf(label), own: shown(label), other: shown(same), difference, value }];
  });
}

/** As lines of text. @param {Row[]} rows @param {(title: string) => string} [shown]  what a row's title is there */
export function rowLines(rows, shown = (title) => title) {
  const spoken = (/** @type {string} */ text) => text.replace(` ${ABOVE}`, ` (${phrase("compare.above")})`);
  return rows.map(({ title, own, other, difference }) =>
    phrase("compare.row", { title: shown(title), own: spoken(own), other: spoken(other), difference }),
  );
}

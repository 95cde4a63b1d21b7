/** What of an ECG is in sight: the stretch of each lead that a page has, and the pages that have given places. */

/**
 * @typedef {import("./cases_state.js").Span} Span
 * @typedef {import("./cases_source.js").Task} Task
 */

const ALL = ["*", ""];
const EPSILON_S = 1e-6;
/** So much of a place that may be in any lead is enough to mark in, s. */
const ENOUGH_S = 0.5;

/** Whether what is shown has a place: all of it or, where any lead will do, enough of it. @param {Span[]} shown
 * @param {Span} place */
export function inSight(shown, { lead, from, to }) {
  const any = ALL.includes(lead);
  const least = any ? Math.min(ENOUGH_S, to - from) : to - from;
  return shown.some((each) => {
    const common = Math.min(each.to, to) - Math.max(each.from, from);
    return (any || each.lead === lead) && common >= least - EPSILON_S;
  });
}

/** Where a page begins that has all the places, or null. @param {Span[]} shown  by a page that begins at start
 * @param {Span[]} places @param {number} start @param {{step: number, last: number, length: number}} pages  last: what is
 *   looked through, s */
export function pageOf(shown, places, start, { step, last, length }) {
  const end = Math.max(...shown.map(({ to }) => to));
  for (let by = 0; start + start + by < last; by += step) {
    const moved = Math.max(0, Math.min(by, length - end));
    const there = shown.map(({ lead, from, to }) => ({ lead, from: from + moved, to: to + moved }));
    if (places.every((place) => inSight(there, place))) return start + moved;
  }
  return null;
}

/** Places that a case's tasks ask for. @param {Task[]} tasks @returns {Span[]} */
export const placesOf = (tasks) => tasks.flatMap((task) => [...targetsOf(task), ...measuredIn(task)]);

/** @param {Task} task @returns {Span[]} */
const targetsOf = (task) =>
  (task.type === "mark" ? (task.targets ?? []) : []).map(({ lead, from, to }) => ({ lead, from, to }));

/** @param {Task} task @returns {Span[]} */
const measuredIn = ({ type, lead = "*", between }) => (type === "measure" && between ? [{ lead, ...between }] : []);

/** Whether a mark lies, with its middle, in what is asked for; where no part is asked for, all of it is.
 * @param {Span[] | null} asked @param {Span} mark */
export function isAsked(asked, { lead, from, to }) {
  const middle = (from + to) / 2;
  return !asked || asked.some((each) => each.lead === lead && middle >= each.from && middle <= each.to);
}

/** Leads of the same times together. @param {Span[]} shown @returns {{leads: string[], from: number, to: number}[]} */
export function byTimes(shown) {
  /** @type {Map<string, {leads: string[], from: number, to: number}>} */
  const groups = new Map();
  for (const { lead, from, to } of shown) {
    const key = `${from.toFixed(2)} ${to.toFixed(2)}`;
    const group = groups.get(key) ?? { leads: [], from, to };
    group.leads.push(lead);
    groups.set(key, group);
  }
  return [...groups.values()];
}

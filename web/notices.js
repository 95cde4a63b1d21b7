/** What the core noted about a recording: equal notes once, those that limit the result first. */

import { make } from "./findings.js";

/** @typedef {import("./core.js").Notice} Notice */

/** Kinds that change how far the numbers can be trusted. */
const LIMITING = new Set(["short", "gap", "amplitude", "uncalibrated", "truncated", "checksum", "rate_assumed"]);

/** More of the others than these are folded away. */
const SHOWN = 2;

/** Stands for the leads' names while notices are compared; no text has it. */
const LEADS = "\u0000";

/** A notice with LEADS where its lead is named, and without what else tells it from other leads': its
 * line in the header, and the sum that was found. @param {Notice} notice */
function common({ lead, text }) {
  const plain = text.replace(/ line \d+:/, ":").replace(/ is -?\d+, the header says -?\d+:/, " is not the header’s:");
  if (!lead) return plain;
  // In quotes it is spelt as the file has it.
  const named = plain.replaceAll(`lead ${lead}`, LEADS)
    .replace(/"([^"]{1,60})"/g, (quoted, name) => (name.toLowerCase() === lead.toLowerCase() ? LEADS : quoted));
  return named.includes(LEADS) ? named : `${LEADS}: ${named}`;
}

/** One notice for those that say the same of several leads. @param {Notice[]} notices @returns {Notice[]} */
export function mergeNotices(notices) {
  /** @type {Map<string, Notice[]>} */
  const groups = new Map();
  for (const notice of notices) {
    const key = `${notice.code} ${common(notice)}`;
    groups.set(key, [...(groups.get(key) ?? []), notice]);
  }
  return [...groups.values()].map((group) => (group.length === 1 ? group[0] : merged(group)));
}

/** @param {Notice[]} group  that differ in their leads, if in anything @returns {Notice} */
function merged(group) {
  const [first] = group;
  const leads = [...new Set(group.map(({ lead }) => lead).filter(Boolean))];
  if (leads.length < 2) return first;
  const text = common(first);
  const plural = text.startsWith(LEADS) ? text.replace(/ is /, " are ").replace(/ was /, " were ").replace(/\bits\b/g, "their") : text;
  return { ...first, lead: "", text: plural.replaceAll(LEADS, `leads ${leads.join(", ")}`) };
}

/** @param {HTMLElement} holder @param {Notice[]} notices */
export function showNotices(holder, notices) {
  const all = mergeNotices(notices);
  const items = (/** @type {boolean} */ limiting) =>
    all.filter(({ code }) => LIMITING.has(code) === limiting).map(({ text }) => make("li", { textContent: text }));
  const [limits, others] = [items(true), items(false)];
  const open = holder.querySelector("details")?.open ?? false;
  /** @type {Node[]} */
  const parts = limits.length ? [make("ul", { className: "limits" }, ...limits)] : [];
  const list = make("ul", {}, ...others);
  if (others.length > SHOWN) parts.push(make("details", { open }, make("summary", { textContent: `${others.length} more notices` }), list));
  else if (others.length) parts.push(list);
  holder.hidden = parts.length === 0;
  holder.replaceChildren(...parts);
}

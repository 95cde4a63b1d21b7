/** What the core noted about a recording: equal notes once, those that limit the result first. */

import { make } from "./findings.js";

/** @typedef {import("./core.js").Notice} Notice */

/** Kinds that change how far the numbers can be trusted. */
const LIMITING = new Set(["short", "gap", "amplitude", "uncalibrated", "truncated", "checksum", "rate_assumed"]);

/** More of the others than these are folded away. */
const SHOWN = 2;

/** A notice without what tells a lead's from another's: its name, and its line in the header.
 * @param {Notice} notice */
function patternOf({ code, lead, text }) {
  const plain = text.replace(/ line \d+:/, ":");
  return `${code} ${lead ? plain.replaceAll(`lead ${lead}`, "lead ?") : plain}`;
}

/** One notice for those that say the same of several leads. @param {Notice[]} notices @returns {Notice[]} */
export function mergeNotices(notices) {
  /** @type {Map<string, Notice[]>} */
  const groups = new Map();
  for (const notice of notices) {
    const key = patternOf(notice);
    groups.set(key, [...(groups.get(key) ?? []), notice]);
  }
  return [...groups.values()].map((group) => (group.length === 1 ? group[0] : merged(group)));
}

/** @param {Notice[]} group  that differ in their leads @returns {Notice} */
function merged(group) {
  const [first] = group;
  const leads = [...new Set(group.map(({ lead }) => lead).filter(Boolean))].join(", ");
  const text = first.text.replace(/ line \d+:/, ":");
  if (!leads || !first.lead) return { ...first, text };
  const named = `lead ${first.lead}`;
  if (!text.includes(named)) return { ...first, lead: "", text: `leads ${leads}: ${text}` };
  return { ...first, lead: "", text: text.replaceAll(named, `leads ${leads}`)
    .replaceAll(`${leads} is `, `${leads} are `).replaceAll(`${leads} was `, `${leads} were `).replace(/\bits\b/g, "their") };
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

/** What the core noted about a recording: those that limit the result first. */

import { make } from "../base/dom.js";
import { English, phrase, setWords } from "../words/language.js";

/** @typedef {import("../core/core.js").Notice} Notice */

/** Kinds that change how far the numbers can be trusted. */
const LIMITING = new Set([
  "short",
  "gap",
  "amplitude",
  "uncalibrated",
  "truncated",
  "checksum",
  "rate_assumed",
  "quality",
]);

/** More of the others than these are folded away. */
const SHOWN = 2;

/** The page's own are not the core's. @param {Notice & {words?: import("../words/language.js").DeferredPhrase}} notice */
const noticeWords = ({ text, words }) => words ?? new English(text);

/** @param {HTMLElement} holder @param {Notice[]} notices */
export function showNotices(holder, notices) {
  const items = (/** @type {boolean} */ limiting) =>
    notices
      .filter(({ code }) => LIMITING.has(code) === limiting)
      .map((notice) => setWords(make("li"), noticeWords(notice)));
  const [limits, others] = [items(true), items(false)];
  const open = holder.querySelector("details")?.open ?? false;
  /** @type {Node[]} */
  const parts = limits.length ? [make("ul", { className: "limits" }, ...limits)] : [];
  const list = make("ul", {}, ...others);
  if (others.length > SHOWN)
    parts.push(
      make("details", { open }, make("summary", { textContent: phrase("notes.more", { n: others.length }) }), list),
    );
  else if (others.length) parts.push(list);
  holder.hidden = parts.length === 0;
  holder.replaceChildren(...parts);
}

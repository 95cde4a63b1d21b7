/**
 * The page around the element: what its address asks for becomes attributes. ?record=URL of a .hea
 * or .zip file on this site, ?sample=NAME, ?model=URL, ?layout=NAME, ?view=ecg (the ECG alone),
 * ?cases=URL of a case set (with it case, order, seed, network, feedback, learner), ?lang=CODE (of the words; else the browser's language), ?read-first=1, ?lock=1 (the same, and nothing else opens it), ?embed=1 (only what is dropped on it is opened).
 */

import { tellParent } from "./teach/cases_frame.js";
import "./element.js";
import { pickLanguage } from "./words/language.js";

const asked = new URLSearchParams(location.search);
const page = document.querySelector("ecg-xplaim");
const CASES = ["cases", "case", "order", "seed", "network", "feedback", "lang", "learner"];
for (const name of ["record", "sample", "model", "layout", "view", ...CASES]) {
  const value = asked.get(name);
  if (value !== null) page?.setAttribute(name, value);
}
if (asked.get("read-first") === "1") page?.setAttribute("read-first", "");
if (asked.get("lock") === "1") page?.setAttribute("lock", "");
if (asked.get("embed") === "1") page?.setAttribute("embed", "");
document.documentElement.classList.toggle("embedded", asked.get("embed") === "1");

document.documentElement.lang = pickLanguage([asked.get("lang"), ...navigator.languages]);
/** What is chosen in the page stays when it is loaded again: in its address, since it keeps nothing. */
page?.addEventListener("language", (event) => {
  const { detail } = /** @type {CustomEvent<string>} */ (event);
  document.documentElement.lang = detail;
  if (location.protocol === "file:" || asked.get("lang") === detail) return;
  asked.set("lang", detail);
  history.replaceState(null, "", `?${asked}${location.hash}`);
});
// In a frame whose page is told the height, the element is as high as what is in it.
if (page && asked.has("parent")) {
  page.removeAttribute("fill");
  tellParent(/** @type {HTMLElement} */ (page), asked.get("parent"));
}

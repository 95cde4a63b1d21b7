/**
 * The page around the element: what its address asks for becomes attributes. ?record=URL of a .hea
 * or .zip file on this site, ?sample=NAME, ?model=URL, ?layout=NAME, ?view=ecg (the ECG alone),
 * ?read-first=1, ?embed=1 (no title and footer).
 */

import "./element.js";

const asked = new URLSearchParams(location.search);
const page = document.querySelector("ecg-xplaim");
for (const name of ["record", "sample", "model", "layout", "view"]) {
  const value = asked.get(name);
  if (value !== null) page?.setAttribute(name, value);
}
if (asked.get("read-first") === "1") page?.setAttribute("read-first", "");
if (asked.get("embed") === "1") page?.setAttribute("embed", "");
document.documentElement.classList.toggle("embedded", asked.get("embed") === "1");

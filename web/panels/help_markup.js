/** The help dialog. Its words are in strings_en.js. */

import { FORMATS } from "../core/core_constants.js";

/** @typedef {import("../words/language.js").Key} Key */

/** What keys do. @type {[string, Key][]} */
const KEYS = [
  ["<kbd>o</kbd>", "help.o"],
  ["<kbd>n</kbd> <kbd>p</kbd>", "help.np"],
  ["<kbd>t</kbd>", "help.t"],
  ["<kbd>r</kbd>", "help.r"],
  ["<kbd>c</kbd> <kbd>m</kbd>", "help.cm"],
  ['<span data-t="help.arrows"></span>', "help.arrows-do"],
  ['<kbd data-t="key.space"></kbd>', "help.space"],
  ['<kbd data-t="key.enter"></kbd>, <kbd>e</kbd>', "help.enter"],
  ["<kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd>", "help.zoom"],
  ["<kbd>a</kbd>", "help.a"],
  ["<kbd>[</kbd> <kbd>]</kbd>", "help.segments"],
  ["<kbd>g</kbd> <kbd>s</kbd>", "help.gs"],
  ["<kbd>h</kbd>", "help.h"],
  ["<kbd>f</kbd>", "help.f"],
  ["<kbd>b</kbd>", "help.b"],
  ["<kbd>?</kbd>", "help.help"],
];

/** @param {Key} title @param {Key[]} texts */
const part = (title, ...texts) =>
  `<h3 data-t="${title}"></h3>${texts.map((key) => `<p data-t="${key}"></p>`).join("")}`;

export const HELP = `
<dialog id="help" aria-labelledby="help-title">
  <form method="dialog"><button id="help-close" data-t-aria-label="help.close" data-t="close"></button></form>
  <h2 id="help-title" data-t="help.title"></h2>
  <h3 data-t="help.keys"></h3>
  <dl class="keys">
    ${KEYS.map(([keys, what]) => `<dt>${keys}</dt><dd data-t="${what}"></dd>`).join("\n    ")}
  </dl>
  <p class="faint" data-t="help.letters"></p>
  <h3 data-t="help.what"></h3>
  <p><span data-t="help.what-text"></span> <span data-t="disclaimer"></span></p>
  <h3 data-t="help.opens"></h3>
  <ul>${FORMATS.map(({ help }) => `<li data-format>${help}</li>`).join("")}
    <li data-t="help.folders"></li></ul>
  ${part("help.privacy", "help.privacy-text")}
  ${part("help.not", "help.not-text")}
  ${part("help.map", "help.map-text", "help.methods-text")}
  <p id="single-file" hidden><a id="single-link" download data-t="help.single"></a>: <span data-t="help.single-text"></span></p>
  <h3 data-t="help.model"></h3>
  <dl id="card" class="keys"></dl>
  <details id="card-whole" hidden><summary data-t="help.card"></summary><p id="card-english" class="faint" data-t="card.english"></p>
    <div class="card-text" lang="en"></div></details>
</dialog>`;

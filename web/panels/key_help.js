/** Keys of a tool in the help, beside those of the page. */

import { make } from "../base/dom.js";
import { setPhrase } from "../words/language.js";

/** @param {import("../element.js").EcgXplaim} host
 * @param {[string[], import("../words/language.js").Key][]} lines  keys, and what they do */
export function addKeyHelp(host, lines) {
  const list = host.$("help").querySelector("dl.keys");
  for (const [keys, says] of lines) {
    const names = keys.flatMap((key) => [make("kbd", { textContent: key }), " "]);
    list?.append(make("dt", {}, ...names), setPhrase(make("dd", {}), says));
  }
}

/**
 * A model's own account of itself: facts, and its card. The card is Markdown from a file that anyone
 * may have made, so it becomes nodes, never markup: headings, paragraphs, lists, tables, bold, code.
 * A link is its text and its address; nothing in it can be followed or loaded.
 */

import { make } from "../base/dom.js";
import { noteOf } from "../words/finding_words.js";
import { DISCLAIMER } from "../core/core_constants.js";
import { decimals, languageNow, phrase, phraseOf } from "../words/language.js";

/** @typedef {import("../core/worker.js").Model} Model */

/** Longer cards are cut, and say so: a page of text is of use to nobody beyond this. */
const MAX_CARD = 200000;
/** Under the help's own headings (h3). */
const TOP_LEVEL = 3;
/** Bounded, so that no text takes long to look through. */
const INLINE = /(`[^`]{1,400}`|\*\*[^*]{1,2000}\*\*|\*[^*\s][^*]{0,2000}\*|\[[^\]]{1,400}\]\([^)\s]{0,400}\))/;
const TABLE_RULE = /^\s*\|?[\s:|-]*-[\s:|-]*$/;
const ITEM = /^\s*(?:([-*+])|\d{1,9}[.)])\s+/;

/** Said in words of the page's already. */
const TOLD = ["name", "architecture", "trained", "rate", "length"];

/** Facts, and the whole card where the file holds one.
 * @param {HTMLElement} holder @param {HTMLElement} whole @param {Model} model */
export function showCard(holder, whole, model) {
  const card = noteOf(model, "model_card");
  whole.hidden = !card;
  showMarkdown(/** @type {HTMLElement} */ (whole.querySelector("div")), card);
  /** @type {HTMLElement} */ (whole.querySelector("#card-english")).hidden = languageNow() === "en";
  const input = { seconds: decimals(model.length / model.rate, 1), rate: model.rate, leads: model.leads.join(" ") };
  /** @type {[string, string][]} */
  const facts = [
    [phrase("card.name"), model.name || phrase("card.no-name")],
    [phrase("card.architecture"), model.architecture],
    [phrase("card.trained"), phrase(model.trained ? "card.yes" : "card.random")],
    ["SHA-256", model.sha256 ?? phrase("card.not-known")],
    [phrase("card.input"), phrase("card.input-is", input)],
    [phrase("card.findings"), String(model.labels.length)],
  ];
  const more = model.meta
    .filter(({ key, value }) => value.length <= 600 && !/^[[{]/.test(value) && !TOLD.includes(key)) // texts, not tables
    .map(({ key, value }) => [phraseOf("card.of.", key, ""), key.replaceAll("_", " "), value]);
  holder.replaceChildren(
    ...facts.flatMap(([key, value]) => [make("dt", { textContent: key }), make("dd", { textContent: value })]),
    // As the file has them, and files are written in English.
    ...more.flatMap(([name, key, value]) => [
      name ? make("dt", { textContent: name }) : make("dt", { textContent: key, lang: "en" }),
      value === DISCLAIMER
        ? make("dd", { textContent: phrase("disclaimer") })
        : make("dd", { textContent: value, lang: "en" }),
    ]),
  );
}

/** @param {HTMLElement} holder @param {string} text */
export function showMarkdown(holder, text) {
  const lines = text.slice(0, MAX_CARD).split(/\r?\n/);
  if (text.length > MAX_CARD) lines.push("", phrase("card.cut"));
  holder.replaceChildren(...new Blocks(lines).all());
}

/** Reads lines from the top, a block at a time. */
class Blocks {
  /** @param {string[]} lines */
  constructor(lines) {
    this.lines = lines;
    this.at = 0;
    this.level = TOP_LEVEL;
    this.tables = 0;
  }

  all() {
    /** @type {HTMLElement[]} */
    const made = [];
    while (this.at < this.lines.length) {
      const block = this.next();
      if (block) made.push(block);
    }
    return made;
  }

  /** @returns {HTMLElement | null} */
  next() {
    const line = this.lines[this.at];
    if (!line.trim() || /^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) return this.skip();
    if (/^#{1,6}\s/.test(line)) return this.heading();
    if (line.startsWith("```")) return this.code();
    if (line.includes("|") && TABLE_RULE.test(this.lines[this.at + 1] ?? "")) return this.table();
    return ITEM.test(line) ? this.list() : this.paragraph();
  }

  skip() {
    this.at++;
    return null;
  }

  heading() {
    const [, marks, text] = /** @type {string[]} */ (/^(#{1,6})\s+(.*)$/.exec(this.lines[this.at++]) ?? ["", "#", ""]);
    // No level is left out, whatever the card does: headings are how a screen reader moves.
    this.level = Math.min(marks.length + TOP_LEVEL, this.level + 1, 6);
    return inline(make(/** @type {"h4"} */ (`h${this.level}`)), text.replace(/\s*#*$/, ""));
  }

  code() {
    const from = ++this.at;
    while (this.at < this.lines.length && !this.lines[this.at].startsWith("```")) this.at++;
    const text = this.lines.slice(from, this.at++).join("\n");
    return scrolling(make("pre", { textContent: text }), phrase("card.code"));
  }

  table() {
    const rows = [];
    const head = cellsOf(this.lines[this.at]);
    for (this.at += 2; this.at < this.lines.length && this.lines[this.at].includes("|"); this.at++)
      rows.push(cellsOf(this.lines[this.at]));
    const headCells = head.map((text) => inline(make("th", { scope: "col" }), text));
    const body = rows.map((row) => make("tr", {}, ...head.map((_, i) => inline(make("td"), row[i] ?? ""))));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...headCells)), make("tbody", {}, ...body));
    return scrolling(table, phrase("card.table", { number: ++this.tables }));
  }

  list() {
    const ordered = !ITEM.exec(this.lines[this.at])?.[1];
    const items = [];
    while (this.at < this.lines.length && ITEM.test(this.lines[this.at])) {
      this.lines[this.at] = this.lines[this.at].replace(ITEM, "");
      items.push(inline(make("li"), this.gathered()));
    }
    return make(ordered ? "ol" : "ul", {}, ...items);
  }

  paragraph() {
    return inline(make("p"), this.gathered());
  }

  /** This line and those that go on with it. */
  gathered() {
    const from = this.at++;
    while (this.at < this.lines.length && goesOn(this.lines[this.at])) this.at++;
    return this.lines
      .slice(from, this.at)
      .map((line) => line.trim())
      .join(" ");
  }
}

/** @param {string} line */
const goesOn = (line) => Boolean(line.trim()) && !ITEM.test(line) && !/^(#{1,6}\s|```|\s*\|)/.test(line);

/** @param {string} line */
const cellsOf = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());

/** What may be wider than the page scrolls in a box of its own, by keyboard too.
 * @param {HTMLElement} content @param {string} name */
function scrolling(content, name) {
  const box = make("div", { className: "wide-box", tabIndex: 0 }, content);
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", phrase("card.scrolls", { name }));
  return box;
}

/** @template {HTMLElement} T @param {T} holder @param {string} text @returns {T} */
function inline(holder, text) {
  holder.append(...text.split(INLINE).filter(Boolean).map(piece));
  return holder;
}

/** @param {string} text @returns {Node | string} */
function piece(text) {
  if (!INLINE.test(text)) return text;
  if (text.startsWith("`")) return make("code", { textContent: text.slice(1, -1) });
  if (text.startsWith("**")) return make("strong", { textContent: text.slice(2, -2) });
  if (text.startsWith("*")) return make("em", { textContent: text.slice(1, -1) });
  const [, words, address] = /** @type {string[]} */ (/^\[(.*)\]\((.*)\)$/s.exec(text) ?? ["", text, ""]);
  return /^https?:/.test(address) && address !== words ? `${words} (${address})` : words;
}

/** Before the first case and after the last one: what a set is, and what came of it. */

import { element, make } from "../base/dom.js";
import { saveText } from "../base/exports.js";
import { caseWords, sumText } from "./cases_feedback.js";
import { CERTAINTIES } from "./cases_language.js";
import { resultsCsv } from "./cases_results.js";
import { isolated, showBlocks, showText } from "./cases_text.js";

/**
 * @typedef {import("./cases_player.js").CasePlayer} CasePlayer
 * @typedef {import("./cases_language.js").Words} Words
 */

/** @param {string} text @param {() => unknown} work @param {string} [kind] */
export function button(text, work, kind = "") {
  const made = make("button", { type: "button", textContent: text, className: kind });
  made.addEventListener("click", work);
  return made;
}

/* ---- start ---- */

/** @param {CasePlayer} player @returns {HTMLElement} */
export function startScreen(player) {
  const { set, words, settings, order, lang } = player;
  const all = set.cases.length;
  const count = order.length < all ? words("of-cases", { n: order.length, all }) : words("cases", { n: all });
  const facts = [
    count,
    set.authors?.length ? words("by", { names: isolated(set.authors.join(", ")) }) : "",
    set.licence ? words("licence", { name: isolated(set.licence) }) : "",
  ];
  const about = set.about ? [showBlocks(element("div", { class: "cases-text", lang }), set.about)] : [];
  const begin = button(player.beginText, () => player.begin(), "primary cases-begin");
  begin.disabled = player.reporter.looking;
  return element(
    "div",
    { class: "cases-start" },
    showText(element("h3", { tabindex: "-1", lang, class: "cases-focus" }), set.title),
    element("p", { class: "faint" }, facts.filter(Boolean).join(" · ")),
    ...about,
    make("h4", { textContent: words("counted") }),
    element("ul", {}, ...countedLines(player).map((line) => element("li", {}, line))),
    make("h4", { textContent: words("results") }),
    element("p", { class: "cases-where" }, player.reporter.whereText),
    ...(settings.network === "before" ? [element("p", { class: "cases-note" }, words("network-before-note"))] : []),
    ...timeChoice(player),
    learnerField(player),
    element("p", { class: "actions" }, begin, ...extras(player)),
  );
}

/** @param {CasePlayer} player */
function extras(player) {
  const { words, options } = player;
  const made = [];
  if (options.edit) made.push(button(words("edit-set"), () => options.edit?.()));
  if (player.mayLeave) made.push(button(words("leave"), () => player.leave()));
  return made;
}

/** Only what this set has. @param {CasePlayer} player */
function countedLines({ set, words, settings }) {
  const types = new Set(set.cases.flatMap(({ tasks }) => tasks.map(({ type }) => type)));
  const lines = [];
  if (types.has("findings")) lines.push(words("counted-findings"));
  if (types.has("measure")) lines.push(words("counted-measure"));
  if (types.has("mark")) lines.push(words("counted-mark"));
  if (types.has("choice")) lines.push(words("counted-choice"));
  if (types.has("text")) lines.push(words("counted-not"));
  if (settings.certainty === "marks") lines.push(words("counted-certainty-marks"));
  if (settings.pass !== null) lines.push(words("pass-at", { pass: settings.pass }));
  return lines;
}

/** @param {CasePlayer} player */
function timeChoice(player) {
  const { words, settings } = player;
  const { seconds } = settings;
  if (!seconds) return [];
  const choices = /** @type {[number, string][]} */ ([
    [1, words("time-once", { s: seconds })],
    [2, words("time-twice", { s: 2 * seconds })],
    [0, words("time-none")],
  ]);
  const boxes = choices.map(([times, text]) => {
    const input = make("input", { type: "radio", name: "cases-time", checked: times === player.times });
    input.addEventListener("change", () => (player.times = times));
    return element("label", { class: "cases-choice" }, input, text);
  });
  return [element("fieldset", { class: "cases-task" }, element("legend", {}, words("time-title")), ...boxes)];
}

/** @param {CasePlayer} player */
function learnerField(player) {
  const input = make("input", { type: "text", maxLength: 200, autocomplete: "off", value: player.learner });
  input.addEventListener("input", () => (player.learner = input.value.trim()));
  return element("p", {}, element("label", { class: "cases-learner" }, `${player.words("learner")} `, input));
}

/* ---- end ---- */

/** @param {CasePlayer} player @returns {HTMLElement} */
export function endScreen(player) {
  const { words, settings, results } = player;
  const hidden = settings.feedback === "none";
  const parts = [element("h3", { tabindex: "-1", class: "cases-focus" }, words("end-title"))];
  if (hidden) parts.push(element("p", {}, words("scores-hidden")));
  else parts.push(...scoreNodes(player));
  if (player.log.some(({ state }) => state.networkShown)) parts.push(element("p", {}, words("network-before-results")));
  if (!hidden && results) parts.push(...tagTable(player), ...certaintyTable(player), ...reviewList(player));
  const missed = hidden ? [] : player.missed;
  const again = missed.length
    ? [button(words("missed-again", { n: missed.length }), () => player.playAgain(missed))]
    : [];
  if (!hidden && settings.attempts > 1) again.push(button(words("all-again"), () => player.playAgain(player.order)));
  parts.push(element("p", { class: "faint cases-where" }, player.reporter.whereText), saveButtons(player));
  const leaving = player.mayLeave ? [button(words("leave"), () => player.leave())] : [];
  if (again.length || leaving.length) parts.push(element("p", { class: "actions" }, ...again, ...leaving));
  return element("div", { class: "cases-end" }, ...parts);
}

/** @param {CasePlayer} player */
function scoreNodes({ words, settings, results, score100: score }) {
  if (!results || score === null) return [element("p", {}, words("not-scored"))];
  const shown = Math.round(score);
  const points = element(
    "p",
    { class: "faint" },
    words("score-points", { points: sumText(results.points), max: sumText(results.max_points) }),
  );
  const nodes = [element("p", { class: "cases-score" }, words("score", { n: shown })), points];
  if (settings.pass !== null)
    nodes.push(
      element(
        "p",
        {},
        score >= settings.pass ? `✓ ${words("passed")}` : `✗ ${words("failed", { pass: settings.pass })}`,
      ),
    );
  return nodes;
}

/** @param {string} caption @param {string[]} head @param {string[][]} rows @param {string} [lang]  of the first column */
function table(caption, head, rows, lang = "") {
  const cell = (/** @type {string} */ text, /** @type {number} */ i) =>
    i ? element("td", {}, text) : element("th", { scope: "row", ...(lang ? { lang, dir: "auto" } : {}) }, text);
  return element(
    "table",
    { class: "cases-table" },
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))),
  );
}

/** @param {CasePlayer} player */
function tagTable({ results, words, lang }) {
  const tags = results?.tags ?? [];
  if (!tags.length) return [];
  const rows = tags.map(({ tag, cases, points, max_points: max }) => [
    tag,
    String(cases),
    [points, max].map((each) => words("plain", { value: sumText(each) })).join(" / "),
  ]);
  return [table(words("by-tag"), [words("tag"), words("tag-cases"), words("tag-points")], rows, lang)];
}

/** @param {CasePlayer} player */
function certaintyTable({ results, words, settings }) {
  if (settings.certainty === "no") return [];
  const rows = (results?.certainty ?? [])
    .filter(({ tasks }) => tasks)
    .map(({ certainty, tasks, right }) => [words(CERTAINTIES[certainty - 1]), `${right} / ${tasks}`]);
  return rows.length ? [table(words("by-certainty"), [words("certainty-column"), words("right-column")], rows)] : [];
}

/** @param {CasePlayer} player */
function reviewList(player) {
  const { words, log, results } = player;
  if (!results) return [];
  const lines = log.map((attempt, i) => {
    const result = results.cases[i];
    const n = player.numberOf(attempt.place);
    const sign = result.max_points === 0 ? "–" : result.points >= result.max_points ? "✓" : "✗";
    return element(
      "li",
      {},
      button(`${sign} ${words("review-case", { n, points: caseWords(result, words) })}`, () => player.review(i)),
    );
  });
  return [make("h4", { textContent: words("review") }), element("ul", { class: "cases-review" }, ...lines)];
}

/** @param {CasePlayer} player */
function saveButtons(player) {
  const { words } = player;
  const csv = button(words("save-csv"), () => saveCsv(player));
  const xapi = button(words("save-xapi"), () => saveXapi(player));
  return element("p", { class: "actions" }, element("span", {}, `${words("save-results")}: `), csv, xapi);
}

/** Of the file: no more than a file system takes. @param {CasePlayer} player */
const nameOf = ({ set }) => `${set.id}-results`;

/** @param {CasePlayer} player */
export function saveCsv(player) {
  const { play } = player;
  if (!play) return;
  saveText(`${nameOf(player)}.csv`, resultsCsv(play), "text/csv");
  player.saved();
}

/** @param {CasePlayer} player */
export function saveXapi(player) {
  saveText(
    `${nameOf(player)}-xapi.json`,
    `${JSON.stringify(player.reporter.statements.all, null, 1)}\n`,
    "application/json",
  );
  player.saved();
}

/** What a committed answer is told: rows with ✓ – ✗ and words, what was measured beside the reference, why, and shapes on the ECG. */

import { element, make } from "../base/dom.js";
import { spanText } from "./cases_language.js";
import { isAsked } from "./cases_sight.js";
import { numberText, unitOf, valueText } from "./cases_tasks.js";
import { isolated, showBlocks, showExplained, showText } from "./cases_text.js";

/**
 * @typedef {import("./cases_language.js").Words} Words
 * @typedef {import("./cases_source.js").SetDocument} SetDocument
 * @typedef {import("./cases_source.js").Case} Case
 * @typedef {import("./cases_source.js").Task} Task
 * @typedef {import("./cases_state.js").Response} Response
 * @typedef {import("./cases_overlay.js").Shape} Shape
 * @typedef {(lead: string, from: number, to: number) => Float32Array} Trace  mV of a lead between two times, s
 * @typedef {import("./cases_results.js").TaskResult} TaskResult
 * @typedef {import("./cases_results.js").CaseResult} CaseResult
 * @typedef {import("./cases_state.js").CaseState} CaseState
 * @typedef {"✓" | "–" | "✗"} Sign
 * @typedef {{set: SetDocument, one: Case, words: Words, lang: string,
 *   asked: import("./cases_state.js").Span[] | null, had: (task: Task, had: boolean) => void,
 *   show: (span: import("./cases_state.js").Span) => void}} Around  show: brings a place of the ECG into sight
 */

/** @param {number} points */
export function pointsText(points) {
  const text = String(Math.round(100 * points) / 100).replace("-", "−");
  return points > 0 ? `+${text}` : text;
}

/** As the language writes it. @param {number} points @param {Words} words */
const pointsSpan = (points, words) =>
  element("span", { class: "points" }, words("plain", { value: pointsText(points) }));

/** Without a sign. @param {number} points */
export const sumText = (points) => pointsText(points).replace("+", "");

/** @param {Words} words */
const signWords = (words) => ({ "✓": words("right"), "–": words("neutral"), "✗": words("wrong") });

/** A line: a sign with its word, what it is of, why, points. @param {Words} words @param {Sign} sign
 * @param {string} text @param {string} why @param {number | null} points @param {string} [lang] */
function row(words, sign, text, why, points, lang = "") {
  const what = showText(element("span", lang ? { lang } : {}), text);
  const worth = points === null ? [] : [pointsSpan(points, words)];
  return element(
    "li",
    { class: `cases-row ${{ "✓": "good", "–": "even", "✗": "bad" }[sign]}` },
    element("span", { class: "sign", "aria-hidden": "true" }, sign),
    element(
      "span",
      { class: "what" },
      element("span", { class: "visually-hidden" }, `${signWords(words)[sign]}: `),
      what,
      " ",
      make("small", { textContent: why }),
    ),
    ...worth,
  );
}

/* ---- a task each ---- */

/** @param {Around} around @param {Task} task @param {TaskResult} result */
function findingRows({ set, words, lang }, task, result) {
  const items = set.lists?.[task.list ?? ""] ?? [];
  const textOf = (/** @type {string} */ id) => items.find((item) => item.id === id)?.text ?? id;
  const parentOf = (/** @type {string} */ id) => words("role-parent", { of: isolated(textOf(id)) });
  /** @type {Record<string, [Sign, string]>} */
  const kinds = {
    must: ["✓", words("role-must")],
    should: ["✓", words("role-should")],
    may: ["–", words("role-may")],
    must_not: ["✗", words("role-must-not")],
    general: ["–", words("role-may")],
    other: ["✗", words("role-other")],
  };
  const rows = (result.named ?? []).map(({ id, kind, points }) => {
    const [sign, why] = kinds[kind] ?? ["–", parentOf(missedBelow(items, id, result) ?? id)];
    return row(words, sign, textOf(id), why, points, lang);
  });
  for (const id of result.missed ?? [])
    rows.push(row(words, "✗", textOf(id), `${words("role-must")}; ${words("missed-word")}`, 0, lang));
  for (const id of result.should_missed ?? [])
    rows.push(row(words, "–", textOf(id), `${words("role-should")}; ${words("missed-word")}`, 0, lang));
  if (result.contradiction) {
    const [a, b] = result.contradiction.map(textOf).map(isolated);
    rows.push(row(words, "✗", words("contradiction", { a, b }), "", -1));
  }
  const sum = (result.named ?? []).reduce((all, { points }) => all + points, result.contradiction ? -1 : 0);
  // What is beyond a task's most, or is weighed by certainty, is not what the lines come to.
  if (Math.abs(sum - result.points) > 0.005) rows.push(sumRow(result, words, words("task-counts")));
  return rows;
}

/** The must that a parent was named for. @param {import("./cases_source.js").ListItem[]} items @param {string} id
 * @param {TaskResult} result */
function missedBelow(items, id, result) {
  const above = (/** @type {string} */ child) => items.find((item) => item.id === child)?.in;
  return (result.missed ?? []).find((child) => {
    for (let at = above(child), i = 0; at && i < items.length; at = above(at), i++) if (at === id) return true;
    return false;
  });
}

/** @param {Around} around @param {Task} task @param {TaskResult} result */
function measureRows({ words, lang }, task, result) {
  const unit = result.unit ?? task.unit ?? unitOf(task.quantity);
  const { value = null, answer = task.answer ?? NaN, tolerance = task.tolerance ?? 0, difference = null } = result;
  /** @type {Sign} */
  const sign = result.within === "full" ? "✓" : result.within === "half" ? "–" : "✗";
  const parts = [
    words("reference", { value: numberText(answer, unit), tolerance: valueText(tolerance, unit) }),
    value === null ? words("no-value") : words("your-value", { value: valueText(value, unit) }),
    difference === null
      ? ""
      : words("difference", { value: `${difference > 0 ? "+" : ""}${valueText(difference, unit)}` }),
    result.within === "half" ? words("partly") : "",
    result.within === "elsewhere" ? words("elsewhere") : "",
  ];
  const points = rowPoints(result);
  return [row(words, sign, task.prompt || words("measured"), parts.filter(Boolean).join(" · "), points, lang)];
}

/** What a task counts. @param {TaskResult} result @param {Words} words @param {string} [text] */
const sumRow = ({ points }, words, text = "") =>
  element("li", { class: "cases-row sum" }, element("span", { class: "what" }, text), pointsSpan(points, words));

/** Of a task that is one row. @param {TaskResult} result */
const rowPoints = ({ points }) => points;

/** @param {Around} around @param {Task} task @param {TaskResult} result @param {Response} response */
function markRows({ words, asked }, task, result, response) {
  const rows = (response.marks ?? []).map((mark, i) => {
    const target = result.hits?.[i] ?? -1;
    const sign = target >= 0 ? "✓" : target === -1 ? "✗" : "–";
    const text = spanText(words, mark);
    const verdict = { "✓": words("mark-hit"), "✗": words("mark-false"), "–": words("mark-again") }[sign];
    const outside = sign === "✗" && !isAsked(asked, mark) ? words("mark-outside") : "";
    return row(words, sign, text, [verdict, outside].filter(Boolean).join("; "), null);
  });
  const missing = Math.max(0, (result.need ?? 1) - (result.found ?? 0));
  if (missing) rows.push(row(words, "✗", words("mark-missed", { n: missing }), "", null));
  return [...rows, sumRow(result, words)];
}

/** @param {Around} around @param {Task} task @param {TaskResult} result */
function choiceRows({ words, lang }, task, result) {
  const optionOf = (/** @type {string} */ id) => (task.options ?? []).find((option) => option.id === id);
  const wordsOf = (/** @type {string} */ id, /** @type {string} */ why) =>
    [why, isolated(optionOf(id)?.why ?? "")].filter(Boolean).join(" – ");
  const rows = (result.named ?? []).map(({ id, kind, points }) => {
    const right = kind === "right";
    return row(words, right ? "✓" : "✗", optionOf(id)?.text ?? id, wordsOf(id, ""), points, lang);
  });
  for (const id of result.missed ?? [])
    rows.push(
      row(
        words,
        "✗",
        optionOf(id)?.text ?? id,
        wordsOf(id, `${words("right-option")}; ${words("missed-choice")}`),
        0,
        lang,
      ),
    );
  return rows;
}

/** @param {Around} around @param {Task} task @param {Response} response */
function textNodes({ words, lang, had }, task, response) {
  const box = make("input", { type: "checkbox", checked: response.self === true });
  box.addEventListener("change", () => had(task, box.checked));
  const model = task.model
    ? [
        make("h5", { textContent: words("model-answer") }),
        showBlocks(element("div", { lang, class: "cases-text" }), task.model),
      ]
    : [];
  return [
    make("h5", { textContent: words("your-text") }),
    make("p", { className: "cases-own", dir: "auto", textContent: response.text || words("not-answered") }),
    ...model,
    element("label", { class: "check" }, box, words("had-it")),
  ];
}

/** @type {Record<string, (around: Around, task: Task, result: TaskResult, response: Response) => HTMLElement[]>} */
const ROWS = { findings: findingRows, measure: measureRows, mark: markRows, choice: choiceRows };

/** @param {Around} around @param {Task} task @param {TaskResult} result @param {Response} response @returns {Node[]} */
function taskNodes(around, task, result, response) {
  const { words, lang } = around;
  if (task.type === "text") return textNodes(around, task, response);
  const rows = ROWS[task.type]?.(around, task, result, response) ?? [];
  if (!result.answered && task.type !== "measure")
    rows.unshift(element("li", { class: "faint" }, words("not-answered")));
  const title =
    task.type === "measure" ? [] : [showText(element("h5", { lang }), task.prompt || around.words("tasks"))];
  return [...title, element("ul", { class: "cases-rows" }, ...rows)];
}

/**
 * The card with the learner's answer. @param {Around} around @param {CaseResult} result @param {CaseState} state
 * @param {number} n  of the case, as it is counted
 */
export function answerCard(around, result, state, n) {
  const { one, words } = around;
  const title = element("h4", { tabindex: "-1", class: "cases-feedback-title" }, words("feedback-title", { n }));
  const tasks = one.tasks.flatMap((task, i) => {
    const found = result.tasks.find((each) => each.task === task.id) ?? result.tasks[i];
    return found ? taskNodes(around, task, found, state.responses[task.id] ?? {}) : [];
  });
  const { certainty } = state;
  const points = caseWords(result, words);
  const line = certainty ? words("case-line-certainty", { certainty, points }) : words("case-line", { points });
  return element("section", { class: "card cases-answer" }, title, ...tasks, element("p", { class: "faint" }, line));
}

/** "1 of 3 points". @param {{points: number, max_points: number}} result @param {Words} words */
export const caseWords = ({ points, max_points: max }, words) =>
  words("points", { points: sumText(points), n: sumText(max) });

/** Why, and where it comes from. @param {Around} around */
export function whyCard({ set, one, words, lang, show }) {
  /** @type {HTMLElement[]} */
  const parts = [];
  if (one.explain) {
    const marks = new Set((one.marks ?? []).map(({ id }) => id));
    const text = showExplained(element("div", { lang, class: "cases-text cases-why" }), one.explain, marks);
    parts.push(make("h4", { textContent: words("why") }), text);
  }
  if (one.marks?.length) {
    const lines = one.marks.map(({ id, lead, from, to, text }) => {
      const line = `**(${id})** ${text ? `${isolated(text)}: ` : ""}${spanText(words, { lead, from, to })}`;
      const button = make("button", { type: "button", textContent: words("show-mark", { id }) });
      button.addEventListener("click", () => show({ lead, from, to }));
      return element("li", {}, showText(element("span", { lang }), line), " ", button);
    });
    parts.push(make("h5", { textContent: words("marks") }), element("ul", { class: "cases-shown" }, ...lines));
  }
  const { text = "", licence = "" } = one.source ?? {};
  const credits = [
    text && `${words("source")}: ${isolated(text)}`,
    isolated(licence),
    set.authors?.length && words("key-by", { names: isolated(set.authors.join(", ")) }),
  ];
  const line = credits.filter(Boolean).join(" · ");
  if (line) parts.push(showText(element("p", { class: "faint" }), line));
  return parts.length ? element("section", { class: "card" }, ...parts) : null;
}

/* ---- on the ECG ---- */

/** How long the answer is on the ECG, s. @param {Task} task */
function answerSeconds(task) {
  const unit = task.unit ?? unitOf(task.quantity);
  const answer = Number(task.answer);
  if (unit === "/min") return answer > 0 ? (60 * (task.beats ?? 1)) / answer : NaN;
  return unit === "ms" && task.quantity !== "qtc"
    ? (answer * (task.quantity === "rr" ? (task.beats ?? 1) : 1)) / 1000
    : NaN;
}

/** What a height is drawn from, and up to where: from the trace at a stretch's beginning towards what is farthest from it.
 * @param {Trace} trace @param {{lead: string, from: number, to: number}} span @param {number} height  mV
 * @returns {[number, number] | null} */
function heightAt(trace, { lead, from, to }, height) {
  const mv = trace(lead, from, to);
  if (!mv.length || !Number.isFinite(mv[0])) return null;
  const farthest = mv.reduce((best, v) => (Math.abs(v - mv[0]) > Math.abs(best - mv[0]) ? v : best), mv[0]);
  return [mv[0], mv[0] + (farthest < mv[0] ? -height : height)];
}

/** The learner's height and the reference, as lines across the wave: both from the same level.
 * @param {Task} task @param {Response} response @param {TaskResult | undefined} result @param {Words} words
 * @param {Trace} trace @returns {Shape[]} */
function heightShapes(task, response, result, words, trace) {
  const { lead, from, to } = response;
  const [answer, value] = [Number(task.answer), result?.value ?? null];
  const own =
    lead && from !== undefined && to !== undefined ? { lead, from: Math.min(from, to), to: Math.max(from, to) } : null;
  const fixed = task.lead && task.lead !== "*" && task.between ? { lead: task.lead, ...task.between } : null;
  const span = own ?? fixed;
  if (!span) return [];
  const lines = (/** @type {number} */ height) => heightAt(trace, span, Math.abs(height));
  const [mine, reference] = [own && value !== null ? lines(value) : null, lines(answer)];
  /** @type {Shape[]} */
  const shapes = [];
  if (mine && value !== null)
    shapes.push({ kind: "own", ...span, mv: mine, label: words("plain", { value: valueText(value, "mV") }) });
  if (reference && Number.isFinite(answer))
    shapes.push({
      kind: "reference",
      ...span,
      mv: reference,
      label: words("reference-is", { value: valueText(answer, "mV") }),
    });
  return shapes;
}

/** The learner's calipers, and the reference from where they begin. @param {Task} task @param {Response} response
 * @param {TaskResult | undefined} result @param {Words} words @returns {Shape[]} */
function caliperShapes(task, response, result, words) {
  const unit = task.unit ?? unitOf(task.quantity);
  /** @type {Shape[]} */
  const shapes = [];
  const { lead, from, to } = response;
  const own = lead !== undefined && from !== undefined && to !== undefined;
  const difference = result?.difference ?? null;
  const differs =
    difference === null
      ? ""
      : ` (${words("plain", { value: `${difference > 0 ? "+" : ""}${valueText(difference, unit)}` })})`;
  if (own && result?.value !== null && result?.value !== undefined)
    shapes.push({
      kind: "own",
      lead,
      from,
      to,
      mv: null,
      label: `${words("plain", { value: valueText(result.value, unit) })}${differs}`,
    });
  const seconds = answerSeconds(task);
  const where = task.lead && task.lead !== "*" ? task.lead : lead;
  const inside = own && (!task.between || (from >= task.between.from && from <= task.between.to));
  const start = inside ? from : task.between?.from;
  if (where && start !== undefined && Number.isFinite(seconds))
    shapes.push({
      kind: "reference",
      lead: where,
      from: start,
      to: start + seconds,
      mv: null,
      label: words("reference-is", { value: valueText(Number(task.answer), unit) }),
    });
  return shapes;
}

/** @param {Case} one @param {CaseState} state @param {CaseResult | null} result @param {Words} words @param {Trace} trace
 * @returns {Shape[]} */
export function feedbackShapes(one, state, result, words, trace) {
  /** @type {Shape[]} */
  const shapes = (one.marks ?? []).map(({ id, lead, from, to, text }) => ({
    kind: "key",
    lead,
    from,
    to,
    label: [id, isolated(text ?? "")].filter(Boolean).join(" "),
  }));
  for (const task of one.tasks) {
    const response = state.responses[task.id] ?? {};
    const found = result?.tasks.find((each) => each.task === task.id);
    if (task.type === "measure")
      shapes.push(
        ...((task.unit ?? unitOf(task.quantity)) === "mV"
          ? heightShapes(task, response, found, words, trace)
          : caliperShapes(task, response, found, words)),
      );
    if (task.type !== "mark") continue;
    for (const { lead, from, to, text } of task.targets ?? [])
      shapes.push({ kind: "target", lead, from, to, label: text ? isolated(text) : words("target-word") });
    for (const mark of response.marks ?? []) shapes.push({ kind: "own", ...mark, label: words("your-mark") });
  }
  return shapes;
}

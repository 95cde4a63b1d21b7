/** The answer sheet of a case set, for print: each case with its key, for the teacher's hand. */

import { mustId, QUANTITIES, SHARES } from "./cases_draft.js";
import { make } from "../base/dom.js";

/**
 * @typedef {import("../package/documents.js").CaseSet} CaseSet
 * @typedef {import("../package/documents.js").Case} Case
 * @typedef {import("./cases_draft.js").Task} Task
 */

const SHARE_TITLES = { must: "Must", should: "Should", may: "May", must_not: "Must not" };

/** @param {CaseSet} set @param {string} disclaimer @returns {HTMLElement} */
export function answerSheet(set, disclaimer) {
  const facts = [(set.authors ?? []).join(", "), set.licence ?? "", `${set.cases.length} cases`]
    .filter(Boolean)
    .join(" · ");
  return make(
    "article",
    { className: "answer-sheet", lang: set.lang ?? "" },
    make("h1", { textContent: `${set.title}: answers` }),
    make("p", { textContent: facts }),
    ...set.cases.map((one, i) => caseSheet(set, one, i)),
    make("p", { textContent: disclaimer }),
  );
}

/** @param {CaseSet} set @param {Case} one @param {number} i */
function caseSheet(set, one, i) {
  const tags = (one.tags ?? []).join(", ");
  const marks = (one.marks ?? []).map(
    ({ id, lead, from, to, text }) => `${id}: ${spanText({ lead, from, to })}${text ? `, ${text}` : ""}`,
  );
  return make(
    "section",
    {},
    make("h2", { textContent: `${i + 1}. ${one.title || one.id}${tags ? ` (${tags})` : ""}` }),
    ...paragraphs(one.story),
    ...one.tasks.flatMap((task) => taskSheet(set, task)),
    ...(marks.length ? [make("p", { textContent: `Marks. ${marks.join("; ")}.` })] : []),
    ...paragraphs(one.explain?.replace(/\{([A-Za-z0-9_.-]{1,64})\}/g, "($1)")),
    ...paragraphs(
      one.source?.text && `Source: ${one.source.text}${one.source.licence ? ` (${one.source.licence})` : ""}`,
    ),
  );
}

/** @param {string | undefined} text */
const paragraphs = (text) => (text ? [make("p", { textContent: text })] : []);

/** @param {{lead: string, from: number, to: number}} span */
const spanText = ({ lead, from, to }) => `${lead === "*" ? "any lead" : lead} ${from.toFixed(2)}–${to.toFixed(2)} s`;

/** @param {CaseSet} set @param {Task} task @returns {Node[]} */
function taskSheet(set, task) {
  const asked = make("p", {}, make("strong", { textContent: task.prompt || task.id }));
  return [asked, make("ul", {}, ...answersOf(set, task).map((text) => make("li", { textContent: text })))];
}

/** @param {CaseSet} set @param {Task} task @returns {string[]} */
function answersOf(set, task) {
  if (task.type === "findings") {
    const names = new Map((set.lists?.[task.list] ?? []).map(({ id, text }) => [id, text]));
    return SHARES.flatMap((share) => {
      const some = (task[share] ?? []).map((each) => names.get(mustId(each)) ?? mustId(each));
      return some.length ? [`${SHARE_TITLES[share]}: ${some.join(", ")}`] : [];
    });
  }
  if (task.type === "measure") {
    const unit = task.unit ?? QUANTITIES[task.quantity].unit;
    const where = task.lead && task.lead !== "*" ? `, in ${task.lead}` : "";
    const by = task.by === "page" ? " (measured by the page, not checked by a person)" : "";
    return [`${task.answer} ${unit}${task.tolerance === undefined ? "" : ` ± ${task.tolerance}`}${where}${by}`];
  }
  if (task.type === "mark") return [`${task.need ?? 1} of: ${task.targets.map(spanText).join("; ")}`];
  if (task.type === "choice")
    return task.options.map(({ text, right, why }) => `${right ? "✓" : "–"} ${text}${why ? ` (${why})` : ""}`);
  return [task.model || "not scored"];
}

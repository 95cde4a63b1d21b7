/**
 * A case set while it is made, without a page: the document, what its cases lack, and steps back. Whether a set is one is
 * said by the core (cases_core.js); here is what the editor needs between its keystrokes.
 */

import { FINDINGS } from "./cases_lists.js";

/**
 * @typedef {import("../package/documents.js").CaseSet} CaseSet
 * @typedef {import("../package/documents.js").Case} Case
 * @typedef {import("../package/documents.js").CaseTask} Task
 * @typedef {import("../package/documents.js").CaseMeasure} MeasureTask
 * @typedef {import("../package/documents.js").CaseFindings} FindingsTask
 * @typedef {import("../package/documents.js").CaseMark} Mark
 * @typedef {import("../package/documents.js").CaseStatement} Statement
 * @typedef {"beginner" | "intermediate" | "advanced"} Level
 * @typedef {MeasureTask["quantity"]} Quantity
 * @typedef {"must" | "should" | "may" | "must_not"} Share  of a finding in the key
 * @typedef {{missed: string[], extra: string[]}} Difference  of a network and a key, by names of labels
 */

export const DIFFERS_TAG = "network-differs";
/** Of the findings that the page brings along. */
export const LIST = "ecg";
/** Of a case: no more are read. */
export const MOST_TASKS = 20;
export const LEVELS = /** @type {const} */ (["beginner", "intermediate", "advanced"]);
export const SHARES = /** @type {readonly Share[]} */ (["must", "should", "may", "must_not"]);

/** Of a quantity: what it is called, its unit, and the tolerance at each level (of a rate: a share of the answer).
 * @type {Readonly<Record<Quantity, {title: string, unit: "/min" | "ms" | "°" | "mV", tolerance: [number, number, number]}>>} */
export const QUANTITIES = Object.freeze({
  rate: { title: "Ventricular rate", unit: "/min", tolerance: [0.1, 0.05, 0.03] },
  rr: { title: "RR interval", unit: "ms", tolerance: [40, 20, 10] },
  p: { title: "P duration", unit: "ms", tolerance: [40, 20, 10] },
  pr: { title: "PR interval", unit: "ms", tolerance: [40, 20, 10] },
  qrs: { title: "QRS duration", unit: "ms", tolerance: [40, 20, 10] },
  qt: { title: "QT interval", unit: "ms", tolerance: [40, 20, 10] },
  qtc: { title: "QTc", unit: "ms", tolerance: [40, 20, 10] },
  interval: { title: "Another interval", unit: "ms", tolerance: [40, 20, 10] },
  axis: { title: "QRS axis", unit: "°", tolerance: [30, 15, 10] },
  p_axis: { title: "P axis", unit: "°", tolerance: [30, 15, 10] },
  t_axis: { title: "T axis", unit: "°", tolerance: [30, 15, 10] },
  amplitude: { title: "Amplitude", unit: "mV", tolerance: [0.2, 0.1, 0.05] },
});

/** What is asked, where the author writes nothing else. @type {Readonly<Record<Quantity, string>>} */
export const PROMPTS = Object.freeze({
  rate: "What is the ventricular rate?",
  rr: "How long is the RR interval?",
  p: "How long does the P wave last?",
  pr: "How long is the PR interval?",
  qrs: "How wide is the QRS complex?",
  qt: "How long is the QT interval?",
  qtc: "How long is the corrected QT interval?",
  interval: "How long is this interval?",
  axis: "What is the QRS axis?",
  p_axis: "What is the P axis?",
  t_axis: "What is the T axis?",
  amplitude: "How high is this wave?",
});

/** Measured by the page, by what it is called in a task. @type {Partial<Record<Quantity, string>>} */
export const MEASURED_AS = Object.freeze({
  rate: "heart_rate",
  rr: "rr_interval",
  p: "p_duration",
  pr: "pr_interval",
  qrs: "qrs_duration",
  qt: "qt_interval",
  qtc: "qtc_fridericia",
  axis: "qrs_axis",
  p_axis: "p_axis",
  t_axis: "t_axis",
});

/** @param {Quantity} quantity @param {number} answer @param {string | undefined} level */
export function usualTolerance(quantity, answer, level) {
  const { tolerance, unit } = QUANTITIES[quantity];
  const at = Math.max(0, LEVELS.indexOf(/** @type {Level} */ (level ?? "intermediate")));
  return unit === "/min" ? Math.max(1, Math.round(tolerance[at] * answer)) : tolerance[at];
}

/** Calipers of so many ms: which quantity that may be, by what was measured on the record.
 * @param {number} ms @param {Map<string, number>} measured  by name */
export function likeliestQuantity(ms, measured) {
  const near = /** @type {Quantity[]} */ (["qrs", "pr", "qt", "rr"])
    .map((quantity) => ({ quantity, value: measured.get(MEASURED_AS[quantity] ?? "") ?? NaN }))
    .filter(({ value }) => Math.abs(ms - value) <= 0.2 * value)
    .sort((a, b) => Math.abs(ms - a.value) - Math.abs(ms - b.value));
  return near[0]?.quantity ?? "interval";
}

/** A name that SCORM takes. @param {string} text */
export const idOf = (text) =>
  text
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 48);

/** "name", "name-2", "name-3": the first that nobody has. @param {Iterable<string>} taken @param {string} name */
export function freshId(taken, name) {
  const used = new Set(taken);
  const stem = idOf(name) || "case";
  for (let n = 1; ; n++) {
    const id = n === 1 ? stem : `${stem}-${n}`;
    if (!used.has(id)) return id;
  }
}

/** A, B … Z, AA, AB … : the first that nobody has. @param {{id: string}[]} marks */
export function nextLetter(marks) {
  const used = new Set(marks.map(({ id }) => id));
  for (let n = 0; ; n++) {
    let id = "";
    for (let rest = n; rest >= 0; rest = Math.floor(rest / 26) - 1) id = String.fromCharCode(65 + (rest % 26)) + id;
    if (!used.has(id)) return id;
  }
}

/** Marks that a text names as {A}. @param {string} text */
export const lettersIn = (text) => [...text.matchAll(/\{([A-Za-z0-9_.-]{1,64})\}/g)].map(([, id]) => id);

/** @param {string} id @param {string} lang @returns {CaseSet} with no case yet, which is what a set needs */
export function emptySet(id, lang) {
  return /** @type {CaseSet} */ ({
    format: "ecg-xplaim-cases",
    version: 1,
    id,
    title: "My ECG cases",
    lang,
    authors: [],
    licence: "",
    about: "",
    settings: {
      level: "intermediate",
      order: "given",
      feedback: "each",
      network: "after",
      measurements: "after",
      names: "hidden",
      certainty: "no",
      attempts: 1,
      pass: 70,
      lock: true,
    },
    lists: {},
    cases: [],
  });
}

/** @param {string} id @param {Partial<Case>} more @returns {Case} */
export const emptyCase = (id, more) =>
  /** @type {Case} */ ({
    id,
    tags: [],
    record: `records/${id}.hea`,
    story: "",
    tasks: [],
    marks: [],
    explain: "",
    ...more,
  });

/** A task of a type, to be filled in. @param {Case} one @param {string} type @returns {Task} */
export function emptyTask(one, type) {
  const id = freshId(
    one.tasks.map((task) => task.id),
    type === "findings" ? "find" : type,
  );
  const tasks = /** @type {Record<string, object>} */ ({
    findings: { prompt: "Name every finding.", list: LIST, must: [], should: [], may: [], must_not: [] },
    measure: { prompt: PROMPTS.rate, quantity: "rate", answer: 0, tolerance: 0, unit: "/min", by: "person" },
    mark: { prompt: "Mark the place on the ECG.", targets: [], need: 1 },
    choice: {
      prompt: "",
      options: [
        { id: "a", text: "", right: true },
        { id: "b", text: "" },
      ],
    },
    text: { prompt: "Say it in one sentence.", model: "" },
  });
  return /** @type {Task} */ ({ id, type, ...tasks[type] });
}

/** What a task asks with calipers that were put. @param {Case} one @param {Quantity} quantity
 * @param {{value: number, lead: string, by: "page" | "person"}} found @param {string | undefined} level @returns {MeasureTask} */
export function measureTask(one, quantity, { value, lead, by }, level) {
  const { unit } = QUANTITIES[quantity];
  const answer = unit === "mV" ? Math.round(100 * value) / 100 : Math.round(value);
  const task = /** @type {MeasureTask} */ (emptyTask(one, "measure"));
  Object.assign(task, {
    id: freshId(
      one.tasks.map((other) => other.id),
      quantity,
    ),
    prompt: PROMPTS[quantity],
    quantity,
    answer,
    tolerance: usualTolerance(quantity, answer, level),
    unit,
    by,
    ...(lead && by === "person" ? { lead } : {}),
    ...(quantity === "qtc" ? { formula: "fridericia" } : {}),
  });
  return task;
}

/** The list of a set, with the page's findings in it. @param {CaseSet} set @param {string} name @returns {Statement[]} */
export function listOf(set, name) {
  set.lists ??= {};
  set.lists[name] ??= name === LIST ? FINDINGS.map((each) => ({ ...each })) : [];
  return set.lists[name];
}

/** A finding of the author's own. @param {CaseSet} set @param {string} name  of the list @param {string} text @returns {string} its id */
export function addFinding(set, name, text) {
  const list = listOf(set, name);
  const there = list.find((each) => each.text.toLowerCase() === text.trim().toLowerCase());
  if (there) return there.id;
  const id = freshId(
    list.map((each) => each.id),
    text,
  );
  list.push({ id, text: text.trim() });
  return id;
}

/** What the core says of a place in a set, as an author has it before him: by the number of the task or the letter of the mark.
 * @param {CaseSet} set @param {{case: string, field: string, text: string}} message @returns {string} */
export function authorText(set, { case: id, field, text }) {
  const [, kind, index] = /^(tasks|marks)\[(\d+)\]/.exec(field) ?? [];
  const at = text.indexOf(`${field}: `);
  if (!kind || at < 0) return text;
  const place = Number(index);
  const mark = set.cases.find((one) => one.id === id)?.marks?.[place];
  const where = kind === "tasks" ? `task ${place + 1}` : `mark ${mark?.id ?? place + 1}`;
  return `Case ${id}, ${where}: ${text.slice(at + field.length + 2)}.`;
}

/** Why a text cannot be a finding, by the rule that a set is read with. @param {import("../core/cases_core.js").CasesCore} core
 * @param {string} text @returns {string} "": it can be one */
export const findingFault = (core, text) => faultOf(core, { lists: { own: [{ id: "own", text: text.trim() }] } });

/** The same of any other text of a set, in a sentence. @param {import("../core/cases_core.js").CasesCore} core @param {string} text */
export function textFault(core, text) {
  const fault = text && faultOf(core, { about: text });
  return fault && `${fault[0].toUpperCase()}${fault.slice(1)}.`;
}

/** What the core says of a set that has but these parts. @param {import("../core/cases_core.js").CasesCore} core @param {object} parts */
function faultOf(core, parts) {
  const id = "own";
  const { format, version, title } = emptySet(id, "en");
  const cases = [{ id, record: `${id}.hea`, tasks: [{ id, type: "text" }] }];
  const outcome = core.check(JSON.stringify({ format, version, id, title, cases, ...parts }));
  return "error" in outcome ? outcome.error.text.replace(`${outcome.error.field}: `, "") : "";
}

/** @param {string | {id: string}} each  of must */
export const mustId = (each) => (typeof each === "string" ? each : each.id);

/** @param {FindingsTask} task @param {string} id @returns {Share | ""} */
export const shareOf = (task, id) =>
  SHARES.find((share) => (task[share] ?? []).some((each) => mustId(each) === id)) ?? "";

/** @param {FindingsTask} task @param {string} id @param {Share | ""} share */
export function setShare(task, id, share) {
  if (shareOf(task, id) === share) return; // so that points of a must stay
  for (const each of SHARES) task[each] = /** @type {any} */ ((task[each] ?? []).filter((one) => mustId(one) !== id));
  if (share) task[share] = /** @type {any} */ ([...(task[share] ?? []), id]);
}

/** Where a network and the key differ; null where the case asks for no finding that the network knows, and it names none.
 * What the key allows in any way is no difference, nor is a more general name of what is in it.
 * @param {CaseSet} set @param {Case} one @param {{name: string, named: boolean}[]} labels  of the network @returns {Difference | null} */
export function differenceOf(set, one, labels) {
  const tasks = one.tasks.filter((task) => task.type === "findings").map((task) => /** @type {FindingsTask} */ (task));
  if (!tasks.length) return null;
  const known = new Set(labels.map(({ name }) => name));
  const musts = tasks.flatMap((task) => task.must.map(mustId));
  const parents = new Map(
    tasks.flatMap(({ list }) => (set.lists?.[list] ?? []).map((each) => [each.id, each.in ?? ""])),
  );
  const allowed = new Set([...musts, ...tasks.flatMap(({ should = [], may = [] }) => [...should, ...may])]);
  for (const id of [...allowed])
    for (let up = parents.get(id); up && !allowed.has(up); up = parents.get(up)) allowed.add(up);
  const named = labels.filter((label) => label.named).map(({ name }) => name);
  return {
    missed: [...new Set(musts)].filter((id) => known.has(id) && !named.includes(id)),
    extra: named.filter((name) => !allowed.has(name)),
  };
}

/** What is still to be done before a case can be played, in words. @param {Case} one @returns {string[]} */
export function lacksOf(one) {
  const out = one.tasks.length ? [] : ["There is no task yet."];
  for (const [i, task] of one.tasks.entries()) {
    const lack = lackOf(task);
    if (lack) out.push(`Task ${i + 1}: ${lack}`);
  }
  if (one.tasks.length > MOST_TASKS)
    out.push(`There are ${one.tasks.length} tasks, and at most ${MOST_TASKS} are read: take some out.`);
  for (const mark of one.marks ?? []) {
    const lack = lackOfSpan(mark);
    if (lack) out.push(`Mark ${mark.id}: ${lack}`);
  }
  const letters = new Set((one.marks ?? []).map(({ id }) => id));
  const unknown = lettersIn(one.explain ?? "").filter((id) => !letters.has(id));
  if (unknown.length) out.push(`The explanation names {${unknown[0]}}, and there is no such mark.`);
  return out;
}

/** @param {Task} task @returns {string} "": nothing */
function lackOf(task) {
  if (task.type === "findings") return task.must.length ? "" : "choose what must be named.";
  if (task.type === "mark") return lackOfPlaces(task.targets);
  if (task.type === "measure") return Number.isFinite(task.answer) ? "" : "write the answer.";
  if (task.type !== "choice") return "";
  if (!task.prompt?.trim()) return "write what you ask.";
  if (task.options.some(({ text }) => !text.trim())) return "an option has no text.";
  return task.options.some(({ right }) => right) ? "" : "say which option is right.";
}

/** @param {{from: number, to: number}[]} targets @returns {string} "": nothing */
function lackOfPlaces(targets) {
  if (!targets.length) return "show where the place is.";
  const lacks = targets.map((target, i) => ({ at: i + 1, lack: lackOfSpan(target) })).filter(({ lack }) => lack);
  return lacks.length ? `place ${lacks[0].at}: ${lacks[0].lack}` : "";
}

/** @param {{from: number, to: number}} span @returns {string} "": nothing */
function lackOfSpan({ from, to }) {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return "write from when to when it lies.";
  return from < to ? "" : "its end lies before its start.";
}

/** The statements that the keys of a set name. @param {CaseSet} set @returns {Set<Statement>} */
export function statementsNamed(set) {
  const tasks = set.cases.flatMap((one) => one.tasks).filter((task) => task.type === "findings");
  const named = Object.entries(set.lists ?? {}).flatMap(([name, list]) => {
    const keys = tasks.filter((task) => task.list === name);
    const ids = new Set(keys.flatMap((task) => SHARES.flatMap((share) => (task[share] ?? []).map(mustId))));
    return list.filter(({ id }) => ids.has(id));
  });
  return new Set(named);
}

/** The statements of a set that no key names: who made it wants them to be chosen from. @param {CaseSet} set @returns {Set<Statement>} */
export function statementsSpare(set) {
  const named = statementsNamed(set);
  const all = Object.values(set.lists ?? {}).flat();
  return new Set(all.filter((each) => !named.has(each)));
}

/** Of a list those that are wanted, and what these refer to. @param {Statement[]} list @param {(each: Statement) => boolean} wanted */
function withKin(list, wanted) {
  const known = new Map(list.map((each) => [each.id, each]));
  const stays = /** @type {Set<Statement>} */ (new Set());
  const keep = (/** @type {Statement | undefined} */ each) => {
    if (!each || stays.has(each)) return;
    stays.add(each);
    for (const id of [each.in ?? "", ...(each.not_with ?? [])]) keep(known.get(id));
  };
  list.filter(wanted).forEach(keep);
  return list.filter((each) => stays.has(each));
}

/** The set as it is saved: without what was left empty, and without findings of the author's own that nothing asks for.
 * @param {CaseSet} set @param {Set<Statement>} [spare]  findings that stay all the same @returns {CaseSet} */
export function cleaned(set, spare = new Set()) {
  const empty = (/** @type {unknown} */ value) =>
    value === "" || value === undefined || (Array.isArray(value) && value.length === 0);
  const strip = (/** @type {any} */ value, /** @type {Set<string>} */ kept) =>
    Object.fromEntries(Object.entries(value).filter(([key, each]) => kept.has(key) || !empty(each)));
  const keptInSet = new Set(["cases"]);
  const keptInCase = new Set(["tasks"]);
  const keptInTask = new Set(["must", "targets", "options"]);
  const cases = set.cases.map((one) => ({
    ...strip(one, keptInCase),
    tasks: one.tasks.map((task) => strip(task, keptInTask)),
  }));
  const used = new Set(
    set.cases.flatMap(({ tasks }) => tasks.flatMap((task) => (task.type === "findings" ? [task.list] : []))),
  );
  const named = statementsNamed(set);
  const ours = new Set(FINDINGS.map(({ id }) => id));
  const wanted = (/** @type {Statement} */ each) => ours.has(each.id) || named.has(each) || spare.has(each);
  const lists = Object.fromEntries(
    Object.entries(set.lists ?? {})
      .filter(([name]) => used.has(name))
      .map(([name, list]) => /** @type {const} */ ([name, withKin(list, wanted)]))
      .filter(([, list]) => list.length),
  );
  const whole = /** @type {CaseSet} */ (strip({ ...set, cases }, keptInSet));
  if (Object.keys(lists).length) whole.lists = lists;
  else delete whole.lists;
  return whole;
}

/** The cases in another order. @param {CaseSet} set @param {number} from @param {number} to  where it goes @returns {boolean} whether it moved */
export function moveCase(set, from, to) {
  if (to < 0 || to >= set.cases.length || from === to) return false;
  set.cases.splice(to, 0, ...set.cases.splice(from, 1));
  return true;
}

/** Steps back of what an author did. */
export class Steps {
  constructor(most = 100) {
    this.most = most;
    /** @type {string[]} */
    this.before = [];
  }

  /** @param {object} state */
  keep(state) {
    const text = JSON.stringify(state);
    if (this.before.at(-1) === text) return;
    this.before.push(text);
    this.before.splice(0, this.before.length - this.most);
  }

  get any() {
    return this.before.length > 0;
  }

  /** @returns {any} null: none */
  back() {
    return JSON.parse(this.before.pop() ?? "null");
  }
}

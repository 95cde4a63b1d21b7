/**
 * What a play leaves: the answers as the core scores them, a table with a line a task, and xAPI statements. All of it is
 * made here and saved or handed on by the page; nothing is sent.
 */

import { DISCLAIMER } from "../core/core_constants.js";
import { csv } from "../core/report.js";
import { isAnswered, MAX_MARKS } from "./cases_state.js";

/**
 * @typedef {import("./cases_source.js").SetDocument} SetDocument
 * @typedef {import("./cases_source.js").Case} Case
 * @typedef {import("./cases_source.js").Task} Task
 * @typedef {import("./cases_state.js").CaseState} CaseState
 * @typedef {import("./cases_state.js").Response} Response
 * @typedef {import("../package/documents.js").CaseAnswers} CaseAnswers
 * @typedef {import("../package/documents.js").CaseResults} CaseResults
 * @typedef {CaseResults["cases"][number]} CaseResult
 * @typedef {CaseResult["tasks"][number]} TaskResult
 * @typedef {{place: number, state: CaseState}} Attempt  a committed one; place: in the set
 * @typedef {{set: SetDocument, log: Attempt[], results: CaseResults, learner: string, modelSha256: string, version: string}} Play
 *   log: in the order of playing, as results has it
 */

/** @param {SetDocument} set @param {Attempt[]} log @param {string} learner @returns {CaseAnswers} */
export function answersDocument(set, log, learner) {
  const cases = log.map(({ place, state }) => {
    const one = set.cases[place];
    const answers = one.tasks.flatMap((task) => {
      const response = state.responses[task.id];
      return isAnswered(response) ? [{ task: task.id, ...response, certainty: state.certainty }] : [];
    });
    return {
      case: one.id,
      attempt: state.attempt,
      ...(state.startedAt ? { started_at: state.startedAt } : {}),
      seconds: state.seconds,
      network_shown: state.networkShown,
      measurements_shown: state.measurementsShown,
      answers,
    };
  });
  return /** @type {CaseAnswers} */ ({ format: "ecg-xplaim-answers", version: 1, set: set.id, learner, cases });
}

/* ---- in few words ---- */

/** @param {{lead: string, from?: number, to?: number, at?: number}} mark */
const spanWords = ({ lead, from, to, at }) =>
  at === undefined ? `${lead} ${Number(from).toFixed(2)}-${Number(to).toFixed(2)} s` : `${lead} ${at.toFixed(2)} s`;

/** @param {Task} task @param {Response | undefined} response @param {TaskResult} result */
export function responseText(task, response, result) {
  if (!response) return "";
  if (task.type === "findings") return (response.named ?? []).join(" ");
  if (task.type === "choice") return (response.chosen ?? []).join(" ");
  if (task.type === "mark") return (response.marks ?? []).map(spanWords).join("; ");
  if (task.type === "text") return response.text ?? "";
  const value = result.value ?? response.value;
  return value === undefined || value === null ? "" : String(value);
}

/** @param {(string | {id: string})[] | undefined} list */
const ids = (list) => (list ?? []).map((each) => (typeof each === "string" ? each : each.id));

/** What is right. @param {Task} task */
export function referenceText(task) {
  if (task.type === "findings") return ids(task.must).join(" ");
  if (task.type === "choice") return rightOptions(task).join(" ");
  if (task.type === "mark") return (task.targets ?? []).map(spanWords).join("; ");
  return task.type === "text" ? (task.model ?? "") : String(task.answer ?? "");
}

/** @param {Task} task */
const rightOptions = (task) => (task.options ?? []).filter(({ right }) => right).map(({ id }) => id);

/** A task of an attempt, with what it is worth.
 * @param {Play} play @returns {{attempt: Attempt, one: Case, task: Task, response: Response | undefined, result: TaskResult}[]} */
export function tasksOf({ set, log, results }) {
  return log.flatMap((attempt, i) => {
    const one = set.cases[attempt.place];
    return one.tasks.map((task, t) => {
      const result = results.cases[i].tasks.find((each) => each.task === task.id) ?? results.cases[i].tasks[t];
      return { attempt, one, task, response: attempt.state.responses[task.id], result };
    });
  });
}

/* ---- table ---- */

const COLUMNS = [
  ...["set", "set_title", "case", "task", "type", "attempt", "started_at", "seconds", "response", "reference"],
  ...["tolerance", "points", "max_points", "must_named", "must_missed", "must_not_named", "precision", "recall"],
  ...["certainty", "network_shown", "network_findings", "measurements_shown", "learner", "model_sha256"],
  ...["version", "disclaimer"],
];

/** A line a task. @param {Play} play */
export function resultsCsv(play) {
  const { set, learner, modelSha256, version } = play;
  const rows = tasksOf(play).map(({ attempt: { state }, one, task, response, result }) => [
    set.id,
    set.title,
    one.id,
    task.id,
    task.type,
    state.attempt,
    state.startedAt,
    Math.round(state.seconds * 10) / 10,
    responseText(task, response, result),
    referenceText(task),
    result.tolerance,
    result.points,
    result.max_points,
    result.must_named,
    result.must_missed,
    result.must_not_named,
    result.precision,
    result.recall,
    state.certainty,
    String(state.networkShown),
    state.networkFindings.join(" "),
    String(state.measurementsShown),
    learner,
    modelSha256,
    version,
    DISCLAIMER,
  ]);
  return csv([COLUMNS, ...rows]);
}

/* ---- xAPI 1.0.3 ---- */

const VERBS = "http://adlnet.gov/expapi/verbs/";
const ACTIVITIES = "http://adlnet.gov/expapi/activities/";

/** @param {string} verb */
const verbOf = (verb) => ({ id: `${VERBS}${verb}`, display: { "en-US": verb } });

/** A UUID, made here since crypto.randomUUID needs https: it is to be unlike others, not secret. */
export function uuid() {
  const bytes = new Uint8Array(16).map(() => 256 * Math.random());
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** ISO 8601. @param {number} seconds */
const duration = (seconds) => `PT${Math.max(0, Math.round(seconds * 100) / 100)}S`;

/** @param {SetDocument} set */
function iriOf(set) {
  try {
    const { href, protocol } = new URL(set.iri ?? "");
    if (["http:", "https:", "urn:"].includes(protocol)) return href.replace(/[#/]+$/, "");
  } catch {
    // none, or no address: its id makes one
  }
  return `urn:ecg-xplaim:set:${set.id}`;
}

/** @param {string} iri @param {string[]} parts  of letters, digits, _ . - */
const below = (iri, ...parts) => [iri, ...parts].join(iri.startsWith("urn:") ? ":" : "/");

/** @param {string} text @param {string} lang */
const languageMap = (text, lang) => ({ [lang]: text });

/** Whoever plays: an agent of the page around, else an account without a name.
 * @param {unknown} given  the element's actor @param {string} learner @param {string} session  a UUID */
export function actorOf(given, learner, session) {
  if (given && typeof given === "object") return given;
  const homePage = /^https?:/.test(globalThis.location?.protocol ?? "")
    ? location.origin
    : "https://ecg-xplaim.invalid";
  return { objectType: "Agent", account: { homePage, name: learner || `anonymous-${session}` } };
}

export class Statements {
  /** @param {SetDocument} set @param {unknown} actor @param {string} session  a UUID: of this play */
  constructor(set, actor, session) {
    this.set = set;
    this.lang = set.lang || "en";
    this.iri = iriOf(set);
    this.actor = actor;
    this.session = session;
    /** @type {object[]} */
    this.all = [];
  }

  /** @param {string} verb @param {object} object @param {object} more @returns {object} */
  add(verb, object, more = {}) {
    const statement = {
      id: uuid(),
      actor: this.actor,
      verb: verbOf(verb),
      object,
      timestamp: new Date().toISOString(),
      context: { registration: this.session, language: this.lang, ...this.contextOf(object) },
      version: "1.0.3",
      ...more,
    };
    this.all.push(statement);
    return statement;
  }

  get activity() {
    return {
      objectType: "Activity",
      id: this.iri,
      definition: { type: `${ACTIVITIES}assessment`, name: languageMap(this.set.title, this.lang) },
    };
  }

  /** @param {any} object */
  contextOf(object) {
    if (object.id === this.iri) return {};
    return { contextActivities: { parent: [{ objectType: "Activity", id: this.iri }] } };
  }

  initialized() {
    return this.add("initialized", this.activity);
  }

  /** One task of an attempt. @param {ReturnType<typeof tasksOf>[number]} answered */
  answered({ attempt: { state }, one, task, response, result }) {
    const id = below(this.iri, one.id, task.id);
    const definition = {
      type: `${ACTIVITIES}cmi.interaction`,
      name: languageMap(`${one.id}.${task.id}`, this.lang),
      description: languageMap(task.prompt || task.id, this.lang),
      ...this.interaction(task, result),
    };
    const scored = result.share !== null;
    return this.add(
      "answered",
      { objectType: "Activity", id, definition },
      {
        result: {
          response: xapiResponse(task, response, result),
          duration: duration(state.seconds),
          ...(scored ? { success: result.share === 1, score: scoreOf(result) } : {}),
          extensions: this.extensions(state),
        },
      },
    );
  }

  /** @param {CaseState} state */
  extensions(state) {
    const [certainty, shown] = ["certainty", "network_shown"].map((name) => below(this.iri, "extensions", name));
    return {
      ...(state.certainty === null ? {} : { [certainty]: state.certainty }),
      [shown]: state.networkShown,
      [below(this.iri, "extensions", "attempt")]: state.attempt,
    };
  }

  /** @param {Task} task @param {TaskResult} result */
  interaction(task, result) {
    const component = (/** @type {{id: string, text: string}} */ { id, text }) => ({
      id,
      description: languageMap(text, this.lang),
    });
    if (task.type === "findings") {
      const choices = (this.set.lists?.[task.list ?? ""] ?? []).map(component);
      return { interactionType: "choice", choices, correctResponsesPattern: [ids(task.must).join("[,]")] };
    }
    if (task.type === "choice") {
      const choices = (task.options ?? []).map(component);
      return { interactionType: "choice", choices, correctResponsesPattern: [rightOptions(task).join("[,]")] };
    }
    if (task.type === "measure") {
      const [answer, tolerance] = [Number(task.answer), result.tolerance ?? task.tolerance ?? 0];
      const ends = [answer - tolerance, answer + tolerance].map((v) => Number(v.toPrecision(9)));
      return { interactionType: "numeric", correctResponsesPattern: [ends.join("[:]")] };
    }
    if (task.type === "mark") {
      const targets = task.targets ?? [];
      // A response names its marks by their order, and may have more of them than there are targets.
      const most = Math.max(MAX_MARKS, targets.length);
      const steps = Array.from({ length: most }, (_, i) => component({ id: `mark${i + 1}`, text: String(i + 1) }));
      const right = targets.map((target, i) => `mark${i + 1}[.]${spanWords(target)}`).join("[,]");
      return { interactionType: "performance", steps, correctResponsesPattern: [right] };
    }
    return { interactionType: "long-fill-in", ...(task.model ? { correctResponsesPattern: [task.model] } : {}) };
  }

  /** The whole set. @param {CaseResults} results @param {number} seconds */
  ended(results, seconds) {
    const result = {
      completion: true,
      duration: duration(seconds),
      ...(results.score === null
        ? {}
        : { score: { scaled: results.score / 100, raw: results.score, min: 0, max: 100 } }),
    };
    const made = [this.add("completed", this.activity, { result })];
    if (results.passed !== null)
      made.push(
        this.add(results.passed ? "passed" : "failed", this.activity, {
          result: { ...result, success: results.passed },
        }),
      );
    return made;
  }

  /** @param {number} seconds */
  terminated(seconds) {
    return this.add("terminated", this.activity, { result: { duration: duration(seconds) } });
  }
}

/** @param {Task} task @param {Response | undefined} response @param {TaskResult} result */
function xapiResponse(task, response, result) {
  if (task.type === "findings") return (response?.named ?? []).join("[,]");
  if (task.type === "choice") return (response?.chosen ?? []).join("[,]");
  if (task.type === "mark")
    return (response?.marks ?? []).map((mark, i) => `mark${i + 1}[.]${spanWords(mark)}`).join("[,]");
  return responseText(task, response, result);
}

/** @param {TaskResult} result */
function scoreOf({ share, points, max_points: max }) {
  return { scaled: share ?? 0, raw: points, min: Math.min(0, points), max: Math.max(max, points) };
}

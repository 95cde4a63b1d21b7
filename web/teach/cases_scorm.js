/**
 * A case set inside a course: SCORM 1.2. The course's API is looked for in the frames around and in the window that opened
 * this one; it may come late, be missing, throw, refuse, or belong to another site. None of that stops the play: what
 * the course does not take is told once, and the results can be saved.
 */

import { isAnswered } from "./cases_state.js";
import { referenceText, responseText } from "./cases_results.js";

/**
 * @typedef {Record<string, (...texts: string[]) => unknown>} Api  LMSInitialize and what goes with it
 * @typedef {import("./cases_source.js").Task} Task
 * @typedef {import("./cases_source.js").SetDocument} SetDocument
 * @typedef {ReturnType<typeof import("./cases_results.js").tasksOf>[number]} Answered
 * @typedef {{id: string, type: string, student_response: string, pattern: string, result: string, latency: string, time: string}} Interaction
 */

/** Frames around this one that are looked at. */
const PARENTS = 7;
/** Some courses put the API there after the content has begun. */
const WAIT_MS = 3000;
const EVERY_MS = 100;
const MAX_TEXT = 255;
/** Of answers to a choice: one character each. */
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Courses that a set on this page has, or had. @type {WeakSet<Api>} */
const begun = new WeakSet();

/** @param {any} start  a window @returns {Api | null} */
function apiAround(start) {
  for (let at = start, i = 0; at && i <= PARENTS; i++) {
    try {
      // A frame of another site throws here, and so may what lies in one of this site.
      if (typeof at.API?.LMSInitialize === "function") return at.API;
    } catch {
      // not to be had: the frame around it may be of this site again
    }
    let parent = null;
    try {
      parent = at.parent;
    } catch {
      return null;
    }
    if (parent === at) return null;
    at = parent;
  }
  return null;
}

/** @param {any} window @returns {Api | null} */
export function findApi(window) {
  const around = apiAround(window);
  if (around) return around;
  for (const from of ["opener", "top"])
    try {
      const opener = from === "top" ? window.top?.opener : window.opener;
      const found = opener ? apiAround(opener) : null;
      if (found) return found;
    } catch {
      // of another site
    }
  return null;
}

/** Whether what a window has may be asked for: of another site's it throws. @param {any} window */
function isOpen(window) {
  try {
    return Boolean(window) && (window.API, true);
  } catch {
    return false;
  }
}

/** Whether a page around this window, or the one that opened it, can bring an API later: one of this site. Where there is
 * none nobody is waited for. @param {any} window */
function mayCome(window) {
  try {
    if (isOpen(window.opener)) return true;
    for (let at = window, i = 0; at && at.parent !== at && i < PARENTS; i++) {
      at = at.parent;
      if (isOpen(at)) return true;
    }
  } catch {
    // a window that does not even tell what is around it
  }
  return false;
}

const two = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** HH:MM:SS.SS, as the standard has lengths of time. @param {number} seconds */
export function timespan(seconds) {
  const hundredths = Math.max(0, Math.round(100 * seconds));
  const [h, m, s] = [Math.floor(hundredths / 360000), Math.floor(hundredths / 6000) % 60, (hundredths % 6000) / 100];
  return `${two(Math.min(h, 9999))}:${two(m)}:${s.toFixed(2).padStart(5, "0")}`;
}

/** The time of day. @param {Date} date */
export const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** Printable ASCII without blanks. @param {string[]} parts */
const identifier = (...parts) =>
  parts
    .join(".")
    .replace(/[^A-Za-z0-9_.-]/g, "_")
    .slice(0, MAX_TEXT);

/** What courses keep of a text; line ends and such are blanks. @param {string} text */
const short = (text) =>
  text
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, MAX_TEXT);

/** @param {number} share */
const shareText = (share) => String(Math.round(1000 * share) / 1000);

/** @param {SetDocument} set @param {Task} task @returns {string[]} */
const choicesIn = (set, task) =>
  task.type === "findings"
    ? (set.lists?.[task.list ?? ""] ?? []).map(({ id }) => id)
    : (task.options ?? []).map(({ id }) => id);

/** A task as an interaction. @param {SetDocument} set @param {Answered} answered @param {Date} now @returns {Interaction} */
export function interactionOf(set, { attempt: { state }, one, task, response, result }, now) {
  const scored = result.share !== null && result.share !== undefined;
  const base = {
    id: identifier(one.id, task.id),
    result: scored ? shareText(/** @type {number} */ (result.share)) : "neutral",
    latency: timespan(state.seconds),
    time: clock(now),
  };
  if (task.type === "findings" || task.type === "choice") return { ...base, ...chosenOf(set, task, response) };
  const given = responseText(task, response, result);
  if (task.type === "measure")
    return { ...base, type: "numeric", student_response: decimal(given), pattern: decimal(referenceText(task)) };
  const type = task.type === "mark" ? "performance" : "fill-in";
  return { ...base, type, student_response: short(given), pattern: short(referenceText(task)) };
}

/** @param {string} text */
function decimal(text) {
  const value = Number(text);
  return text && Number.isFinite(value) ? String(Math.round(1e4 * value) / 1e4) : "";
}

/** Letters by place in the list; a long list has no letters for all. @param {SetDocument} set @param {Task} task
 * @param {import("./cases_state.js").Response | undefined} response */
function chosenOf(set, task, response) {
  const all = choicesIn(set, task);
  const given = response?.named ?? response?.chosen ?? [];
  const right = referenceText(task).split(" ").filter(Boolean);
  if (all.length > LETTERS.length)
    return { type: "fill-in", student_response: short(given.join(" ")), pattern: short(right.join(" ")) };
  const letters = (/** @type {string[]} */ ids) =>
    ids
      .filter((id) => all.includes(id))
      .map((id) => LETTERS[all.indexOf(id)])
      .join(",");
  return { type: "choice", student_response: letters(given), pattern: letters(right) };
}

export class Course {
  /** @param {any} window @param {{lost: (why: string) => void}} events  lost: the course does not take results, told once */
  constructor(window, { lost }) {
    this.window = window;
    this.lost = lost;
    /** @type {Api | null} */
    this.api = null;
    this.warned = false;
    this.finished = false;
    this.ended = false;
    this.interactions = 0;
    this.began = Date.now();
    this.kept = "";
  }

  /** Whether there is a course, and it began. */
  async begin() {
    const api = await this.search();
    // Of two sets on one page the first has the course, and a course begins once.
    if (!api || begun.has(api)) return false;
    begun.add(api);
    this.api = api;
    if (!this.works("LMSInitialize", "")) {
      this.api = null;
      return false;
    }
    if (["not attempted", ""].includes(this.get("cmi.core.lesson_status")))
      this.set("cmi.core.lesson_status", "incomplete");
    this.interactions = Math.max(0, Math.floor(Number(this.get("cmi.interactions._count"))) || 0);
    this.kept = this.get("cmi.suspend_data");
    this.window.addEventListener("pagehide", () => this.leave());
    return true;
  }

  async search() {
    const most = mayCome(this.window) ? WAIT_MS : 0;
    for (let waited = 0; ; waited += EVERY_MS) {
      const api = findApi(this.window);
      if (api || waited >= most) return api;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /* ---- calls, none of which throws ---- */

  /** @param {string} name @param {string[]} texts @returns {string} "" where it failed */
  call(name, ...texts) {
    try {
      const answer = this.api?.[name]?.(...texts);
      return answer === undefined || answer === null ? "" : String(answer);
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
      return "";
    }
  }

  /** @param {string} name @param {string[]} texts @returns {boolean} whether the course said that it did it */
  works(name, ...texts) {
    if (this.call(name, ...texts) === "true") return true;
    this.tell(this.errorText() || `${name} ${texts[0] ?? ""}`.trim());
    return false;
  }

  errorText() {
    const code = this.call("LMSGetLastError");
    if (!code || code === "0") return "";
    return short(`${code} ${this.call("LMSGetErrorString", code)}`);
  }

  /** @param {string} why */
  tell(why) {
    if (this.warned) return;
    this.warned = true;
    this.lost(why);
  }

  /** @param {string} name */
  get(name) {
    return this.call("LMSGetValue", name);
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    return this.works("LMSSetValue", name, value);
  }

  /* ---- what is handed over ---- */

  /** After a case. @param {SetDocument} set @param {Answered[]} answered  its tasks
   * @param {{score: number | null, location: string, suspend: string}} state */
  report(set, answered, state) {
    if (!this.api || this.finished) return;
    const now = new Date();
    for (const each of answered) if (isAnswered(each.response)) this.interact(interactionOf(set, each, now));
    const [first] = answered;
    if (first?.attempt.state.certainty) this.interact(this.certainty(first, now));
    this.save(state);
  }

  /** @param {Answered} answered @param {Date} now @returns {Interaction} */
  certainty({ attempt: { state }, one }, now) {
    return {
      id: identifier(one.id, "certainty"),
      type: "likert",
      student_response: String(state.certainty),
      pattern: "",
      result: "neutral",
      latency: timespan(state.seconds),
      time: clock(now),
    };
  }

  /** @param {Interaction} interaction */
  interact({ id, type, time, student_response: given, pattern, result, latency }) {
    const at = `cmi.interactions.${this.interactions++}`;
    this.set(`${at}.id`, id);
    this.set(`${at}.type`, type);
    this.set(`${at}.time`, time);
    if (pattern) this.set(`${at}.correct_responses.0.pattern`, pattern);
    if (given) this.set(`${at}.student_response`, given);
    this.set(`${at}.result`, result);
    this.set(`${at}.latency`, latency);
  }

  /** @param {{score: number | null, location: string, suspend: string}} state  score: 0 to 100 */
  save({ score, location, suspend }) {
    if (!this.api || this.finished) return;
    if (score !== null) {
      this.set("cmi.core.score.raw", String(Math.round(100 * Math.min(Math.max(score, 0), 100)) / 100));
      this.set("cmi.core.score.min", "0");
      this.set("cmi.core.score.max", "100");
    }
    this.set("cmi.core.lesson_location", short(location));
    this.set("cmi.suspend_data", suspend);
    this.setTime();
    this.works("LMSCommit", "");
  }

  setTime() {
    this.set("cmi.core.session_time", timespan((Date.now() - this.began) / 1000));
  }

  /** After the last case. @param {boolean | null} passed  null: the set has no pass */
  end(passed) {
    if (!this.api || this.finished) return;
    this.ended = true;
    this.set("cmi.core.lesson_status", passed === null ? "completed" : passed ? "passed" : "failed");
    this.set("cmi.core.exit", "");
    this.setTime();
    this.works("LMSCommit", "");
  }

  /** The page goes: once. */
  leave() {
    if (!this.api || this.finished) return;
    this.beforeLeaving?.();
    this.set("cmi.core.exit", this.ended ? "" : "suspend");
    this.setTime();
    this.works("LMSCommit", "");
    this.works("LMSFinish", "");
    this.finished = true;
  }

  /** What is to be handed over last. @type {(() => void) | undefined} */
  beforeLeaving = undefined;
}

// Courses for tests: a stub that holds every call to the formats and ranges that Moodle holds SCORM 1.2 to, and windows
// in which an API is to be found, or not.

const TEXT = /^[\s\S]{0,255}$/;
const TIMESPAN = /^\d{2,4}:\d{2}:\d{2}(\.\d{1,2})?$/;
const DECIMAL = /^-?\d{0,3}(\.\d*)?$/;

/** @type {[RegExp, RegExp][]} names, and what their values may be */
const FORMATS = [
  [/^cmi\.core\.lesson_location$/, TEXT],
  [/^cmi\.core\.lesson_status$/, /^(passed|completed|failed|incomplete|browsed)$/],
  [/^cmi\.core\.exit$/, /^(time-out|suspend|logout|)$/],
  [/^cmi\.core\.session_time$/, TIMESPAN],
  [/^cmi\.core\.score\.(raw|min|max)$/, DECIMAL],
  [/^cmi\.suspend_data$/, /^[\s\S]{0,4096}$/],
  [/^cmi\.interactions\.\d+\.id$/, /^[\x21-\x7e]{1,255}$/],
  [/^cmi\.interactions\.\d+\.time$/, /^[0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,2})?$/],
  [/^cmi\.interactions\.\d+\.type$/, /^(true-false|choice|fill-in|matching|performance|sequencing|likert|numeric)$/],
  [/^cmi\.interactions\.\d+\.correct_responses\.\d+\.pattern$/, TEXT],
  [/^cmi\.interactions\.\d+\.student_response$/, TEXT],
  [/^cmi\.interactions\.\d+\.result$/, /^(correct|wrong|unanticipated|neutral|\d{0,3}(\.\d*)?)$/],
  [/^cmi\.interactions\.\d+\.latency$/, TIMESPAN],
];

/** Of answers, by the type of their interaction. */
const RESPONSES = {
  choice: /^([a-z0-9](,[a-z0-9])*)?$/,
  numeric: /^-?\d+(\.\d+)?$/,
  likert: /^[a-z0-9]?$/,
};

/** A course that keeps what it is told, between visits too: give one's `kept` to the next.
 * @param {Record<string, string>} [kept] */
export function makeCourse(kept = {}) {
  /** @type {string[]} */
  const refused = [];
  /** @type {string[]} */
  const calls = [];
  /** @type {Record<string, string>} */
  const values = { "cmi.core.lesson_status": "not attempted", ...kept };
  let state = "new";
  let error = "0";
  const answer = (fine, code, what) => {
    error = fine ? "0" : code;
    if (!fine) refused.push(what);
    return String(fine);
  };
  const count = () =>
    new Set(Object.keys(values).flatMap((name) => /^cmi\.interactions\.(\d+)\./.exec(name)?.[1] ?? [])).size;
  const allowed = (name, value) => {
    const format = FORMATS.find(([names]) => names.test(name));
    if (!format || typeof value !== "string" || !format[1].test(value)) return false;
    if (/score/.test(name) && (Number(value) < 0 || Number(value) > 100)) return false;
    const [, n, what] = /^cmi\.interactions\.(\d+)\.(\w+)/.exec(name) ?? [];
    if (n && Number(n) > count()) return false; // numbers without gaps
    const type = values[`cmi.interactions.${n}.type`];
    return what !== "student_response" || !RESPONSES[type] || RESPONSES[type].test(value);
  };
  const api = {
    LMSInitialize: (text) => {
      calls.push("LMSInitialize");
      const fine = text === "" && state === "new";
      state = "open";
      return answer(fine, "101", "LMSInitialize");
    },
    LMSGetValue: (name) => {
      calls.push(`get ${name}`);
      if (name === "cmi.interactions._count") return String(count());
      return values[name] ?? "";
    },
    LMSSetValue: (name, value) => {
      calls.push(`${name}=${value}`);
      const fine = state === "open" && allowed(name, value);
      if (fine) values[name] = value;
      return answer(fine, "405", `${name}=${String(value).slice(0, 300)}`);
    },
    LMSCommit: (text) => answer(text === "" && state === "open", "101", "LMSCommit"),
    LMSFinish: (text) => {
      const fine = text === "" && state === "open";
      state = "closed";
      return answer(fine, "101", "LMSFinish");
    },
    LMSGetLastError: () => error,
    LMSGetErrorString: (code) => (code === "405" ? "Incorrect Data Type" : ""),
    LMSGetDiagnostic: () => "",
  };
  return { api, values, refused, calls, state: () => state };
}

/** A window in frames of others: the outermost has the API. @param {number} deep @param {object} [outermost] */
export function makeWindow(deep, outermost = {}) {
  /** @type {any} */
  let window = outermost;
  window.parent = window;
  for (let i = 0; i < deep; i++) window = { parent: window };
  const listeners = {};
  window.addEventListener = (kind, work) => (listeners[kind] = work);
  window.leave = () => listeners.pagehide?.();
  window.top = outermost;
  return window;
}

/** A window of another site: whatever is asked of it throws, except for its parent. */
export const foreign = (parent) =>
  new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === "parent") return parent;
        throw new DOMException("Blocked a frame from accessing a cross-origin frame.", "SecurityError");
      },
    },
  );

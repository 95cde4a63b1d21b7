// A case set in a course: every call is one that SCORM 1.2 and Moodle take, a play goes on where it was, and no course,
// however broken, stops it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { Scorm12API } from "scorm-again";
import { loadCasesCore } from "../../web/core/cases_core.js";
import { answersDocument, tasksOf } from "../../web/teach/cases_results.js";
import { Course, findApi, interactionOf, timespan } from "../../web/teach/cases_scorm.js";
import { freshCase, orderOf, resume, suspend } from "../../web/teach/cases_state.js";
import { caseSet } from "../support/cases.mjs";
import { DIST } from "../support/native.mjs";
import { foreign, makeCourse, makeWindow } from "../support/scorm.mjs";

let core;
before(async () => {
  core = await loadCasesCore(readFileSync(join(DIST, "xplaim_cases.wasm")));
});

const ORDER = { order: "mixed", pick: null };
const SEED = 4711;

/** Eight cases with a task of every kind. */
function eight() {
  const set = caseSet({ order: "mixed", certainty: "ask", pass: 50 });
  const [one] = set.cases;
  set.cases = Array.from({ length: 8 }, (_, i) => ({ ...structuredClone(one), id: `case-${i}`, like: null }));
  return set;
}

const answered = () => ({
  ...freshCase(),
  committed: true,
  certainty: 3,
  seconds: 83.456,
  startedAt: "2026-11-29T12:00:00.000Z",
  responses: {
    find: { named: ["afib", "tachsr"] },
    rr: { value: 512.34567, lead: "II", from: 1.25, to: 1.7623 },
    where: { marks: [{ lead: "V1", from: 5.21, to: 5.44 }] },
    next: { chosen: ["a"] },
    say: { text: `Line one\nline two ${"long ".repeat(80)}` },
  },
});

/** Cases as the player commits them. */
function playCases(course, set, { order, states }, from, to) {
  for (let at = from; at < to; at++) {
    states.set(order[at], answered());
    const log = order.flatMap((place) => (states.get(place)?.committed ? [{ place, state: states.get(place) }] : []));
    const results = core.score(JSON.stringify(set), answersDocument(set, log, ""));
    const play = { set, log, results, learner: "", modelSha256: "", version: "" };
    const own = tasksOf(play).filter(({ attempt }) => attempt.place === order[at]);
    course.report(set, own, {
      score: results.score,
      location: set.cases[order[at]].id,
      suspend: suspend(set, { seed: SEED, order, at: at + 1, states }),
    });
  }
}

const fresh = (set) => ({ order: orderOf(set.cases, ORDER, SEED), states: new Map() });

/** Where nothing may be lost. */
const sure = { lost: (why) => assert.fail(`the course did not take ${why}`) };

/** Begins, plays five of eight, is closed; begins again, and ends. @param {() => object} next  window of a visit
 * @param {(api: any, name: string) => string} value */
async function twoVisits(next, value) {
  const set = eight();
  const play = fresh(set);
  const first = next();
  const course = new Course(first, sure);
  assert.equal(await course.begin(), true);
  assert.equal(course.kept, "");
  playCases(course, set, play, 0, 5);
  first.leave();
  first.leave(); // only once
  const second = next();
  const again = new Course(second, sure);
  assert.equal(await again.begin(), true);
  const back = resume(set, ORDER, again.kept);
  assert.deepEqual(back.order, play.order);
  assert.equal(back.at, 5);
  assert.equal([...back.states.values()].filter(({ committed }) => committed).length, 5);
  playCases(again, set, back, 5, 8);
  again.end(true);
  assert.equal(value(second, "cmi.core.lesson_status"), "passed");
  second.leave();
}

test("Moodle's formats and ranges take every call, over two visits", async () => {
  const courses = [];
  const next = () => {
    const before = courses.at(-1);
    courses.push(makeCourse(before ? { ...before.values } : {}));
    return makeWindow(2, { API: courses.at(-1).api });
  };
  await twoVisits(next, () => courses.at(-1).values["cmi.core.lesson_status"]);
  for (const course of courses) {
    assert.deepEqual(course.refused, []);
    assert.equal(course.state(), "closed");
  }
  const [one, two] = courses;
  assert.equal(one.values["cmi.core.exit"], "suspend");
  assert.equal(two.values["cmi.core.exit"], "");
  assert.equal(one.calls.filter((call) => call === "LMSInitialize").length, 1);
  const types = new Set(Object.entries(two.values).flatMap(([name, v]) => (/\.type$/.test(name) ? [v] : [])));
  assert.deepEqual([...types].sort(), ["choice", "fill-in", "likert", "numeric", "performance"]);
  const { values } = two;
  const ofTask = (task) => {
    const key = Object.keys(values).find((name) => /\.id$/.test(name) && values[name].endsWith(`.${task}`));
    const n = /interactions\.(\d+)/.exec(key)[1];
    return (what) => values[`cmi.interactions.${n}.${what}`];
  };
  assert.equal(ofTask("find")("student_response"), "b,g");
  assert.equal(ofTask("find")("correct_responses.0.pattern"), "b");
  assert.equal(ofTask("rr")("student_response"), "512.3457");
  assert.equal(ofTask("rr")("correct_responses.0.pattern"), "520");
  assert.equal(ofTask("where")("student_response"), "V1 5.21-5.44 s");
  assert.equal(ofTask("certainty")("student_response"), "3");
  assert.equal(ofTask("find")("latency"), "00:01:23.46");
  assert.equal(ofTask("say")("student_response").length, 255);
  assert.equal(ofTask("say")("result"), "neutral");
});

test("scorm-again takes every call, strictly, over two visits", async () => {
  const apis = [];
  let kept = null;
  const next = () => {
    const api = new Scorm12API({ autocommit: false, logLevel: 5, strict_errors: true });
    if (kept) api.loadFromJSON(kept, "");
    apis.push(api);
    const window = makeWindow(1, { API: api });
    const leave = window.leave;
    window.leave = () => {
      kept = { cmi: JSON.parse(JSON.stringify(api.cmi)) };
      leave();
      kept.cmi = JSON.parse(JSON.stringify(api.cmi));
    };
    return window;
  };
  await twoVisits(next, () => apis.at(-1).LMSGetValue("cmi.core.lesson_status"));
  assert.equal(apis.at(-1).LMSGetLastError(), "0");
});

test("a long list is told by ids, and what is too long is cut", () => {
  const set = eight();
  set.lists.rhythm = Array.from({ length: 60 }, (_, i) => ({ id: `finding-${i}`, text: "F" }));
  const [task] = set.cases[0].tasks;
  Object.assign(task, { must: ["finding-40"], should: [], may: [], must_not: [] });
  const response = { named: Array.from({ length: 50 }, (_, i) => `finding-${i}`) };
  const attempt = { place: 0, state: answered() };
  const made = interactionOf(
    set,
    { attempt, one: set.cases[0], task, response, result: /** @type {any} */ ({ share: 0.3333333 }) },
    new Date(),
  );
  assert.equal(made.type, "fill-in");
  assert.equal(made.student_response.length, 255);
  assert.equal(made.pattern, "finding-40");
  assert.equal(made.result, "0.333");
});

test("times", () => {
  assert.equal(timespan(0), "00:00:00.00");
  assert.equal(timespan(3661.239), "01:01:01.24");
  assert.equal(timespan(59.999), "00:01:00.00");
  assert.equal(timespan(360000), "100:00:00.00");
  assert.equal(timespan(-5), "00:00:00.00");
});

/* ---- where there is no course, or a broken one ---- */

/** A whole play against an API: gives what was said to be lost. */
async function survives(window) {
  const lost = [];
  const set = eight();
  const course = new Course(window, { lost: (why) => lost.push(why) });
  const there = await course.begin();
  playCases(course, set, fresh(set), 0, 8);
  course.end(false);
  window.leave();
  return { there, lost };
}

test("the API is found seven frames out, not eight; in the window that opened this one; once it comes late", async () => {
  const { api } = makeCourse();
  assert.equal(findApi(makeWindow(7, { API: api })), api);
  assert.equal(findApi(makeWindow(8, { API: api })), null);
  assert.equal(findApi({ ...makeWindow(1), opener: makeWindow(3, { API: api }) }), api);
  assert.equal(findApi({ ...makeWindow(1), top: { opener: { API: api } } }), api);
  const { api: late } = makeCourse();
  const outer = {};
  setTimeout(() => (outer.API = late), 2000);
  const course = new Course(makeWindow(1, outer), sure);
  assert.equal(await course.begin(), true);
});

test("of two sets on one page the first has the course", async () => {
  const { api, calls } = makeCourse();
  const window = makeWindow(1, { API: api });
  const begun = [];
  for (let i = 0; i < 2; i++) begun.push(await new Course(window, sure).begin());
  assert.deepEqual(begun, [true, false]);
  assert.equal(calls.filter((call) => call === "LMSInitialize").length, 1);
});

test("a course is waited for where a page of this site is around or behind, and nowhere else", async () => {
  const late = {};
  const framed = makeWindow(0);
  framed.parent = foreign(null);
  framed.opener = foreign(null);
  let came = false;
  const coming = setTimeout(() => {
    came = true;
    late.API = makeCourse().api;
  }, 1000);
  for (const window of [makeWindow(0, late), framed]) assert.equal(await new Course(window, sure).begin(), false);
  assert.equal(came, false, "it has waited");
  clearTimeout(coming);
  const opened = makeWindow(0, { opener: {} });
  setTimeout(() => (opened.opener.API = makeCourse().api), 300);
  assert.equal(await new Course(opened, sure).begin(), true);
  const outer = {};
  outer.parent = outer;
  const inner = makeWindow(0);
  inner.parent = foreign(outer);
  setTimeout(() => (outer.API = makeCourse().api), 300);
  assert.equal(await new Course(inner, sure).begin(), true);
});

test("frames of another site between this one and the course are passed over", async () => {
  const { api, refused } = makeCourse();
  const outer = { API: api };
  outer.parent = outer;
  const window = makeWindow(0);
  window.parent = foreign(outer);
  assert.equal(findApi(window), api);
  const alone = makeWindow(0);
  alone.parent = foreign(null);
  alone.opener = foreign(null);
  const { there, lost } = await survives(alone);
  assert.deepEqual({ there, lost, refused }, { there: false, lost: [], refused: [] });
});

test("no course: nothing is lost and nothing is said", async () => {
  assert.deepEqual(await survives(makeWindow(3)), { there: false, lost: [] });
});

test("a course that throws, that refuses all, that answers nothing or loses its mind halfway: one sentence, no exception", async () => {
  const names = [
    "LMSInitialize",
    "LMSGetValue",
    "LMSSetValue",
    "LMSCommit",
    "LMSFinish",
    "LMSGetLastError",
    "LMSGetErrorString",
  ];
  const all = (work) => Object.fromEntries(names.map((name) => [name, work]));
  const plain = makeCourse();
  const broken = {
    throws: all(() => {
      throw new Error("gone");
    }),
    refuses: all(() => "false"),
    silent: all(() => undefined),
    "no such calls": { LMSInitialize: () => "true" },
    "throws later": {
      ...makeCourse().api,
      LMSSetValue: () => {
        throw new TypeError("no session");
      },
    },
    "refuses later": { ...makeCourse().api, LMSSetValue: () => "false", LMSCommit: () => "false" },
    booleans: { ...plain.api, LMSInitialize: (text) => plain.api.LMSInitialize(text) === "true" },
  };
  for (const [what, api] of Object.entries(broken)) {
    const { there, lost } = await survives(makeWindow(1, { API: api }));
    if (what === "booleans") assert.deepEqual(lost, [], what);
    else assert.equal(lost.length, 1, `${what}: ${lost}`);
    assert.equal(there, /later|no such|booleans/.test(what), what);
  }
  const trap = {
    get API() {
      throw new Error("a trap");
    },
  };
  assert.deepEqual(await survives(makeWindow(1, trap)), { there: false, lost: [] });
});

// What is drawn over a case's ECG after the commit, of heights: lines at the levels of the learner's value and the reference.

import assert from "node:assert/strict";
import { test } from "node:test";
import { feedbackShapes } from "../../web/teach/cases_feedback.js";
import { ENGLISH, wordsFor } from "../../web/teach/cases_language.js";

const RATE = 100;
/** A wave of so many mV between 1.0 and 1.2 s, on a base line of 0.1 mV. */
const wave = (height) => (lead, from, to) =>
  Float32Array.from({ length: Math.round((to - from) * RATE) + 1 }, (_, i) => {
    const t = from + i / RATE;
    return 0.1 + (t > 1 && t < 1.2 ? height * Math.sin(((t - 1) / 0.2) * Math.PI) : 0);
  });

const task = {
  id: "high",
  type: "measure",
  quantity: "amplitude",
  unit: "mV",
  answer: 0.5,
  tolerance: 0.1,
  lead: "II",
};
const WORDS = { en: ENGLISH, de: (await wordsFor(["de"])).words };
/** @param {any} one @param {any} state @param {any} result @param {string} lang @param {any} trace */
const drawnOver = (one, state, result, lang, trace) => feedbackShapes(one, state, result, WORDS[lang], trace);

const shapesOf = (response, given = {}, height = 0.6, lang = "en") => {
  const one = { tasks: [{ ...task, ...given }], marks: [] };
  const result = { tasks: [{ task: "high", value: response.value ?? null, difference: 0.1, within: "half" }] };
  return drawnOver(one, { responses: { high: response } }, result, lang, wave(height));
};
const close = (pair, wanted) =>
  wanted.forEach((v, i) => assert.ok(Math.abs(pair[i] - v) < 1e-6, `${pair} is ${wanted}`));

test("a height's reference and the learner's value are lines from the same level, towards the wave", () => {
  for (const sign of [1, -1]) {
    const [own, reference] = shapesOf({ value: 0.6, lead: "II", from: 1.1, to: 1.0 }, {}, sign * 0.6);
    assert.deepEqual([own.kind, own.from, own.to], ["own", 1.0, 1.1], "in the order of time");
    close(own.mv, [0.1, 0.1 + sign * 0.6]);
    assert.equal(reference.kind, "reference");
    close(reference.mv, [0.1, 0.1 + sign * 0.5]);
    assert.match(reference.label, /0\.50/);
  }
});

test("a typed value has no place of its own; the reference has one where the task names it", () => {
  assert.deepEqual(shapesOf({ value: 0.6 }), []);
  const [reference, ...more] = shapesOf({ value: 0.6 }, { between: { from: 0.95, to: 1.25 } });
  assert.deepEqual(more, []);
  assert.deepEqual([reference.kind, reference.lead, reference.from, reference.to], ["reference", "II", 0.95, 1.25]);
  close(reference.mv, [0.1, 0.6]);
});

test("in German with a comma; where the lead is not there nothing is drawn", () => {
  assert.match(shapesOf({ value: 0.6, lead: "II", from: 1, to: 1.1 }, {}, 0.6, "de")[1]?.label ?? "", /0,50/);
  const given = { value: 0.6, lead: "II", from: 1, to: 1.1 };
  const none = drawnOver({ tasks: [task] }, { responses: { high: given } }, null, "en", () => new Float32Array());
  assert.deepEqual(none, []);
});

test("a label keeps its direction to itself, and turns nothing that stands beside it on the ECG or in its words", () => {
  const [hebrew, turned] = ["\u05d0\u05d1\u05d2 (1)", "\u202eabc"];
  const one = {
    marks: [
      { id: "A", lead: "II", from: 1, to: 2, text: hebrew },
      { id: "B", lead: "II", from: 1, to: 2, text: "P wave" },
      { id: "C", lead: "II", from: 1, to: 2 },
    ],
    tasks: [{ id: "where", type: "mark", targets: [{ lead: "II", from: 1, to: 2, text: turned }] }],
  };
  const labels = drawnOver(one, { responses: {} }, null, "en", wave(1)).map(({ label }) => label);
  assert.deepEqual(labels, [`A \u2068${hebrew}\u2069`, "B P wave", "C", "\u2068abc\u2069"]);
});

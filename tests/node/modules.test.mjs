// The page's modules that need no page: what is asked to be drawn, what calipers measure, evidence as
// a map. Everything is small enough to be worked out by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { GAINS, SPEEDS } from "../../web/core/core_constants.js";
import {
  LAYOUTS,
  pageAround,
  paperRequests,
  pictureRequest,
  screenRequest,
  screenWidth,
  showsRhythm,
} from "../../web/drawing/drawing.js";
import { columnsText, firstLabel, noteOf, probabilityText, sideText, titleOf } from "../../web/words/finding_words.js";
import { noticesWithoutNames } from "../../web/core/report.js";
import { circumstances, findings, wordsOf } from "../../web/panels/stated.js";
import { counted, messageOf } from "../../web/words/messages.js";

const close = (got, want, what) => assert.ok(Math.abs(got - want) < 1e-9, `${what ?? ""} ${got}, expected ${want}`);

/* ---- words ---- */

test("one of something, or several", () => {
  assert.deepEqual(
    [0, 1, 2].map((n) => counted(n, "lead")),
    ["0 leads", "1 lead", "2 leads"],
  );
});

test("whatever is thrown has a message", () => {
  assert.deepEqual([new Error("why"), "a text", null].map(messageOf), ["why", "a text", "null"]);
});

test("a file's name is in no notice that leaves the page", () => {
  const told = (record, file) =>
    noticesWithoutNames(
      [{ code: "rate_assumed", leads: [], args: { file }, text: `${file} line 1: 250 Hz` }],
      record,
    )[0];
  assert.deepEqual(told("DOE", "DOE.hea"), {
    code: "rate_assumed",
    leads: [],
    args: { file: "recording.hea" },
    text: "recording.hea line 1: 250 Hz",
  });
  assert.equal(told("DOE_JANE.dcm", "DOE_JANE.dcm").text, "recording.dcm line 1: 250 Hz");
});

/* ---- what a file states ---- */

const nothing = {
  start: null,
  device: null,
  filter: null,
  high_pass: null,
  low_pass: null,
  notch: null,
  paper_speed: null,
  paper_gain: null,
};
/** @returns {any} */
const stating = (facts, statements = [], dx = "") => ({ dx, facts: { ...nothing, ...facts, statements } });

test("measured values have their usual names", () => {
  assert.deepEqual(["pr_interval", "qtc_bazett", "heart_rate", "p_axis", "st"].map(wordsOf), [
    "PR interval",
    "QTc bazett",
    "Heart rate",
    "P axis",
    "ST",
  ]);
});

test("what a file states is told as it stands, a time only where names are", () => {
  const record = stating(
    { start: "2020-05-18T15:48:11", device: "Maker", low_pass: 150 },
    [
      { name: "pr_interval", value: 162, unit: "ms", text: "" },
      { name: "statement", value: null, unit: "", text: "Sinus rhythm" },
    ],
    "426783006",
  );
  assert.deepEqual(circumstances(record, false), [
    ["Recorded", "2020-05-18 15:48:11"],
    ["Device", "Maker"],
    ["Low-pass", "150 Hz"],
  ]);
  assert.deepEqual(
    circumstances(record, true).map(([what]) => what),
    ["Device", "Low-pass"],
  );
  assert.deepEqual(findings(record), [
    ["Diagnosis (Dx)", "426783006"],
    ["PR interval", "162 ms"],
    ["Statement", "Sinus rhythm"],
  ]);
  assert.deepEqual([circumstances(stating({}), false), findings(stating({}))], [[], []]);
});

/* ---- pages ---- */

/** @param {{start?: number, seconds?: number}} window */
const around = (window, duration) => pageAround({ start: 0, seconds: 10, ...window }, duration);

test("pages follow each other, and the last one ends with the recording", () => {
  assert.deepEqual(around({}, 60), { start: 0, seconds: 10 });
  assert.deepEqual(around({ start: 20 }, 60), { start: 20, seconds: 10 });
  assert.deepEqual(around({ start: 26 }, 60), { start: 26, seconds: 10 }); // reaches beyond its page
  assert.deepEqual(around({ start: 52, seconds: 10 }, 60), { start: 50, seconds: 10 });
});

test("short windows step through a page of ten seconds", () => {
  for (const start of [10, 12.5, 15, 17.5])
    assert.deepEqual(around({ start, seconds: 2.5 }, 60), { start: 10, seconds: 10 });
});

test("a page is no longer than the recording, whatever the window", () => {
  assert.deepEqual(around({}, 4), { start: 0, seconds: 4 });
  assert.deepEqual(around({ seconds: 30 }, 20), { start: 0, seconds: 20 });
});

test("every window of a recording is on its page", () => {
  for (const seconds of [1, 2.5, 4.096, 10, 12, 30])
    for (const duration of [5, 10, 31.7, 600])
      for (let start = 0; start + seconds <= duration; start += seconds / 3) {
        const page = pageAround({ start, seconds }, duration);
        assert.ok(
          page.start <= start + 1e-6 && page.start + page.seconds >= start + seconds - 1e-6,
          `${start} of ${duration}`,
        );
        assert.ok(page.start >= 0 && page.start + page.seconds <= duration + 1e-9, `${start} of ${duration}`);
      }
});

/* ---- requests ---- */

const record = { samples: 5000, rate: 500, leads: ["I", "II", "V1"].map((name) => ({ name })) };
/** A page with what is asked of one. @returns {any} */
const page = (more = {}) => ({
  record,
  mv: [],
  start: 0,
  seconds: 10,
  window: null,
  layout: "3x4+1",
  rhythm: "II",
  speed: 25,
  gain: 10,
  filter: "",
  heat: null,
  title: "a title",
  marked: { beats: [], faults: [], numbers: "rate 60/min" },
  ...more,
});

test("the core's layout has no Cabrera of its own, and a lead that is not there is none", () => {
  const { layout, cabrera } = screenRequest(page({ layout: "cabrera" }), false);
  assert.deepEqual([layout, cabrera], ["12x1", true]);
  for (const name of Object.keys(LAYOUTS).filter((each) => each !== "cabrera")) {
    const request = screenRequest(page({ layout: name }), false);
    assert.deepEqual([request.layout, request.cabrera], [name === "6x2s" ? "6x2" : name, false]);
  }
  assert.equal(screenRequest(page({ rhythm: "V6" }), false).rhythm, "");
  assert.equal(screenRequest(page(), false).rhythm, "II");
});

test("no request reaches beyond the recording", () => {
  const { start, seconds } = screenRequest(page({ start: 7, seconds: 10 }), false);
  assert.deepEqual([start, seconds], [7, 3]);
});

test("a title and a name are for paper and pictures, not for the screen", () => {
  assert.ok(!("title" in screenRequest(page(), false)));
  assert.equal(pictureRequest(page()).title, "a title");
  assert.deepEqual(
    paperRequests(page()).map((sheet) => sheet.title),
    ["a title"],
  );
  // So is the line of numbers: beside the screen's drawing they have a place of their own.
  assert.ok(!("numbers" in screenRequest(page(), false)));
  assert.equal(pictureRequest(page()).numbers, "rate 60/min");
  assert.deepEqual(
    paperRequests(page()).map((sheet) => sheet.numbers),
    ["rate 60/min"],
  );
});

test("the map is as strong in the dark as it has to be, and light on paper", () => {
  const [light, dark] = [screenRequest(page(), false), screenRequest(page(), true)];
  assert.deepEqual([light.dark, dark.dark], [false, true]);
  assert.ok(dark.alpha > light.alpha);
  assert.equal(pictureRequest(page()).alpha, light.alpha);
  assert.ok(!pictureRequest(page()).bare && light.bare);
});

test("rows have room for the gain, in whole squares of 5 mm", () => {
  for (const layout of Object.keys(LAYOUTS))
    for (const gain of GAINS) {
      const { pitch } = screenRequest(page({ layout, gain }), false);
      assert.equal(pitch % 5, 0);
      assert.ok(pitch >= screenRequest(page({ layout, gain: 5 }), false).pitch);
    }
  assert.ok(screenWidth("single") > screenWidth("12x1"));
});

test("paper takes as many sheets as the speed needs, and together they are the page", () => {
  for (const speed of SPEEDS)
    for (const seconds of [2.5, 10, 10.001, 30]) {
      const long = { ...record, samples: 20000 };
      const sheets = paperRequests(page({ record: long, start: 1, seconds, speed }));
      assert.equal(
        sheets.length,
        Math.max(1, Math.ceil((seconds * speed) / 250 - 1e-6)),
        `${seconds} s at ${speed} mm/s`,
      );
      sheets.forEach((sheet, i) => close(sheet.start, 1 + (i * seconds) / sheets.length));
      close(
        sheets.reduce((sum, sheet) => sum + sheet.seconds, 0),
        seconds,
      );
    }
});

test("a lead is chosen where the layout has a row for it", () => {
  /** @returns {any} */
  const strips = (...seconds) => ({ strips: seconds.map((each) => ({ seconds: each })) });
  assert.ok(showsRhythm("3x4+1", strips(2.5, 2.5, 10)));
  assert.ok(!showsRhythm("3x4+1", strips(10, 10)), "few leads get a row each");
  assert.ok(!showsRhythm("3x4", strips(2.5, 10)));
  assert.ok(showsRhythm("single", strips(10)));
});

/* ---- findings ---- */

test("no probability is written as 0 or as 1", () => {
  const texts = {
    0: "< 0.0001",
    0.00004: "< 0.0001",
    0.00005: "0.0001",
    0.5: "0.5000",
    0.99994: "0.9999",
    0.99995: "> 0.9999",
    1: "> 0.9999",
  };
  for (const [p, text] of Object.entries(texts)) assert.equal(probabilityText(Number(p)), text, p);
});

test("a value below its threshold never reads as the threshold does", () => {
  /** @type {(value: number, threshold: number, outputs?: "probabilities" | "scores") => string} */
  const side = (value, threshold, outputs = "probabilities") => sideText(value, threshold, outputs);
  assert.equal(side(0.1, 0.24), "below threshold (24 %)");
  assert.equal(side(0.236, 0.239), "below threshold (23.6 % < 23.9 %)");
  assert.equal(side(0.2441, 0.2443), "below threshold (24.41 % < 24.43 %)");
  assert.equal(side(0.003, 0.008), "below threshold (0.3 % < 0.8 %)");
  assert.equal(side(0.992, 0.998), "below threshold (99.2 % < 99.8 %)");
  assert.equal(side(0.2443, 0.2441), "at or above threshold (24 %)");
  assert.equal(side(1.23451, 1.23454, "scores"), "below threshold (1.23451 < 1.23454)");
});

/** Labels of thresholds, and what was found. @returns {[any, any]} */
const found = (thresholds, probabilities) => [
  { labels: thresholds.map((threshold) => ({ threshold })) },
  { report: { labels: probabilities.map((probability) => ({ probability })) } },
];

test("the likeliest label that reaches its threshold is shown first, and none where none does", () => {
  assert.deepEqual(firstLabel(...found([0.5, 0.1, 0.1], [0.4, 0.2, 0.3])), { label: 2, chosen: true });
  assert.deepEqual(firstLabel(...found([0.5, 0.5, null], [0.4, 0.2, 0.9])), { label: 2, chosen: false });
  assert.deepEqual(firstLabel(...found([0.4, 0.5], [0.4, 0.2])), { label: 0, chosen: true }, "just reached");
  assert.deepEqual(
    firstLabel(...found([null, null], [0.1, 0.2])),
    { label: 1, chosen: true },
    "a model without thresholds",
  );
});

test("what the columns mean follows from what the model's file gives", () => {
  /** @returns {any} */
  const labels = (...list) => ({ labels: list });
  const given = { threshold: 0.5, threshold_source: "fold 9", auroc: 0.9 };
  const none = { threshold: null, threshold_source: "", auroc: null };
  assert.match(columnsText(labels(given, given)), /^2 findings are looked for.* Thresholds: fold 9\.$/);
  assert.doesNotMatch(
    columnsText(labels(given, { ...given, threshold_source: "fold 8" })),
    /fold/,
    "sources that differ stand in the rows",
  );
  assert.match(columnsText(labels({ ...given, auroc: null }, none)), /Thresholds: fold 9\.$/);
  assert.match(columnsText(labels(none, none)), /gives neither thresholds nor test results/);
});

test("a label has its long name, a model its notes, where they are there", () => {
  /** @returns {any} */
  const label = (long_name) => ({ name: "afib", long_name });
  const noted = /** @type {any} */ ({ meta: [{ key: "a", value: "text" }] });
  assert.deepEqual([titleOf(label("")), titleOf(label("Atrial fibrillation"))], ["afib", "Atrial fibrillation"]);
  assert.deepEqual(
    ["a", "b"].map((key) => noteOf(noted, key)),
    ["text", ""],
  );
});

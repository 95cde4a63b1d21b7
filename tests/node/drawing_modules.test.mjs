// The page's modules that draw and need no page: evidence as a map, calipers, display lists. Everything is small
// enough to be worked out by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Attributions, heatOf } from "../../web/panels/attribution.js";
import { Calipers } from "../../web/drawing/calipers.js";
import { heatTitle } from "../../web/drawing/drawing.js";
import { inkOf } from "../../web/drawing/display_lists.js";
import { colourOf, opsOf } from "../../web/drawing/paint.js";
import { onPaper } from "../../web/drawing/papers.js";

const close = (got, want, what) => assert.ok(Math.abs(got - want) < 1e-9, `${what ?? ""} ${got}, expected ${want}`);

/* ---- maps ---- */

const model = /** @type {any} */ ({
  trained: true,
  labels: [
    { name: "afib", long_name: "Atrial fibrillation", threshold: 0.5 },
    { name: "pvc", long_name: "", threshold: null },
  ],
});
/** Of one window, from 3 s to 13 s of the record; without maps it is a prediction. */
const span = { start_s: 3, end_s: 13, padded_s: 0 };
const analysis = /** @type {any} */ ({
  maps: [Float32Array.of(0, 1, 0.5, 0, 0.25, 0, 0, 1)],
  report: {
    map: {
      layer: "block3",
      step_s: 2.5,
      steps: 4,
      windows: [{ ...span, labels: [{ probability: 0.25 }, { probability: 0.75 }] }],
    },
  },
});
const prediction = /** @type {any} */ ({ maps: [], report: { windows: [{ ...span, probabilities: [0.25, 0.75] }] } });

test("a Grad-CAM map is the label's own part, over the window's time", () => {
  const heat = heatOf(model, analysis, 0, 1, null);
  assert.deepEqual([...heat.values], [0.25, 0, 0, 1]);
  assert.deepEqual([heat.start, heat.seconds, heat.perLead, heat.layer], [3, 10, false, "block3"]);
  assert.deepEqual([heat.value, heat.below], [0.75, false]);
  assert.ok(heatOf(model, analysis, 0, 0, null).below);
  assert.equal(heatOf(model, prediction, 0, 0, null), null);
});

test("an untrained model says so on its map", () => {
  assert.match(heatOf({ ...model, trained: false }, analysis, 0, 0, null).label, /UNTRAINED/);
  assert.doesNotMatch(heatOf(model, analysis, 0, 0, null).label, /UNTRAINED/);
});

/** Two leads of three half seconds, for the labels from firstLabel on. @returns {any} */
const evidence = (firstLabel, ...values) => ({
  firstLabel,
  values: values.map((list) => Float32Array.from(list)),
  report: { evidence: { segments: 3, segment_s: 0.5 } },
});

test("evidence by lead is a share of the strongest; what speaks against is none, what is not seen stays so", () => {
  const made = evidence(0, [4, -2, 1, NaN, NaN, NaN], [0, 0, 0, 0, -1, 0]);
  const occlusion = heatOf(model, analysis, 0, 0, { method: "occlusion", evidence: made });
  assert.deepEqual([...occlusion.values], [1, 0, 0.25, NaN, NaN, NaN]);
  assert.deepEqual([occlusion.start, occlusion.perLead, occlusion.seconds], [3, true, 1.5]);
  const against = heatOf(model, prediction, 0, 1, { method: "occlusion", evidence: made });
  assert.deepEqual([...against.values], [0, 0, 0, 0, 0, 0]);
});

test("integrated gradients are drawn by their square root, and say so", () => {
  const heat = heatOf(model, analysis, 0, 1, { method: "ig", evidence: evidence(1, [4, 0, 1, -1, 0.25, 0]) });
  assert.deepEqual([...heat.values], [1, 0, 0.5, 0, 0.25, 0]);
  assert.match(heat.label, /square root/);
});

test("there is no map before the evidence is made", () => {
  assert.equal(heatOf(model, analysis, 0, 0, { method: "occlusion", evidence: null }), null);
});

test("evidence is kept by analysis, window and, of gradients, label", () => {
  const [kept, one, two] = [new Attributions(), /** @type {any} */ ({}), /** @type {any} */ ({})];
  const made = evidence(0, [1, 2, 3, 4, 5, 6]);
  kept.keep(one, "occlusion", 0, 0, made);
  assert.equal(kept.find(one, "occlusion", 0, 1), made, "occlusion gives all labels at once");
  assert.equal(kept.find(one, "occlusion", 1, 0), null);
  assert.equal(kept.find(two, "occlusion", 0, 0), null);
  kept.keep(one, "ig", 0, 1, made);
  assert.equal(kept.find(one, "ig", 0, 0), null);
  assert.equal(kept.find(one, "ig", 0, 1), made);
});

test("a map's title tells what is not seen in it", () => {
  const heat = /** @type {any} */ ({
    values: Float32Array.of(0, 1),
    label: "AF",
    layer: "block3",
    value: 0.25,
    outputs: "probabilities",
    below: true,
  });
  assert.equal(heatTitle(heat), "AF 25 %, Grad-CAM at block3 – below threshold.");
  assert.match(heatTitle({ ...heat, values: Float32Array.of(0, 0) }), /nothing raised the score/);
  assert.match(heatTitle({ ...heat, value: 0.0004 }), /^AF < 1 %,/);
  assert.match(heatTitle({ ...heat, value: 0 }), /^AF < 1 %,/);
  assert.match(heatTitle({ ...heat, value: -2.5, outputs: "scores" }), /^AF [-−]2\.50+, Grad-CAM/);
});

/* ---- calipers ---- */

/** Strips of two leads, 4 s each at 25 mm/s side by side, and lead 0 for 8 s below. */
const strips = [
  { x: 10, width: 100, y: 20, top: 10, height: 20, from: 0, seconds: 4, lead: 0, sign: 1, gain: 10 },
  { x: 110, width: 100, y: 20, top: 10, height: 20, from: 4, seconds: 4, lead: 1, sign: -1, gain: 10 },
  { x: 10, width: 200, y: 50, top: 40, height: 20, from: 0, seconds: 8, lead: 0, sign: 1, gain: 10 },
];

/** What is drawn in strips, as far as calipers look at it. @returns {any} */
const drawn = (list) => ({ strips: list });

/** 10 Hz; lead 0 is its time in millivolt, lead 1 is 2 mV. @returns {any} */
const measured = (more = {}) => ({
  speed: 25,
  gain: 10,
  start: 0,
  record: { rate: 10, samples: 80, leads: [{ name: "II" }, { name: "aVR" }] },
  mv: [Float32Array.from({ length: 80 }, (_, i) => i / 10), new Float32Array(80).fill(2)],
  ...more,
});
const calipers = (more) => new Calipers(measured(more), drawn(strips));

test("calipers begin on the trace of the longest strip", () => {
  const made = calipers();
  assert.equal(made.strip, 2);
  assert.deepEqual(
    made.legs.map(({ t }) => t),
    [2, 4],
  );
  for (const { t, mv } of made.legs) assert.ok(Math.abs(mv - t) < 1e-6);
});

test("what they say: milliseconds, beats a minute, millivolt", () => {
  const made = calipers();
  assert.equal(made.text, "II: 2000 ms · 30/min · 2.00 mV");
  made.legs[0].t = 4;
  assert.equal(made.text, "II: 0 ms · 2.00 mV", "no rate of nothing");
  made.switchStrip(-1);
  assert.match(made.text, /^−aVR: /, "a lead that is drawn upside down");
});

test("a leg near the pointer is dragged by where it was taken; elsewhere a new pair begins", () => {
  const made = calipers();
  assert.equal(made.take(61, 50, 2), 0, "the leg at 2 s stands at 60 mm");
  made.moveTo(86, 50);
  close(made.legs[0].t, 3);
  assert.equal(made.take(120, 12, 2), 1, "in another strip");
  assert.equal(made.strip, 1);
  made.moveTo(135, 15);
  close(made.legs[0].t, 4.4);
  close(made.legs[1].t, 5);
  close(made.legs[1].mv, 0.5);
  assert.equal(made.near(300, 300, 2), -1);
});

test("legs stay inside their strip", () => {
  const made = calipers();
  made.take(20, 12, 1);
  made.moveTo(1000, 12);
  close(made.legs[1].t, 4);
  made.moveTo(-1000, 12);
  close(made.legs[1].t, 0);
});

test("steps go from sample to sample, on the trace; lifting does not", () => {
  const made = calipers();
  made.step(3);
  close(made.legs[1].t, 4.3);
  assert.ok(Math.abs(made.legs[1].mv - 4.3) < 1e-6);
  made.switchLeg();
  made.lift(-5);
  assert.ok(Math.abs(made.legs[0].mv - 1.95) < 1e-6);
  for (let i = 0; i < 200; i++) made.step(1);
  close(made.legs[0].t, 7.9, "the last sample");
});

test("a sample that is missing has no voltage", () => {
  const mv = [Float32Array.from({ length: 80 }, () => NaN), new Float32Array(80)];
  assert.deepEqual(
    calipers({ mv }).legs.map((leg) => leg.mv),
    [0, 0],
  );
});

test("march-out repeats the interval along the whole strip, and not one too short to be seen", () => {
  const made = calipers();
  assert.deepEqual(made.lines(), [2, 4]);
  made.march = true;
  assert.deepEqual(made.lines(), [0, 2, 4, 6, 8]);
  made.legs[0].t = 3.99;
  assert.deepEqual(made.lines(), [3.99, 4]);
});

test("on a page laid out anew they are on the same lead, with the voltages they were put at", () => {
  const page1 = measured();
  const made = new Calipers(page1, drawn(strips));
  made.step(10); // beyond the short strip of the same lead
  made.lift(100);
  const kept = made.keep();
  made.move(page1, drawn([strips[1], strips[0], strips[2]]));
  assert.equal(made.strip, 2);
  assert.deepEqual(made.legs, kept.legs);
  made.move(page1, drawn([strips[1]]));
  assert.equal(made.strip, 0, "their lead is not there: the longest strip");
  for (const { t, mv } of made.legs) assert.ok(t >= 4 && t <= 8 && mv === -2, "inside it and on its trace");
  made.restore(kept);
  assert.deepEqual(made.keep(), kept);
});

test("another record's voltages take the place of the first one's", () => {
  const made = calipers();
  made.lift(100);
  made.move(measured({ mv: [new Float32Array(80).fill(7), new Float32Array(80)] }), drawn(strips));
  assert.deepEqual(
    made.legs.map((leg) => leg.mv),
    [7, 7],
  );
});

test("with a width that the strip has no room for, they take what there is", () => {
  const made = calipers();
  made.legs = [
    { t: 0.5, mv: 0 },
    { t: 7.5, mv: 0 },
  ];
  made.switchStrip(1); // from the last to the first: 4 s
  assert.equal(made.strip, 0);
  const [a, b] = made.legs;
  assert.ok(a.t >= 0 && b.t <= 4 && b.t - a.t > 3.8, `${a.t} to ${b.t}`);
});

/* ---- display lists ---- */

test("on dark paper a map begins with the paper, and its strongest is the lightest", () => {
  const colors = Uint32Array.from([inkOf(247, 251, 255), inkOf(107, 174, 214), inkOf(8, 48, 107), 0x40ffffff]);
  const list = {
    ops: new Uint32Array(0),
    points: new Float32Array(0),
    colors,
    text: new Uint8Array(0),
    strips: [],
    paper: 0,
  };
  const shown = onPaper(/** @type {any} */ (list), "dark");
  const sum = (rgba) => (rgba & 255) + ((rgba >>> 8) & 255) + ((rgba >>> 16) & 255);
  const [weak, middle, strong, seenThrough] = shown.colors;
  assert.ok(sum(weak) < sum(shown.paper) + 30 && sum(weak) < sum(middle) && sum(middle) < sum(strong));
  assert.equal(seenThrough, 0x40ffffff, "what is seen through is the core’s");
  assert.equal(onPaper(/** @type {any} */ (list), "red").colors, colors);
});

test("colours are read from the lowest byte up", () => {
  assert.equal(colourOf(0xff336699), "rgb(153, 102, 51)");
  assert.equal(colourOf(0x80000010), "rgba(16, 0, 0, 0.5020)");
  assert.equal(colourOf(0), "rgba(0, 0, 0, 0.0000)");
});

test("an operation is six words, of which the fifth is a float", () => {
  const bytes = new ArrayBuffer(56);
  const ops = new Uint32Array(bytes, 8, 12); // not at the buffer's start, as in the module's memory
  ops.set([0, 0xff000000, 1, 2, 0, 0, 3, 0xff0000ff, 5, 6, 0, 7]);
  new Float32Array(bytes, 8)[4] = 0.25;
  assert.deepEqual(opsOf(/** @type {any} */ ({ ops })), [
    { kind: 0, rgba: 0xff000000, first: 1, count: 2, size: 0.25, extra: 0 },
    { kind: 3, rgba: 0xff0000ff, first: 5, count: 6, size: 0, extra: 7 },
  ]);
});

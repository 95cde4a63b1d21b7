// A report of the page, or of the npm module, against the native tool's.

import assert from "node:assert/strict";
import { problems, schema } from "./schema.mjs";

const PROBABILITY_TOLERANCE = 1e-5;
/** Of the largest magnitude of a map. */
const MAP_TOLERANCE = 1e-4;

/** The labels, in the tool's order, and their probabilities. */
export function sameNumbers(labels, native) {
  assert.deepEqual(
    labels.map(({ name }) => name),
    native.labels.map(({ name }) => name),
  );
  labels.forEach(({ name, probability }, i) => {
    const difference = Math.abs(probability - native.labels[i].probability);
    assert.ok(difference <= PROBABILITY_TOLERANCE, `${name}: ${probability}, off by ${difference}`);
  });
}

/** One label's map in one window; the tool's is signed and not divided by its maximum. */
function sameMap(mine, native) {
  const peak = Math.max(...native.values.map(Math.abs));
  const tolerance = MAP_TOLERANCE * peak + 1e-12;
  assert.equal(mine.name, native.name);
  assert.equal(mine.values.length, native.values.length);
  assert.ok(
    Math.abs(mine.max_raw - native.max_raw) <= tolerance,
    `${native.name}: largest ${mine.max_raw}, not ${native.max_raw}`,
  );
  native.values.forEach((value, k) => {
    const difference = Math.abs(mine.values[k] * mine.max_raw - Math.max(value, 0));
    assert.ok(difference <= tolerance, `${native.name} step ${k}: off by ${difference} of ${peak}`);
  });
}

/** Documents of the same fields, field by field; numbers to this part of theirs, or of 1 where they are less. */
export function sameDocument(mine, native, at = "$", part = 1e-4) {
  if (typeof native === "number") {
    const most = part * Math.max(1, Math.abs(native));
    assert.ok(Math.abs(mine - native) <= most, `${at}: ${mine}, the tool says ${native}`);
    return;
  }
  if (native === null || typeof native !== "object") return assert.equal(mine, native, at);
  assert.deepEqual(Object.keys(mine), Object.keys(native), at);
  for (const key of Object.keys(native)) sameDocument(mine[key], native[key], `${at}.${key}`, part);
}

/** A whole explanation: probabilities, windows and maps. */
export function agree(mine, native) {
  assert.deepEqual(problems(mine, schema("explain")), []);
  sameNumbers(mine.labels, native);
  assert.equal(mine.map.windows.length, native.map.windows.length);
  native.map.windows.forEach((window, w) => {
    const ours = mine.map.windows[w];
    assert.ok(Math.abs(ours.start_s - window.start_s) < 1e-6 && Math.abs(ours.padded_s - window.padded_s) < 1e-6);
    assert.equal(ours.labels.length, window.labels.length);
    window.labels.forEach((label, i) => sameMap(ours.labels[i], label));
  });
}

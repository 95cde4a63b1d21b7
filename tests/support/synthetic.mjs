// Records whose intervals are known, since they are made of them: a P wave, a QRS complex and a T wave of finite length.

import { writeRecord } from "./native.mjs";

const RATE = 500;
const SECONDS = 10;
/** Parts of each wave in I and II; the limb leads follow from these. */
const LIMB = { p: [0.08, 0.13], r: [0.7, 1.1], t: [0.2, 0.3] };
const CHEST = {
  V1: { p: 0.05, r: -0.7, t: -0.08 },
  V2: { p: 0.05, r: -0.9, t: 0.25 },
  V3: { p: 0.06, r: 0.4, t: 0.35 },
  V4: { p: 0.06, r: 1.1, t: 0.35 },
  V5: { p: 0.06, r: 1.2, t: 0.3 },
  V6: { p: 0.06, r: 1.0, t: 0.25 },
};

/** A smooth hill from 0 to 1. */
const hill = (x) => (x <= 0 || x >= 1 ? 0 : (1 - Math.cos(2 * Math.PI * x)) / 2);
/** A small dip, a peak, and a dip. */
const complex = (x) =>
  x <= 0 || x >= 1
    ? 0
    : x < 0.2
      ? -0.5 * x
      : x < 0.5
        ? -0.1 + (x - 0.2) * 3.67
        : x < 0.8
          ? 1 - (x - 0.5) * 4
          : -0.2 + (x - 0.8);
/** The steepest tangent of a hill's end meets the base line so much of its length before the end: the end as it is measured. */
export const TANGENT = 0.25 - 1 / (2 * Math.PI);

const parts = () => {
  const of = (wave) => {
    const [i, ii] = LIMB[wave];
    return { I: i, II: ii, III: ii - i, aVR: -(i + ii) / 2, aVL: i - ii / 2, aVF: ii - i / 2 };
  };
  const limb = { p: of("p"), r: of("r"), t: of("t") };
  const names = Object.keys(limb.p);
  return Object.fromEntries([
    ...names.map((name) => [name, { p: limb.p[name], r: limb.r[name], t: limb.t[name] }]),
    ...Object.entries(CHEST),
  ]);
};

/**
 * The path of a record in the scratch folder. Times in s: pr from P onset to QRS onset, qrs, qt to the end of T by its tangent.
 * @param {string} name @param {{rr?: number, pr?: number, qrs?: number, qt?: number, scale?: number, st?: Record<string, number>}} [of]
 *   scale: of all voltages; st: mV from the end of QRS to T, by lead
 */
export function synthetic(name, { rr = 0.8, pr = 0.16, qrs = 0.1, qt = 0.4, scale = 1, st = {} } = {}) {
  const leads = parts();
  const names = Object.keys(leads);
  const data = new Int16Array(RATE * SECONDS * names.length);
  const long = 0.2; // of T
  const tEnd = qt + TANGENT * long;
  let noise = 1;
  for (let i = 0; i < RATE * SECONDS; i++) {
    const x = ((i / RATE + 0.5) % rr) - 0.35; // from QRS onset
    names.forEach((lead, c) => {
      const { p, r, t } = leads[lead];
      noise = (noise * 1103515245 + 12345) % 2147483648;
      const plateau = (st[lead] ?? 0) * Math.min(1, Math.max(0, (x - qrs) / 0.02), Math.max(0, (tEnd - x) / long));
      const mv = p * hill((x + pr) / 0.1) + r * complex(x / qrs) + plateau + t * hill((x - tEnd + long) / long);
      data[i * names.length + c] = Math.round(1000 * scale * mv + (noise / 2147483648 - 0.5) * 6 * scale);
    });
  }
  return writeRecord(name, RATE, names, data);
}

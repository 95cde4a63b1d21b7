// A case set for tests of the player: three recordings of the page's samples and a task of every kind.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./native.mjs";
import { zip } from "./zip.mjs";

const RHYTHM = [
  { id: "svarr", text: "Supraventricular arrhythmia" },
  { id: "afib", text: "Atrial fibrillation", in: "svarr" },
  { id: "flutter", text: "Atrial flutter", in: "svarr" },
  { id: "pvc", text: "Premature ventricular complexes" },
  { id: "rvr", text: "Rapid ventricular response" },
  { id: "lowvolt", text: "Low limb-lead voltage" },
  { id: "tachsr", text: "Sinus tachycardia", not_with: ["afib"] },
  { id: "norm", text: "Normal ECG", not_with: ["afib", "pvc"] },
  { id: "lbbb", text: "Left bundle branch block" },
  { id: "imi", text: "Inferior infarction" },
];

const CASES = [
  {
    id: "af-1",
    tags: ["rhythm", "irregular"],
    level: "beginner",
    record: "records/00963_hr.hea",
    view: { layout: "3x4+1", rhythm: "II", speed: 25, gain: 10, filter: "", start: 0, seconds: 10 },
    story: "A 71-year-old woman with palpitations since the **morning**.",
    tasks: [
      {
        id: "find",
        type: "findings",
        prompt: "Name every finding.",
        list: "rhythm",
        must: ["afib"],
        should: ["rvr"],
        may: ["lowvolt"],
        must_not: ["tachsr", "flutter"],
      },
      {
        id: "rr",
        type: "measure",
        prompt: "How long is the first RR interval?",
        quantity: "rr",
        lead: "II",
        answer: 520,
        tolerance: 20,
        unit: "ms",
      },
      {
        id: "where",
        type: "mark",
        prompt: "Mark a QRS complex after the fourth second.",
        targets: [{ lead: "*", from: 4, to: 10 }],
        need: 1,
      },
      {
        id: "next",
        type: "choice",
        prompt: "What excludes sinus tachycardia here?",
        options: [
          { id: "a", text: "No P waves", right: true },
          { id: "b", text: "Rate above 100/min", why: "Both have it." },
        ],
      },
      { id: "say", type: "text", prompt: "In one sentence.", model: "Atrial fibrillation with a rapid rate." },
    ],
    marks: [
      { id: "A", lead: "V1", from: 5.0, to: 7.4, text: "no P waves" },
      { id: "B", lead: "II", from: 0.2, to: 9.8, text: "irregular" },
    ],
    explain: "No P waves before the QRS complexes {A}; RR intervals vary without a pattern {B}.",
    like: "pvc-1",
    source: { text: "PTB-XL 1.0.3, record 963 (Wagner et al.)", licence: "CC-BY-4.0" },
  },
  {
    id: "pvc-1",
    tags: ["rhythm", "ectopy"],
    level: "beginner",
    record: "records/00219_hr.hea",
    story: "A routine ECG.",
    tasks: [{ id: "find", type: "findings", prompt: "Name every finding.", list: "rhythm", must: ["pvc"] }],
    explain: "Broad early complexes.",
  },
  {
    id: "norm-1",
    tags: ["normal"],
    level: "beginner",
    record: "records/00057_hr.hea",
    story: "Before an operation.",
    tasks: [
      { id: "find", type: "findings", prompt: "Name every finding.", list: "rhythm", must: ["norm"] },
      {
        id: "qtc",
        type: "measure",
        prompt: "QTc?",
        quantity: "qtc",
        formula: "fridericia",
        answer: 402,
        tolerance: 20,
      },
    ],
  },
];

/** @param {Record<string, unknown>} [settings] @param {Record<string, unknown>} [more]  of the document */
export const caseSet = (settings = {}, more = {}) => ({
  format: "ecg-xplaim-cases",
  version: 1,
  id: "rhythm-3",
  iri: "https://example.edu/ecg/rhythm-3",
  title: "Rhythm, week 3",
  lang: "en",
  authors: ["A. Teacher"],
  licence: "CC-BY-4.0",
  about: "Three ECGs for a **first** lesson.",
  settings: { level: "beginner", order: "given", lock: false, ...settings },
  lists: { rhythm: RHYTHM },
  cases: structuredClone(CASES),
  ...more,
});

/** Its files, the recordings with it. @param {ReturnType<typeof caseSet>} set @returns {{name: string, bytes: Uint8Array}[]} */
export function filesOf(set) {
  const records = [...new Set(set.cases.map(({ record }) => record))];
  return [
    { name: "cases.json", bytes: Buffer.from(JSON.stringify(set, null, 1)) },
    ...records.flatMap((name) =>
      [name, name.replace(/hea$/, "dat")].map((path) => ({
        name: path,
        bytes: readFileSync(join(ROOT, "web/samples", path.replace("records/", ""))),
      })),
    ),
  ];
}

/** An archive, as drop() takes it. @param {ReturnType<typeof caseSet>} set @param {string} [name] */
export const archive = (set, name = "rhythm-week-3.zip") => ({ name, base64: zip(filesOf(set)).toString("base64") });

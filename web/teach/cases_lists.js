/**
 * The list of findings that an author picks from: the network's twenty-five labels and forty statements more, in the order
 * in which the AHA/ACC/HRS statements of 2007 have them. What has a label's name is compared with the network.
 */

/**
 * @typedef {{id: string, text: string, in?: string, not_with?: string[]}} Finding  in: a finding that it is one of, which
 *   counts for a part of it; not_with: findings that nobody can have besides
 * @typedef {{title: string, findings: Finding[]}} FindingGroup
 */

const SINUS = ["afib", "aflu", "afifl", "junc"];

/** @type {readonly FindingGroup[]} */
export const FINDING_GROUPS = Object.freeze([
  {
    title: "Rhythm",
    findings: [
      { id: "sr", text: "Sinus rhythm", not_with: SINUS },
      { id: "tachsr", text: "Sinus tachycardia", in: "sr", not_with: [...SINUS, "bradsr"] },
      { id: "bradsr", text: "Sinus bradycardia", in: "sr", not_with: SINUS },
      { id: "sarrh", text: "Sinus arrhythmia", in: "sr", not_with: SINUS },
      { id: "pac", text: "Premature atrial complexes (PAC)" },
      { id: "svt", text: "Supraventricular arrhythmia (incl. tachycardia)" },
      { id: "afifl", text: "Atrial fibrillation or flutter" },
      { id: "afib", text: "Atrial fibrillation", in: "afifl" },
      { id: "aflu", text: "Atrial flutter", in: "afifl" },
      { id: "rvr", text: "Rapid ventricular response" },
      { id: "junc", text: "Junctional rhythm" },
      { id: "pvc", text: "Premature ventricular complexes (PVC)" },
      { id: "bigu", text: "Ventricular bigeminy", in: "pvc" },
      { id: "vt", text: "Ventricular tachycardia" },
      { id: "ivr", text: "Idioventricular rhythm" },
      { id: "pace", text: "Paced rhythm" },
    ],
  },
  {
    title: "AV conduction",
    findings: [
      { id: "avb1", text: "First-degree AV block", not_with: ["afib", "aflu"] },
      { id: "avb2", text: "Second-degree AV block" },
      { id: "avb2i", text: "Second-degree AV block, Mobitz I", in: "avb2" },
      { id: "avb2ii", text: "Second-degree AV block, Mobitz II", in: "avb2" },
      { id: "avb21", text: "AV conduction 2:1", in: "avb2" },
      { id: "avb3", text: "Third-degree AV block", not_with: ["avb1"] },
      { id: "sprq", text: "Short PR interval", not_with: ["avb1"] },
      { id: "wpw", text: "Wolff-Parkinson-White pattern" },
    ],
  },
  {
    title: "Intraventricular conduction",
    findings: [
      { id: "rbbb", text: "Right bundle branch block", not_with: ["lbbb"] },
      { id: "irbbb", text: "Incomplete right bundle branch block", not_with: ["rbbb"] },
      { id: "lbbb", text: "Left bundle branch block" },
      { id: "ilbbb", text: "Incomplete left bundle branch block", not_with: ["lbbb"] },
      { id: "lafb", text: "Left anterior fascicular block", not_with: ["lbbb"] },
      { id: "lpfb", text: "Left posterior fascicular block", not_with: ["lbbb", "lafb"] },
      { id: "ivcd", text: "Nonspecific intraventricular conduction delay" },
    ],
  },
  {
    title: "Axis and voltage",
    findings: [
      { id: "axn", text: "Normal QRS axis", not_with: ["lad", "rad", "exad"] },
      { id: "lad", text: "Left axis deviation", not_with: ["rad"] },
      { id: "rad", text: "Right axis deviation" },
      { id: "exad", text: "Extreme axis", not_with: ["lad", "rad"] },
      { id: "lowvolt", text: "Low limb-lead voltage" },
    ],
  },
  {
    title: "Hypertrophy and enlargement",
    findings: [
      { id: "lae", text: "Left atrial enlargement" },
      { id: "rae", text: "Right atrial enlargement" },
      { id: "lvh", text: "Left ventricular hypertrophy" },
      { id: "rvh", text: "Right ventricular hypertrophy" },
    ],
  },
  {
    title: "ST, T and QT",
    findings: [
      { id: "ste", text: "ST elevation" },
      { id: "std", text: "ST depression" },
      { id: "tinv", text: "T wave inversion" },
      { id: "ttall", text: "Tall, peaked T waves" },
      { id: "nst", text: "Nonspecific ST-T changes" },
      { id: "secst", text: "ST-T changes secondary to conduction or hypertrophy" },
      { id: "isc", text: "ST-T changes that suggest ischaemia" },
      { id: "dig", text: "Digitalis effect" },
      { id: "peric", text: "Pericarditis pattern" },
      { id: "early", text: "Early repolarisation" },
      { id: "lqt", text: "Long QT interval" },
      { id: "sqt", text: "Short QT interval", not_with: ["lqt"] },
    ],
  },
  {
    title: "Infarction",
    findings: [
      { id: "ami", text: "Anterior infarction, age undetermined" },
      { id: "smi", text: "Septal infarction, age undetermined" },
      { id: "lmi", text: "Lateral infarction, age undetermined" },
      { id: "imi", text: "Inferior infarction, age undetermined" },
      { id: "pmi", text: "Posterior infarction, age undetermined" },
      { id: "acute", text: "Acute infarction" },
      { id: "qwave", text: "Pathological Q waves" },
      { id: "prwp", text: "Poor R wave progression" },
    ],
  },
  {
    title: "Whole ECG and technique",
    findings: [
      {
        id: "norm",
        text: "Normal ECG",
        not_with: ["afib", "aflu", "lbbb", "rbbb", "avb1", "avb2", "avb3", "imi", "ami", "smi", "lmi", "acute", "vt"],
      },
      { id: "rala", text: "Arm electrodes exchanged" },
      { id: "chest", text: "Chest electrodes misplaced" },
      { id: "artefact", text: "Artefact limits the reading" },
      { id: "drift", text: "Baseline drift" },
    ],
  },
]);

/** All of them, in order. @type {readonly Finding[]} */
export const FINDINGS = Object.freeze(FINDING_GROUPS.flatMap(({ findings }) => findings));

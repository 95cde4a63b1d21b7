/**
 * Sentences of the core that other languages have, in English as the core says them (src/base/notice_sentences.h,
 * src/measure/quality_text.c, those of file_sentences.js): about one lead, and about several. What is not here is shown in English. Loaded with
 * the first language that is not English.
 */

import { FILE_SENTENCES, helpIn } from "./file_sentences.js";
import { localised, phraseOf } from "./language.js";

const RECORD_AGAIN = "check this electrode and its cable and record again";

/** @type {Record<string, string[]>} */
const SPOKEN = {
  /* what is wrong with a recording */
  flat: [`{lead} is flat from {from} to {to} s: ${RECORD_AGAIN}`],
  saturated: [`{lead} is at the amplifier's limit from {from} to {to} s: ${RECORD_AGAIN}`],
  gap: ["{lead} has no samples from {from} to {to} s: check the connection to the recorder and record again"],
  mains: [
    "{lead} has mains hum of {hz} Hz ({uv} uV) from {from} to {to} s: keep cables away from mains leads, check skin contact and earth",
  ],
  wander: [
    "{lead} has a wandering baseline ({mv} mV) from {from} to {to} s: let the patient lie still, clean the skin, fix the electrode",
  ],
  muscle: [
    "{lead} has muscle noise ({uv} uV) from {from} to {to} s: let the patient relax and keep warm, support arms and legs",
  ],
  step: ["{lead} jumps by {mv} mV from {from} to {to} s: fix the electrode, let the patient lie still"],
  einthoven: [
    "From {from} to {to} s the limb leads do not add up (I + III = II): the leads were not recorded together or were changed; do not trust axes, record again",
  ],
  einthovenLead: [
    "{lead} does not fit the other limb leads from {from} to {to} s (I + III = II fails): it was changed after recording or its channel is faulty; do not measure in it",
  ],
  swapPossible: [
    "A swap of the electrodes {electrodes} is possible: compare with the patient, put them right and record again",
  ],
  swapLikely: [
    "A swap of the electrodes {electrodes} is likely: compare with the patient, put them right and record again",
  ],
  bazett: ["at this rate Bazett's formula misleads"],
  youden: ["Youden's index, specificity counted {times} times, on validation data ({records} records)"],
  specificity: ["specificity {value} on validation data ({records} records)"],

  /* from the record to what the network gets */
  derived: [
    "lead {lead} is not in the recording: computed from {first} and {second}",
    "leads {leads} are not in the recording: computed from {first} and {second}",
  ],
  derivedThin: [
    "{percent} % of the samples of lead {lead} are missing: computed from {first} and {second}",
    "{percent} % of the samples of leads {leads} are missing: computed from {first} and {second}",
  ],
  repeated: [
    "the recording has lead {lead} {times} times: the first is used",
    "the recording has leads {leads} {times} times: the first is used",
  ],
  noInput: ["not an input of this model: {signals}"],
  absent: [
    "not in the recording, and taken as 0 mV as was accepted: lead {lead}; what shows in them cannot be found",
    "not in the recording, and taken as 0 mV as was accepted: leads {leads}; what shows in them cannot be found",
  ],
  missingLong: [
    "lead {lead}: {missing} of {samples} samples are missing and taken as 0; longer than 40 ms: {gaps}",
    "leads {leads}: {missing} of {samples} samples are missing and taken as 0; longer than 40 ms: {gaps}",
  ],
  missing: [
    "lead {lead}: {missing} of {samples} samples are missing and taken as 0",
    "leads {leads}: {missing} of {samples} samples are missing and taken as 0",
  ],
  leadFlat: ["lead {lead} is flat: all its samples are equal", "leads {leads} are flat: all their samples are equal"],
  leadAmplitude: [
    "lead {lead}: its amplitude is not credible, typically {amplitude} mV peak to peak; check its gain and units in the header, and its electrode",
    "leads {leads}: their amplitude is not credible, typically {amplitude} mV peak to peak; check their gain and units in the header, and their electrode",
  ],
  resampled: ["resampled from {from} to {to} Hz ({ratio})"],
  bandpass: ["band-pass {low} to {high} Hz (Butterworth, forward and backward)"],
  notch: ["notch at {frequency} Hz (forward and backward)"],
  short: [
    "the recording lasts {seconds} s, shorter than the {window} s the model was trained on: the rest is filled with zeros and the result is less reliable",
  ],
  windowsLast: ["the recording lasts {seconds} s: analysed in {windows} windows of {window} s; the last one {last}"],
  windows: ["the recording lasts {seconds} s: analysed in {windows} windows of {window} s"],
  refused: [
    "lead {lead} gives no measurement ({why}); the network saw it like any other, and its answer should not be believed where it rests on it",
    "leads {leads} give no measurement ({why}); the network saw them like any others, and its answer should not be believed where it rests on them",
  ],
  nothingThere: [
    "lead {lead} is {why} from {start_s} to {end_s} s; the network saw that like anything else, and its answer should not be believed where it rests on it",
    "leads {leads} are {why} from {start_s} to {end_s} s; the network saw that like anything else, and its answer should not be believed where it rests on it",
  ],
  derivedRefused: [
    "lead {lead} was computed from {from}, which is not to be believed ({why}): nor is what the network made of it",
    "leads {leads} were computed from {from}, which is not to be believed ({why}): nor is what the network made of them",
  ],

  /* reading files */
  rateAssumed: ["{file} line {line}: no sampling frequency: {rate} Hz assumed"],
  uncalibrated: [
    "{file} line {line}: uncalibrated: {gain} adu/{units} assumed, because the header gives no {absent} for this signal",
    "leads {leads}: {file}: uncalibrated: {gain} adu/{units} assumed, because the header gives no {absent} for these signals",
  ],
  channelUncalibrated: [
    'uncalibrated: {gain} steps/mV assumed, because the file gives no sensitivity or no unit for "{signal}"',
    "leads {leads}: uncalibrated: {gain} steps/mV assumed, because the file gives no sensitivity or no unit for them",
  ],
  checksum: [
    '{file} line {line}: the checksum of "{signal}" is {sum}, the header says {stated}: the samples may be damaged',
    "{file}: the checksums of leads {leads} are not the header's: the samples may be damaged",
  ],
  fileChecksum: ["{file}: its checksum is not that of its bytes: the samples may be damaged"],
  filesDiffer: ["{file} gives no length and its files differ: {used} of up to {most} samples used"],
  groupShort: ["the file holds {held} samples of each lead and says that it has {stated}"],
  markedOne: [
    "lead {lead}: samples that the file marks as missing ({samples}) fit their neighbours, since its mark is an ordinary value: they are read as samples",
  ],
  markedSeveral: [
    "leads {leads}: samples that the file marks as missing ({total} in all) fit their neighbours, since its mark is an ordinary value: they are read as samples",
  ],
  countDiffers: ["{file}: the header says {stated} samples, the file holds {samples} of each lead"],
  leadsAssumed: [
    "{file}: its 12 columns have no names and are taken as I, II, III, aVR, aVL, aVF, V1 to V6: name them where that is wrong (--columns)",
  ],
  otherBlocks: ["the file holds {blocks} recordings of the rhythm: the longest is used, {seconds} s at {rate} Hz"],
  stripUsed: ["the file also holds {seconds} s of full disclosure: its strip is used"],
  calibration: ["the last second is a calibration pulse of 1 mV and was left out"],
  drawnExact: [
    "lead {lead}: exact ({step} uV steps, {rate} Hz): every sample lies on the maker's own grid",
    "leads {leads}: exact ({step} uV steps, {rate} Hz): every sample lies on the maker's own grid",
  ],
  drawnHeld: [
    "lead {lead}: on the maker's own grid ({step} uV steps, {rate} Hz), but it stands level at its highest or lowest point, as a curve does that was cut off along a line: it may be exact, and is not certified to be",
    "leads {leads}: on the maker's own grid ({step} uV steps, {rate} Hz), but they stand level at their highest or lowest points, as curves do that were cut off along a line: they may be exact, and are not certified to be",
  ],
  drawnCutOff: [
    "lead {lead}: the drawing cuts it off at a limit: its peaks are larger than they look",
    "leads {leads}: the drawing cuts them off at a limit: their peaks are larger than they look",
  ],
  drawnStep: [
    "lead {lead}: drawn at {rate} points a second, to {step} uV",
    "leads {leads}: drawn at {rate} points a second, to {step} uV",
  ],
  drawnRate: [
    "lead {lead}: drawn at {rate} points a second: finer detail is not in this file",
    "leads {leads}: drawn at {rate} points a second: finer detail is not in this file",
  ],
  drawnPart: [
    "lead {lead}: drawn for {seconds} of {all} s, at its place in time; the rest is not in this file",
    "leads {leads}: drawn for {seconds} of {all} s, each at its place in time; the rest is not in this file",
  ],
  drawnUnnamed: ["{curves} of the drawing's curves have no name of a lead, and were left out"],

  ...FILE_SENTENCES,
};

/** @typedef {Record<string, string>} CoreTable  by the names above; whole: what the core calls "The recording" */

/** @param {string} pattern */
function expression(pattern) {
  const escaped = pattern.replace(/[.*+?^$()[\]\\|]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\{(\w+)\}/g, (_, name) => `(?<${name === "leads" ? "lead" : name}>.+?)`)}$`);
}

const EXPRESSIONS = Object.entries(SPOKEN).flatMap(([name, forms]) =>
  forms.map((form) => ({ name, form, matches: expression(form) })),
);

/** Names of all sentences, and their English forms. */
export const CORE_SENTENCES = Object.freeze(SPOKEN);

/** What is wrong with a lead: one or more words of the core's. @param {string} words */
const faultWords = (words) =>
  words
    .split(", ")
    .map((word) => phraseOf("fault.", word))
    .join(", ");

const HELP = helpIn((name) => SPOKEN[name][0]);

/** @param {CoreTable} table @param {string} name @param {string} value  of an argument */
function argument(table, name, value) {
  if (name === "help" && value === HELP) return helpIn((each) => table[each]);
  if (name === "why") return faultWords(value);
  if (name === "lead" && value === "The recording") return table.whole;
  return /^-?\d+\.\d+$/.test(value) ? localised(value) : value;
}

/** What says the core's sentences in another language; one that is not known is null.
 * @param {CoreTable} table @returns {(text: string) => string | null} */
export const translator = (table) => (text) => {
  if (text === HELP) return helpIn((name) => table[name]);
  for (const { name, matches } of EXPRESSIONS) {
    const { groups } = matches.exec(text) ?? { groups: null };
    if (groups === null) continue;
    return table[name].replace(/\{(\w+)\}/g, (_, arg) => argument(table, arg, groups?.[arg] ?? ""));
  }
  return null;
};

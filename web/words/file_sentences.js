/**
 * What the core says of files that it cannot use, in English as its sources have it (src/ecg), and what the network's
 * input lacks: those that people meet. What is in [brackets] is there or not; another language may leave it out.
 */

import { FORMATS, KINDS } from "../core/core_constants.js";

const IN_HEADER = "or name it in the header as one of I, II, III, aVR, aVL, aVF, V1 to V6";

const AMPLITUDE =
  "the amplitude is not credible: typically {amplitude} mV peak to peak, where an ECG has {low} to {high} mV; the gain or the units in the header look wrong";
const CONFIRM = "correct them, or confirm that the recording is to be analysed as it is";

/** @type {Record<string, string>} */
export const FILES = {
  /* which files make a record */
  unknownKind: "This is of a kind that is not known here. {help}",
  twice:
    "{file} is there twice, and nothing tells which one is meant. Drop the folders that the files are in, or choose one record at a time.",
  times:
    "{file} is there {times} times, and nothing tells which one is meant. Drop the folders that the files are in, or choose one record at a time.",
  missing: "{file} line {line}: {missing} is missing: give it together with the record's other files",
  otherCase:
    "{file} line {line}: {missing} is missing, but there is {there}: upper and lower case must agree; rename the file",
  noSamples: "{file} holds no samples (a layout header, or an empty signal file): open the record that it belongs to",

  /* cut off or damaged */
  short:
    "{file} line {line}: {signals} holds {held} samples per signal, the header says {stated}: the copy is incomplete; copy it again, or set the length in the header to {set}",
  flacShort:
    "{file} line {line}: {signals} ends after {held} of {stated} samples: the copy is incomplete; copy it again",
  empty: "{file} is empty",
  headerEmpty: "{file} line {line}: the header is empty: copy the file again",
  endsInHeader: "{file} byte {byte}: the file ends inside its header, which has {bytes} bytes[ or more]: copy it again",
  endsInRecords:
    "{file} byte {byte}: the file ends after {held} of {stated} data records: copy it again, or set the number of data records (byte 236) to what is there",
  endsEarly: "{file} byte {byte}: the file ends here, but says that it has {bytes} bytes: copy it again",
  dicomCut:
    "{file}: byte {byte}: an element begins here and the data end within it: the file was cut short, copy it again",
  dicomEmpty: "{file}: byte {byte}: the file ends where its data set begins: it was cut short, copy it again",
  xmlCut: "{file} line {line}: not well-formed XML ({error}): the file ends too early; copy or export it again",
  xmlDamaged: "{file} line {line}: not well-formed XML ({error}): the file is damaged; export it again",
  pdfStream: "{file}: the stream at byte {byte} is damaged: export the PDF again",
  pdfDamaged:
    "{file}: no list of pages was found in its {bytes} bytes, neither by its cross-reference table nor by searching: the file is cut off or damaged; export the PDF again",

  /* whole, and no ECG that can be read */
  pdfPicture:
    "{file}: this page is a picture of an ECG, not its curves (a scan or a screenshot): export the recording itself, or a PDF that the ECG system writes",
  pdfOther:
    "{file}: no curve of an ECG was found on its {pages} page[s] ({lines} lines, {words} words): it is another document, or its curves are drawn in a way that is not read",
  pdfUnnamed: "{file}: no name of a lead (I, aVR, V1 ...) was found beside its {curves} curves",
  pdfPassword:
    "{file} is encrypted and asks for a password: save it without protection (print it to a PDF), and open that",
  pdfEncrypted:
    "{file} is encrypted in a way that is not read: save it without protection (print it to a PDF), and open that",
  dicomImage:
    "{file}: it is a DICOM image, a picture without samples: choose the ECG's own file (modality ECG), which the archive keeps beside it",
  dicomFolder: "{file}: it is a DICOMDIR, a table of contents: choose the files that it lists",
  dicomReport: "{file}: it is a DICOM report, a text without samples: choose the ECG's own file (modality ECG)",
  dicomOther:
    '{file}: it holds no waveforms (no Waveform Sequence (5400,0100); its SOP class is "{uid}"): choose an ECG object, modality ECG',
  dicomBeat: "{file}: it holds a median beat and no rhythm: ask the archive for the recording that it was made of",
  annotationsAlone:
    "{file} byte {byte}: the file holds annotations alone, and no signal: open the recording that they belong to",
  scpOther:
    "{file} byte {byte}: there are no pointers to sections as SCP-ECG has them. Some devices (Healforce) write files of their own under this name: export the recording in another format with the device's program",
  noRows:
    "{file}: no rows of numbers in it: expected a row for each sample, a column for each lead, separated by commas, semicolons, tabs, bars or blanks",
  noNumber: '{file} line {line}, column {column}: "{text}" is not a number: correct or delete the line',
  fewer: "{file} line {line} has fewer than {numbers} numbers, which line {first} has: is the file cut off?",
  more: "{file} line {line} has more than {numbers} numbers, which line {first} has: is the file cut off?",
  noLead:
    "{file}: none of its {count} signals ({signals}) is a lead with a name, in volts[: name the leads at the end of the header's signal lines]",

  /* read, and not what the network takes */
  leadAbsent: `the model needs lead {lead}, which the recording does not have[ (it could be computed from two other limb leads)]; it has {there}[, and left out were {left}]: use a recording with this lead, ${IN_HEADER}`,
  leadThin:
    "the model needs lead {lead}, of which {percent} % of the samples are missing, more than half[, and two other limb leads to compute it from are not there either]; use a recording with this lead",
  tooShort:
    "the recording lasts {seconds} s ({samples} samples at {rate} Hz): at least {least} s, which holds a heartbeat, is needed; check the rate in the header, or use a longer one",
  rateWrong:
    "the sampling rate of {rate} Hz is not credible: an electrocardiogram has {low} to {high} Hz, most have 100 to 1000; correct the rate in the header",
  checksums:
    "not one of the checksums in the header is that of its samples: the header or the signal file is damaged, or they are not of one recording; copy both again, or confirm that it is to be analysed as it is",
  noSignal:
    "the recording holds no signal: every lead is flat or missing; check the electrodes and the export, or confirm that it is to be analysed so",
  tooSmall: `${AMPLITUDE} (gain too large, or volts read as millivolts): ${CONFIRM}`,
  tooLarge: `${AMPLITUDE} (gain too small, or microvolts read as millivolts): ${CONFIRM}`,
};

/** With what is in brackets, and without. @param {string} text @returns {string[]} */
function formsOf(text) {
  const [, before, inner, after] = /^([^[]*)\[([^\]]*)\](.*)$/s.exec(text) ?? [];
  if (before === undefined) return [text];
  return formsOf(after).flatMap((rest) => [before + inner + rest, before + rest]);
}

/** "This is a picture: a picture has …" is the sentence of "kind a picture". @param {string} says */
const kindOf = (says) => `kind ${says.slice("This is ".length, says.indexOf(":"))}`;

/** By names, as core_sentences.js has them. @type {Record<string, string[]>} */
export const FILE_SENTENCES = {
  ...Object.fromEntries(Object.entries(FILES).map(([name, text]) => [`file ${name}`, formsOf(text)])),
  ...Object.fromEntries(KINDS.map((says) => [kindOf(says), [says]])),
  ...Object.fromEntries(FORMATS.map(({ name, help }) => [`format ${name}`, [help]])),
};

/** Which files make a record, in the sentences of all formats. @param {(name: string) => string} sentenceOf */
export const helpIn = (sentenceOf) => FORMATS.map(({ name }) => sentenceOf(`format ${name}`)).join(" ");

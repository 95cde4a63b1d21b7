// Made by web/make_constants.c from the core's headers: do not edit it.

/** Said by every output. */
export const DISCLAIMER =
  "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";

/** xp_text_kind */
export const TEXT = {
  about: 0,
  error: 1,
  record: 2,
  model: 3,
  report: 4,
  drawing: 5,
  evidence: 6,
};

/** xp_float_kind */
export const FLOATS = {
  lead: 0,
  maps: 1,
  filtered: 2,
  evidence: 3,
};

/** xp_lead_attribution_method */
export const METHODS = {
  occlusion: 0,
  ig: 1,
};

/** Flags of xp_wasm_analyse. */
export const ANALYSE = {
  acceptAmplitude: 1,
  noMaps: 2,
  acceptMissingLeads: 4,
  acceptChecksums: 8,
};

/** Arrays of a drawing, and the bytes of an element. */
export const DRAWING = {
  ops: { part: 0, bytes: 24 },
  points: { part: 1, bytes: 8 },
  colors: { part: 2, bytes: 4 },
  text: { part: 3, bytes: 1 },
  strips: { part: 4, bytes: 36 },
};

/** The standard leads. */
export const LEADS = /** @type {const} */ (["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]);

/** xp_layout */
export const LAYOUTS = /** @type {const} */ (["12x1", "6x2", "3x4", "3x4+1", "3x4+3", "single"]);

/** mm/s */
export const SPEEDS = [12.5, 25, 50];

/** mm/mV */
export const GAINS = [5, 10, 20];

/** File formats that are read, and which files make a record. */
export const FORMATS = [
  { name: "WFDB", help: "A WFDB record is a header (.hea) and its signal file (.dat or .mat), chosen together." },
  { name: "DICOM", help: "A DICOM file (.dcm) with a waveform is a record." },
  { name: "MUSE XML", help: "A GE MUSE record is one .xml file." },
  { name: "Philips XML", help: "A Philips Sierra record is one .xml file." },
  { name: "HL7 aECG", help: "An HL7 annotated ECG is one .xml file." },
  { name: "CardioSoft XML", help: "A CardioSoft record is one .xml file." },
  { name: "SCP-ECG", help: "An SCP-ECG file (.scp) is a record." },
  { name: "EDF", help: "An EDF or EDF+ file (.edf) is a record." },
  { name: "BDF", help: "A BDF file (.bdf) is a record." },
  { name: "ISHNE", help: "An ISHNE Holter file (.ecg) is a record." },
  { name: "PDF", help: "A PDF is a record where an ECG's curves are drawn in it, not a picture of them." },
  { name: "NumPy array", help: "A NumPy array (.npy) has a row for each sample and a column for each lead." },
  { name: "MATLAB", help: "A MATLAB file (.mat) without a header beside it holds an array of samples and leads." },
  { name: "CSV", help: "A table of text (.csv, .tsv, .txt) has a row for each sample and a column for each lead." },
];

/** What is said of files that hold no recording. */
export const KINDS = [
  "This is a WFDB signal file: choose its header (the .hea file of the same record) together with it.",
  "This is a file of WFDB annotations: annotations alone have no samples; choose the record's .hea and .dat or .mat.",
  "This is a file of ISHNE annotations: annotations alone have no samples; choose the recording (.ecg).",
  "This is an MFER file: export or convert the recording to WFDB (a .hea header and a signal file) first.",
  "This is a GDF file: export or convert the recording to WFDB (a .hea header and a signal file) first.",
  "This is an XML file: export or convert the recording to WFDB (a .hea header and a signal file) first.",
  "This is a table, but not of samples: a recording has a row for each sample and a column of numbers for each lead.",
  "This is a spreadsheet: save its sheet as CSV, and give that.",
  "This is an HDF5 file: HDF5 files hold recordings in no agreed way; use the recording itself as WFDB (a .hea header and a signal file).",
  "This is a NumPy array: an array has no units or lead names; use the recording itself as WFDB (a .hea header and a signal file) (the command-line tool also takes prepared windows whose name ends in .npy).",
  "This is a NumPy archive: an array has no units or lead names; use the recording itself as WFDB (a .hea header and a signal file) (the command-line tool also takes prepared windows whose name ends in .npy).",
  "This is a trained network: give it as the model (with -m, on the command line).",
  "This is a network: make a .safetensors model of it with `xplaim import`, and give that.",
  "This is a part of a network: the tensors of an ONNX model: `xplaim import` reads them where they lie beside the .onnx file.",
  "This is a document: a printed ECG has no samples; use the recording itself as WFDB (a .hea header and a signal file).",
  "This is a picture: a picture has no samples; use the recording itself as WFDB (a .hea header and a signal file).",
  "This is a video: a video has no samples; use the recording itself as WFDB (a .hea header and a signal file).",
  "This is not the gzip file that its name says: a gzip file begins with the bytes 1F 8B, and this one does not; download or copy it again, or give it the ending of what it is.",
  "This is an archive: unpack it and use the files inside.",
  "This is a JSON text: export or convert the recording to WFDB (a .hea header and a signal file) first.",
  "This is a text: use the recording itself as WFDB (a .hea header and a signal file).",
];

/** File formats that are written. */
export const WRITERS = [
  { name: "wfdb", title: "WFDB" },
  { name: "edf", title: "EDF+" },
  { name: "dicom", title: "DICOM" },
  { name: "csv", title: "CSV" },
  { name: "npy", title: "NumPy array" },
];

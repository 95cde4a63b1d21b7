// Made by scripts/build-types.mjs from tools/schema: do not edit it.

export type Document =
  | Explanation
  | LeadExplanation
  | Prediction
  | Failure
  | Recording
  | LoadedModel
  | Measured
  | CaseSet
  | CaseCheck
  | CaseAnswers
  | CaseResults;
/**
 * @minItems 13
 * @maxItems 13
 */
export type Measurements = Measurement[];
/**
 * where a wave of the median beat begins and ends, s from the beat; null: there is none
 *
 * @minItems 2
 * @maxItems 2
 */
export type Ends = number[] | null;
export type CaseLevel = "beginner" | "intermediate" | "advanced";
export type CaseTask = CaseFindings | CaseMeasure | CaseMarkTask | CaseChoice | CaseText;
export type CaseMust =
  | string
  | {
      id: string;
      points?: number;
      [k: string]: unknown;
    };

/**
 * --method gradcam
 */
export interface Explanation {
  record: string;
  disclaimer: "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";
  model: Model;
  /**
   * @minItems 1
   */
  labels: Label[];
  map: TimeMap;
  notices: Notice[];
  /**
   * null: windows of an array are no recording
   */
  measured: MeasuredPart | Unmeasured | null;
  reader?: Reader;
}
export interface Model {
  name: string;
  /**
   * of the model file; null for a model made in memory
   */
  sha256: string | null;
  architecture: string;
  /**
   * false: not known to be fitted to real labels
   */
  trained: boolean;
  /**
   * scores: any number, more of it speaks for the label
   */
  outputs: "probabilities" | "scores";
  /**
   * of the input, since the model's file did not say it
   */
  assumed: ("leads" | "rate" | "unit")[];
  /**
   * whose thresholds are in use
   */
  operating_point: "balanced" | "high-specificity";
}
export interface Label {
  name: string;
  long_name: string;
  /**
   * on the probability; null: not known
   */
  threshold: number | null;
  threshold_source: string | null;
  auroc: number | null;
  auroc_low: number | null;
  auroc_high: number | null;
  /**
   * in the test set; counts in the test set are null where they are not known
   */
  n_positive: number | null;
  /**
   * in the test set
   */
  n_negative: number | null;
  /**
   * of n_positive, those that reach the threshold
   */
  found: number | null;
  /**
   * of n_negative, those that reach the threshold
   */
  false_alarms: number | null;
  /**
   * false: fewer than ten positives in the test set
   */
  tested: boolean;
  /**
   * thresholds to choose from, and what they do in the test set
   */
  operating_points: {
    name: "balanced" | "high-specificity";
    threshold: number;
    threshold_source: string | null;
    /**
     * of n_positive
     */
    found: number | null;
    /**
     * of n_negative
     */
    false_alarms: number | null;
  }[];
  /**
   * of the whole record: its odds are the mean of its windows' odds
   */
  probability?: number;
  /**
   * of a model whose outputs are scores, in place of the probability
   */
  score?: number;
  logit: number;
  at_or_above_threshold: boolean | null;
}
/**
 * where in time the evidence lies
 */
export interface TimeMap {
  layer: string;
  /**
   * true: values as they are; false: negative ones 0, the largest 1
   */
  signed: boolean;
  /**
   * seconds that a value is of
   */
  step_s: number;
  steps: number;
  text: string;
  /**
   * @minItems 1
   */
  windows: MapWindow[];
}
export interface MapWindow {
  start_s: number;
  end_s: number;
  /**
   * seconds at the end that are not from the record
   */
  padded_s: number;
  /**
   * @minItems 1
   */
  labels: LabelMap[];
}
export interface LabelMap {
  name: string;
  /**
   * of this window
   */
  probability?: number;
  /**
   * of a model whose outputs are scores
   */
  score?: number;
  /**
   * false: no positive evidence at this layer; the map is all zeros
   */
  positive: boolean;
  /**
   * what the map was divided by
   */
  max_raw: number;
  /**
   * @maxItems 3
   */
  strongest: Stretch[];
  /**
   * one a step
   */
  values: number[];
  text?: string;
}
/**
 * where the map is at least half its maximum; seconds from the record's start
 */
export interface Stretch {
  start_s: number;
  end_s: number;
  peak: number;
  in_padding: boolean;
}
/**
 * what limits a result, or was done to a recording
 */
export interface Notice {
  code:
    | "header"
    | "rate_assumed"
    | "uncalibrated"
    | "checksum"
    | "truncated"
    | "gap"
    | "marked"
    | "amplitude"
    | "derived"
    | "ignored"
    | "resampled"
    | "rounded"
    | "short"
    | "windows"
    | "filtered"
    | "drawn"
    | "quality"
    | "model";
  /**
   * that it is about; empty: none in particular
   */
  leads: string[];
  /**
   * what the text names, by name
   */
  args: {
    [k: string]: number | string;
  };
  /**
   * the sentence that is made of these
   */
  text: string;
}
/**
 * what is measured on the recording: of `xplaim measure --json` what is not of single beats
 */
export interface MeasuredPart {
  settings: MeasureSettings;
  quality: Quality;
  rhythm: Rhythm;
  measurements: Measurements;
  leads: MeasuredLead[];
}
export interface MeasureSettings {
  /**
   * mains: the mains was taken out of the leads and times where it was found
   */
  filter: "none" | "mains";
  mains_hz: 50 | 60;
  definition: string;
  beat: string;
}
export interface Quality {
  grade: "good" | "limited" | "unusable";
  findings: Finding[];
  leads: LeadQuality[];
}
/**
 * what is wrong with the recording, where and when
 */
export interface Finding {
  code:
    | "flat"
    | "saturated"
    | "gap"
    | "mains_50hz"
    | "mains_60hz"
    | "baseline_wander"
    | "muscle_noise"
    | "step"
    | "einthoven"
    | "reversal";
  /**
   * null: the whole recording
   */
  lead: string | null;
  start_s: number;
  end_s: number;
  /**
   * of a reversal
   */
  electrodes?: string;
  value: number;
  unit: string;
  text: string;
}
export interface LeadQuality {
  lead: string;
  /**
   * false: no number is taken from this lead
   */
  usable: boolean;
  noise_uv: number | null;
  baseline_uv: number | null;
  mains_uv: number | null;
  mains_hz: 0 | 50 | 60;
}
export interface Rhythm {
  beats: number;
  /**
   * null: too few beats
   */
  rr: {
    mean_ms: number | null;
    median_ms: number | null;
    min_ms: number | null;
    max_ms: number | null;
    sdnn_ms: number | null;
    rmssd_ms: number | null;
    cv: number | null;
  };
  irregularity: "regular" | "irregular" | "irregularly_irregular" | null;
  p_waves: "present" | "absent" | null;
  supraventricular_ectopic: number;
  ventricular_ectopic: number;
  /**
   * class F: a sinus and a ventricular impulse at once; in neither number of ectopic beats
   */
  fusion_beats: number;
  paced: boolean;
}
export interface Measurement {
  name:
    | "heart_rate"
    | "rr_interval"
    | "p_duration"
    | "pr_interval"
    | "qrs_duration"
    | "qt_interval"
    | "qtc_bazett"
    | "qtc_fridericia"
    | "qtc_framingham"
    | "qtc_hodges"
    | "p_axis"
    | "qrs_axis"
    | "t_axis";
  code: {
    mdc?: string;
    scpecg?: string;
    loinc?: string;
    dcm?: string;
  };
  value: number | null;
  unit: "/min" | "ms" | "deg";
  beats: number;
  /**
   * of the single beats
   *
   * @minItems 2
   * @maxItems 2
   */
  range: number[] | null;
  reliability: "high" | "moderate" | "low" | null;
  /**
   * why there is no value
   */
  reason:
    | "NO_BEATS"
    | "FEW_BEATS"
    | "NO_P_WAVE"
    | "T_NOT_FOUND"
    | "NOISE"
    | "FLAT"
    | "LEADS_MISSING"
    | "INCONSISTENT"
    | "PACED"
    | "UNCALIBRATED"
    | "OUT_OF_RANGE"
    | null;
  text: string;
  /**
   * edited by the reader of the page, who moved marks of the median beat; never the tool's
   */
  edited?: {
    by: "reader";
    /**
     * the value before that
     */
    measured: number | null;
  };
}
export interface MeasuredLead {
  lead: string;
  derived: boolean;
  reason:
    | "NO_BEATS"
    | "FEW_BEATS"
    | "NO_P_WAVE"
    | "T_NOT_FOUND"
    | "NOISE"
    | "FLAT"
    | "LEADS_MISSING"
    | "INCONSISTENT"
    | "PACED"
    | "UNCALIBRATED"
    | "OUT_OF_RANGE"
    | null;
  /**
   * mV against the level before QRS; null: no such wave
   */
  amplitudes: {
    p: number | null;
    q: number | null;
    r: number | null;
    s: number | null;
    r2: number | null;
    s2: number | null;
    t: number | null;
    j: number | null;
    st60: number | null;
    st80: number | null;
  };
  durations_ms: {
    p: number | null;
    q: number | null;
    r: number | null;
    s: number | null;
    r2: number | null;
    s2: number | null;
  };
  beats: {
    beat: number;
    /**
     * onset, peak, offset, s; null: not found
     *
     * @minItems 3
     * @maxItems 3
     */
    p: (number | null)[] | null;
    /**
     * onset, peak, offset, s; null: not found
     *
     * @minItems 3
     * @maxItems 3
     */
    qrs: (number | null)[] | null;
    /**
     * onset, peak, offset, s; null: not found
     *
     * @minItems 3
     * @maxItems 3
     */
    t: (number | null)[] | null;
  }[];
}
/**
 * nothing is measured, and why
 */
export interface Unmeasured {
  error: Error;
}
export interface Error {
  code:
    | "USAGE"
    | "MEMORY"
    | "IO"
    | "NOT_FOUND"
    | "TRUNCATED"
    | "FORMAT"
    | "UNSUPPORTED"
    | "LIMIT"
    | "SHAPE"
    | "LEAD_UNKNOWN"
    | "UNITS"
    | "INTERNAL";
  text: string;
}
/**
 * what the reader of the page has measured or moved by hand; never the tool's
 */
export interface Reader {
  calipers: Caliper[];
  /**
   * null: none was moved
   */
  marks: MovedMarks | null;
}
/**
 * a pair of calipers that the reader has set
 */
export interface Caliper {
  /**
   * st: from the onset of QRS to 60 ms after its end
   */
  kind: "free" | "rr" | "pr" | "qrs" | "qt" | "st";
  /**
   * null: of a name that is not a standard one
   */
  lead: string | null;
  inverted: boolean;
  start_s: number;
  end_s: number;
  ms: number;
  /**
   * from the first leg to the second
   */
  mv: number;
  /**
   * RR intervals between the legs
   */
  intervals: number | null;
  /**
   * the recording's, which qtc_ms is made with
   */
  mean_rr_ms: number | null;
  qtc_ms: number | null;
  qtc_formula: "Fridericia" | null;
  speed_mm_s: number;
  gain_mm_mv: number;
  /**
   * of what was shown
   */
  filter: string | null;
}
/**
 * marks of the median beat as the reader has moved them, and as they were measured
 */
export interface MovedMarks {
  edited: {
    p: Ends;
    qrs: Ends;
    t: Ends;
  };
  measured: {
    p: Ends;
    qrs: Ends;
    t: Ends;
  };
}
/**
 * --method occlusion and ig
 */
export interface LeadExplanation {
  record: string;
  disclaimer: "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";
  model: Model;
  /**
   * @minItems 1
   */
  labels: Label[];
  evidence: Evidence;
  notices: Notice[];
  /**
   * null: windows of an array are no recording
   */
  measured: MeasuredPart | Unmeasured | null;
  reader?: Reader;
}
/**
 * in logits: + for the label, - against it
 */
export interface Evidence {
  method: "occlusion" | "ig";
  /**
   * what replaces a lead; of ig, the record that it starts from
   */
  baseline: "zero" | "mean";
  unit: "logit";
  /**
   * seconds of a lead taken together; null: the whole lead
   */
  segment_s: number | null;
  segments: number;
  /**
   * @minItems 1
   */
  windows: EvidenceWindow[];
}
export interface EvidenceWindow {
  start_s: number;
  end_s: number;
  /**
   * seconds at the end that are not from the record
   */
  padded_s: number;
  /**
   * @minItems 1
   */
  labels: LabelEvidence[];
}
export interface LabelEvidence {
  name: string;
  /**
   * of this window
   */
  probability?: number;
  /**
   * of a model whose outputs are scores
   */
  score?: number;
  /**
   * @minItems 1
   */
  leads: LeadValues[];
  completeness?: Completeness;
}
export interface LeadValues {
  lead: string;
  /**
   * one a segment, from the window's start
   *
   * @minItems 1
   */
  values: number[];
}
/**
 * of ig
 */
export interface Completeness {
  /**
   * over all leads and samples
   */
  sum: number;
  logit: number;
  /**
   * of the zero record
   */
  baseline_logit: number;
  /**
   * sum - (logit - baseline_logit)
   */
  residual: number;
  steps: number;
  /**
   * the residual is at most 1 % of the difference (of 0.05 where that is less)
   */
  complete: boolean;
}
export interface Prediction {
  record: string;
  disclaimer: "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";
  model: Model;
  /**
   * @minItems 1
   */
  labels: Label[];
  /**
   * @minItems 1
   */
  windows: ProbabilityWindow[];
  notices: Notice[];
}
/**
 * probabilities, or scores, in the order of labels
 */
export interface ProbabilityWindow {
  start_s: number;
  end_s: number;
  /**
   * seconds at the end that are not from the record
   */
  padded_s: number;
  probabilities?: number[];
  scores?: number[];
}
/**
 * an input that could not be analysed; without a record, what ended the command
 */
export interface Failure {
  record?: string;
  disclaimer: "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";
  error: Error;
}
export interface Recording {
  name: string;
  /**
   * of its files; null: made in memory
   */
  format: string | null;
  /**
   * Hz
   */
  rate: number;
  samples: number;
  age: number | null;
  sex: "F" | "M" | "";
  dx: string;
  facts: Facts;
  leads: Lead[];
  notices: Notice[];
}
/**
 * as stated in the file; none of it enters an analysis
 */
export interface Facts {
  /**
   * ISO 8601, without a zone
   */
  start: string | null;
  /**
   * maker and model
   */
  device: string | null;
  /**
   * filters in words
   */
  filter: string | null;
  /**
   * Hz, of a filter that the samples went through
   */
  high_pass: number | null;
  /**
   * Hz
   */
  low_pass: number | null;
  /**
   * Hz
   */
  notch: number | null;
  /**
   * mm/s that the file asks for
   */
  paper_speed: number | null;
  /**
   * mm/mV that the file asks for
   */
  paper_gain: number | null;
  statements: Statement[];
}
/**
 * what the file says of the recording, or the device measured; not found here
 */
export interface Statement {
  /**
   * a measured value's name as `xplaim measure` has it, or "statement", "comment", "annotation"
   */
  name: string;
  /**
   * null: it is a text
   */
  value: number | null;
  unit: string;
  /**
   * empty for a value
   */
  text: string;
}
export interface Lead {
  name: string;
  /**
   * computed from others
   */
  derived: boolean;
  calibrated: boolean;
  /**
   * samples
   */
  missing: number;
}
export interface LoadedModel {
  name: string;
  /**
   * of the model file; null for a model made in memory
   */
  sha256: string | null;
  architecture: string;
  /**
   * false: not known to be fitted to real labels
   */
  trained: boolean;
  /**
   * scores: any number, more of it speaks for the label
   */
  outputs: "probabilities" | "scores";
  /**
   * of the input, since the model's file did not say it
   */
  assumed: ("leads" | "rate" | "unit")[];
  /**
   * whose thresholds are in use
   */
  operating_point: "balanced" | "high-specificity";
  /**
   * Hz
   */
  rate: number;
  /**
   * samples
   */
  length: number;
  /**
   * that running it takes
   */
  bytes: number;
  leads: string[];
  /**
   * that is explained; empty: none
   */
  layer: string;
  layers: string[];
  labels: ModelLabel[];
  meta: {
    key: string;
    value: string;
  }[];
}
export interface ModelLabel {
  name: string;
  long_name: string;
  /**
   * on the probability; null: not known
   */
  threshold: number | null;
  threshold_source: string | null;
  auroc: number | null;
  auroc_low: number | null;
  auroc_high: number | null;
  /**
   * in the test set; counts in the test set are null where they are not known
   */
  n_positive: number | null;
  /**
   * in the test set
   */
  n_negative: number | null;
  /**
   * of n_positive, those that reach the threshold
   */
  found: number | null;
  /**
   * of n_negative, those that reach the threshold
   */
  false_alarms: number | null;
  /**
   * false: fewer than ten positives in the test set
   */
  tested: boolean;
  /**
   * thresholds to choose from, and what they do in the test set
   */
  operating_points: {
    name: "balanced" | "high-specificity";
    threshold: number;
    threshold_source: string | null;
    /**
     * of n_positive
     */
    found: number | null;
    /**
     * of n_negative
     */
    false_alarms: number | null;
  }[];
}
export interface Measured {
  record: string;
  disclaimer: string;
  rate: number;
  duration_s: number;
  settings: MeasureSettings;
  quality: Quality;
  rhythm: Rhythm;
  beats: Beat[];
  measurements: Measurements;
  leads: MeasuredLead[];
  notices: Notice[];
  reader?: Reader;
}
export interface Beat {
  time_s: number;
  /**
   * AAMI EC57
   */
  class: "N" | "S" | "V" | "F" | "Q";
  /**
   * WFDB's annotation code
   */
  symbol: string;
  rr_s: number | null;
  /**
   * beats alike have one number; 0: the dominant kind
   */
  template: number | null;
  /**
   * in the median beat
   */
  used: boolean;
  p: Wave;
  qrs: Wave;
  t: Wave;
}
/**
 * null: not found
 */
export interface Wave {
  onset_s: number | null;
  peak_s: number | null;
  offset_s: number | null;
}
/**
 * cases.json of a case set. Unknown keys are kept. All texts are Markdown that becomes nodes: a tag in one is refused.
 */
export interface CaseSet {
  format: "ecg-xplaim-cases";
  version: 1;
  id: string;
  /**
   * of the set, for xAPI
   */
  iri?: string;
  title: string;
  lang?: string;
  /**
   * @maxItems 50
   */
  authors?: string[];
  licence?: string;
  /**
   * Markdown, as in model cards
   */
  about?: string;
  settings?: CaseSettings;
  /**
   * statements to choose findings from
   */
  lists?: {
    /**
     * @minItems 1
     * @maxItems 500
     */
    [k: string]: CaseStatement[];
  };
  /**
   * @minItems 1
   * @maxItems 500
   */
  cases: Case[];
  [k: string]: unknown;
}
/**
 * what is left out has its default
 */
export interface CaseSettings {
  level?: CaseLevel;
  /**
   * grouped: by first tag; mixed: by a seed
   */
  order?: "given" | "mixed" | "grouped";
  /**
   * so many of the cases, drawn; null: all
   */
  pick?: number | null;
  /**
   * none: an examination
   */
  feedback?: "each" | "end" | "none";
  network?: "never" | "after" | "request" | "before";
  measurements?: "shown" | "after";
  /**
   * of the record's files
   */
  names?: "hidden" | "shown";
  certainty?: "no" | "ask" | "marks";
  /**
   * a list to go through before committing
   *
   * @maxItems 20
   */
  check?: string[];
  /**
   * at a case that count; null: any number
   */
  attempts?: number | null;
  /**
   * for a case; null: no limit
   */
  seconds?: number | null;
  /**
   * score from which the set is passed; null: nobody passes or fails
   */
  pass?: number | null;
  lock?: boolean;
  [k: string]: unknown;
}
export interface CaseStatement {
  id: string;
  text: string;
  /**
   * the statement that this one is a kind of
   */
  in?: string;
  /**
   * statements that contradict it, either way round
   *
   * @maxItems 500
   */
  not_with?: string[];
  [k: string]: unknown;
}
export interface Case {
  /**
   * unique in the set
   */
  id: string;
  title?: string;
  /**
   * @maxItems 20
   */
  tags?: string[];
  level?: CaseLevel;
  /**
   * file of a recording: relative, inside the archive, with / between folders
   */
  record: string;
  /**
   * of files of the record, by path
   */
  sha256?: {
    [k: string]: string;
  };
  /**
   * an earlier recording of the same person, to compare
   */
  before?: string | null;
  view?: CaseView;
  story?: string;
  /**
   * @minItems 1
   * @maxItems 20
   */
  tasks: CaseTask[];
  /**
   * @maxItems 50
   */
  marks?: CaseMark[];
  /**
   * {A} names a mark
   */
  explain?: string;
  /**
   * id of a case that looks like this one
   */
  like?: string | null;
  /**
   * what a model said of the record: a document of `xplaim explain --json`
   */
  network?: string | null;
  source?: {
    text?: string;
    licence?: string;
    [k: string]: unknown;
  };
  [k: string]: unknown;
}
export interface CaseView {
  layout?: "12x1" | "6x2" | "3x4" | "3x4+1" | "3x4+3" | "single";
  rhythm?: string;
  /**
   * mm/s
   */
  speed?: number;
  /**
   * mm/mV; 0: what fits
   */
  gain?: number;
  /**
   * as the page's address has it
   */
  filter?: string;
  /**
   * s
   */
  start?: number;
  /**
   * s; 0: all
   */
  seconds?: number;
  [k: string]: unknown;
}
export interface CaseFindings {
  /**
   * unique in its case
   */
  id: string;
  prompt?: string;
  type: "findings";
  /**
   * one of lists
   */
  list: string;
  /**
   * @minItems 1
   * @maxItems 100
   */
  must: CaseMust[];
  /**
   * @maxItems 500
   */
  should?: string[];
  /**
   * @maxItems 500
   */
  may?: string[];
  /**
   * @maxItems 500
   */
  must_not?: string[];
  [k: string]: unknown;
}
export interface CaseMeasure {
  /**
   * unique in its case
   */
  id: string;
  prompt?: string;
  type: "measure";
  quantity: "rate" | "rr" | "p" | "pr" | "qrs" | "qt" | "qtc" | "interval" | "axis" | "p_axis" | "t_axis" | "amplitude";
  /**
   * in the quantity's unit: /min, ms, ° or mV
   */
  answer: number;
  /**
   * in the same unit; left out: by level
   */
  tolerance?: number;
  unit?: "/min" | "ms" | "°" | "mV";
  /**
   * that the calipers span, for rate and rr
   */
  beats?: number;
  /**
   * where it has to be measured; left out or *: anywhere
   */
  lead?: string;
  /**
   * where the calipers have to be; left out: anywhere
   */
  between?: {
    /**
     * s
     */
    from: number;
    /**
     * s
     */
    to: number;
    [k: string]: unknown;
  };
  /**
   * of qtc
   */
  formula?: "bazett" | "fridericia" | "framingham" | "hodges";
  /**
   * 1 where left out
   */
  points?: number;
  /**
   * who measured the answer; page: nobody checked it
   */
  by?: "page" | "person";
  [k: string]: unknown;
}
export interface CaseMarkTask {
  /**
   * unique in its case
   */
  id: string;
  prompt?: string;
  type: "mark";
  /**
   * @minItems 1
   * @maxItems 50
   */
  targets: CaseSpan[];
  /**
   * of the targets; 1 where left out
   */
  need?: number;
  /**
   * of one mark; 1 where left out
   */
  points?: number;
  [k: string]: unknown;
}
export interface CaseSpan {
  /**
   * standard name; in targets * is any
   */
  lead: string;
  /**
   * s
   */
  from: number;
  /**
   * s
   */
  to: number;
  [k: string]: unknown;
}
export interface CaseChoice {
  /**
   * unique in its case
   */
  id: string;
  prompt?: string;
  type: "choice";
  /**
   * @minItems 2
   * @maxItems 36
   */
  options: CaseOption[];
  /**
   * several may be chosen; left out: where several are right
   */
  several?: boolean;
  /**
   * of a right option; 1 where left out
   */
  points?: number;
  [k: string]: unknown;
}
export interface CaseOption {
  id: string;
  text: string;
  right?: boolean;
  /**
   * shown afterwards
   */
  why?: string;
  [k: string]: unknown;
}
export interface CaseText {
  /**
   * unique in its case
   */
  id: string;
  prompt?: string;
  type: "text";
  /**
   * the model answer
   */
  model?: string;
  [k: string]: unknown;
}
export interface CaseMark {
  /**
   * a letter; {A} in the explanation names it
   */
  id: string;
  lead: string;
  /**
   * s
   */
  from: number;
  /**
   * s
   */
  to: number;
  text?: string;
  [k: string]: unknown;
}
/**
 * what `xplaim cases check|pack --json` prints: with error, or with the counts and warnings
 */
export interface CaseCheck {
  disclaimer: "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";
  file: string;
  /**
   * pack: what was written
   */
  output?: string;
  cases?: number;
  tasks?: number;
  max_points?: number;
  warnings?: CaseWarning[];
  error?: CaseFault;
}
export interface CaseWarning {
  case: string;
  field: string;
  text: string;
}
export interface CaseFault {
  code:
    | "USAGE"
    | "MEMORY"
    | "IO"
    | "NOT_FOUND"
    | "TRUNCATED"
    | "FORMAT"
    | "UNSUPPORTED"
    | "LIMIT"
    | "LEAD_UNKNOWN"
    | "UNITS"
    | "INTERNAL";
  /**
   * its id, or its place where it has none; empty: the set's own field
   */
  case: string;
  /**
   * as tasks[2].targets[0].to, inside the case or the set
   */
  field: string;
  /**
   * in cases.json, from 1; 0: none in particular
   */
  line: number;
  /**
   * case, field, reason and what to do, as a sentence
   */
  text: string;
}
/**
 * What a learner answered. Unknown keys are passed over.
 */
export interface CaseAnswers {
  format: "ecg-xplaim-answers";
  version: 1;
  /**
   * the set's id
   */
  set: string;
  /**
   * empty unless typed
   */
  learner?: string;
  /**
   * committed ones, in the order in which they were played
   *
   * @maxItems 5000
   */
  cases: AnsweredCase[];
  [k: string]: unknown;
}
export interface AnsweredCase {
  case: string;
  /**
   * from 1, in order
   */
  attempt?: number;
  /**
   * ISO 8601
   */
  started_at?: string;
  seconds?: number | null;
  network_shown?: boolean;
  measurements_shown?: boolean;
  /**
   * @maxItems 20
   */
  answers: Answer[];
  [k: string]: unknown;
}
/**
 * of one task; a task without one was left out and earns nothing. Of the keys those of the task's type are read; an answer that has none of them was left out too.
 */
export interface Answer {
  task: string;
  /**
   * findings: statements
   *
   * @maxItems 500
   */
  named?: string[];
  /**
   * choice: options
   *
   * @maxItems 36
   */
  chosen?: string[];
  /**
   * measure: in the quantity's unit; left out: made of from and to, or of qt and rr
   */
  value?: number;
  /**
   * measure: where the calipers were; left out: the number was typed
   */
  lead?: string;
  /**
   * measure: the calipers' ends, s
   */
  from?: number;
  to?: number;
  /**
   * measure, qtc: ms, by the learner's calipers
   */
  qt?: number;
  /**
   * ms
   */
  rr?: number;
  /**
   * @maxItems 50
   */
  marks?: AnswerMark[];
  text?: string;
  /**
   * text: "I had it"
   */
  self?: boolean | null;
  certainty?: number | null;
  /**
   * that the task took
   */
  seconds?: number | null;
  [k: string]: unknown;
}
export interface AnswerMark {
  lead: string;
  /**
   * s, of a point
   */
  at?: number;
  /**
   * s, of a span
   */
  from?: number;
  /**
   * s
   */
  to?: number;
  [k: string]: unknown;
}
export interface CaseResults {
  format: "ecg-xplaim-results";
  version: 1;
  set: string;
  disclaimer: "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring or clinical decisions.";
  /**
   * 0 to 100: points of max_points of the cases that count; null: nothing to score
   */
  score: number | null;
  /**
   * null: the set has no pass, or nothing was scored
   */
  passed: boolean | null;
  points: number;
  max_points: number;
  /**
   * cases, each once
   */
  played: number;
  /**
   * as in the answers
   */
  cases: CaseResult[];
  /**
   * in the order of first use
   */
  tags: TagResult[];
  /**
   * 1, 2, 3
   *
   * @minItems 3
   * @maxItems 3
   */
  certainty: CertaintyResult[];
}
export interface CaseResult {
  case: string;
  attempt: number;
  /**
   * of a case's attempts that the set allows, the best one counts
   */
  counted: boolean;
  /**
   * 0 to max_points; below 0 only with certainty marks
   */
  points: number;
  max_points: number;
  /**
   * 0 to 100; null: nothing to score
   */
  score: number | null;
  tasks: TaskResult[];
}
export interface TaskResult {
  task: string;
  type: "findings" | "measure" | "mark" | "choice" | "text";
  answered: boolean;
  points: number;
  max_points: number;
  /**
   * points of max_points before certainty, 0 to 1; null: not scored
   */
  share: number | null;
  certainty: number | null;
  /**
   * findings and choice: each once, as answered
   */
  named?: NamedStatement[];
  /**
   * must (or right options) that were not named
   */
  missed?: string[];
  should_missed?: string[];
  /**
   * the first two named that exclude each other
   *
   * @minItems 2
   * @maxItems 2
   */
  contradiction?: string[] | null;
  must_named?: number;
  must_missed?: number;
  must_not_named?: number;
  precision?: number | null;
  recall?: number | null;
  /**
   * measure
   */
  value?: number | null;
  answer?: number;
  tolerance?: number;
  unit?: string;
  /**
   * value - answer; around the circle for axes
   */
  difference?: number | null;
  /**
   * elsewhere: not in the lead or the part that was asked for; null: not answered
   */
  within?: "full" | "half" | "none" | "elsewhere" | null;
  /**
   * mark: for each mark its target, -1 where it is in none (false), -2 where its targets were marked already
   */
  hits?: number[];
  /**
   * mark: targets
   */
  found?: number;
  need?: number;
  /**
   * mark: marks in no target
   */
  false?: number;
  self?: boolean | null;
}
export interface NamedStatement {
  id: string;
  /**
   * parent: of a must that was not named, for half of its points; general: a parent that earns and costs nothing; right, wrong: options of a choice
   */
  kind: "must" | "should" | "may" | "must_not" | "parent" | "general" | "other" | "right" | "wrong";
  points: number;
}
export interface TagResult {
  tag: string;
  cases: number;
  points: number;
  max_points: number;
  score: number | null;
}
export interface CertaintyResult {
  certainty: number;
  tasks: number;
  /**
   * with all points
   */
  right: number;
  /**
   * mean
   */
  share: number | null;
}

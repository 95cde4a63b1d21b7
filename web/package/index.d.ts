/** Bytes in any of the forms that browsers and Node have them in. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

/** The files of a WFDB record: browser Files, or an object from file name to bytes. */
export type RecordFiles = File[] | Record<string, Bytes>;

export interface AnalyseOptions {
  /** Name of the record, without extension; needed where the files hold several headers. */
  record?: string;
  /** Role name of the layer to explain, in this call; when left out the one that loadModel was given, else the
   * model's default. */
  layer?: string;
  /** Analyse although the amplitude is not credible (error code "UNITS" otherwise). */
  acceptAmplitude?: boolean;
  /** Take leads that are not there, and cannot be derived, as 0 mV (error code "LEAD_UNKNOWN" otherwise). */
  acceptMissingLeads?: boolean;
  /** false: leave the maps' values out. */
  values?: boolean;
}

export interface Label {
  name: string;
  long_name: string;
  threshold: number | null;
  threshold_source: string | null;
  auroc: number | null;
  auroc_low: number | null;
  auroc_high: number | null;
  n_positive: number | null;
  /** 0 to 1: the largest of the record's windows. */
  probability: number;
  logit: number;
  at_or_above_threshold: boolean | null;
}

/** Where the map is at least half its maximum; seconds from the record's start. */
export interface Stretch {
  start_s: number;
  end_s: number;
  peak: number;
  in_padding: boolean;
}

export interface LabelMap {
  name: string;
  /** Of this window. */
  probability: number;
  /** false: no positive evidence at this layer; the map is all zeros. */
  positive: boolean;
  /** What the map was divided by. */
  max_raw: number;
  strongest: Stretch[];
  /** One a step, 0 to 1. */
  values: number[];
  text?: string;
}

export interface MapWindow {
  start_s: number;
  end_s: number;
  padded_s: number;
  labels: LabelMap[];
}

/** The object that `xplaim explain --json` writes. */
export interface Explanation {
  record: string;
  disclaimer: string;
  model: { name: string; sha256: string | null; architecture: string; trained: boolean };
  labels: Label[];
  map: {
    layer: string;
    signed: boolean;
    step_s: number;
    steps: number;
    text: string;
    windows: MapWindow[];
  };
  notices: { code: string; lead: string | null; text: string }[];
}

export interface Model {
  name: string;
  architecture: string;
  trained: boolean;
  sha256: string | null;
  /** Hz */
  rate: number;
  /** samples */
  length: number;
  leads: string[];
  layer: string;
  layers: string[];
  labels: { name: string; longName: string; threshold: number | null }[];
}

/** What the core explains: code is a stable name, message a sentence for a person. */
export class CoreError extends Error {
  code: string;
}

export const DISCLAIMER: string;

/** One core: holds a model and analyses one record at a time; calls wait for each other, in their order. */
export class Xplaim {
  about(): { version: string; kernels: string; modelFormat: string };
  /** From the next call on. Where it fails, the model before stays.
   * @param layer role name of the layer to explain; the model's default when left out */
  loadModel(bytes: Bytes, layer?: string): Promise<Model>;
  /** @param model a safetensors file, also for the calls that follow; when left out the model before, else the one that
   * comes with the module */
  analyse(files: RecordFiles, model?: Bytes, options?: AnalyseOptions): Promise<Explanation>;
}

/** @param modules WebAssembly modules by kind, where they do not lie beside this module */
export function open(modules?: {
  relaxed?: ArrayBuffer;
  simd?: ArrayBuffer;
  scalar: ArrayBuffer;
}): Promise<Xplaim>;

/** The model that comes with this module, a safetensors file. */
export function defaultModel(): Promise<Uint8Array>;

/** The shortest way: a core that is started at the first call and kept. */
export function analyse(
  files: RecordFiles,
  model?: Bytes,
  options?: AnalyseOptions,
): Promise<Explanation>;

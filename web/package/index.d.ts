import type { Explanation, LoadedModel, Measured } from "./documents.js";

export * from "./documents.js";

/** Bytes in any of the forms that browsers and Node have them in. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

/** The files of a record, and any others beside them: browser Files, or an object from file name to bytes. */
export type RecordFiles = File[] | Record<string, Bytes>;

export interface AnalyseOptions {
  /** Name of the record, without extension; needed where the files hold several records. */
  record?: string;
  /** Role name of the layer to explain, in this call; when left out the one that loadModel was given, else the
   * model's default. */
  layer?: string;
  /** Analyse although the amplitude is not credible (error code "UNITS" otherwise). */
  acceptAmplitude?: boolean;
  /** Take leads that are not there, and cannot be derived, as 0 mV (error code "LEAD_UNKNOWN" otherwise). */
  acceptMissingLeads?: boolean;
  /** Analyse although not one of the recording's checksums is that of its samples. */
  acceptChecksums?: boolean;
  /** false: leave the maps' values out. */
  values?: boolean;
  /** false: do not measure the recording; `measured` is null then. */
  measure?: boolean;
}

export interface MeasureOptions {
  /** Name of the record, without extension; needed where the files hold several records. */
  record?: string;
  /** false: leave the lists of beats empty. */
  beats?: boolean;
}

/** What the core explains: code is a stable name, message a sentence for a person. */
export class CoreError extends Error {
  code: string;
}

export const DISCLAIMER: string;
/** File formats that are read, and which files make a record. */
export const FORMATS: { name: string; help: string }[];

/** One core: holds a model and analyses one record at a time; calls wait for each other, in their order. */
export class Xplaim {
  about(): { version: string; kernels: string; modelFormat: string };
  /** From the next call on. Where it fails, the model before stays.
   * @param layer role name of the layer to explain; the model's default when left out */
  loadModel(bytes: Bytes, layer?: string): Promise<LoadedModel>;
  /** The object that `xplaim explain --json` writes.
   * @param model a safetensors file, also for the calls that follow; when left out the model before, else the one that
   * comes with the module */
  analyse(files: RecordFiles, model?: Bytes, options?: AnalyseOptions): Promise<Explanation>;
  /** The object that `xplaim measure --json` writes: beats, intervals, axes, amplitudes and quality. No model is needed. */
  measure(files: RecordFiles, options?: MeasureOptions): Promise<Measured>;
}

/** @param modules WebAssembly modules by kind, where they do not lie beside this module; readers: what reads files
 * (readers.wasm), else fetched with the first */
export function open(modules?: {
  readers?: ArrayBuffer;
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

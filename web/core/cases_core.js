/**
 * Case sets for teaching: whether a set is one, what answers are worth, and what a package is made of (xplaim_cases.wasm,
 * fetched when a case set is opened). Works in a page, in a worker and in Node; src/teach/README.md says what counts.
 */

import { Boundary, CoreError, instantiate } from "./wasm.js";

export { pageSource } from "../base/page_source.js";

/**
 * @typedef {import("../package/documents.js").CaseSet} CaseSet
 * @typedef {import("../package/documents.js").CaseAnswers} CaseAnswers
 * @typedef {import("../package/documents.js").CaseResults} CaseResults
 * @typedef {import("../package/documents.js").CaseFault} CaseFault  case and field are "" for the document itself
 * @typedef {import("../package/documents.js").CaseWarning} CaseWarning
 * @typedef {{name: string, size: number, sha256?: string | null, problem?: string | null}} FileFacts  name: the path inside
 *   the set; problem: why what a model said cannot be read
 * @typedef {{name: string, low: number, high: number}} SpreadFacts  of a measured quantity over the record's beats
 * @typedef {{name: string, seconds: number, leads: string[], problem?: string | null, spread?: SpreadFacts[]}} RecordFacts
 *   name: a record's or an earlier record's path in the set; problem: why it cannot be read
 * @typedef {{files: FileFacts[], records: RecordFacts[]}} Facts  what lies beside cases.json. A record that is not among
 *   records is not looked into
 * @typedef {{set: CaseSet, text: string, warnings: CaseWarning[], tasks: number, maxPoints: number} | {error: CaseFault}} Checked
 *   set: the document, unknown keys kept, with every setting, level, tolerance and lead name filled in; text: the same as
 *   JSON. What is played is this, so that nothing is played that was not checked
 * @typedef {{name: string, bytes: Uint8Array}} PackedFile  name: its path in the set
 */

/** The element of the single file that holds the set; its other files are beside it, as cases/PATH. */
export const PACKED_SET = "cases/cases.json";

/** An error about a case set: where tells the case and the field. */
export class CasesError extends CoreError {
  /** @param {CaseFault} where */
  constructor(where) {
    super(where.code, where.text);
    this.where = where;
  }
}

/** @param {ArrayBuffer | Uint8Array} bytes  of xplaim_cases.wasm @returns {Promise<CasesCore>} */
export async function loadCasesCore(bytes) {
  return new CasesCore(await instantiate(await WebAssembly.compile(/** @type {BufferSource} */ (bytes))));
}

export class CasesCore extends Boundary {
  /**
   * Whether a set is one. Without facts its own text alone is looked at.
   * @param {string} setText  cases.json @param {Facts | null} [facts] @returns {Checked}
   */
  check(setText, facts = null) {
    try {
      const found = this.json("check", [setText, facts ? JSON.stringify(facts) : ""]);
      return { ...found, text: JSON.stringify(found.set) };
    } catch (error) {
      if (error instanceof CasesError) return { error: error.where };
      throw error;
    }
  }

  /**
   * What answers are worth. Throws a CasesError where they are not answers to this set.
   * @param {string} setText @param {CaseAnswers | string} answers  or their text @returns {CaseResults}
   */
  score(setText, answers) {
    return this.json("score", [setText, typeof answers === "string" ? answers : JSON.stringify(answers)]);
  }

  /**
   * imsmanifest.xml of the set's SCORM 1.2 package, to the last byte as the tool writes it.
   * @param {string} setText @returns {string}
   */
  manifest(setText) {
    return this.call("manifest", [setText]);
  }

  /**
   * The page as one file that plays a set: index.html of a package, to the last byte as the tool writes it.
   * @param {string} page  the source of the single-file page (pageSource, or ecg-xplaim.html as it was fetched)
   * @param {string} setText  cases.json @param {PackedFile[]} files  of the set, in any order; all of them go into the page
   * @param {{network?: boolean}} [options]  network: with the page's model @returns {string}
   */
  bundle(page, setText, files, { network = false } = {}) {
    return this.call("bundle", [page, setText, network ? "network" : ""], files);
  }

  /** 64 hexadecimal digits, also where the browser has no crypto.subtle. @param {Uint8Array} bytes @returns {string} */
  sha256(bytes) {
    return this.call("sha256", [bytes]);
  }

  /** @param {string} work @param {(string | Uint8Array)[]} parts @returns {any} */
  json(work, parts) {
    return JSON.parse(this.call(work, parts));
  }

  /**
   * A piece of work with its texts, and files besides.
   * @param {string} work @param {(string | Uint8Array)[]} parts @param {PackedFile[]} [files] @returns {string}
   */
  call(work, parts, files = []) {
    const { wasm } = this;
    const desk = wasm.xp_cases_open();
    if (!desk) throw new CoreError("MEMORY", "No memory for a case set.");
    try {
      for (const part of parts) this.lay(desk, "", typeof part === "string" ? new TextEncoder().encode(part) : part);
      for (const { name, bytes } of files) this.lay(desk, name, bytes);
      const failed = this.withText(work, (pointer) => wasm.xp_cases_work(desk, pointer));
      const size = wasm.xp_cases_size(desk);
      if (failed && !size) throw new CoreError("MEMORY", "No memory for a case set.");
      const text = new TextDecoder().decode(this.bytesAt(wasm.xp_cases_text(desk), size));
      if (failed) throw new CasesError(JSON.parse(text));
      return text;
    } finally {
      wasm.xp_cases_close(desk);
    }
  }

  /** Bytes that the module takes over. @param {number} desk @param {string} name @param {Uint8Array} bytes */
  lay(desk, name, bytes) {
    const laid = this.withText(name, (pointer) =>
      this.wasm.xp_cases_lay(desk, pointer, this.copyIn(bytes), bytes.length),
    );
    if (!laid) throw new CoreError("MEMORY", "No memory for a case set.");
  }
}

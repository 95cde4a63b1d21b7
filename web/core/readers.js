/**
 * Reading files: which records there are among them, each as the core takes it, and measured (readers.wasm, which
 * has all formats). Works in a worker and in Node.
 */

import { Boundary, CoreError, instantiate } from "./wasm.js";

/**
 * @typedef {{path: string, size: number, start: ArrayBuffer | Uint8Array | null}} ListedFile  start: its first bytes,
 *   null where they were not read yet
 * @typedef {{name: string, format: string, type: string, files: {index: number, name: string}[],
 *   missing: string[], problem: string | null}} ListedRecord  files: which of those that were listed it
 *   needs, and under which names; problem: why nothing tells which they are
 * @typedef {{index: number, type: string, problem: string, quiet: boolean}} OtherFile  that belongs to
 *   no record; quiet: nobody needs to be told of it
 * @typedef {{wanted: [number, number][], records: ListedRecord[], others: OtherFile[], help: string}} Listing
 *   wanted: [index, bytes] of starts that are needed first; help: what makes a record, as a sentence
 * @typedef {import("../package/documents.js").Measured} Measured
 * @typedef {{name: string, bytes: Uint8Array}} HandedFile  name: the record's for it
 * @typedef {{files: HandedFile[], notices: string[]}} Written  notices: what the format could not hold
 * @typedef {{rate?: number, unit?: string, columns?: string, acceptChecksums?: boolean}} ReadOptions  what a table does
 *   not say itself: Hz; "uV", "mV"; a name for each column, "-" for one to leave out; acceptChecksums: a recording may
 *   be measured although not one of its checksums is that of its samples
 * @typedef {[number, number] | null} Ends  s; null: not found
 * @typedef {{lead: string, start: number, end: number, word: string, unread: boolean}} Fault  of a lead, s; unread:
 *   nothing is measured there
 * @typedef {{rate: number, samples: number, fiducial: number, beats: number, leads: {name: string, derived: boolean}[],
 *   p: Ends, qrs: Ends, t: Ends}} MedianBeat  fiducial: sample that the waves' seconds count from
 * @typedef {{measured: Measured, numbers: string, faults: Fault[], marks: Float64Array,
 *   beat: (MedianBeat & {mv: Float32Array}) | null}} Finding  measured: without its beats; numbers: a line of them;
 *   marks: nine numbers a beat (src/wasm_readers.h); mv: (leads, samples)
 * @typedef {ReadOptions & {beats?: boolean}} MeasureOptions  beats: false leaves the lists of beats empty, which are most
 *   of a day's document
 */

/** Of a beat's mark: XP_MARK_NUMBERS of src/wasm_readers.h. */
const MARK_NUMBERS = 9;
/** Memory never shrinks: an instance that took more is not kept for the next record. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** @param {ArrayBuffer} bytes  of readers.wasm @returns {Promise<Readers>} */
export async function startReaders(bytes) {
  const readers = new Readers(await WebAssembly.compile(bytes));
  await readers.begin();
  return readers;
}

export class Readers {
  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.module = module;
    /** @type {Instance | null} */
    this.instance = null;
  }

  /** What the next call runs in. */
  async begin() {
    this.instance ??= new Instance(await instantiate(this.module));
    return this.instance;
  }

  /** After a call; what went wrong in an unknown way may have left anything. @param {unknown} [error] */
  end(error) {
    const big = (this.instance?.memoryBytes ?? 0) > KEPT_BYTES;
    if (big || (error && !(error instanceof CoreError))) this.instance = null;
  }

  /**
   * @template T @param {(instance: Instance) => T} work @returns {Promise<T>}
   */
  async run(work) {
    const instance = await this.begin();
    try {
      const made = work(instance);
      this.end();
      return made;
    } catch (error) {
      this.end(error);
      throw error;
    }
  }

  /**
   * Which records there are among files. Where starts are wanted, those of all the files that are
   * known so far are handed in again with them.
   * @param {ListedFile[]} files @returns {Promise<Listing>}
   */
  list(files) {
    return this.run((instance) => instance.list(files));
  }

  /**
   * What is measured on a record: the document of `xplaim measure --json`.
   * @param {string} name @param {HandedFile[]} files @param {MeasureOptions} [options] @returns {Promise<Measured>}
   */
  measure(name, files, options) {
    return this.run((instance) => instance.measure(name, files, options));
  }

  /**
   * What is measured on a record, with all that is drawn of it.
   * @param {string} name @param {HandedFile[]} files @param {ReadOptions} [options] @returns {Promise<Finding>}
   */
  find(name, files, options) {
    return this.run((instance) => instance.find(name, files, options));
  }

  /**
   * What `xplaim measure` prints with --json and with --csv, to the last byte.
   * @param {string} name @param {HandedFile[]} files @param {string} as  what the record is called in them
   * @param {ReadOptions} [options] @returns {Promise<{json: string, csv: string}>}
   */
  measureTexts(name, files, as, options) {
    return this.run((instance) => instance.measureTexts(name, files, as, options));
  }

  /**
   * The record in files of another format, without who it is of and what its files state, unless that is asked for.
   * @param {string} name @param {HandedFile[]} files @param {{to: string, as: string, identity?: boolean,
   *   stated?: boolean}} how  to: of WRITERS; as: what the files are called, without an ending @param {ReadOptions} [options]
   * @returns {Promise<Written>}
   */
  write(name, files, how, options) {
    return this.run((instance) => instance.write(name, files, how, options));
  }

  /**
   * Read a record, and use it while it is there.
   * @template T
   * @param {string} name @param {HandedFile[]} files @param {(bytes: Uint8Array) => T} use  of the module's
   * memory, for Core.takeRecord @param {ReadOptions} [options]
   * @returns {Promise<T>}
   */
  read(name, files, use, options) {
    return this.run((instance) => instance.read(name, files, use, options));
  }
}

class Instance extends Boundary {
  /** @param {ListedFile[]} files @returns {Listing} */
  list(files) {
    const list = this.wasm.xp_wasm_list_open();
    if (!list) throw new CoreError("MEMORY", "No memory for a list of files.");
    try {
      for (const { path, size } of files)
        this.withText(path, (pointer) => this.wasm.xp_wasm_list_add(list, pointer, size));
      for (;;) {
        const pointer = this.wasm.xp_wasm_list_text(list);
        if (!pointer) throw new CoreError("MEMORY", `No memory for a list of ${files.length} files.`);
        /** @type {Listing} */
        const { wanted, records = [], others = [], help = "" } = this.parse(pointer);
        const unknown = wanted.filter(([index]) => !files[index].start);
        if (unknown.length || !wanted.length) return { wanted: unknown, records, others, help };
        for (const [index, bytes] of wanted) this.showStart(list, index, view(files[index].start).subarray(0, bytes));
      }
    } finally {
      this.wasm.xp_wasm_list_close(list);
    }
  }

  /** @param {number} list @param {number} index  of a file @param {Uint8Array} start */
  showStart(list, index, start) {
    const pointer = this.copyIn(start);
    this.wasm.xp_wasm_list_show(list, index, pointer, start.length);
    this.wasm.xp_wasm_free(pointer);
  }

  /** @template T @param {string} name @param {HandedFile[]} files @param {(bytes: Uint8Array) => T} use
   * @param {ReadOptions} [options] @returns {T} */
  read(name, files, use, options) {
    const { wasm } = this;
    return this.withRecord(
      name,
      files,
      (reader) => use(this.bytesAt(wasm.xp_wasm_reader_bytes(reader), wasm.xp_wasm_reader_size(reader))),
      options,
    );
  }

  /** @param {string} name @param {HandedFile[]} files @param {MeasureOptions} [options] @returns {Measured} */
  measure(name, files, { beats = true, acceptChecksums = false, ...options } = {}) {
    const how = { beats, acceptChecksums };
    return this.withRecord(name, files, (reader) => JSON.parse(this.measuredText(reader, name, how)), options);
  }

  /** @param {number} reader @param {string} as  what the record is called
   * @param {{beats: boolean, acceptChecksums?: boolean}} how */
  measuredText(reader, as, { beats, acceptChecksums = false }) {
    return this.withText(as, (pointer) => {
      const text = this.wasm.xp_wasm_reader_measure(reader, pointer, (beats ? 0 : 1) + (acceptChecksums ? 2 : 0));
      return text ? this.textAt(text) : this.refuse(reader);
    });
  }

  /** @param {string} name @param {HandedFile[]} files @param {ReadOptions} [options] @returns {Finding} */
  find(name, files, { acceptChecksums, ...options } = {}) {
    return this.withRecord(
      name,
      files,
      (reader) => {
        const measured = JSON.parse(this.measuredText(reader, name, { beats: false, acceptChecksums }));
        const { marks, beat, ...drawn } = this.parse(this.wasm.xp_wasm_reader_drawn(reader));
        return {
          measured,
          ...drawn,
          marks: this.copyOut(Float64Array, this.wasm.xp_wasm_reader_marks(reader), marks * MARK_NUMBERS),
          beat: beat && {
            ...beat,
            mv: this.copyOut(Float32Array, this.wasm.xp_wasm_reader_beat(reader), beat.leads.length * beat.samples),
          },
        };
      },
      options,
    );
  }

  /** @param {string} name @param {HandedFile[]} files @param {string} as @param {ReadOptions} [options] */
  measureTexts(name, files, as, { acceptChecksums, ...options } = {}) {
    return this.withRecord(
      name,
      files,
      (reader) => ({
        json: `${this.measuredText(reader, as, { beats: true, acceptChecksums })}\n`,
        csv: this.withText(as, (pointer) => this.textAt(this.wasm.xp_wasm_reader_csv(reader, pointer))),
      }),
      options,
    );
  }

  /** @template T @param {new (buffer: ArrayBuffer, start: number, count: number) => T & {slice(): T}} Numbers
   * @param {number} start @param {number} count @returns {T} */
  copyOut(Numbers, start, count) {
    if (!start) throw new CoreError("MEMORY", "No memory for what was measured.");
    return new Numbers(this.wasm.memory.buffer, start, count).slice();
  }

  /** @template T @param {string} name @param {HandedFile[]} files @param {(reader: number) => T} work  on the record
   * @param {ReadOptions} [options] @returns {T} */
  withRecord(name, files, work, options) {
    return this.withFiles(files, (reader) => {
      this.withOptions(name, options, (...record) =>
        this.check(reader, this.wasm.xp_wasm_reader_read(reader, ...record)),
      );
      return work(reader);
    });
  }

  /** @param {string} name @param {HandedFile[]} files @param {{to: string, as: string, identity?: boolean, stated?: boolean}} how
   * @param {ReadOptions} [options] @returns {Written} */
  write(name, files, { to, as, identity = false, stated = false }, options) {
    const { wasm } = this;
    return this.withFiles(files, (reader) => {
      this.withText(to, (format) =>
        this.withText(as, (called) =>
          this.withOptions(name, options, (...record) =>
            this.check(reader, wasm.xp_wasm_reader_write(reader, ...record, format, called, +identity, +stated)),
          ),
        ),
      );
      const written = this.parse(wasm.xp_wasm_reader_written(reader));
      const bytesOf = (/** @type {number} */ size, /** @type {number} */ i) =>
        this.bytesAt(wasm.xp_wasm_reader_file(reader, i), size).slice();
      return {
        ...written,
        files: written.files.map((/** @type {any} */ file, /** @type {number} */ i) => ({
          name: file.name,
          bytes: bytesOf(file.size, i),
        })),
      };
    });
  }

  /** @param {string} name @param {ReadOptions | undefined} options
   * @param {(name: number, rate: number, unit: number, columns: number) => void} use */
  withOptions(name, { rate = 0, unit = "", columns = "" } = {}, use) {
    this.withText(name, (n) => this.withText(unit, (u) => this.withText(columns, (c) => use(n, rate, u, c))));
  }

  /** @template T @param {HandedFile[]} files @param {(reader: number) => T} work @returns {T} */
  withFiles(files, work) {
    const { wasm } = this;
    const reader = wasm.xp_wasm_reader_open();
    if (!reader) throw new CoreError("MEMORY", "No memory to read files.");
    try {
      for (const { name, bytes } of files)
        this.withText(name, (pointer) => {
          const copy = this.copyIn(bytes);
          this.check(reader, wasm.xp_wasm_reader_add(reader, pointer, copy, bytes.length));
        });
      return work(reader);
    } finally {
      wasm.xp_wasm_reader_close(reader);
    }
  }

  /** @param {number} reader @param {number} status */
  check(reader, status) {
    if (status !== 0) this.refuse(reader);
  }

  /** What went wrong last. @param {number} reader @returns {never} */
  refuse(reader) {
    const { code, text, table } = this.parse(this.wasm.xp_wasm_reader_error(reader));
    throw new CoreError(code, text, table);
  }
}

/** @param {ArrayBuffer | Uint8Array | null} bytes */
const view = (bytes) => (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes ?? new ArrayBuffer(0)));

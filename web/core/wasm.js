/**
 * What every WebAssembly module of the core is called through, and the errors that it tells. Only here and
 * in the classes that extend Boundary (core.js, readers.js) are there pointers.
 */

/** @typedef {{progress: (done: number, total: number) => void}} Hooks  passes through the network */

/**
 * A table of numbers, as far as its file tells, or a drawing of which the scale is asked; asks: what it does not say, and why it was not read; first: its first
 * rows, null where there is nothing.
 * @typedef {{asks: {rate: boolean, unit: boolean, names: boolean}, drawing: boolean, columns: number, rows: number, rate: number | null,
 *   named: {name: string, units: string, role: "signal" | "time" | "index" | "out"}[], first: (number | null)[][]}} Table
 */

/** An error that the core explains: code is a stable name, message a sentence for a person. */
export class CoreError extends Error {
  /** @param {string} code @param {string} message @param {Table | null} [table]  where the file is one */
  constructor(code, message, table = null) {
    super(message);
    this.name = "CoreError";
    this.code = code;
    this.table = table;
  }
}

/** @param {WebAssembly.Module} module @param {Hooks} [hooks] @returns {Promise<any>} its exports */
export async function instantiate(module, hooks) {
  const { exports } = await WebAssembly.instantiate(module, imports(module, hooks));
  const wasm = /** @type {any} */ (exports);
  wasm._initialize?.();
  return wasm;
}

/**
 * The C library's idea of an operating system. The core computes only: it has no files, no clock
 * and no output, so every call is refused (52: "not supported") except leaving, which is an error.
 * What it asks of the page is to be told how far a long work has come.
 * @param {WebAssembly.Module} module @param {Hooks} [hooks]
 */
function imports(module, hooks) {
  /** @type {Record<string, Record<string, Function>>} */
  const out = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    out[from] ??= {};
    out[from][name] = (/** @type {number} */ code, /** @type {number} */ total) => {
      if (name === "xp_wasm_progress") return hooks?.progress(code, total);
      if (name === "emscripten_notify_memory_growth") return undefined;
      if (name === "proc_exit" || name === "abort") throw new Error(`The core stopped (${code}).`);
      return 52;
    };
  }
  return /** @type {WebAssembly.Imports} */ (out);
}

export class Boundary {
  /** @param {any} wasm  a module's exports, xp_wasm_alloc and xp_wasm_free among them */
  constructor(wasm) {
    this.wasm = wasm;
  }

  /** Bytes of memory taken so far; it never shrinks, so this is the peak too. */
  get memoryBytes() {
    return this.wasm.memory.buffer.byteLength;
  }

  /** Where the module has bytes, until it is called again. @param {number} start @param {number} size */
  bytesAt(start, size) {
    return new Uint8Array(this.wasm.memory.buffer, start, size);
  }

  /** @param {number} start  of a text that ends with a 0 */
  textAt(start) {
    if (!start) throw new CoreError("MEMORY", "No memory for a text of the core.");
    const memory = new Uint8Array(this.wasm.memory.buffer);
    return new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start)));
  }

  /** @param {number} start  of a text that ends with a 0 @returns {any} what its JSON says */
  parse(start) {
    return JSON.parse(this.textAt(start));
  }

  /** @param {Uint8Array} bytes @returns {number} a pointer that the callee takes over */
  copyIn(bytes) {
    const pointer = this.wasm.xp_wasm_alloc(bytes.length);
    if (!pointer) throw new CoreError("MEMORY", `No memory for a file of ${bytes.length} bytes.`);
    this.bytesAt(pointer, bytes.length).set(bytes);
    return pointer;
  }

  /** @template T @param {string} text @param {(pointer: number) => T} use  pointer is valid inside only @returns {T} */
  withText(text, use) {
    const pointer = this.copyIn(new TextEncoder().encode(`${text}\0`));
    try {
      return use(pointer);
    } finally {
      this.wasm.xp_wasm_free(pointer);
    }
  }
}

/** The page's side of the worker: requests in order, answers as promises, cancel by terminating. */

import { openWorker, readersFile } from "../files/assets.js";
import { CoreError } from "../core/core.js";

/**
 * @typedef {import("../core/worker.js").Requests} Requests
 * @typedef {import("../core/worker.js").Answers} Answers
 * @typedef {(done: number, total: number) => void} OnProgress
 * @typedef {{resolve: (answer: any) => void, reject: (error: Error) => void, onProgress?: OnProgress}} Waiting
 */

/** What a request that was cancelled is rejected with. */
export class CancelledError extends Error {
  constructor() {
    super("cancelled");
    this.name = "CancelledError";
  }
}

export class Client {
  constructor() {
    this.nextId = 1;
    this.closed = false;
    /** @type {Map<number, Waiting>} */
    this.waiting = new Map();
    this.worker = this.open();
    /** @type {Worker | null} the one that has what reads files */
    this.equipped = null;
  }

  open() {
    const worker = openWorker();
    worker.onmessage = ({ data }) => this.settle(data);
    worker.onerror = (event) => this.fail(new Error(event.message || "the worker did not start"));
    return worker;
  }

  /**
   * @template {keyof Requests} K
   * @param {K} kind @param {Requests[K]} request @param {Transferable[]} [transfer]
   * @param {OnProgress} [onProgress]
   * @returns {Promise<Answers[K]>}
   */
  ask(kind, request, transfer = [], onProgress) {
    if (this.closed) return Promise.reject(new CancelledError());
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.waiting.set(id, { resolve, reject, onProgress });
      this.worker.postMessage({ id, kind, request }, transfer);
    });
  }

  /** A request with files: what reads them goes ahead of the first. Its parameters are those of ask.
   * @template {keyof Requests} K
   * @param {K} kind @param {Requests[K]} request @param {Transferable[]} [transfer]
   * @param {OnProgress} [onProgress]
   * @returns {Promise<Answers[K]>}
   */
  async askOfFiles(kind, request, transfer = [], onProgress) {
    await this.equip();
    return this.ask(kind, request, transfer, onProgress);
  }

  /** Hand the worker what reads files, so that it is compiled before there are any. */
  async equip() {
    const { worker } = this;
    const module = await readersFile();
    if (worker !== this.worker) throw new CancelledError();
    if (this.equipped === worker) return;
    this.equipped = worker;
    this.ask("readers", { module }).catch(() => {}); // a request with files tells it
  }

  /** Stop whatever runs, at once. The worker is a new one afterwards: start it again. */
  cancel() {
    this.worker.terminate();
    this.fail(new CancelledError());
    this.worker = this.open();
  }

  /** Stop for good. */
  close() {
    this.closed = true;
    this.worker.terminate();
    this.fail(new CancelledError());
  }

  /** @param {{id: number, answer?: any, error?: {code: string, text: string, table: import("../core/wasm.js").Table | null},
   *   progress?: {done: number, total: number}}} message */
  settle({ id, answer, error, progress }) {
    const waiting = this.waiting.get(id);
    if (progress) return waiting?.onProgress?.(progress.done, progress.total);
    this.waiting.delete(id);
    if (error?.code === "STALE") waiting?.reject(new CancelledError());
    else if (error) waiting?.reject(new CoreError(error.code, error.text, error.table));
    else waiting?.resolve(answer);
  }

  /** @param {Error} error */
  fail(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

/** The page's side of the worker: requests in order, answers as promises, cancel by terminating. */

import { openWorker } from "./assets.js";
import { CoreError } from "./core.js";

/**
 * @typedef {import("./worker.js").Requests} Requests
 * @typedef {import("./worker.js").Answers} Answers
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

  /** @param {{id: number, answer?: any, error?: {code: string, text: string},
   *   progress?: {done: number, total: number}}} message */
  settle({ id, answer, error, progress }) {
    const waiting = this.waiting.get(id);
    if (progress) return waiting?.onProgress?.(progress.done, progress.total);
    this.waiting.delete(id);
    if (error?.code === "STALE") waiting?.reject(new CancelledError());
    else if (error) waiting?.reject(new CoreError(error.code, error.text));
    else waiting?.resolve(answer);
  }

  /** @param {Error} error */
  fail(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

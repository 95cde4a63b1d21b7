/** Owns the core; the page talks to it through client.js. One request at a time, in order. */

import { CoreError, startCore } from "./core.js";

/**
 * @typedef {{name: string, bytes: ArrayBuffer}} NamedFile
 * @typedef {{start: {files: import("./core.js").CoreFiles},
 *   model: {bytes: ArrayBuffer, layer?: string},
 *   record: {name: string, files: NamedFile[]},
 *   analyse: {acceptAmplitude?: boolean}}} Requests
 * @typedef {{start: import("./core.js").About, model: import("./core.js").ModelInfo,
 *   record: import("./core.js").EcgRecord, analyse: import("./core.js").Analysis}} Answers
 */

/** @type {import("./core.js").Core | null} */
let core = null;

function running() {
  if (!core) throw new Error("the worker got a request before it was started");
  return core;
}

const handlers = {
  /** @param {Requests["start"]} request */
  async start({ files }) {
    core = await startCore(files);
    return core.about();
  },

  /** @param {Requests["model"]} request */
  model({ bytes, layer }) {
    return running().loadModel(new Uint8Array(bytes), layer);
  },

  /** @param {Requests["record"]} request */
  record({ name, files }) {
    const c = running();
    c.forgetFiles();
    for (const file of files) c.addFile(file.name, new Uint8Array(file.bytes));
    try {
      return c.openRecord(name);
    } finally {
      c.forgetFiles();
    }
  },

  /** @param {Requests["analyse"]} request */
  analyse(request) {
    return running().analyse(request);
  },
};

/** Buffers of an answer, to be handed over rather than copied. @param {any} answer */
function buffers(answer) {
  return [...(answer.mv ?? []), ...(answer.probabilities ?? []), ...(answer.maps ?? [])].map(
    (array) => array.buffer,
  );
}

/** @param {MessageEvent<{id: number, kind: keyof Requests, request: any}>} event */
self.onmessage = async ({ data: { id, kind, request } }) => {
  try {
    const answer = await handlers[kind](request);
    self.postMessage({ id, answer }, { transfer: buffers(answer) });
  } catch (error) {
    const code = error instanceof CoreError ? error.code : "INTERNAL";
    const text = error instanceof Error ? error.message : String(error);
    self.postMessage({ id, error: { code, text } });
  }
};

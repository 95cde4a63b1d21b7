// Node 18 has DecompressionStream, but not its format "deflate-raw", which every browser of today and
// later Nodes have. Imported for its effect, before what unpacks zips.

import { Duplex } from "node:stream";
import { createGunzip, createInflate, createInflateRaw } from "node:zlib";

const MAKERS = { gzip: createGunzip, deflate: createInflate, "deflate-raw": createInflateRaw };

try {
  new DecompressionStream("deflate-raw");
} catch {
  /** @type {any} */ (globalThis).DecompressionStream = class {
    /** @param {"gzip" | "deflate" | "deflate-raw"} format */
    constructor(format) {
      const { readable, writable } = /** @type {any} */ (Duplex).toWeb(MAKERS[format]());
      Object.assign(this, { readable, writable });
    }
  };
}

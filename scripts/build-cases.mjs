// Writes the case set that comes with the page as an archive: node scripts/build-cases.mjs FOLDER FILE
// FOLDER: web, with the set in cases/ and recordings in cases/records/ or samples/, where those are that it shares with the page.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { zipFiles } from "../web/teach/cases_pack.js";
import { zipOf } from "../web/files/zip_write.js";

/** @param {string} folder @returns {Uint8Array} */
export function shippedSet(folder) {
  const text = readFileSync(join(folder, "cases/cases.json"), "utf8");
  /** @type {{cases: {sha256: Record<string, string>}[]}} */
  const { cases } = JSON.parse(text);
  const names = [...new Set(cases.flatMap((one) => Object.keys(one.sha256)))];
  const files = names.map((name) => ({ name, bytes: new Uint8Array(readFileSync(placeOf(folder, name))) }));
  const packed = zipFiles(text, files).map((file) => ({ ...file, packed: deflateRawSync(file.bytes, { level: 9 }) }));
  return zipOf(packed);
}

/** @param {string} folder @param {string} name  as the set has it */
function placeOf(folder, name) {
  const own = join(folder, "cases", name);
  return existsSync(own) ? own : join(folder, name.replace(/^records\//, "samples/"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, file] = process.argv.slice(2);
  if (!file) {
    console.error("usage: node scripts/build-cases.mjs FOLDER FILE");
    process.exit(2);
  }
  const bytes = shippedSet(folder);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  console.log(`${file}: ${(bytes.length / 1e6).toFixed(2)} MB`);
}

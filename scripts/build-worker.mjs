// Writes FOLDER/sw.js: web/sw.js with the list of the folder's files and a version made from their
// contents. node scripts/build-worker.mjs FOLDER [--off]
// --off: a worker that removes itself and its caches, for a site that wants none any more.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), "../web/sw.js");
/** Not needed to run. */
const LEFT_OUT = /^sw\.js$|\.md$|\.d\.ts$|^ecg-xplaim\.html$|^SHA256SUMS$/;

/** @param {string | Uint8Array} data */
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** Paths of all files below a folder, sorted. @param {string} folder @returns {string[]} */
export function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: false })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

/** @param {string} folder @param {{off?: boolean}} [options] @returns {string} the version */
export function buildWorker(folder, { off = false } = {}) {
  const paths = filesBelow(folder).map((path) => relative(folder, path).split(sep).join("/"));
  const kept = off ? [] : paths.filter((path) => !LEFT_OUT.test(path));
  const files = kept.map((path) => [path, sha256(readFileSync(join(folder, path)))]);
  const source = readFileSync(SOURCE, "utf8");
  const version = sha256(JSON.stringify(files) + source).slice(0, 16);
  const build = JSON.stringify({ version, files });
  writeFileSync(join(folder, "sw.js"), `self.BUILD = ${build};\n${source}`);
  return version;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, option] = process.argv.slice(2);
  if (!folder) {
    console.error("usage: node scripts/build-worker.mjs FOLDER [--off]");
    process.exit(2);
  }
  console.log(`version ${buildWorker(folder, { off: option === "--off" })}`);
}

// Makes a built page's scripts and the element's style of those in web: node scripts/build-scripts.mjs WEB FOLDER
//
// A module a file would be a hundred requests, each known only once another has come. esbuild (the bundler that also makes
// the page one file; small, quick, and it keeps what is begun late apart) makes a few scripts of them. What others name
// keeps its place: main.js, element.js, offline.js, core/worker.js, element.css; the rest lies in parts/, named by content.
// index.html, which lies in FOLDER already, asks for all that main.js imports at once.

import { readFileSync, writeFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const ENTRIES = ["main.js", "element.js", "offline.js", "core/worker.js", "element.css"];
const PARTS = "parts";
/** Its addresses are relative to a folder below the page's. */
const IN_A_FOLDER = "files/assets.js";
const PRELOAD = '<link rel="modulepreload" href="element.js" />';

/** @typedef {import("esbuild").Metafile["outputs"]} Outputs  by path, from the folder */

/** The scripts that one imports at its start, and those that they import. @param {Outputs} outputs @param {string} entry
 * @param {Set<string>} [found] */
function importedBy(outputs, entry, found = new Set()) {
  for (const { path, kind } of outputs[entry].imports)
    if (kind === "import-statement" && !found.has(path)) importedBy(outputs, path, found.add(path));
  return found;
}

/** @param {string} web @param {string} folder */
export function buildScripts(web, folder) {
  const { metafile } = buildSync({
    absWorkingDir: resolve(folder),
    entryPoints: ENTRIES.map((name) => resolve(web, name)),
    outbase: resolve(web),
    outdir: ".",
    chunkNames: `${PARTS}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "esnext",
    charset: "utf8",
    minifyWhitespace: true, // names stay, so that an error tells where it was
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    tsconfigRaw: "{}",
  });
  const { outputs } = metafile;
  for (const [path, { inputs }] of Object.entries(outputs))
    if (Object.keys(inputs).some((input) => input.endsWith(IN_A_FOLDER)) && posix.dirname(path) !== PARTS)
      throw new Error(`${path} holds ${IN_A_FOLDER}, whose addresses are relative to ${PARTS}`);
  const index = join(folder, "index.html");
  const html = readFileSync(index, "utf8");
  if (!html.includes(PRELOAD)) throw new Error(`index.html lacks ${PRELOAD}`);
  const links = [...importedBy(outputs, "main.js")].map((path) => `<link rel="modulepreload" href="${path}" />`);
  writeFileSync(index, html.replace(PRELOAD, links.join("\n    ")));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [web, folder] = process.argv.slice(2);
  if (!folder) {
    console.error("usage: node scripts/build-scripts.mjs WEB FOLDER");
    process.exit(2);
  }
  buildScripts(web, folder);
}

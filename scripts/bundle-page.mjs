// Makes one HTML file of a built page, with everything inside, that runs from file:// and can ask no
// network: node scripts/bundle-page.mjs FOLDER FILE
// Where FILE lies in FOLDER, the page's help points to it.
//
// esbuild makes one script of the page's modules and one of each worker; `fetch` and `Worker` look into
// the file there (scripts/inside.js says how). What is put inside, and the policy that lets nothing out,
// is done here.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { buildWorker, filesBelow } from "./build-worker.mjs";

const INSIDE = join(dirname(fileURLToPath(import.meta.url)), "inside.js");
/** Addresses inside the file begin so; no browser would ask for one. */
const BASE = "inside:/";
/** Not in the file: what only a site has, and what is put in another way. */
const NOT_DATA = /\.(js|html|css|md|d\.ts|webmanifest|png|svg)$|^SHA256SUMS$/;
const NOT_IN_A_FILE = new Set(["offline.js"]);

/** The modules that the page starts as workers. */
const WORKERS = ["core/worker.js"];

/** The page's own element, and what it says of the page as one file. */
const SINGLE = /<ecg-xplaim( single="[^"]*")?/;

/**
 * Modules of the page and all that they import, as one script.
 * @param {string} folder @param {string[]} entries
 * @param {import("esbuild").BuildOptions} [options]
 */
function bundle(folder, entries, options = {}) {
  const contents = entries.map((name) => `import ${JSON.stringify(`./${name}`)};`).join("\n");
  const { outputFiles } = buildSync({
    absWorkingDir: resolve(folder),
    stdin: { contents, resolveDir: resolve(folder) },
    bundle: true,
    write: false,
    format: "iife",
    target: "esnext",
    charset: "utf8",
    minifyWhitespace: true, // also takes out the comments, which name paths of this machine
    legalComments: "none",
    logLevel: "silent",
    tsconfigRaw: "{}", // not that of a folder above, which not every copy of the page has
    ...options,
    define: { "import.meta.url": JSON.stringify(`${BASE}page.js`), ...options.define },
  });
  const { text } = /** @type {import("esbuild").OutputFile[]} */ (outputFiles)[0];
  // A module that is begun late is named by its way from the folder, which differs from machine to machine.
  return text.replaceAll(`"${relative(resolve(folder), INSIDE).replaceAll("\\", "/")}"`, '"inside.js"');
}

/** A script's text, safe inside its element: "<" and "\\x3c" are the same in its strings. */
const inElement = (/** @type {string} */ text) => text.replace(/<(?=\/script|!--)/gi, "\\x3c");
/** @param {string} text */
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The page's script, with the texts of its workers in it. */
function pageScript(/** @type {string} */ folder, /** @type {string[]} */ entries) {
  const texts = Object.fromEntries(WORKERS.map((name) => [name, bundle(folder, [name])]));
  return inElement(
    bundle(folder, entries, {
      inject: [INSIDE],
      define: { INSIDE_BASE: JSON.stringify(BASE), INSIDE_WORKERS: JSON.stringify(JSON.stringify(texts)) },
    }),
  );
}

/** One file of the page as an element that no browser runs. */
function dataElement(/** @type {string} */ name, /** @type {Uint8Array} */ bytes) {
  const text = gzipSync(bytes, { level: 9 }).toString("base64");
  return `<script type="text/plain" data-inside="${name}" data-bytes="${bytes.length}">${text}</script>\n`;
}

/** @param {string} folder */
function dataElements(folder, /** @type {string} */ code) {
  return filesBelow(folder)
    .map((path) => ({ path, name: relative(folder, path).split(sep).join("/") }))
    .filter(({ name }) => !NOT_DATA.test(name) || (name.endsWith(".css") && code.includes(`"${name}"`)))
    .map(({ path, name }) => dataElement(name, readFileSync(path)))
    .join("");
}

/** @param {string} folder @returns {string} the page */
export function bundlePage(folder) {
  let html = readFileSync(join(folder, "index.html"), "utf8");
  /** @type {string[]} */ const entries = [];
  /** @type {string[]} */ const styles = [];
  html = html
    .replace(SINGLE, "<ecg-xplaim")
    .replace(/<script type="module" src="([^"]+)"><\/script>\s*/g, (_, name) => {
      if (!NOT_IN_A_FILE.has(name)) entries.push(name);
      return "";
    })
    .replace(/<link rel="stylesheet" href="([^"]+)"[^>]*>/g, (_, name) => {
      const style = `\n${readFileSync(join(folder, name), "utf8")}`;
      styles.push(style);
      return `<style>${style}</style>`;
    })
    .replace(/<link rel="icon" href="([^"]+)"[^>]*>/, (_, name) => {
      const icon = existsSync(join(folder, name)) ? readFileSync(join(folder, name)).toString("base64") : "";
      return `<link rel="icon" href="data:image/svg+xml;base64,${icon}" />`;
    })
    .replace(/<link\s+rel="(modulepreload|preload|manifest|apple-touch-icon)"[^>]*>\s*/g, "");
  const script = pageScript(folder, entries);
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    "worker-src blob:",
    "connect-src 'none'",
    `style-src ${styles.map(hash).join(" ") || "'none'"}`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  html = html.replace(/(http-equiv="Content-Security-Policy"\s+content=")[^"]*"/, (_, start) => `${start}${policy}"`);
  const outside = html.match(/\s(?:src|href)="(?!data:|#|https:|mailto:|\?)[^"]*"/);
  if (outside) throw new Error(`index.html refers to another file in a way bundle-page does not know:${outside[0]}`);
  const end = html.lastIndexOf("</body>");
  // The page makes packages of itself, of its own source: its scripts have changed what the browser made of that.
  const data = dataElement("page.html", Buffer.from(html)) + dataElements(folder, script);
  return `${html.slice(0, end)}${data}<script>${script}</script>\n${html.slice(end)}`;
}

/** The site's help points to the file beside it. @param {string} folder @param {string} name */
function pointTo(folder, name) {
  const path = join(folder, "index.html");
  writeFileSync(path, readFileSync(path, "utf8").replace(SINGLE, `<ecg-xplaim single="${name}"`));
  buildWorker(folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, file] = process.argv.slice(2);
  if (!file) {
    console.error("usage: node scripts/bundle-page.mjs FOLDER FILE");
    process.exit(2);
  }
  try {
    const html = bundlePage(folder);
    writeFileSync(file, html);
    if (dirname(resolve(file)) === resolve(folder)) pointTo(folder, basename(file));
    console.log(`${file}: ${(html.length / 1e6).toFixed(1)} MB`);
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

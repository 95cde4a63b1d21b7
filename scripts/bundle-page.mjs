// Makes one HTML file of a built page, with everything inside, that runs from file:// and can ask no
// network: node scripts/bundle-page.mjs FOLDER FILE
// Where FILE lies in FOLDER, the page's help points to it.
//
// The modules are the page's own. Each becomes a function that returns its exports, in the order
// of their imports; inside them `fetch` and `Worker` look into the file (scripts/inside.js says how).
// Understood are the forms the page uses: import { a, b as c } from "./x.js", import "./x.js", and
// export before a declaration or as a list. Anything else stops the build.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { gzipSync } from "node:zlib";
import { buildWorker, filesBelow } from "./build-worker.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
/** Addresses inside the file begin so; no browser would ask for one. */
const BASE = "inside:/";
/** Not in the file: what only a site has, and what is put in another way. */
const NOT_DATA = /\.(js|html|css|md|d\.ts|webmanifest|png|svg)$|^SHA256SUMS$/;
const NOT_IN_A_FILE = new Set(["offline.js"]);

const IMPORT = /^import\s+(?:\{([^}]*)\}\s*from\s*)?"\.\/([\w.-]+\.js)";?[ \t]*$/gm;
const EXPORT = /^export\s+((?:async\s+)?function\s*\*?|class|const|let)\s+([\w$]+)/gm;
const EXPORT_LIST = /^export\s*\{([^}]*)\};?[ \t]*$/gm;
const WORKER = /new URL\("([\w.-]+\.js)",\s*import\.meta\.url\)/g;

/** The page's own element, and what it says of the page as one file. */
const SINGLE = /<ecg-xplaim( single="[^"]*")?/;

/** @param {string} name */
const variable = (name) => `$${name.replace(/\.js$/, "").replace(/\W/g, "_")}`;
/** "a, b as c" to pairs. @param {string} list @returns {string[][]} */
const names = (list) =>
  list.split(",").map((item) => item.trim().split(/\s+as\s+/)).filter(([name]) => name);

/** One module's imports, exports and body. @param {string} folder @param {string} name */
function readModule(folder, name) {
  const source = readFileSync(join(folder, name), "utf8");
  /** @type {string[]} */ const needs = [];
  /** @type {string[]} */ const exports = [];
  const workers = [...source.matchAll(WORKER)].map((match) => match[1]).filter((file) => file !== "sw.js");
  const body = source
    .replace(IMPORT, (_, list, from) => {
      needs.push(from);
      const taken = names(list ?? "").map(([a, b]) => (b ? `${a}: ${b}` : a));
      return list ? `const { ${taken.join(", ")} } = ${variable(from)};` : "";
    })
    .replace(EXPORT, (_, kind, exported) => {
      exports.push(exported);
      return `${kind} ${exported}`;
    })
    .replace(EXPORT_LIST, (_, list) => {
      exports.push(...names(list).map(([a, b]) => (b ? `${b}: ${a}` : a)));
      return "";
    })
    .replaceAll("import.meta.url", JSON.stringify(BASE + name));
  const code = `const ${variable(name)} = (() => {\n${body}\nreturn { ${exports.join(", ")} };\n})();\n`;
  checkSyntax(name, code);
  return { needs, workers, code };
}

/** What the patterns above did not understand is no syntax of a plain script. */
function checkSyntax(/** @type {string} */ name, /** @type {string} */ code) {
  try {
    new Script(`(() => { ${code} })`, { filename: name });
  } catch (error) {
    throw new Error(`${name} uses a form of import or export that bundle-page does not know: ${error}`);
  }
}

/**
 * Modules and all they need, each once, needed ones first; and the workers they start.
 * @param {string} folder @param {string[]} entries
 */
function bundle(folder, entries) {
  /** @type {Map<string, string>} */ const done = new Map();
  /** @type {Set<string>} */ const workers = new Set();
  const add = (/** @type {string} */ name, /** @type {string[]} */ path) => {
    if (done.has(name)) return;
    if (path.includes(name)) throw new Error(`modules import each other: ${[...path, name].join(", ")}`);
    const module = readModule(folder, name);
    for (const other of module.needs) add(other, [...path, name]);
    for (const worker of module.workers) workers.add(worker);
    done.set(name, module.code);
  };
  for (const entry of entries) add(entry, []);
  return { code: [...done.values()].join(""), workers: [...workers] };
}

/** A script's text, safe inside its element: "<" and "\\x3c" are the same in its strings. */
const inElement = (/** @type {string} */ text) => text.replace(/<(?=\/script|!--)/gi, "\\x3c");
/** @param {string} text */
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The page's script: the data's reader, then the modules. */
function pageScript(/** @type {string} */ folder, /** @type {string[]} */ entries) {
  const { code, workers } = bundle(folder, entries);
  const texts = Object.fromEntries(
    workers.map((name) => [name, `"use strict";\n${bundle(folder, [name]).code}`]),
  );
  const reader = readFileSync(join(HERE, "inside.js"), "utf8");
  return inElement(`"use strict";
(() => {
const BASE = ${JSON.stringify(BASE)};
const WORKERS = ${JSON.stringify(texts)};
${reader}
${code}})();
`);
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
  const data = dataElements(folder, script);
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

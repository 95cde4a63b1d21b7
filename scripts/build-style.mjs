// One style sheet of those that it imports, in their order: node scripts/build-style.mjs FILE.css >OUT.css
// (A constructed sheet, which the element has, may import none.)

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const IMPORT = /^@import "([^"]+)";\n?/gm;

/** @param {string} path @returns {string} */
export function styleText(path) {
  const own = readFileSync(path, "utf8");
  const parts = [...own.matchAll(IMPORT)].map(([, name]) => styleText(join(dirname(path), name)));
  return parts.length ? parts.join("\n") : own;
}

if (resolve(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) {
  const [path] = process.argv.slice(2);
  if (!path) {
    console.error("usage: node scripts/build-style.mjs FILE.css >OUT.css");
    process.exit(2);
  }
  process.stdout.write(styleText(path));
}

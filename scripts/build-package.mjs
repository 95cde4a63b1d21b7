// Makes the npm module of a built page: node scripts/build-package.mjs PAGE FOLDER VERSION
// web/package, the page's modules that it imports, the WebAssembly modules and the model.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Of WebAssembly the core only: the module makes no pictures. */
const FROM_PAGE = /^(core|digest|report)\.js$|^modules\.json$|^model\.safetensors$|^xplaim-.*\.wasm$/;

/** @param {string} page @param {string} folder @param {string} version */
export function buildPackage(page, folder, version) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const own = join(ROOT, "web/package");
  for (const name of readdirSync(own)) copyFileSync(join(own, name), join(folder, name));
  for (const name of readdirSync(page))
    if (FROM_PAGE.test(name)) copyFileSync(join(page, name), join(folder, name));
  copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  const path = join(folder, "package.json");
  const described = { ...JSON.parse(readFileSync(path, "utf8")), version };
  writeFileSync(path, `${JSON.stringify(described, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [page, folder, version] = process.argv.slice(2);
  if (!version) {
    console.error("usage: node scripts/build-package.mjs PAGE FOLDER VERSION");
    process.exit(2);
  }
  buildPackage(page, folder, version);
}

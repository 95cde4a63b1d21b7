// Makes the npm module of a built page: node scripts/build-package.mjs PAGE FOLDER
// web/package, the modules of web/core that it imports, the WebAssembly modules and the model of the page. Its version is
// CMake's, as is that of the WebAssembly modules.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
/** They import each other alone. */
const SCRIPTS = ["core", "core_constants", "readers", "report", "wasm"];
/** Of WebAssembly no picture.wasm: the module makes none. */
const DATA = /^modules\.json$|^model\.safetensors$|^(xplaim-.*|readers)\.wasm$/;

function projectVersion() {
  const [, version] = /^project\(.* VERSION ([0-9.]+)/m.exec(readFileSync(join(ROOT, "CMakeLists.txt"), "utf8")) ?? [];
  if (!version) throw new Error("CMakeLists.txt has no project(... VERSION x.y.z)");
  return version;
}

/** @param {string} page @param {string} folder */
export function buildPackage(page, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const own = join(ROOT, "web/package");
  for (const name of readdirSync(own)) copyFileSync(join(own, name), join(folder, name));
  for (const name of SCRIPTS) copyFileSync(join(ROOT, "web/core", `${name}.js`), join(folder, `${name}.js`));
  for (const name of readdirSync(page)) if (DATA.test(name)) copyFileSync(join(page, name), join(folder, name));
  copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  const path = join(folder, "package.json");
  const { name, ...described } = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, `${JSON.stringify({ name, version: projectVersion(), ...described }, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [page, folder] = process.argv.slice(2);
  if (!folder) {
    console.error("usage: node scripts/build-package.mjs PAGE FOLDER");
    process.exit(2);
  }
  buildPackage(page, folder);
}

// Benches the page's WebAssembly (analysis: preparing, forward pass, maps of all labels) against
// onnxruntime-web's forward pass alone: same weights, same record, one thread, one run.
//   tests/bench/run-onnxruntime-web [ROUNDS [MODEL]]     XP_NO_RELAXED=1: without relaxed SIMD

import { chromium } from "playwright-core";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-web";
import { startCore } from "../../web/core/core.js";
import { startReaders } from "../../web/core/readers.js";
import { describe, measure } from "./measure.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "../../web/dist");
const RELAXED = join(DIST, "xplaim-relaxed.wasm");
const [model, onnx, x, rounds] = process.argv.slice(2);

const paths = {
  ...(existsSync(RELAXED) && !process.env.XP_NO_RELAXED ? { relaxed: RELAXED } : {}),
  simd: join(DIST, "xplaim-simd.wasm"),
  scalar: join(DIST, "xplaim-scalar.wasm"),
  readers: join(DIST, "readers.wasm"),
  model,
  x,
  hea: join(DIST, "samples/00219_hr.hea"),
  dat: join(DIST, "samples/00219_hr.dat"),
  onnx,
};

async function inNode() {
  const files = Object.fromEntries(
    Object.entries(paths).map(([key, path]) => [key, new Uint8Array(readFileSync(path)).buffer]),
  );
  console.log(describe(await measure(ort, startCore, startReaders, files, Number(rounds)), `Node ${process.version}`));
}

async function inChromium() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
  if (!executablePath) return console.log("no Chromium on this machine");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  await page.route("**/*", (route) => answer(route));
  await page.goto("http://localhost/");
  const result = await page.evaluate(
    async ([names, n]) => {
      const ort = await import("/ort/ort.wasm.bundle.min.mjs");
      const { startCore } = await import("/web/core/core.js");
      const { startReaders } = await import("/web/core/readers.js");
      const { measure } = await import("/bench/measure.js");
      const files = {};
      for (const name of names) files[name] = await (await fetch(`/file/${name}`)).arrayBuffer();
      return measure(ort, startCore, startReaders, files, n);
    },
    [Object.keys(paths), Number(rounds)],
  );
  console.log(describe(result, `Chromium ${browser.version()}`));
  await browser.close();
}

const FOLDERS = {
  ort: join(HERE, "node_modules/onnxruntime-web/dist"),
  web: join(HERE, "../../web"),
  bench: HERE,
};
const TYPES = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };

function answer(route) {
  const [, folder, ...names] = new URL(route.request().url()).pathname.split("/");
  const name = names.join("/");
  if (!folder) return route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
  const path = folder === "file" ? paths[name] : FOLDERS[folder] && join(FOLDERS[folder], name);
  if (!path || !existsSync(path)) return route.fulfill({ status: 404, body: "" });
  const contentType = TYPES[path.split(".").pop()] ?? "application/octet-stream";
  return route.fulfill({ contentType, body: readFileSync(path) });
}

await inNode();
await inChromium();

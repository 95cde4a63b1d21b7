// Packages of case sets in Chromium: the page as one file knows its own source, so that what it packs is what the tool packs;
// a package plays from a disk, without a network, and is small.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { loadCasesCore } from "../../web/core/cases_core.js";
import { launch, skip } from "../support/chromium.mjs";
import { DIST, ROOT, scratch, XPLAIM } from "../support/native.mjs";
import { until } from "../support/wait.mjs";

/** Zipped, without the network, beside its records: TEACHING.md, T8. */
const MOST_BYTES = 1_000_000;
const single = join(scratch, "ecg-xplaim.html");
const RECORD = "records/a.csv";
const table = ["time (s),I (mV),II (mV)", ...Array.from({ length: 500 }, (_, i) => `${i / 100},${i % 80 ? 0 : 1},0`)];
const files = [{ name: RECORD, bytes: new TextEncoder().encode(`${table.join("\n")}\n`) }];
const set = JSON.stringify({
  format: "ecg-xplaim-cases",
  version: 1,
  id: "packed",
  title: "A packed set",
  settings: { lock: true },
  cases: [{ id: "a", record: RECORD, story: "A story.", tasks: [{ id: "say", type: "text", prompt: "What is it?" }] }],
});

let browser;

before(async () => {
  writeFileSync(single, bundlePage(DIST));
  mkdirSync(join(scratch, "set/records"), { recursive: true });
  writeFileSync(join(scratch, "set/cases.json"), set);
  writeFileSync(join(scratch, "set", RECORD), files[0].bytes);
  if (!skip) browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** What the tool makes of the set. @param {string} name @param {string[]} how */
function packed(name, ...how) {
  const out = join(scratch, name);
  execFileSync(XPLAIM, ["cases", "pack", join(scratch, "set"), "-o", out, "--page", single, ...how]);
  return out;
}

/** The page's own function, in the page. */
const sourceOf = (page) => {
  const code = readFileSync(join(ROOT, "web/base/page_source.js"), "utf8").replace("export async", "async");
  return page.evaluate(`(async () => {\n${code}\nreturn pageSource(document);\n})()`);
};

test("the page as one file knows its source, and packs what the tool packs", { skip }, async () => {
  const core = await loadCasesCore(readFileSync(join(DIST, "xplaim_cases.wasm")));
  const page = await browser.newPage();
  await page.goto(pathToFileURL(single).href);
  const source = await sourceOf(page);
  assert.ok(source === readFileSync(single, "utf8"), "the source is not the file");
  const html = readFileSync(packed("a.html", "--html"), "utf8");
  assert.ok(core.bundle(source, set, files) === html, "the page's package is not the tool's");
  const whole = readFileSync(packed("b.html", "--html", "--with-network"), "utf8");
  assert.ok(core.bundle(source, set, files, { network: true }) === whole, "nor is that with the network");
  await page.goto(pathToFileURL(join(scratch, "a.html")).href);
  assert.ok(core.bundle(await sourceOf(page), set, files) === html, "a package that is packed again is another");
  await page.close();
});

test("a package plays from a disk and asks for nothing", { skip }, async () => {
  const page = await browser.newPage();
  const asked = [];
  const failed = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => failed.push(error.message));
  const address = pathToFileURL(packed("c.html", "--html")).href;
  await page.goto(address);
  await until("the set is shown", () => page.evaluate(() => document.title.includes("A packed set")));
  await page.getByRole("heading", { name: "A packed set" }).first().waitFor();
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText("What is it?").waitFor();
  assert.deepEqual(failed, []);
  assert.deepEqual(
    asked.filter((url) => url !== address && !/^(blob|data):/.test(url)),
    [],
  );
  await page.close();
});

test("a package without the network is at most 1 MB", (t) => {
  const { size } = statSync(packed("d.zip", "--scorm12"));
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= MOST_BYTES, `${size} bytes`);
});

// How the page is opened, in Chromium: records by address, hosts that redirect, several copies on one
// site, a site that the native tool exported; and drops that hold one name twice.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { buildWorker } from "../../scripts/build-worker.mjs";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { serve } from "../../scripts/serve.mjs";
import { drop, launch, says, skip as noBrowser } from "../support/chromium.mjs";
import {
  DIST,
  explainNatively,
  file,
  recordFiles,
  ROOT,
  scratch,
  SHARED,
  unsummed,
  untrainedModel,
  XPLAIM,
} from "../support/native.mjs";
import * as inPage from "../support/page.mjs";
import { TEST_TIMEOUT, until } from "../support/wait.mjs";
import { zip } from "../support/zip.mjs";

const segments = join(SHARED, "fixtures/wfdb/multi-segment/041s");
const sample = join(ROOT, "web/samples/00219_hr");
/** @type {[string, Buffer][]} */
const sampleFiles = recordFiles(sample).files.map(({ name, path }) => [name, readFileSync(path)]);

let browser;
/** Servers that a failed test left open would keep this process alive. */
const closers = [];
const test = (name, options, work) => declare(name, { timeout: TEST_TIMEOUT, ...options }, work);

before(async () => {
  if (!noBrowser) browser = await launch();
});

after(async () => {
  await browser?.close();
  for (const close of closers) close();
  rmSync(scratch, { recursive: true, force: true });
});

/** @param {import("node:http").Server} server */
function opened(server) {
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  closers.push(close);
  return { close, address: `http://127.0.0.1:${server.address().port}/` };
}

/** A copy of the built page, in a folder of its own. */
function copy(name) {
  const folder = join(scratch, name);
  cpSync(DIST, folder, { recursive: true });
  return folder;
}

const newPage = async (context) => (context ?? (await browser.newContext())).newPage();

/** Visits until the page says that it is kept. */
async function visit(context, address) {
  const page = await newPage(context);
  await page.goto(address);
  await page.locator("#offline", { hasText: "Ready offline" }).waitFor();
  return page;
}

/** The page starts without its site. */
async function worksOffline(context, address) {
  await context.setOffline(true);
  const page = await newPage(context);
  await page.goto(address);
  await says(page, /^Ready/);
  return page;
}

const cacheNames = (page) => page.evaluate(() => caches.keys());

/* ---- by address ---- */

test(
  "a record of segments is opened by address",
  { skip: noBrowser || (existsSync(segments) ? false : "no fixtures") },
  async () => {
    const folder = copy("segments");
    cpSync(segments, join(folder, "records"), { recursive: true });
    const { address, close } = opened(await serve(folder, 0));
    const page = await newPage();
    await page.goto(`${address}?record=records/041s`);
    await page.locator("#record-name", { hasText: "041s" }).waitFor();
    const record = await page.locator("ecg-xplaim").evaluate(({ record: { samples, rate, leads }, row }) => ({
      seconds: samples / rate,
      leads: leads.filter((lead) => !lead.derived).map(({ name }) => name),
      type: row.type,
    }));
    const info = JSON.parse(execFileSync(XPLAIM, ["info", "--json", join(segments, "041s")], { encoding: "utf8" }));
    // III, I and a chest lead that says no more than V; what it records of pressures and breath is none.
    const names = info.signals.map(({ lead, name }) => lead ?? name).filter((name) => !/P$|PLETH|RESP/.test(name));
    assert.deepEqual(record, { seconds: info.frames / info.rate, leads: names, type: "WFDB 2 segments" });
    assert.doesNotMatch(await page.textContent("#status-text"), /missing|cannot be loaded/);
    await page.context().close();
    close();
  },
);

test("records of one name in two archives of one name are two", { skip: noBrowser }, async () => {
  const { address, close } = opened(await serve(copy("twice"), 0));
  const page = await newPage();
  await page.goto(address);
  await page.evaluate(inPage.install);
  await says(page, /^Ready/);
  const flat = sampleFiles.map(
    ([name, bytes]) =>
      /** @type {[string, Buffer]} */ ([
        name,
        name.endsWith(".dat")
          ? Buffer.alloc(bytes.length)
          : Buffer.from(unsummed(String(bytes)).replace(/^(\S+ 12 )500/, "$1250")),
      ]),
  );
  const archives = [sampleFiles, flat].map((files) =>
    file("records.zip", zip(files.map(([name, bytes]) => ({ name, bytes })))),
  );
  await drop(page, archives);
  await page.locator("#records tbody tr:nth-child(2)", { hasText: "Hz" }).waitFor({ state: "attached" });
  assert.deepEqual(await page.locator("#records tbody td.rate").allTextContents(), ["500 Hz", "250 Hz"]);
  await page.context().close();
  close();
});

/* ---- kept for use offline ---- */

/** A host that sends /index.html to /, as several do. */
async function redirecting(folder) {
  const inner = opened(await serve(folder, 0));
  const server = createServer(async (request, response) => {
    if (request.url === "/index.html") return response.writeHead(308, { Location: "/" }).end();
    const answer = await fetch(new URL(request.url, inner.address));
    response.writeHead(answer.status, {
      "Content-Type": answer.headers.get("Content-Type"),
      "Content-Security-Policy": answer.headers.get("Content-Security-Policy") ?? "",
      "Cache-Control": "no-cache",
    });
    return response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  return opened(server);
}

test("a host that redirects index.html: the page opens again, also without it", { skip: noBrowser }, async () => {
  const { address, close } = await redirecting(copy("redirecting"));
  const context = await browser.newContext();
  await visit(context, address);
  const again = await newPage(context);
  await again.goto(`${address}?layout=12x1`);
  await says(again, /^Ready/);
  close();
  await worksOffline(context, address);
  await context.close();
});

test("two copies on one site leave each other alone", { skip: noBrowser }, async () => {
  const folder = copy("two");
  cpSync(DIST, join(folder, "sub"), { recursive: true });
  const style = join(folder, "sub/style.css");
  writeFileSync(style, `${readFileSync(style, "utf8")}\n/* another copy */`);
  buildWorker(join(folder, "sub"));
  cpSync(DIST, join(folder, "gone"), { recursive: true });
  const server = await serve(folder, 0);
  const { address, close } = opened(server);
  const context = await browser.newContext();
  await visit(context, `${address}sub/`);
  await visit(context, `${address}gone/`);
  const root = await visit(context, address);
  const folders = async () => (await cacheNames(root)).map((name) => name.split(" ")[1]).sort();
  assert.deepEqual(await folders(), ["/", "/gone/", "/sub/"]);
  // One is taken back: the others stay.
  buildWorker(join(folder, "gone"), { off: true });
  await (await newPage(context)).goto(`${address}gone/`);
  await until("the copy to be gone", async () => !(await folders()).includes("/gone/"));
  assert.deepEqual(await folders(), ["/", "/sub/"]);
  close();
  for (const path of ["sub/", ""]) await worksOffline(context, address + path);
  await context.close();
});

test("a site that was exported with another model works offline, with that model", { skip: noBrowser }, async () => {
  const page = copy("released");
  writeFileSync(join(page, "ecg-xplaim.html"), bundlePage(page));
  writeFileSync(
    join(page, "index.html"),
    readFileSync(join(page, "index.html"), "utf8").replace("<ecg-xplaim", '<ecg-xplaim single="ecg-xplaim.html"'),
  );
  buildWorker(page);
  const model = untrainedModel();
  const site = join(scratch, "site");
  execFileSync(XPLAIM, ["export", "-m", model, "--format", "web", "--page", page, "-o", site], { stdio: "pipe" });
  assert.ok(!existsSync(join(site, "ecg-xplaim.html")), "the page as one file holds the other model");
  const written = readFileSync(join(site, "sw.js"), "utf8");
  buildWorker(site);
  assert.equal(written, readFileSync(join(site, "sw.js"), "utf8"), "the list that build-worker.mjs makes");

  const { address, close } = opened(await serve(site, 0));
  const context = await browser.newContext();
  const first = await visit(context, address);
  assert.equal(await first.locator("#single-file").isHidden(), true);
  close();
  const offline = await worksOffline(context, address);
  await offline.evaluate(inPage.install);
  await offline.evaluate(inPage.openSample);
  await says(offline, /^Analysed/);
  assert.equal(await offline.locator("#untrained").isVisible(), true);
  const [native] = explainNatively(model, [sample]);
  for (const { name, probability } of await offline.evaluate(inPage.shown))
    assert.ok(Math.abs(probability - native.labels.find((l) => l.name === name).probability) <= 1e-5, name);
  await context.close();
});

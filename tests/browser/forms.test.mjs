// The page's forms in Chromium: offline after one visit, updates that are offered and not forced, the
// single file from file://, the npm module in a browser, the embedded page; axe-core on every view.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { buildWorker } from "../../scripts/build-worker.mjs";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { serve } from "../../scripts/serve.mjs";
import { sameNumbers } from "../support/agree.mjs";
import { accessible, analysed, drawn, drop, launch, says, skip } from "../support/chromium.mjs";
import {
  copies,
  DIST,
  explainNatively,
  file,
  load,
  longRecord,
  ROOT,
  scratch,
  untrainedModel,
  withoutChestLeads,
} from "../support/native.mjs";
import { comparable, packageFolder, sameReport } from "../support/package.mjs";
import * as inPage from "../support/page.mjs";
import { TEST_TIMEOUT, until } from "../support/wait.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const model = join(DIST, "model.safetensors");
const single = join(scratch, "ecg-xplaim.html");
const files = load(sample);

let browser, native;
/** Servers that a failed test left open would keep this process alive. */
const closers = [];

before(async () => {
  [native] = explainNatively(model, [sample]);
  writeFileSync(single, bundlePage(DIST));
  if (!skip) browser = await launch();
});

after(async () => {
  await browser?.close();
  for (const close of closers) close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A copy of the site in a folder of its own, served; what is asked of it is kept. */
async function site(name) {
  const folder = join(scratch, name);
  cpSync(DIST, folder, { recursive: true });
  const server = await serve(folder, 0);
  const asked = [];
  server.on("request", ({ url }) => asked.push(url));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  closers.push(close);
  return { folder, asked, close, address: `http://127.0.0.1:${server.address().port}/` };
}

const WINDOW = { width: 1280, height: 1000 };
const context = (options = {}) => browser.newContext({ viewport: WINDOW, ...options });

/** As until(), of a page that may be loaded anew meanwhile. */
const waitFor = (what, look) =>
  until(what, () =>
    look().catch((error) => {
      if (/context was destroyed|navigat/i.test(String(error))) return null;
      throw error;
    }),
  );

async function visit(opened, address) {
  const page = await opened.newPage();
  await page.goto(address);
  await page.evaluate(inPage.install);
  await waitFor("the page to be ready", () => page.evaluate(inPage.isReady));
  return page;
}

const offlineLine = (page, text) => page.locator("#offline", { hasText: text }).waitFor();
const cacheNames = (page) => page.evaluate(() => caches.keys());
const registrations = (page) => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);

async function analysesSample(page) {
  await drop(page, files);
  sameNumbers(await waitFor("the analysis", () => page.evaluate(inPage.shown)), native);
}

/** Another language is there, wherever the page is. */
async function speaks(page, code) {
  await page.locator("ecg-xplaim").evaluate((element, lang) => (element.lang = lang), code);
  await page.locator(`#app[lang=${code}]`).waitFor();
}

/* ---- offline ---- */

test("after one visit the site works without it", { skip }, async () => {
  const { address, close } = await site("offline");
  const opened = await context();
  await offlineLine(await visit(opened, address), "Ready offline");
  close();
  await opened.setOffline(true);
  const page = await visit(opened, `${address}?layout=12x1`);
  await analysesSample(page);
  await page.evaluate(inPage.openSample);
  sameNumbers(await waitFor("the sample", () => page.evaluate(inPage.shown)), native);
  await speaks(page, "fr");
  await opened.close();
});

test("a newer version is offered, loaded when asked for, and fetches only what changed", { skip }, async () => {
  const { folder, address, asked, close } = await site("update");
  const opened = await context();
  let page = await visit(opened, address);
  await offlineLine(page, "Ready offline");
  const [old] = await cacheNames(page);
  const style = join(folder, "style.css");
  writeFileSync(style, `${readFileSync(style, "utf8")}\n:root { --form-test: newer; }\n`);
  buildWorker(folder);

  asked.length = 0;
  page = await visit(opened, address);
  await offlineLine(page, "A newer version");
  const marked = () => getComputedStyle(document.documentElement).getPropertyValue("--form-test").trim();
  assert.equal(await page.evaluate(marked), "", "the old version runs until it is asked to go");
  assert.deepEqual(
    asked.filter((url) => !url.startsWith("/sw.js")),
    ["/style.css"],
  );
  await analysesSample(page);

  await page.click("#update");
  await waitFor("the newer version", async () => (await page.evaluate(marked)) === "newer");
  await waitFor("the old cache to go", async () => {
    const names = await cacheNames(page);
    return names.length === 1 && names[0] !== old;
  });
  await opened.close();
  close();
});

test("a site in the middle of an upload is not kept", { skip }, async () => {
  const { folder, address, close } = await site("mixed");
  writeFileSync(join(folder, "style.css"), "/* of another version */");
  const opened = await context();
  const page = await visit(opened, address);
  await waitFor("the worker to give up", async () => (await registrations(page)) === 0);
  assert.deepEqual(await cacheNames(page), []);
  await analysesSample(page);
  await opened.close();
  close();
});

test("the worker can be taken back", { skip }, async () => {
  const { folder, address, close } = await site("retired");
  const opened = await context();
  await offlineLine(await visit(opened, address), "Ready offline");
  buildWorker(folder, { off: true });
  const page = await visit(opened, address);
  await waitFor(
    "no worker and no cache",
    async () => (await registrations(page)) === 0 && (await cacheNames(page)).length === 0,
  );
  await opened.close();
  close();
});

test("it can be installed: the manifest and its icons are there", { skip }, async () => {
  const manifest = JSON.parse(readFileSync(join(DIST, "manifest.webmanifest"), "utf8"));
  for (const { src, sizes, type } of manifest.icons) {
    const icon = readFileSync(join(DIST, src));
    if (type === "image/png") assert.equal(`${icon.readUInt32BE(16)}x${icon.readUInt32BE(20)}`, sizes);
  }
  const { address, close } = await site("manifest");
  const opened = await context();
  const page = await visit(opened, address);
  const session = await opened.newCDPSession(page);
  const { errors, data } = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  assert.equal(JSON.parse(data).name, "ECG-XPLAIM");
  await opened.close();
  close();
});

/* ---- one file ---- */

test("the single file analyses from file://, offline, and asks for nothing but itself", { skip }, async () => {
  const opened = await context({ offline: true });
  const asked = [];
  opened.on("request", (request) => asked.push(request.url()));
  const errors = [];
  opened.on("weberror", (error) => errors.push(String(error.error())));
  const page = await visit(opened, pathToFileURL(single).href);
  await page.evaluate(inPage.openSample);
  sameNumbers(await waitFor("the sample", () => page.evaluate(inPage.shown)), native);
  await analysesSample(page);
  await speaks(page, "el");
  assert.deepEqual(
    asked.filter((url) => !/^(blob|data):/.test(url)),
    [pathToFileURL(single).href],
  );
  assert.deepEqual(errors, []);
  await opened.close();
});

test("the single file may ask no network", { skip }, async () => {
  const html = readFileSync(single, "utf8");
  const [, policy] = html.match(/http-equiv="Content-Security-Policy"\s+content="([^"]*)"/);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /connect-src 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
  // Something that would answer, and lets everybody read it.
  const asked = [];
  const server = createServer(({ url }, response) => {
    asked.push(url);
    response.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end("here");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  closers.push(() => server.close());
  const opened = await context();
  const read = async (page) =>
    page.evaluate(
      (port) =>
        fetch(`http://127.0.0.1:${port}/`).then(
          (answer) => answer.text(),
          () => "refused",
        ),
      server.address().port,
    );
  const other = join(scratch, "other.html");
  writeFileSync(other, "<!doctype html><title>any other page</title>");
  const free = await opened.newPage();
  await free.goto(pathToFileURL(other).href);
  assert.equal(await read(free), "here");
  const page = await visit(opened, pathToFileURL(single).href);
  assert.equal(await read(page), "refused");
  assert.deepEqual(asked, ["/"]);
  await opened.close();
  server.close();
});

test("a bundle that lacks a module is not made", () => {
  const folder = join(scratch, "strange");
  cpSync(DIST, folder, { recursive: true });
  const main = join(folder, "main.js");
  writeFileSync(main, `import "./nowhere.js";\n${readFileSync(main, "utf8")}`);
  assert.throws(() => bundlePage(folder), /main\.js.*nowhere\.js/);
});

test("a released site's help points to its single file, and the site still works offline", { skip }, async () => {
  const { folder, address, close } = await site("released");
  const bundler = join(ROOT, "scripts/bundle-page.mjs");
  for (let i = 0; i < 2; i++)
    // also when it is made again
    execFileSync(process.execPath, [bundler, folder, join(folder, "ecg-xplaim.html")], { stdio: "pipe" });
  assert.equal(readFileSync(join(folder, "ecg-xplaim.html"), "utf8"), readFileSync(single, "utf8"));
  const opened = await context();
  const page = await visit(opened, address);
  await offlineLine(page, "Ready offline");
  await page.evaluate(() => find("#help-open").click());
  const [visible, href] = await page.evaluate(() => [!find("#single-file").hidden, find("#single-link").href]);
  assert.ok(visible);
  assert.equal(href, `${address}ecg-xplaim.html`);
  await opened.close();
  close();
});

/* ---- the npm module ---- */

test("the npm module works in a browser", { skip }, async () => {
  const folder = join(scratch, "user");
  mkdirSync(folder);
  cpSync(packageFolder(), join(folder, "ecg-xplaim"), { recursive: true });
  cpSync(join(ROOT, "web/samples"), join(folder, "samples"), { recursive: true });
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><title>x</title><script type="module" src="use.js"></script>',
  );
  writeFileSync(
    join(folder, "use.js"),
    `import { analyse } from "./ecg-xplaim/index.js";
     const file = async (name) => new File([await (await fetch("samples/" + name)).arrayBuffer()], name);
     globalThis.result = analyse([await file("00219_hr.hea"), await file("00219_hr.dat")]);`,
  );
  const server = await serve(folder, 0);
  closers.push(() => server.close());
  const opened = await context();
  const page = await opened.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const report = await waitFor("the module", () => page.evaluate(() => globalThis.result));
  sameReport(comparable(report), comparable(native));
  await opened.close();
  server.closeAllConnections();
  server.close();
});

/* ---- usable by everybody ---- */

const VIEWS = {
  light: {},
  dark: { colorScheme: "dark" },
  narrow: { viewport: { width: 320, height: 700 } },
  "in high contrast": { forcedColors: "active" },
};

async function look(page, { colorScheme = "light", forcedColors = "none", viewport = WINDOW }) {
  await page.emulateMedia({ colorScheme, forcedColors });
  await page.setViewportSize(viewport);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await drawn(page);
}

/** In each view, of the state in which the page is. */
async function accessibleInEach(page, when) {
  for (const [name, view] of Object.entries(VIEWS)) {
    await look(page, view);
    await accessible(page, `${when}, ${name}`);
  }
  await look(page, VIEWS.light);
}

test("axe-core finds nothing: light, dark, narrow, in high contrast", { skip, timeout: TEST_TIMEOUT }, async () => {
  const { address, close } = await site("axe");
  const opened = await context({ serviceWorkers: "block" });
  const page = await visit(opened, address);
  await accessibleInEach(page, "at the start");
  await analysesSample(page);
  await accessibleInEach(page, "with a record");
  await page.click("#help-open");
  await accessibleInEach(page, "with the help open");
  await page.click("#help-close");
  await measuring(page);
  await readFirst(page);
  await byLead(page);
  await models(page);
  await manyRecords(page);
  await longOne(page);
  await problems(page);
  await opened.close();
  close();
});

async function measuring(page) {
  await page.click("#calipers");
  await page.click("#march");
  assert.match(await page.textContent("#caliper-text"), /ms/);
  await accessibleInEach(page, "with calipers, marched out");
  await page.click("#calipers");
}

async function readFirst(page) {
  await page.check("#read-first");
  await accessibleInEach(page, "while it is read first");
  await page.fill("#reading-text", "sinus rhythm");
  await page.click("#reading button");
  await page.locator("#reading-kept").waitFor();
  await accessibleInEach(page, "with the reading beside the numbers");
  await page.uncheck("#read-first");
}

async function byLead(page) {
  await page.selectOption("#method", "occlusion");
  await page.locator("#progress-text", { hasText: /\d+ of \d+/ }).waitFor();
  await page.locator("#cancel").waitFor();
  await accessibleInEach(page, "while occlusion runs");
  await says(page, /^Lead occlusion computed/);
  await page.locator("#evidence li", { hasText: "strongest" }).first().waitFor();
  await accessibleInEach(page, "with evidence by lead");
  await page.selectOption("#method", "");
}

/** Two, one of which is untrained; then that one alone. */
async function models(page) {
  const untrained = untrainedModel();
  await page.setInputFiles("#second-picker", untrained);
  await page.locator("#models button").nth(1).waitFor();
  await analysed(page);
  await accessibleInEach(page, "with two models");
  await page.locator("#models button").nth(1).click();
  await page.locator("#untrained").waitFor();
  await accessibleInEach(page, "with the map of the second, untrained model");
  await page.click("#second-remove");
  await page.setInputFiles("#model-picker", untrained);
  await page.locator("#untrained").waitFor();
  await analysed(page);
  await accessibleInEach(page, "with an untrained model");
  await page.setInputFiles("#model-picker", model);
  await page.locator("#untrained").waitFor({ state: "hidden" });
  await analysed(page);
}

async function manyRecords(page) {
  // The last one's signal file is missing.
  await drop(page, copies(["first", "second", "third"]).slice(0, -1));
  await waitFor("the list", () =>
    page.evaluate(() => find("#records").rows.length > 3 && globalThis.reports.length > 0),
  );
  await page.click("#list-open");
  await waitFor("the batch", () => page.evaluate(() => !find("#batch-json").disabled));
  await accessibleInEach(page, "with a list of records");
}

async function longOne(page) {
  await drop(page, load(longRecord(35)));
  await analysed(page);
  assert.ok((await page.locator(".window").count()) > 2);
  await page.locator(".window").nth(1).click();
  await accessibleInEach(page, "with the windows of a long record");
}

async function problems(page) {
  await drop(page, withoutChestLeads());
  await page.locator("#accept").waitFor();
  await accessibleInEach(page, "with a question");
  await drop(page, [file("notes.txt", "")]);
  await says(page, /notes\.txt/);
  await accessibleInEach(page, "with an error");
}

test("the page in a frame of another page: only itself, and its analysis is told", { skip }, async () => {
  const { address, close } = await site("frame");
  const opened = await context({ serviceWorkers: "block" });
  const page = await opened.newPage();
  // The course's page has no policy of its own, as on most sites.
  const body =
    '<!doctype html><title>course</title><iframe title="ECG" width="900" height="700" src="./?embed=1&sample=00219_hr"></iframe>';
  await page.route("**/course.html", (route) => route.fulfill({ body, contentType: "text/html" }));
  await page.goto(`${address}course.html`);
  const frame = await waitFor("the frame", async () => page.frames()[1]);
  await waitFor("its analysis", async () => {
    const texts = await frame.locator("#status-text").allTextContents();
    return /^Analysed/.test(texts[0] ?? "");
  });
  assert.equal(await frame.locator("header h1").isVisible(), false);
  await opened.close();
  close();
});

test("the element on a course page: attributes in, an event with the tool's JSON out", { skip }, async () => {
  const { folder, address, close } = await site("course");
  writeFileSync(
    join(folder, "course.html"),
    `<!doctype html><title>course</title><script type="module" src="course.js"></script>
     <ecg-xplaim sample="00219_hr" layout="12x1"></ecg-xplaim>`,
  );
  writeFileSync(
    join(folder, "course.js"),
    `globalThis.told = new Promise((resolve) =>
       document.addEventListener("analysis", ({ detail }) => resolve(detail), { once: true }));
     await import("./element.js");`,
  );
  const opened = await context({ serviceWorkers: "block" });
  const page = await opened.newPage();
  await page.goto(`${address}course.html`);
  sameReport(comparable(await waitFor("the event", () => page.evaluate(() => globalThis.told))), comparable(native));
  await opened.close();
  close();
});

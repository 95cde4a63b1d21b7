// The page in headless Chromium: a real PTB-XL record is dropped on it, and the numbers it shows
// are the native tool's. Nothing is asked of any other origin. Screenshots go to build/.

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { serve } from "../../scripts/serve.mjs";
import { DIST, explainNatively, recordFiles, ROOT, scratch } from "../support/native.mjs";

const EXECUTABLE = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);
const skip = EXECUTABLE ? false : "no Chromium on this machine";
const sample = join(ROOT, "web/samples/00219_hr");

let server, browser, origin;
const requests = [];

before(async () => {
  if (skip) return;
  server = await serve(DIST, 0);
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A page that has started; what it asks for is kept in `requests`, what goes wrong in errors. */
async function openPage(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, ...options });
  const page = await context.newPage();
  page.errors = [];
  requests.length = 0;
  context.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") page.errors.push(message.text());
  });
  await page.goto(`${origin}/`);
  await says(page, /^Ready/);
  return page;
}

/** Drop files on the page as a person does: a drop event that carries them. */
async function drop(page, files) {
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      data.items.add(new File([bytes], name));
    }
    return data;
  }, files);
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
}

function load(path) {
  return recordFiles(path).files.map((file) => ({
    name: file.name,
    base64: readFileSync(file.path).toString("base64"),
  }));
}

/** Waits for the status line to say something; no script is evaluated, the page's policy forbids it. */
const says = (page, text) => page.locator("#status-text", { hasText: text }).waitFor();

const analysed = (page) => page.waitForSelector("#labels output", { timeout: 60000 });

test("a dropped PTB-XL record shows the native tool's numbers", { skip }, async () => {
  const page = await openPage();
  requests.length = 0;
  await drop(page, load(sample));
  await analysed(page);
  const shown = await page.$$eval("#labels output", (outputs) =>
    outputs.map((o) => ({ name: o.dataset.label, text: o.textContent, exact: o.dataset.probability })),
  );
  const [native] = explainNatively(join(DIST, "model.safetensors"), [sample]);
  assert.equal(shown.length, native.labels.length);
  native.labels.forEach((label, i) => {
    assert.equal(shown[i].name, label.name);
    assert.ok(Math.abs(Number(shown[i].exact) - label.probability) <= 1e-5, label.name);
    assert.ok(Math.abs(Number(shown[i].text) - label.probability) <= 6e-5, label.name);
  });
  assert.deepEqual(requests, [], "analysing asks the network for nothing");
  assert.deepEqual(page.errors, []);
  await page.screenshot({ path: join(ROOT, "build/page.png"), fullPage: true });
  await page.context().close();
});

test("the strongest stretches are the native tool's", { skip }, async () => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  const [native] = explainNatively(join(DIST, "model.safetensors"), [sample]);
  const label = native.map.windows[0].labels.findIndex((l) => l.positive);
  await page.locator("#labels input").nth(label).check();
  const shown = await page.$$eval("#evidence li", (items) => items.map((item) => item.textContent));
  const expected = native.map.windows[0].labels[label].strongest.map(
    (s) => `${s.start_s.toFixed(2)}–${s.end_s.toFixed(2)} s (peak ${s.peak.toFixed(2)})`,
  );
  assert.deepEqual(shown, expected);
  await page.context().close();
});

test("what is on the page: disclaimer, untrained mark, a drawing with heat", { skip }, async () => {
  const page = await openPage();
  await page.click("#sample");
  await analysed(page);
  assert.ok(await page.isVisible("text=Not a medical device"));
  assert.ok(await page.isVisible("#untrained"));
  const colours = await page.$eval("#ecg", (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    let heat = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] < 80 && data[i + 2] < 110) ink++;
      if (data[i + 2] - data[i] > 40) heat++;
    }
    return { ink, heat };
  });
  assert.ok(colours.ink > 2000, `dark pixels: ${colours.ink}`);
  assert.ok(colours.heat > 500, `blue pixels: ${colours.heat}`);
  await page.check("input[value='12x1']");
  await page.screenshot({ path: join(ROOT, "build/page-12x1.png"), fullPage: true });
  assert.ok(requests.every((url) => url.startsWith(`${origin}/`)), requests.join(" "));
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("it works with the network gone", { skip }, async () => {
  const page = await openPage();
  await page.context().setOffline(true);
  await drop(page, load(sample));
  await analysed(page);
  await page.context().close();
});

test("errors name the file and what to do", { skip }, async () => {
  const page = await openPage();
  await drop(page, load(sample).filter((file) => file.name.endsWith(".hea")));
  await page.waitForSelector(".status.problem");
  assert.match(await page.textContent("#status-text"), /00219_hr\.dat/);
  assert.ok(!(await page.isVisible("#result")));
  await drop(page, [{ name: "notes.txt", base64: "" }]);
  await says(page, /notes\.txt/);
  await drop(page, load(sample));
  await analysed(page);
  await page.context().close();
});

test("a narrow screen does not scroll sideways", { skip }, async () => {
  const page = await openPage({ viewport: { width: 360, height: 740 } });
  await page.click("#sample");
  await analysed(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} px`);
  await page.screenshot({ path: join(ROOT, "build/page-narrow.png"), fullPage: true });
  await page.context().close();
});

test("Cancel ends the work at once, and the page goes on", { skip }, async () => {
  const page = await openPage();
  await page.evaluate(() => {
    new MutationObserver(() => {
      const cancel = document.querySelector("#cancel");
      if (!cancel.hidden && !window.cancelled) {
        window.cancelled = true;
        cancel.click();
      }
    }).observe(document.querySelector("#cancel"), { attributes: true });
  });
  await drop(page, load(sample));
  await says(page, /Cancelled/);
  await drop(page, load(sample));
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

// How the page looks and is used: what stands where on which screen, what is said beside the map, and
// what a file of a stranger's may not do. Pictures go to build/.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { chromium } from "playwright-core";
import { serve } from "../../scripts/serve.mjs";
import { DIST, ROOT, scratch, untrainedModel } from "../support/native.mjs";

const EXECUTABLE = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const skip = EXECUTABLE ? false : "no Chromium on this machine";
const sample = join(ROOT, "web/samples/00219_hr");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const PHONE = { viewport: { width: 375, height: 667 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

let server, browser, origin;
before(async () => {
  if (skip) return;
  mkdirSync(join(ROOT, "build"), { recursive: true });
  server = await serve(DIST, 0);
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A page that is there for the test only, and whose errors are the test's. */
function test(name, work) {
  declare(name, { timeout: 120000, skip }, async () => {
    const contexts = [];
    const open = async (address = "/?sample=00219_hr", options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block", ...options });
      contexts.push(context);
      const page = await context.newPage();
      page.errors = [];
      page.on("pageerror", (error) => page.errors.push(String(error)));
      page.on("console", (message) => message.type() === "error" && page.errors.push(message.text()));
      await page.goto(origin + address);
      await says(page, /sample=|record=/.test(address) ? /^Analysed/ : /^Ready/);
      return page;
    };
    await work(open);
    for (const context of contexts) {
      assert.deepEqual(context.pages().flatMap((page) => page.errors), []);
      await context.close();
    }
  });
}

const says = (page, text) => page.locator("#status-text", { hasText: text }).waitFor();
const picture = (page, name) => page.screenshot({ path: join(ROOT, `build/looks-${name}.png`) });
const inElement = (page, work, argument) => page.locator("ecg-xplaim").evaluate(work, argument);
const focused = (page) => inElement(page, (element) => element.root.activeElement?.id || element.root.activeElement?.className || "");

/** axe-core's findings in the page as it stands, in words. */
async function violations(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe, allowUnsafeEvalBlockedByCSP: true });
  const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
  await session.detach();
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}

/** Whole in the window. */
async function inSight(page, selector) {
  const box = await page.locator(selector).boundingBox();
  const { height } = page.viewportSize();
  return box !== null && box.y >= 0 && box.y + box.height <= height;
}

/** A record of n times the sample and a part of it, as files for the picker. */
function longRecord(n, part = 0.37) {
  const data = readFileSync(`${sample}.dat`);
  const rest = Math.floor(5000 * part) * 24;
  const whole = Buffer.concat([...Array(n).fill(data), data.subarray(0, rest)]);
  const lines = readFileSync(`${sample}.hea`, "latin1").replaceAll("00219_hr", "long").split(/\r?\n/).filter((line) => line && !line.startsWith("#"));
  lines[0] = `long 12 500 ${whole.length / 24}`;
  return [picked("long.hea", lines.join("\n")), picked("long.dat", whole)];
}

const picked = (name, bytes) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });
const sampleAs = (name, change = (text) => text) => [
  picked(`${name}.hea`, change(readFileSync(`${sample}.hea`, "latin1").replaceAll("00219_hr", name))),
  picked(`${name}.dat`, readFileSync(`${sample}.dat`)),
];

test("a label is chosen and its map seen on one screen, from the list and over the drawing", async (open) => {
  const page = await open();
  assert.ok(await inSight(page, "#ecg"));
  assert.ok(await inSight(page, "#labels .label >> nth=12"), "most of the list");
  const heights = await page.$$eval("#labels .label", (rows) => rows.map((row) => row.getBoundingClientRect().height));
  assert.ok(Math.min(...heights) < 30, `rows of ${heights} px`);
  await page.locator("#labels input").first().focus();
  await page.keyboard.press("ArrowDown");
  const second = await page.locator("#labels .name").nth(1).textContent();
  assert.equal(await page.locator("#map-label option:checked").textContent(), second);
  assert.equal(await focused(page), "", "the focus stays in the list"); // the radio has no id
  const lastly = await page.locator("#map-label option").last().getAttribute("value");
  await page.selectOption("#map-label", lastly);
  assert.ok(await page.locator(`#labels input[value="${lastly}"]`).isChecked());
  assert.match(await page.textContent("#map-note"), /below its threshold 0\.\d+/);
  assert.match(await page.textContent("#columns-text"), /validation data/);
  for (const row of await page.locator("#labels .label").allTextContents())
    assert.match(row, /\d\.\d{4}threshold .+ · test AUROC .+ \(95 % .+\) · n \d+ positives/);
  await picture(page, "desktop");
});

test("at other widths: beside it from 1100 px, below it the ECG stays in sight", async (open) => {
  const page = await open("/?sample=00219_hr", { viewport: { width: 1100, height: 800 } });
  const boxes = async () => [await page.locator("#ecg").boundingBox(), await page.locator("#labels").boundingBox()];
  let [ecg, list] = await boxes();
  assert.ok(list.x >= ecg.x + ecg.width, "beside");
  await page.click("#wide");
  [ecg, list] = await boxes();
  assert.ok(list.y > ecg.y + ecg.height && ecg.width > 1000, "below, on request");
  await page.setViewportSize({ width: 768, height: 1024 });
  await page.locator("#labels .label").last().scrollIntoViewIfNeeded();
  assert.ok(await inSight(page, "#ecg"), "held");
  await page.setViewportSize({ width: 640, height: 400 }); // 1280 x 800 at 200 %
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 640);
});

test("where no label reaches its threshold there is no map until one is chosen", async (open) => {
  const page = await open("/?sample=00057_hr");
  assert.equal(await inElement(page, (element) => element.page().heat), null);
  assert.equal(await page.locator("#labels :checked").count(), 0);
  assert.match(await page.textContent("#map-note"), /No label reaches its threshold/);
  assert.match(await page.textContent("#evidence"), /no map/);
  assert.ok((await page.locator("#labels .value").allTextContents()).includes("< 0.0001"));
  await picture(page, "none-reached");
  await page.locator("#labels input").first().check();
  assert.match(await page.textContent("#map-note"), /below its threshold/);
  assert.notEqual(await inElement(page, (element) => element.page().heat), null);
});

test("a phone: the ECG on the first screen, tools and opener a tap away, targets for fingers", async (open) => {
  const page = await open("/", PHONE);
  assert.match(await page.locator(".invite").innerText(), /Open ECG recordings/);
  assert.doesNotMatch(await page.locator(".invite").innerText(), /Drop/);
  await page.tap("#sample");
  await says(page, /^Analysed/);
  await page.waitForTimeout(700); // the page may be scrolling
  assert.ok(await inSight(page, "#ecg"));
  await picture(page, "phone");
  assert.ok(!(await page.isVisible("#layout")) && !(await page.isVisible("#picker")));
  for (const [button, shows] of [["#view-open", "#layout"], ["#open-more", "#sample-list"]]) {
    assert.equal(await page.getAttribute(button, "aria-expanded"), "false");
    await page.tap(button);
    assert.equal(await page.getAttribute(button, "aria-expanded"), "true");
    assert.ok(await page.isVisible(shows));
  }
  const small = await inElement(page, (element) =>
    [...element.root.querySelectorAll("button, .button, select, .check, .label, summary")]
      .map((target) => [target.id || target.textContent.trim().slice(0, 20), target.getBoundingClientRect()])
      .filter(([, box]) => box.height > 0 && box.height < 43.5).map(([name, box]) => `${name}: ${box.height}`));
  assert.deepEqual(small, []);
  const tiny = await inElement(page, (element) => [...element.root.querySelectorAll("p, span, small, label, button, li")]
    .filter((text) => text.getClientRects().length && parseFloat(getComputedStyle(text).fontSize) < 11).map((text) => text.textContent));
  assert.deepEqual(tiny, []);
  await page.tap("#view-open");
  await page.setInputFiles("#picker", [...sampleAs("one"), ...sampleAs("two"), picked("scan.pdf", "%PDF")]);
  await says(page, /^Analysed/);
  const state = await page.locator("#records td.state").last().boundingBox();
  assert.ok(state.x >= 0 && state.x + 60 < 375, "what is wrong with a file is in sight");
  for (const width of [375, 320]) {
    await page.setViewportSize({ width, height: 640 });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    assert.deepEqual(await violations(page), [], `${width} px`);
  }
});

test("the model card is text with a shape, whatever its file holds", async (open) => {
  const page = await open();
  await page.click("#help-open");
  await page.click("#card-whole summary");
  const card = page.locator("#card-whole .card-text");
  assert.ok((await card.locator("h4, h5").count()) > 5);
  assert.equal(await card.locator("th").first().getAttribute("scope"), "col");
  assert.ok(await card.locator(".wide-box").first().evaluate((box) => box.scrollWidth > box.clientWidth && box.tabIndex === 0));
  assert.deepEqual(await violations(page), []);
  await picture(page, "card");
  const hostile = '# <img src=x onerror=alert(1)>\n\n[go](javascript:alert) and [site](https://example.org) **b** `c`\n\n' +
    '- one\n  more\n- two\n\n| a | b |\n|---|---|\n| <script>1</script> |\n\n' + "[".repeat(60000) + "*".repeat(60000);
  const made = await inElement(page, async (element, text) => {
    const { showMarkdown } = await import("/card.js");
    const holder = document.createElement("div");
    const start = performance.now();
    showMarkdown(holder, text);
    return { tags: [...new Set([...holder.querySelectorAll("*")].map((node) => node.localName))].sort(), ms: performance.now() - start,
      text: holder.textContent.slice(0, 120), items: holder.querySelectorAll("li").length };
  }, hostile);
  assert.deepEqual(made.tags, ["code", "div", "h4", "li", "p", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"]);
  assert.match(made.text, /<img src=x onerror=alert\(1\)>go and site \(https:\/\/example\.org\) b c/);
  assert.equal(made.items, 2);
  assert.ok(made.ms < 1000, `${made.ms} ms`);
});

test("models: back to the page's own, layers by block, an untrained one marked, columns under their buttons", async (open) => {
  const page = await open();
  const untrained = untrainedModel();
  assert.ok(!(await page.isVisible("#model-default")));
  assert.match(await page.locator("#layer option").first().textContent(), /\(default\)$/);
  assert.ok((await page.locator("#layer optgroup").count()) > 3);
  await page.setInputFiles("#second-picker", untrained);
  await page.locator("#models button").nth(1).waitFor();
  await says(page, /^Analysed/);
  assert.match(await page.locator("#models button").nth(1).textContent(), /untrained/);
  for (const i of [0, 1]) {
    const button = await page.locator("#models button").nth(i).boundingBox();
    const cell = await page.locator("#labels .label >> nth=0 >> .cell").nth(i).boundingBox();
    assert.ok(Math.abs(cell.x - button.x) < 12 && cell.width <= button.width + 12, `column ${i}`);
  }
  assert.deepEqual(await violations(page), []);
  await picture(page, "two");
  await page.click("#second-remove");
  await page.setInputFiles("#model-picker", untrained);
  await page.locator("#untrained").waitFor();
  await says(page, /^Analysed/);
  await page.context().setOffline(true); // the page's model is not fetched again
  await page.click("#model-default");
  await page.locator("#untrained").waitFor({ state: "hidden" });
  await says(page, /^Analysed/);
  assert.ok(!(await page.isVisible("#model-default")));
  assert.ok(!(await page.isVisible("#untrained")));
});

test("windows of a long record: the chosen one in sight, and an overview when they are many", async (open) => {
  const page = await open("/");
  await page.setInputFiles("#picker", longRecord(14));
  await says(page, /^Analysed/);
  const last = page.locator(".window").last();
  assert.match(await last.getAttribute("aria-label"), /–143\.7 s/);
  await page.locator(".window[aria-pressed=true]").focus();
  await page.keyboard.press("End");
  assert.equal(await last.getAttribute("aria-pressed"), "true");
  const [strip, box] = [await page.locator("#windows").boundingBox(), await last.boundingBox()];
  assert.ok(box.x >= strip.x && box.x + box.width <= strip.x + strip.width + 1);
  assert.equal(await page.locator(".window[tabindex='0']").count(), 1);

  await page.setInputFiles("#picker", longRecord(40));
  await page.locator("#windows .ends", { hasText: /of 41.+probability/ }).waitFor();
  assert.equal(await page.locator(".window").count(), 0);
  const overview = page.locator(".overview");
  assert.equal(await overview.getAttribute("aria-valuemax"), "41");
  await overview.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  assert.match(await overview.getAttribute("aria-valuetext"), /^window 2 of 41, 10–20 s, probability/);
  await page.keyboard.press("End");
  assert.match(await overview.getAttribute("aria-valuetext"), /^window 41 of 41, .+–403\.7 s/);
  assert.equal(await focused(page), "overview");
  const wide = await overview.boundingBox();
  await page.mouse.click(wide.x + wide.width / 2, wide.y + 5);
  assert.match(await overview.getAttribute("aria-valuetext"), /^window 21 /);
  assert.deepEqual(await violations(page), []);
  await picture(page, "windows");
});

test("notices: the same of several leads once, what limits the result beside the numbers", async (open) => {
  const page = await open("/");
  const merged = await inElement(page, async () => {
    const { mergeNotices } = await import("/notices.js");
    const of = (code, text) => ["I", "II"].map((lead, i) => ({ code, lead, text: text.replaceAll("LEAD", lead).replaceAll("LINE", i + 2) }));
    return mergeNotices([
      ...of("uncalibrated", "a.hea line LINE: uncalibrated: 200 adu/mV assumed"),
      ...of("gap", "lead LEAD: 50 of 5000 samples are missing and taken as 0"),
      { code: "gap", lead: "V1", text: "lead V1: 7 of 5000 samples are missing and taken as 0" },
      ...of("amplitude", "lead LEAD is flat: all its samples are equal"),
      ...of("checksum", 'a.hea line LINE: the checksum of "LEAD" is LINE, the header says 9: the samples may be damaged'),
      { code: "checksum", lead: "aVR", text: 'a.hea line 5: the checksum of "AVR" is -3, the header says 9: the samples may be damaged' },
    ]).map(({ text }) => text);
  });
  assert.deepEqual(merged, [
    "leads I, II: a.hea: uncalibrated: 200 adu/mV assumed",
    "leads I, II: 50 of 5000 samples are missing and taken as 0",
    "lead V1: 7 of 5000 samples are missing and taken as 0",
    "leads I, II are flat: all their samples are equal",
    "a.hea: the checksum of leads I, II, aVR is not the header’s: the samples may be damaged",
  ]);
  await page.setInputFiles("#picker", longRecord(0, 0.5));
  await says(page, /^Analysed/);
  assert.match(await page.textContent("#notices .limits"), /shorter than the .+ model was trained on/);
  assert.ok(await inSight(page, "#notices .limits"));
});

test("read first from the start: neutral samples, a form for each recording", async (open) => {
  const page = await open("/?read-first=1");
  assert.ok(await page.isChecked("#read-first"));
  assert.deepEqual(await page.locator("#sample-cards strong").allTextContents(), [1, 2, 3, 4, 5].map((i) => `Sample ${i}`));
  await page.setInputFiles("#picker", [...sampleAs("one"), ...sampleAs("two")]);
  await says(page, /^Analysed/);
  assert.ok(!(await page.isVisible("#labels")) && !(await page.isVisible("#map-label")));
  await page.fill("#reading-text", "of one");
  await page.click("#next");
  await page.locator("#record-name", { hasText: "two" }).waitFor();
  await says(page, /^Analysed/);
  assert.equal(await page.inputValue("#reading-text"), "");
  await page.click("#previous");
  await page.locator("#record-name", { hasText: "one" }).waitFor();
  await says(page, /^Analysed/);
  assert.equal(await page.inputValue("#reading-text"), "of one");
  await page.click("#reading button");
  assert.ok(await page.isVisible("#labels"));
  await page.uncheck("#read-first");
  assert.match(await page.locator("#sample-list option").first().textContent(), /premature ventricular/);
  assert.deepEqual(await violations(page), []);
});

test("the box on the start page opens nothing by itself", async (open) => {
  const page = await open("/");
  await page.check("#read-first");
  assert.ok(!(await page.isVisible("#result")));
  assert.equal(await page.locator("#sample-cards button").count(), 5);
  await picture(page, "start");
  await page.uncheck("#read-first");
  await page.locator("#sample-cards button").nth(2).click();
  await says(page, /^Analysed/);
  assert.equal(await page.textContent("#record-name"), "00963_hr");
  assert.ok(!(await page.isVisible("#sample-cards")));
});

test("the ECG alone, for a course page", async (open) => {
  const page = await open("/?view=ecg&embed=1&sample=00963_hr", { viewport: { width: 900, height: 500 } });
  assert.ok(await inSight(page, "#ecg"));
  assert.ok(await page.isVisible("#disclaimer"));
  for (const id of ["drop", "labels", "map-label", "evidence", "reading", "save-png"]) assert.ok(!(await page.isVisible(`#${id}`)), id);
  assert.equal(await inElement(page, (element) => element.page().heat), null);
  await page.click("#view-open");
  await page.selectOption("#layout", "12x1");
  assert.deepEqual(await violations(page), []);
  await page.evaluate(() => document.querySelector("ecg-xplaim").removeAttribute("view"));
  assert.ok(await page.isVisible("#labels"));
});

test("a newer version is offered beside the status line", async (open) => {
  const page = await open();
  await page.evaluate(() => {
    const button = Object.assign(document.createElement("button"), { id: "update", textContent: "Load it now" });
    document.getElementById("offline").append("A newer version of this page is ready.", " ", button);
  });
  const [line, status] = [await page.locator("#offline").boundingBox(), await page.locator("#status").boundingBox()];
  assert.ok(Math.abs(line.y - status.y) < 30 && line.y < 250, `${line.y}, ${status.y}`);
  assert.deepEqual(await violations(page), []);
  await picture(page, "update");
});

// How the page looks and is used: what stands where on which screen, what is said beside the map, and
// what a file of a stranger's may not do. Pictures go to build/.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { FORMATS } from "../../web/core/core_constants.js";
import { accessible, analysedAnew, inElement, launch, says, skip } from "../support/chromium.mjs";
import { DIST, ROOT, scratch, unsummed, untrainedModel } from "../support/native.mjs";
import { TEST_TIMEOUT } from "../support/wait.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const PHONE = { viewport: { width: 375, height: 667 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

let server, browser, origin;
before(async () => {
  if (skip) return;
  mkdirSync(join(ROOT, "build"), { recursive: true });
  server = await serve(DIST, 0, { web: join(ROOT, "web") });
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A page that is there for the test only, and whose errors are the test's. */
function test(name, work) {
  declare(name, { timeout: TEST_TIMEOUT, skip }, async () => {
    const contexts = [];
    const open = async (address = "/?sample=00219_hr", options = {}) => {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        serviceWorkers: "block",
        ...options,
      });
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
      assert.deepEqual(
        context.pages().flatMap((page) => page.errors),
        [],
      );
      await context.close();
    }
  });
}

const picture = (page, name) => page.screenshot({ path: join(ROOT, `build/looks-${name}.png`) });
const focused = (page) =>
  inElement(page, (element) => element.root.activeElement?.id || element.root.activeElement?.className || "");

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
  const lines = unsummed(readFileSync(`${sample}.hea`, "latin1"))
    .replaceAll("00219_hr", "long")
    .split(/\r?\n/)
    .filter((line) => line && !line.startsWith("#"));
  lines[0] = `long 12 500 ${whole.length / 24}`;
  return [picked("long.hea", lines.join("\n")), picked("long.dat", whole)];
}

const picked = (name, bytes) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });
const sampleAs = (name, change = (text) => text) => [
  picked(`${name}.hea`, change(readFileSync(`${sample}.hea`, "latin1").replaceAll("00219_hr", name))),
  picked(`${name}.dat`, readFileSync(`${sample}.dat`)),
];

test("a finding is chosen and its map seen on one screen, from the list and over the choice", async (open) => {
  const page = await open();
  assert.ok(await inSight(page, "#ecg"));
  const reached = await page.locator("#labels > .label").count();
  assert.ok(
    reached >= 2 && (await inSight(page, `#labels > .label >> nth=${reached - 1}`)),
    "all that reach their thresholds",
  );
  await page.locator("#labels input").first().focus();
  await page.keyboard.press("ArrowDown");
  const second = await page.locator("#labels .name").nth(1).textContent();
  assert.ok(await page.locator("#labels input").nth(1).isChecked());
  assert.equal(await page.locator("#map-label option:checked").textContent(), second);
  assert.equal(await focused(page), "", "the focus stays in the list"); // the radio has no id
  const lastly = await page.locator("#map-label option").last().getAttribute("value");
  await page.selectOption("#map-label", lastly);
  assert.ok(await page.locator(`#labels input[value="${lastly}"]`).isChecked());
  assert.match(await page.textContent("#map-note"), /below threshold \(\d+ %\)/);
  assert.match(await page.textContent("#columns-text"), /validation data/);
  for (const row of await page.locator("#labels .label").allTextContents())
    assert.match(row, /\d %(.*threshold \(.+\) · )?AUROC .+ · \d+ cases in the test set/);
  await picture(page, "desktop");
});

test("where nothing reaches its threshold there is no map until one is chosen", async (open) => {
  const page = await open("/?sample=00057_hr");
  assert.equal(await inElement(page, (element) => element.page().heat), null);
  assert.equal(await page.locator("#labels :checked").count(), 0);
  assert.match(await page.textContent("#map-note"), /No finding at or above its threshold/);
  assert.match(await page.textContent("#none-found"), /not a normal report: only 18 findings are looked for/);
  assert.match(await page.textContent("#evidence"), /No map/);
  assert.ok((await page.locator("#labels .value").allTextContents()).includes("< 1 %"));
  await picture(page, "none-reached");
  await page.locator("#labels input").first().check();
  assert.match(await page.textContent("#map-note"), /below threshold/);
  assert.notEqual(await inElement(page, (element) => element.page().heat), null);
});

test("a phone: tools and findings a tap away, targets for fingers", async (open) => {
  const page = await open("/", PHONE);
  assert.match(await page.locator(".invite").innerText(), /Open ECG recordings/);
  assert.doesNotMatch(await page.locator(".invite").innerText(), /Drop/);
  await page.tap("#sample-cards button");
  await says(page, /^Analysed/);
  assert.ok(await inSight(page, "#ecg"));
  await picture(page, "phone");
  assert.ok(!(await page.isVisible("#layout")) && !(await page.isVisible("#labels")));
  for (const [button, shows] of [
    ["#view-open", "#layout"],
    ["#open-menu", "#sample-list"],
    ["#panel-peek", "#labels"],
  ]) {
    assert.equal(await page.getAttribute(button, "aria-expanded"), "false");
    const before = await page.locator("#ecg").boundingBox();
    await page.tap(button);
    assert.equal(await page.getAttribute(button, "aria-expanded"), "true");
    assert.ok(await page.isVisible(shows), shows);
    assert.deepEqual(await page.locator("#ecg").boundingBox(), before, "the drawing stays where it is");
  }
  const small = await inElement(page, (element) =>
    [...element.root.querySelectorAll("button, .button, select, .check, .label, summary")]
      .map((target) => [target.id || target.textContent.trim().slice(0, 20), target.getBoundingClientRect()])
      .filter(([, box]) => box.height > 0 && box.height < 43.5)
      .map(([name, box]) => `${name}: ${box.height}`),
  );
  assert.deepEqual(small, []);
  const tiny = await inElement(page, (element) =>
    [...element.root.querySelectorAll("p, span, small, label, button, li")]
      .filter((text) => text.getClientRects().length && parseFloat(getComputedStyle(text).fontSize) < 12)
      .map((text) => text.textContent),
  );
  assert.deepEqual(tiny, []);
  const three = [...sampleAs("one"), ...sampleAs("two"), picked("scan.gif", "GIF89a")];
  await analysedAnew(page, () => page.setInputFiles("#picker", three));
  for (const width of [375, 320]) {
    await page.setViewportSize({ width, height: 640 });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    await accessible(page, `${width} px`);
  }
});

test("the model card is text with a shape, whatever its file holds", async (open) => {
  const page = await open();
  await page.click("#help-open");
  await page.click("#card-whole summary");
  const card = page.locator("#card-whole .card-text");
  assert.ok((await card.locator("h4, h5").count()) > 5);
  assert.equal(await card.locator("th").first().getAttribute("scope"), "col");
  assert.ok(
    await card
      .locator(".wide-box")
      .first()
      .evaluate((box) => box.scrollWidth > box.clientWidth && box.tabIndex === 0),
  );
  await accessible(page);
  await picture(page, "card");
  const hostile =
    "# <img src=x onerror=alert(1)>\n\n[go](javascript:alert) and [site](https://example.org) **b** `c`\n\n" +
    "- one\n  more\n- two\n\n| a | b |\n|---|---|\n| <script>1</script> |\n\n" +
    "[".repeat(60000) +
    "*".repeat(60000);
  const made = await inElement(
    page,
    async (element, text) => {
      const { showMarkdown } = await import("/web/panels/card.js");
      const holder = document.createElement("div");
      showMarkdown(holder, text);
      return {
        tags: [...new Set([...holder.querySelectorAll("*")].map((node) => node.localName))].sort(),
        text: holder.textContent.slice(0, 120),
        items: holder.querySelectorAll("li").length,
      };
    },
    hostile,
  );
  assert.deepEqual(made.tags, [
    "code",
    "div",
    "h4",
    "li",
    "p",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
  ]);
  assert.match(made.text, /<img src=x onerror=alert\(1\)>go and site \(https:\/\/example\.org\) b c/);
  assert.equal(made.items, 2);
  const growth = await inElement(page, async () => {
    const { showMarkdown } = await import("/web/panels/card.js");
    const time = (length) => {
      const start = performance.now();
      showMarkdown(document.createElement("div"), "[".repeat(length) + "*".repeat(length));
      return performance.now() - start;
    };
    time(20000);
    return Array.from({ length: 9 }, () => (1 / time(20000)) * time(80000)).sort((a, b) => a - b)[4];
  });
  assert.ok(growth < 9, `four times the text takes ${growth} times as long: 4 is in proportion, 16 its square`);
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
    assert.ok(Math.abs(cell.x - button.x) < 14 && cell.width <= button.width + 14, `column ${i}`);
  }
  await accessible(page);
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
  assert.match(await overview.getAttribute("aria-valuetext"), /^segment 2 of 41, 10–20 s, probability/);
  await page.keyboard.press("End");
  assert.match(await overview.getAttribute("aria-valuetext"), /^segment 41 of 41, .+–403\.7 s/);
  assert.equal(await focused(page), "overview");
  const wide = await overview.boundingBox();
  await page.mouse.click(wide.x + wide.width / 2, wide.y + 5);
  assert.match(await overview.getAttribute("aria-valuetext"), /^segment 21 /);
  await accessible(page);
  await picture(page, "windows");
});

test("notices: what limits the result stands beside the numbers", async (open) => {
  const page = await open("/");
  await page.setInputFiles("#picker", longRecord(0, 0.5));
  await says(page, /^Analysed/);
  assert.match(await page.textContent("#notices .limits"), /shorter than the .+ model was trained on/);
  assert.ok(await inSight(page, "#notices .limits"));
});

test("read first from the start: neutral samples, a form for each recording", async (open) => {
  const page = await open("/?read-first=1");
  assert.ok(await page.isChecked("#read-first"));
  assert.deepEqual(
    await page.locator("#sample-cards strong").allTextContents(),
    [1, 2, 3, 4, 5, 6].map((i) => `Sample ${i}`),
  );
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
  await page.click("#title"); // closes the menu
  await accessible(page);
});

test("what the file states stands apart, after the reader's own answer, without hidden names, in no saved file", async (open) => {
  const page = await open("/?read-first=1");
  await page.setInputFiles(
    "#picker",
    sampleAs("told", (text) => `${text}# Dx: 426783006\n`),
  );
  await says(page, /^Analysed/);
  assert.ok(!(await page.isVisible("#stated")), "not before the answer");
  assert.doesNotMatch(
    await page.locator("ecg-xplaim").evaluate((element) => element.shadowRoot.textContent),
    /426783006/,
  );
  await page.fill("#reading-text", "sinus rhythm");
  await page.click("#reading button");
  assert.match(await page.innerText("#stated"), /Stated in the file[^]*Diagnosis \(Dx\)\s+426783006/);
  await picture(page, "stated");
  await page.focus("#ecg");
  await page.keyboard.press("b");
  assert.ok(!(await page.isVisible("#stated")), "nor where names are hidden");
  await page.keyboard.press("b");
  await page.check("#with-names");
  const texts = await inElement(page, (element) => JSON.stringify(element.exportReports));
  assert.doesNotMatch(texts, /426783006/);
  await accessible(page);
});

test("the formats that are read are named by the core", async (open) => {
  const page = await open("/");
  for (const { name, help } of FORMATS) {
    assert.ok((await page.innerText(".formats")).includes(name), name);
    assert.ok((await page.textContent("#help")).includes(help), help);
  }
});

test("the box on the start page opens nothing by itself", async (open) => {
  const page = await open("/");
  await page.check("#read-first");
  assert.ok(!(await page.isVisible("#result")));
  assert.equal(await page.locator("#sample-cards button").count(), 6);
  await picture(page, "start");
  await page.uncheck("#read-first");
  await page.locator("#sample-cards button").nth(1).click();
  await says(page, /^Analysed/);
  assert.equal(await page.textContent("#record-name"), "00963_hr");
  assert.ok(!(await page.isVisible("#sample-cards")));
});

test("the ECG alone, for a course page", async (open) => {
  const page = await open("/?view=ecg&embed=1&sample=00963_hr", { viewport: { width: 1200, height: 500 } });
  assert.ok(await inSight(page, "#ecg"));
  assert.ok(await page.isVisible("#disclaimer"));
  for (const id of ["drop", "labels", "map-label", "map-style", "evidence", "reading", "save-png", "open-menu"])
    assert.ok(!(await page.isVisible(`#${id}`)), id);
  assert.equal(await inElement(page, (element) => element.page().heat), null);
  await page.selectOption("#layout", "12x1");
  await accessible(page);
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
  assert.ok(Math.abs(line.y - status.y) < 30 && line.y < 900, `${line.y}, ${status.y}`);
  await accessible(page);
  await picture(page, "update");
});

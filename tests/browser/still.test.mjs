// What stands still: from a drop until all is known of it, and from one recording to the next, nothing on the page moves.

import assert from "node:assert/strict";
import { analysed, drawn, drop, inElement } from "../support/chromium.mjs";
import { load } from "../support/native.mjs";
import { sample, stationTests } from "../support/station_pages.mjs";
import { makeGate } from "../support/wait.mjs";

const { test } = stationTests();

/** Each shift of the page from now on: how far, and which places, in the page. */
function keepShifts() {
  globalThis.shifts = [];
  const places = ({ previousRect: from, currentRect: to }) =>
    [from, to].map(({ x, y, width, height }) => `${x},${y} ${width}x${height}`).join(" to ");
  new PerformanceObserver((list) =>
    globalThis.shifts.push(
      .../** @type {any[]} */ (list.getEntries()).map(({ value, sources }) => ({ value, moved: sources.map(places) })),
    ),
  ).observe({ type: "layout-shift" });
}

/** The window has given way to the ECG of this record, and shifts are kept from then on. */
async function opened(page, record) {
  await page.locator("#record-name", { hasText: record }).waitFor({ state: "attached" });
  await inElement(page, async (element) => {
    const frame = () => new Promise(requestAnimationFrame);
    while (!element.record || element.drawing.page?.record !== element.record) await frame();
    for (let frames = 0; frames < 3; frames++) await frame();
  });
  await page.evaluate(keepShifts);
}

async function allThere(page) {
  await analysed(page);
  await page.locator("#numbers .rate strong").waitFor();
  await drawn(page);
  await page.locator("#measured-findings, #measured-grade").first().waitFor({ state: "attached" });
  await page.locator("#panel-cards:not(.held)").waitFor({ state: "attached" });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100))));
}

test("B10: from a drop to its findings and numbers nothing moves, nor from one recording to the next", async (open) => {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 1440, height: 2400 }, // the whole panel is in sight
    { width: 375, height: 667 },
  ]) {
    const page = await open("/", { viewport });
    await drop(
      page,
      ["00219_hr", "00963_hr"].flatMap((name) => load(sample(name))),
    );
    await opened(page, "00219_hr");
    await allThere(page);
    assert.deepEqual(await page.evaluate(() => globalThis.shifts), [], `${viewport.width}x${viewport.height}`);
    await inElement(page, (element) => element.opener.openRow(element.list.rows[1]));
    await allThere(page);
    assert.deepEqual(await page.evaluate(() => globalThis.shifts), [], `${viewport.width}x${viewport.height}: next`);
  }
});

test("B10: nothing moves where the network comes long after the measurements, which are not held back for it", async (open) => {
  const sent = makeGate();
  const page = await open("/", {
    viewport: { width: 1440, height: 2400 },
    ready: /^Starting/,
    before: (context) =>
      context.route("**/model.safetensors", async (route) => {
        await sent.opened;
        await route.continue().catch(() => {});
      }),
  });
  await page.locator("#picker").waitFor({ state: "attached" });
  await drop(page, load(sample("00963_hr")));
  await opened(page, "00963_hr");
  await page.locator("#measured-grade").waitFor();
  await page.evaluate(keepShifts);
  sent.open();
  await allThere(page);
  assert.deepEqual(await page.evaluate(() => globalThis.shifts), []);
});

test("B10: nothing moves where the measurements come after room was kept for them", async (open) => {
  const page = await open("/", { viewport: { width: 1440, height: 2400 } });
  await drop(
    page,
    ["00219_hr", "00963_hr"].flatMap((name) => load(sample(name))),
  );
  await opened(page, "00219_hr");
  await allThere(page);
  await inElement(page, (element) => {
    globalThis.shifts = [];
    const measure = element.live.measure.bind(element.live);
    const asked = new Promise((resolve) => (globalThis.measureNow = resolve));
    element.live.measure = (group) => asked.then(() => measure(group));
    return element.opener.openRow(element.list.rows[1]);
  });
  await page.locator("#panel-cards.late").waitFor({ state: "attached" });
  await page.evaluate(() => globalThis.measureNow());
  await allThere(page);
  assert.deepEqual(await page.evaluate(() => globalThis.shifts), []);
});

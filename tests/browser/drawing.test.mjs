// The drawing on screen, in headless Chromium: its scale, what it shows of records and models that are
// not the usual ones, and the hands on it.

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { launch, says, skip } from "../support/chromium.mjs";
import { DIST, importModel, ROOT, scratch, SHARED } from "../support/native.mjs";

const short = join(SHARED, "golden/cnn_small.keras");
const noShort = skip || (existsSync(short) ? false : "no golden models here");
const sample = join(ROOT, "web/samples/00219_hr");
const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const data = readFileSync(`${sample}.dat`);

let server, browser, origin;

before(async () => {
  if (skip) return;
  server = await serve(DIST, 0);
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const test = (name, options, work) => declare(name, { timeout: 120000, ...options }, work);

async function openPage({ address = "/", ready = /^Ready/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, ...options });
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  await page.goto(`${origin}${address}`);
  await says(page, ready);
  return page;
}

const sampled = (options) => openPage({ address: "/?sample=00219_hr", ready: /^Analysed/, ...options });
const inElement = (page, work, argument) => page.locator("ecg-xplaim").evaluate(work, argument);
const drawn = (page) => inElement(page, (element) => element.drawn);

async function choose(page, options) {
  for (const [id, value] of Object.entries(options)) await page.selectOption(`#${id}`, value);
  await drawn(page);
}

/** Some leads of the sample, under names of one's own, for samples of them from `from` on, around
 * and around. */
function recordOf(name, leads, { from = 0, samples = 5000 } = {}) {
  const dat = Buffer.alloc(samples * leads.length * 2);
  const columns = leads.map(([, lead]) => LEADS.indexOf(lead));
  for (let t = 0; t < samples; t++)
    columns.forEach((column, i) => dat.writeInt16LE(data.readInt16LE((((from + t) % 5000) * 12 + column) * 2), (t * leads.length + i) * 2));
  const lines = leads.map(([own], i) => {
    let sum = 0;
    for (let t = 0; t < samples; t++) sum += dat.readInt16LE((t * leads.length + i) * 2);
    return `${name}.dat 16 1000/mV 16 0 ${dat.readInt16LE(2 * i)} ${(sum << 16) >> 16} 0 ${own}`;
  });
  const file = (n, buffer) => ({ name: n, mimeType: "application/octet-stream", buffer });
  return [file(`${name}.hea`, Buffer.from(`${name} ${leads.length} 500 ${samples}\n${lines.join("\n")}\n`)), file(`${name}.dat`, dat)];
}

async function open(page, files, status = /^Analysed/) {
  await page.setInputFiles("#picker", files);
  await says(page, status);
  await drawn(page);
}

/** How the drawing stands on the screen, in CSS pixels. */
const standing = (page) => inElement(page, ({ view }) => {
  const [first] = view.list.strips;
  const texts = new TextDecoder().decode(view.list.text);
  return { scale: view.scale, second: view.page.speed * view.scale, millivolt: view.page.gain * view.scale, x: view.x,
    beyond: view.beyond, zoom: view.zoom, wide: view.canvas.clientWidth, first, strips: view.list.strips.length, texts };
});

test("a millimetre is as large at every speed and gain, for short records too", { skip }, async () => {
  const page = await sampled();
  const usual = await standing(page);
  assert.deepEqual(usual.beyond, [0, 0], "10 s at 25 mm/s fit");
  for (const [speed, times] of [["12.5", 0.5], ["50", 2]]) {
    await choose(page, { speed });
    const now = await standing(page);
    assert.ok(Math.abs(now.second / usual.second - times) < 1e-6, `a second is ${now.second} px at ${speed} mm/s`);
    assert.equal(now.millivolt, usual.millivolt, `at ${speed} mm/s`);
    assert.equal(now.beyond[1] > 0, speed === "50");
  }
  await page.locator("#ecg").hover();
  await page.mouse.wheel(400, 0); // there is more to the right
  await page.waitForTimeout(50);
  assert.ok((await standing(page)).beyond[0] > 10);
  await choose(page, { speed: "25", gain: "20" });
  const tall = await standing(page);
  assert.deepEqual([tall.second, tall.millivolt], [usual.second, 2 * usual.millivolt]);
  await choose(page, { gain: "10" });
  await open(page, recordOf("four", LEADS.map((l) => [l, l]), { samples: 2000 }));
  const four = await standing(page);
  assert.deepEqual([four.second, four.millivolt], [usual.second, usual.millivolt]);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a phone shows 3 px a millimetre, and an edge that says there is more", { skip }, async () => {
  const page = await sampled({ viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true });
  const now = await standing(page);
  assert.equal(now.scale, 3);
  assert.ok(now.beyond[1] > 100 && now.beyond[0] === 0);
  const edges = () => inElement(page, ({ view: { canvas } }) => {
    const dark = (x) => {
      const { data } = canvas.getContext("2d").getImageData(x, 5, 1, canvas.height - 40);
      return data.filter((_, i) => i % 4 === 0).reduce((a, b) => a + b, 0) / (canvas.height - 40);
    };
    return [dark(0), dark(canvas.width - 1)];
  });
  const [left, right] = await edges();
  assert.ok(left > right + 30, `${left}, ${right}`);
  await inElement(page, ({ view }) => (view.pan(-1e4, 0), view.draw()));
  const [there, end] = await edges();
  assert.ok(end > there + 30, `${there}, ${end}`);
  if (await page.isVisible("#view-open")) await page.click("#view-open");
  await page.click("#zoom-out");
  assert.ok((await standing(page)).zoom < 1, "the whole can be seen at once");
  await page.click("#zoom-reset");
  assert.deepEqual((({ zoom, x }) => ({ zoom, x }))(await standing(page)), { zoom: 1, x: 0 });
  await page.screenshot({ path: join(ROOT, "build/drawing-phone.png") });
  await page.context().close();
});

test("windows of a second are marked on a page of ten", { skip: noShort }, async () => {
  const page = await openPage();
  await page.setInputFiles("#model-picker", importModel(short, ["--labels", "pvc,x", "--rate", "500"]));
  await says(page, /is the model now/);
  await open(page, recordOf("long", LEADS.map((l) => [l, l]), { samples: 12250 }));
  const at = async (w) => {
    await inElement(page, (element, n) => (element.chooseWindow(n), element.drawn), w);
    return inElement(page, ({ view }) => ({ start: view.page.start, seconds: view.page.seconds, window: view.page.window.start,
      map: [view.page.heat.start, view.page.heat.seconds] }));
  };
  assert.deepEqual(await at(3), { start: 0, seconds: 10, window: 3, map: [3, 1] });
  assert.match((await standing(page)).texts, /analysed: 3–4 s/);
  assert.deepEqual(await at(9), { start: 0, seconds: 10, window: 9, map: [9, 1] });
  assert.deepEqual(await at(12), { start: 10, seconds: 10, window: 12, map: [12, 1] });
  assert.deepEqual(await at(24), { start: 14.5, seconds: 10, window: 23.5, map: [23.5, 1] }); // to the record's end
  const { texts } = await standing(page);
  assert.match(texts, /analysed: 23\.5–24\.5 s/);
  assert.match(texts, /15 s.*16.*24/s, "seconds of the record under the last row");
  await page.locator(".paper").screenshot({ path: join(ROOT, "build/drawing-window.png") });
  await choose(page, { speed: "50" });
  await at(2);
  await at(8);
  assert.ok((await standing(page)).x > 200, "what was analysed comes into sight");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("the legend names label, probability, method and layer; below its threshold the map is fainter", { skip }, async () => {
  const page = await sampled();
  const pick = async (below) => {
    const label = await inElement(page, async (element, wanted) => {
      const { labels } = element.live.model;
      const p = (i) => element.analysis.probabilities[0][i];
      const i = labels.findIndex((l, k) => p(k) < l.threshold === wanted && element.analysis.labels[k].maps[0].positive);
      element.label = i;
      element.showAnalysis();
      await element.drawn;
      return { title: labels[i].longName || labels[i].name, p: p(i) };
    }, below);
    const most = await inElement(page, ({ view }) => view.list.colors.reduce((a, c) => Math.max(a, c >>> 24), 0));
    return { ...label, most, legend: await page.textContent("#legend-box") };
  };
  const above = await pick(false);
  assert.ok(above.legend.includes(`Evidence for ${above.title}, p ${above.p.toFixed(3)}, Grad-CAM, block3.shortcut.`), above.legend);
  const below = await pick(true);
  assert.match(below.legend, new RegExp(`Evidence for .*, p .*, Grad-CAM, block3\\.shortcut – below its threshold\\.`));
  assert.equal(below.most, above.most / 2);
  await page.context().close();
});

test("leads that follow from others are drawn, and said to be derived", { skip }, async () => {
  const page = await openPage();
  const eight = ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"];
  await open(page, recordOf("eight", eight.map((l) => [l, l])));
  const { texts, strips } = await standing(page);
  assert.equal(strips, 13);
  for (const lead of ["III", "aVR", "aVL", "aVF"]) assert.ok(texts.includes(`${lead} (derived)`), lead);
  assert.ok(!texts.includes("not recorded"));
  assert.match(await page.textContent("#record-facts"), /8 leads/);
  assert.match(await page.textContent("#notices"), /leads III, aVR, aVF, aVL are not in the recording: computed from I and II/);
  const off = await inElement(page, ({ record: { leads, mv } }) => {
    const of = (name) => mv[leads.findIndex((l) => l.name === name)];
    return of("aVF").reduce((most, v, i) => Math.max(most, Math.abs(v - (of("II")[i] - of("I")[i] / 2))), 0);
  });
  assert.ok(off < 1e-5);
  await page.selectOption("#filter", "0.5,40,0");
  await inElement(page, async (element) => {
    while (element.page().filter === "") await new Promise((resolve) => setTimeout(resolve, 20));
    await element.drawn;
  });
  assert.equal((await standing(page)).strips, 13);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("records of few leads get a row each, under their own names", { skip }, async () => {
  const page = await openPage();
  await open(page, recordOf("holter", [["MLII", "II"], ["V5", "V5"]]), /needs lead I/);
  const { texts, strips } = await standing(page);
  assert.equal(strips, 2);
  assert.ok(texts.includes("MLII") && texts.includes("V5") && !texts.includes("not recorded"));
  assert.ok(!(await page.isVisible("#rhythm")), "no rhythm row to choose a lead for");
  await page.locator(".paper").screenshot({ path: join(ROOT, "build/drawing-holter.png") });
  await choose(page, { layout: "single" });
  assert.deepEqual(await page.$$eval("#rhythm option", (list) => list.map((o) => o.value)), ["MLII", "V5"]);
  assert.equal(await page.inputValue("#rhythm"), "MLII");
  assert.ok((await standing(page)).texts.includes("MLII"), "the one that is chosen");
  await choose(page, { filter: "0.5,40,0" });
  await inElement(page, async (element) => {
    while (element.page().filter === "") await new Promise((resolve) => setTimeout(resolve, 20));
  });
  await page.selectOption("#filter", "");
  await choose(page, { layout: "3x4+1" });
  await page.click("#sample");
  await says(page, /^Analysed/);
  await drawn(page);
  assert.equal(await page.inputValue("#rhythm"), "II");
  assert.equal(await page.locator("#rhythm option").count(), 12);
  assert.equal((await standing(page)).strips, 13);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("no trace is cut flat: the premature beat is whole in every layout", { skip }, async () => {
  const page = await sampled();
  for (const layout of ["12x1", "6x2", "3x4", "3x4+1", "3x4+3", "cabrera", "single"]) {
    await choose(page, { layout });
    const flat = await inElement(page, ({ view: { list } }) => {
      let most = 0;
      for (let i = 0; i < list.ops.length; i += 6) {
        const [kind, , first, count] = list.ops.subarray(i, i + 4);
        if (kind !== 0 || count < 20) continue;
        const y = Array.from({ length: count }, (_, k) => list.points[2 * (first + k) + 1]);
        const [top, bottom] = [Math.min(...y), Math.max(...y)];
        for (let k = 0, run = 0; k < count; k++) {
          run = (y[k] === top || y[k] === bottom) && y[k] === y[k - 1] ? run + 1 : 0;
          most = Math.max(most, run);
        }
      }
      return most;
    });
    assert.ok(flat < 4, `${layout}: ${flat} samples on a line`);
  }
  await page.context().close();
});

/* ---- calipers ---- */

const calipers = (page) => inElement(page, ({ view: { calipers: c } }) => c && { legs: c.legs.map((leg) => ({ ...leg })),
  strip: { ...c.place }, lead: c.page.record.leads[c.place.lead].name, text: c.text });

async function measuring(options) {
  const page = await sampled(options);
  if (await page.isVisible("#view-open")) await page.click("#view-open");
  await page.click("#calipers");
  await page.locator("#ecg").scrollIntoViewIfNeeded();
  const box = await page.locator("#ecg").boundingBox();
  return { page, box, scale: (await standing(page)).scale };
}

test("calipers start on the rhythm strip, a click leaves them, Escape ends them", { skip }, async () => {
  const { page, box, scale } = await measuring();
  const before = await calipers(page);
  assert.equal(before.lead, "II");
  assert.equal(before.strip.seconds, 10);
  await page.mouse.click(box.x + 150 * scale, box.y + 20 * scale);
  await page.mouse.move(box.x + 151 * scale, box.y + 20 * scale);
  assert.deepEqual(await calipers(page), before);
  // A leg that is taken elsewhere than at its dot keeps its voltage.
  const x = before.strip.x + before.legs[1].t * 25;
  const y = before.strip.top + 2;
  await page.mouse.move(box.x + (x + 0.4) * scale, box.y + y * scale);
  await page.mouse.down();
  await page.mouse.move(box.x + (x + 5.4) * scale, box.y + y * scale, { steps: 5 });
  await page.mouse.up();
  const after = await calipers(page);
  assert.ok(Math.abs(after.legs[1].t - before.legs[1].t - 0.2) < 0.005);
  assert.ok(Math.abs(after.legs[1].mv - before.legs[1].mv) < 0.02);
  await page.locator(".paper").screenshot({ path: join(ROOT, "build/drawing-calipers.png") });
  await page.keyboard.press("Escape");
  assert.equal(await calipers(page), null);
  assert.equal(await page.getAttribute("#calipers", "aria-pressed"), "false");
  assert.equal(await page.textContent("#caliper-text"), "");
  await page.context().close();
});

test("a pinch and a swipe along the page leave the calipers where they were", { skip }, async () => {
  const { page, box } = await measuring({ hasTouch: true, viewport: { width: 800, height: 500 } });
  const before = await calipers(page);
  const session = await page.context().newCDPSession(page);
  const touch = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x: box.x + x, y: box.y + y, id })) });
  await touch("touchStart", [[300, 60]]);
  for (let k = 1; k <= 4; k++) await touch("touchMove", [[300 - 10 * k, 60]]);
  assert.notDeepEqual((await calipers(page)).legs, before.legs, "one finger measures");
  await touch("touchStart", [[260, 60], [400, 60]]);
  for (let k = 1; k <= 4; k++) await touch("touchMove", [[260 - 10 * k, 60], [400 + 10 * k, 60]]);
  await touch("touchEnd", []);
  assert.deepEqual(await calipers(page), before);
  assert.ok((await standing(page)).zoom > 1.2);
  await page.click("#zoom-reset");
  const scrolled = () => page.evaluate(() => scrollY);
  const from = await scrolled();
  await touch("touchStart", [[300, 150]]);
  for (let k = 1; k <= 10; k++) await touch("touchMove", [[300, 150 - 10 * k]]);
  await touch("touchEnd", []);
  await page.waitForTimeout(200);
  assert.deepEqual(await calipers(page), before);
  assert.ok((await scrolled()) !== from, "the page scrolled");
  await page.context().close();
});

test("calipers follow their lead to another layout and another record", { skip }, async () => {
  const { page, box, scale } = await measuring();
  const { first } = await standing(page);
  // Across V6, which is in the last column.
  const strip = await inElement(page, ({ view: { list, page: { record } } }) => list.strips.find((s) => record.leads[s.lead].name === "V6"));
  await page.mouse.move(box.x + (strip.x + 10) * scale, box.y + strip.y * scale);
  await page.mouse.down();
  await page.mouse.move(box.x + (strip.x + 30) * scale, box.y + (strip.y - 5) * scale, { steps: 4 });
  await page.mouse.up();
  assert.match(await page.textContent("#caliper-text"), /^V6: 800 ms/);
  await choose(page, { layout: "12x1" });
  let now = await calipers(page);
  assert.equal(now.lead, "V6");
  assert.ok(Math.abs(now.legs[0].t - 7.9) < 0.01);
  assert.match(await page.textContent("#caliper-text"), /^V6: 800 ms · 75 bpm · 0\.50 mV/, "as it was put");
  await page.keyboard.press("Space");
  await inElement(page, ({ view }) => { // to where the column of V6 does not reach
    const c = view.calipers;
    c.legs = [c.onTrace(1), c.onTrace(1.8)];
    view.measured();
  });
  await choose(page, { layout: "3x4+1" });
  now = await calipers(page);
  assert.equal(now.lead, "V6", "not the first strip that there is");
  for (const { t } of now.legs) assert.ok(t >= now.strip.from && t <= now.strip.from + now.strip.seconds, `${t} s`);
  assert.ok(Math.abs(now.legs[1].t - now.legs[0].t - 0.8) < 0.004);
  assert.equal(await page.textContent("#caliper-text"), now.text);
  // Another record: its voltages.
  await page.selectOption("#sample-list", { index: 0 });
  await open(page, recordOf("half", LEADS.map((l) => [l, l]), { from: 250 }));
  now = await calipers(page);
  const trace = await inElement(page, ({ view: { calipers: c } }) => c.legs.map(({ t }) => c.onTrace(t).mv));
  assert.deepEqual(now.legs.map((leg) => leg.mv), trace);
  assert.equal(await page.textContent("#caliper-text"), now.text);
  // The last sample is at the right end, not one after it.
  const end = await inElement(page, ({ view: { calipers: c, page: { mv } } }) => {
    c.strip = 12;
    return [c.onTrace(1e9), mv[c.place.lead].at(-1)];
  });
  assert.equal(end[0].mv, end[1]);
  assert.ok(first.seconds === 2.5);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

/* ---- the screen ---- */

test("another density of pixels is noticed; a double click resets; what is gone listens no more", { skip }, async () => {
  const page = await sampled();
  const ratio = () => inElement(page, ({ view: { canvas } }) => canvas.width / canvas.clientWidth);
  assert.equal(await ratio(), 1);
  // Another screen, as far as a script can tell: emulation changes the ratio without telling.
  await inElement(page, ({ view }) => {
    const asked = [];
    window.matchMedia = ((real) => (query) => (asked.push([query, real.call(window, query)]), asked.at(-1)[1]))(window.matchMedia);
    view.watchRatio();
    for (const density of [2, 3]) {
      Object.defineProperty(window, "devicePixelRatio", { value: density, configurable: true });
      asked.at(-1)[1].dispatchEvent(new Event("change"));
    }
    window.asked = asked.map(([query]) => query);
  });
  assert.deepEqual(await page.evaluate(() => window.asked), ["(resolution: 1dppx)", "(resolution: 2dppx)", "(resolution: 3dppx)"]);
  assert.equal(await ratio(), 3);
  await page.click("#zoom-in");
  assert.equal((await standing(page)).zoom, 1.25);
  await page.dblclick("#ecg");
  assert.equal((await standing(page)).zoom, 1);
  const quiet = await page.evaluate(async () => {
    const element = document.querySelector("ecg-xplaim");
    const { view } = element;
    element.remove();
    await new Promise((resolve) => setTimeout(resolve, 50)); // moved, it would go on
    return view.closing.signal.aborted;
  });
  assert.ok(quiet);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

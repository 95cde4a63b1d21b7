// The drawing on screen, in headless Chromium: its scale, what it shows of records and models that are
// not the usual ones, and the hands on it.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { drawn, inElement, says, skip } from "../support/chromium.mjs";
import { LEADS, choose, recordOf, open, standing } from "../support/drawing.mjs";
import { importModel, ROOT, SHARED } from "../support/native.mjs";
import { siteOfTests } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";

const short = join(SHARED, "golden/cnn_small.keras");
const noShort = skip || (existsSync(short) ? false : "no golden models here");

const { test, openPage } = siteOfTests();
const sampled = (options) => openPage({ address: "/?sample=00219_hr", ready: /^Analysed/, ...options });

test("a millimetre is as large at every speed and gain, for short records too", { skip }, async () => {
  const page = await sampled();
  const usual = await standing(page);
  assert.deepEqual(usual.beyond, [0, 0], "10 s at 25 mm/s fit");
  for (const [speed, times] of /** @type {[string, number][]} */ ([
    ["12.5", 0.5],
    ["50", 2],
  ])) {
    await choose(page, { speed });
    const now = await standing(page);
    assert.ok(Math.abs(now.second / usual.second - times) < 1e-6, `a second is ${now.second} px at ${speed} mm/s`);
    assert.equal(now.millivolt, usual.millivolt, `at ${speed} mm/s`);
    assert.equal(now.beyond[1] > 0, speed === "50");
  }
  await page.locator("#ecg").hover();
  await page.mouse.wheel(400, 0); // there is more to the right
  await until("the drawing to move", async () => (await standing(page)).beyond[0] > 10);
  await choose(page, { speed: "25", gain: "20" });
  const tall = await standing(page);
  assert.deepEqual([tall.second, tall.millivolt], [usual.second, 2 * usual.millivolt]);
  await choose(page, { gain: "10" });
  await open(
    page,
    recordOf(
      "four",
      LEADS.map((l) => [l, l]),
      { samples: 2000 },
    ),
  );
  const four = await standing(page);
  assert.deepEqual([four.second, four.millivolt], [usual.second, usual.millivolt]);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a phone shows 3 px a millimetre, and an edge that says there is more", { skip }, async () => {
  const page = await sampled({ viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true });
  const whole = await standing(page);
  assert.deepEqual([whole.strips, whole.beyond], [12, [0, 0]], "all leads are in sight at first");
  await choose(page, { layout: "3x4+1" });
  const now = await standing(page);
  assert.equal(now.scale, 3);
  assert.ok(now.beyond[1] > 100 && now.beyond[0] === 0);
  const edges = () =>
    inElement(page, ({ view: { canvas } }) => {
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
  await open(
    page,
    recordOf(
      "long",
      LEADS.map((l) => [l, l]),
      { samples: 12250 },
    ),
  );
  const at = async (w) => {
    await inElement(page, (element, n) => (element.chooseWindow(n), element.drawn), w);
    return inElement(page, ({ view }) => ({
      start: view.page.start,
      seconds: view.page.seconds,
      window: view.page.window.start,
      map: [view.page.heat.start, view.page.heat.seconds],
    }));
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

test(
  "the legend names label, probability, method and layer; below its threshold the map is fainter",
  { skip },
  async () => {
    const page = await sampled();
    const pick = async (below) => {
      const label = await inElement(
        page,
        async (element, wanted) => {
          const { labels } = element.live.model;
          const [window] = element.analysis.report.map.windows;
          const p = (i) => window.labels[i].probability;
          const i = labels.findIndex((l, k) => p(k) < l.threshold === wanted && window.labels[k].positive);
          element.label = i;
          element.showAnalysis();
          await element.drawn;
          const { titleOf } = await import("/web/words/finding_words.js");
          return { title: titleOf(labels[i]), p: p(i) };
        },
        below,
      );
      const most = await inElement(page, ({ view }) => view.list.colors.reduce((a, c) => Math.max(a, c >>> 24), 0));
      return { ...label, most, legend: await page.textContent("#legend-box") };
    };
    const above = await pick(false);
    assert.ok(
      above.legend.includes(`${above.title} ${Math.round(100 * above.p)} %, Grad-CAM at block3.shortcut.`),
      above.legend,
    );
    const below = await pick(true);
    assert.match(below.legend, new RegExp(`.* %, Grad-CAM at block3\\.shortcut – below threshold\\.`));
    assert.equal(below.most, Math.floor(above.most / 2));
    await page.context().close();
  },
);

test("leads that follow from others are drawn, and said to be derived", { skip }, async () => {
  const page = await openPage();
  const eight = ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"];
  await open(
    page,
    recordOf(
      "eight",
      eight.map((l) => [l, l]),
    ),
  );
  const { texts, strips } = await standing(page);
  assert.equal(strips, 13);
  for (const lead of ["III", "aVR", "aVL", "aVF"]) assert.ok(texts.includes(`${lead} (derived)`), lead);
  assert.ok(!texts.includes("not recorded"));
  assert.match(await page.textContent("#record-facts"), /8 leads/);
  assert.match(
    await page.textContent("#notices"),
    /leads III, aVR, aVF, aVL are not in the recording: computed from I and II/,
  );
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
  await open(
    page,
    recordOf("holter", [
      ["MLII", "II"],
      ["V5", "V5"],
    ]),
    /needs lead I/,
  );
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

/* ---- the screen ---- */

test(
  "another density of pixels is noticed; a double click resets; what is gone listens no more",
  { skip },
  async () => {
    const page = await sampled();
    const ratio = () => inElement(page, ({ view: { canvas } }) => canvas.width / canvas.clientWidth);
    assert.equal(await ratio(), 1);
    // Another screen, as far as a script can tell: emulation changes the ratio without telling.
    await inElement(page, ({ view }) => {
      const asked = [];
      window.matchMedia = ((real) => (query) => (asked.push([query, real.call(window, query)]), asked.at(-1)[1]))(
        window.matchMedia,
      );
      view.watchRatio();
      for (const density of [2, 3]) {
        Object.defineProperty(window, "devicePixelRatio", { value: density, configurable: true });
        asked.at(-1)[1].dispatchEvent(new Event("change"));
      }
      window.asked = asked.map(([query]) => query);
    });
    assert.deepEqual(await page.evaluate(() => window.asked), [
      "(resolution: 1dppx)",
      "(resolution: 2dppx)",
      "(resolution: 3dppx)",
    ]);
    assert.equal(await ratio(), 3);
    await page.click("#zoom-in");
    assert.equal((await standing(page)).zoom, 1.25);
    await page.dblclick("#ecg");
    await drawn(page);
    const enlarged = await standing(page);
    assert.deepEqual([enlarged.zoom, enlarged.strips], [1, 1], "the lead over the whole width");
    await page.dblclick("#ecg");
    await drawn(page);
    assert.equal((await standing(page)).strips, 13, "and back");
    const quiet = await page.evaluate(async () => {
      const element = document.querySelector("ecg-xplaim");
      const { view } = element;
      element.remove();
      await new Promise((resolve) => setTimeout(resolve)); // after the element's own timer, which was set before
      return view.closing.signal.aborted;
    });
    assert.ok(quiet);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  },
);

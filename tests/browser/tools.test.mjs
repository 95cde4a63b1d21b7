// The reading tools: calipers that hold on to what was measured, marks of the median beat that the reader moves.

import assert from "node:assert/strict";
import { join } from "node:path";
import { accessible, analysed, drawn, drop, inElement, saved, says } from "../support/chromium.mjs";
import { load, ROOT } from "../support/native.mjs";
import { problems, schema } from "../support/schema.mjs";
import { openAt, testsOfSite } from "../support/site_tests.mjs";
import { synthetic } from "../support/synthetic.mjs";
import { until } from "../support/wait.mjs";

const PHONE = { viewport: { width: 375, height: 667 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

const { test, theSite } = testsOfSite(async (site, address = "/?sample=00219_hr", options = {}) => {
  const page = await openAt(site, address, options);
  if (/sample=/.test(address)) await measured(page);
  return page;
});

const json = async (page, button) => JSON.parse((await saved(page, button)).bytes.toString("utf8"));

async function measured(page) {
  await page.locator("#numbers .rate strong").waitFor();
  await inElement(page, (element) => element.measurements.done);
  await drawn(page);
}

/** @param {any} page @param {string[]} paths  the last of them is shown in the end */
async function openFiles(page, ...paths) {
  for (const path of paths) {
    await drop(page, load(path));
    await page.locator("#record-name", { hasText: path.split("/").at(-1) }).waitFor();
    await analysed(page);
    await measured(page);
  }
}

/** The pair in hand, and the beats that were measured. */
const pair = (page) =>
  inElement(page, ({ view, measurements }) => {
    const { calipers: c } = view;
    const { marks } = measurements.shown ?? { marks: [] };
    return (
      c && {
        times: c.legs.map(({ t }) => t + c.page.start),
        beats: Array.from({ length: marks.length / 9 }, (_, i) => marks[9 * i]),
        rate: c.page.record.rate,
        kind: c.kind,
        text: c.text,
        others: view.others.map((each) => each.text),
      }
    );
  });

/* ---- calipers ---- */

test("B4: calipers start on two neighbouring R peaks of what is in sight, on a phone and after zooming too", async (open) => {
  for (const options of [{}, PHONE]) {
    const page = await open("/?sample=00219_hr", options);
    const starts = async () => {
      const { times, beats, rate } = await pair(page);
      const at = times.map((time) => beats.findIndex((beat) => Math.abs(beat - time) <= 1.01 / rate));
      assert.ok(at[0] >= 0 && at[1] === at[0] + 1, `${times} among ${beats}`);
      return times;
    };
    await page.click("#calipers");
    await starts();
    await page.click("#calipers");
    await inElement(page, ({ view }) => {
      for (let i = 0; i < 4; i++) view.zoomBy(1.25);
      view.pan(-1e5, -1e5);
    });
    await page.click("#calipers");
    const late = await starts();
    const [from, to] = await inElement(page, ({ view }) => {
      const { x, from: first } = view.calipers.place;
      const left = first + (view.x - x) / view.page.speed;
      return [left, left + view.canvas.clientWidth / view.scale / view.page.speed].map((t) => t + view.page.start);
    });
    assert.ok(late[0] >= from && late[1] <= to, `${late} are in sight, ${from} to ${to}`);
  }
});

test("calipers are not under their own bar, also once the window has another width", async (open) => {
  const page = await open("/?sample=00219_hr", { viewport: { width: 1024, height: 768 } });
  await page.selectOption("#rhythm", "I"); // at the foot there, and at the head on a phone
  await drawn(page);
  await page.click("#calipers");
  for (const [width, height, layout] of [
    [360, 740, "6x2s"],
    [768, 1024, "3x4+1"],
    [390, 640, "6x2s"],
  ]) {
    await page.setViewportSize({ width, height });
    await until(`${layout} at ${width}`, () =>
      inElement(page, ({ view }, wanted) => view.page.layout === wanted && view.list.strips.length > 0, layout),
    );
    await drawn(page);
    const [strip, bar] = await inElement(page, ({ view, root }) => {
      const { top } = view.canvas.getBoundingClientRect();
      const { place } = view.calipers;
      const box = root.querySelector("#read-out").getBoundingClientRect();
      const from = top + (place.top - view.y) * view.scale;
      return [
        [from, from + place.height * view.scale],
        [box.top, box.bottom],
      ];
    });
    assert.ok(bar[1] <= strip[0] || bar[0] >= strip[1], `${width}: the bar at ${bar}, their lead at ${strip}`);
  }
});

test("B4: presets of a made record are what it was made with, and QTc names its RR and its formula", async (open) => {
  const page = await open("/");
  await openFiles(page, synthetic("made", { pr: 0.18, qt: 0.4, rr: 0.9 }));
  await page.keyboard.press("c");
  assert.match((await pair(page)).text, /^II: RR 90\d ms · 67\/min$/);
  const near = (text, title, truth, by) => {
    const found = Number(new RegExp(`${title} (\\d+) ms`).exec(text)?.[1]);
    assert.ok(Math.abs(found - truth) <= by, `${text}: ${title} is ${truth}`);
    return found;
  };
  await page.keyboard.press("2");
  near((await pair(page)).text, "PR", 180, 20);
  await page.keyboard.press("3");
  near((await pair(page)).text, "QRS", 100, 20);
  await page.keyboard.press("4");
  const { text } = await pair(page);
  const qt = near(text, "QT", 400, 20);
  const rr = near(text, "mean RR", 900, 2);
  assert.match(text, /\(Fridericia\)$/);
  near(text, "QTc", qt / Math.cbrt(rr / 1000), 1);
  await page.keyboard.press("5");
  assert.match((await pair(page)).text, /^II: ST, 60 ms after J: −?0\.0\d mV$/);
  await page.keyboard.press("1");
  await page.keyboard.press("1");
  await page.keyboard.press("1");
  assert.match((await pair(page)).text, /^II: mean of 3 RR (899|900|901) ms · 67\/min$/);
  await accessible(page, "with presets");
});

test("a leg holds on to what was measured, and with Shift to nothing; keys go from one to the next", async (open) => {
  const page = await open();
  await page.keyboard.press("c");
  const box = await page.locator("#ecg").boundingBox();
  const where = () =>
    inElement(page, ({ view }) => {
      const { calipers: c } = view;
      const { qrs } = view.events
        .landmarks()
        .beats(0, 10)
        .find(({ time }) => time > c.legs[1].t + 1);
      return {
        x: c.xOf(c.legs[1]) * view.scale,
        y: (c.place.top + 2) * view.scale,
        to: c.xOf({ t: qrs[0] - c.page.start, mv: 0 }) * view.scale,
        onset: qrs[0] - c.page.start,
      };
    });
  const dragTo = async ({ x, y }, to) => {
    await page.mouse.move(box.x + x, box.y + y);
    await page.mouse.down();
    await page.mouse.move(box.x + to, box.y + y, { steps: 4 });
    await page.mouse.up();
    return inElement(page, ({ view }) => view.calipers.legs[1].t);
  };
  const first = await where();
  const held = await dragTo(first, first.to - 2);
  assert.ok(Math.abs(held - first.onset) < 1e-6, `${held}, not ${first.onset}`);
  await page.keyboard.down("Shift");
  await dragTo({ ...first, x: first.to }, first.to + 30);
  const free = await dragTo({ ...first, x: first.to + 30 }, first.to - 2);
  await page.keyboard.up("Shift");
  assert.ok(Math.abs(free - first.onset) > 0.008, `${free}: two pixels before ${first.onset}`);
  await page.keyboard.press(".");
  const hopped = await inElement(page, ({ view }) => view.calipers.legs[1].t);
  assert.ok(Math.abs(hopped - first.onset) <= 0.5 / 500 + 1e-6);
  await page.keyboard.press(",");
  assert.ok((await inElement(page, ({ view }) => view.calipers.legs[1].t)) < first.onset - 0.01);
});

test("B4: four pairs stay through layouts and other records, and are listed, copied and saved", async (open) => {
  const page = await open();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.keyboard.press("c");
  for (const key of ["k", "4", "k", "2", "k", "3"]) await page.keyboard.press(key);
  const before = await pair(page);
  assert.equal(before.others.length, 3);
  const texts = [...before.others, before.text];
  assert.deepEqual(
    texts.map((text) => /: (\w+)/.exec(text)[1]),
    ["RR", "QT", "PR", "QRS"],
  );
  assert.equal(await page.locator("#caliper-list li").count(), 4);
  await accessible(page, "with four pairs");
  await page.screenshot({ path: join(ROOT, "build/page-calipers.png") });
  await page.keyboard.press("k");
  await says(page, /^There are 4 pairs/);
  for (const layout of ["12x1", "3x4+1"]) {
    await page.selectOption("#layout", layout);
    await drawn(page);
    const now = await pair(page);
    assert.deepEqual([...now.others, now.text], texts, layout);
  }
  const report = await json(page, "#save-json");
  assert.deepEqual(problems(report, schema("explain")), []);
  assert.deepEqual(
    report.reader.calipers.map(({ kind, lead, speed_mm_s: speed }) => [kind, lead, speed]),
    ["rr", "qt", "pr", "qrs"].map((kind) => [kind, "II", 25]),
  );
  const qt = report.reader.calipers[1];
  assert.equal(qt.qtc_formula, "Fridericia");
  assert.ok(Math.abs(qt.qtc_ms - qt.ms / Math.cbrt(qt.mean_rr_ms / 1000)) <= 1);
  assert.match((await saved(page, "#save-csv")).bytes.toString("utf8"), / qt II [\d.]+-[\d.]+ s: \d/);
  await page.click("#copy-numbers");
  await says(page, /^The numbers are/);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^Calipers II, [\d.]+–[\d.]+ s: QT \d+ ms · mean RR \d+ ms · QTc \d+ ms \(Fridericia\)$/m);
  // Another record has pairs of its own; these come back with theirs, and after switching off and on.
  await openFiles(page, synthetic("other"));
  assert.equal((await pair(page)).others.length, 0);
  await page.click("#previous");
  await page.locator("#record-name", { hasText: "00219_hr" }).waitFor();
  await measured(page);
  for (const again of [false, true]) {
    if (again) for (const key of ["c", "c"]) await page.keyboard.press(key);
    await until("the pairs", async () => (await pair(page)).others.length === 3);
    const now = await pair(page);
    assert.deepEqual([...now.others, now.text], texts, `${again}`);
  }
  // One is taken in hand, moved, taken away; that is undone.
  await page.click("#caliper-list li:nth-child(2) button:first-child");
  assert.equal((await pair(page)).kind, "qt");
  await page.keyboard.press("ArrowRight");
  assert.ok(!texts.includes((await pair(page)).text));
  await page.keyboard.press("Delete");
  assert.equal((await pair(page)).others.length, 2);
  await page.keyboard.press("Control+z");
  await until("it is back", async () => (await pair(page)).others.length === 3);
});

test("before the reader has answered calipers know nothing of the beats", async (open) => {
  const page = await open();
  await page.click("#more-menu");
  await page.check("#read-first");
  await page.focus("#ecg");
  await page.keyboard.press("c");
  const { kind, text } = await pair(page);
  assert.equal(kind, "");
  assert.match(text, /^II: 2500 ms/);
  await page.keyboard.press("4");
  await says(page, /no beats are known/);
  assert.equal((await pair(page)).kind, "");
});

/* ---- a link ---- */

const LINKED = {
  layout: ["3x4+1", "3x4+3", "3x4", "6x2", "6x2s", "12x1", "cabrera", "single"],
  rhythm: ["II", "V1", "aVR"],
  speed: ["25", "50", "12.5"],
  gain: ["10", "5", "20"],
  filter: ["", "0.5,40,0", "0,0,50", "0.05,150,0"],
  "map-style": ["strip", "behind", ""],
};
const FINDINGS = ["afib", "pvc", "ami", "afifl", "lbbb"];
const RECORDS = ["00963_hr", "00219_hr", "06332_hr"];

/** What is chosen in the i-th state. */
const stateOf = (i) => ({
  chosen: Object.fromEntries(
    Object.entries(LINKED).map(([id, values], k) => [id, values[(i * (k + 2) + k) % values.length]]),
  ),
  record: RECORDS[i % RECORDS.length],
  finding: FINDINGS[(3 * i) % FINDINGS.length],
  marks: i % 2 === 1,
  pairs: i % 5,
});

test("B7: a link restores the view, in twenty states, and nothing after # is asked for", async (open) => {
  const page = await open("/?sample=00963_hr");
  const state = () =>
    inElement(
      page,
      (element, ids) => ({
        chosen: Object.fromEntries(ids.map((id) => [id, element.$(id).value])),
        record: element.row.sample.record,
        finding: element.analysis.report.labels[element.label].name,
        marks: element.marks.on,
        pairs: element.caliperTools.all.map((each) => [each.text, each.whenText, each.kind]),
        segment: element.window,
        style: element.page().heat?.perLead ?? null,
      }),
      Object.keys(LINKED),
    );
  for (let i = 0; i < 20; i++) {
    const wanted = stateOf(i);
    await inElement(page, (element, record) => element.openSample(record), wanted.record);
    await measured(page);
    await inElement(
      page,
      async (element, { chosen, finding, marks, pairs }) => {
        if (element.view.calipers) element.panel.toggleCalipers();
        for (const [id, value] of Object.entries(chosen)) {
          element.$(id).value = value;
          element.$(id).dispatchEvent(new Event("change"));
          await element.drawn;
        }
        await element.panel.filter();
        await element.drawn;
        element.answers.chooseLabel(element.analysis.report.labels.findIndex((label) => label.name === finding));
        if (element.marks.on !== marks) element.$("marks").click();
        await element.drawn;
        for (let n = 0; n < pairs; n++) {
          if (n) element.caliperTools.keep();
          else element.panel.toggleCalipers();
          if (n) element.caliperTools.preset(["", "qt", "qrs", "st"][n]);
          if (n === 2) element.view.calipers.lift(7);
          if (n === 3) element.view.calipers.step(11);
          element.view.measured();
        }
      },
      wanted,
    );
    await drawn(page);
    const before = await state();
    assert.deepEqual({ ...before, pairs: 0 }, { ...before, ...wanted, chosen: before.chosen, pairs: 0 });
    for (const [id, value] of Object.entries(wanted.chosen))
      if (id !== "rhythm") assert.equal(before.chosen[id], value, id);
    assert.equal(before.pairs.length, wanted.pairs);
    const address = await inElement(page, (element) => element.link.address);
    theSite().requests.length = 0;
    await page.goto("about:blank");
    await page.goto(address.replace("?sample=00963_hr", ""));
    await analysed(page);
    await measured(page);
    await until("the calipers", async () => (await state()).pairs.length === wanted.pairs);
    await drawn(page);
    assert.deepEqual(await state(), before, address);
    assert.deepEqual(
      theSite().requests.filter((url) => /finding=|#/.test(url)),
      [],
    );
  }
});

/* ---- the median beat ---- */

const intervals = (page) => page.textContent("#beat-intervals");
const openBeat = async (page) => {
  await inElement(page, (element) => element.medianBeat.open());
  await page.waitForSelector("#beat-dialog[open] svg");
};
/** Samples that are 20 ms. */
const STEPS = 10;

test("B5: the end of T moved by 20 ms changes QT by 20 ms and QTc by its formula, and all that leaves the page says so", async (open) => {
  const page = await open();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const values = async (document) =>
    Object.fromEntries((document.measured ?? document).measurements.map((each) => [each.name, each]));
  const before = await values(await json(page, "#save-json"));
  await page.focus("#ecg");
  await page.keyboard.press("a");
  await page.waitForSelector("#beat-dialog[open] svg");
  await page.focus('[data-mark="t1"]');
  for (let i = 0; i < STEPS; i++) await page.keyboard.press("ArrowRight");
  const qt = before.qt_interval.value + 20;
  const rr = before.rr_interval.value / 1000;
  assert.match(await intervals(page), new RegExp(`QT ${qt} ms \\(measured ${qt - 20}\\).*edited by the reader$`));
  assert.equal(await inElement(page, (element) => element.root.activeElement?.dataset.mark), "t1", "the focus stays");
  await accessible(page, "with an edited beat");
  await page.screenshot({ path: join(ROOT, "build/page-beat-edited.png") });
  const drawing = (await saved(page, "#beat-svg")).bytes.toString("utf8");
  assert.match(drawing, new RegExp(`QT/QTc ${qt}/\\d+ ms \\(Fridericia\\).*marks edited by the reader`));
  await page.keyboard.press("Escape");
  await drawn(page);
  // On screen, in JSON, CSV, print, picture, and what is copied.
  assert.match(await page.textContent("#numbers .qtc"), new RegExp(`${qt}/.*edited by the reader`));
  assert.match(await page.textContent("[data-measure=qt_interval]"), /edited by the reader; measured \d+ ms/);
  const report = await json(page, "#save-json");
  assert.deepEqual(problems(report, schema("explain")), []);
  const after = await values(report);
  assert.equal(after.qt_interval.value, qt);
  assert.deepEqual(after.qt_interval.edited, { by: "reader", measured: qt - 20 });
  const formulas = {
    qtc_bazett: qt / Math.sqrt(rr),
    qtc_fridericia: qt / Math.cbrt(rr),
    qtc_framingham: qt + 154 * (1 - rr),
    qtc_hodges: qt + 1.75 * (60 / rr - 60),
  };
  for (const [name, value] of Object.entries(formulas)) assert.equal(after[name].value, Math.round(value), name);
  assert.deepEqual(after.pr_interval, before.pr_interval);
  assert.ok(Math.abs(report.reader.marks.edited.t[1] - report.reader.marks.measured.t[1] - 0.02) < 1e-6);
  const document = await json(page, "#measured-json");
  assert.deepEqual(problems(document, schema("measure")), []);
  assert.equal((await values(document)).qt_interval.edited.measured, qt - 20);
  const [head, line] = (await saved(page, "#measured-csv")).bytes.toString("utf8").trim().split("\n");
  const column = (name) => line.split(",")[head.split(",").indexOf(name)];
  assert.deepEqual([column("qt_interval"), column("qt_interval_reliability")], [String(qt), ""]);
  assert.match(column("edited_by_reader"), /^qt_interval qtc_bazett/);
  assert.match((await saved(page, "#save-csv")).bytes.toString("utf8"), /,qt_interval qtc_bazett /);
  const printed = await inElement(page, (element) => {
    dispatchEvent(new Event("beforeprint"));
    return element.$("sheet").textContent;
  });
  assert.match(printed, new RegExp(`QT/QTc ${qt}/.*marks edited by the reader`));
  assert.match((await saved(page, "#save-svg")).bytes.toString("utf8"), /marks edited by the reader/);
  await page.click("#copy-numbers");
  await says(page, /^The numbers are/);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, new RegExp(`QT/QTc ${qt}/\\d+ ms \\(Fridericia, edited by the reader\\)`));
  // It stays with its recording; undone step by step, or at once.
  await openFiles(page, synthetic("next"));
  assert.equal((await json(page, "#save-json")).reader, undefined);
  assert.match(await page.locator("#records tbody tr").first().textContent(), /\(edited\)/);
  await page.click("#previous");
  await page.locator("#record-name", { hasText: "00219_hr" }).waitFor();
  await measured(page);
  assert.match(await page.textContent("#numbers .qtc"), /edited/);
  await openBeat(page);
  await page.keyboard.press("Control+z");
  assert.match(await intervals(page), new RegExp(`QT ${qt - 2} ms`));
  await page.click("#beat-reset");
  assert.doesNotMatch(await intervals(page), /edited|measured/);
  await page.keyboard.press("Escape");
  assert.deepEqual(await values(await json(page, "#save-json")), before);
});

test("B5: marks are dragged by mouse and finger; no mark passes another; a wave is placed and taken away", async (open) => {
  const page = await open("/?sample=00219_hr", { hasTouch: true });
  await openBeat(page);
  const at = (mark, lead = 0) =>
    inElement(
      page,
      ({ medianBeat: { marks } }, [id, i]) => {
        const box = marks.svg.getBoundingClientRect();
        const strip = marks.list.strips[i];
        const px = box.width / marks.list.width;
        const s = marks.waves[id.slice(0, -1)][Number(id.at(-1))];
        return {
          x: box.left + marks.xOf(strip, s) * px,
          y: box.top + (strip.top + strip.height / 2) * px,
          ms: 1000 * s,
          perMs: (strip.width / strip.seconds / 1000) * px,
        };
      },
      [mark, lead],
    );
  const t = await at("t1", 5);
  await page.mouse.move(t.x, t.y);
  await page.mouse.down();
  await page.mouse.move(t.x + 40 * t.perMs, t.y, { steps: 5 });
  await page.mouse.up();
  assert.ok(Math.abs((await at("t1")).ms - t.ms - 40) <= 2.1, "by the mouse");
  const p = await at("p0");
  const session = await page.context().newCDPSession(page);
  const touch = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  await touch("touchStart", [{ x: p.x + 6, y: p.y }]);
  for (let k = 1; k <= 4; k++) await touch("touchMove", [{ x: p.x + 6 - 5 * k * p.perMs, y: p.y }]);
  await touch("touchEnd", []);
  const drawnTo = (await at("p0")).ms - p.ms;
  assert.ok(drawnTo < -8 && drawnTo > -60, `by a finger, ${drawnTo} ms`);
  assert.match(await intervals(page), /PR \d+ ms \(measured 170\)/);
  // Not beyond its neighbour.
  await page.focus('[data-mark="p1"]');
  for (let i = 0; i < 12; i++) await page.keyboard.press("PageUp");
  assert.ok((await at("p1")).ms < (await at("qrs0")).ms);
  await page.keyboard.press("Delete");
  assert.match(await intervals(page), /^PR — \(measured 170\)/);
  await page.click("#beat-p");
  const [, pr] = /^PR (\d+) ms/.exec(await intervals(page));
  assert.ok(Number(pr) > 60 && Number(pr) < 200, pr);
  await page.keyboard.press("Escape");
});

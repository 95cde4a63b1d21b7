// What is under the traces, how high they are, and what is drawn with them on paper: papers, chest leads at half the gain,
// calipers on the printed sheet, all leads beside an enlarged one, the device's share sheet.

import assert from "node:assert/strict";
import { drawn, drop, saved, says } from "../support/chromium.mjs";
import { synthetic } from "../support/synthetic.mjs";
import { load } from "../support/native.mjs";
import { until } from "../support/wait.mjs";
import { openAt, testsOfSite } from "../support/site_tests.mjs";

const { test } = testsOfSite(openAt);
const SAMPLE = "/?sample=00963_hr&lang=en";
const host = (page, work, argument) => page.locator("ecg-xplaim").evaluate(work, argument);
const settled = (page) => host(page, (element) => element.measurements.done.then(() => element.drawn));

/** As PAGE.md has them: paper, lines of 1 mm, lines of 5 mm. */
const PAPERS = {
  red: ["#fffafa", "#f9d9d7", "#eb9c98"],
  grey: ["#ffffff", "#e6e6e6", "#bdbdbd"],
  green: ["#f7fbf4", "#d3e6cc", "#93bf86"],
  dark: ["#0f1418", "#1f2a33", "#3a4854"],
};

async function choosePaper(page, kind) {
  await page.selectOption("#paper-kind", kind);
  await drawn(page);
}

/** Colours on the canvas, the commonest first, without ink. */
const colours = (page) =>
  host(page, (element) => {
    const { canvas } = element.drawing;
    element.drawing.draw();
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = new Map();
    for (let i = 0; i < data.length; i += 4) {
      const name = `#${[0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, "0")).join("")}`;
      found.set(name, (found.get(name) ?? 0) + 1);
    }
    return [...found].sort(([, a], [, b]) => b - a).slice(0, 3).map(([name]) => name); // prettier-ignore
  });

/** The sheets as the printer gets them. */
const printed = (page) =>
  host(page, (element) => {
    window.dispatchEvent(new Event("beforeprint"));
    return element.root.getElementById("sheet").innerHTML;
  });

test("W3: four papers on the screen, whatever the system's theme; print is red or grey on white", async (open) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(SAMPLE, { colorScheme });
    await page.selectOption("#map-style", "");
    await settled(page);
    assert.deepEqual(await colours(page), PAPERS[colorScheme === "dark" ? "dark" : "red"]);
    for (const [kind, wanted] of Object.entries(PAPERS)) {
      await choosePaper(page, kind);
      assert.deepEqual(await colours(page), wanted, `${kind} in ${colorScheme}`);
      const sheet = (await printed(page)).toLowerCase();
      const onPaper = PAPERS[kind === "grey" ? "grey" : "red"];
      for (const colour of onPaper.slice(1)) assert.ok(sheet.includes(colour), `${colour} in print, ${kind}`);
      assert.ok(!sheet.includes(PAPERS.dark[0]) && !sheet.includes(PAPERS.green[2]), kind);
    }
    assert.match(await host(page, (element) => element.link.address), /paper=dark/);
  }
});

test("chest leads at half the gain: pulse, scale, calipers and paper agree", async (open) => {
  const page = await open(SAMPLE);
  await settled(page);
  const heights = () =>
    host(page, (element) => {
      const { calipers } = element.drawing;
      const names = element.record.leads.map(({ name }) => name);
      const strip = element.drawing.list.strips.findIndex(({ lead }) => names[lead] === "V4");
      calipers.strip = strip;
      calipers.bringInside();
      const { t, mv } = calipers.legs[0];
      const y = calipers.place.y - mv * calipers.place.gain;
      return { back: calipers.legAt(calipers.xOf({ t, mv }), y).mv, mv, gain: calipers.place.gain };
    });
  await page.click("#calipers");
  const whole = await heights();
  await page.selectOption("#gain", "10/5");
  await drawn(page);
  const half = await heights();
  assert.deepEqual([whole.gain, half.gain], [10, 5]);
  assert.ok(Math.abs(half.back - half.mv) < 1e-4 && Math.abs(whole.back - whole.mv) < 1e-4);
  const gains = await host(page, ({ drawing, record }) =>
    Object.fromEntries(drawing.list.strips.map(({ lead, gain }) => [record.leads[lead].name, gain])),
  );
  for (const [name, gain] of Object.entries(gains)) assert.equal(gain, /^V/.test(name) ? 5 : 10, name);
  assert.match(await printed(page), /10\/5 mm\/mV/);
  const { bytes } = await saved(page, "#save-json");
  const [report] = bytes.toString("utf8").trim().split("\n").map((line) => JSON.parse(line)); // prettier-ignore
  const told = JSON.stringify(report);
  assert.match(told, /"gain_mm_mv":5\b/);
  assert.match(await host(page, (element) => element.link.address), /gain=10%2F5/);
  await host(page, (element) => element.keys.press("g"));
  assert.equal(await page.inputValue("#gain"), "20");
});

test("calipers are on the printed sheet and in the picture, where their times are", async (open) => {
  const page = await open("/?lang=en");
  await drop(page, load(synthetic("calipers", { rr: 0.8 })));
  await says(page, /^Analysed/);
  await settled(page);
  const before = await printed(page);
  await page.click("#calipers");
  await host(page, (element) => element.keys.press("1"));
  const sheet = await printed(page);
  assert.ok(!before.includes("800 ms") && /800 ms/.test(sheet));
  const places = await host(page, (element) => {
    const { calipers } = element.drawing;
    const [one] = element.saving.sheets;
    const lead = calipers.place.lead;
    const strip = one.list.strips.filter((each) => each.lead === lead).sort((a, b) => b.seconds - a.seconds)[0];
    const xs = calipers.legs.map(({ t }) => strip.x + (t - strip.from) * calipers.page.speed);
    const found = [];
    const floats = new Float32Array(one.list.ops.buffer);
    for (let i = 0; i < one.list.ops.length; i += 6)
      if (one.list.ops[i] === 0 && one.list.ops[i + 3] === 2 && Math.abs(floats[i + 4] - 0.2) < 1e-6) {
        const at = one.list.ops[i + 2];
        if (one.list.ops[i + 1] === 0xffa82f6b) found.push(one.list.points[2 * at]);
      }
    return { xs, found };
  });
  assert.equal(places.found.length, 2);
  for (const x of places.xs)
    assert.ok(
      places.found.some((at) => Math.abs(at - x) < 0.01),
      `${x} in ${places.found}`,
    );
  const picture = await saved(page, "#save-svg");
  assert.match(picture.bytes.toString("utf8"), /800 ms/);
});

test("beside an enlarged lead all leads stay in sight, and are a press away", async (open) => {
  const page = await open(SAMPLE);
  await settled(page);
  assert.ok(!(await page.isVisible("#ribbon")));
  await host(page, (element) => element.panel.enlarge("V2"));
  await drawn(page);
  const buttons = page.locator("#ribbon button");
  assert.deepEqual(await buttons.allTextContents(), await host(page, ({ record }) => record.leads.map((l) => l.name)));
  const box = await buttons.first().boundingBox();
  assert.ok(Math.abs(box.height - 60) < 1);
  const shapes = await page.locator("#ribbon path").evaluateAll((all) => all.map((path) => path.getAttribute("d")));
  assert.equal(new Set(shapes).size, 12, "each its own trace");
  assert.equal(await page.locator("#ribbon [aria-pressed=true]").textContent(), "V2");
  await page.click('#ribbon button:has-text("V5")');
  await drawn(page);
  assert.equal(await page.locator("#ribbon [aria-pressed=true]").textContent(), "V5");
  assert.equal(await host(page, ({ drawing, record }) => record.leads[drawing.list.strips[0].lead].name), "V5");
  await host(page, (element) => element.keys.press("e"));
  await drawn(page);
  assert.ok(!(await page.isVisible("#ribbon")));
  assert.equal(await page.inputValue("#layout"), "3x4+1");
});

test("a device with a share sheet is handed the picture, by name, with the disclaimer; others have no such button", async (open) => {
  const without = await open(SAMPLE);
  await without.click("#save-menu");
  assert.ok(!(await without.isVisible("#share")));
  const before = (context) =>
    context.addInitScript(() => {
      navigator.canShare = ({ files }) => files?.[0]?.type === "image/png";
      navigator.share = async ({ files: [file], text }) => {
        const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
        globalThis.shared = { name: file.name, size: file.size, start: [...start], text };
        if (globalThis.refuse) throw new DOMException("closed", "AbortError");
      };
    });
  const page = await open(SAMPLE, { before });
  await page.click("#share");
  const handed = () => until("the sheet", () => page.evaluate(() => globalThis.shared));
  const shared = await handed();
  assert.equal(shared.name, "ecg-001.png");
  assert.deepEqual(shared.start, [0x89, 0x50, 0x4e, 0x47]);
  assert.ok(shared.size > 20000);
  assert.match(shared.text, /^Research and education only/);
  await page.evaluate(() => Object.assign(globalThis, { refuse: true, shared: null }));
  await page.click("#share");
  await handed();
  assert.match(await page.textContent("#status-text"), /^Analysed/, "closing the sheet is no error");
});

// What was measured, on the drawing, in pictures, on paper and in what the page saves; and none of it before the
// reader has answered. Screenshots go to build/.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, before, test as declare } from "node:test";
import { accessible, analysed, drawn, drop, eventOf, saved, skip, startSite } from "../support/chromium.mjs";
import { DIST, flatSample, fusedSample, load, nativeDocument, ROOT, scratch, XPLAIM } from "../support/native.mjs";
import { problems, schema } from "../support/schema.mjs";
import { TEST_TIMEOUT } from "../support/wait.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const flat = flatSample("flat", { V3: [3, 7], V5: [0, 10] });
const HIDDEN = /\/min|PR \d|QTc|Measurements|Median beat|flat|quality/;

let site;

before(async () => {
  if (!skip) site = await startSite();
});

after(async () => {
  await site?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const test = (name, work) => declare(name, { timeout: TEST_TIMEOUT, skip }, work);

/** With that record measured, and what was measured drawn. */
async function opened(path, options) {
  const page = await site.openPage(options);
  await drop(page, load(path));
  await analysed(page);
  await page.waitForSelector("#measured-grade");
  await settled(page);
  return page;
}

/** Until the measurements are drawn, for the printer too. */
async function settled(page) {
  await page.locator("ecg-xplaim").evaluate((element) => element.measurements.done);
  await drawn(page);
}

/** Without the frame that tells where the focus is. */
const picture = async (page) =>
  Buffer.from(await page.locator("#ecg").evaluate((canvas) => canvas.toDataURL().split(",")[1]), "base64");
const text = ({ bytes }) => bytes.toString("utf8");
/** What a printer would get. */
const sheet = (page) =>
  page.locator("ecg-xplaim").evaluate((element) => {
    window.dispatchEvent(new Event("beforeprint"));
    return element.shadowRoot.getElementById("sheet").textContent;
  });

test("marks are a switch, and the line of numbers stands in PNG, SVG and print", async () => {
  const page = await opened(sample);
  const { measurements } = nativeDocument("measure", sample);
  const rate = Math.round(measurements.find(({ name }) => name === "heart_rate").value);
  const plain = await picture(page);
  await page.click("#marks");
  await drawn(page);
  assert.equal(await page.getAttribute("#marks", "aria-pressed"), "true");
  const marked = await picture(page);
  assert.ok(!plain.equals(marked));
  await page.screenshot({ path: join(ROOT, "build/page-marks.png"), fullPage: true });
  await accessible(page, "with marks");
  const svg = text(await saved(page, "#save-svg"));
  const line = new RegExp(
    `rate ${rate}/min, PR \\d+ ms, QRS \\d+ ms, QT/QTc \\d+/\\d+ ms \\(Fridericia\\), axes .*quality good`,
  );
  assert.match(svg, line);
  assert.match(await sheet(page), line);
  assert.equal((await saved(page, "#save-png")).bytes.subarray(1, 4).toString(), "PNG");
  await page.click("#marks");
  await drawn(page);
  assert.ok(plain.equals(await picture(page)));
  const without = text(await saved(page, "#save-svg"));
  assert.match(without, line);
  assert.ok(without.length < svg.length - 2000, "no marks in the picture either");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("what is wrong with a lead is hatched there, and told of the network's answer", async () => {
  const page = await opened(flat, { viewport: { width: 1440, height: 900 } });
  const svg = text(await saved(page, "#save-svg"));
  assert.equal(svg.match(/>flat</g).length, 2, "V3 and V5 are flat");
  await page.screenshot({ path: join(ROOT, "build/page-faults.png"), fullPage: true });
  const told = await page.innerText("#notices");
  assert.match(told, /V3 is flat from 3\.0 to 7\.0 s; the network saw that like anything else/);
  assert.match(told, /V5 gives no measurement \(flat\); the network saw it like any other/);
  await accessible(page, "with faults");
  await page.context().close();
});

test("a fusion beat is marked F and counted apart from the ectopic ones", async () => {
  const page = await opened(fusedSample("fused"));
  assert.match(await page.textContent("#measured"), /0 supraventricular and 1 ventricular ectopic; fusion beats: 1\./);
  await page.click("#marks");
  await drawn(page);
  assert.equal(text(await saved(page, "#save-svg")).match(/>F</g).length, 1);
  const { rhythm } = JSON.parse(text(await saved(page, "#measured-json")));
  assert.equal(rhythm.fusion_beats, 1);
  await page.context().close();
});

test("the median beat opens by its key and by its button, and is saved as the tool draws it", async () => {
  const page = await opened(sample);
  await page.focus("#ecg");
  await page.keyboard.press("a");
  await page.waitForSelector("#beat-dialog[open] svg");
  assert.match(await page.textContent("#beat-count"), /^\d+ beats$/);
  await page.screenshot({ path: join(ROOT, "build/page-beat.png") });
  await accessible(page, "with the median beat");
  await page.keyboard.press("a");
  await page.waitForSelector("#beat-dialog", { state: "hidden" });
  assert.equal(await page.locator("#beat-drawing svg").count(), 0);
  await page.uncheck("#shortcuts");
  await page.keyboard.press("a");
  assert.ok(!(await page.isVisible("#beat-dialog")), "single keys are switched off");
  await page.check("#with-names");
  await page.click("#beat-open");
  const { name, bytes } = await saved(page, "#beat-svg");
  assert.equal(name, "00219_hr.beat.svg");
  assert.match(bytes.toString(), /00219_hr.*median of \d+ beats/s);
  assert.match(bytes.toString(), /50 mm\/s/);
  assert.equal((await saved(page, "#beat-png")).bytes.subarray(1, 4).toString(), "PNG");
  await page.keyboard.press("Escape");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("measurements are saved as the tool prints them, and with each analysis", async () => {
  const page = await site.openPage();
  const event = await eventOf(page, () => drop(page, load(flat)));
  assert.deepEqual(problems(event, schema("explain")), []);
  const native = nativeDocument("explain", "-m", join(DIST, "model.safetensors"), flat);
  assert.deepEqual(event.measured, native.measured);
  assert.deepEqual(event.notices, native.notices);
  await settled(page);
  const nameless = JSON.parse(text(await saved(page, "#measured-json")));
  assert.equal(nameless.record, "recording");
  await page.check("#with-names");
  const tool = (format) =>
    execFileSync(XPLAIM, ["measure", basename(flat), format], { encoding: "utf8", cwd: dirname(flat) });
  const json = await saved(page, "#measured-json");
  assert.equal(json.name, "flat.measured.json");
  assert.equal(text(json), tool("--json"));
  assert.equal(text(await saved(page, "#measured-csv")), tool("--csv"));
  const report = JSON.parse(text(await saved(page, "#save-json")));
  assert.deepEqual(report.measured, native.measured);
  const [head, first] = text(await saved(page, "#save-csv")).split("\r\n");
  const cells = Object.fromEntries(
    head.split(",").map((key, i) => [key, first.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)[i]]),
  );
  assert.equal(cells.quality, native.measured.quality.grade);
  assert.equal(Number(cells.heart_rate), native.measured.measurements[0].value);
  await page.context().close();
});

test("before the reader has answered nothing that was measured is shown, drawn, printed or saved", async () => {
  const page = await opened(flat);
  await page.click("#marks");
  await drawn(page);
  const open = await picture(page);
  const before = text(await saved(page, "#save-svg"));
  assert.match(before, HIDDEN);
  await page.check("#read-first");
  await drawn(page);
  assert.ok(!open.equals(await picture(page)), "no marks and no hatching");
  for (const id of ["marks", "beat-open", "measurements", "measured-save"])
    assert.ok(!(await page.isVisible(`#${id}`)), id);
  await page.focus("#ecg");
  await page.keyboard.press("a");
  assert.ok(!(await page.isVisible("#beat-dialog")));
  const svg = text(await saved(page, "#save-svg"));
  assert.doesNotMatch(svg.replace(/<title>.*?<\/title>/s, ""), HIDDEN);
  assert.doesNotMatch(await sheet(page), HIDDEN);
  assert.ok(await page.isDisabled("#save-json"));
  assert.doesNotMatch(await page.innerText("#notices"), /V3|not be believed/);
  await page.fill("#reading-text", "V5 is flat");
  await page.click("#reading button");
  await drawn(page);
  assert.equal(text(await saved(page, "#save-svg")), before, "all is back");
  assert.match(await page.innerText("#notices"), /V3 .* not be believed/);
  assert.match(await sheet(page), HIDDEN);
  await page.context().close();
});

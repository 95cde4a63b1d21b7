// Tables of numbers: what they do not say is asked, by a form that needs no mouse; what was answered is
// drawn, and analysed as the same samples of another format are.

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { accessible, analysed, drawn, drop, eventOf, saved, says, skip, startSite } from "../support/chromium.mjs";
import { changedSample, explainNatively, DIST, file, load, ROOT, scratch } from "../support/native.mjs";
import { TEST_TIMEOUT } from "../support/wait.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];

/** The sample's numbers, µV. @param {number} leads  the first of them @param {string} [head]  a first line */
function table(leads, head = "") {
  const bytes = readFileSync(`${sample}.dat`);
  const rows = Array.from({ length: bytes.length / 24 }, (_, t) =>
    Array.from({ length: leads }, (_, c) => bytes.readInt16LE(2 * (12 * t + c))).join(","),
  );
  return `${head ? `${head}\n` : ""}${rows.join("\n")}\n`;
}

let site;
/** @param {any} [options] */
const openPage = (options) => site.openPage(options);
const test = (name, work) => declare(name, { timeout: TEST_TIMEOUT, skip }, work);

before(async () => {
  if (!skip) site = await startSite();
});
after(async () => {
  await site?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const chosen = (page) => page.locator("#mapping-table select").evaluateAll((all) => all.map(({ value }) => value));
const answered = (page) => page.locator("#mapping-status", { hasText: "Drawn below" }).waitFor();

test("a table that says no rate and no unit is asked about, drawn and analysed, by keyboard alone", async () => {
  const page = await openPage();
  await drop(page, [file("table.csv", table(12))]);
  await says(page, /^table\.csv does not say all that is needed/);
  assert.match(
    await page.textContent("#mapping-text"),
    /12 columns and 5000 rows\. It does not say how many samples .* and in which unit/,
  );
  assert.equal(await page.locator("#mapping-table tbody tr").count(), 5);
  assert.ok(!(await page.isVisible("#result")), "nothing is drawn yet");
  await accessible(page, "the form");
  // The focus is on the first column; each has its lead in the usual order.
  assert.deepEqual(await chosen(page), LEADS);
  await page.keyboard.type("V");
  assert.equal((await chosen(page))[0], "V1");
  for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowUp");
  for (const _ of LEADS) await page.keyboard.press("Tab");
  await page.keyboard.type("500");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown"); // mV
  await page.keyboard.press("ArrowDown"); // µV
  await answered(page);
  await drawn(page);
  assert.ok(await page.isVisible("#ecg"));
  await accessible(page, "the form with the drawing");
  await page.screenshot({ path: join(ROOT, "build/page-mapping.png") });
  const report = await eventOf(page, async () => {
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
  });
  await analysed(page);
  const [native] = explainNatively(join(DIST, "model.safetensors"), [sample]);
  for (const [i, label] of native.labels.entries())
    assert.ok(Math.abs(label.probability - report.labels[i].probability) <= 1e-5, label.name);
  assert.ok(!(await page.isVisible("#mapping")));
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a recording is saved in another format, under no name", async () => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  const zip = await saved(page, "#save-record");
  assert.equal(zip.name, "ecg-001-wfdb.zip");
  await page.selectOption("#save-format", "edf");
  const edf = await saved(page, "#save-record");
  assert.equal(edf.name, "ecg-001.edf");
  await says(page, /^Saved\./);
  // It can be opened again, and is the same.
  await drop(page, [file("again.edf", edf.bytes)]);
  await page.locator("#record-name", { hasText: "again.edf" }).waitFor();
  await analysed(page);
  const [native] = explainNatively(join(DIST, "model.safetensors"), [sample]);
  const shown = await page.$$eval("#labels output", (outputs) =>
    outputs.map((o) => [o.dataset.label, Number(o.dataset.probability)]),
  );
  for (const [name, probability] of shown)
    assert.ok(Math.abs(native.labels.find((label) => label.name === name).probability - probability) <= 1e-4, name);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("who it is of, and what the file states, are in a saved recording only where their boxes are ticked", async () => {
  const page = await openPage();
  const told = changedSample("told", (header) => `${header.trimEnd()}\n# Dx: 426783006\n# seen by Dr Miller\n`);
  await drop(page, load(told));
  await analysed(page);
  const kept = async () => {
    const { bytes } = await saved(page, "#save-record"); // a zip archive, not compressed
    return [/seen by Dr Miller/, /426783006/].map((words) => words.test(bytes.toString("latin1")));
  };
  assert.deepEqual(await kept(), [false, false]);
  await page.check("#with-names");
  assert.deepEqual(await kept(), [false, false], "that box is for documents and pictures");
  await page.check("#save-stated");
  assert.deepEqual(await kept(), [false, true]);
  await page.uncheck("#save-stated");
  await page.check("#save-identity");
  assert.deepEqual(await kept(), [true, true], "all its comments, whatever they say");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("what the header says is not asked again; a lead can be left out", async () => {
  const page = await openPage();
  await drop(page, [file("three.csv", table(3, "I (uV),II (uV),Pulse (uV)"))]);
  await says(page, /^three\.csv does not say/);
  assert.match(await page.textContent("#mapping-text"), /It does not say how many samples it has a second;/);
  assert.deepEqual(await chosen(page), ["I (uV)", "II (uV)", "Pulse (uV)"]);
  await page.selectOption("[name=column2]", "-");
  await page.fill("#mapping-rate", "500");
  await answered(page);
  assert.match(await page.textContent("#record-facts"), /2 leads · 500 Hz · 10\.0 s/);
  await page.fill("#mapping-rate", "");
  await page.locator("#mapping-status", { hasText: "still to be answered" }).waitFor();
  assert.ok(await page.isDisabled("#mapping-use"));
  await page.click("#mapping-close");
  assert.ok(!(await page.isVisible("#mapping")));
  await page.context().close();
});

test("among other records a table waits in the list until it is opened", async () => {
  const page = await openPage();
  await drop(page, [file("a.csv", table(12, LEADS.join(","))), ...load(sample)]);
  await analysed(page);
  assert.equal(await page.textContent("#record-name"), "00219_hr");
  assert.ok(!(await page.isVisible("#mapping")));
  const line = page.locator("#records tr", { hasText: "a.csv" });
  assert.match(await line.textContent(), /It does not say how many samples .*: open it to answer/);
  await line.locator(".open-row").click();
  await page.locator("#mapping").waitFor();
  await page.fill("#mapping-rate", "500");
  await page.selectOption("#mapping-unit", "uV");
  await answered(page);
  await page.click("#mapping-use");
  await analysed(page);
  assert.equal(await page.textContent("#record-name"), "a.csv");
  assert.doesNotMatch(await line.textContent(), /does not say/);
  await page.context().close();
});

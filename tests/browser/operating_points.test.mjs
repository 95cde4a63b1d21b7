// The reader chooses whose thresholds count: the recording that is open, those of the list and what is saved follow, and the
// numbers are those of the tool at that point.

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { analysed, drop, saved } from "../support/chromium.mjs";
import { DIST, load, nativeDocument, ROOT } from "../support/native.mjs";
import { openAt, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";

const { test } = testsOfSite((site) => openAt(site, "/"));

const NAMES = ["00219_hr", "00963_hr", "06332_hr"];
const path = (name) => join(ROOT, "web/samples", name);
const natively = (name, point) =>
  nativeDocument("predict", "-m", join(DIST, "model.safetensors"), "--operating-point", point, path(name));
const positives = (report) =>
  report.labels.filter(({ probability, threshold }) => probability >= threshold).map(({ name }) => name);
const rows = (page) =>
  page
    .locator("ecg-xplaim")
    .evaluate(({ list }) => list.rows.map(({ outcome }) => outcome?.model?.operating_point ?? null));

test("thresholds of another kind are chosen, and everything is judged by them", async (open) => {
  const page = await open();
  await drop(
    page,
    NAMES.flatMap((name) => load(path(name))),
  );
  await analysed(page);
  await until("the list", async () => (await rows(page)).every((point) => point === "balanced"));
  await page.locator("#network").evaluate((card) => (card.open = true));
  for (const point of ["high-specificity", "balanced"]) {
    await page.selectOption("#point", point);
    await until("the list again", async () => (await rows(page)).every((each) => each === point));
    await analysed(page);
    const whole = JSON.parse((await saved(page, "#save-json")).bytes.toString());
    const shown = await page.locator("ecg-xplaim").evaluate(({ row }) => row.group.name);
    const native = natively(basename(shown), point);
    assert.equal(whole.model.operating_point, point);
    assert.deepEqual(positives(whole), positives(native));
    for (const [i, { threshold }] of native.labels.entries()) assert.equal(whole.labels[i].threshold, threshold);
  }
  assert.notDeepEqual(
    NAMES.map((name) => natively(name, "balanced").labels.map(({ threshold }) => threshold)),
    NAMES.map((name) => natively(name, "high-specificity").labels.map(({ threshold }) => threshold)),
  );
});

// What the page measures and computes, by every method, is what the native tool gives; what it cannot know it says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildWorker } from "../../scripts/build-worker.mjs";
import { agree } from "../support/agree.mjs";
import {
  accessible,
  analysed,
  analysedAnew,
  drawn,
  drop,
  eventOf,
  saved,
  says,
  skip,
  startSite,
} from "../support/chromium.mjs";
import {
  bytesOf,
  changedSample,
  unsummed,
  DIST,
  explainNatively,
  importModel,
  load,
  nativeDocument,
  ROOT,
  scratch,
  SHARED,
  untrainedModel,
  withoutChestLeads,
  XPLAIM,
} from "../support/native.mjs";
import { problems, schema } from "../support/schema.mjs";
import { siteOfTests } from "../support/site_tests.mjs";
import { computingWrongly } from "../support/wasm.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const LABELS = 18; // of the model that the page ships

const { test, openPage } = siteOfTests();

test("measurements are the tool's, and hidden until the reader has answered", { skip }, async () => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  const native = nativeDocument("measure", sample);
  const row = page.locator("#measured tr[data-measure]");
  await row.first().waitFor();
  const [rate] = native.measurements;
  assert.equal(rate.name, "heart_rate");
  assert.match(
    await row.first().innerText(),
    new RegExp(`^Heart rate\\s+${rate.value} /min\\s+${rate.range[0]}–${rate.range[1]}\\s`),
  );
  assert.equal(await row.count(), native.measurements.length);
  assert.match(await page.innerText("#measured-grade"), new RegExp(`: ${native.quality.grade}`));
  assert.equal(await page.locator("#measured details table").first().locator("tbody tr").count(), native.leads.length);
  await page.click("#measured summary");
  await accessible(page, "with measurements by lead");
  await page.locator("#measurements").screenshot({ path: join(ROOT, "build/page-measurements.png") });
  await page.check("#read-first");
  assert.ok(!(await page.isVisible("#measurements")));
  assert.equal(await page.textContent("#measured"), "");
  await page.fill("#reading-text", "sinus rhythm");
  await page.click("#reading button");
  assert.match(await row.first().innerText(), /^Heart rate/);
  const short = changedSample("second", (header) => unsummed(header).replace(" 500 5000", " 500 500"));
  await page.uncheck("#read-first");
  await drop(page, load(short));
  const reason = page.locator("#measured tr[data-measure=pr_interval] .none");
  await reason.waitFor();
  assert.equal(await reason.innerText(), "not measurable: fewer than three beats");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

const zoo = join(SHARED, "golden/zoo.keras");

const noZoo = skip || (existsSync(zoo) ? false : "no golden models here");

test(
  "two models side by side: rows aligned, either one's map, the user's own rate, leads and labels",
  { skip: noZoo },
  async () => {
    const own = importModel(zoo, [
      "--labels",
      "pvc,mine,afib,x,y",
      "--leads",
      "V6,V5,V4,V3,V2,V1,aVF,aVL,aVR,III,II,I",
      "--rate",
      "125",
    ]);
    const [native] = explainNatively(own, [sample]);
    const page = await openPage();
    await page.click("#sample-cards button");
    await analysed(page);
    await page.setInputFiles("#second-picker", own);
    await page.locator("#models button").nth(1).waitFor();
    await says(page, /^Analysed/);
    const rows = await page.$$eval("#labels .label", (labels) =>
      labels.map((label) =>
        [...label.querySelectorAll("output, .none")].map((cell) => [
          cell.dataset.label ?? null,
          Number(cell.dataset.probability ?? NaN),
        ]),
      ),
    );
    assert.equal(rows.length, LABELS + 3, "the labels of the first model, 3 more of the second");
    for (const row of rows) {
      assert.equal(row.length, 2);
      const names = row.map(([name]) => name).filter(Boolean);
      assert.equal(new Set(names).size, 1);
    }
    for (const label of native.labels) {
      const [, second] = rows.find((row) => row[1][0] === label.name);
      assert.ok(Math.abs(second[1] - label.probability) <= 1e-5, label.name);
    }
    await page.locator('#labels input[value="7"]').check(); // pvc
    await page.locator("#models button").nth(1).click();
    await drawn(page);
    const shown = await page.locator("ecg-xplaim").evaluate((element) => ({
      label: element.page().heat.label,
      name: element.live.model.labels[element.label].name,
      values: [...element.page().heat.values],
    }));
    assert.equal(shown.name, "pvc", "the same label, in the other model");
    const expected = native.map.windows[0].labels.find(({ name }) => name === "pvc");
    const most = Math.max(expected.max_raw, 1e-30);
    assert.equal(shown.values.length, expected.values.length);
    const peak = Math.max(...expected.values.map(Math.abs));
    expected.values.forEach((v, k) =>
      assert.ok(Math.abs(shown.values[k] * most - Math.max(v, 0)) <= 1e-4 * peak + 1e-12, `step ${k}`),
    );
    const table = (await saved(page, "#save-csv")).bytes.toString().trim().split("\r\n");
    assert.equal(table.length, 1 + LABELS + 5);
    await page.screenshot({ path: join(ROOT, "build/page-two.png"), fullPage: true });
    await page.setViewportSize({ width: 320, height: 740 });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
    await page.screenshot({ path: join(ROOT, "build/page-two-phone.png"), fullPage: true });
    await page.click("#second-remove");
    assert.equal(await page.locator("#labels .label").count(), LABELS);
    assert.ok(!(await page.isVisible("#models")));
    // And alone, in the first one's place.
    await eventOf(page, () => page.setInputFiles("#model-picker", own));
    assert.equal(await page.locator("#labels .label").count(), 5);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  },
);

test("evidence by lead: occlusion and integrated gradients, drawn and told", { skip: noZoo }, async () => {
  const own = importModel(zoo, ["--labels", "pvc,mine,afib,x,y", "--rate", "100"]);
  const page = await openPage();
  await page.click("#sample-cards button");
  await analysed(page);
  await analysedAnew(page, () => page.setInputFiles("#model-picker", own));
  for (const [method, name] of [
    ["occlusion", "Lead occlusion"],
    ["ig", "Integrated gradients"],
  ]) {
    await page.selectOption("#method", method);
    await says(page, new RegExp(`^${name} computed`));
    await drawn(page);
    assert.match(await page.textContent("#evidence"), new RegExp(`${name}: contribution to the score`));
    const heat = await page.locator("ecg-xplaim").evaluate((element) => {
      const { perLead, values } = element.page().heat;
      return {
        perLead,
        rows: values.length % element.record.leads.length,
        most: Math.max(...values),
        least: Math.min(...values),
      };
    });
    assert.deepEqual(heat, { perLead: true, rows: 0, most: 1, least: 0 });
    assert.match(await page.textContent("#legend-scope"), /By lead/);
    assert.ok(await page.isDisabled("#layer"));
    await page.screenshot({ path: join(ROOT, `build/page-${method}.png`), fullPage: true });
  }
  const parts = await page.locator("ecg-xplaim").evaluate((element) => {
    const { report, values } = element.explainer.kept.find(element.analysis, "ig", element.window, element.label);
    return { sum: values[0].reduce((a, b) => a + b, 0), told: report.evidence.windows[0].labels[0].completeness };
  });
  assert.ok(Math.abs(parts.sum - parts.told.sum) < 1e-4 * (1 + Math.abs(parts.told.sum)));
  assert.ok(parts.told.complete);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("occlusion and integrated gradients give the tool's numbers", { skip }, async (t) => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  await page.locator(`#labels input[value="0"]`).check(); // the tool's --label 0
  for (const [method, name, option] of /** @type {[string, string, string[]][]} */ ([
    ["occlusion", "Lead occlusion", []],
    ["ig", "Integrated gradients", ["--label", "0"]],
  ])) {
    await page.selectOption("#method", method);
    await says(page, new RegExp(`^${name} computed`));
    const lines = (await saved(page, "#save-json")).bytes
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const [mine] = lines.filter((report) => report.evidence);
    assert.deepEqual(problems(mine, schema("explain")), []);
    const { segment_s: segment } = mine.evidence;
    const how = ["--method", method, "--segment", String(segment), ...option];
    const native = nativeDocument("explain", "-m", join(DIST, "model.safetensors"), sample, ...how);
    t.diagnostic(
      `${name}: largest difference ${sameEvidence(mine.evidence, native.evidence).toExponential(1)} of a label's largest value`,
    );
  }
  await page.context().close();
});

/** Evidence by lead against the tool's: the largest difference, relative to the largest value of its label. */
function sameEvidence(mine, native) {
  for (const key of ["method", "segment_s", "segments", "unit", "baseline"]) assert.equal(mine[key], native[key], key);
  const [[window], [expected]] = [mine.windows, native.windows];
  assert.deepEqual(
    window.labels.map((label) => label.name),
    expected.labels.map((label) => label.name),
  );
  let worst = 0;
  expected.labels.forEach((label, i) => {
    const ours = window.labels[i];
    assert.deepEqual(ours.leads.map(({ lead }) => lead).sort(), label.leads.map(({ lead }) => lead).sort());
    const largest = Math.max(...label.leads.flatMap(({ values }) => values.map(Math.abs)));
    for (const { lead, values } of label.leads) {
      const row = ours.leads.find((each) => each.lead === lead).values;
      assert.equal(row.length, values.length, lead);
      values.forEach((value, k) => {
        const difference = Math.abs(row[k] - value) / largest;
        assert.ok(difference <= 1e-4, `${label.name}, ${lead}, piece ${k}: ${row[k]}, not ${value}`);
        worst = Math.max(worst, difference);
      });
    }
    if (label.completeness)
      for (const key of Object.keys(label.completeness))
        assert.ok(
          Math.abs(ours.completeness[key] - label.completeness[key]) <=
            1e-4 * Math.max(1, Math.abs(label.completeness[key])),
          key,
        );
  });
  return worst;
}

test("what was found of a finding's maps stands beside them, where the model's file tells", { skip }, async () => {
  const found = (mean) => ({ n: 12, mean });
  const measures = { randomised_all: found(0.05), deletion_gain: found(0.1), shift_correlation: found(0.9) };
  const [note, model] = [join(scratch, "checks.json"), join(scratch, "checked.safetensors")];
  writeFileSync(note, JSON.stringify({ labels: [{ name: "pvc", measures }] }));
  execFileSync(XPLAIM, ["export", "-m", join(DIST, "model.safetensors"), "--note", `xai_check=${note}`, "-o", model]);
  const page = await openPage();
  await page.setInputFiles("#model-picker", model);
  await page.click("#sample-cards button");
  await analysed(page);
  assert.match(
    await page.textContent("#map-trust"),
    /on 12 test records: rank correlation .* 0\.05 .*order \+0\.10 .*shift 0\.90/,
  );
  await page.context().close();
});

test("a model with random weights says so", { skip }, async () => {
  const page = await openPage();
  await page.setInputFiles("#model-picker", untrainedModel());
  await page.click("#sample-cards button");
  await analysed(page);
  assert.ok(await page.isVisible("#untrained"));
  assert.ok(await page.locator("#card-whole").evaluate((whole) => whole.hidden));
  assert.equal(await page.textContent("#map-trust"), "");
  assert.match((await saved(page, "#save-json")).bytes.toString(), /"trained": ?false/);
  await page.context().close();
});

test("modules that compute wrongly are not used: the page says so, and its numbers are right", { skip }, async () => {
  const folder = join(scratch, "faulty");
  cpSync(DIST, folder, { recursive: true });
  const moduleOf = (kind) => join(folder, `xplaim-${kind}.wasm`);
  const kinds = ["relaxed", "simd"].filter((kind) => existsSync(moduleOf(kind)));
  for (const kind of kinds) writeFileSync(moduleOf(kind), Buffer.from(computingWrongly(bytesOf(moduleOf(kind)))));
  buildWorker(folder);
  const faulty = await startSite(folder);
  try {
    const told = [];
    const page = await faulty.openPage({
      before: (context) => context.on("console", (message) => told.push(message.text())),
    });
    agree(
      await eventOf(page, () => drop(page, load(sample))),
      explainNatively(join(DIST, "model.safetensors"), [sample])[0],
    );
    assert.match(await page.textContent("#model-facts"), /scalar kernels: this browser has no working SIMD/);
    // They were started, and it was the self-test that found them out.
    for (const kind of kinds)
      assert.ok(
        told.some(
          (text) => text.includes("A module is not used") && text.includes(`self-test: the wasm-${kind} kernels`),
        ),
        `${kind} in: ${told}`,
      );
    assert.deepEqual(page.errors, []);
  } finally {
    await faulty.close();
  }
  const good = await openPage();
  await drop(good, load(sample));
  await analysed(good);
  assert.match(await good.textContent("#model-facts"), /wasm-(relaxed|simd).* kernels/);
  assert.doesNotMatch(await good.textContent("#model-facts"), /no working SIMD/);
  await good.context().close();
});

test("leads that are not there are refused, and on request taken as 0 mV", { skip }, async () => {
  const page = await openPage();
  await drop(page, withoutChestLeads());
  await says(page, /needs lead V1/);
  await page.click("#accept");
  await analysed(page);
  assert.match(await page.textContent("#notices"), /taken as 0 mV as was accepted: leads V1, V2, V3, V4, V5, V6/);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

// A case with an earlier ECG of the same person: chosen in the editor among those that are open, saved with it, gone on with,
// and seen beside the case's by who plays it.

import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import { drop, saved, says } from "../support/chromium.mjs";
import { file, load } from "../support/native.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { synthetic } from "../support/synthetic.mjs";
import { until } from "../support/wait.mjs";

const { test } = testsOfSite(async (site, options) => {
  const page = await openDesktop(site, options);
  page.on("dialog", (dialog) => dialog.accept());
  return page;
});

const at = (key) => `#author [data-key="${key}"]`;
const host = (page, work, argument) => page.locator("ecg-xplaim").evaluate(work, argument);

test("an earlier ECG is chosen, saved, exchanged and taken away, and stands beside the case's when that is played", async (open) => {
  const page = await open();
  await drop(page, [...load(synthetic("now", { pr: 0.2 })), ...load(synthetic("before", { pr: 0.16 })), ...load(synthetic("other"))]); // prettier-ignore
  await says(page, /analysed/i);
  await until("three recordings", () => host(page, ({ list }) => list.rows.filter(({ brief }) => brief).length === 3));
  await host(page, (element) => element.opener.openRow(element.list.rows.find(({ name }) => name === "now")));
  await host(page, (element) => element.measurements.done);
  await page.click("#author-open");
  await page.locator("#author").waitFor();
  const number = (name) =>
    host(page, ({ list }, wanted) => String(list.rows.find((row) => row.name === wanted).number), name);
  const offered = await page.locator(`${at("before")} option`).allTextContents();
  assert.equal(offered.length, 3, "none, and the two others");
  assert.ok(!offered.some((text) => /^now/.test(text)));
  await page.locator(at("before")).selectOption(await number("before"));
  await page.locator(at("story")).fill("Has the PR interval changed?");
  await page.click(at("task-add-text"));
  await page.click(at("add"));
  const zip = await saved(page, at("save-zip"));
  const files = unzipSync(new Uint8Array(zip.bytes));
  const [one] = JSON.parse(Buffer.from(files["cases.json"]).toString()).cases;
  assert.match(one.before, /^records\/.*_before\.hea$/);
  assert.ok(files[one.before] && files[one.before.replace(/hea$/, "dat")] && one.sha256[one.before]);
  assert.notDeepEqual(files[one.before.replace(/hea$/, "dat")], files[one.record.replace(/hea$/, "dat")]);

  const again = await open();
  await drop(again, [file(zip.name, zip.bytes)]);
  await again.locator(".cases-begin:not([disabled])").click();
  await again.locator(".cases-form").waitFor();
  await again.locator("button", { hasText: "Earlier recording beside it" }).click();
  await again.locator(".cases-beside canvas").waitFor();

  const third = await open();
  await drop(third, [file(zip.name, zip.bytes)]);
  await third.locator("button", { hasText: "Edit this set" }).click();
  await third.locator("#author").waitFor();
  await until("the case’s ECG", () => host(third, (element) => element.teaching.author.shown));
  assert.equal(await third.locator(at("before")).inputValue(), "kept");
  const same = unzipSync(new Uint8Array((await saved(third, at("save-zip"))).bytes));
  assert.deepEqual(same, files, "gone on with as it was");
  await third.locator(at("before")).selectOption("");
  const without = unzipSync(new Uint8Array((await saved(third, at("save-zip"))).bytes));
  assert.ok(!Object.keys(without).some((name) => /_before/.test(name)), Object.keys(without).join());
});

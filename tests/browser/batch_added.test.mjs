// Recordings that are opened while those before them are analysed in the background are analysed too.

import assert from "node:assert/strict";
import { drop } from "../support/chromium.mjs";
import { copies } from "../support/native.mjs";
import { openAt, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";

const { test } = testsOfSite(openAt);
const host = (page, work) => page.locator("ecg-xplaim").evaluate(work);

test("more recordings than were being analysed are opened meanwhile: all of them are done, unasked", async (open) => {
  const page = await open("/?lang=en");
  // What is analysed in the background waits for the model: here until it is let go.
  await host(page, ({ live }) => {
    const ready = new Promise((resolve) => (globalThis.letGo = resolve));
    Object.defineProperty(live, "modelReady", { value: ready });
  });
  await drop(page, copies(["a", "b"]));
  await until("the first to wait", () => host(page, ({ batches }) => batches.starting));
  await drop(page, copies(["c", "d", "e", "f"]));
  await until("six rows", () => host(page, ({ list }) => list.rows.length === 6));
  assert.equal(await host(page, ({ list }) => list.rows.filter(({ outcome }) => outcome).length), 0);
  await page.evaluate(() => globalThis.letGo());
  await until("all to be analysed", () => host(page, ({ list }) => list.rows.every(({ outcome }) => outcome)));
});

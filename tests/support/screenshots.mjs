// The pictures of the page that README.md shows (scripts/screenshots): of web/dist, in Chromium, with the samples that come
// with it. Where the font or the browser is another one, so are the pictures.

import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startSite } from "./chromium.mjs";
import { until } from "./wait.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const SAMPLE = "00963_hr";
const ANALYSED = /^Analysed/;

const element = (page) => page.locator("ecg-xplaim");
const key = (page, name) => element(page).evaluate((host, pressed) => host.keys.press(pressed), name);
const drawn = (page) => element(page).evaluate((host) => host.measurements.done.then(() => host.drawn));

/** What is done before each picture is taken. */
const VIEWS = {
  reading: { viewport: { width: 1200, height: 720 }, prepare: drawn },
  phone: { viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true, prepare: drawn },
  presentation: {
    viewport: { width: 1120, height: 630 },
    async prepare(page) {
      await key(page, "F");
      await drawn(page);
    },
  },
  table: {
    viewport: { width: 1280, height: 720 },
    async prepare(page) {
      await element(page).evaluate(async (host) => {
        await host.appLayout.listed;
        for (const { record } of host.appLayout.samples) await host.openSample(record);
      });
      await until("all to be analysed", () =>
        element(page).evaluate(({ list, batches }) => !batches.running && list.rows.every((row) => row.outcome)),
      );
      await drawn(page);
      await key(page, "t");
    },
  },
};

/** @param {string} folder */
async function takeAll(folder) {
  mkdirSync(folder, { recursive: true });
  const site = await startSite();
  try {
    for (const [name, { prepare, ...options }] of Object.entries(VIEWS)) {
      const page = await site.openPage({ address: `/?sample=${SAMPLE}&lang=en`, ready: ANALYSED, ...options });
      await prepare(page);
      const path = join(folder, `${name}.png`);
      await page.screenshot({ path });
      console.log(`${path}: ${Math.round(statSync(path).size / 1000)} kB`);
      await page.context().close();
    }
  } finally {
    await site.close();
  }
}

await takeAll(process.argv[2] ?? join(ROOT, ".github/screenshots"));

// How long the page takes, how soon it stops, and how much memory it needs, in Chromium. The machine may
// be busy with other things, or slow: times are processor time, or measured against a reference task
// beside them (pace.mjs), and the best of several tries that have nothing in common but the browser; a
// page that is slow by itself is slow each time.

import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { buildWorker } from "../../scripts/build-worker.mjs";
import { analysed, bestOf, drawn, drop, saved, says, skip, startSite } from "../support/chromium.mjs";
import { copies, DIST, load, longRecord, ROOT, scratch, variants } from "../support/native.mjs";
import { longestTask, paced } from "../support/pace.mjs";
import * as inPage from "../support/page.mjs";

const SAMPLE = "00219_hr";
const sample = join(ROOT, `web/samples/${SAMPLE}`);
const MIB = 1024 * 1024;
const MANY = 150;
const TRIES = 5;
const TASK_MS = 50;
const CANCEL_MS = 200;
const DRAWN_MS = 200;
const FRAME_MS = 16;

let site;
/** Every site that was started: one that a failed test left open would keep this process alive. */
const sites = [];
before(async () => {
  if (skip) return;
  site = await startSite();
  sites.push(site);
});
after(async () => {
  for (const each of sites) await each.close();
  rmSync(scratch, { recursive: true, force: true });
});

const test = (name, work) => declare(name, { timeout: 600000, skip }, work);

/* ---- stopping ---- */

/** Presses a button while a text stands in the status line (or in what tells of progress); how long it
 * then took until the page said that it was stopped, ms. Infinity: it never did, or told a result all
 * the same. */
const stopped = (page, { running, button, said }) =>
  page.evaluate(
    async ([text, id, end]) => {
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const status = () => globalThis.find("#status-text").textContent;
      const busy = () =>
        ["#status-text", "#progress-text", "#batch-text"].some((each) =>
          new RegExp(text).test(globalThis.find(each)?.textContent ?? ""),
        );
      while (!busy()) await wait(5);
      await wait(150);
      if (!busy()) return Infinity; // it was done before it could be stopped
      globalThis.reports = [];
      const start = performance.now();
      globalThis.find(id).click();
      while (!new RegExp(end).test(status()) && performance.now() < start + 3000) await wait(1);
      const ms = performance.now() - start;
      const now = status();
      await wait(1500); // what goes on in secret would be told by now
      return new RegExp(end).test(now) && now === status() && globalThis.reports.length === 0 ? ms : Infinity;
    },
    [running.source, button, said.source],
  );

test("Cancel ends an analysis at once, and the page goes on", async (t) => {
  const long = load(longRecord(600));
  const page = await site.openPage();
  const { best, all } = await bestOf(TRIES, CANCEL_MS, async () => {
    await drop(page, long);
    return paced(page, () => stopped(page, { running: /^Analysing/, button: "#cancel", said: /^Cancelled/ }));
  });
  t.diagnostic(`${all} ms`);
  assert.ok(best < CANCEL_MS, `${all} ms`);
  await drop(page, load(sample));
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("Cancel ends occlusion at once, and the page goes on", async (t) => {
  const page = await site.openPage();
  await page.click("#sample-cards button");
  await analysed(page);
  const { best, all } = await bestOf(TRIES, CANCEL_MS, async () => {
    await page.selectOption("#method", "occlusion");
    return paced(page, () => stopped(page, { running: /\d+ of \d+/, button: "#cancel", said: /^Cancelled/ }));
  });
  t.diagnostic(`${all} ms`);
  assert.ok(best < CANCEL_MS, `${all} ms`);
  assert.equal(await page.inputValue("#method"), "");
  await drop(page, load(sample));
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("Cancel ends a batch at once; what is done stays, and it can be run again", async (t) => {
  const page = await site.openPage();
  await drop(page, copies(Array.from({ length: 60 }, (_, i) => `r${i}`)));
  await analysed(page);
  const { best, all } = await bestOf(TRIES, CANCEL_MS, async () => {
    await page.locator("#batch-run, #batch-cancel").first().waitFor();
    if (await page.isVisible("#batch-run")) await page.click("#batch-run"); // the first time it has begun by itself
    return paced(page, () =>
      stopped(page, { running: /^[1-9]\d* of 60/, button: "#batch-cancel", said: /^Cancelled after \d+ of 60/ }),
    );
  });
  t.diagnostic(`${all} ms`);
  assert.ok(best < CANCEL_MS, `${all} ms`);
  const [, done] = (await page.textContent("#status-text")).match(/after (\d+)/);
  assert.ok(Number(done) > 0 && Number(done) < 60);
  assert.ok(await page.isEnabled("#batch-csv"));
  await page.click("#batch-run");
  await says(page, /^60 recordings analysed/);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

/* ---- tasks of the page's own thread ---- */

/** A fresh page with files to drop. */
async function holding(files) {
  const page = await site.openPage();
  await page.evaluate(inPage.keep, files);
  return page;
}

async function drops(page) {
  await page.evaluate(inPage.dropKept);
  await analysed(page);
  await drawn(page);
}

test("no task takes longer than 50 ms from the first drop to the map", async (t) => {
  const { best, all } = await bestOf(TRIES, TASK_MS, async () => {
    const page = await holding(load(sample));
    const ms = await longestTask(page, () => drops(page));
    await page.context().close();
    return ms;
  });
  t.diagnostic(`${all} ms`);
  assert.ok(best <= TASK_MS, `${all} ms`);
});

test("nor when labels, layouts and filters are chosen, or names asked for", async (t) => {
  const page = await holding(load(sample));
  await drops(page);
  const { best, all } = await bestOf(TRIES, TASK_MS, () =>
    longestTask(page, async () => {
      for (const [id, value] of [
        ["layout", "12x1"],
        ["filter", "0.5,40,0"],
        ["layout", "3x4+1"],
        ["filter", ""],
      ]) {
        await page.selectOption(`#${id}`, value);
        await drawn(page);
      }
      for (const label of [3, 0]) {
        await page.locator("#labels input").nth(label).check();
        await drawn(page);
      }
      await page.click("#with-names");
      await drawn(page);
    }),
  );
  t.diagnostic(`${all} ms`);
  assert.ok(best <= TASK_MS, `${all} ms`);
  await page.context().close();
});

test("nor with a record of ten minutes", async (t) => {
  const files = load(longRecord(600));
  const { best, all } = await bestOf(TRIES, TASK_MS, async () => {
    const page = await holding(files);
    const ms = await longestTask(page, () => drops(page));
    assert.ok((await page.locator("ecg-xplaim").evaluate((element) => element.windows.length)) > 50);
    await page.context().close();
    return ms;
  });
  t.diagnostic(`${all} ms`);
  assert.ok(best <= TASK_MS, `${all} ms`);
});

for (const [what, measured] of [
  ["while 150 records are read in", 0],
  ["while 150 records are analysed", 1],
])
  test(`nor ${what}`, async (t) => {
    const files = copies(Array.from({ length: MANY }, (_, i) => `record${i}`));
    const { best, all } = await bestOf(TRIES, TASK_MS, async () => {
      const page = await holding(files);
      const times = [
        await longestTask(page, async () => {
          await drops(page);
          await page
            .locator("#records tbody tr:has(td.seconds:text-matches('s$'))")
            .nth(MANY - 1)
            .waitFor();
        }),
      ];
      if (measured === 1)
        times.push(
          await longestTask(page, async () => {
            await page.click("#records th.value button"); // sorted, so that lines change places
            await page.click("#batch-run");
            await says(page, new RegExp(`^${MANY} recordings analysed`));
          }),
        );
      assert.deepEqual(page.errors, []);
      await page.context().close();
      return times[measured];
    });
    t.diagnostic(`${all} ms`);
    assert.ok(best <= TASK_MS, `${all} ms`);
  });

/* ---- drawing ---- */

test("the first record dropped on a fresh page is drawn within 200 ms, before the model is there", async (t) => {
  const { best, all } = await bestOf(TRIES, DRAWN_MS, async () => {
    const page = await site.openPage({ slowModel: 5000, ready: /^Starting/ });
    await page.locator("#picker").waitFor({ state: "attached" });
    await page.locator("ecg-xplaim").evaluate((element) => element.session.files);
    await page.evaluate(inPage.keep, load(sample));
    const ms = await paced(page, () => page.evaluate(inPage.drawnAfterDrop, SAMPLE));
    assert.match(await page.textContent("#status-text"), /^Waiting for the model/);
    await page.context().close();
    return ms;
  });
  t.diagnostic(`${all} ms`);
  assert.ok(best < DRAWN_MS, `${all} ms`);
});

test("panning keeps to a frame", async (t) => {
  const page = await site.openPage();
  await page.click("#sample-cards button");
  await analysed(page);
  await drawn(page);
  const { best, all } = await bestOf(TRIES, FRAME_MS, () =>
    paced(page, () =>
      page.locator("ecg-xplaim").evaluate((element) => {
        const c = element.view.canvas.getContext("2d");
        element.view.zoomBy(2); // so that there is somewhere to go
        const times = [];
        for (let i = 0; i < 40; i++) {
          const start = performance.now();
          element.view.pan(i % 2 ? 3 : -3, 0);
          element.view.draw();
          c.getImageData(0, 0, 1, 1); // so that it is painted, not only asked for
          times.push(performance.now() - start);
        }
        element.view.reset();
        return times.sort((a, b) => a - b)[20];
      }),
    ),
  );
  t.diagnostic(`${all} ms`);
  assert.ok(best < FRAME_MS, `${all} ms`);
  await page.context().close();
});

/* ---- memory ---- */

/** The page, its workers telling of every WebAssembly memory that they have made. */
async function tellingSite() {
  const folder = join(scratch, "telling");
  cpSync(DIST, folder, { recursive: true });
  const core = join(folder, "core/core.js");
  writeFileSync(
    core,
    `globalThis.memories ??= [];
{
  const plain = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...rest) => {
    const made = await plain.apply(WebAssembly, rest);
    globalThis.memories.push(made.exports.memory);
    return made;
  };
}
${readFileSync(core, "utf8")}`,
  );
  buildWorker(folder);
  const telling = await startSite(folder);
  sites.push(telling);
  return telling;
}

/** Bytes of each memory of each worker: of the reader's core, of its pictures, of the model's core. */
const memories = (page) =>
  Promise.all(
    page.workers().map((worker) => worker.evaluate(() => globalThis.memories.map(({ buffer }) => buffer.byteLength))),
  );

/** Bytes of the page's own objects, after the rest is swept out. */
async function heap(page) {
  const session = await page.context().newCDPSession(page);
  for (let i = 0; i < 3; i++) await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

const sum = (numbers) => numbers.flat(2).reduce((a, b) => a + b, 0);

test("a 10 s record needs at most 256 MiB, of all workers together; 200 analyses leave it unchanged", async (t) => {
  const telling = await tellingSite();
  const page = await telling.openPage();
  await drop(page, load(sample));
  await analysed(page);
  await drawn(page);
  await saved(page, "#save-png");
  await page.waitForSelector("#measured-grade"); // the worker that measures has its memory by then
  const one = await memories(page);
  t.diagnostic(
    `one 10 s record and its picture: ${one.map((all) => all.map((n) => (n / MIB).toFixed(1)).join(" + ")).join(", ")} MiB`,
  );
  assert.ok(one.length === 3 && sum(one) > 20 * MIB, "the reader, the measurer and the model tell");
  assert.ok(sum(one) <= 256 * MIB, `${sum(one)} bytes`);
  // Different records, one after another, and drawings and filters between them.
  await drop(page, [...variants(5).flatMap(load), ...load(sample)]);
  await analysed(page);
  const layouts = ["12x1", "3x4+3", "single", "3x4+1"];
  const filters = ["0.5,40,50", ""];
  const rounds = (count) =>
    page.evaluate(
      async ([n, layout, filter]) => {
        const choose = (id, value) => {
          globalThis.find(id).value = value;
          globalThis.find(id).dispatchEvent(new Event("change"));
        };
        const rows = () => [...globalThis.find("#records").querySelectorAll(".open-row")];
        for (let i = 0; i < n; i++) {
          const told = new Promise((resolve) => document.addEventListener("analysis", resolve, { once: true }));
          rows()[i % rows().length].click();
          await told;
          globalThis.reports = [];
          if (i % 4 === 1) choose("#layout", layout[(i >> 2) % layout.length]);
          if (i % 4 === 3) choose("#filter", filter[(i >> 2) % filter.length]);
          await document.querySelector("ecg-xplaim").drawn;
        }
      },
      [count, layouts, filters],
    );
  await rounds(48); // each record in each layout and filter
  const [before, used] = [await memories(page), await heap(page)];
  await rounds(200);
  assert.deepEqual(await memories(page), before);
  const more = (await heap(page)) - used;
  if (process.env.PROBE)
    for (let i = 0; i < 3; i++) {
      await rounds(100);
      t.diagnostic(`${((await heap(page)) - used) / MIB}`);
    }
  t.diagnostic(
    `after 48 analyses ${(sum(before) / MIB).toFixed(1)} MiB in workers, ${(used / MIB).toFixed(1)} MiB in the page; 200 later ${(more / MIB).toFixed(2)} MiB more in the page`,
  );
  assert.ok(more < 2 * MIB, `${more} bytes of the page's own`);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

// How much memory the page needs, in Chromium.

import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildWorker } from "../../scripts/build-worker.mjs";
import { analysed, drawn, drop, saved, skip, startSite } from "../support/chromium.mjs";
import { DIST, load, ROOT, scratch, variants } from "../support/native.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const MIB = 1024 * 1024;

/** One that a failed test left open would keep this process alive. */
const sites = [];
after(async () => {
  for (const each of sites) await each.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** The page, its workers telling of every WebAssembly memory that they have made. */
async function tellingSite() {
  const folder = join(scratch, "telling");
  cpSync(DIST, folder, { recursive: true });
  const worker = join(folder, "core/worker.js");
  writeFileSync(
    worker,
    `globalThis.memories ??= [];
{
  const plain = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...rest) => {
    const made = await plain.apply(WebAssembly, rest);
    globalThis.memories.push(made.exports.memory);
    return made;
  };
}
${readFileSync(worker, "utf8")}`,
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

test(
  "a 10 s record needs at most 256 MiB, of all workers together; 200 analyses leave it unchanged",
  { timeout: 600000, skip },
  async (t) => {
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
  },
);

// How long the reading station takes, in Chromium, on web/dist: the three times that it is held to. Run it on a quiet machine.
//   node tests/bench/station.mjs [ROUNDS]
// 1. From the drop of 30 records to a table that has every number and finding: at most 5 s on two cores.
// 2. From a key to the next record's drawing: at most 100 ms.
// 3. A first visit at 10 Mbit/s, nothing kept, a record dropped as soon as the page takes one: at most 2 s from the drop
//    to its drawing, before the model is there. What is sent is not compressed, and takes less where a host does that.

import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { launch, startSite } from "../support/chromium.mjs";
import { file, load, ROOT } from "../support/native.mjs";
import * as inPage from "../support/page.mjs";

const RECORDS = 30;
const LIMIT_MS = { table: 5000, step: 100, first: 2000 };
const BYTES_A_MS = 10e6 / 8 / 1000;
const SAMPLES = JSON.parse(readFileSync(join(ROOT, "web/samples/samples.json"), "utf8")).map(({ record }) => record);

/** The samples' files under other names, one after another. */
function thirty() {
  return Array.from({ length: RECORDS }, (_, i) => {
    const [from, to] = [SAMPLES[i % SAMPLES.length], `record${i}`];
    return load(join(ROOT, "web/samples", from)).map(({ name, base64 }) => {
      const bytes = Buffer.from(base64, "base64");
      const text = name.endsWith(".hea") ? bytes.toString("latin1").replaceAll(from, to) : null;
      return file(name.replace(from, to), text === null ? bytes : Buffer.from(text, "latin1"));
    });
  }).flat();
}

/* ---- these run in the page ---- */

/** ms from the drop until each line of the table has its numbers and its findings. */
async function fullTable(count) {
  const element = document.querySelector("ecg-xplaim");
  const start = performance.now();
  globalThis.dropKept();
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const { rows, lines } = element.list;
    const done = rows.length === count && rows.every((row) => row.outcome && row.brief);
    const seen = (row) => lines.get(row)?.querySelector("td.hr").textContent.trim();
    if (done && rows.every(seen)) return performance.now() - start;
  }
}

/** ms of each step through the records, from the key until the drawing is on the canvas. */
async function steps(count) {
  const element = document.querySelector("ecg-xplaim");
  const times = [];
  for (let i = 1; i < count; i++) {
    const before = element.row;
    const shown = element.view.list;
    const start = performance.now();
    element.keys.press("n");
    while (element.row === before || element.view.list === shown)
      await new Promise((resolve) => requestAnimationFrame(resolve));
    times.push(performance.now() - start);
    await element.measurements.done;
    await element.drawn;
  }
  return times;
}

/** Drops what is handed over as soon as the page takes it; ms from then, and from the visit's beginning, to the drawing;
 * and whether the model was there. */
async function firstVisit([record, files]) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (document.querySelector("ecg-xplaim")?.opener?.host.root?.getElementById("picker")) break;
  }
  globalThis.kept = new DataTransfer();
  for (const { name, base64 } of files)
    globalThis.kept.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
  const element = document.querySelector("ecg-xplaim");
  const taken = performance.now();
  globalThis.dropKept();
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    if (globalThis.find("#record-name")?.textContent !== record || !element.view.list) continue;
    const canvas = globalThis.find("#ecg");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] < 80 && data[i + 1] < 80 && data[i + 2] < 110) ink++;
    if (ink > 2000)
      return { drop: performance.now() - taken, visit: performance.now(), model: element.live.model !== null };
  }
}

/* ---- a slow line ---- */

/** What a server sends comes at 10 Mbit/s, all connections together. @param {number} port  the server's */
async function slowLine(port) {
  let free = 0;
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    client.pipe(server);
    server.on("data", (bytes) => {
      server.pause();
      free = Math.max(free, performance.now()) + bytes.length / BYTES_A_MS;
      setTimeout(() => {
        client.write(bytes);
        server.resume();
      }, free - performance.now());
    });
    server.on("end", () => setTimeout(() => client.end(), Math.max(0, free - performance.now())));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ])
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(null)));
  return proxy;
}

/* ---- the three ---- */

/** @param {any} site @param {Record<"table" | "step" | "first" | "visit", number[]>} times */
async function readThirty(site, times) {
  const page = await site.openPage({ viewport: { width: 1440, height: 900 } });
  await page.evaluate(inPage.keep, thirty());
  times.table.push(await page.evaluate(fullTable, RECORDS));
  await page.evaluate(async () => {
    const element = document.querySelector("ecg-xplaim");
    await element.opener.openRow(element.list.rows[0]);
    await element.measurements.done;
    await element.drawn;
  });
  times.step.push(...(await page.evaluate(steps, RECORDS)));
  await page.context().close();
}

/** @param {any} browser @param {number} port @param {Record<"table" | "step" | "first" | "visit", number[]>} times */
async function visitSlowly(browser, port, times) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(inPage.install);
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${port}/`, { waitUntil: "commit" });
  const [record] = SAMPLES;
  const { drop, visit, model } = await page.evaluate(firstVisit, [record, load(join(ROOT, "web/samples", record))]);
  if (model) throw new Error("the model was there before the drawing: the line is not slow");
  times.first.push(drop);
  times.visit.push(visit);
  await context.close();
}

/** @param {string} what @param {number[]} all @param {number} [limit] */
function tell(what, all, limit) {
  const sorted = [...all].sort((a, b) => a - b);
  const most = sorted[sorted.length - 1];
  const held = limit === undefined ? "" : `, at most ${limit}: ${most <= limit ? "held" : "NOT held"}`;
  console.log(`${what}: median ${Math.round(sorted[sorted.length >> 1])} ms, most ${Math.round(most)} ms${held}`);
}

const rounds = Number(process.argv[2] ?? 3);
const times = { table: [], step: [], first: [], visit: [] };
const site = await startSite();
const fresh = await launch();
const line = await slowLine(Number(new URL(site.origin).port));
try {
  for (let i = 0; i < rounds; i++) {
    await readThirty(site, times);
    await visitSlowly(fresh, line.address().port, times);
  }
} finally {
  await fresh.close();
  line.close();
  await site.close();
}
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, ${rounds} rounds`);
tell(`${RECORDS} records dropped to a full table`, times.table, LIMIT_MS.table);
tell("key to the next record's drawing", times.step, LIMIT_MS.step);
tell("10 Mbit/s, first visit: drop to drawing, before the model", times.first, LIMIT_MS.first);
tell("10 Mbit/s, first visit: its beginning to the drawing", times.visit);
process.exitCode = ["table", "step", "first"].some((name) => Math.max(...times[name]) > LIMIT_MS[name]) ? 1 : 0;

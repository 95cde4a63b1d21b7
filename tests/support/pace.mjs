// Limits of time that a busy or slow machine does not break. A task of the page's own thread is measured
// in processor time, which Chromium's trace tells: what a neighbour takes is not in it. And every time
// is divided by the pace: how much longer than on the machine that the limits were set on (one core of
// an EPYC of 2023) a reference task takes, beside the measured work and in the same page.

import assert from "node:assert/strict";

/** The reference task there, processor time and time on the clock, ms. */
const NOMINAL_MS = 16;
const CATEGORIES = ["disabled-by-default-devtools.timeline", "blink.user_timing"];

/** A task of arithmetic and layout; runs in the page. @param {string} name  of the mark before it */
const reference = (name) =>
  new Promise((resolve) =>
    setTimeout(() => {
      performance.mark(name);
      const start = performance.now();
      const list = document.createElement("div");
      for (let i = 0; i < 1500; i++)
        list.append(Object.assign(document.createElement("p"), { textContent: `line ${i}` }));
      document.body.append(list);
      let sum = list.offsetHeight;
      list.remove();
      for (let i = 0; i < 1e6; i++) sum += Math.sqrt(i);
      resolve([performance.now() - start, sum][0]);
    }),
  );

/** How much slower than the limits' machine this page is at this moment, on the clock; at least 1.
 * @param {import("playwright-core").Page} page */
async function pace(page) {
  const times = [];
  for (let i = 0; i < 3; i++) times.push(await page.evaluate(reference, "pace"));
  return Math.max(1, times[2] / NOMINAL_MS); // the first two find the code uncompiled
}

/** A time on the clock that measure gives, ms, over the slower pace of before and after it.
 * @param {import("playwright-core").Page} page @param {() => Promise<number>} measure */
export async function paced(page, measure) {
  const before = await pace(page);
  const ms = await measure();
  return ms / Math.max(before, await pace(page));
}

/** The events of a trace of all that happens during work. */
async function traced(browser, work) {
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: CATEGORIES, excludedCategories: ["*"], traceBufferSizeInKb: 500000 },
  });
  try {
    await work();
  } finally {
    const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
    await session.send("Tracing.end");
    const { dataLossOccurred } = await complete;
    await session.detach();
    assert.ok(!dataLossOccurred, "the trace is whole");
  }
  return events;
}

/** The longest task of the page's own thread while work goes on, processor time over the pace, ms.
 * @param {import("playwright-core").Page} page @param {() => Promise<unknown>} work */
export async function longestTask(page, work) {
  const marks = [0, 1, 2].map((i) => `pace-${i}-${Math.random()}`);
  const events = await traced(page.context().browser(), async () => {
    for (let i = 0; i < 3; i++) await page.evaluate(reference, marks[0]);
    await page.evaluate((name) => void performance.mark(name), marks[1]);
    await work();
    await page.evaluate((name) => void performance.mark(name), marks[2]);
  });
  const [references, [begin], [end]] = marks.map((name) => events.filter((event) => event.name === name));
  const tasks = events.filter(
    ({ ph, name, pid, tid }) => ph === "X" && name === "RunTask" && pid === begin.pid && tid === begin.tid,
  );
  const around = references.map(({ ts }) => tasks.find((task) => task.ts <= ts && ts < task.ts + task.dur));
  const times = around.map((task) => task.tdur / 1000);
  assert.ok(times.length === 3 && times[2] > 1, `the reference task is seen: ${times}`);
  const during = tasks.filter(({ ts }) => ts > begin.ts && ts < end.ts).map(({ tdur = 0 }) => tdur / 1000);
  return Math.max(0, ...during) / Math.max(1, times[2] / NOMINAL_MS);
}

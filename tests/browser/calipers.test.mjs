// Calipers on the drawing: where they start, what moves them and what does not.

import assert from "node:assert/strict";
import { join } from "node:path";
import { drawn, inElement, skip } from "../support/chromium.mjs";
import { LEADS, choose, recordOf, open, standing } from "../support/drawing.mjs";
import { ROOT } from "../support/native.mjs";
import { siteOfTests } from "../support/site_tests.mjs";

const { test, openPage } = siteOfTests();
const sampled = (options) => openPage({ address: "/?sample=00219_hr", ready: /^Analysed/, ...options });

/* ---- calipers ---- */

const calipers = (page) =>
  inElement(
    page,
    ({ view: { calipers: c } }) =>
      c && {
        legs: c.legs.map((leg) => ({ ...leg })),
        strip: { ...c.place },
        lead: c.page.record.leads[c.place.lead].name,
        text: c.text,
      },
  );

async function measuring(options) {
  const page = await sampled(options);
  // What was measured is drawn anew, and calipers hold on to it.
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("ecg-xplaim")).row?.brief);
  await drawn(page);
  await page.click("#calipers");
  await page.locator("#ecg").scrollIntoViewIfNeeded();
  const box = await page.locator("#ecg").boundingBox();
  return { page, box, scale: (await standing(page)).scale };
}

test("calipers start on the rhythm strip, a click leaves them, Escape ends them", { skip }, async () => {
  const { page, box, scale } = await measuring();
  const before = await calipers(page);
  assert.equal(before.lead, "II");
  assert.equal(before.strip.seconds, 10);
  await page.mouse.click(box.x + 150 * scale, box.y + 20 * scale);
  await page.mouse.move(box.x + 151 * scale, box.y + 20 * scale);
  assert.deepEqual(await calipers(page), before);
  // A leg that is taken elsewhere than at its dot keeps its voltage.
  const x = before.strip.x + before.legs[1].t * 25;
  const y = before.strip.top + 2;
  await page.mouse.move(box.x + (x + 0.4) * scale, box.y + y * scale);
  await page.keyboard.down("Shift"); // else it may hold on to a wave
  await page.mouse.down();
  await page.mouse.move(box.x + (x + 5.4) * scale, box.y + y * scale, { steps: 5 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  const after = await calipers(page);
  assert.ok(Math.abs(after.legs[1].t - before.legs[1].t - 0.2) < 0.005);
  assert.ok(Math.abs(after.legs[1].mv - before.legs[1].mv) < 0.02);
  await page.locator(".paper").screenshot({ path: join(ROOT, "build/drawing-calipers.png") });
  await page.keyboard.press("Escape");
  assert.equal(await calipers(page), null);
  assert.equal(await page.getAttribute("#calipers", "aria-pressed"), "false");
  assert.equal(await page.textContent("#caliper-text"), "");
  await page.context().close();
});

test("a pinch and a swipe along the page leave the calipers where they were", { skip }, async () => {
  const { page, box } = await measuring({ hasTouch: true, viewport: { width: 800, height: 500 } });
  const before = await calipers(page);
  const session = await page.context().newCDPSession(page);
  const touch = (type, points) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: points.map(([x, y], id) => ({ x: box.x + x, y: box.y + y, id })),
    });
  await touch("touchStart", [[300, 60]]);
  for (let k = 1; k <= 4; k++) await touch("touchMove", [[300 - 10 * k, 60]]);
  assert.notDeepEqual((await calipers(page)).legs, before.legs, "one finger measures");
  await touch("touchStart", [
    [260, 60],
    [400, 60],
  ]);
  for (let k = 1; k <= 4; k++)
    await touch("touchMove", [
      [260 - 10 * k, 60],
      [400 + 10 * k, 60],
    ]);
  await touch("touchEnd", []);
  assert.deepEqual(await calipers(page), before);
  assert.ok((await standing(page)).zoom > 1.2);
  await page.click("#zoom-reset");
  await touch("touchStart", [[300, 150]]);
  for (let k = 1; k <= 10; k++) await touch("touchMove", [[300, 150 - 10 * k]]);
  await touch("touchEnd", []);
  assert.deepEqual(await calipers(page), before);
  await page.context().close();
});

test("calipers follow their lead to another layout and another record", { skip }, async () => {
  const { page, box, scale } = await measuring();
  const { first } = await standing(page);
  // Across V6, which is in the last column.
  const strip = await inElement(
    page,
    ({
      view: {
        list,
        page: { record },
      },
    }) => list.strips.find((s) => record.leads[s.lead].name === "V6"),
  );
  await page.mouse.move(box.x + (strip.x + 10) * scale, box.y + strip.y * scale);
  await page.keyboard.down("Shift");
  await page.mouse.down();
  await page.mouse.move(box.x + (strip.x + 30) * scale, box.y + (strip.y - 5) * scale, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  assert.match(await page.textContent("#caliper-text"), /^V6: 800 ms/);
  await choose(page, { layout: "12x1" });
  let now = await calipers(page);
  assert.equal(now.lead, "V6");
  assert.ok(Math.abs(now.legs[0].t - 7.9) < 0.01);
  assert.match(await page.textContent("#caliper-text"), /^V6: 800 ms · 75\/min · 0\.50 mV/, "as it was put");
  await page.keyboard.press("Space");
  await inElement(page, ({ view }) => {
    // to where the column of V6 does not reach
    const c = view.calipers;
    c.legs = [c.onTrace(1), c.onTrace(1.8)];
    view.measured();
  });
  await choose(page, { layout: "3x4+1" });
  now = await calipers(page);
  assert.equal(now.lead, "V6", "not the first strip that there is");
  for (const { t } of now.legs) assert.ok(t >= now.strip.from && t <= now.strip.from + now.strip.seconds, `${t} s`);
  assert.ok(Math.abs(now.legs[1].t - now.legs[0].t - 0.8) < 0.004);
  assert.equal(await page.textContent("#caliper-text"), now.text);
  // Another record: its voltages.
  await open(
    page,
    recordOf(
      "half",
      LEADS.map((l) => [l, l]),
      { from: 250 },
    ),
  );
  now = await calipers(page);
  const trace = await inElement(page, ({ view: { calipers: c } }) => c.legs.map(({ t }) => c.onTrace(t).mv));
  assert.deepEqual(
    now.legs.map((leg) => leg.mv),
    trace,
  );
  assert.equal(await page.textContent("#caliper-text"), now.text);
  // The last sample is at the right end, not one after it.
  const end = await inElement(
    page,
    ({
      view: {
        calipers: c,
        page: { mv },
      },
    }) => {
      c.strip = 12;
      return [c.onTrace(1e9), mv[c.place.lead].at(-1)];
    },
  );
  assert.equal(end[0].mv, end[1]);
  assert.ok(first.seconds === 2.5);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

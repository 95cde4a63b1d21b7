// The page in hands: keyboard alone, fingers, small screens; the focus is never lost. Screenshots go to build/.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { analysed, drawn, drop, inElement, says, skip } from "../support/chromium.mjs";
import { copies, load, ROOT, variants } from "../support/native.mjs";
import { siteOfTests } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";

const sample = join(ROOT, "web/samples/00219_hr");

const [SAMPLE, OTHER] = ["00219_hr", "06332_hr"];
const loadNamed = (name) => load(join(ROOT, `web/samples/${name}`));

const { test, openPage } = siteOfTests();

test("calipers by keyboard measure an RR interval", { skip }, async () => {
  const data = readFileSync(`${sample}.dat`);
  const lead = Array.from({ length: 5000 }, (_, t) => data.readInt16LE(t * 24)); // lead I
  const peakNear = (from, to) => {
    let best = from;
    for (let t = from; t < to; t++) if (lead[t] > lead[best]) best = t;
    return best;
  };
  const first = peakNear(1000, 1400);
  const second = peakNear(first + 250, first + 500);
  const page = await openPage();
  await page.click("#sample-cards button");
  await analysed(page);
  await page.selectOption("#layout", "12x1");
  await drawn(page);
  await page.locator("#ecg").focus();
  await page.keyboard.press("c");
  // They start on beats; the leg that moves is walked to the peak that is meant.
  const walk = async (to) => {
    const from = await page.locator("ecg-xplaim").evaluate(({ view, record }) => {
      const { legs, active } = view.calipers;
      return Math.round(legs[active].t * record.rate);
    });
    const key = to > from ? "ArrowRight" : "ArrowLeft";
    const away = Math.abs(to - from);
    for (let i = 0; i < Math.floor(away / 10); i++) await page.keyboard.press(`Shift+${key}`);
    for (let i = 0; i < away % 10; i++) await page.keyboard.press(key);
  };
  await walk(second);
  await page.keyboard.press("Space");
  await walk(first);
  const text = await page.textContent("#caliper-text");
  const ms = (second - first) * 2;
  assert.match(text, new RegExp(`^I: RR ${ms} ms · ${Math.round(60000 / ms)}/min`));
  await page.keyboard.press("m");
  const lines = await page.locator("ecg-xplaim").evaluate((element) => element.view.calipers.lines().length);
  assert.ok(lines > 6, `${lines} lines marched out`);
  await page.locator(".paper").screenshot({ path: join(ROOT, "build/page-calipers.png") });
  // And by mouse: a drag of 25 mm is a second. With Shift it holds on to no mark of the beats; the mouse goes to
  // whole pixels, so that the distance is known.
  const box = await page.locator("#ecg").boundingBox();
  const mm = await page.locator("ecg-xplaim").evaluate((element) => element.view.scale);
  const y = await page
    .locator("ecg-xplaim")
    .evaluate(({ record, view }) => view.list.strips.find((s) => record.leads[s.lead].name === "V6").y);
  const [x0, y0] = [Math.round(box.x + 60 * mm), Math.round(box.y + y * mm)];
  const [dx, dy] = [Math.round(25 * mm), Math.round(10 * mm)];
  await page.keyboard.down("Shift");
  await page.mouse.move(x0, y0);
  await page.mouse.down();
  await page.mouse.move(x0 + dx, y0 - dy, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  const said = (await page.textContent("#caliper-text")).match(/^V6: (\d+) ms · (\d+)\/min · (\d\.\d\d) mV/);
  assert.ok(said, await page.textContent("#caliper-text"));
  const [width, rate, height] = said.slice(1).map(Number);
  assert.ok(Math.abs(width - (1000 * dx) / (25 * mm)) <= 2, `${width} ms for ${dx} pixels of ${1 / mm} mm`);
  assert.equal(rate, Math.round(60000 / width));
  assert.ok(Math.abs(height - dy / (10 * mm)) <= 0.01, `${height} mV for ${dy} pixels of ${1 / mm} mm`);
  await page.context().close();
});

test("two fingers zoom the drawing about their middle", { skip }, async () => {
  const page = await openPage({ hasTouch: true });
  await page.click("#sample-cards button");
  await analysed(page);
  await drawn(page);
  const box = await page.locator("#ecg").boundingBox();
  const session = await page.context().newCDPSession(page);
  const touch = (type, half) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: half === null ? [] : [-half, half].map((dx, id) => ({ x: box.x + 400 + dx, y: box.y + 150, id })),
    });
  const middle = () =>
    page
      .locator("ecg-xplaim")
      .evaluate((element) => ({ zoom: element.view.zoom, mm: element.view.mm({ x: 400, y: 150 }) }));
  const before = await middle();
  await touch("touchStart", 50);
  for (let half = 60; half <= 150; half += 10) await touch("touchMove", half);
  await touch("touchEnd", null);
  const after = await middle();
  assert.ok(Math.abs(after.zoom - 3) < 0.3, `zoom ${after.zoom}`);
  assert.ok(Math.abs(after.mm.x - before.mm.x) < 6, `${before.mm.x} mm, then ${after.mm.x} mm`);
  await page.context().close();
});

/** Hands that know no mouse: Tab to something, press keys there. */
function keyboard(page) {
  const focused = () =>
    page.locator("ecg-xplaim").evaluate(({ root }) => {
      const at = root.activeElement;
      return at ? at.id || at.name || at.closest("th")?.className || at.textContent : "";
    });
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Onwards from where the focus is, never back to the start by a script. */
  const tabTo = async (id) => {
    for (let i = 0; i < 400; i++) {
      await press("Tab");
      if ((await focused()) === id) return;
    }
    assert.fail(`Tab does not reach ${id}`);
  };
  return { focused, press, tabTo };
}

test("everything by keyboard alone", { skip }, async () => {
  const page = await openPage();
  const { focused, press, tabTo } = keyboard(page);
  await tabTo("premature ventricular complexesannotated in PTB-XL (219)");
  await press("Enter");
  await analysed(page);
  assert.equal(await focused(), "ecg", "what was opened has the focus");
  const zoom = await page.textContent("#zoom-reset");
  await press("+");
  assert.notEqual(await page.textContent("#zoom-reset"), zoom);
  await tabTo("label");
  const first = await page.textContent("#evidence");
  await press("ArrowDown");
  assert.notEqual(await page.textContent("#evidence"), first);
  assert.equal(await focused(), "label");
  await tabTo("save-menu");
  await press("Enter");
  await tabTo("save-json");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.equal(download.suggestedFilename(), "ecg-001.json");
  assert.equal(await focused(), "save-json");
  await press("Escape");
  assert.equal(await focused(), "save-menu", "the menu closes, and its button has the focus");
  await tabTo("layout");
  await press("End");
  assert.equal(await page.inputValue("#layout"), "single");
  await page.context().close();
});

test(
  "many records by keyboard alone: stepping, sorting, a batch and its end; the focus is never lost",
  { skip },
  async () => {
    const page = await openPage();
    const { focused, press, tabTo } = keyboard(page);
    const names = Array.from({ length: 40 }, (_, i) => `r${i}`);
    const open = async (name, where) => {
      await page.locator("#record-name", { hasText: new RegExp(`^${name}$`) }).waitFor();
      await analysed(page);
      await drawn(page);
      assert.equal(await focused(), where, `after ${name} was opened`);
    };
    // Else a key may meet the button that ends what was begun unasked.
    const analysedUnasked = () =>
      until("all to be analysed unasked", () =>
        inElement(page, ({ batches, list }) => !batches.running && list.rows.every((row) => row.outcome || row.bad)),
      );
    await drop(page, copies(names));
    await analysed(page);
    await page.locator("#records tbody tr").nth(39).waitFor();
    assert.ok(await page.isVisible("#table-view"), "of many the table comes first");
    await page.focus("#records-filter");
    await tabTo("name"); // the column's head
    await press("Enter"); // names, ascending: r0, r1, r2 ...
    assert.equal(await focused(), "name");
    await press("Enter"); // and descending
    assert.equal(await focused(), "name");
    assert.equal(await page.locator("#records th.name").getAttribute("aria-sort"), "descending");
    assert.equal(await page.locator("#records .open-row").first().textContent(), "r39");
    await tabTo("r39");
    await press("ArrowDown", "Enter");
    await open("r38", "ecg");
    await page.focus("#list-open");
    await press("Shift+Tab");
    assert.equal(await focused(), "previous");
    await press("Enter");
    await open("r39", "previous");
    await press("Enter"); // there is none before
    assert.equal(await focused(), "previous");
    await tabTo("next");
    await press(" ");
    await open("r38", "next");
    await tabTo("ecg");
    await press("n");
    await open("r37", "ecg");
    await press("p");
    await open("r38", "ecg");
    // The batch: its button gives its place to the one that ends it, and takes it back.
    await press("t");
    await analysedUnasked();
    await page.focus("#records-filter");
    await tabTo("batch-run");
    await press("Enter");
    await page.locator("#batch-cancel").waitFor();
    assert.equal(await focused(), "batch-cancel");
    await page.locator("#batch-text", { hasText: /^[1-9]/ }).waitFor();
    await press("Enter");
    await says(page, /^Cancelled after/);
    assert.equal(await focused(), "batch-run");
    await press("Enter");
    await says(page, /^40 recordings analysed/);
    assert.equal(await focused(), "batch-run");
    // Lines that change places while numbers come in take the focus along.
    await drop(page, variants(20).flatMap(load));
    await page.locator("#records .open-row", { hasText: "variant19" }).waitFor();
    await analysedUnasked();
    await page.click("#records th.value button");
    await page.focus("#batch-run");
    await press("Enter");
    await tabTo("variant7");
    await says(page, /^60 recordings analysed/);
    // Lines are sorted a little after the last number is in.
    const values = async () =>
      (await page.locator("#records tbody td.value").allTextContents()).map((text) => Number(text.replace("< ", "")));
    await until("the lines in their order", async () =>
      (await values()).every((value, i, all) => i === 0 || value <= all[i - 1]),
    );
    assert.equal(await focused(), "variant7");
    const order = await page.locator("#records .open-row").allTextContents();
    assert.notDeepEqual(
      order,
      [...order].sort((x, y) => x.localeCompare(y, undefined, { numeric: true })),
      "they changed places",
    );
    assert.deepEqual(page.errors, []);
    await page.context().close();
  },
);

test("the focus is never lost: stepping, sorting, cancelling", { skip }, async () => {
  const page = await openPage();
  await drop(page, [...loadNamed("00057_hr"), ...loadNamed(SAMPLE), ...loadNamed(OTHER)]);
  await analysed(page);
  const focused = () =>
    inElement(page, (element) => element.root.activeElement?.id || element.root.activeElement?.textContent || "");
  await page.focus("#ecg");
  for (const name of [SAMPLE, OTHER]) {
    await page.keyboard.press("n");
    await page.locator("#record-name", { hasText: name }).waitFor();
    await analysed(page);
    assert.equal(await focused(), "ecg");
  }
  await page.focus("#previous");
  for (const name of [SAMPLE, "00057_hr"]) {
    await page.keyboard.press("Enter");
    await page.locator("#record-name", { hasText: name }).waitFor();
    await analysed(page);
    assert.equal(await focused(), "previous");
  }
  await page.locator("th.name button").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "Record");
  assert.equal(await page.locator("#records .open-row").first().textContent(), OTHER);
  await page.context().close();
});

test("progress is not read out line by line", { skip }, async () => {
  const page = await openPage();
  await drop(page, loadNamed(SAMPLE));
  await analysed(page);
  await inElement(page, (element) => {
    globalThis.told = 0;
    new MutationObserver(() => globalThis.told++).observe(element.$("status-text"), {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  await page.selectOption("#method", "occlusion");
  await page.locator("#progress-text", { hasText: /\d+ of \d+/ }).waitFor();
  await says(page, /^Lead occlusion computed/);
  assert.ok((await page.evaluate(() => globalThis.told)) <= 3);
  await page.context().close();
});

test("what takes long is ended by keyboard alone, and the focus is not lost", { skip }, async () => {
  const page = await openPage();
  const { focused, press, tabTo } = keyboard(page);
  await drop(page, load(sample));
  await analysed(page);
  await page.focus("#method");
  await press("ArrowDown");
  await page.locator("#progress-text", { hasText: /\d of \d/ }).waitFor();
  assert.equal(await focused(), "method");
  await page.focus("#cancel"); // it lies before the method: by Shift+Tab, which takes long to get there
  await press("Enter");
  await says(page, /^Cancelled/);
  assert.notEqual(await focused(), "", "the focus is on something");
  await tabTo("open-menu"); // and Tab goes on from there
  await page.context().close();
});

test("help, and the dark", { skip }, async () => {
  const page = await openPage({ colorScheme: "dark" });
  await page.click("#sample-cards button");
  await analysed(page);
  await page.screenshot({ path: join(ROOT, "build/page-dark.png"), fullPage: true });
  await page.click("#help-open");
  assert.ok(await page.isVisible("#help-title"));
  assert.match(await page.textContent("#card"), /SHA-256[0-9a-f]{64}/);
  await page.click("#card-whole summary");
  assert.match(await page.textContent("#card-whole .card-text"), /Macro AUROC over labels with at least 10 positives/);
  await page.screenshot({ path: join(ROOT, "build/page-help.png") });
  await page.keyboard.press("Escape");
  assert.ok(!(await page.isVisible("#help-title")));
  await page.context().close();
});

test("a phone, and 200 % zoom, do not scroll sideways", { skip }, async () => {
  for (const [width, name] of [
    [320, "phone"],
    [640, "zoomed"],
  ]) {
    const page = await openPage({ viewport: { width, height: 740 }, deviceScaleFactor: 2 });
    await page.click("#sample-cards button");
    await analysed(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${wide} px of ${width}`);
    await page.screenshot({ path: join(ROOT, `build/page-${name}.png`), fullPage: true });
    await page.context().close();
  }
});

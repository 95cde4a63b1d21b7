// Two ECGs beside each other: what differs is told by rules, nothing differs of a recording and itself, and what is printed
// or copied has both.

import assert from "node:assert/strict";
import { join } from "node:path";
import { accessible, analysed, drawn, drop, inElement, saved } from "../support/chromium.mjs";
import { copies, load, nativeDocument, ROOT } from "../support/native.mjs";
import { openAt, testsOfSite } from "../support/site_tests.mjs";
import { synthetic } from "../support/synthetic.mjs";
import { until } from "../support/wait.mjs";

const { test: onPages } = testsOfSite((site) => openAt(site, "/"));
const test = (name, work) => onPages(name, async (open) => work(await open()));

/** In this order; the last of them is shown in the end, and all of them are analysed. */
async function openAll(page, ...drops) {
  for (const [name, files] of drops) {
    await drop(page, files);
    await page.locator("#record-name", { hasText: name }).waitFor();
    await analysed(page);
    await inElement(page, (element) => element.measurements.done);
    await drawn(page);
  }
  await until("all are analysed", () =>
    inElement(page, ({ list }) => list.rows.length === 1 || list.rows.every((row) => row.outcome)),
  );
}

const fromDisk = (path) => [path.split("/").at(-1), load(path)];
const compared = (page) => inElement(page, (element) => element.compare.done);
async function open(page, how = () => page.keyboard.press("d")) {
  await how();
  await page.locator("#compare-dialog[open]").waitFor();
  await compared(page);
}

/** Of the table: this, the other, the difference, by what is compared. */
const rows = (page) =>
  inElement(page, (element) =>
    Object.fromEntries(
      [...element.root.querySelectorAll("#compare-tables [data-compared]")].map((row) => [
        row.dataset.compared,
        [...row.querySelectorAll("td")].map((cell) => cell.textContent),
      ]),
    ),
  );
const numberOf = (text) => Number(text.replace("−", "-").replace(/[^-+\d.].*$/, ""));

test("B6: nothing differs of a recording and itself", async (page) => {
  await openAll(page, ["twin1", copies(["twin1"])], ["twin2", copies(["twin2"])]);
  await open(page);
  const told = Object.entries(await rows(page));
  assert.ok(told.length > 8 + 12, `${told.length} rows`);
  for (const [key, [own, other, difference]] of told) {
    assert.equal(own, other, key);
    assert.match(difference, /^0(\.0+)?(°| )/, `${key}: ${difference}`);
  }
  for (const mode of ["beside", "beats", "stacked"]) {
    await page.click(`#compare-${mode}`);
    await compared(page);
    await accessible(page, mode);
  }
});

test("B6: ten per cent more voltage and 30 ms more PR are told, and so is what the tool measures of either", async (page) => {
  const st = { V2: 0.2, V3: -0.1 };
  const [one, two] = [synthetic("before", { st }), synthetic("after", { st, pr: 0.19, scale: 1.1 })];
  await openAll(page, fromDisk(one), fromDisk(two));
  await open(page);
  const told = await rows(page);
  const near = (key, wanted, by) => {
    const found = numberOf(told[key][2]);
    assert.ok(Math.abs(found - wanted) <= by, `${key}: ${told[key].join(", ")}, not ${wanted}`);
  };
  near("pr_interval", 30, 10);
  for (const key of ["heart_rate", "qrs_duration", "qt_interval", "qtc_fridericia", "qrs_axis", "t_axis"])
    near(key, 0, 8);
  near("st60 V2", 0.02, 0.01);
  near("st60 V3", -0.01, 0.01);
  near("st60 V5", 0, 0.01);
  await page.selectOption("#compare-wave", "r");
  const waves = await rows(page);
  for (const lead of ["I", "II", "V5", "V6"]) {
    const [own, other] = waves[`r ${lead}`].map(numberOf);
    assert.ok(Math.abs(own / other - 1.1) < 0.02, `R in ${lead}: ${own}, ${other}`);
  }
  const natively = nativeDocument("measure", two).measurements;
  for (const { name, value, unit } of natively.filter(({ name: each }) => each in told))
    assert.equal(numberOf(told[name][0]), Math.round(value), `${name} ${unit}`);
});

test("B6: by menu, key and a line of the table; both are in what is drawn, copied, saved and printed", async (page) => {
  const samples = ["00219_hr", "00963_hr", "06332_hr"].map((name) => fromDisk(join(ROOT, "web/samples", name)));
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await openAll(page, samples[0]);
  assert.ok(!(await page.isVisible("#compare-open")), "there is nothing to compare with");
  await openAll(page, ...samples.slice(1));
  await open(page, () => page.click("#compare-open"));
  assert.match(await page.textContent("#compare-with option:checked"), /^00963_hr/, "the one before");
  const told = await rows(page);
  assert.equal(told.heart_rate[2], "−37 /min");
  assert.match(told.afib[1], /^8\d % ▴$/);
  await page.screenshot({ path: join(ROOT, "build/page-compare.png") });
  await page.keyboard.press("d");
  await page.waitForSelector("#compare-dialog", { state: "hidden" });
  await page.keyboard.press("t");
  await open(page, () => page.click("#records tbody tr:first-child .compare-row"));
  assert.match(await page.textContent("#compare-with option:checked"), /^00219_hr/);
  // As it leaves the page, without names.
  const names = /00219_hr|00963_hr|06332_hr/;
  await page.click("#compare-copy");
  await page.locator("#compare-status", { hasText: "clipboard" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^Two ECGs compared. This: recording 3; other: recording 1;/);
  assert.match(copied, /\nHeart rate: this 87 \/min, other 74 \/min, difference \+13 \/min\n/);
  assert.match(copied, /\nST 60 in V2: this .* mV, other .* mV, difference .* mV\n/);
  assert.match(copied, /Not a medical device/);
  assert.doesNotMatch(copied, names);
  await page.click("#compare-copy-png");
  await page.locator("#compare-status", { hasText: "picture" }).waitFor();
  assert.equal((await saved(page, "#compare-png")).bytes.subarray(1, 4).toString(), "PNG");
  for (const mode of ["stacked", "beside", "beats"]) {
    await page.click(`#compare-${mode}`);
    await compared(page);
    const printed = await inElement(page, (element) => {
      dispatchEvent(new Event("beforeprint"));
      const sheet = element.$("sheet");
      const [svg] = sheet.children;
      const traces = [...svg.querySelectorAll("path, polyline")].map((each) => each.getAttribute("stroke"));
      return { text: sheet.textContent, width: svg.getAttribute("width"), height: svg.getAttribute("height"), traces };
    });
    assert.match(printed.text, /This: recording 3.*Other: recording 1.*Heart rate87 \/min74 \/min\+13 \/min/s, mode);
    assert.doesNotMatch(printed.text, names);
    if (mode !== "beats") assert.deepEqual([printed.width, printed.height], ["297mm", "210mm"], "at true scale");
  }
  await page.keyboard.press("Escape");
  // The page's own sheet is printed again.
  await drawn(page);
  const own = await inElement(page, (element) => {
    dispatchEvent(new Event("beforeprint"));
    return element.$("sheet").textContent;
  });
  assert.doesNotMatch(own, /Other:/);
});

test("B6: beats over each other are told apart without colours: the other's trace is broken", async (page) => {
  await openAll(page, fromDisk(synthetic("one")), fromDisk(synthetic("two", { pr: 0.2 })));
  await open(page);
  await page.click("#compare-beats");
  await compared(page);
  const { own, other } = await inElement(page, (element) => {
    const lines = [...element.root.querySelectorAll("#compare-drawing svg polyline")].filter((each) =>
      each.getAttribute("stroke"),
    );
    const of = (colour) =>
      lines.filter((each) => each.getAttribute("stroke") === colour).map((each) => each.getTotalLength());
    return { own: of("#101014"), other: of("#8a5a00") };
  });
  assert.ok(Math.max(...own) > 40, `this one's traces are whole: ${Math.max(...own)} mm`);
  assert.ok(
    other.length > 12 * 8 && Math.max(...other) < 3.2,
    `${other.length} pieces of up to ${Math.max(...other)} mm`,
  );
});

test("what is to be read first is not compared before", async (page) => {
  await openAll(page, fromDisk(synthetic("one")), fromDisk(synthetic("two")));
  await page.click("#more-menu");
  await page.check("#read-first");
  await page.focus("#ecg");
  await page.keyboard.press("d");
  assert.ok(!(await page.isVisible("#compare-dialog")) && !(await page.isVisible("#compare-open")));
  await page.fill("#reading-text", "normal sinus rhythm");
  await page.click("#reading-save");
  await page.focus("#ecg");
  await page.keyboard.press("d");
  assert.ok(!(await page.isVisible("#compare-dialog")), "the other one is still to be read");
});

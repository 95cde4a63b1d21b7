// The page as a reading station: what is where on which screen, that nothing opened or written is lost, that a locked
// case tells nothing, files that add up, keys, presentation, links.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, analysed, drawn, drop, inElement, saved, says } from "../support/chromium.mjs";
import { explainNatively, file, load, ROOT, variants } from "../support/native.mjs";
import { box, MODEL, natively, percent, sample, stationTests } from "../support/station_pages.mjs";
import { makeGate, until } from "../support/wait.mjs";

const SAMPLES = JSON.parse(readFileSync(join(ROOT, "web/samples/samples.json"), "utf8"));

const { test, theSite } = stationTests();

test("U2: a refusal stays, also when it came before the model; the start page stays too", async (open) => {
  const sent = makeGate();
  const page = await theSite().openPage({ model: sent.opened, ready: /^Starting/ });
  await page.locator("#picker").waitFor({ state: "attached" });
  await drop(page, [file("00219_hr.hea", readFileSync(`${sample("00219_hr")}.hea`))]);
  await says(page, /00219_hr\.dat is missing/);
  sent.open();
  await inElement(page, (element) => element.ready);
  assert.match(await page.textContent("#status-text"), /00219_hr\.dat is missing/);
  assert.ok((await page.isVisible("#drop")) && (await page.isVisible("#sample-cards")));
  await drop(page, load(sample("00219_hr")));
  await analysed(page);
  assert.ok(!(await page.isVisible("#drop")));
  // And a good one is not taken away by a bad one.
  await drop(page, [file("letter.gif", "GIF89a")]);
  await page.locator(".status.problem").waitFor();
  assert.ok(await page.isVisible("#ecg"));
  assert.equal(await page.textContent("#record-name"), "00219_hr");
  await page.context().close();
  await open("/");
});

test("U3: opening adds, readings stay, closing can be undone", async (open) => {
  const page = await open("/");
  await drop(page, load(sample("00219_hr")));
  await analysed(page);
  const asks = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  assert.equal(await asks(), false, "nothing is written yet");
  await page.fill("#reading-text", "sinus rhythm, one PVC");
  assert.equal(await asks(), true, "what is written would be lost");
  await page.click("#reading-save");
  await drop(page, load(sample("00963_hr")));
  await page.locator("#record-name", { hasText: "00963_hr" }).waitFor();
  await analysed(page);
  assert.equal(await page.textContent("#record-number"), "no. 2");
  assert.match(await page.textContent("#list-open"), /^2 of 2/);
  assert.equal(await page.inputValue("#reading-text"), "");
  await page.click("#previous");
  await page.locator("#record-name", { hasText: "00219_hr" }).waitFor();
  assert.match(await page.textContent("#reading-kept"), /^My reading, .+: sinus rhythm, one PVC$/);
  await page.click("#close-all");
  assert.ok((await page.isVisible("#drop")) && !(await page.isVisible("#result")));
  await page.click("#undo");
  await page.locator("#record-name", { hasText: "00219_hr" }).waitFor();
  assert.match(await page.textContent("#list-open"), /^1 of 2/);
  assert.match(await page.textContent("#reading-kept"), /sinus rhythm, one PVC$/);
  assert.equal(await asks(), true);
  await page.click("#close-all");
  assert.ok(await page.isVisible("#undo"));
  await page.locator("#undo").waitFor({ state: "hidden" });
  assert.ok(await page.isVisible("#drop"), "it was not undone in time");
});

test("U4: a locked case tells nothing before an answer; an empty one is none; it can be corrected", async (open) => {
  const page = await theSite().openPage({
    address: "/?lock=1&sample=00963_hr",
    ready: /^To be read/,
    viewport: { width: 1440, height: 900 },
  });
  await drawn(page);
  const SECRETS = /fibrillation|afib|infarction|[^0]\d %|\b124\b|00963/;
  const told = () =>
    inElement(page, (element) => {
      const { analyses, measurements, record } = element;
      return [
        element.root.textContent.replace(element.$("help").textContent, ""),
        JSON.stringify([analyses, measurements.finding, record.name, record.dx]),
      ].join(" ");
    });
  assert.doesNotMatch(await told(), SECRETS);
  for (const key of ["a", "b", "h", "t", "f", "f", "F", "ArrowDown", "n", "Escape"]) await page.keyboard.press(key);
  await page.evaluate(() => {
    const element = document.querySelector("ecg-xplaim");
    for (const name of ["lock", "read-first", "view"]) element.removeAttribute(name);
    element.shadowRoot.getElementById("read-first").click();
    return element.analyse({});
  });
  assert.doesNotMatch(await told(), SECRETS);
  assert.equal(await inElement(page, (element) => element.page().heat), null);
  for (const id of ["open-menu", "save-menu", "more-menu", "map-style", "labels", "measurements"])
    assert.ok(!(await page.isVisible(`#${id}`)), id);
  await page.fill("#reading-text", "   ");
  assert.ok(await page.isDisabled("#reading-save"));
  await page.fill("#reading-text", "atrial flutter?");
  await page.click("#reading-save");
  await analysed(page);
  assert.match(await page.locator("#labels").textContent(), /trial fibrillation/);
  await page.fill("#reading-text", "atrial fibrillation");
  await page.click("#reading-save");
  assert.match(await page.textContent("#reading-kept"), /: atrial flutter\?\nMy reading, .*: atrial fibrillation$/);
  const table = await inElement(page, async (element) => {
    const { labelsTable } = await import("/web/core/report.js");
    return labelsTable(element.exportReports, element.reading);
  });
  assert.match(table, /T\d\d:\d\d:[^,]*,atrial flutter\?,[^,]*T\d\d:\d\d:[^,]*,atrial fibrillation,/);
  await page.context().close();
  await open("/");
});

test("U7: what is saved of several recordings has several names, and their numbers are shown", async (open) => {
  const page = await open("/");
  await drop(page, variants(2).flatMap(load));
  await analysed(page);
  const names = [];
  for (const id of ["next", "previous"]) {
    const number = (await page.textContent("#record-number")).replace(/\D/g, "");
    const { name } = await saved(page, "#save-csv");
    assert.equal(name, `ecg-${number.padStart(3, "0")}.csv`);
    assert.equal((await saved(page, "#save-png")).name, `ecg-${number.padStart(3, "0")}.png`);
    names.push(name);
    const before = await page.textContent("#record-name");
    await page.click(`#${id}`);
    await until("the other one", async () => (await page.textContent("#record-name")) !== before);
    await analysed(page);
  }
  assert.equal(new Set(names).size, 2);
  await page.check("#with-names");
  assert.equal((await saved(page, "#save-json")).name, `${await page.textContent("#record-name")}.json`);
});

test("samples: each opens on the finding of its card; one is an error of the network, and says so", async (open) => {
  const natives = explainNatively(
    MODEL,
    SAMPLES.map(({ record }) => sample(record)),
  );
  let errors = 0;
  for (const [i, { record, findings, annotation }] of SAMPLES.entries()) {
    const page = await open(`/?sample=${record}`);
    const {
      label,
      chosen,
      says: text,
    } = await inElement(page, (element) => ({
      label: element.analysis.report.labels[element.label].name,
      chosen: element.chosen,
      says: element.$("sample-says").textContent,
    }));
    if (findings.length) assert.deepEqual([label, chosen], [findings[0], true], record);
    else assert.equal(chosen, false, record);
    const of = (name) => natives[i].labels.find((each) => each.name === name);
    const missed = findings.filter((name) => of(name) && !of(name).at_or_above_threshold);
    assert.equal(/An error of the network: it misses/.test(text), missed.length > 0, text);
    assert.equal(/error of the network/.test(annotation), missed.length > 0, annotation);
    if (missed.length) errors++;
  }
  assert.equal(errors, 1);
});

/* ---- files ---- */

test("B1: thirty files are one drop: what has a finding is seen in one look, and stepped through", async (open) => {
  const names = SAMPLES.map(({ record }) => record);
  const rename = (i) => {
    const name = names[i % names.length];
    return load(sample(name)).map(({ name: at, base64 }) => ({
      name: at.replace(name, `r${i}`),
      base64: at.endsWith(".hea")
        ? Buffer.from(Buffer.from(base64, "base64").toString("latin1").replaceAll(name, `r${i}`), "latin1").toString(
            "base64",
          )
        : base64,
    }));
  };
  const page = await open("/");
  await drop(page, [...Array.from({ length: 30 }, (_, i) => rename(i)).flat(), file("stray.gif", "GIF89a")]);
  await until("all to be analysed unasked", () =>
    inElement(page, ({ list }) => list.rows.filter((row) => row.group && row.outcome && row.brief).length === 30),
  );
  assert.ok(await page.isVisible("#table-view"));
  assert.match(await page.textContent("#records-count"), /^30 recordings · 1 file could not be used/);
  const natives = explainNatively(MODEL, names.map(sample));
  const reached = names.map((_, k) =>
    natives[k].labels.filter((label) => label.at_or_above_threshold).map(({ name }) => name),
  );
  await until(
    "the table to be filled",
    async () => (await page.locator("#records td.hr", { hasText: /^\d+$/ }).count()) === 30,
  );
  const rows = await inElement(page, ({ list }) =>
    list.rows
      .filter((row) => row.group)
      .map((row) => ({ name: row.name, found: list.found(row).map(({ name }) => name) })),
  );
  for (const { name, found } of rows) {
    const expected = reached[Number(name.slice(1)) % names.length];
    assert.deepEqual([...found].sort(), [...expected].sort(), name);
  }
  const line = page.locator("#records tbody tr", { has: page.locator(".open-row", { hasText: /^r1$/ }) });
  assert.match(await line.innerText(), /124\s+—\s+88\s+423/);
  const { probability } = natively("00963_hr", "afib");
  assert.ok((await line.innerText()).includes(`atrial fibrillation ${percent(probability)}`));
  const values = await page
    .locator("#records td.findings span")
    .evaluateAll((all) => all.map((each) => each.getClientRects().length));
  assert.ok(values.length > 0 && values.every((lines) => lines === 1), "no line ends within a number");
  await accessible(page, "the table");
  await page.selectOption("#records-filter", "findings");
  const shown = await page.locator("#records tbody tr:visible .open-row").allTextContents();
  assert.deepEqual(
    [...shown].sort(),
    rows
      .filter(({ found }) => found.length)
      .map(({ name }) => name)
      .sort(),
  );
  await page.click("#records th.name button");
  const order = await page.locator("#records tbody tr:visible .open-row").allTextContents();
  await page.locator("#records .open-row", { hasText: new RegExp(`^${order[0]}$`) }).click();
  await page.locator("#record-name", { hasText: new RegExp(`^${order[0]}$`) }).waitFor();
  assert.ok(!(await page.isVisible("#table-view")));
  await analysed(page);
  for (const name of order.slice(1, 3)) {
    await page.keyboard.press("n");
    await page.locator("#record-name", { hasText: new RegExp(`^${name}$`) }).waitFor();
    await analysed(page);
  }
  await page.keyboard.press("r");
  await page.keyboard.press("t");
  // On a phone, too, each number is in sight, and what is listed is saved whole.
  const numbers = () =>
    page
      .locator("#records tbody tr:visible")
      .first()
      .evaluate((row) => getComputedStyle(row.querySelector("td.findings"), "::after").content);
  assert.equal(await numbers(), "none");
  await page.setViewportSize({ width: 375, height: 667 });
  assert.match(await numbers(), /^"(PR\s(\d+|—) · )?QRS\s\d+ · QTc\s\d+ · Axis\s−?\d+"$/);
  for (const id of ["batch-csv", "batch-json"]) assert.ok(await page.isVisible(`#${id}`), id);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 375);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.selectOption("#records-filter", "unread");
  assert.ok(!(await page.locator("#records tbody tr:visible .open-row").allTextContents()).includes(order[2]));
});

/* ---- hands ---- */

test("B2: keys work at once, not while something is typed, and not where they are switched off", async (open) => {
  const page = await open("/");
  // Picked by hand.
  const picked = variants(2).flatMap(load);
  await page.locator("#start-picker").setInputFiles(
    picked.map(({ name: of, base64 }) => ({
      name: of,
      mimeType: "application/octet-stream",
      buffer: Buffer.from(base64, "base64"),
    })),
  );
  await analysed(page);
  // The keys are the drawing's, which has no frame before one is pressed.
  const framed = () => inElement(page, ({ root }) => [root.activeElement.id, getComputedStyle(root.activeElement).outlineStyle]); // prettier-ignore
  assert.deepEqual(await framed(), ["ecg", "none"]);
  const name = () => page.textContent("#record-name");
  const first = await name();
  const measuring = () => inElement(page, ({ view }) => view.calipers !== null);
  await page.keyboard.press("n");
  await until("the next", async () => (await name()) !== first);
  await analysed(page);
  assert.deepEqual(await framed(), ["ecg", "solid"]);
  await page.keyboard.press("c");
  assert.ok(await measuring());
  await page.keyboard.press("c");
  const map = await page.inputValue("#map-style");
  await page.keyboard.press("h");
  assert.notEqual(await page.inputValue("#map-style"), map);
  for (const [key, dialog] of [
    ["a", "#beat-dialog"],
    ["d", "#compare-dialog"],
  ]) {
    await page.keyboard.press(key);
    await page.waitForSelector(`${dialog}[open]`);
    await page.keyboard.press("Escape");
    await page.waitForSelector(dialog, { state: "hidden" });
  }
  await page.focus("#reading-text");
  await page.keyboard.type("nchpt");
  assert.equal(await page.inputValue("#reading-text"), "nchpt");
  assert.ok(!(await measuring()) && !(await page.isVisible("#table-view")));
  await page.uncheck("#shortcuts");
  await page.keyboard.press("Escape");
  const now = [await name(), await page.inputValue("#map-style")];
  for (const key of "pchbtgsefradlo1m?") await page.keyboard.press(key);
  assert.deepEqual([await name(), await page.inputValue("#map-style")], now);
  assert.ok(!(await measuring()) && (await page.isVisible("#panel")) && !(await page.isVisible("#table-view")));
  assert.equal(await page.locator("dialog[open], .menu-panel:visible").count(), 0);
});

test("B8: the picture goes to the clipboard, a file comes from it, a drag shows the whole page as its goal", async (open) => {
  const page = await open();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.click("#copy-png");
  await says(page, /^The picture is in the clipboard/);
  const start = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    return [...new Uint8Array(await (await item.getType("image/png")).arrayBuffer()).slice(0, 24)];
  });
  assert.deepEqual(start.slice(0, 4), [137, 80, 78, 71]);
  // As large as the one that is saved, which has the disclaimer.
  assert.deepEqual(start.slice(16, 24), [...(await saved(page, "#save-png")).bytes.subarray(16, 24)]);
  await page.click("#copy-numbers");
  await says(page, /^The numbers are/);
  const text = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /^Heart rate 124 \/min .*QRS 88 ms.*\nFindings .*\nResearch and education only/);
  assert.ok(text.includes(`atrial fibrillation ${percent(natively("00963_hr", "afib").probability)}`));
  await page.evaluate(async () => {
    const data = new DataTransfer();
    data.items.add(new File(["GIF89a"], "pasted.gif"));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  });
  await says(page, /^pasted\.gif/);
  const over = (kind) =>
    page.evaluate(
      (k) =>
        document.body.dispatchEvent(
          new DragEvent(k, { dataTransfer: new DataTransfer(), bubbles: true, cancelable: true }),
        ),
      kind,
    );
  await over("dragover");
  const shade = await box(page, "over");
  assert.ok(shade.width >= 1440 && shade.height >= 900);
  await over("dragleave");
  assert.ok(!(await page.isVisible("#over")));
});

test("B9: the demonstration: every sample by one key, each on its finding", async (open) => {
  const page = await open("/");
  await page.click("#demonstration");
  for (const [i, { record, findings }] of SAMPLES.entries()) {
    if (i) await page.keyboard.press("ArrowRight");
    await until(record, () =>
      inElement(page, (element, name) => element.row?.sample?.record === name && element.analysis !== null, record),
    );
    const { label, chosen } = await inElement(page, (element) => ({
      label: element.analysis.report.labels[element.label].name,
      chosen: element.chosen,
    }));
    if (findings.length) assert.deepEqual([label, chosen], [findings[0], true]);
    assert.match(await page.textContent("#presenting-says"), /^PTB-XL’s annotation/);
  }
  await page.keyboard.press("Escape");
  assert.ok(await page.isVisible("#panel"));
});

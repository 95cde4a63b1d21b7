// What leaves the page: files, pictures, paper; the tool's numbers, and nobody's name.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { agree } from "../support/agree.mjs";
import { analysed, drawn, drop, eventOf, inElement, saved, says, skip } from "../support/chromium.mjs";
import { DIST, explainNatively, file, load, longRecord, ROOT, variants } from "../support/native.mjs";
import { problems, schema } from "../support/schema.mjs";
import { siteOfTests } from "../support/site_tests.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const LABELS = 18; // of the model that the page ships

const { test, openPage } = siteOfTests();

test("a batch of 20: as the native tool, sortable, saved without names", { skip }, async () => {
  const paths = variants(20);
  const natives = explainNatively(join(DIST, "model.safetensors"), paths);
  const page = await openPage();
  await drop(page, [...paths.flatMap(load), file("stray.gif", "GIF89a")]);
  await analysed(page);
  assert.equal(await page.locator("#records tbody tr").count(), 21);
  await page.click("#batch-run");
  await says(page, /^20 recordings analysed/);
  const csvFile = await saved(page, "#batch-csv");
  const rows = csvFile.bytes
    .toString()
    .trim()
    .split("\r\n")
    .map((line) => line.split(","));
  assert.equal(rows.length, 21);
  const shown = await page.locator("#records tbody .open-row").allTextContents();
  natives.forEach((native, i) => {
    const row = rows[1 + shown.indexOf(`variant${i}`)];
    native.labels.forEach((label, k) => {
      assert.ok(Math.abs(Number(row[1 + k]) - label.probability) <= 1e-5, `${i} ${label.name}`);
    });
  });
  assert.ok(!csvFile.bytes.includes("variant"), "no names");
  const jsonFile = await saved(page, "#batch-json");
  const reports = jsonFile.bytes
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const report of reports) assert.deepEqual(problems(report, schema("predict")), []);
  assert.ok(!jsonFile.bytes.includes("variant"), "no names");
  await page.click("#records th.value button");
  const values = (await page.locator("#records td.value").allTextContents()).filter(Boolean).map(Number);
  assert.equal(values.length, 20);
  assert.deepEqual(
    values,
    [...values].sort((a, b) => b - a),
  );
  await page.locator("#records .open-row").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await analysed(page);
  assert.equal(await page.textContent("#record-name"), await page.locator("#records .open-row").nth(1).textContent());
  await page.screenshot({ path: join(ROOT, "build/page-batch.png"), fullPage: true });
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a number that changes moves the line it is in, and no other", { skip }, async () => {
  const page = await openPage();
  await drop(page, variants(20).flatMap(load));
  await analysed(page);
  await page.locator("#records tbody tr:has(td.value:not(:empty))").nth(19).waitFor();
  await page.click("#records th.value button");
  const { moved, place, order } = await inElement(page, ({ list }) => {
    list.sort();
    const row = list.sorted().at(-1);
    const watched = new MutationObserver(() => {});
    watched.observe(list.body, { childList: true });
    row.outcome.labels.find(({ name }) => name === list.label).probability = 1;
    list.redraw(row);
    list.sort();
    const moved = watched.takeRecords().flatMap(({ addedNodes }) => [...addedNodes]);
    const lines = [...list.body.children];
    return {
      moved: moved.map((line) => line === list.lines.get(row)),
      place: lines.indexOf(list.lines.get(row)),
      order: list.sorted().every((each, i) => lines[i] === list.lines.get(each)),
    };
  });
  assert.deepEqual({ moved, place, order }, { moved: [true], place: 0, order: true });
  // All of them, the other way round.
  await page.click("#records th.value button");
  assert.ok(
    await inElement(page, ({ list }) => list.sorted().every((row, i) => list.body.children[i] === list.lines.get(row))),
  );
  await page.context().close();
});

const SECRETS = /DOE|JANE|JOHN|19700131|[Aa]ge 51/;

/** Texts of a PNG file's chunks, by kind: what it says besides its pixels. */
function pngChunks(png) {
  const chunks = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    chunks.push({ kind, text: kind === "IDAT" ? "" : body.toString("latin1") });
  }
  return chunks;
}

/** To be run before the page's scripts: keeps the text of every display list that is made a picture of. */
function keepPictureTexts() {
  globalThis.pictureTexts = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    const list = message?.request?.list;
    if (list) globalThis.pictureTexts.push(new TextDecoder().decode(list.text));
    return postMessage.call(this, message, ...rest);
  };
}

/** A PDF's text, as far as its fonts say what their glyphs stand for (Skia writes hexadecimal strings
 * and a table for each font): what each table makes of all strings. */
function pdfTexts(pdf) {
  const tables = [];
  const strings = [];
  for (const body of pdfStreams(pdf))
    if (body.includes("beginbfchar") || body.includes("beginbfrange")) tables.push(glyphTable(body));
    else for (const [, hex] of body.matchAll(/<([0-9A-Fa-f]+)>/g)) strings.push(hex.match(/.{4}/g) ?? []);
  return tables.map((table) =>
    strings.map((glyphs) => glyphs.map((g) => table.get(parseInt(g, 16)) ?? "").join("")).join(""),
  );
}

function glyphTable(body) {
  const table = new Map();
  const chars = (hex) => String.fromCharCode(...hex.match(/.{4}/g).map((h) => parseInt(h, 16)));
  for (const [, part] of body.matchAll(/beginbfchar([^]*?)endbfchar/g))
    for (const [, from, to] of part.matchAll(/<(\w+)>\s*<(\w+)>/g)) table.set(parseInt(from, 16), chars(to));
  for (const [, part] of body.matchAll(/beginbfrange([^]*?)endbfrange/g))
    for (const [, from, end, to] of part.matchAll(/<(\w+)>\s*<(\w+)>\s*<(\w+)>/g))
      for (let g = parseInt(from, 16); g <= parseInt(end, 16); g++)
        table.set(g, String.fromCharCode(parseInt(to, 16) + g - parseInt(from, 16)));
  return table;
}

/** Everything that leaves the page: as text that can be searched. */
async function leaves(page) {
  await drawn(page);
  const png = (await saved(page, "#save-png")).bytes;
  const [shown] = await page.evaluate(() => globalThis.pictureTexts.splice(0));
  await drawn(page);
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  const sheet = await page.evaluate(async () => {
    const printed = () => {
      dispatchEvent(new Event("beforeprint"));
      return globalThis.find("#sheet").textContent;
    };
    while (!printed()) await new Promise(requestAnimationFrame); // the PDF's size had the page drawn anew
    return printed();
  });
  const files = {};
  for (const button of ["#save-json", "#save-csv", "#batch-json", "#batch-csv"]) {
    const { name, bytes } = await saved(page, button);
    files[button] = `${name}\n${bytes}`;
  }
  return {
    png,
    texts: {
      picture: shown,
      chunks: JSON.stringify(pngChunks(png)),
      sheet,
      pdf: `${pdfTexts(pdf).join("\n")}\n${pdf
        .toString("latin1")
        .match(/\/(Title|Subject|Author|Keywords) ?[^/]*/g)
        ?.join("\n")}`,
      ...files,
    },
  };
}

test("what is saved: the tool's JSON, a table, a picture of 300 dpi", { skip }, async () => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  const json = await saved(page, "#save-json");
  assert.equal(json.name, "ecg-001.json");
  agree(JSON.parse(json.bytes.toString()), explainNatively(join(DIST, "model.safetensors"), [sample])[0]);
  const table = await saved(page, "#save-csv");
  assert.equal(table.bytes.toString().trim().split("\r\n").length, 1 + LABELS);
  const png = await saved(page, "#save-png");
  assert.equal(png.bytes.indexOf("pHYs"), 37);
  assert.equal(png.bytes.readUInt32BE(41), 11811);
  assert.equal(png.bytes.readUInt32BE(16), Math.round((297 / 25.4) * 300));
  assert.equal(png.bytes.readUInt32BE(20), Math.round((210 / 25.4) * 300));
  mkdirSync(join(ROOT, "build"), { recursive: true });
  writeFileSync(join(ROOT, "build/page-export.png"), png.bytes);
  assert.match(json.bytes.toString(), /Not a medical device/);
  assert.match(table.bytes.toString(), /Not a medical device/);
  await page.context().close();
});

test("nothing that is saved or printed names a person, unless it is asked for", { skip }, async () => {
  const header = readFileSync(`${sample}.hea`, "latin1")
    .replaceAll("00219_hr", "DOE_JANE_19700131")
    .replace(/^#.*\n?/gm, "");
  const files = [
    file("DOE_JANE_19700131.hea", `${header}\n# Age: 51\n# name DOE^JANE\n`),
    file("DOE_JANE_19700131.dat", readFileSync(`${sample}.dat`)),
    file("DOE_JOHN.hea", header.replaceAll("DOE_JANE_19700131", "DOE_JOHN")),
  ]; // whose signals are missing
  const page = await openPage({ before: (context) => context.addInitScript(keepPictureTexts) });
  await drop(page, files);
  await analysed(page);
  await page.click("#batch-run");
  await page.locator("#batch-csv:not(:disabled)").waitFor();
  const without = await leaves(page);
  for (const [kind, text] of Object.entries(without.texts)) {
    assert.ok(text.length > 20, `${kind}: ${text}`);
    assert.doesNotMatch(text, SECRETS, kind);
  }
  await page.check("#with-names");
  const named = await leaves(page);
  for (const [kind, text] of Object.entries(named.texts))
    if (kind !== "chunks") assert.match(text, /DOE_JANE_19700131/, kind);
  for (const kind of ["picture", "sheet", "pdf"]) assert.match(named.texts[kind], /age 51/, kind);
  for (const kind of ["#batch-json", "#batch-csv"]) assert.match(named.texts[kind], /DOE_JOHN/, kind);
  assert.ok(!named.png.equals(without.png), "the name is in the pixels");
  await page.uncheck("#with-names");
  const again = await leaves(page);
  for (const [kind, text] of Object.entries(again.texts)) assert.doesNotMatch(text, SECRETS, kind);
  assert.ok(again.png.equals(without.png), "and out of them again");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

/** What a PDF's packed streams hold. */
function* pdfStreams(pdf) {
  const text = pdf.toString("latin1");
  for (const match of text.matchAll(/stream\r?\n/g)) {
    const from = match.index + match[0].length;
    try {
      yield inflateSync(pdf.subarray(from, text.indexOf("endstream", from))).toString("latin1");
    } catch {
      continue; // it is not packed this way
    }
  }
}

/** Numbers of a PDF's vertical lines: x in points, by Skia's way of writing (cm, m, l in streams). */
function verticalLines(pdf) {
  const found = new Set();
  for (const body of pdfStreams(pdf)) {
    let ctm = [1, 0, 0, 1, 0, 0];
    const stack = [];
    let numbers = [];
    let at = null;
    for (const token of body.split(/\s+/)) {
      if (/^[-+.\d]/.test(token)) {
        numbers.push(Number(token));
        continue;
      }
      const n = numbers;
      numbers = [];
      if (token === "q") stack.push(ctm);
      else if (token === "Q") ctm = stack.pop() ?? ctm;
      else if (token === "cm" && n.length === 6) {
        const [a, b, c, d, e, f] = ctm;
        ctm = [
          a * n[0] + c * n[1],
          b * n[0] + d * n[1],
          a * n[2] + c * n[3],
          b * n[2] + d * n[3],
          a * n[4] + c * n[5] + e,
          b * n[4] + d * n[5] + f,
        ];
      } else if (token === "m") at = n;
      else if (token === "l" && at) {
        if (at[0] === n[0] && at[1] !== n[1]) found.add((ctm[0] * n[0] + ctm[2] * n[1] + ctm[4]).toFixed(2));
        at = n;
      }
    }
  }
  return [...found].map(Number).sort((a, b) => a - b);
}

test("printed, 25 mm are 25 mm", { skip }, async () => {
  const page = await openPage();
  await page.click("#sample-cards button");
  await analysed(page);
  for (const [layout, speed] of [
    ["3x4+1", "25"],
    ["12x1", "50"],
  ]) {
    await page.selectOption("#layout", layout);
    await page.selectOption("#speed", speed);
    await drawn(page);
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    writeFileSync(join(ROOT, "build/page.pdf"), pdf);
    const pages = pdf.toString("latin1").match(/\/Type \/Page\b/g).length;
    assert.equal(pages, speed === "50" ? 2 : 1);
    const lines = verticalLines(pdf);
    const square = lines.filter((x) => lines.some((y) => Math.abs(y - x - 70.866) <= 0.4));
    assert.ok(square.length > 100, `${square.length} of ${lines.length} grid lines have another 25 mm on`);
    // Every line of the grid is a thin box with two edges.
    const left = lines.filter((x, i) => i && x - lines[i - 1] > 1);
    const steps = left
      .slice(1)
      .map((x, i) => x - left[i])
      .sort((a, b) => a - b);
    const step = steps[Math.floor(steps.length / 2)];
    assert.ok(Math.abs(step - 70.866 / 25) < 0.03, `a millimetre is ${step} pt`);
  }
  await page.context().close();
});

test("layer, own model, read first, windows of a long record", { skip }, async () => {
  const page = await openPage();
  // An event comes once the recording is measured too, which may be after the status line's "Analysed".
  await eventOf(page, () => page.click("#sample-cards button"));
  const other = await eventOf(page, () => page.selectOption("#layer", "block3.out"));
  assert.equal(other.map.layer, "block3.out");
  await drop(page, [file("own.safetensors", "not a model")]);
  await page.waitForSelector(".status.problem");
  await eventOf(page, () => drop(page, load(sample)));
  await page.check("#read-first");
  assert.ok(!(await page.isVisible("#labels")));
  assert.ok(await page.isDisabled("#save-json"));
  await page.screenshot({ path: join(ROOT, "build/page-read-first.png"), fullPage: true });
  await page.fill("#reading-text", "sinus rhythm, one PVC");
  await page.click("#reading button");
  assert.ok(await page.isVisible("#labels"));
  assert.match((await saved(page, "#save-csv")).bytes.toString(), /T\d\d:\d\d.*sinus rhythm/);
  const long = longRecord(35);
  const native = explainNatively(join(DIST, "model.safetensors"), [long])[0];
  await page.uncheck("#read-first");
  await eventOf(page, () => page.selectOption("#layer", "block3.shortcut"));
  agree(await eventOf(page, () => drop(page, load(long))), native);
  assert.equal(await page.locator(".window").count(), native.map.windows.length);
  await page.locator(".window").nth(2).click();
  assert.equal(await page.locator(".window").nth(2).getAttribute("aria-pressed"), "true");
  await page.screenshot({ path: join(ROOT, "build/page-long.png"), fullPage: true });
  await page.context().close();
});

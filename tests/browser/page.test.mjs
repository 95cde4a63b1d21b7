// The page in headless Chromium: a real PTB-XL record is dropped on it, and the numbers it shows
// are the native tool's. Nothing is asked of any other origin. Screenshots go to build/.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { inflateSync } from "node:zlib";
import { buildWorker } from "../../scripts/build-worker.mjs";
import { agree, schema } from "../support/agree.mjs";
import { analysed, drawn, drop, eventOf, saved, says, skip, startSite } from "../support/chromium.mjs";
import { bytesOf, copies, DIST, explainNatively, file, importModel, load, longRecord, ROOT, scratch, SHARED, stretchText, untrainedModel, variants, withoutChestLeads, XPLAIM } from "../support/native.mjs";
import { problems } from "../support/schema.mjs";
import { computingWrongly } from "../support/wasm.mjs";
import { zip } from "../support/zip.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const LABELS = 18; // of the model that the page ships

let site, origin, requests;
const openPage = (options) => site.openPage(options);

before(async () => {
  if (skip) return;
  site = await startSite();
  ({ origin, requests } = site);
});

after(async () => {
  await site?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** What hangs fails, long before the whole run would. */
const test = (name, options, work) => declare(name, { timeout: 120000, ...options }, work);

test("a dropped PTB-XL record shows the native tool's numbers", { skip }, async () => {
  const page = await openPage();
  requests.length = 0;
  await drop(page, load(sample));
  await analysed(page);
  const shown = await page.$$eval("#labels output", (outputs) =>
    outputs.map((o) => ({ name: o.dataset.label, text: o.textContent, exact: o.dataset.probability })),
  );
  const [native] = explainNatively(join(DIST, "model.safetensors"), [sample]);
  assert.equal(shown.length, native.labels.length);
  for (const label of native.labels) {
    const row = shown.find(({ name }) => name === label.name);
    assert.ok(Math.abs(Number(row.exact) - label.probability) <= 1e-5, label.name);
    assert.ok(Math.abs(Number(row.text) - label.probability) <= 6e-5, label.name);
  }
  const order = shown.map(({ exact }) => Number(exact));
  assert.deepEqual(order, [...order].sort((a, b) => b - a), "the likeliest first");
  assert.deepEqual(requests, [], "analysing asks the network for nothing");
  assert.deepEqual(page.errors, []);
  await page.screenshot({ path: join(ROOT, "build/page.png"), fullPage: true });
  await page.context().close();
});

test("the strongest stretches are the native tool's", { skip }, async () => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  const [native] = explainNatively(join(DIST, "model.safetensors"), [sample]);
  const label = native.map.windows[0].labels.findIndex((l) => l.positive);
  await page.locator(`#labels input[value="${label}"]`).check();
  const shown = await page.$$eval("#evidence li", (items) => items.map((item) => item.textContent));
  const expected = native.map.windows[0].labels[label].strongest.map(
    (s) => `${stretchText(native, s)} (peak ${s.peak.toFixed(2)})`,
  );
  assert.deepEqual(shown, expected);
  await page.context().close();
});

test("what is on the page: disclaimer, the label's figures, a drawing with heat, every layout", { skip }, async () => {
  const page = await openPage();
  await page.screenshot({ path: join(ROOT, "build/page-start.png"), fullPage: true });
  await page.click("#sample");
  await analysed(page);
  assert.ok(await page.isVisible("text=Not a medical device"));
  assert.ok(!(await page.isVisible("#untrained")));
  assert.match(await page.textContent("#labels .label"), /threshold 0\.\d+ · test AUROC 0\.\d+ \(95 % .+\) · n \d+ positives/);
  assert.match(await page.textContent("#columns-text"), /Thresholds: .+ on validation data/);
  assert.match(await page.textContent("#map-trust"), /on \d+ test records: rank correlation/);
  const colours = await page.locator("#ecg").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    let heat = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] < 80 && data[i + 2] < 110) ink++;
      if (data[i + 2] - data[i] > 40) heat++;
    }
    return { ink, heat };
  });
  assert.ok(colours.ink > 2000, `dark pixels: ${colours.ink}`);
  assert.ok(colours.heat > 500, `blue pixels: ${colours.heat}`);
  for (const layout of ["12x1", "6x2", "3x4", "3x4+3", "cabrera", "single", "3x4+1"]) {
    await page.selectOption("#layout", layout);
    await drawn(page);
    if (layout !== "3x4+1") await page.locator(".paper").screenshot({ path: join(ROOT, `build/page-${layout}.png`) });
  }
  assert.ok(requests.every((url) => url.startsWith(`${origin}/`)), requests.join(" "));
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a display filter changes the drawing, is printed on it, and leaves the analysis alone", { skip }, async () => {
  const page = await openPage();
  const before = await eventOf(page, () => page.click("#sample"));
  const raw = await page.locator("ecg-xplaim").evaluate((element) => [...element.mv[1].subarray(0, 2000)]);
  await page.selectOption("#filter", "0.5,40,0");
  await page.locator("ecg-xplaim").evaluate(async (element) => {
    while (element.page().filter === "") await new Promise((resolve) => setTimeout(resolve, 20));
    await element.drawn;
  });
  const shown = await page.locator("ecg-xplaim").evaluate((element) => ({
    mv: [...element.mv[1].subarray(0, 2000)],
    text: new TextDecoder().decode(element.view.list.text),
  }));
  assert.match(shown.text, /filter: 0\.5–40 Hz/);
  assert.ok(shown.mv.some((v, i) => Math.abs(v - raw[i]) > 0.01), "the trace is another one");
  const rough = (x) => x.slice(1).reduce((sum, v, i) => sum + Math.abs(v - x[i]), 0);
  assert.ok(rough(shown.mv) < rough(raw), "less high frequency");
  const after = await eventOf(page, () => page.locator("ecg-xplaim").evaluate((element) => element.analyse({})));
  assert.deepEqual(after.labels, before.labels);
  await page.context().close();
});

test("CinC .mat, another rate, segments, a zip: all as the native tool", { skip }, async () => {
  const cinc = matRecord();
  const [, quarter] = variants(2);
  const segments = segmented();
  const model = join(DIST, "model.safetensors");
  const natives = explainNatively(model, [cinc, quarter, segments]);
  const page = await openPage();
  for (const [i, path] of [cinc, quarter, segments].entries()) {
    const files = path === segments ? segmentFiles() : load(path);
    agree(await eventOf(page, () => drop(page, files)), natives[i]);
  }
  const packed = zip([...load(quarter), file("notes.txt", "x")].map((f) => ({
    name: `folder/${f.name}`, bytes: Buffer.from(f.base64, "base64"),
  })));
  agree(await eventOf(page, () => drop(page, [file("records.zip", packed)])), natives[1]);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

/** The sample as PhysioNet/CinC Challenge records are: a MATLAB 4 matrix, (12, 5000) int16. */
function matRecord() {
  const head = Buffer.alloc(24);
  [30, 12, 5000, 0, 4].forEach((v, i) => head.writeInt32LE(v, 4 * i));
  head.write("val", 20);
  writeFileSync(join(scratch, "A0001.mat"), Buffer.concat([head, readFileSync(`${sample}.dat`)]));
  const hea = readFileSync(`${sample}.hea`, "latin1").replaceAll("00219_hr.dat 16", "A0001.mat 16+24");
  writeFileSync(join(scratch, "A0001.hea"), hea.replace(/^00219_hr/, "A0001"));
  return join(scratch, "A0001");
}

/** The sample as two segments. */
function segmented() {
  const data = readFileSync(`${sample}.dat`);
  const head = readFileSync(`${sample}.hea`, "latin1").split(/\r?\n/).filter((l) => l && !l.startsWith("#"));
  for (const [i, from] of [0, 2500].entries()) {
    const name = `part${i}`;
    const part = data.subarray(from * 24, (from + 2500) * 24);
    const lines = head.slice(1).map((line) => {
      const [, format, gain, bits, zero, , , block, ...lead] = line.trim().split(/\s+/);
      const c = head.slice(1).indexOf(line);
      let sum = 0;
      for (let t = 0; t < 2500; t++) sum += part.readInt16LE((t * 12 + c) * 2);
      const check = (((sum % 65536) + 98304) % 65536) - 32768;
      return [`${name}.dat`, format, gain, bits, zero, part.readInt16LE(c * 2), check, block, ...lead].join(" ");
    });
    writeFileSync(join(scratch, `${name}.hea`), `${name} 12 500 2500\n${lines.join("\n")}\n`);
    writeFileSync(join(scratch, `${name}.dat`), part);
  }
  writeFileSync(join(scratch, "whole.hea"), "whole/2 12 500 5000\npart0 2500\npart1 2500\n");
  return join(scratch, "whole");
}

const segmentFiles = () =>
  ["whole.hea", "part0.hea", "part0.dat", "part1.hea", "part1.dat"].map((name) =>
    file(name, readFileSync(join(scratch, name))));

test("twenty broken files: each says what is wrong, and none stops the page", { skip }, async () => {
  const hea = readFileSync(`${sample}.hea`, "latin1");
  const dat = readFileSync(`${sample}.dat`);
  const both = (header, signals = dat, name = "00219_hr.dat") => [file("00219_hr.hea", header), file(name, signals)];
  const lines = hea.split(/\r?\n/);
  const changed = (from, to) => hea.replace(from, to);
  const good = zip([{ name: "r.hea", bytes: Buffer.from(hea) }]);
  const encrypted = Buffer.from(good);
  encrypted.writeUInt16LE(1, encrypted.indexOf("PK\x01\x02", "latin1") + 8);
  // Files, what is wrong with them, and what is to be done.
  const cases = [
    [[file("00219_hr.hea", hea)], /00219_hr\.dat is missing/, /give it together with the record's other files|choose it together/],
    [[file("00219_hr.dat", dat)], /00219_hr\.dat/, /header \(the \.hea file of the same record\) together with it/],
    [both(hea, dat, "00219_HR.DAT"), /00219_hr\.dat is missing, but there is 00219_HR\.DAT/, /rename the file/],
    [both(""), /00219_hr\.hea.*the header is empty/, /copy the file again/],
    [both("\x00\x01\x02\x03".repeat(40)), /00219_hr\.hea line 1: byte 0x00 is not text/, /header is plain text; is this a signal file/],
    [both(Buffer.from(hea, "utf16le")), /00219_hr\.hea line 1: byte 0x00 is not text/, /header is plain text; .*UTF-16/],
    [both(changed(/^\S+ \d+/, "00219_hr 999")), /ends after 12 of 999 signal lines/, /copy the file again, or correct the number/],
    [both(changed(/^(\S+ \d+) \d+/, "$1 -500")), /sampling frequency is "-500"/, /expected more than 0 Hz; correct the header/],
    [both(changed(/^(\S+ \d+) \d+/, "$1 nan")), /sampling frequency is "nan"/, /expected a number of Hz, as in 500/],
    [both(changed(/ 16 /, " 999 ")), /line 2: "999" is not a sample format/, /convert the record with xform, or correct the header/],
    [both(lines.slice(0, 4).join("\n")), /ends after 3 of 12 signal lines/, /copy the file again, or correct the number/],
    [both(hea, Buffer.alloc(0)), /00219_hr\.dat holds 0 samples per signal, the header says 5000/, /copy it again, or set the length/],
    [both(hea, dat.subarray(0, 60000)), /00219_hr\.dat holds 2500 samples per signal, the header says 5000/, /copy it again, or set the length/],
    [both(changed(/\.dat/g, ".dat/../../etc")), /named "00219_hr\.dat\/\.\.\/\.\.\/etc"/, /move the file there and write its plain name/],
    [[file("scan.pdf", "%PDF-1.4")], /scan\.pdf: A printed ECG has no samples/, /Choose the recording itself as WFDB/],
    [[file("study.dcm", "DICM")], /study\.dcm: This page reads WFDB records/, /Export .*the recording (as|to) WFDB/],
    [[file("muse.xml", "<RestingECG/>")], /muse\.xml: This page reads WFDB records/, /Export .*the recording (as|to) WFDB/],
    [[file("notes.txt", "")], /notes\.txt: Files of this kind are not known here/, /header \(\.hea\) and its signal file \(\.dat or \.mat\), chosen together/],
    [[file("broken.zip", "PK\x03\x04 no archive")], /broken\.zip cannot be read as a zip archive/, /Unpack it and choose the files/],
    [[file("secret.zip", encrypted)], /secret\.zip.*it is encrypted/, /Unpack/],
    [[file("bomb.zip", zip([{ name: "r.hea", bytes: Buffer.alloc(1 << 22, 32), says: 100 }]))], /bomb\.zip.*larger than it says/, /Download the archive again, or zip the files again/],
    [[file("empty.zip", zip([]))], /empty\.zip: There is no record in it/, /header \(\.hea\) and its signal file/],
  ];
  assert.ok(cases.length >= 20);
  const page = await openPage();
  for (const [i, [files, reason, remedy]] of cases.entries()) {
    await page.locator("ecg-xplaim").evaluate((element) => element.say("…"));
    await drop(page, files);
    await page.waitForSelector(".status.problem", { timeout: 20000 });
    const text = await page.textContent("#status-text");
    assert.match(text, reason, `case ${i}: what is wrong`);
    assert.match(text, remedy, `case ${i}: what to do`);
    // The list's line says it too.
    await page.locator("#records tbody tr.bad td.state", { hasText: remedy }).waitFor({ state: "attached", timeout: 5000 })
      .catch(() => assert.fail(`case ${i}: no line says so`));
  }
  await drop(page, load(sample));
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("the canvas draws what the rasteriser draws: less than 0.5 % of pixels differ", { skip }, async (t) => {
  const page = await openPage();
  await page.click("#sample");
  await analysed(page);
  for (const layout of ["12x1", "6x2", "3x4", "3x4+1", "3x4+3", "cabrera", "single"]) {
    await page.selectOption("#layout", layout);
    const [different, ofText] = await page.locator("ecg-xplaim").evaluate(differing);
    t.diagnostic(`${layout}: ${different.toFixed(3)} % of pixels differ, ${ofText.toFixed(3)} % where there is only text`);
    assert.ok(different < 0.5 && ofText < 0.5, `${layout}: ${different} %, text ${ofText} %`);
  }
  await page.context().close();
});

/** In the page: pixels, in %, in which a channel of the two pictures of one display list at 300 dpi
 * differs by more than 32 of 255; once for the whole list, once for its text alone (the font is the
 * same, DejaVu Sans, its rasterisers are not). */
async function differing(element) {
  const { paint } = await import("/paint.js");
  const { pictureRequest } = await import("/drawing.js");
  await element.drawn;
  const page = element.page();
  const list = await element.live.draw(element.record, pictureRequest(page), page.heat.values);
  const ops = Array.from({ length: list.ops.length / 6 }, (_, i) => [...list.ops.subarray(6 * i, 6 * i + 6)]);
  const pixels = (canvas, draw) => {
    const c = canvas.getContext("2d", { willReadFrequently: true });
    draw(c);
    return c.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  const compare = async (part) => {
    const bitmap = await createImageBitmap(await element.live.picture(part));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const a = pixels(canvas, (c) => paint(c, part, { scale: 300 / 25.4, x: 0, y: 0 }));
    const b = pixels(canvas, (c) => c.drawImage(bitmap, 0, 0));
    let count = 0;
    for (let i = 0; i < a.length; i += 4)
      if ([0, 1, 2].some((k) => Math.abs(a[i + k] - b[i + k]) > 32)) count++;
    return (100 * count) / (a.length / 4);
  };
  const text = ops.filter(([kind]) => kind === 3).flat();
  return [await compare(list), await compare({ ...list, ops: new Uint32Array(text) })];
}

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
  await page.click("#sample");
  await analysed(page);
  await page.selectOption("#layout", "12x1");
  await drawn(page);
  await page.locator("#ecg").focus();
  await page.keyboard.press("c");
  const walk = async (from, to) => {
    const key = to > from ? "ArrowRight" : "ArrowLeft";
    const away = Math.abs(to - from);
    for (let i = 0; i < Math.floor(away / 10); i++) await page.keyboard.press(`Shift+${key}`);
    for (let i = 0; i < away % 10; i++) await page.keyboard.press(key);
  };
  await walk(2500, second);
  await page.keyboard.press("Space");
  await walk(1250, first);
  const text = await page.textContent("#caliper-text");
  const ms = (second - first) * 2;
  assert.match(text, new RegExp(`^I: ${ms} ms · ${Math.round(60000 / ms)} bpm · `));
  await page.keyboard.press("m");
  const lines = await page.locator("ecg-xplaim").evaluate((element) => element.view.calipers.lines().length);
  assert.ok(lines > 6, `${lines} lines marched out`);
  await page.locator(".paper").screenshot({ path: join(ROOT, "build/page-calipers.png") });
  // And by mouse: a drag of 25 mm is a second.
  const box = await page.locator("#ecg").boundingBox();
  const mm = await page.locator("ecg-xplaim").evaluate((element) => element.view.scale);
  await page.mouse.move(box.x + 60 * mm, box.y + 178 * mm);
  await page.mouse.down();
  await page.mouse.move(box.x + 85 * mm, box.y + 168 * mm, { steps: 4 });
  await page.mouse.up();
  assert.match(await page.textContent("#caliper-text"), /^V6: (99[5-9]|100[0-5]) ms · 60 bpm · 1\.0\d? mV/);
  await page.context().close();
});

test("a batch of 20: as the native tool, sortable, saved without names", { skip }, async () => {
  const paths = variants(20);
  const natives = explainNatively(join(DIST, "model.safetensors"), paths);
  const page = await openPage();
  await drop(page, [...paths.flatMap(load), file("stray.pdf", "%PDF")]);
  await analysed(page);
  assert.equal(await page.locator("#records tbody tr").count(), 21);
  await page.click("#batch-run");
  await says(page, /^20 recordings analysed/);
  const csvFile = await saved(page, "#batch-csv");
  const rows = csvFile.bytes.toString().trim().split("\r\n").map((line) => line.split(","));
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
  const reports = jsonFile.bytes.toString().trim().split("\n").map((line) => JSON.parse(line));
  for (const report of reports) assert.deepEqual(problems(report, schema("predict")), []);
  assert.ok(!jsonFile.bytes.includes("variant"), "no names");
  await page.click("#records th.value button");
  const values = (await page.locator("#records td.value").allTextContents()).filter(Boolean).map(Number);
  assert.equal(values.length, 20);
  assert.deepEqual(values, [...values].sort((a, b) => b - a));
  await page.locator("#records .open-row").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await analysed(page);
  assert.equal(await page.textContent("#record-name"), await page.locator("#records .open-row").nth(1).textContent());
  await page.screenshot({ path: join(ROOT, "build/page-batch.png"), fullPage: true });
  assert.deepEqual(page.errors, []);
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
  return tables.map((table) => strings.map((glyphs) => glyphs.map((g) => table.get(parseInt(g, 16)) ?? "").join("")).join(""));
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
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  const sheet = await page.evaluate(() => {
    dispatchEvent(new Event("beforeprint"));
    return globalThis.find("#sheet").textContent;
  });
  const files = {};
  for (const button of ["#save-json", "#save-csv", "#batch-json", "#batch-csv"]) {
    const { name, bytes } = await saved(page, button);
    files[button] = `${name}\n${bytes}`;
  }
  return { png, texts: { picture: shown, chunks: JSON.stringify(pngChunks(png)), sheet,
    pdf: `${pdfTexts(pdf).join("\n")}\n${pdf.toString("latin1").match(/\/(Title|Subject|Author|Keywords) ?[^/]*/g)?.join("\n")}`, ...files } };
}

test("what is saved: the tool's JSON, a table, a picture of 300 dpi", { skip }, async () => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  const json = await saved(page, "#save-json");
  assert.equal(json.name, "ecg-xplaim.json");
  agree(JSON.parse(json.bytes), explainNatively(join(DIST, "model.safetensors"), [sample])[0]);
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
  const header = readFileSync(`${sample}.hea`, "latin1").replaceAll("00219_hr", "DOE_JANE_19700131").replace(/^#.*\n?/gm, "");
  const files = [file("DOE_JANE_19700131.hea", `${header}\n# Age: 51\n# name DOE^JANE\n`), file("DOE_JANE_19700131.dat", readFileSync(`${sample}.dat`)),
    file("DOE_JOHN.hea", header.replaceAll("DOE_JANE_19700131", "DOE_JOHN"))]; // whose signals are missing
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
        ctm = [a * n[0] + c * n[1], b * n[0] + d * n[1], a * n[2] + c * n[3], b * n[2] + d * n[3], a * n[4] + c * n[5] + e, b * n[4] + d * n[5] + f];
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
  await page.click("#sample");
  await analysed(page);
  for (const [layout, speed] of [["3x4+1", "25"], ["12x1", "50"]]) {
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
    const steps = left.slice(1).map((x, i) => x - left[i]).sort((a, b) => a - b);
    const step = steps[Math.floor(steps.length / 2)];
    assert.ok(Math.abs(step - 70.866 / 25) < 0.03, `a millimetre is ${step} pt`);
  }
  await page.context().close();
});

test("layer, own model, read first, windows of a long record", { skip }, async () => {
  const page = await openPage();
  await page.click("#sample");
  await analysed(page);
  const other = await eventOf(page, () => page.selectOption("#layer", "block3.out"));
  assert.equal(other.map.layer, "block3.out");
  await drop(page, [file("own.safetensors", "not a model")]);
  await page.waitForSelector(".status.problem");
  await drop(page, load(sample));
  await analysed(page);
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

const zoo = join(SHARED, "golden/zoo.keras");
const noZoo = skip || (existsSync(zoo) ? false : "no golden models here");

test("two models side by side: rows aligned, either one's map, the user's own rate, leads and labels", { skip: noZoo }, async () => {
  const own = importModel(zoo, ["--labels", "pvc,mine,afib,x,y", "--leads", "V6,V5,V4,V3,V2,V1,aVF,aVL,aVR,III,II,I", "--rate", "125"]);
  const [native] = explainNatively(own, [sample]);
  const page = await openPage();
  await page.click("#sample");
  await analysed(page);
  await page.setInputFiles("#second-picker", own);
  await page.locator("#models button").nth(1).waitFor();
  await says(page, /^Analysed/);
  const rows = await page.$$eval("#labels .label", (labels) => labels.map((label) =>
    [...label.querySelectorAll("output, .none")].map((cell) => [cell.dataset.label ?? null, Number(cell.dataset.probability ?? NaN)])));
  assert.equal(rows.length, LABELS + 3, "the labels of the first model, 3 more of the second");
  for (const row of rows) {
    assert.equal(row.length, 2);
    const names = row.map(([name]) => name).filter(Boolean);
    assert.equal(new Set(names).size, 1);
  }
  for (const label of native.labels) {
    const [, second] = rows.find((row) => row[1][0] === label.name);
    assert.ok(Math.abs(second[1] - label.probability) <= 1e-5, label.name);
  }
  await page.locator('#labels input[value="7"]').check(); // pvc
  await page.locator("#models button").nth(1).click();
  await drawn(page);
  const shown = await page.locator("ecg-xplaim").evaluate((element) => ({ label: element.page().heat.label,
    name: element.live.model.labels[element.label].name, values: [...element.page().heat.values] }));
  assert.equal(shown.name, "pvc", "the same label, in the other model");
  const expected = native.map.windows[0].labels.find(({ name }) => name === "pvc");
  const most = Math.max(expected.max_raw, 1e-30);
  assert.equal(shown.values.length, expected.values.length);
  const peak = Math.max(...expected.values.map(Math.abs));
  expected.values.forEach((v, k) =>
    assert.ok(Math.abs(shown.values[k] * most - Math.max(v, 0)) <= 1e-4 * peak + 1e-12, `step ${k}`));
  const table = (await saved(page, "#save-csv")).bytes.toString().trim().split("\r\n");
  assert.equal(table.length, 1 + LABELS + 5);
  await page.screenshot({ path: join(ROOT, "build/page-two.png"), fullPage: true });
  await page.setViewportSize({ width: 320, height: 740 });
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
  await page.screenshot({ path: join(ROOT, "build/page-two-phone.png"), fullPage: true });
  await page.click("#second-remove");
  assert.equal(await page.locator("#labels .label").count(), LABELS);
  assert.ok(!(await page.isVisible("#models")));
  // And alone, in the first one's place.
  await eventOf(page, () => page.setInputFiles("#model-picker", own));
  assert.equal(await page.locator("#labels .label").count(), 5);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("evidence by lead: occlusion and integrated gradients, drawn and told", { skip: noZoo }, async () => {
  const own = importModel(zoo, ["--labels", "pvc,mine,afib,x,y", "--rate", "100"]);
  const page = await openPage();
  await page.click("#sample");
  await analysed(page);
  await page.setInputFiles("#model-picker", own);
  await says(page, /^Analysed/);
  for (const [method, name] of [["occlusion", "Lead occlusion"], ["gradients", "Integrated gradients"]]) {
    await page.selectOption("#method", method);
    await says(page, new RegExp(`^${name}, made`));
    await drawn(page);
    assert.match(await page.textContent("#evidence"), new RegExp(`${name}: what speaks for`));
    const heat = await page.locator("ecg-xplaim").evaluate((element) => {
      const { perLead, values } = element.page().heat;
      return { perLead, rows: values.length % element.record.leads.length, most: Math.max(...values), least: Math.min(...values) };
    });
    assert.deepEqual(heat, { perLead: true, rows: 0, most: 1, least: 0 });
    assert.match(await page.textContent("#legend-scope"), /By lead/);
    assert.ok(await page.isDisabled("#layer"));
    await page.screenshot({ path: join(ROOT, `build/page-${method}.png`), fullPage: true });
  }
  const parts = await page.locator("ecg-xplaim").evaluate((element) => {
    const { integration, values } = element.explainer.kept.find(element.analysis, "gradients", element.window, element.label);
    return { sum: values[0].reduce((a, b) => a + b, 0), told: integration };
  });
  assert.ok(Math.abs(parts.sum - parts.told.sum) < 1e-4 * (1 + Math.abs(parts.told.sum)));
  assert.ok(parts.told.complete);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("occlusion and integrated gradients give the tool's numbers", { skip }, async (t) => {
  const page = await openPage();
  await drop(page, load(sample));
  await analysed(page);
  await page.locator(`#labels input[value="0"]`).check(); // the tool's --label 0
  for (const [method, name, option] of [["occlusion", "Lead occlusion", []], ["gradients", "Integrated gradients", ["--label", "0"]]]) {
    await page.selectOption("#method", method);
    await says(page, new RegExp(`^${name}, made`));
    const lines = (await saved(page, "#save-json")).bytes.toString().trim().split("\n").map((line) => JSON.parse(line));
    const [mine] = lines.filter((report) => report.evidence);
    assert.deepEqual(problems(mine, schema("explain")), []);
    const { segment_s: segment } = mine.evidence;
    const native = JSON.parse(execFileSync(XPLAIM, ["explain", "-m", join(DIST, "model.safetensors"), sample, "--json", "--method",
      method === "gradients" ? "ig" : method, "--segment", String(segment), ...option], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    t.diagnostic(`${name}: largest difference ${sameEvidence(mine.evidence, native.evidence).toExponential(1)} of a label's largest value`);
  }
  await page.context().close();
});

/** Evidence by lead against the tool's: the largest difference, relative to the largest value of its label. */
function sameEvidence(mine, native) {
  for (const key of ["method", "segment_s", "segments", "unit", "baseline"]) assert.equal(mine[key], native[key], key);
  const [[window], [expected]] = [mine.windows, native.windows];
  assert.deepEqual(window.labels.map((label) => label.name), expected.labels.map((label) => label.name));
  let worst = 0;
  expected.labels.forEach((label, i) => {
    const ours = window.labels[i];
    assert.deepEqual(ours.leads.map(({ lead }) => lead).sort(), label.leads.map(({ lead }) => lead).sort());
    const largest = Math.max(...label.leads.flatMap(({ values }) => values.map(Math.abs)));
    for (const { lead, values } of label.leads) {
      const row = ours.leads.find((each) => each.lead === lead).values;
      assert.equal(row.length, values.length, lead);
      values.forEach((value, k) => {
        const difference = Math.abs(row[k] - value) / largest;
        assert.ok(difference <= 1e-4, `${label.name}, ${lead}, piece ${k}: ${row[k]}, not ${value}`);
        worst = Math.max(worst, difference);
      });
    }
    if (label.completeness)
      for (const key of Object.keys(label.completeness))
        assert.ok(Math.abs(ours.completeness[key] - label.completeness[key]) <= 1e-4 * Math.max(1, Math.abs(label.completeness[key])), key);
  });
  return worst;
}

test("two fingers zoom the drawing about their middle", { skip }, async () => {
  const page = await openPage({ hasTouch: true });
  await page.click("#sample");
  await analysed(page);
  await drawn(page);
  const box = await page.locator("#ecg").boundingBox();
  const session = await page.context().newCDPSession(page);
  const touch = (type, half) => session.send("Input.dispatchTouchEvent", {
    type, touchPoints: half === null ? [] : [-half, half].map((dx, id) => ({ x: box.x + 400 + dx, y: box.y + 150, id })) });
  const middle = () => page.locator("ecg-xplaim").evaluate((element) => ({ zoom: element.view.zoom, mm: element.view.mm({ x: 400, y: 150 }) }));
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
  const focused = () => page.locator("ecg-xplaim").evaluate(({ root }) => {
    const at = root.activeElement;
    return at ? at.id || at.name || at.closest("th")?.className || at.textContent : "";
  });
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Onwards from where the focus is, never back to the start by a script. */
  const tabTo = async (id) => {
    for (let i = 0; i < 120; i++) {
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
  await tabTo("sample");
  await press("Enter");
  await analysed(page);
  assert.equal(await focused(), "sample");
  await tabTo("layout");
  await press("End");
  assert.equal(await page.inputValue("#layout"), "single");
  await tabTo("ecg");
  const zoom = await page.textContent("#zoom-reset");
  await press("+");
  assert.notEqual(await page.textContent("#zoom-reset"), zoom);
  await tabTo("label");
  const first = await page.textContent("#evidence");
  await press("ArrowDown");
  assert.notEqual(await page.textContent("#evidence"), first);
  assert.equal(await focused(), "label");
  await tabTo("save-json");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.equal(download.suggestedFilename(), "ecg-xplaim.json");
  assert.equal(await focused(), "save-json");
  await page.context().close();
});

test("many records by keyboard alone: stepping, sorting, a batch and its end; the focus is never lost", { skip }, async () => {
  const page = await openPage();
  const { focused, press, tabTo } = keyboard(page);
  const names = Array.from({ length: 40 }, (_, i) => `r${i}`);
  const open = async (name, where) => {
    await page.locator("#record-name", { hasText: new RegExp(`^${name}$`) }).waitFor();
    await analysed(page);
    await drawn(page);
    assert.equal(await focused(), where, `after ${name} was opened`);
  };
  await drop(page, copies(names));
  await analysed(page);
  await page.locator("#records tbody tr").nth(39).waitFor();
  await page.focus("#sample");
  await tabTo("name"); // the column's head
  await press("Enter"); // names, ascending: r0, r1, r2 ...
  assert.equal(await focused(), "name");
  await press("Enter"); // and descending
  assert.equal(await focused(), "name");
  assert.equal(await page.locator("#records th.name").getAttribute("aria-sort"), "descending");
  assert.equal(await page.locator("#records .open-row").first().textContent(), "r39");
  await tabTo("r39");
  await press("ArrowDown", "Enter");
  await open("r38", "r38");
  await tabTo("previous");
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
  await page.focus("#sample");
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
  await analysed(page);
  await page.click("#records th.value button");
  await page.focus("#batch-run");
  await press("Enter");
  await tabTo("variant7");
  await says(page, /^20 recordings analysed/);
  await page.waitForTimeout(600); // lines are sorted a little later
  assert.equal(await focused(), "variant7");
  const order = await page.locator("#records .open-row").allTextContents();
  assert.notDeepEqual(order, [...order].sort((x, y) => x.localeCompare(y, undefined, { numeric: true })), "they changed places");
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("what takes long is ended by keyboard alone, and the focus is not lost", { skip }, async () => {
  const page = await openPage();
  const { focused, press, tabTo } = keyboard(page);
  await drop(page, load(sample));
  await analysed(page);
  await page.focus("#sample");
  await tabTo("method");
  await press("ArrowDown");
  await page.locator("#progress-text", { hasText: /passes/ }).waitFor();
  assert.equal(await focused(), "method");
  await page.focus("#cancel"); // it lies before the method: by Shift+Tab, which takes long to get there
  await press("Enter");
  await says(page, /^Cancelled/);
  assert.notEqual(await focused(), "", "the focus is on something");
  await tabTo("ecg"); // and Tab goes on from there
  await page.context().close();
});

test("by address: a sample, a record of this site, embedded; nothing of another site", { skip }, async () => {
  let page = await openPage({ address: "/?sample=00219_hr&embed=1&layout=12x1", ready: /^Analysed/ });
  assert.ok(!(await page.isVisible("header")));
  assert.equal(await page.inputValue("#layout"), "12x1");
  await page.context().close();
  page = await openPage({ address: "/?record=samples/00219_hr.hea", ready: /^Analysed/ });
  assert.equal(await page.textContent("#record-name"), "00219_hr");
  await page.context().close();
  page = await openPage({ address: "/?record=https://example.org/a.hea", ready: /not on this site/ });
  assert.ok(requests.every((url) => url.startsWith(`${origin}/`)), requests.join(" "));
  await page.context().close();
});

test("a model with random weights says so", { skip }, async () => {
  const page = await openPage();
  await page.setInputFiles("#model-picker", untrainedModel());
  await page.click("#sample");
  await analysed(page);
  assert.ok(await page.isVisible("#untrained"));
  assert.ok(await page.locator("#card-whole").evaluate((whole) => whole.hidden));
  assert.equal(await page.textContent("#map-trust"), "");
  assert.match((await saved(page, "#save-json")).bytes.toString(), /"trained": ?false/);
  await page.context().close();
});

test("help, and the dark", { skip }, async () => {
  const page = await openPage({ colorScheme: "dark" });
  await page.click("#sample");
  await analysed(page);
  await page.screenshot({ path: join(ROOT, "build/page-dark.png"), fullPage: true });
  await page.click("#help-open");
  assert.ok(await page.isVisible("#help-title"));
  assert.match(await page.textContent("#card"), /SHA-256[0-9a-f]{64}/);
  await page.click("#card-whole summary");
  assert.match(await page.textContent("#card-whole .card-text"), /Macro AUROC on the test fold/);
  await page.screenshot({ path: join(ROOT, "build/page-help.png") });
  await page.keyboard.press("Escape");
  assert.ok(!(await page.isVisible("#help-title")));
  await page.context().close();
});

test("modules that compute wrongly are not used: the page says so, and its numbers are right", { skip }, async () => {
  const folder = join(scratch, "faulty");
  cpSync(DIST, folder, { recursive: true });
  const moduleOf = (kind) => join(folder, `xplaim-${kind}.wasm`);
  const kinds = ["relaxed", "simd"].filter((kind) => existsSync(moduleOf(kind)));
  for (const kind of kinds) writeFileSync(moduleOf(kind), Buffer.from(computingWrongly(bytesOf(moduleOf(kind)))));
  buildWorker(folder);
  const faulty = await startSite(folder);
  try {
    const told = [];
    const page = await faulty.openPage({ before: (context) => context.on("console", (message) => told.push(message.text())) });
    agree(await eventOf(page, () => drop(page, load(sample))), explainNatively(join(DIST, "model.safetensors"), [sample])[0]);
    assert.match(await page.textContent("#model-facts"), /scalar kernels: this browser has no working SIMD/);
    // They were started, and it was the self-test that found them out.
    for (const kind of kinds)
      assert.ok(told.some((text) => text.includes("A module is not used") && text.includes(`self-test: the wasm-${kind} kernels`)), `${kind} in: ${told}`);
    assert.deepEqual(page.errors, []);
  } finally {
    await faulty.close();
  }
  const good = await openPage();
  await drop(good, load(sample));
  await analysed(good);
  assert.match(await good.textContent("#model-facts"), /wasm-(relaxed|simd).* kernels/);
  assert.doesNotMatch(await good.textContent("#model-facts"), /no working SIMD/);
  await good.context().close();
});

test("it works with the network gone", { skip }, async () => {
  const page = await openPage();
  await page.context().setOffline(true);
  await drop(page, load(sample));
  await analysed(page);
  await page.context().close();
});

test("a phone, and 200 % zoom, do not scroll sideways", { skip }, async () => {
  for (const [width, name] of [[320, "phone"], [640, "zoomed"]]) {
    const page = await openPage({ viewport: { width, height: 740 }, deviceScaleFactor: 2 });
    await page.click("#sample");
    await analysed(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${wide} px of ${width}`);
    await page.screenshot({ path: join(ROOT, `build/page-${name}.png`), fullPage: true });
    await page.context().close();
  }
});

test("leads that are not there are refused, and on request taken as 0 mV", { skip }, async () => {
  const page = await openPage();
  await drop(page, withoutChestLeads());
  await says(page, /needs lead V1/);
  await page.click("#accept");
  await analysed(page);
  assert.match(await page.textContent("#notices"), /taken as 0 mV as was accepted: leads V1, V2, V3, V4, V5, V6/);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

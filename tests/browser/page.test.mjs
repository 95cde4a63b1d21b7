// The page in headless Chromium: a real PTB-XL record is dropped on it, and the numbers it shows
// are the native tool's. Nothing is asked of any other origin. Screenshots go to build/.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { chromium } from "playwright-core";
import { inflateSync } from "node:zlib";
import { serve } from "../../scripts/serve.mjs";
import { DIST, explainNatively, importModel, recordFiles, ROOT, scratch, SHARED, stretchText, untrainedModel, variants } from "../support/native.mjs";
import { problems } from "../support/schema.mjs";
import { zip } from "../support/zip.mjs";

const EXECUTABLE = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);
const skip = EXECUTABLE ? false : "no Chromium on this machine";
const sample = join(ROOT, "web/samples/00219_hr");
const LABELS = 18; // of the model that the page ships

let server, browser, origin;
const requests = [];

before(async () => {
  if (skip) return;
  server = await serve(DIST, 0);
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
});

/** What hangs fails, long before the whole run would. */
const test = (name, options, work) => declare(name, { timeout: 120000, ...options }, work);

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A page that has started; what it asks for is kept in `requests`, what goes wrong in errors. */
async function openPage({ address = "/", ready = /^Ready/, slowModel = 0, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, ...options });
  const page = await context.newPage();
  page.errors = [];
  requests.length = 0;
  context.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") page.errors.push(message.text());
  });
  if (slowModel)
    await context.route("**/model.safetensors", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, slowModel));
      await route.continue().catch(() => {});
    });
  await page.goto(`${origin}${address}`);
  await says(page, ready);
  return page;
}

/** Drop files on the page as a person does: a drop event that carries them. */
async function drop(page, files) {
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      data.items.add(new File([bytes], name));
    }
    return data;
  }, files);
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
}

function load(path) {
  return recordFiles(path).files.map((file) => ({
    name: file.name,
    base64: readFileSync(file.path).toString("base64"),
  }));
}

/** Waits for the status line to say something; no script is evaluated, the page's policy forbids it. */
const says = (page, text) => page.locator("#status-text", { hasText: text }).waitFor();

/** What was asked for last is on the canvas, and ready for the printer. */
const drawn = (page) => page.locator("ecg-xplaim").evaluate((element) => element.drawn);

const analysed = (page) => says(page, /^Analysed/);

const file = (name, bytes) => ({ name, base64: Buffer.from(bytes).toString("base64") });
const schema = (name) => JSON.parse(readFileSync(join(ROOT, `tools/schema/${name}.schema.json`), "utf8"));

/** What the button saves. */
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** The object of the last analysis event, after what work does. */
async function eventOf(page, work) {
  await page.evaluate(() => {
    window.seen = new Promise((resolve) => {
      document.addEventListener("analysis", (event) => resolve(event.detail), { once: true });
    });
  });
  await work();
  const late = new Promise((_, no) => setTimeout(async () => no(new Error(`no analysis: ${await page.textContent("#status-text").catch(() => "")}`)), 30000).unref());
  return Promise.race([page.evaluate(() => window.seen), late]);
}

/** A report of the page against the native tool's. */
function agree(mine, native) {
  assert.deepEqual(problems(mine, schema("explain")), []);
  native.labels.forEach((label, i) => {
    assert.equal(mine.labels[i].name, label.name);
    assert.ok(Math.abs(mine.labels[i].probability - label.probability) <= 1e-5, label.name);
  });
  assert.equal(mine.map.windows.length, native.map.windows.length);
  native.map.windows.forEach((window, w) => {
    const ours = mine.map.windows[w];
    assert.ok(Math.abs(ours.start_s - window.start_s) < 1e-6 && Math.abs(ours.padded_s - window.padded_s) < 1e-6);
    window.labels.forEach((label, i) => {
      const scale = Math.max(label.max_raw, 1e-30);
      const peak = Math.max(...label.values.map(Math.abs));
      label.values.forEach((v, k) => {
        const difference = Math.abs(ours.labels[i].values[k] * scale - Math.max(v, 0));
        assert.ok(difference <= 1e-4 * peak + 1e-12, `${label.name} step ${k}`);
      });
    });
  });
}

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
  const cases = [
    [[file("00219_hr.hea", hea)], /00219_hr\.dat/],
    [[file("00219_hr.dat", dat)], /header.*\.hea/],
    [both(hea, dat, "00219_HR.DAT"), /00219_HR\.DAT/],
    [both(""), /00219_hr/],
    [both("\x00\x01\x02\x03".repeat(40)), /00219_hr/],
    [both(Buffer.from(hea, "utf16le")), /00219_hr/],
    [both(changed(/^\S+ \d+/, "00219_hr 999")), /00219_hr/],
    [both(changed(/^(\S+ \d+) \d+/, "$1 -500")), /00219_hr/],
    [both(changed(/^(\S+ \d+) \d+/, "$1 nan")), /00219_hr/],
    [both(changed(/ 16 /, " 999 ")), /999/],
    [both(lines.slice(0, 4).join("\n")), /00219_hr/],
    [both(hea, Buffer.alloc(0)), /00219_hr\.dat/],
    [both(changed(/\.dat/g, ".dat/../../etc")), /etc|dat/],
    [[file("scan.pdf", "%PDF-1.4")], /printed ECG|WFDB/],
    [[file("study.dcm", "DICM")], /WFDB/],
    [[file("muse.xml", "<RestingECG/>")], /WFDB/],
    [[file("notes.txt", "")], /\.hea/],
    [[file("broken.zip", "PK\x03\x04 no archive")], /broken\.zip.*Unpack/],
    [[file("secret.zip", encrypted)], /encrypted/],
    [[file("bomb.zip", zip([{ name: "r.hea", bytes: Buffer.alloc(1 << 22, 32), says: 100 }]))], /larger than it says/],
    [[file("empty.zip", zip([]))], /header/],
  ];
  assert.ok(cases.length >= 20);
  const page = await openPage();
  for (const [i, [files, expected]] of cases.entries()) {
    await page.locator("ecg-xplaim").evaluate((element) => element.say("…"));
    await drop(page, files);
    await page.waitForSelector(".status.problem", { timeout: 20000 });
    const text = await page.textContent("#status-text");
    assert.match(text, expected, `case ${i}`);
    assert.ok(text.length > 20, `case ${i}: ${text}`);
  }
  await drop(page, load(sample));
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("the ECG is drawn before the model is there, and panning keeps to a frame", { skip }, async () => {
  const page = await openPage({ slowModel: 4000, ready: /^Starting/ });
  await page.locator("#picker").waitFor({ state: "attached" });
  await page.locator("ecg-xplaim").evaluate((element) => element.session.readerReady);
  const times = [];
  for (let i = 0; i < 4; i++) {
    times.push(await page.locator("ecg-xplaim").evaluate(async (element, files) => {
      const list = files.map((f) => new File([Uint8Array.from(atob(f.base64), (c) => c.charCodeAt(0))], f.name));
      element.closeRecord();
      const start = performance.now();
      element.openFiles(list);
      while (!element.record || element.view.page?.record !== element.record)
        await new Promise((resolve) => requestAnimationFrame(resolve));
      element.view.draw();
      return performance.now() - start;
    }, load(sample)));
    await page.waitForTimeout(50);
  }
  assert.equal(await page.locator("ecg-xplaim").evaluate((element) => element.live.model), null, "no model yet");
  assert.ok(Math.min(...times) < 200, `drawn after ${times.map(Math.round)} ms`);
  const frame = await page.locator("ecg-xplaim").evaluate((element) => {
    const c = element.view.canvas.getContext("2d");
    const all = [];
    const end = performance.now() + 10000;
    for (let i = 0; i < 40 || (Math.min(...all) >= 16 && performance.now() < end); i++) {
      const start = performance.now();
      element.view.pan(i % 2 ? 3 : -3, 0);
      element.view.draw();
      c.getImageData(0, 0, 1, 1); // so that it is painted, not only asked for
      all.push(performance.now() - start);
    }
    return Math.min(...all); // of a machine that may be busy with other things
  });
  assert.ok(frame < 16, `a redraw takes ${frame} ms`);
  await analysed(page);
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
  const list = await element.live.draw(pictureRequest(page), page.heat.values);
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
  await page.click("#batch-run");
  const stopped = await page.locator("ecg-xplaim").evaluate(async (element) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const start = performance.now();
    element.$("batch-cancel").click();
    while (element.batch) await new Promise((resolve) => setTimeout(resolve, 1));
    return performance.now() - start;
  });
  assert.ok(stopped < 200, `stopped after ${stopped} ms`);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("what is saved: the tool's JSON, a table, a picture of 300 dpi, no names unless asked for", { skip }, async () => {
  const secret = readFileSync(`${sample}.hea`, "latin1").replaceAll("00219_hr", "DOE_JANE_19700131");
  const files = [file("DOE_JANE_19700131.hea", `${secret}\n# Age: 51\n# name DOE^JANE\n`), file("DOE_JANE_19700131.dat", readFileSync(`${sample}.dat`))];
  const page = await openPage();
  await drop(page, files);
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
  for (const { bytes } of [json, table, png]) assert.ok(!/DOE.JANE|19700131/.test(bytes.toString("latin1")));
  assert.match(json.bytes.toString(), /Not a medical device/);
  assert.match(table.bytes.toString(), /Not a medical device/);
  await page.check("#with-names");
  assert.match((await saved(page, "#save-json")).name, /DOE_JANE/);
  await page.context().close();
});

/** Numbers of a PDF's vertical lines: x in points, by Skia's way of writing (cm, m, l in streams). */
function verticalLines(pdf) {
  const found = new Set();
  const text = pdf.toString("latin1");
  for (const match of text.matchAll(/stream\r?\n/g)) {
    const from = match.index + match[0].length;
    let body;
    try {
      body = inflateSync(pdf.subarray(from, text.indexOf("endstream", from))).toString("latin1");
    } catch {
      continue;
    }
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

test("200 analyses leave memory where it was, below 256 MiB", { skip }, async () => {
  const page = await openPage();
  await page.click("#sample");
  await analysed(page);
  const memory = await page.locator("ecg-xplaim").evaluate(async (element) => {
    const first = element.analysis.memoryBytes;
    for (let i = 0; i < 199; i++) await element.live.thinker.client.ask("analyse", { maps: i % 20 === 0 });
    const last = await element.live.thinker.client.ask("analyse", {});
    return [first, last.memoryBytes];
  });
  assert.equal(memory[1], memory[0]);
  assert.ok(memory[1] <= 256 * 1024 * 1024, `${memory[1]} bytes`);
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
  const long = longRecord();
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
  await page.setInputFiles("#model-picker", own);
  await says(page, /^Analysed/);
  assert.equal(await page.locator("#labels .label").count(), 5);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("evidence by lead: occlusion and integrated gradients, with progress, and stopped at once", { skip: noZoo }, async () => {
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
  // The large network takes long enough to be stopped.
  await page.selectOption("#method", "");
  await page.locator("#model-picker").setInputFiles(join(DIST, "model.safetensors"));
  await says(page, /^Analysed/);
  await page.selectOption("#method", "occlusion");
  await says(page, /\d+ of \d+ passes/);
  const ms = await page.locator("ecg-xplaim").evaluate(async (element) => {
    const start = performance.now();
    element.$("cancel").click();
    while (!/Cancelled/.test(element.$("status-text").textContent)) await new Promise((resolve) => setTimeout(resolve, 1));
    return performance.now() - start;
  });
  assert.ok(ms < 200, `${ms} ms`);
  assert.equal(await page.inputValue("#method"), "");
  await page.evaluate(() => 0);
  await page.click("#sample");
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("no task of the page's own thread takes longer than 50 ms while it analyses", { skip }, async (t) => {
  const page = await openPage();
  await page.click("#sample");
  await analysed(page);
  const tasks = await page.locator("ecg-xplaim").evaluate(async (element) => {
    const durations = [];
    const observer = new PerformanceObserver((list) => durations.push(...list.getEntries().map((entry) => entry.duration)));
    observer.observe({ type: "longtask" });
    const all = [];
    for (let i = 0; i < 5; i++) {
      durations.length = 0;
      await element.analyse({});
      await element.drawn;
      await new Promise((resolve) => setTimeout(resolve, 100));
      all.push(Math.max(0, ...durations));
    }
    return all;
  });
  t.diagnostic(`longest of each run: ${tasks.join(", ")} ms`);
  assert.ok(Math.min(...tasks) <= 50, `${tasks} ms`); // the best of five: the machine may be busy
  await page.context().close();
});

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

test("everything by keyboard alone", { skip }, async () => {
  const page = await openPage();
  const focused = () => page.locator("ecg-xplaim").evaluate((element) => element.root.activeElement?.id || element.root.activeElement?.name || "");
  const tabTo = async (id) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if ((await focused()) === id) return;
    }
    assert.fail(`Tab does not reach ${id}`);
  };
  await tabTo("sample");
  await page.keyboard.press("Enter");
  await analysed(page);
  await tabTo("layout");
  await page.keyboard.press("End");
  assert.equal(await page.inputValue("#layout"), "single");
  await tabTo("ecg");
  await page.keyboard.press("+");
  assert.equal(await page.textContent("#zoom-reset"), "125 %");
  await tabTo("label");
  const first = await page.textContent("#evidence");
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await page.textContent("#evidence"), first);
  await tabTo("save-json");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.equal(download.suggestedFilename(), "ecg-xplaim.json");
  await page.context().close();
});

/** The sample three and a half times. */
function longRecord() {
  const data = readFileSync(`${sample}.dat`);
  const whole = Buffer.concat([data, data, data, data.subarray(0, data.length / 2)]);
  const head = readFileSync(`${sample}.hea`, "latin1").replaceAll("00219_hr", "long");
  const lines = head.split(/\r?\n/).filter((line) => line && !line.startsWith("#"));
  lines[0] = "long 12 500 17500";
  const fields = lines.slice(1).map((line) => line.split(/\s+/));
  fields.forEach((f, c) => {
    let sum = 0;
    for (let t = 0; t < 17500; t++) sum += whole.readInt16LE((t * 12 + c) * 2);
    f[6] = (((sum % 65536) + 98304) % 65536) - 32768;
  });
  writeFileSync(join(scratch, "long.hea"), [lines[0], ...fields.map((f) => f.join(" "))].join("\n"));
  writeFileSync(join(scratch, "long.dat"), whole);
  return join(scratch, "long");
}

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

test("Cancel ends the work at once, and the page goes on", { skip }, async () => {
  const page = await openPage({ slowModel: 1500, ready: /^Starting/ });
  await page.locator("#picker").waitFor({ state: "attached" });
  await drop(page, load(sample));
  await says(page, /^Waiting/);
  await says(page, /^(Analysed|Analysing)/);
  const ms = await page.locator("ecg-xplaim").evaluate(async (element) => {
    element.analyse({}).catch((error) => element.report(error));
    await new Promise((resolve) => setTimeout(resolve, 15));
    const start = performance.now();
    element.$("cancel").click();
    while (!/Cancelled|Analysed/.test(element.$("status-text").textContent))
      await new Promise((resolve) => setTimeout(resolve, 1));
    return performance.now() - start;
  });
  assert.ok(ms < 200, `${ms} ms`);
  await drop(page, load(sample));
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("leads that are not there are refused, and on request taken as 0 mV", { skip }, async () => {
  const [hea, dat] = load(sample);
  const lines = Buffer.from(hea.base64, "base64").toString("latin1").split(/\r?\n/);
  const renamed = lines.map((line) => line.replace(/ V([1-6])$/, " X$1")).join("\n");
  const page = await openPage();
  await drop(page, [file(hea.name, renamed), dat]);
  await says(page, /needs lead V1/);
  await page.click("#accept");
  await analysed(page);
  assert.match(await page.textContent("#notices"), /taken as 0 mV as was accepted: leads V1, V2, V3, V4, V5, V6/);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

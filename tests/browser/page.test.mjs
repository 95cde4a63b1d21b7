// The page in headless Chromium: a real PTB-XL record is dropped on it, and the numbers it shows
// are the native tool's. Nothing is asked of any other origin. Screenshots go to build/.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agree } from "../support/agree.mjs";
import { analysed, drawn, drop, eventOf, skip } from "../support/chromium.mjs";
import { DIST, explainNatively, file, load, ROOT, scratch, stretchText, variants } from "../support/native.mjs";
import { siteOfTests } from "../support/site_tests.mjs";
import { zip } from "../support/zip.mjs";

const sample = join(ROOT, "web/samples/00219_hr");

const { test, theSite, openPage } = siteOfTests();

test("a dropped PTB-XL record shows the native tool's numbers", { skip }, async () => {
  const page = await openPage();
  const { requests } = theSite();
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
    const whole = Math.round(100 * label.probability);
    assert.equal(
      row.text,
      label.probability < 0.01 ? "< 1 %" : label.probability > 0.99 ? "> 99 %" : `${whole} %`,
      label.name,
    );
  }
  const reached = native.labels.filter((label) => label.at_or_above_threshold).map(({ name }) => name);
  const above = await page.$$eval("#labels > .label output", (outputs) => outputs.map((o) => o.dataset.label));
  assert.deepEqual([...above].sort(), reached.sort(), "those at or above their thresholds are not folded");
  const parts = [shown.slice(0, above.length), shown.slice(above.length)];
  for (const order of parts.map((part) => part.map(({ exact }) => Number(exact))))
    assert.deepEqual(
      order,
      [...order].sort((a, b) => b - a),
      "the likeliest first",
    );
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
  await page.click("#sample-cards button");
  await analysed(page);
  assert.ok(await page.isVisible("text=Not a medical device"));
  assert.ok(!(await page.isVisible("#untrained")));
  assert.match(
    await page.textContent("#labels .label"),
    /threshold \(\d+ %\) · AUROC 0\.\d+ \(95 %: .+\) · \d+ cases in the test set/,
  );
  const [{ labels }] = explainNatively(join(DIST, "model.safetensors"), [sample]);
  const [first] = labels.sort((a, b) => b.probability - a.probability);
  const { n_positive: with_, n_negative: without, found, false_alarms: wrong } = first;
  assert.ok(
    (await page.textContent("#labels .label")).includes(
      `of ${with_} with it, ${found} named; of ${without} without, ${wrong} named wrongly`,
    ),
  );
  assert.match(await page.textContent("#columns-text"), /Thresholds: .+ on validation data/);
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
  const { origin, requests } = theSite();
  assert.ok(
    requests.every((url) => url.startsWith(`${origin}/`)),
    requests.join(" "),
  );
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a display filter changes the drawing, is printed on it, and leaves the analysis alone", { skip }, async () => {
  const page = await openPage();
  const before = await eventOf(page, () => page.click("#sample-cards button"));
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
  assert.ok(
    shown.mv.some((v, i) => Math.abs(v - raw[i]) > 0.01),
    "the trace is another one",
  );
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
  const packed = zip(
    [...load(quarter), file("notes.txt", "x")].map((f) => ({
      name: `folder/${f.name}`,
      bytes: Buffer.from(f.base64, "base64"),
    })),
  );
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
  const head = readFileSync(`${sample}.hea`, "latin1")
    .split(/\r?\n/)
    .filter((l) => l && !l.startsWith("#"));
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
    file(name, readFileSync(join(scratch, name))),
  );

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
    [
      [file("00219_hr.hea", hea)],
      /00219_hr\.dat is missing/,
      /give it together with the record's other files|choose it together/,
    ],
    [[file("00219_hr.dat", dat)], /00219_hr\.dat/, /header \(the \.hea file of the same record\) together with it/],
    [both(hea, dat, "00219_HR.DAT"), /00219_hr\.dat is missing, but there is 00219_HR\.DAT/, /rename the file/],
    [both(""), /00219_hr\.hea.*the header is empty/, /copy the file again/],
    [
      both("\x00\x01\x02\x03".repeat(40)),
      /00219_hr\.hea line 1: byte 0x00 is not text/,
      /header is plain text; is this a signal file/,
    ],
    [
      both(Buffer.from(hea, "utf16le")),
      /00219_hr\.hea line 1: byte 0x00 is not text/,
      /header is plain text; .*UTF-16/,
    ],
    [both(changed(/^\S+ \d+/, "00219_hr 999")), /ends after 12 of the 999 signal lines/, /copy the file again/],
    [
      both(changed(/^(\S+ \d+) \d+/, "$1 -500")),
      /sampling frequency is "-500"/,
      /expected more than 0 Hz; correct the header/,
    ],
    [both(changed(/^(\S+ \d+) \d+/, "$1 nan")), /sampling frequency is "nan"/, /expected a number of Hz, as in 500/],
    [
      both(changed(/ 16 /, " 999 ")),
      /line 2: "999" is not a sample format/,
      /convert the record with xform, or correct the header/,
    ],
    [both(lines.slice(0, 4).join("\n")), /ends after 3 of the 12 signal lines/, /copy the file again/],
    [
      both(hea, Buffer.alloc(0)),
      /00219_hr\.dat holds 0 samples per signal, the header says 5000/,
      /copy it again, or set the length/,
    ],
    [
      both(hea, dat.subarray(0, 60000)),
      /00219_hr\.dat holds 2500 samples per signal, the header says 5000/,
      /copy it again, or set the length/,
    ],
    [
      both(changed(/\.dat/g, ".dat/../../etc")),
      /line 2: "00219_hr\.dat\/\.\.\/\.\.\/etc" leads out of the record's folder/,
      /must stay inside the record's folder; copy the file there/,
    ],
    [[file("scan.pdf", "%PDF-1.4")], /scan\.pdf: no list of pages was found in its 8 bytes/, /export the PDF again/],
    [[file("study.dcm", "DICM")], /study\.dcm: byte 4: the file ends where its data set begins/, /copy it again/],
    [
      [file("sheet.xml", "<?xml version='1.0'?><sheet/>")],
      /sheet\.xml: This is an XML file/,
      /export or convert the recording to WFDB/,
    ],
    [
      [file("notes.txt", "")],
      /notes\.txt: This is a text/,
      /use the recording itself as WFDB \(a \.hea header and a signal file\)/,
    ],
    [
      [file("broken.zip", "PK\x03\x04 no archive")],
      /broken\.zip cannot be read as a zip archive/,
      /Download the archive again, or zip the files again/,
    ],
    [[file("secret.zip", encrypted)], /secret\.zip.*it is encrypted/, /Unpack/],
    [
      [file("bomb.zip", zip([{ name: "r.hea", bytes: Buffer.alloc(1 << 22, 32), says: 100 }]))],
      /bomb\.zip.*larger than it says/,
      /Download the archive again, or zip the files again/,
    ],
    [[file("empty.zip", zip([]))], /empty\.zip: There is no record in it/, /header \(\.hea\) and its signal file/],
  ];
  assert.ok(cases.length >= 20);
  const page = await openPage();
  for (const [i, [files, reason, remedy]] of /** @type {any[][]} */ (cases).entries()) {
    await page.locator("ecg-xplaim").evaluate((element) => element.say("…"));
    await drop(page, files);
    await page.waitForSelector(".status.problem");
    const text = await page.textContent("#status-text");
    assert.match(text, reason, `case ${i}: what is wrong`);
    assert.match(text, remedy, `case ${i}: what to do`);
    // The list's line says it too.
    await page
      .locator("#records tbody tr.bad td.findings", { hasText: remedy })
      .last()
      .waitFor({ state: "attached" })
      .catch(() => assert.fail(`case ${i}: no line says so`));
  }
  await drop(page, load(sample));
  await analysed(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("the canvas draws what the rasteriser draws: less than 0.5 % of pixels differ", { skip }, async (t) => {
  const page = await openPage();
  await page.click("#sample-cards button");
  await analysed(page);
  for (const layout of ["12x1", "6x2", "3x4", "3x4+1", "3x4+3", "cabrera", "single"]) {
    await page.selectOption("#layout", layout);
    const [different, ofText] = await page.locator("ecg-xplaim").evaluate(differing);
    t.diagnostic(
      `${layout}: ${different.toFixed(3)} % of pixels differ, ${ofText.toFixed(3)} % where there is only text`,
    );
    assert.ok(different < 0.5 && ofText < 0.5, `${layout}: ${different} %, text ${ofText} %`);
  }
  await page.context().close();
});

/** In the page: pixels, in %, in which a channel of the two pictures of one display list at 300 dpi
 * differs by more than 32 of 255; once for the whole list, once for its text alone (the font is the
 * same, DejaVu Sans, its rasterisers are not). */
async function differing(element) {
  const { paint } = await import("/web/drawing/paint.js");
  const { pictureRequest } = await import("/web/drawing/drawing.js");
  await element.drawn;
  const page = element.page();
  const request = { ...pictureRequest(page), numbers: "" }; // whose letters are the title's
  const list = await element.live.draw(element.record, request, page.heat.values);
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
    for (let i = 0; i < a.length; i += 4) if ([0, 1, 2].some((k) => Math.abs(a[i + k] - b[i + k]) > 32)) count++;
    return (100 * count) / (a.length / 4);
  };
  const text = ops.filter(([kind]) => kind === 3).flat();
  return [await compare(list), await compare({ ...list, ops: new Uint32Array(text) })];
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
  const { origin, requests } = theSite();
  assert.ok(
    requests.every((url) => url.startsWith(`${origin}/`)),
    requests.join(" "),
  );
  await page.context().close();
});

test("it works with the network gone", { skip }, async () => {
  const page = await openPage();
  await page.context().setOffline(true);
  await drop(page, load(sample));
  await analysed(page);
  await page.context().close();
});

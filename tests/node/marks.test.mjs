// What was measured, as the page draws and saves it, is what the tool draws and prints: the same drawing code in
// another module, handed marks that a third has found.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { startCore, startPictures } from "../../web/core/core.js";
import { beatsIn } from "../../web/drawing/marks.js";
import { startReaders } from "../../web/core/readers.js";
import { measuredPart, withMeasured, withoutNames } from "../../web/core/report.js";
import {
  bytesOf,
  DIST,
  flatSample,
  fusedSample,
  nativeDocument,
  recordFiles,
  ROOT,
  scratch,
  XPLAIM,
} from "../support/native.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const core = await startCore({ scalar: bytesOf(join(DIST, "xplaim-scalar.wasm")) });
const reader = await (await startReaders(bytesOf(join(DIST, "readers.wasm")))).begin();
const flat = flatSample("flat", { V3: [3, 7], V5: [0, 10] });
const fused = fusedSample("fused");

after(() => rmSync(scratch, { recursive: true }));

/** A record's name, and its files as the module that reads takes them. @returns {[string, any[]]} */
function handed(path) {
  const { name, files } = recordFiles(path);
  return [name, files.map((file) => ({ name: file.name, bytes: new Uint8Array(bytesOf(file.path)) }))];
}

const open = (path) => reader.read(...handed(path), (bytes) => core.takeRecord(basename(path), bytes));

const plotted = (kind, path, ...options) => {
  const out = join(scratch, "plotted.svg");
  execFileSync(XPLAIM, ["plot", kind, path, ...options, "-o", out]);
  return readFileSync(out, "utf8");
};

for (const [what, record] of Object.entries({
  "a clean record": sample,
  "flat leads": flat,
  "a fusion beat": fused,
}))
  test(`marks and the median beat are drawn as the tool draws them, bit for bit: ${what}`, async () => {
    const pictures = await startPictures(bytesOf(join(DIST, "picture.wasm")));
    const { numbers, faults, marks, beat, measured: document } = reader.find(...handed(record));
    assert.equal(document.beats.length, 0);
    assert.equal(marks.length % 9, 0);
    assert.ok(marks.length > 0);
    open(record);
    const beats = beatsIn(marks, 0, 10);
    assert.equal(beats.length, marks.length / 9);
    const page = core.draw(/** @type {any} */ ({ layout: "3x4+1", beats, faults, numbers }), null);
    const name = basename(record);
    assert.ok(pictures.svg(page, name) === plotted("fine", record, "--marks", "--layout", "3x4+1"));
    const { mv, ...asked } = beat;
    assert.equal(mv.length, asked.leads.length * asked.samples);
    const one = core.draw(/** @type {any} */ ({ beat: asked, numbers }), mv);
    assert.ok(pictures.svg(one, name) === plotted("beat", record));
  });

test("measurements as texts are what the tool prints, to the last byte", () => {
  for (const path of [sample, flat, fused]) {
    const [name, files] = handed(path);
    const { json, csv } = reader.measureTexts(name, files, name);
    const tool = (format) => execFileSync(XPLAIM, ["measure", name, format], { encoding: "utf8", cwd: dirname(path) });
    assert.equal(json, tool("--json"));
    assert.equal(csv, tool("--csv"));
    assert.match(reader.measureTexts(name, files, "recording").csv, /\n"recording",/);
  }
});

test("the sample with one beat mixed from a sinus and a ventricular one has a fusion beat there", () => {
  const kinds = ({ beats }) => beats.map((beat) => beat.class).join("");
  assert.equal(kinds(nativeDocument("measure", sample)), "NNNNNNNNNNVN");
  const document = nativeDocument("measure", fused);
  assert.equal(kinds(document), "NNNNNFNNNNVN");
  assert.equal(document.rhythm.fusion_beats, 1);
});

test("a median beat of other values than it says is refused", () => {
  open(sample);
  const { beat } = reader.find(...handed(sample));
  const { mv, ...asked } = beat;
  for (const wrong of [
    { ...asked, samples: 5 },
    { ...asked, leads: [] },
    { ...asked, rate: 0 },
  ])
    assert.throws(() => core.draw(/** @type {any} */ ({ beat: wrong }), mv), { name: "CoreError", code: "USAGE" });
});

test("where nothing can be measured, the line of numbers says why, and there is no beat", () => {
  const leads = ["I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6"];
  const all = flatSample("all", Object.fromEntries(leads.map((lead) => [lead, [0, 10]])));
  const { numbers, beat, marks } = reader.find(...handed(all));
  assert.match(numbers, /^not measurable: .*, quality unusable$/);
  assert.equal(beat, null);
  assert.equal(marks.length, 0);
});

test("without names, measurements keep standard leads alone, and no reason that may quote a file", () => {
  const document = nativeDocument("measure", flat);
  const lead = { ...document.leads[0], lead: "Anna" };
  const odd = { ...document, record: "Anna", leads: [lead, ...document.leads.slice(1)] };
  odd.quality = {
    ...document.quality,
    findings: [{ ...document.quality.findings[0], lead: "Anna", text: "Anna is flat" }, ...document.quality.findings],
    leads: [{ ...document.quality.leads[0], lead: "Anna" }],
  };
  assert.ok(JSON.stringify(odd).includes("Anna"));
  const told = withoutNames(odd);
  assert.ok(!JSON.stringify(told).includes("Anna"));
  assert.deepEqual(told.quality.findings, document.quality.findings);
  const within = /** @type {any} */ (withoutNames(withMeasured({ record: "Anna", notices: [] }, measuredPart(odd))));
  assert.ok(!JSON.stringify(within).includes("Anna"));
  assert.deepEqual(within.measured.measurements, document.measurements);
  const why = withMeasured({ record: "a", notices: [] }, { error: { code: "LIMIT", text: "Anna.hea" } });
  const failed = /** @type {any} */ (withoutNames(why));
  assert.equal(failed.measured.error.code, "LIMIT");
  assert.ok(!JSON.stringify(failed).includes("Anna"));
});

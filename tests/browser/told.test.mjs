// What is said beside numbers and texts: which of two values is the segment's, and what stays English in other languages.

import assert from "node:assert/strict";
import { join } from "node:path";
import { drawn, drop, says } from "../support/chromium.mjs";
import { file, load, longRecord, ROOT } from "../support/native.mjs";
import { openAt, testsOfSite } from "../support/site_tests.mjs";

const { test } = testsOfSite(openAt);
const host = (page, work, argument) => page.locator("ecg-xplaim").evaluate(work, argument);

/** Of the open recording's finding, as the network has it: of the segment, and of all together. */
const values = (page) =>
  host(page, ({ analysis, window, label }) => {
    const { report } = analysis;
    const of = ({ probability }) => `${Math.round(100 * probability)} %`;
    return { segment: of(report.map.windows[window].labels[label]), whole: of(report.labels[label]) };
  });

const WORDS = {
  en: [/whole recording (\d+ %), this segment (\d+ %)/, /10-second segment: (\d+ %); all segments together: (\d+ %)/],
  de: [
    /ganze Aufzeichnung (\d+ %), dieser Abschnitt (\d+ %)/,
    /-Abschnitt: (\d+ %); alle Abschnitte zusammen: (\d+ %)/,
  ],
  el: [/όλη η καταγραφή (\d+ %), αυτό το τμήμα (\d+ %)/, /δευτερολέπτων: (\d+ %)· όλα τα τμήματα μαζί: (\d+ %)/],
  es: [/registro completo (\d+ %), este segmento (\d+ %)/, /segundos: (\d+ %); todos los segmentos juntos: (\d+ %)/],
  fr: [
    /enregistrement entier (\d+ %), ce segment (\d+ %)/,
    /secondes : (\d+ %) ; tous les segments ensemble : (\d+ %)/,
  ],
};

test("of a recording of several segments the map's caption says which value is the segment's, in every language", async (open) => {
  const page = await open("/?lang=en");
  await drop(page, load(longRecord(25)));
  await says(page, /^Analysed/);
  const seen = await values(page);
  assert.notEqual(seen.segment, seen.whole, "else the test shows nothing");
  for (const [code, [caption, words]] of Object.entries(WORDS)) {
    await host(page, (element, lang) => (element.lang = lang), code);
    await page.locator(`html[lang=${code}]`).waitFor({ state: "attached" });
    await drawn(page);
    const [, whole, segment] = caption.exec(await page.textContent("#legend-label")) ?? [];
    assert.deepEqual({ whole, segment }, seen, code);
    const [, inSegment, together] = words.exec(await page.textContent("#evidence")) ?? [];
    assert.deepEqual({ whole: together, segment: inSegment }, seen, code);
  }
  await drop(page, load(join(ROOT, "web/samples/00219_hr")));
  await says(page, /^Analysé/);
  await drawn(page);
  assert.doesNotMatch(await page.textContent("#legend-label"), /segment/, "of one segment there is one value");
});

test("what stays English in another language says so: errors, and the model card", async (open) => {
  const page = await open("/?lang=en");
  const broken = [file("broken.edf", Buffer.from("x".repeat(500)))];
  await drop(page, broken);
  await page.locator("#status.problem").waitFor();
  assert.equal(await page.locator("#status-text .in-english").count(), 0);
  for (const [code, mark] of [
    ["de", "auf Englisch"],
    ["el", "στα αγγλικά"],
    ["es", "en inglés"],
    ["fr", "en anglais"],
  ]) {
    await host(page, (element, lang) => (element.lang = lang), code);
    await page.locator(`html[lang=${code}]`).waitFor({ state: "attached" });
    assert.equal((await page.textContent("#status-text .in-english")).trim(), `(${mark})`);
    assert.match(await page.textContent('#status-text [lang="en"]'), /^broken\.edf byte \d+: /);
    const card = await host(page, (element) => {
      element.root.getElementById("help").showModal();
      element.root.getElementById("card-whole").open = true;
      const heads = [...element.root.querySelectorAll("#card dt")].filter((dt) => !dt.lang).map((dt) => dt.textContent);
      const said = element.root.getElementById("card-english");
      const text = said.checkVisibility() ? said.textContent : "";
      element.root.getElementById("help").close();
      return { text, heads };
    });
    assert.match(card.text, /englisch|αγγλικά|inglés|anglais/);
    assert.ok(card.heads.length >= 8 && !card.heads.includes("licence"), card.heads.join());
  }
  await host(page, (element) => (element.lang = "en"));
  await page.locator("html[lang=en]").waitFor({ state: "attached" });
  assert.ok(await host(page, (element) => element.root.getElementById("card-english").hidden));
});

/** The header of an EDF file of one signal and five data records, which are not there. */
const edf = () =>
  [
    ["0", 8],
    ["X X X X", 80],
    ["Startdate X X X X", 80],
    ["01.01.2601.01.26", 16],
    ["512", 8],
    ["", 44],
    ["5", 8],
    ["1", 8],
    ["1", 4],
    ["ECG I", 16],
    ["", 80],
    ["mV", 8],
    ["-5", 8],
    ["5", 8],
    ["-32768", 8],
    ["32767", 8],
    ["", 80],
    ["500", 8],
    ["", 32],
  ]
    .map(([text, width]) => String(text).padEnd(Number(width)))
    .join("");

/** A DICOM file of another class, without waveforms. */
function dicom() {
  const element = (group, number, value) => {
    const bytes = Buffer.alloc(8 + value.length + (value.length % 2));
    bytes.writeUInt16LE(group, 0);
    bytes.writeUInt16LE(number, 2);
    bytes.write("UI", 4);
    bytes.writeUInt16LE(bytes.length - 8, 6);
    bytes.write(value, 8);
    return bytes;
  };
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    element(2, 0x10, "1.2.840.10008.1.2.1"),
    element(8, 0x16, "1.2.840.10008.5.1.4.1.1.2"),
  ]);
}

test("the commonest mistakes with files are told in the language of the page", async (open) => {
  const page = await open("/?lang=en");
  const [header, signals] = load(join(ROOT, "web/samples/00219_hr"));
  const half = { ...signals, base64: Buffer.from(signals.base64, "base64").subarray(0, 30000).toString("base64") };
  /** @type {[any[], RegExp][]} */
  const mistakes = [
    [[header], /00219_hr\.hea \S+ 2 ?: .*00219_hr\.dat/],
    [[header, half], /00219_hr\.dat .*1250 .*5000/],
    [[signals], /\.hea/],
    [[file("photo.jpg", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4]))], /WFDB/],
    [[file("note.txt", "hello")], /WFDB/],
    [[file("letter.docx", "PK\x03\x04")], /WFDB/],
    [[file("sheet.xlsx", "PK\x03\x04")], /CSV/],
    [[file("records.7z", "7z\xbc\xaf")], /^records\.7z/],
    [[file("film.mp4", "0000ftyp")], /WFDB/],
    [[file("data.xml", '<?xml version="1.0"?><note>hi</note>')], /XML.*WFDB/],
    [[file("people.csv", "name,age\nAnn,3\n")], /^people\.csv/],
    [[file("what.xyz", "?")], /\.hea.*EDF.*MATLAB/],
    [[file("printed.pdf", "%PDF-1.4\nnothing\n")], /PDF/],
    [[file("short.edf", edf().slice(0, 100))], /100.*256/],
    [[file("cut.edf", edf())], /0 .*5 .*236/],
    [[file("scan.dcm", dicom())], /ECG/],
    [[file("none.hea", "")], /1/],
    [load(join(ROOT, "tests/data/wfdb/E07500")), /V1.* II/],
  ];
  for (const code of ["de", "el", "es", "fr"]) {
    await host(page, (element, lang) => (element.lang = lang), code);
    await page.locator(`html[lang=${code}]`).waitFor({ state: "attached" });
    for (const [files, wanted] of mistakes) {
      await host(page, (element) => element.say(""));
      await drop(page, files);
      await page.locator("#status.problem").waitFor();
      assert.match(await page.textContent("#status-text"), wanted);
      assert.equal(await page.locator("#status-text .in-english").count(), 0, await page.textContent("#status-text"));
    }
  }
});

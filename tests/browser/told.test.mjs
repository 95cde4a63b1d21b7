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
  const broken = [file("broken.scp", Buffer.from("x".repeat(500)))];
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
    assert.match(await page.textContent('#status-text [lang="en"]'), /^broken\.scp byte \d+: /);
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

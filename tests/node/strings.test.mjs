// The page's words: every language has every key and no other, each key is used, arguments agree, and what is said
// after the core agrees with what the core says.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CORE_SENTENCES, translator } from "../../web/words/core_sentences.js";
import { DISCLAIMER, FORMATS, LEADS, WRITERS } from "../../web/core/core_constants.js";
import { inLanguage } from "../../web/drawing/drawn_words.js";
import { FILE_SENTENCES, FILES } from "../../web/words/file_sentences.js";
import { titleOf } from "../../web/words/finding_words.js";
import {
  changes,
  decimals,
  English,
  inEnglish,
  languageNow,
  LANGUAGES,
  listed,
  phrase,
  pickLanguage,
  SpokenError,
  speak,
  deferred,
} from "../../web/words/language.js";
import { MARKUP } from "../../web/panels/markup.js";
import { opsOf } from "../../web/drawing/paint.js";
import { CASES } from "../../web/teach/strings_cases_en.js";
import { EN } from "../../web/words/strings_en.js";
import { errorWords } from "../../web/words/messages.js";
import { pageScripts, ROOT } from "../support/native.mjs";

const WEB = join(ROOT, "web");
const read = (path) => readFileSync(join(ROOT, path), "utf8");
const others = Object.keys(LANGUAGES).filter((code) => code !== "en");
/** What each part of the page says in English, and how another language's table is had. */
const PARTS = [
  { english: EN, tableOf: async (code) => (await import(join(WEB, `words/strings_${code}.js`))).strings },
  { english: CASES, tableOf: async (code) => (await import(join(WEB, `teach/strings_cases_${code}.js`))).CASES },
];
/** Of every part in every other language. */
async function everyTable(check) {
  for (const { english, tableOf } of PARTS) for (const code of others) check(english, await tableOf(code), code);
}
const coreOf = async (code) => (await import(join(WEB, `words/terms_${code}.js`))).CORE;
const sorted = (names) => [...names].sort();

/** Names in braces. */
const argumentsOf = (text) => new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
const formsOf = (entry) => (typeof entry === "string" ? [entry] : [entry.one, entry.other]);

test("every language has every key, and none that English has not", async () => {
  await everyTable((english, table, code) =>
    assert.deepEqual(sorted(Object.keys(table)), sorted(Object.keys(english)), code),
  );
});

test("phrases of all languages have the same arguments", async () => {
  await everyTable((english, table, code) => {
    for (const [key, entry] of Object.entries(english)) {
      const wanted = new Set(formsOf(entry).flatMap((form) => [...argumentsOf(form)]));
      for (const form of formsOf(table[key])) {
        assert.ok(form.trim(), `${code} ${key}`);
        const extra = [...argumentsOf(form)].filter((name) => !wanted.has(name));
        assert.deepEqual(extra, [], `${code} ${key}: ${form}`);
      }
      const there = new Set(formsOf(table[key]).flatMap((form) => [...argumentsOf(form)]));
      assert.deepEqual(sorted(there), sorted(wanted), `${code} ${key}`);
      const marks = (text) => (text.match(/\*\*|`/g) ?? []).length;
      assert.equal(marks(formsOf(table[key])[0]), marks(formsOf(entry)[0]), `${code} ${key}: marks`);
    }
  });
});

test("no sentence is left in English", async () => {
  const sameInAll = ["reference", "qtc-is"]; // numbers and units
  await everyTable((english, table, code) => {
    const sentences = Object.entries(english).filter(([, entry]) => formsOf(entry)[0].split(" ").length > 3);
    assert.ok(sentences.length > 80, `${sentences.length}`);
    const left = sentences.filter(([key, entry]) => formsOf(table[key])[0] === formsOf(entry)[0]);
    assert.deepEqual(
      left.map(([key]) => key).filter((key) => !sameInAll.includes(key)),
      [],
      code,
    );
  });
});

test("every key is used, and every key that is used is there", () => {
  const sources = pageScripts().filter((path) => !/\/(strings|terms)_/.test(path));
  const code = sources.map((name) => read(`web/${name}`)).join("\n");
  const families = [
    ...[...code.matchAll(/`([a-z][a-z_.-]*\.)\$\{/g)].map(([, family]) => family),
    ...[...code.matchAll(/phraseOf\("([^"]+)"/g)].map(([, family]) => family),
  ];
  const unused = Object.keys(EN).filter(
    (key) => !code.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)),
  );
  assert.deepEqual(unused, []);
  const asked = [
    ...[...code.matchAll(/\b(?:phrase|deferred|SpokenError)\(\s*"([^"]+)"/g)].map(([, key]) => key),
    ...[...code.matchAll(/data-t(?:-[a-z-]+)?="([^"$]+)"/g)].map(([, key]) => key),
  ];
  assert.ok(asked.length > 200);
  // The player's, which are asked for where it is at work.
  const player = sources
    .filter((path) => path.startsWith("teach/"))
    .map((name) => read(`web/${name}`))
    .join("\n");
  assert.deepEqual(
    Object.keys(CASES).filter((key) => !player.includes(`"${key}"`)),
    [],
  );
  assert.deepEqual(
    [...new Set(asked)].filter((key) => key.includes(".") && !Object.hasOwn(EN, key)),
    [],
  );
});

test("no words stand in the markup itself", () => {
  const kept = [
    ...["ECG-XPLAIM", "SVG", "JSON", "CSV", "PNG", "Esc", "Grad-CAM"],
    ...Object.values(LANGUAGES),
    ...LEADS,
    ...WRITERS.map(({ title }) => title),
    `${FORMATS.map(({ name }) => name).join(", ")}:`,
  ];
  const bare = MARKUP.replace(/<li data-format>[^<]*</g, "<");
  const words = [...bare.matchAll(/>([^<>]*)</g)].map(([, text]) => text.trim());
  assert.ok(words.includes("SVG"));
  assert.deepEqual(
    words.filter((text) => /[A-Za-z]{3,}/.test(text) && !kept.includes(text)),
    [],
  );
  assert.doesNotMatch(bare, /\s(title|aria-label|aria-roledescription|placeholder)="/);
});

test("names that the core has are those that have words", () => {
  assert.equal(EN.disclaimer, DISCLAIMER);
  assert.equal(`${EN["disclaimer.short"]} ${EN["disclaimer.rest"]}`, DISCLAIMER);
  const header = read("src/measure/measure.h");
  for (const [, code, text] of header.matchAll(/X\(XP_REASON_\w+, "(\w+)",\s+"([^"]+)"\)/g))
    assert.equal(EN[`reason.${code}`], text);
  const quantities = [...header.matchAll(/X\(XP_\w+, "(\w+)", "(?:\/min|ms|deg)", "([^"]+)"/g)];
  assert.equal(quantities.length, 13);
  for (const [, name, text] of quantities)
    assert.equal(EN[`measured.${name}`], text.replace(/^heart/, "Heart"), "as the core calls it");
  for (const [, word] of read("src/measure_words.c").matchAll(/case XP_QUALITY_\w+:\s+return "([^"]+)"/g))
    assert.equal(EN[`fault.${word}`], word);
  for (const { annotation } of JSON.parse(read("web/samples/samples.json")))
    assert.equal(EN[`annotation.${annotation}`], annotation);
});

/** The core's sentences, without formats; what is optional is there and not there. */
function coreNotices() {
  const list = read("src/base/notice_sentences.h").replaceAll(/\s*\\\n\s*/g, " ");
  return [...list.matchAll(/X\(XP_SAY_\w+,\s+XP_NOTE_\w+,((?:\s+"(?:[^"\\]|\\.)*")+),?((?:\s+"(?:[^"\\]|\\.)*")*)/g)]
    .flatMap(([, one, several]) => [one, several])
    .filter((text) => text.trim())
    .map((text) => [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => part.replaceAll('\\"', '"')).join(""))
    .map((text) => text.replaceAll(/\{(\w+):[^}]*\}/g, "{$1}"))
    .flatMap((text) => [text.replaceAll(/[[\]]/g, ""), text.replaceAll(/\[[^\]]*\]/g, "")]);
}

test("the core says its sentences as they are known here, and languages have all of them", async () => {
  const notices = new Set(coreNotices());
  assert.ok(notices.size > 80);
  const quality = `${read("src/measure/quality_text.c")}${read("src/measure/reversal.c")}`.replaceAll(
    /"\s*\n\s*"/g,
    "",
  );
  // Put together elsewhere; those of files are looked at by themselves, and kinds and formats are the core's list.
  const own = new Set(["resampled", "youden", "specificity", "bazett"]);
  for (const [name, forms] of Object.entries(CORE_SENTENCES)) {
    if (own.has(name) || /^(file|kind|format) /.test(name)) continue;
    for (const form of forms) {
      const parts = form.split(/\{\w+\}|: | from | s /).filter((part) => part.trim().length > 5);
      const told = parts.every((part) => quality.includes(part.trim()));
      assert.ok(notices.has(form) || told, `${name}: ${form}`);
    }
  }
  for (const code of others) {
    const core = await coreOf(code);
    assert.deepEqual(sorted(Object.keys(core)), sorted(["whole", ...Object.keys(CORE_SENTENCES)]), code);
    for (const [name, forms] of Object.entries(CORE_SENTENCES)) {
      const wanted = new Set(forms.flatMap((form) => [...argumentsOf(form.replaceAll("{leads}", "{lead}"))]));
      const extra = [...argumentsOf(core[name])].filter((arg) => !wanted.has(arg));
      assert.deepEqual(extra, [], `${code} ${name}`);
    }
  }
});

/** All texts of the core's readers, pieces of one put together. */
function readerTexts() {
  const names = readdirSync(join(ROOT, "src/ecg"), { recursive: true }).filter((name) => /\.c$/.test(String(name)));
  const sources = names.map((name) => read(join("src/ecg", String(name)))).join("\n");
  return sources
    .replaceAll(/"\s*\n\s*"/g, "")
    .replaceAll('\\"', '"')
    .replaceAll("%%", "%");
}

test("what is said of files that cannot be used is what the core says of them", () => {
  const texts = readerTexts();
  // Between arguments, and where the core puts in one of several words.
  const apart = /\{\w+\}|[[\]()]|This|twice|times| and asks for a password| in a way that is not read|fewer|more/;
  for (const [name, text] of Object.entries(FILES))
    for (const part of text.split(apart).map((each) => each.replace(/^[:.]? | ?[:.]? $/g, "")))
      assert.ok(part.length < 6 || texts.includes(part), `${name}: "${part}"`);
});

test("each of them is taken for itself and no other, in every language, with its arguments in their places", async () => {
  for (const code of others) {
    const core = await coreOf(code);
    const say = translator(core);
    const filled = (text) => text.replace(/\{(\w+)\}/g, (_, name) => `<${name}>`);
    for (const [name, forms] of Object.entries(FILE_SENTENCES))
      for (const form of forms) assert.equal(say(filled(form)), filled(core[name]), `${code} ${name}`);
    const help = FORMATS.map(({ name }) => core[`format ${name}`]).join(" ");
    const english = FORMATS.map((format) => format.help).join(" ");
    assert.equal(say(english), help, code);
    assert.ok(say(FILES.unknownKind.replace("{help}", english)).endsWith(help), code);
  }
});

test("a language is spoken once its words are there, with its numbers, and sentences that nobody translated stay English", async () => {
  let heard = 0;
  changes.addEventListener("change", () => heard++);
  const failed = new SpokenError("open.no-sample", { name: "x" });
  const note = deferred("count.note", { n: 1 });
  assert.equal(String(note), "1 note");
  assert.equal(failed.message, "There is no sample named x.");
  await speak("de");
  try {
    assert.deepEqual([languageNow(), heard], ["de", 1]);
    assert.equal(String(note), "1 Hinweis");
    assert.match(String(errorWords(failed)), /kein Beispiel .* x/);
    assert.equal(decimals(0.25, 2), "0,25");
    assert.equal(
      phrase("card.input-is", { seconds: decimals(10, 1), rate: 62.5, leads: "I" }),
      "10,0 s mit 62,5 Hz, Ableitungen I",
    );
    assert.equal(listed(["a", "b", "c"]), "a, b und c");
    assert.equal(phrase("marks.measured-as", { value: "371 ms" }), "gemessen 371 ms");
    assert.equal(
      titleOf({ name: "pvc", long_name: "premature ventricular contraction" }),
      "ventrikuläre Extrasystolen (VES)",
    );
    assert.equal(titleOf({ name: "x", long_name: "something else" }), "something else");
    const flat = new English("V2 is flat from 1.5 to 2.0 s: check this electrode and its cable and record again");
    assert.match(String(flat), /^V2 ist von 1,5 bis 2,0 s flach/);
    const whole = new English(
      "The recording has no samples from 0.0 to 2.0 s: check the connection to the recorder and record again",
    );
    assert.match(String(whole), /^Die Aufzeichnung hat von 0,0/);
    const unknown = new English("a sentence of which nobody has heard");
    assert.deepEqual([unknown.translated, String(unknown)], [null, "a sentence of which nobody has heard"]);
  } finally {
    await speak("en");
  }
  assert.equal(heard, 2);
  assert.equal(String(note), "1 note");
  assert.equal(decimals(0.25, 2), "0.25");
});

/** A drawing that is texts alone, as the core hands it over. */
function drawingOf(texts) {
  const bytes = texts.map((text) => new TextEncoder().encode(text));
  let at = 0;
  const ops = bytes.flatMap((each, i) => {
    const first = at;
    at += each.length;
    return [3, 0xff000000, first, each.length, 0x40000000, i];
  });
  const text = Uint8Array.from(bytes.flatMap((each) => [...each]));
  return { width: 10, height: 10, paper: 0, ops: Uint32Array.from(ops), text, points: null, colors: null, strips: [] };
}

const textsOf = (list) =>
  opsOf(list).map(({ first, count }) => new TextDecoder().decode(list.text.subarray(first, first + count)));

test("what the core writes into a drawing is said in the language, and in English where a document is made", async () => {
  const core = read("src/plot/page_draw.c") + read("src/base/statements.h");
  for (const words of ["(not recorded)", "filter: %.80s", "analysed: ", "s recorded at", "below its threshold"])
    assert.ok(core.includes(words), words);
  const texts = [
    "aVR (derived)",
    "12.5 mm/s   10 mm/mV   filter: none   500 Hz   analysed: 0–10 s",
    "x   probability 0.512 – below its threshold",
    "time only: this map does not tell leads apart",
    DISCLAIMER,
    "a person's 1.5 words",
  ];
  const list = drawingOf(texts);
  assert.equal(inLanguage(list), list, "English is as the core has it");
  await speak("de");
  try {
    assert.deepEqual(textsOf(inLanguage(list)), [
      "aVR (berechnet)",
      "12,5 mm/s   10 mm/mV   Filter: aus   500 Hz   analysiert: 0–10 s",
      "x   Wahrscheinlichkeit 0,512 – unter der Schwelle",
      "nur Zeit: diese Karte unterscheidet keine Ableitungen",
      phrase("disclaimer"),
      "a person's 1.5 words",
    ]);
    const scale = drawingOf(["12.5 mm/s   10/5 mm/mV   filter: none   500 Hz"]);
    assert.deepEqual(textsOf(inLanguage(scale, { narrow: true })), ["12,5 mm/s   10/5 mm/mV   Filter: aus"]);
    assert.equal(
      inEnglish(() => phrase("close")),
      "Close",
    );
    assert.equal(phrase("close"), "Schließen");
  } finally {
    await speak("en");
  }
  assert.deepEqual(textsOf(list), texts, "the list itself is left as it was");
  const narrow = textsOf(inLanguage(list, { narrow: true }));
  assert.deepEqual(narrow, texts, "what was analysed is told on a phone too");
});

test("the language is the first of those wished for that the page has", () => {
  assert.equal(pickLanguage([null, "it-IT", "de-CH", "en"]), "de");
  assert.equal(pickLanguage(["EN-gb", "de"]), "en");
  assert.equal(pickLanguage([undefined, "toString", "", "xx"]), "en");
});

// A play without a page: orders, what a course keeps between visits, settings, statistics of the network's record.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checksText, exactInterval, recordText } from "../../web/teach/cases_network.js";
import { settingsOf } from "../../web/teach/cases_settings.js";
import { freshCase, orderOf, randomFrom, resume, suspend } from "../../web/teach/cases_state.js";
import { CERTAINTIES, ENGLISH, spanText, wordsFor } from "../../web/teach/cases_language.js";
import { caseSet } from "../support/cases.mjs";
import { ROOT } from "../support/native.mjs";

const many = (n) => {
  const set = caseSet({ order: "mixed" });
  const [one] = set.cases;
  set.cases = Array.from({ length: n }, (_, i) => ({ ...structuredClone(one), id: `c${i}`, tags: [`t${i % 3}`] }));
  set.lists.rhythm = Array.from({ length: 65 }, (_, i) => ({ id: `f${i}`, text: `Finding ${i}` }));
  return set;
};

const played = (set) => ({
  ...freshCase(),
  committed: true,
  certainty: 2,
  seconds: 75,
  points: 1.25,
  responses: {
    find: { named: [set.lists.rhythm[1].id, set.lists.rhythm.at(-1).id] },
    rr: { value: 512, lead: "II", from: 1.234, to: 1.746 },
    where: { marks: [{ lead: "V1", from: 4.5, to: 4.75 }] },
    next: { chosen: ["a"] },
    say: { text: "Long as it may be", self: true },
  },
});

test("orders: given, mixed by a seed, grouped by first tag; pick takes some of them", () => {
  const { cases } = many(30);
  const order = (how, seed = 7) => orderOf(cases, { pick: null, ...how }, seed);
  assert.deepEqual(order({ order: "given" }), [...cases.keys()]);
  assert.deepEqual(order({ order: "mixed" }), order({ order: "mixed" }));
  assert.notDeepEqual(order({ order: "mixed" }), order({ order: "mixed" }, 8));
  assert.deepEqual(
    [...order({ order: "mixed" })].sort((a, b) => a - b),
    [...cases.keys()],
  );
  const grouped = order({ order: "grouped" }).map((i) => cases[i].tags[0]);
  assert.deepEqual(grouped, [...grouped].sort());
  const picked = order({ order: "given", pick: 5 });
  assert.equal(picked.length, 5);
  assert.deepEqual(
    picked,
    [...picked].sort((a, b) => a - b),
  );
  assert.notDeepEqual(picked, order({ order: "given", pick: 5 }, 9));
  assert.equal(order({ order: "mixed", pick: 99 }).length, 30);
});

test("a shuffle has no favourites", () => {
  const random = randomFrom(1);
  const first = new Map();
  for (let i = 0; i < 6000; i++) {
    const [a] = orderOf(many(3).cases.slice(0, 3), { order: "mixed", pick: null }, Math.floor(random() * 2 ** 32));
    first.set(a, (first.get(a) ?? 0) + 1);
    if (i > 600) break;
  }
  for (const count of first.values()) assert.ok(count > 140 && count < 260, `${count}`);
});

test("60 cases fit into 4,096 characters, and come back in the same order with their answers", () => {
  const set = many(60);
  const order = orderOf(set.cases, { order: "mixed", pick: null }, 99);
  const states = new Map(order.map((place) => [place, played(set)]));
  const text = suspend(set, { seed: 99, order, at: 60, states });
  assert.ok(text.length <= 4096, `${text.length}`);
  assert.match(text, /^[A-Za-z0-9_-]+$/);
  const back = resume(set, { order: "mixed", pick: null }, text);
  assert.deepEqual(back.order, order);
  assert.equal(back.states.size, 60);
  const { responses, certainty, seconds, points, committed, kept } = back.states.get(order[17]);
  const { responses: given } = played(set);
  assert.deepEqual({ ...responses, say: null }, { ...given, say: null });
  assert.deepEqual(responses.say, { self: true });
  assert.deepEqual(
    { certainty, seconds, points, committed, kept },
    { certainty: 2, seconds: 75, points: 1.25, committed: true, kept: true },
  );
  assert.equal(suspend(set, back), text, "and again");
});

test("500 cases keep their points where there is no room for answers", () => {
  const set = many(500);
  const order = orderOf(set.cases, { order: "given", pick: null }, 1);
  const states = new Map(order.map((place) => [place, played(set)]));
  const text = suspend(set, { seed: 1, order, at: 3, states });
  assert.ok(text.length <= 4096, `${text.length}`);
  const { committed, points, kept } = resume(set, { order: "given", pick: null }, text).states.get(499);
  assert.deepEqual({ committed, points, kept }, { committed: true, points: 1.25, kept: false });
});

test("what is of another set, or broken, is not gone on with", () => {
  const set = many(4);
  const text = suspend(set, { seed: 5, order: [0, 1, 2, 3], at: 2, states: new Map([[0, played(set)]]) });
  const settings = { order: "given", pick: null };
  const other = structuredClone(set);
  other.cases[1].tasks.pop();
  assert.equal(resume(other, settings, text), null);
  for (const broken of ["", "{}", "%", "AA", text.slice(0, 8), `x${text}`, "A".repeat(5000)])
    assert.equal(resume(set, settings, broken), null, broken.slice(0, 20));
  for (let length = 16; length < text.length; length++) resume(set, settings, text.slice(0, length)); // ends
});

test("settings: what the page around asks for goes before the set's, where it is one that there is", () => {
  const set = caseSet({ order: "grouped", attempts: null, pass: 70 });
  const settings = settingsOf(set, { order: "mixed", network: "often", feedback: "none", lock: true });
  assert.equal(settings.order, "mixed");
  assert.equal(settings.network, "after");
  assert.equal(settings.feedback, "none");
  assert.equal(settings.attempts, Infinity);
  assert.equal(settings.pass, 70);
});

test("the exact interval is that of the model cards", () => {
  // of cards: sensitivity and specificity of afib, smi, imi
  for (const [k, n, low, high] of [
    [17, 21, 0.58, 0.95],
    [36, 36, 0.9, 1],
    [31, 44, 0.55, 0.83],
    [305, 307, 0.98, 1],
    [0, 10, 0, 0.31],
  ]) {
    const [a, b] = exactInterval(k, n);
    assert.deepEqual([a.toFixed(2), b.toFixed(2)], [low.toFixed(2), high.toFixed(2)], `${k} of ${n}`);
  }
});

test("T6: what is told of each finding is what the model's card has", () => {
  for (const name of ["ecg-xplaim", "ecg-xplaim-small"]) {
    const bytes = readFileSync(join(ROOT, `model_weights/${name}.safetensors`));
    const head = JSON.parse(String(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0)))));
    const labels = JSON.parse(head.__metadata__.labels);
    const rows = readFileSync(join(ROOT, `model_weights/${name}.md`), "utf8").split("\n");
    const cells = (label, i) => {
      const row = rows.filter((each) => each.startsWith(`| ${label} |`))[i] ?? "";
      return row.split("|").map((cell) => cell.trim());
    };
    let tested = 0;
    for (const label of labels) {
      const text = recordText({ ...label, tested: label.n_positive >= 10 }, ENGLISH);
      const counts = /of (\d+) with it (\d+) named; of (\d+) without (\d+) named/.exec(cells(label.name, 0)[7]);
      if (!counts) {
        assert.match(cells(label.name, 0)[7], /^not tested/, label.name);
        assert.match(text, /^Not tested/, label.name);
        continue;
      }
      tested++;
      const told =
        /named (\d+) of (\d+) .*\((\d+) %, (\d+)–(\d+)\) and wrongly (\d+) of (\d+) .*specificity (\d+) %, (\d+)–(\d+)/.exec(
          text,
        );
      const [positives, found, negatives, wrong] = counts.slice(1);
      assert.deepEqual([told[1], told[2], told[6], told[7]], [found, positives, wrong, negatives], label.name);
      // The table's are shares to two digits; ours are whole per cent: where a share lies between two, rounding twice
      // may end beside it.
      const [, sensitivity, specificity] = cells(label.name, 1).slice(1);
      const ofTable = (cell) => cell.match(/[\d.]+/g).map((share) => Math.round(100 * Number(share)));
      const percent = told.map(Number);
      for (const [from, cell] of [
        [3, sensitivity],
        [8, specificity],
      ])
        for (const [i, share] of ofTable(cell).entries())
          assert.ok(Math.abs(percent[from + i] - share) <= 1, `${label.name}: ${percent[from + i]} of ${cell}`);
    }
    assert.ok(tested >= 8, `${tested}`);
  }
});

test("a finding without figures, or with too few, says that it is not tested, and has no percentage", () => {
  const label = { n_positive: 21, n_negative: 307, found: 17, false_alarms: 2, tested: true };
  assert.equal(
    recordText(label, ENGLISH),
    "On 328 test records it named 17 of 21 with this finding (81 %, 58–95) and wrongly 2 of 307 without (specificity 99 %, 98–100).",
  );
  for (const part of [
    ...["n_positive", "n_negative", "found", "false_alarms"].map((key) => ({ [key]: null })),
    { tested: false, n_positive: 3, found: 2 },
    { n_positive: 0, found: 0 },
  ]) {
    const text = recordText({ ...label, ...part }, ENGLISH);
    assert.match(text, /^Not tested/);
    assert.doesNotMatch(text, /%/);
  }
  assert.match(recordText(/** @type {any} */ ({}), ENGLISH), /^Not tested/);
});

test("a map's checks are told as they are, good or not", () => {
  const checks = (random, gain, shift) => ({
    randomised_all: { n: 20, mean: random },
    deletion_gain: { n: 20, mean: gain },
    shift_correlation: { n: 20, mean: shift },
  });
  assert.match(
    checksText(checks(0.03, 0.14, 0.9), ENGLISH),
    /: changes .*0\.03.*; removing its peaks lowers .*\+0\.14.*; steady .*0\.90/,
  );
  assert.match(checksText(checks(0.8, -0.02, 0.4), ENGLISH), /hardly changes.*does not lower.*−0\.02.*not steady/);
  assert.equal(checksText(checks(null, null, null), ENGLISH), ENGLISH("no-checks"));
  assert.equal(checksText(null, ENGLISH), ENGLISH("no-checks"));
});

test("the player speaks the first language wished for that there is, and fills in what is told", async () => {
  const { words, lang } = await wordsFor([null, "xx", "de-CH", "en"]);
  assert.equal(lang, "de");
  assert.equal(words("begin"), "Beginnen");
  assert.deepEqual([words("cases", { n: 1 }), words("cases", { n: 2 })], ["1 Fall", "2 Fälle"]);
  assert.deepEqual(
    CERTAINTIES.map((key) => words(key).slice(0, 1)),
    ["1", "2", "3"],
  );
  assert.equal(
    words("twin-scale", { speed: 12.5, gain: 10, filter: "x" }),
    "Gezeichnet mit 12,5 mm/s und 10 mm/mV, x.",
  );
  assert.equal(spanText(words, { lead: "*", from: 0.5, to: 1 }), "alle Ableitungen, 0,50–1,00 s");
  assert.equal(spanText(ENGLISH, { lead: "V1", from: 0.5, to: 1 }), "V1, 0.50–1.00 s");
  assert.deepEqual([(await wordsFor(["en", "de"])).lang, (await wordsFor(["xx"])).lang], ["en", "en"]);
});

test("numbers have the language's comma, wherever they come from; names and texts keep their points", async () => {
  for (const lang of ["de", "es", "fr", "el"]) {
    const { words } = await wordsFor([lang]);
    assert.match(words("your-value", { value: "0.15\u00a0mV" }), /0,15\u00a0mV/);
    assert.match(words("reference", { value: "0.20", tolerance: "0.05\u00a0mV" }), /0,20 ± 0,05/);
    assert.match(spanText(words, { lead: "V1", from: 5, to: 7.4 }), /5,00–7,40 s/);
    assert.match(words("twin-leads", { leads: "I, II", s: "10.0", hz: 257.5 }), /10,0 s .*257,5 Hz/);
    assert.equal(words("times", { from: "0.10", to: "0.20" }), "0,10–0,20 s");
    assert.equal(words("plain", { value: "−0.03" }), "−0,03");
    assert.match(words("by", { names: "A. B. Smith 1.0" }), /A\. B\. Smith 1\.0/);
    assert.match(words("licence", { name: "CC-BY-4.0" }), /CC-BY-4\.0/);
  }
  assert.match(ENGLISH("your-value", { value: "0.15 mV" }), /0\.15 mV/);
});

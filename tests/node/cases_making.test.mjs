// Case sets as they are made: what the editor does between keystrokes, archives and embedding code, and the set that comes
// with the page: its keys, its times and its hashes are those of the recordings and of the data set, and two of its cases
// are such that the network and the key differ.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { shippedSet } from "../../scripts/build-cases.mjs";
import * as draft from "../../web/teach/cases_draft.js";
import { FINDING_GROUPS, FINDINGS } from "../../web/teach/cases_lists.js";
import { loadCasesCore } from "../../web/core/cases_core.js";
import { archiveOf, byName, embedCode, singlePage, zipFiles } from "../../web/teach/cases_pack.js";
import { readZip } from "../../web/files/zip.js";
import { zipOf } from "../../web/files/zip_write.js";
import { bytesOf, DIST, explainNatively, nativeDocument, ROOT, scratch, SHARED } from "../support/native.mjs";
import "../support/inflate_raw.mjs";

after(() => rmSync(scratch, { recursive: true, force: true }));

const MODEL = join(ROOT, "model_weights/ecg-xplaim.safetensors");
const LABELS =
  "afib aflu afifl rbbb lbbb lafb lpfb pvc pac ami imi smi lmi avb1 avb2i avb2ii avb2 avb3 bradsr svt vt tachsr lqt wpw pace".split(
    " ",
  );
const core = await loadCasesCore(bytesOf(join(DIST, "xplaim_cases.wasm")));
const set = JSON.parse(readFileSync(join(ROOT, "web/cases/cases.json"), "utf8"));
const read = (path) => readFileSync(join(ROOT, "web", path));
/** Where a recording of the set lies in the repository. */
const placeOf = (name) =>
  ["cases/", ""].map((at) => join(ROOT, "web", at, at ? name : name.replace("records/", "samples/"))).find(existsSync);
const recordOf = (one) => placeOf(one.record).replace(/\.hea$/, "");

/* ---- between keystrokes ---- */

test("the list of findings has the network's labels and forty more, each once, and names only what is in it", () => {
  const ids = FINDINGS.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(
    LABELS.filter((label) => !ids.includes(label)),
    [],
  );
  assert.equal(ids.length, LABELS.length + 40);
  for (const { in: parent, not_with: others = [] } of FINDINGS)
    for (const id of [...others, ...(parent ? [parent] : [])]) assert.ok(ids.includes(id), id);
  assert.equal(FINDING_GROUPS.length, 8);
});

test("letters of marks and names of cases never come twice", () => {
  const marks = [];
  for (let i = 0; i < 60; i++) marks.push({ id: draft.nextLetter(marks) });
  assert.deepEqual([marks[0].id, marks[25].id, marks[26].id, marks[52].id], ["A", "Z", "AA", "BA"]);
  assert.equal(new Set(marks.map(({ id }) => id)).size, 60);
  assert.equal(draft.nextLetter([{ id: "A" }, { id: "C" }]), "B");
  const taken = [];
  for (let i = 0; i < 3; i++) taken.push(draft.freshId(taken, "Ärger & AF/1"));
  assert.deepEqual(taken, ["A-rger-AF-1", "A-rger-AF-1-2", "A-rger-AF-1-3"]);
  for (const text of ["", "//", "..", "中文"]) assert.match(draft.freshId([], text), /^[A-Za-z0-9_.-]{1,64}$/);
  assert.deepEqual(draft.lettersIn("a {A} b {AA}, {not this} {B}"), ["A", "AA", "B"]);
});

test("tolerances are those of the level, a rate's is a share of it", () => {
  const { usualTolerance } = draft;
  assert.deepEqual(
    draft.LEVELS.map((level) => usualTolerance("pr", 160, level)),
    [40, 20, 10],
  );
  assert.deepEqual(
    draft.LEVELS.map((level) => usualTolerance("rate", 124, level)),
    [12, 6, 4],
  );
  assert.deepEqual(
    draft.LEVELS.map((level) => usualTolerance("axis", -3, level)),
    [30, 15, 10],
  );
  assert.deepEqual(
    draft.LEVELS.map((level) => usualTolerance("amplitude", 1, level)),
    [0.2, 0.1, 0.05],
  );
  assert.equal(usualTolerance("qt", 400, undefined), 20);
});

test("what calipers measure is named by what was measured on the recording", () => {
  const measured = new Map(Object.entries({ pr_interval: 160, qrs_duration: 90, qt_interval: 380, rr_interval: 800 }));
  const asked = [85, 165, 390, 810, 250, 600].map((ms) => draft.likeliestQuantity(ms, measured));
  assert.deepEqual(asked, ["qrs", "pr", "qt", "rr", "interval", "interval"]);
  assert.equal(draft.likeliestQuantity(160, new Map()), "interval");
  const one = /** @type {any} */ (draft.emptyCase("a", {}));
  const task = draft.measureTask(one, "pr", { value: 251.4, lead: "II", by: "person" }, "beginner");
  assert.deepEqual([task.answer, task.tolerance, task.unit, task.lead, task.by], [251, 40, "ms", "II", "person"]);
});

test("a finding has one place in a key, and what its author writes becomes one", () => {
  const task = /** @type {any} */ (draft.emptyTask(draft.emptyCase("a", {}), "findings"));
  task.must = [{ id: "afib", points: 2 }];
  draft.setShare(task, "afib", "must");
  assert.deepEqual(task.must, [{ id: "afib", points: 2 }], "its points stay");
  draft.setShare(task, "rvr", "should");
  draft.setShare(task, "rvr", "must_not");
  assert.deepEqual([task.should, task.must_not, draft.shareOf(task, "rvr")], [[], ["rvr"], "must_not"]);
  draft.setShare(task, "rvr", "");
  assert.equal(draft.shareOf(task, "rvr"), "");
  const own = /** @type {any} */ (draft.emptySet("s", "en"));
  const id = draft.addFinding(own, draft.LIST, "  Osborn waves ");
  assert.equal(draft.addFinding(own, draft.LIST, "osborn waves"), id);
  assert.equal(draft.addFinding(own, draft.LIST, "Atrial fibrillation"), "afib");
  assert.equal(own.lists[draft.LIST].length, FINDINGS.length + 1);
});

test("a network differs from a key where it leaves out a must or adds what the key does not allow", () => {
  const own = /** @type {any} */ (draft.emptySet("s", "en"));
  draft.listOf(own, draft.LIST);
  const one = /** @type {any} */ (draft.emptyCase("a", {}));
  const labels = (...named) => LABELS.map((name) => ({ name, named: named.includes(name) }));
  assert.equal(draft.differenceOf(own, one, labels("afib")), null);
  const task = /** @type {any} */ (draft.emptyTask(one, "findings"));
  one.tasks.push(task);
  Object.assign(task, { must: ["afib", "lowvolt"], should: ["rvr"], may: ["pvc"] });
  const differs = (...named) => draft.differenceOf(own, one, labels(...named));
  assert.deepEqual(differs("afib"), { missed: [], extra: [] });
  assert.deepEqual(differs("afib", "afifl", "pvc"), { missed: [], extra: [] }, "more general names and a may are none");
  assert.deepEqual(differs("aflu"), { missed: ["afib"], extra: ["aflu"] });
  assert.deepEqual(differs(), { missed: ["afib"], extra: [] });
});

test("what a case lacks is told, and what is empty is not saved", () => {
  const own = /** @type {any} */ (draft.emptySet("s", "en"));
  const one = /** @type {any} */ (draft.emptyCase("a", { explain: "See {A}." }));
  own.cases.push(one);
  assert.match(draft.lacksOf(one).join(" "), /no task.*\{A\}/s);
  for (const type of ["findings", "measure", "mark", "choice", "text"]) one.tasks.push(draft.emptyTask(one, type));
  assert.deepEqual(
    draft.lacksOf(one).map((text) => text.slice(0, 7)),
    ["Task 1:", "Task 3:", "Task 4:", "The exp"],
  );
  one.tasks[0].must.push("afib");
  one.tasks[2].targets.push({ lead: "II", from: 1, to: 2 });
  assert.match(draft.lacksOf(one).join(" "), /Task 4: write what you ask/);
  one.tasks[3].prompt = "Is it?";
  Object.assign(one.tasks[3].options[0], { text: "yes" });
  Object.assign(one.tasks[3].options[1], { text: "no" });
  one.marks.push({ id: "A", lead: "II", from: 1, to: 2, text: "" });
  assert.deepEqual(draft.lacksOf(one), []);
  draft.listOf(own, draft.LIST);
  const saved = /** @type {any} */ (draft.cleaned(own));
  assert.deepEqual(Object.keys(saved.cases[0].tasks[0]), ["id", "type", "prompt", "list", "must"]);
  assert.ok(!("story" in saved.cases[0]) && !("authors" in saved) && saved.lists[draft.LIST].length > 60);
  assert.deepEqual(draft.cleaned(structuredClone(saved)), saved, "saved again it is the same");
  own.cases[0].tasks = [draft.emptyTask(one, "text")];
  assert.ok(!("lists" in draft.cleaned(own)), "a list that no task has is not saved");
});

test("what would be refused once the set is saved is told while it is written", () => {
  const one = /** @type {any} */ (draft.emptyCase("a", {}));
  const place = { lead: "II", from: NaN, to: NaN };
  one.tasks.push({ ...draft.emptyTask(one, "mark"), targets: [{ lead: "II", from: 1, to: 2 }, place] });
  one.marks.push({ id: "A", lead: "II", from: 2, to: 2, text: "" });
  assert.deepEqual(draft.lacksOf(one), [
    "Task 1: place 2: write from when to when it lies.",
    "Mark A: its end lies before its start.",
  ]);
  // As a step back has it: no number is null there.
  assert.equal(draft.lacksOf(JSON.parse(JSON.stringify(one))).length, 2);
  Object.assign(place, { from: 3, to: 3.2 });
  one.marks[0].to = 2.5;
  assert.deepEqual(draft.lacksOf(one), []);
  while (one.tasks.length < draft.MOST_TASKS) one.tasks.push(draft.emptyTask(one, "text"));
  assert.deepEqual(draft.lacksOf(one), []);
  one.tasks.push(draft.emptyTask(one, "text"));
  assert.deepEqual(draft.lacksOf(one), ["There are 21 tasks, and at most 20 are read: take some out."]);
});

test("what the core says of a task or a mark is told by its number or letter", () => {
  const one = /** @type {any} */ (
    draft.emptyCase("a", { marks: [{ id: "C", lead: "II", from: 1, to: 2, text: "<b>" }] })
  );
  for (let n = 0; n < 2; n++) one.tasks.push(draft.emptyTask(one, "text"));
  const own = /** @type {any} */ ({ ...draft.emptySet("s", "en"), cases: [one] });
  const told = () => {
    const outcome = core.check(JSON.stringify(draft.cleaned(own)));
    return "error" in outcome ? draft.authorText(own, outcome.error) : "";
  };
  assert.match(told(), /^Case a, mark C: the text has markup.*\.$/);
  one.marks = [];
  one.tasks[1].prompt = "<i>";
  assert.match(told(), /^Case a, task 2: the text has markup.*\.$/);
  one.tasks[1].prompt = "";
  one.story = "<i>";
  assert.match(told(), /story: the text has markup/);
});

test("as many tasks are read as a case can have", () => {
  const one = /** @type {any} */ (draft.emptyCase("a", {}));
  while (one.tasks.length < draft.MOST_TASKS) one.tasks.push(draft.emptyTask(one, "text"));
  const own = /** @type {any} */ ({ ...draft.emptySet("s", "en"), cases: [one] });
  const checked = () => core.check(JSON.stringify(draft.cleaned(own)));
  assert.ok(!("error" in checked()));
  one.tasks.push(draft.emptyTask(one, "text"));
  assert.ok("error" in checked());
});

test("a finding of the author's own is one that a set can have, and is saved where a key names it", () => {
  assert.equal(draft.findingFault(core, " Osborn waves, PR < 120 ms "), "");
  assert.match(draft.findingFault(core, "<b>x"), /^the text has markup/);
  assert.match(draft.findingFault(core, "a\u0001"), /^the text has a control character/);
  assert.match(draft.textFault(core, "a <b>x</b>"), /^The text has markup.*\.$/);
  assert.deepEqual(
    ["", "PR < 120 ms, *so*"].map((text) => draft.textFault(core, text)),
    ["", ""],
  );
  const own = /** @type {any} */ (draft.emptySet("s", "en"));
  const one = /** @type {any} */ (draft.emptyCase("a", {}));
  own.cases.push(one);
  const task = /** @type {any} */ (draft.emptyTask(one, "findings"));
  one.tasks.push(task);
  const [used, unused] = ["Osborn waves", "Epsilon waves"].map((text) => draft.addFinding(own, draft.LIST, text));
  task.must = [{ id: used, points: 2 }];
  const added = (saved) => saved.lists[draft.LIST].slice(FINDINGS.length).map(({ id }) => id);
  assert.deepEqual(added(draft.cleaned(own)), [used]);
  assert.equal(own.lists[draft.LIST].length, FINDINGS.length + 2, "the set in hand keeps it, for a step back");
  // One that was there to be chosen wrongly stays, and so does what a finding refers to.
  const opened = structuredClone(own);
  const spare = draft.statementsSpare(opened);
  assert.deepEqual(added(draft.cleaned(opened, spare)), [used, unused]);
  own.lists[draft.LIST].at(-2).in = unused;
  assert.deepEqual(added(draft.cleaned(own)), [used, unused]);
  assert.deepEqual(
    [...draft.statementsNamed(own)].map(({ id }) => id),
    [used],
  );
});

test("steps go back one by one, and cases move to where they are put", () => {
  const steps = new draft.Steps(3);
  for (let n = 0; n < 5; n++) steps.keep({ n });
  steps.keep({ n: 4 });
  assert.deepEqual([steps.back(), steps.back(), steps.back(), steps.back()], [{ n: 4 }, { n: 3 }, { n: 2 }, null]);
  const own = /** @type {any} */ ({ cases: [{ id: "a" }, { id: "b" }, { id: "c" }] });
  assert.ok(draft.moveCase(own, 0, 2) && !draft.moveCase(own, 0, -1) && !draft.moveCase(own, 2, 3));
  assert.deepEqual(
    own.cases.map(({ id }) => id),
    ["b", "c", "a"],
  );
});

/* ---- archives and code ---- */

test("archives are deflated, name their files in UTF-8, and are read by our reader and by unzip", async () => {
  const files = [
    { name: "records/ähnlich.dat", bytes: new Uint8Array(5000).fill(7) },
    { name: "a.bin", bytes: Uint8Array.from({ length: 300 }, (_, i) => (i * 7919) % 251) },
  ];
  const archive = await archiveOf(zipFiles("{}", files));
  const entries = await readZip(new Blob([archive]), "set.zip");
  assert.deepEqual(
    entries.map(({ path }) => path),
    ["cases.json", "a.bin", "records/ähnlich.dat"],
  );
  for (const { path, read: open } of entries) {
    const wanted = files.find(({ name }) => name === path)?.bytes ?? new TextEncoder().encode("{}");
    assert.deepEqual(new Uint8Array(await open()), wanted, path);
  }
  // Node 18 has no stream for it: there, they are stored.
  let streams = true;
  try {
    new CompressionStream("deflate-raw");
  } catch {
    streams = false;
  }
  if (streams) assert.ok(archive.length < 1500, `${archive.length} bytes`);
  const path = join(scratch, "set.zip");
  writeFileSync(path, archive);
  execFileSync("python3", ["-c", "import sys, zipfile; assert zipfile.ZipFile(sys.argv[1]).testzip() is None", path]);
  assert.deepEqual(
    ["b", "a", "ä", "a/b", "Z"]
      .map((name) => ({ name }))
      .sort(byName)
      .map(({ name }) => name),
    ["Z", "a", "a/b", "b", "ä"],
  );
});

test("embedding code quotes what the author wrote, and a page without its single file says what to do", async () => {
  const { frame, link } = embedCode({ address: 'https://x.org/a.html?b="1"&c', title: `Rhythm <"week" 3>` });
  assert.match(
    frame,
    /^<iframe src="https:\/\/x\.org\/a\.html\?b=&quot;1&quot;&amp;c" title="Rhythm &lt;&quot;week&quot; 3&gt;" [^<>]*><\/iframe>$/,
  );
  assert.match(link, /^<a href="[^"<>]*">Rhythm &lt;&quot;week&quot; 3&gt;<\/a>$/);
  const none = /** @type {any} */ ({ querySelector: () => null, querySelectorAll: () => [] });
  const fails = async () => {
    throw new Error("404.");
  };
  await assert.rejects(singlePage(none, fails), /ecg-xplaim\.html.*\(404\)\. Save.*xplaim cases pack/);
  assert.equal(await singlePage(none, async (name) => `page of ${name}`), "page of ecg-xplaim.html");
});

/* ---- the set that comes with the page ---- */

test("the shipped set has eight recordings of test folds, whole, under their licence", async () => {
  assert.equal(set.cases.length, 8);
  assert.equal(set.licence, "CC-BY-4.0");
  assert.match(set.about, /PTB-XL.*cardiologists/s);
  for (const one of set.cases) {
    assert.match(one.source.text, /PTB-XL 1\.0\.3, record \d+ .*annotation/);
    assert.equal(one.source.licence, "CC-BY-4.0");
    assert.equal(Object.keys(one.sha256).length, 2);
    for (const [name, hash] of Object.entries(one.sha256))
      assert.equal(
        createHash("sha256")
          .update(readFileSync(placeOf(name)))
          .digest("hex"),
        hash,
        name,
      );
  }
  const types = new Set(set.cases.flatMap(({ tasks }) => tasks.map(({ type }) => type)));
  assert.deepEqual([...types].sort(), ["choice", "findings", "mark", "measure", "text"]);
  const entries = await readZip(new Blob([shippedSet(join(ROOT, "web"))]), "first-eight.zip");
  assert.equal(entries.length, 17);
  assert.deepEqual(Buffer.from(await entries[0].read()), read("cases/cases.json"));
});

test("every letter of an explanation is a mark, and every mark is explained", () => {
  for (const one of set.cases) {
    assert.deepEqual(draft.lacksOf(one), [], one.id);
    assert.deepEqual([...new Set(draft.lettersIn(one.explain))].sort(), one.marks.map(({ id }) => id).sort(), one.id);
    if (one.like) assert.ok(set.cases.some(({ id }) => id === one.like));
  }
});

test("its answers and targets are what the tool measures on the recordings", () => {
  const names = { rate: "heart_rate", qt: "qt_interval", pr: "pr_interval", qrs: "qrs_duration" };
  let [answers, targets] = [0, 0];
  for (const one of set.cases) {
    const measured = nativeDocument("measure", recordOf(one));
    const near = (from, to) => measured.beats.filter(({ qrs }) => qrs.onset_s < to && qrs.offset_s > from);
    for (const task of one.tasks) {
      if (task.type === "measure") {
        const { value } = measured.measurements.find(({ name }) => name === names[task.quantity]);
        assert.ok(
          Math.abs(value - task.answer) <= task.tolerance / 4,
          `${one.id}: ${task.quantity} ${value}, answer ${task.answer}`,
        );
        answers++;
      }
      if (task.type === "mark")
        for (const { from, to } of task.targets) {
          assert.equal(near(from, to).length, 1, `${one.id}: one QRS complex in ${from}-${to}`);
          targets++;
        }
    }
    for (const { to } of one.marks) assert.ok(to <= measured.duration_s);
  }
  assert.ok(answers >= 4 && targets >= 20, `${answers} answers, ${targets} targets`);
  const extra = set.cases.find(({ id }) => id === "extra-1");
  const early = nativeDocument("measure", recordOf(extra)).beats.filter((beat) => beat.class === "V");
  const marked = extra.tasks.find(({ type }) => type === "mark");
  assert.equal(early.length, marked.need);
  for (const [i, { time_s: t }] of early.entries()) assert.ok(marked.targets[i].from < t && t < marked.targets[i].to);
});

test("the shipped network agrees with six keys and differs from two, which say so", () => {
  const documents = explainNatively(MODEL, set.cases.map(recordOf));
  const differing = [];
  for (const [i, one] of set.cases.entries()) {
    const labels = documents[i].labels.map((label) => ({ name: label.name, named: label.at_or_above_threshold }));
    const { missed, extra } = draft.differenceOf(set, one, labels);
    const differs = missed.length + extra.length > 0;
    assert.equal((one.tags ?? []).includes(draft.DIFFERS_TAG), differs, `${one.id}: misses ${missed}, adds ${extra}`);
    if (differs) differing.push({ missed, extra });
  }
  assert.deepEqual(differing, [
    { missed: [], extra: ["lmi"] },
    { missed: ["imi"], extra: [] },
  ]);
});

test(
  "its keys are the data set's own",
  { skip: existsSync(join(SHARED, "data/ptbxl-codes-folds1-9.csv.gz")) ? false : "no table of PTB-XL" },
  () => {
    const CODES = { afib: "AFIB", aflu: "AFLT", pvc: "PVC", lbbb: "CLBBB", avb1: "1AVB", imi: "IMI", norm: "NORM" };
    const table = gunzipSync(readFileSync(join(SHARED, "data/ptbxl-codes-folds1-9.csv.gz"))).toString();
    const rows = new Map(table.split("\n").map((line) => [Number.parseInt(line, 10), line]));
    let found = 0;
    for (const one of set.cases) {
      const row = rows.get(Number(/record (\d+)/.exec(one.source.text)[1]));
      if (!row) continue; // of fold 10, which that table leaves out
      found++;
      for (const id of one.tasks[0].must.map(draft.mustId))
        assert.ok(row.includes(CODES[id]), `${one.id}: ${id} in ${row}`);
    }
    assert.equal(found, 3);
  },
);

test("the core finds nothing wrong with it, and refuses it where a file is another", async () => {
  const text = read("cases/cases.json").toString();
  const files = set.cases.flatMap(({ sha256 }) =>
    Object.keys(sha256).map((name) => {
      const bytes = readFileSync(placeOf(name));
      return { name, size: bytes.length, sha256: core.sha256(bytes) };
    }),
  );
  const records = set.cases.map((one) => {
    const { leads, duration_s: seconds } = nativeDocument("measure", recordOf(one));
    return { name: one.record, seconds, leads: leads.map(({ lead }) => lead) };
  });
  const checked = /** @type {any} */ (core.check(text, { files, records }));
  assert.equal(checked.error, undefined, JSON.stringify(checked.error));
  assert.deepEqual(checked.warnings, []);
  assert.equal(checked.tasks, set.cases.flatMap(({ tasks }) => tasks).length);
  files[3].sha256 = files[3].sha256.replaceAll(/[0-9]/g, "0");
  const refused = /** @type {any} */ (core.check(text, { files, records }));
  assert.match(refused.error.text, new RegExp(files[3].name.replace(".", "\\.")));
});

test("xplaim finds nothing wrong with its archive, and nothing odd", () => {
  const path = join(scratch, "first-eight.zip");
  writeFileSync(path, shippedSet(join(ROOT, "web")));
  const { error, cases, warnings } = nativeDocument("cases", "check", path);
  assert.deepEqual([error, cases, warnings], [undefined, 8, []]);
});

test("stored archives are as they were", () => {
  const files = [{ name: "a.txt", bytes: new TextEncoder().encode("hello") }];
  const archive = Buffer.from(zipOf(files));
  assert.equal(archive.readUInt16LE(6), 0);
  assert.equal(archive.readUInt16LE(8), 0);
  assert.ok(archive.includes("hello"));
});

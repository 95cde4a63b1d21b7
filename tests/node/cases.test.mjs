// Case sets in the page: the module and the tool say the same, to the last byte.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { after, test } from "node:test";
import { CasesError, loadCasesCore } from "../../web/core/cases_core.js";
import { DEFAULT_SETTINGS } from "../../web/teach/cases_settings.js";
import { DIST, ROOT, scratch, XPLAIM } from "../support/native.mjs";
import { problems, schema } from "../support/schema.mjs";

const core = await loadCasesCore(readFileSync(join(DIST, "xplaim_cases.wasm")));
after(() => rmSync(scratch, { recursive: true }));
const table = JSON.parse(readFileSync(join(ROOT, "tests/data/teach/scoring.json"), "utf8"));

/** The table's rows of one certainty, a case each. @param {string} certainty */
function tableSet(certainty) {
  const rows = table.rows.filter((row) => (row.certainty ?? "no") === certainty);
  const cases = rows.map((row, i) => ({
    id: `row-${i}`,
    level: row.level ?? "intermediate",
    record: "none.hea",
    tasks: [{ id: "task", ...row.task }],
  }));
  const answered = rows.map(({ answer }, i) => ({
    case: `row-${i}`,
    answers: answer === null ? [] : [{ task: "task", ...answer }],
  }));
  return {
    rows,
    set: {
      format: "ecg-xplaim-cases",
      version: 1,
      id: "t",
      title: "T",
      settings: { certainty },
      lists: table.lists,
      cases,
    },
    answers: { format: "ecg-xplaim-answers", version: 1, set: "t", cases: answered },
  };
}

const SMALL = {
  format: "ecg-xplaim-cases",
  version: 1,
  id: "small",
  title: "Small & plain",
  settings: { pass: 60 },
  cases: [
    {
      id: "a",
      record: "records/a.csv",
      mine: [1],
      tasks: [{ id: "m", type: "measure", quantity: "qt", answer: 400, lead: "lead ii" }],
    },
  ],
};

/** A folder with files, for the tool. @param {Record<string, string | Uint8Array>} files */
function folderOf(files) {
  const folder = mkdtempSync(join(scratch, "cases-"));
  for (const [name, data] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), data);
  }
  return folder;
}

for (const certainty of ["no", "ask", "marks"])
  test(`answers are worth here what the tool says, and the table (certainty: ${certainty})`, () => {
    const { rows, set, answers } = tableSet(certainty);
    const folder = folderOf({ "cases.json": JSON.stringify(set), "answers.json": JSON.stringify(answers) });
    const told = execFileSync(XPLAIM, ["cases", "score", folder, join(folder, "answers.json"), "--json"]);
    const results = core.score(JSON.stringify(set), /** @type {any} */ (answers));
    assert.deepEqual(results, JSON.parse(told.toString()));
    assert.deepEqual(problems(results, schema("answers")), []);
    assert.ok(rows.length > 0);
    rows.forEach(({ name, points }, i) =>
      assert.ok(
        Math.abs(results.cases[i].tasks[0].points - points) < 1e-9,
        `${name}: ${results.cases[i].tasks[0].points}`,
      ),
    );
  });

test("what is played is what was checked, with everything filled in", () => {
  const facts = {
    files: [{ name: "records/a.csv", size: 9 }],
    records: [{ name: "records/a.csv", seconds: 10, leads: ["I", "III"] }],
  };
  const checked = core.check(JSON.stringify(SMALL), facts);
  if ("error" in checked) throw new Error(checked.error.text);
  const { set, text, warnings, tasks, maxPoints } = checked;
  assert.deepEqual(set, JSON.parse(text));
  assert.deepEqual([tasks, maxPoints], [1, 1]);
  assert.deepEqual(
    warnings.map(({ field }) => field),
    ["mine"],
  );
  assert.deepEqual(set.settings, { ...DEFAULT_SETTINGS, pass: 60 });
  const [played] = set.cases;
  assert.deepEqual([played.mine, played.level], [[1], "beginner"]);
  assert.deepEqual(
    [played.tasks[0]].map((/** @type {any} */ { lead, tolerance, unit, points }) => [lead, tolerance, unit, points]),
    [["II", 40, "ms", 1]],
  );
  const advanced = core.check(JSON.stringify({ ...SMALL, settings: { level: "advanced" } }));
  assert.ok("set" in advanced);
  assert.deepEqual(advanced.set.settings, { ...DEFAULT_SETTINGS, level: "advanced", order: "mixed" });
  const again = core.check(text, facts);
  assert.deepEqual("set" in again && again.set, set);
});

test("a fault is the tool's, word for word", () => {
  const broken = structuredClone(SMALL);
  broken.cases[0].tasks[0].lead = "V0";
  const text = JSON.stringify(broken, null, 2);
  const checked = core.check(text);
  const folder = folderOf({ "cases.json": text });
  const { stdout, status } = spawnSync(XPLAIM, ["cases", "check", folder, "--json"]);
  assert.equal(status, 1);
  assert.ok("error" in checked);
  assert.deepEqual(checked.error, JSON.parse(stdout.toString()).error);
  assert.match(text.split("\n")[checked.error.line - 1], /"lead": "V0"/);
  assert.throws(() => core.score(text, "{}"), CasesError);
  const outside = core.check(JSON.stringify(SMALL), { files: [], records: [] });
  assert.ok("error" in outside && /missing from the set/.test(outside.error.text));
  const leads = core.check(JSON.stringify(SMALL), {
    files: [{ name: "records/a.csv", size: 9 }],
    records: [{ name: "records/a.csv", seconds: 10, leads: ["V1"] }],
  });
  assert.ok("error" in leads && leads.error.field === "tasks[0].lead");
});

test("packages are the tool's to the last byte", () => {
  const element = (/** @type {string} */ name) =>
    `<script type="text/plain" data-inside="${name}" data-bytes="1">AAAA</script>\n`;
  const page = `<title>x</title><ecg-xplaim>\n${element("page.html")}${element("model.safetensors")}<script>go</script>\n</body>`;
  const seconds = ["I,II", ...Array.from({ length: 600 }, (_, i) => `${Math.sin(i / 9)},${Math.cos(i / 9)}`)].join(
    "\n",
  );
  const csv = Buffer.from(
    `time (s),I (mV),II (mV)\n${seconds
      .split("\n")
      .slice(1)
      .map((line, i) => `${i / 100},${line}`)
      .join("\n")}\n`,
  );
  const text = JSON.stringify(SMALL);
  const folder = folderOf({ "set/cases.json": text, "set/records/a.csv": csv, "page.html": page });
  const pack = (/** @type {string} */ out, /** @type {string[]} */ ...more) => {
    execFileSync(XPLAIM, [
      "cases",
      "pack",
      join(folder, "set"),
      "-o",
      join(folder, out),
      "--page",
      join(folder, "page.html"),
      ...more,
    ]);
    return readFileSync(join(folder, out));
  };
  const files = [{ name: "records/a.csv", bytes: new Uint8Array(csv) }];
  assert.equal(core.bundle(page, text, files), pack("a.html", "--html").toString());
  assert.equal(
    core.bundle(page, text, files, { network: true }),
    pack("b.html", "--html", "--with-network").toString(),
  );
  const packed = /data-inside="cases\/records\/a.csv" data-bytes="\d+">([^<]*)</.exec(core.bundle(page, text, files));
  assert.deepEqual(gunzipSync(Buffer.from(packed?.[1] ?? "", "base64")), csv);
  const scorm = pack("c.zip", "--scorm12");
  const manifest = core.manifest(text);
  assert.match(manifest, /<adlcp:masteryscore>60</);
  execFileSync("python3", [
    "-c",
    "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])",
    join(folder, "c.zip"),
    join(folder, "c"),
  ]);
  assert.ok(scorm.length > 0);
  assert.equal(readFileSync(join(folder, "c/imsmanifest.xml"), "utf8"), manifest);
  assert.equal(readFileSync(join(folder, "c/index.html"), "utf8"), core.bundle(page, text, files));
});

test("a digest needs no browser", () => {
  assert.equal(
    core.sha256(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("memory stays where it was", () => {
  const { set, answers } = tableSet("no");
  const once = () => core.score(JSON.stringify(set), /** @type {any} */ (answers));
  for (let i = 0; i < 5; i++) once();
  const before = core.memoryBytes;
  for (let i = 0; i < 20; i++) once();
  assert.equal(core.memoryBytes, before);
});

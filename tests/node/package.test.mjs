// The npm module in Node: the tool's JSON, its types, its parts; and the sizes of what is fetched.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { sameNumbers } from "../support/agree.mjs";
import { DIST, explainNatively, recordFiles, ROOT, scratch } from "../support/native.mjs";
import { comparable, packageFolder, sameReport } from "../support/package.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const model = join(DIST, "model.safetensors");

after(() => rmSync(scratch, { recursive: true, force: true }));

test("the npm module gives the tool's JSON in Node", async () => {
  const [native] = explainNatively(model, [sample]);
  const { analyse, open } = await import(pathToFileURL(join(packageFolder(), "index.js")).href);
  const record = Object.fromEntries(recordFiles(sample).files.map(({ name, path }) => [name, readFileSync(path)]));
  sameReport(comparable(await analyse(record)), comparable(native));
  const own = await open();
  const short = await own.analyse(record, readFileSync(model), { values: false });
  assert.deepEqual(short.map.windows[0].labels[0].values, []);
  sameNumbers(short.labels, native);
  await assert.rejects(own.analyse({ "notes.txt": new Uint8Array(3) }), { code: "USAGE" });
  await assert.rejects(own.analyse({ "00219_hr.hea": record["00219_hr.hea"] }), /00219_hr\.dat/);
});

test("the npm module describes itself", () => {
  const folder = packageFolder();
  const described = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  assert.match(described.version, /^\d+\.\d+\.\d+$/);
  for (const name of ["index.js", "index.d.ts", "README.md", "LICENSE", "xplaim-scalar.wasm"])
    assert.ok(readdirSync(folder).includes(name), name);
  assert.equal(described.dependencies, undefined);
});

test("the npm module's types are those of its functions", () => {
  packageFolder();
  const use = join(scratch, "use.mts");
  writeFileSync(
    use,
    `import { analyse, CoreError, defaultModel, open, type Explanation } from "ecg-xplaim";
     const told: Explanation = await analyse({ "a.hea": new Uint8Array(1) }, await defaultModel(), { values: false });
     const start: number = told.map.windows[0].labels[0].strongest[0].start_s + (told.labels[0].probability ?? 0);
     try { (await open()).about().kernels.length + start; } catch (error) { if (error instanceof CoreError) error.code.length; }
     // @ts-expect-error: a record is files, not a path
     await analyse("00219_hr");`,
  );
  const compiler = join(ROOT, "tests/node_modules/typescript/bin/tsc");
  const options = [
    "--noEmit",
    "--strict",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--typeRoots",
    join(scratch, "none"),
    use,
  ];
  execFileSync(process.execPath, [compiler, ...options], { stdio: "pipe", encoding: "utf8" });
});

test("each WebAssembly module is at most 150 kB gzipped, what reads files 240", (t) => {
  for (const name of readdirSync(DIST).filter((file) => file.endsWith(".wasm"))) {
    const bytes = gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length;
    t.diagnostic(`${name}: ${bytes} bytes gzipped`);
    // What reads, writes and measures files of fourteen formats is fetched behind the others.
    assert.ok(bytes <= (name === "readers.wasm" ? 240000 : 150000), `${name}: ${bytes} bytes`);
  }
});

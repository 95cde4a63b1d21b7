// Archives as programs write them, some two hundred: each opens with the right records, or is refused with a sentence
// that is about it.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { findRecords, readGroup } from "../../web/files/files.js";
import { startReaders } from "../../web/core/readers.js";
import { bytesOf, DIST, ROOT, scratch, SHARED } from "../support/native.mjs";
import "../support/inflate_raw.mjs";

after(() => rmSync(scratch, { recursive: true, force: true }));

const readers = await startReaders(bytesOf(join(DIST, "readers.wasm")));
const open = (/** @type {string} */ path) =>
  findRecords(
    /** @type {any} */ ([new File([readFileSync(path)], /** @type {string} */ (path.split("/").pop()))]),
    (files) => readers.list(files),
  );

/** What is told of the archive, or of a record in it that does not open.
 * @param {import("../../web/files/files.js").Found} found */
async function told({ groups, refusals }) {
  const lines = refusals.map(({ name, problem }) => `${name}: ${problem}`);
  for (const group of groups.slice(0, 3))
    try {
      await readers.read(group.name, /** @type {any} */ (handed(await readGroup(group))), () => 0);
    } catch (error) {
      lines.push(/** @type {Error} */ (error).message);
    }
  return lines.join("\n");
}

/** @param {{name: string, bytes: ArrayBuffer}[]} files */
const handed = (files) => files.map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) }));

const folder = join(scratch, "archives");
execFileSync("python3", [join(ROOT, "tests/support/archives.py"), folder]);
/** @type {{file: string, records?: string[], refused?: string}[]} */
const archives = JSON.parse(readFileSync(join(folder, "archives.json"), "utf8"));

test("there are many of them", () => assert.ok(archives.length >= 200, `${archives.length}`));

test("archives that are whole open with their records", async () => {
  for (const { file, records } of archives.filter((each) => each.records)) {
    const found = await open(join(folder, file));
    assert.deepEqual(found.refusals, [], file);
    assert.deepEqual(found.groups.map(({ name }) => name).sort(), records?.slice().sort(), file);
    assert.equal(await told(found), "", file);
    for (const { files } of found.groups.slice(0, 3)) assert.equal(files.length, 2, file);
  }
});

test("those that are not are refused in words about them", async () => {
  for (const { file, refused = "" } of archives.filter((each) => each.refused)) {
    const said = await told(await open(join(folder, file)));
    assert.ok(said.includes(refused), `${file}: "${said}" does not say "${refused}"`);
    assert.doesNotMatch(said, /undefined|NaN|8590|Invalid|RangeError/, file);
  }
});

test(
  "archives of the 64-bit kind from the field open",
  { skip: !existsSync(join(SHARED, "fixtures/field")) },
  async () => {
    for (const file of ["zip64_all.zip", "zip64_central_only.zip"]) {
      const found = await open(join(SHARED, "fixtures/field/04_zip64_small", file));
      assert.deepEqual(found.refusals, [], file);
      assert.ok(found.groups.length > 0, file);
      assert.equal(await told(found), "", file);
    }
  },
);

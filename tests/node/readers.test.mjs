// Files of every format that is read: the page's module makes of them the record that the native tool
// makes, to the last bit, and says the same where it makes none.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { WRITERS } from "../../web/core/core_constants.js";
import { CoreError } from "../../web/core/core.js";
import { startReaders } from "../../web/core/readers.js";
import { readZip } from "../../web/files/zip.js";
import { zipOf } from "../../web/files/zip_write.js";
import { bytesOf, DIST, ROOT, scratch, SHARED, XPLAIM } from "../support/native.mjs";

const FOLDERS = ["formats", "pdf", "dicom", "muse_xml"]
  .map((name) => join(SHARED, "fixtures", name))
  .filter((folder) => existsSync(folder));
const readers = await startReaders(bytesOf(join(DIST, "readers.wasm")));

after(() => rmSync(scratch, { recursive: true, force: true }));

/** @param {string} folder @returns {string[]} */
const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });

const handed = (/** @type {string} */ path) => ({ name: basename(path), bytes: new Uint8Array(bytesOf(path)) });

/** As the native program has it. */
async function block(/** @type {string} */ name, /** @type {{name: string, bytes: Uint8Array}[]} */ files) {
  try {
    return await readers.read(name, files, (bytes) => createHash("sha256").update(bytes).digest("hex"));
  } catch (error) {
    if (error instanceof CoreError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const native = (/** @type {string[]} */ paths) =>
  execFileSync(join(ROOT, "build/native/tests/record_block"), paths, { encoding: "utf8" }).trim().split("\n");

/** Messages name a file with its folder where it came from one. @param {string} text @param {string} path */
const plain = (text, path) => text.replaceAll(`${dirname(path)}/`, "");

test("the samples are the same bits here and there", async () => {
  const folder = join(ROOT, "web/samples");
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith(".hea"))
    .map((name) => join(folder, name.slice(0, -4)));
  const wanted = native(paths);
  for (const [i, path] of paths.entries())
    assert.equal(await block(basename(path), [handed(`${path}.hea`), handed(`${path}.dat`)]), wanted[i], path);
});

test(
  "files of all formats are the same bits here and there",
  { skip: FOLDERS.length ? false : "no fixtures here" },
  async (t) => {
    const paths = FOLDERS.flatMap(filesBelow).filter((path) => !/\/golden\/|\.(md|json)$/.test(path));
    const wanted = native(paths);
    let read = 0;
    for (const [i, path] of paths.entries()) {
      const mine = await block(basename(path), [handed(path)]);
      assert.equal(plain(mine, path), plain(wanted[i], path), path);
      read += /^[0-9a-f]{64}$/.test(mine) ? 1 : 0;
    }
    t.diagnostic(`${read} of ${paths.length} files are records`);
    assert.ok(read > paths.length / 2);
  },
);

const sample = join(ROOT, "web/samples/00219_hr");

for (const { name: to, title } of WRITERS)
  test(`a recording saved as ${title} is the file that the tool writes`, async () => {
    const { files } = await readers.write("00219_hr", [handed(`${sample}.hea`), handed(`${sample}.dat`)], {
      to,
      as: "00219_hr",
    });
    const folder = join(scratch, to);
    mkdirSync(folder);
    execFileSync(XPLAIM, ["convert", sample, "--to", to, "-o", folder], { stdio: "ignore" });
    assert.deepEqual(files.map(({ name }) => name).sort(), readdirSync(folder).sort());
    for (const { name, bytes } of files) assert.ok(readFileSync(join(folder, name)).equals(bytes), name);
  });

test("who it is of is in no file that is saved", async () => {
  const header = Buffer.concat([
    readFileSync(`${sample}.hea`),
    Buffer.from("# Name: DOE^JANE\n# Dx: DOE^JANE was here\n"),
  ]);
  const files = [
    {
      name: "DOE_JANE.hea",
      bytes: new Uint8Array(Buffer.from(header.toString("latin1").replace("00219_hr 12", "DOE_JANE 12"))),
    },
    handed(`${sample}.dat`),
  ];
  for (const { name: to } of WRITERS)
    for (const { bytes } of (await readers.write("DOE_JANE", files, { to, as: "recording" })).files)
      assert.ok(!/DOE|JANE/.test(Buffer.from(bytes).toString("latin1")), to);
  const asked = await readers.write("DOE_JANE", files, { to: "wfdb", as: "recording", identity: true });
  assert.match(Buffer.from(asked.files[0].bytes).toString(), /# Name: DOE\^JANE/);
});

test("a format that is not written, a recording that is not there", async () => {
  await assert.rejects(readers.write("a", [], { to: "gif", as: "a" }), { code: "USAGE" });
  await assert.rejects(readers.write("a", [], { to: "edf", as: "a" }), { code: "NOT_FOUND" });
});

test("several files become an archive that can be opened", async () => {
  const files = [
    { name: "a.hea", bytes: new TextEncoder().encode("a 1 500\n") },
    { name: "a.dat", bytes: new Uint8Array(70000).fill(7) },
  ];
  const entries = await readZip(new Blob([/** @type {BlobPart} */ (zipOf(files))]), "a.zip");
  assert.deepEqual(
    entries.map(({ path }) => path),
    ["a.hea", "a.dat"],
  );
  for (const [i, { read }] of entries.entries()) assert.deepEqual(new Uint8Array(await read()), files[i].bytes);
});

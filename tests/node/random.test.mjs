// Archives that were damaged at random, and folders of random files: whatever is in them, the page gets
// records, refusals with a reason, or an error with a sentence; no more bytes than were announced; and
// never bytes that differ from what the archive's own checksum says. The seed is printed; XP_SEED sets
// another, XP_ROUNDS another length.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { join } from "node:path";
import { test } from "node:test";
import { findRecords, readGroup } from "../../web/files/files.js";
import { startReaders } from "../../web/core/readers.js";
import { readZip } from "../../web/files/zip.js";
import { bytesOf, DIST } from "../support/native.mjs";
import "../support/inflate_raw.mjs";
import { zip } from "../support/zip.mjs";

const SEED = Number(process.env.XP_SEED ?? 20251129);
const ROUNDS = Number(process.env.XP_ROUNDS ?? 1500);

/** Numbers from 0 to 1, the same for a seed everywhere: Mulberry32 (Tommy Ettinger, public domain). */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What the tests choose by: a whole number below n, one of a list, and whether something with a chance. */
function chooser(seed) {
  const random = randomOf(seed);
  const below = (n) => Math.floor(random() * n);
  return { below, of: (list) => list[below(list.length)], chance: (p) => random() < p };
}

const HEADER = "a 2 500 4\na.dat 16 1000/mV 16 0 0 0 0 I\na.dat 16 1000/mV 16 0 0 0 0 II\n";
const NAMES = [
  "a.hea",
  "a.dat",
  "b/a.hea",
  "b/a.dat",
  "A.DAT",
  "notes.txt",
  "x.safetensors",
  "__MACOSX/a.hea",
  "inner.zip",
  "é.hea",
];

/** Some files for an archive, each kept or packed, some with a descriptor. */
function someFiles({ below, of, chance }, depth = 0) {
  return Array.from({ length: below(5) }, () => {
    const name = of(NAMES);
    const bytes =
      name.endsWith(".zip") && depth < 2
        ? zip(someFiles({ below, of, chance }, depth + 1))
        : name.endsWith(".hea")
          ? Buffer.from(HEADER)
          : Buffer.alloc(below(3000), below(256));
    return { name, bytes, stored: chance(0.4), descriptor: chance(0.3) };
  });
}

const NUMBERS = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff];

/** One of the ways in which files arrive broken. @param {Buffer} bytes */
function damaged(bytes, { below, of, chance }) {
  const out = Buffer.from(bytes);
  const at = below(out.length);
  const kind = below(6);
  if (kind === 0) return out.subarray(0, at); // the end is missing
  if (kind === 1) return out.subarray(at); // the beginning is
  if (kind === 2) return Buffer.concat([out.subarray(0, at), out.subarray(below(at + 1))]); // a piece is there twice
  if (kind === 3 && out.length >= 4) out.writeUInt32LE(of(NUMBERS), below(out.length - 3));
  else if (kind === 4 && out.length >= 2) out.writeUInt16LE(of(NUMBERS) & 0xffff, below(out.length - 1));
  else for (let i = 0; i <= below(8); i++) out[below(out.length)] ^= 1 << below(8);
  return chance(0.3) ? damaged(out, { below, of, chance }) : out;
}

const isSentence = (error, what) => assert.ok(error instanceof Error && error.message.length > 20, `${what}: ${error}`);

/** @param {Buffer} bytes  of an archive @param {Buffer[]} contents  of the files it was made of */
async function checkEntries(bytes, contents, what) {
  let entries;
  try {
    entries = await readZip(new Blob([bytes]), "some.zip");
  } catch (error) {
    return isSentence(error, what);
  }
  for (const { path, size, read } of entries) {
    assert.ok(path && !path.startsWith("/") && !path.split("/").includes(".."), `${what}: ${path}`);
    try {
      const got = Buffer.from(await read());
      assert.equal(got.length, size, what);
      assert.ok(
        contents.some((content) => content.equals(got)),
        `${what}: ${path} is nothing that was put in`,
      );
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      isSentence(error, what);
    }
  }
}

test("damaged archives give what they announce, or a reason", async () => {
  console.log(`seed ${SEED}, ${ROUNDS} archives`);
  for (let round = 0; round < ROUNDS; round++) {
    const choose = chooser(SEED + round);
    const files = someFiles(choose);
    await checkEntries(
      damaged(zip(files), choose),
      files.map(({ bytes }) => bytes),
      `seed ${SEED + round}`,
    );
  }
});

test("a whole archive gives its files back, whatever they are", async () => {
  for (let round = 0; round < ROUNDS / 10; round++) {
    const choose = chooser(SEED + round);
    const files = NAMES.slice(0, 1 + choose.below(6)).map((name) => ({
      name,
      bytes: Buffer.from(Array.from({ length: choose.below(500) }, () => choose.below(256))),
      stored: choose.chance(0.5),
      descriptor: choose.chance(0.5),
    }));
    const entries = await readZip(new Blob([zip(files)]), "some.zip");
    assert.deepEqual(
      entries.map(({ path }) => path),
      files.map(({ name }) => name),
    );
    for (const [i, { read }] of entries.entries())
      assert.ok(Buffer.from(await read()).equals(files[i].bytes), `seed ${SEED + round}`);
  }
});

/** What says which records there are, as the page's worker has it. */
const readers = await startReaders(bytesOf(join(DIST, "readers.wasm")));
const list = (files) => readers.list(files);

/** Files as a person might drop them: records, pieces of records, archives, other things. Node's File is no DOM File. @returns {any[]} */
function someDrop(choose) {
  return Array.from({ length: 1 + choose.below(6) }, () => {
    const name = choose.of(NAMES);
    const folder = choose.of(["", "one/", "two/deep/"]);
    const bytes = name.endsWith(".zip")
      ? damaged(zip(someFiles(choose)), choose)
      : name.endsWith(".hea")
        ? damaged(Buffer.from(HEADER), choose)
        : Buffer.alloc(choose.below(200), choose.below(256));
    const made = new File([bytes], name.split("/").pop());
    return folder ? Object.assign(made, { folderPath: folder + name }) : made;
  });
}

test("of any drop there are records, models and reasons, and each record can be read", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const what = `seed ${SEED + round}`;
    const { groups, refusals, models } = await findRecords(someDrop(chooser(SEED + round)), list);
    assert.ok(groups.length + refusals.length + models.length > 0, `${what}: nothing is said`);
    for (const { problem } of refusals) assert.ok(problem.length > 10, `${what}: ${problem}`);
    for (const group of groups) {
      assert.ok(group.files.length > 0, what);
      const names = await readGroup(group).then(
        (files) => files.map((f) => f.name),
        (error) => isSentence(error, what),
      );
      if (names) assert.equal(new Set(names).size, names.length, `${what}: ${names}`);
    }
  }
});

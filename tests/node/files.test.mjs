// What becomes of chosen files before any is analysed: records found in folders and archives, zip
// entries checked, other files explained. And the npm module's calls in their order.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { buildPackage } from "../../scripts/build-package.mjs";
import { serve } from "../../scripts/serve.mjs";
import { fetchBytes } from "../../web/files/assets.js";
import { droppedFiles, findRecords as findWith, readGroup } from "../../web/files/files.js";
import { startReaders } from "../../web/core/readers.js";
import { readZip } from "../../web/files/zip.js";
import { bytesOf, DIST, recordFiles, ROOT, scratch, untrainedModel, XPLAIM } from "../support/native.mjs";
import "../support/inflate_raw.mjs";
import { zip } from "../support/zip.mjs";

after(() => rmSync(scratch, { recursive: true, force: true }));

/** What says which records there are, as the page's worker has it. */
const readers = await startReaders(bytesOf(join(DIST, "readers.wasm")));
const list = (files) => readers.list(files);
const findRecords = (files) => findWith(files, list);

/** A file as a browser hands it over, in a folder or not. @param {string} path @param {any} [text] @returns {any} */
function file(path, text = "x") {
  const made = new File([text], path.split("/").pop());
  return path.includes("/") ? Object.assign(made, { folderPath: path }) : made;
}

const header = (name, signal = `${name}.dat`) => `${name} 1 500 1\n${signal} 16 1000/mV 16 0 0 0 0 I\n`;
/** A record's two files, its signal file holding a text to tell it by. */
const record = (name, text, path = "") => [file(`${path}${name}.hea`, header(name)), file(`${path}${name}.dat`, text)];
const packed = (name, ...files) =>
  file(name, zip(files.map(([path, text]) => ({ name: path, bytes: Buffer.from(text) }))));
const zippedRecord = (text, path = "a") => [
  [`${path}.hea`, header(path.split("/").pop())],
  [`${path}.dat`, text],
];

/** The text in a group's file. */
async function content(group, name) {
  const files = await readGroup(group);
  return Buffer.from(files.find((f) => f.name === name).bytes).toString();
}

const contents = (groups, name) => Promise.all(groups.map((group) => content(group, name)));
const problems = ({ refusals }) => refusals.map(({ name, problem }) => `${name}: ${problem}`);

/* ---- headers that were written elsewhere ---- */

/** What opening a group says: "" where it opens. */
async function opened(group) {
  const files = (await readGroup(group)).map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) }));
  return readers.read(group.name, files, () => "").catch((error) => error.message);
}

/** As macOS writes names. @param {string} text */
const decomposed = (text) => text.normalize("NFD");

test("a file that is not at the path its header names is looked for beside the header", async () => {
  const samples = Buffer.from([1, 0, 2, 0]);
  const line = (path) => `${path} 16 1000(0)/mV 16 0 1 3 0 I`;
  const cases = {
    "far/a": [
      ["a.hea", `far/a 1 500 2\n${line("far/a.dat")}\n`],
      ["a.dat", samples],
    ],
    windows: [
      ["a.hea", `C:\\x\\a 1 500 2\r\n${line("C:\\x\\a.dat")}\r\n`],
      ["a.dat", samples],
    ],
    "a name of digits": [
      ["12.hea", `9/12 1 500 2\n${line("9/12.dat")}\n`],
      ["12.dat", samples],
    ],
    "its path": [
      ["a.hea", `a 1 500 2\n${line("d/a.dat")}\n`],
      ["d/a.dat", samples],
      ["a.dat", Buffer.from([9, 9])],
    ],
    "marked letters decomposed in the header": [
      ["größe.hea", `${decomposed("größe")} 1 500 2\n${line(decomposed("größe.dat"))}\n# Größe`],
      ["größe.dat", samples],
    ],
    "marked letters decomposed everywhere": [
      [decomposed("ガ.hea"), `${decomposed("ガ")} 1 500 2\r\n${line(decomposed("ガ.dat"))}\r\n`],
      [decomposed("ガ.dat"), samples],
    ],
    "lone carriage returns": [
      ["a.hea", `a 1 500 2\r${line("a.dat")}\r# a comment\r`],
      ["a.dat", samples],
    ],
  };
  for (const [what, list] of Object.entries(cases))
    for (const files of [list.map(([path, text]) => file(`top/${path}`, text)), [packed("r.zip", ...list)]]) {
      const { groups } = await findRecords(files);
      assert.equal(groups.length, 1, what);
      assert.equal(groups[0].files.length, 2, what);
      assert.equal(await opened(groups[0]), "", what);
    }
});

test("a line break that is lost is told where it is", async () => {
  const { groups } = await findRecords([
    file("a.hea", "a 2 500 1 a.dat 16 1000/mV 16 0 0 0 0 I\n"),
    file("a.dat", "x"),
  ]);
  assert.match(await opened(groups[0]), /a\.hea line 1: a line break is lost before or in "a\.dat"/);
});

/* ---- records of one name ---- */

test("archives of one name, from different folders, are different places", async () => {
  const found = await findRecords([
    packed("x/records.zip", ...zippedRecord("one")),
    packed("y/records.zip", ...zippedRecord("two")),
    packed("records.zip", ...zippedRecord("three")),
    packed("records.zip", ...zippedRecord("four")),
  ]);
  assert.deepEqual((await contents(found.groups, "a.dat")).sort(), ["four", "one", "three", "two"]);
  assert.deepEqual(found.refusals, []);
});

test("files of one name that nothing tells apart are refused, and no others", async () => {
  const found = await findRecords([...record("a", "one"), ...record("b", "other"), ...record("a", "two")]);
  assert.deepEqual(
    found.groups.map(({ name }) => name),
    ["b"],
  );
  assert.equal(found.refusals.length, 1);
  assert.match(problems(found)[0], /^a: a\.hea is there twice.* Drop the folders/);
  const signals = await findRecords([...record("a", "one"), file("a.dat", "two"), file("a.dat", "three")]);
  assert.match(problems(signals)[0], /^a: a\.dat is there 3 times/);
});

test("dropped folders of one name, from different places, are different places", async () => {
  const entryOf = (made) => ({ isFile: true, name: made.name, file: (ok) => ok(made) });
  const folderOf = (name, files) => ({
    isDirectory: true,
    name,
    createReader: () => {
      const parts = [files.map(entryOf), []];
      return { readEntries: (ok) => ok(parts.shift()) };
    },
  });
  const entries = [
    folderOf("rec", record("a", "one")),
    folderOf("rec", record("a", "two")),
    ...record("a", "loose").map(entryOf),
  ];
  const transfer = /** @type {any} */ ({
    items: entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry })),
    files: [],
  });
  const found = await findRecords(await droppedFiles(transfer));
  assert.deepEqual(await contents(found.groups, "a.dat"), ["loose", "one", "two"]);
});

/* ---- what systems add ---- */

test("what macOS and Windows leave beside files is passed over", async () => {
  const junk = [
    "__MACOSX/._a.hea",
    "__MACOSX/d/._a.dat",
    "._a.hea",
    ".DS_Store",
    "d/Thumbs.db",
    "desktop.ini",
    ".x/a.hea",
  ];
  const inside = packed("r.zip", ...zippedRecord("one"), ...junk.map((path) => [path, "x"]));
  const found = await findRecords([inside, ...junk.map((path) => file(path)), ...record("b", "two", "d/")]);
  assert.deepEqual(
    found.groups.map(({ name }) => name),
    ["b", "a"],
  );
  assert.deepEqual(found.refusals, []);
  const only = await findRecords([file("._a.hea")]);
  assert.match(problems(only)[0], /There is no record in it/);
});

test("an archive in an archive is opened, and one deeper is not", async () => {
  const inner = zip(zippedRecord("deep").map(([name, text]) => ({ name, bytes: Buffer.from(text) })));
  const middle = zip([{ name: "inner.zip", bytes: inner }]);
  const found = await findRecords([file("outer.zip", middle)]);
  assert.deepEqual(await contents(found.groups, "a.dat"), ["deep"]);
  assert.deepEqual(found.refusals, []);
  const deeper = await findRecords([file("out.zip", zip([{ name: "outer.zip", bytes: middle }]))]);
  assert.equal(deeper.refusals.length, 1);
  assert.match(problems(deeper)[0], /^inner\.zip: It lies in an archive that lies in another one/);
});

test("records come folder by folder, 2 before 10", async () => {
  const files = ["d/r10", "r2", "d/r9", "r10", "d10/r1", "d2/r1"].flatMap((path) => {
    const name = path.split("/").pop();
    return record(name, path, path.slice(0, -name.length));
  });
  const { groups } = await findRecords(files);
  const found = await Promise.all(groups.map((group) => content(group, `${group.name}.dat`)));
  assert.deepEqual(found, ["r2", "r10", "d/r9", "d/r10", "d2/r1", "d10/r1"]);
});

/* ---- what goes with a record, and what is said of the rest ---- */

test("only what a header names goes with it", async () => {
  const heavy = Object.defineProperty(file("a.mp4"), "size", { value: 1e9 });
  const found = await findRecords([...record("a", "one"), heavy, file("a.png"), file("a.atr"), file("b.png")]);
  const [group] = found.groups;
  assert.deepEqual((await readGroup(group)).map(({ name }) => name).sort(), ["a.dat", "a.hea"]);
  assert.equal(group.type, "WFDB .dat");
  assert.deepEqual(
    found.refusals.map(({ name }) => name),
    ["b.png"],
  );
});

test("one segment is a segment, and a pause is no file", async () => {
  const parts = [file("w.hea", "w/2 1 500 2\n~ 1\np0 1\n"), ...record("p0", "x")];
  const { groups } = await findRecords(parts);
  assert.equal(groups[0].type, "WFDB 1 segment");
  assert.deepEqual(
    groups[0].files.map(({ name }) => name),
    ["w.hea", "p0.hea", "p0.dat"],
  );
  const layout = await findRecords([file("l.hea", "l 1 500 0\n~ 0 200 16 0 0 0 0 I\n")]);
  assert.deepEqual(
    layout.groups[0].files.map(({ name }) => name),
    ["l.hea"],
  );
});

test("five hundred records, and what lies among them, are known after three questions", async () => {
  const names = Array.from({ length: 500 }, (_, i) => `r${i}`);
  const letter = packed(
    "more.zip",
    ...names.slice(0, 50).map((name) => [`gif/${name}`, "GIF89a"]),
    ...zippedRecord("z"),
  );
  let asked = 0;
  const found = await findWith(
    [...names.flatMap((name) => record(name, name)), letter],
    (files) => (asked++, list(files)),
  );
  assert.equal(asked, 3);
  assert.equal(found.groups.length, 501);
  assert.equal(found.refusals.length, 50, "recognised without an ending");
  assert.equal(
    await content(
      found.groups.find(({ name }) => name === "r10"),
      "r10.dat",
    ),
    "r10",
  );
});

test("content counts for more than an ending, in a zip too", async () => {
  const picture = `GIF89a${" ".repeat(5000)}`;
  for (const made of [file("study.mwf", picture), packed("r.zip", ["study.mwf", picture])]) {
    const { refusals } = await findRecords([made]);
    const { problem } = refusals.find(({ name }) => name === "study.mwf");
    assert.match(problem, /^This is a picture: a picture has no samples/);
  }
});

test("known kinds are named, with what to do", async () => {
  const kinds = {
    mwf: "MFER",
    gdf: "GDF",
    xml: "XML",
    docx: "document",
    heic: "picture",
    jpeg: "picture",
    mp4: "video",
    rar: "archive",
    onnx: "network",
    atr: "annotations",
  };
  for (const [kind, type] of Object.entries(kinds)) {
    const { refusals } = await findRecords([file(`study.${kind}`)]);
    assert.equal(refusals.length, 1, kind);
    assert.ok(refusals[0].type.includes(type), `${kind}: ${refusals[0].type}`);
    assert.match(refusals[0].problem, /^This is an? [^.]+: .*[.]$/, kind);
  }
  const unknown = await findRecords([file("study.xyz")]);
  assert.equal(unknown.refusals[0].type, ".xyz, not known");
  assert.match(unknown.refusals[0].problem, /\.hea/);
});

/* ---- zip ---- */

const text = Buffer.from("twelve leads ".repeat(20));
const open = async (bytes, name = "r.zip") => readZip(new Blob([bytes]), name);
const readOne = async (bytes) => (await open(bytes))[0].read();
const one = (options = {}) => zip([{ name: "a.dat", bytes: text, ...options }]);

test("whole entries are read: deflated, stored, with a data descriptor", async () => {
  for (const options of [{}, { stored: true }, { descriptor: true }, { stored: true, descriptor: true }])
    assert.ok(Buffer.from(await readOne(one(options))).equals(text), JSON.stringify(options));
});

test("a damaged entry is refused by name, with what to do", async () => {
  const flipped = (options) => {
    const bytes = one(options);
    bytes[30 + 5 + 8] ^= 0x40;
    return bytes;
  };
  const cases = {
    "stored, another byte": [flipped({ stored: true }), /damaged \(its CRC-32 is [0-9a-f]{8} and should be/],
    "deflated, another byte": [flipped({}), /damaged/],
    "another CRC": [one({ crc: 1 }), /damaged/],
    "stored, another size": [one({ stored: true, says: text.length - 1 }), /has 260 bytes and should have 259/],
    larger: [one({ says: 10 }), /larger than it says/],
    shorter: [one({ says: text.length + 1 }), /shorter than it says/],
    "local size": [one({ local: (head) => head.writeUInt32LE(9, 22) }), /two descriptions/],
    "local method": [one({ local: (head) => head.writeUInt16LE(0, 8) }), /two descriptions/],
    "local place": [one({ local: (head) => head.writeUInt32LE(0, 0) }), /its place is wrong/],
  };
  for (const [what, [bytes, expected]] of Object.entries(/** @type {Record<string, any[]>} */ (cases)))
    await assert.rejects(readOne(bytes), (/** @type {any} */ error) => {
      assert.match(
        error.message,
        /^a\.dat in r\.zip cannot be unpacked: .* Download the archive again, or zip the files again\.$/,
        what,
      );
      assert.match(error.message, expected, what);
      return true;
    });
});

test("what is whole but not for this reader says so", async () => {
  await assert.rejects(readOne(one({ encrypted: true })), /a\.dat in r\.zip .*encrypted.*by hand/);
  const wide = one({ central: (entry) => entry.writeUInt32LE(0xffffffff, 24) });
  await assert.rejects(readOne(wide), /a\.dat in r\.zip .*ZIP64.*by hand/);
  const lzma = one({ central: (entry) => entry.writeUInt16LE(14, 10) });
  await assert.rejects(readOne(lzma), /method 14 is not known/);
  const archive = one();
  archive.writeUInt16LE(0xffff, archive.length - 12);
  await assert.rejects(open(archive), /r\.zip cannot be read.*directory is damaged.*Download the archive again/);
});

test("paths lead nowhere but into the archive", async () => {
  const paths = async (...names) =>
    (await open(zip(names.map((name) => ({ name, bytes: text }))))).map(({ path }) => path);
  assert.deepEqual(await paths("/etc/a.hea", "C:\\ecg\\a.hea", "./b/./a.hea", "b/"), [
    "etc/a.hea",
    "ecg/a.hea",
    "b/a.hea",
  ]);
  await assert.rejects(paths("ok.hea", "d/../../a.hea"), /r\.zip .*the path d\/\.\.\/\.\.\/a\.hea in it leads out/);
});

test("an archive that holds a record twice says which file", async () => {
  const found = await findRecords([packed("r.zip", ...zippedRecord("one"), ["a.dat", "two"])]);
  assert.deepEqual(found.groups, []);
  assert.match(problems(found)[0], /a\.dat is there twice/);
});

/* ---- serving and fetching ---- */

async function listening(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  return { server, url: new URL(`http://127.0.0.1:${server.address().port}/`) };
}

test("progress is told where the size is known, and only there", async () => {
  const body = Buffer.alloc(300000, "ECG ");
  const { server, url } = await listening((request, response) => {
    const gzip = request.url === "/packed";
    const sent = gzip ? gzipSync(body) : body;
    response.writeHead(200, { "Content-Length": sent.length, ...(gzip ? { "Content-Encoding": "gzip" } : {}) });
    response.end(sent);
  });
  const parts = { plain: [], packed: [] };
  for (const [name, told] of Object.entries(parts))
    assert.ok(Buffer.from(await fetchBytes(new URL(name, url), (part) => told.push(part))).equals(body), name);
  server.close();
  server.closeAllConnections();
  assert.equal(parts.plain.at(-1), 1);
  assert.ok(parts.plain.every((part, i) => i === 0 || part > parts.plain[i - 1]));
  assert.deepEqual(parts.packed, []);
});

test("the server serves the folder it stands in, with the page's own policy", async () => {
  const before = process.cwd();
  process.chdir(DIST);
  const server = await serve(".", 0).finally(() => process.chdir(before));
  const url = new URL(`http://127.0.0.1:${server.address().port}/`);
  const [page, worker, outside] = await Promise.all([
    fetch(url),
    fetch(new URL("core/worker.js", url)),
    fetch(new URL("%2e%2e%2fsw.js", url)),
  ]);
  const [, policy] = readFileSync(join(DIST, "index.html"), "utf8").match(
    /Content-Security-Policy"\s+content="([^"]*)"/,
  );
  for (const response of [page, worker])
    assert.equal(response.headers.get("Content-Security-Policy"), `${policy}; frame-ancestors 'self'`);
  assert.deepEqual([page.status, worker.status, outside.status], [200, 200, 404]);
  server.close();
  server.closeAllConnections();
});

/* ---- the npm module ---- */

let module;
const sample = Object.fromEntries(
  recordFiles(join(ROOT, "web/samples/00219_hr")).files.map(({ name, path }) => [name, readFileSync(path)]),
);
const trained = readFileSync(join(DIST, "model.safetensors"));

before(async () => {
  const folder = join(scratch, "package");
  buildPackage(DIST, folder);
  module = await import(pathToFileURL(join(folder, "index.js")).href);
});

const NO_VALUES = { values: false };

test("the layer that a model was loaded with is the one explained, until another is asked for", async () => {
  const core = await module.open();
  const { layers, layer: usual } = await core.loadModel(trained);
  const other = layers.find((name) => name !== usual);
  await core.loadModel(trained, other);
  const layerOf = async (model, options) => (await core.analyse(sample, model, { ...NO_VALUES, ...options })).map.layer;
  assert.equal(await layerOf(), other);
  assert.equal(await layerOf(trained), other);
  assert.equal(await layerOf(undefined, { layer: usual }), usual);
  assert.equal(await layerOf(), other, "a call's layer is that call's");
  assert.equal(await layerOf(new Uint8Array(trained)), usual, "another model has its own");
});

test("a model that cannot be loaded leaves the one before", async () => {
  const core = await module.open();
  const broken = core.loadModel(new Uint8Array([1, 2, 3]));
  await assert.rejects(broken, module.CoreError);
  assert.equal((await core.analyse(sample, undefined, NO_VALUES)).model.trained, true, "the module's own");
  const untrained = readFileSync(untrainedModel());
  await core.loadModel(untrained);
  await assert.rejects(core.loadModel(untrained, "no such layer"), module.CoreError);
  assert.equal((await core.analyse(sample, undefined, NO_VALUES)).model.trained, false);
  assert.equal((await core.analyse(sample, untrained, NO_VALUES)).model.trained, false);
});

test("calls wait for each other: an analysis has the model that was there when it was asked for", async () => {
  const core = await module.open();
  await core.loadModel(trained);
  const first = core.analyse(sample, undefined, NO_VALUES);
  const loading = core.loadModel(readFileSync(untrainedModel()));
  const second = core.analyse(sample, undefined, NO_VALUES);
  assert.equal((await first).model.trained, true);
  assert.equal((await loading).trained, false);
  assert.equal((await second).model.trained, false);
  assert.notDeepEqual((await first).labels[0].probability, (await second).labels[0].probability);
});

test("the npm module measures as the tool does", async () => {
  const core = await module.open();
  const path = join(ROOT, "web/samples/00219_hr");
  const files = Object.fromEntries(
    [".hea", ".dat"].map((ending) => [`00219_hr${ending}`, readFileSync(path + ending)]),
  );
  const native = JSON.parse(execFileSync(XPLAIM, ["measure", "--json", path], { encoding: "utf8" }));
  assert.deepEqual(await core.measure(files), { ...native, record: "00219_hr" });
  assert.equal((await core.measure(files, { beats: false })).beats.length, 0);
});

test("the npm module, the core in it and the tool have one version", async () => {
  const described = JSON.parse(readFileSync(join(scratch, "package/package.json"), "utf8"));
  const { version } = (await module.open()).about();
  assert.equal(described.version, version);
  assert.equal(execFileSync(XPLAIM, ["--version"], { encoding: "utf8" }).split("\n")[0], `xplaim ${version}`);
});

test("the npm module holds what it needs and no rasteriser", () => {
  const names = readdirSync(join(scratch, "package"));
  assert.ok(!names.includes("picture.wasm"));
  const kinds = JSON.parse(readFileSync(join(scratch, "package/modules.json"), "utf8"));
  assert.deepEqual(
    names.filter((name) => name.endsWith(".wasm")).sort(),
    ["readers.wasm", ...kinds.map((kind) => `xplaim-${kind}.wasm`)].sort(),
  );
});

test("what is no record and no bytes is said in sentences", async () => {
  const core = await module.open();
  await assert.rejects(
    core.analyse({ "notes.txt": new Uint8Array(3) }),
    /^CoreError: A WFDB record is a header .* There is none among these files\.$/,
  );
  await assert.rejects(core.loadModel("model.safetensors"), /^TypeError: Bytes must be .* got string\.$/);
});

/* ---- files that gzip packed one by one ---- */

test("a file that gzip packed is what it holds", async () => {
  const table = "I,II\n" + "1,2\n3,4\n".repeat(3000);
  const found = await findRecords([file("folder/x.csv.gz", gzipSync(table))]);
  assert.deepEqual(problems(found), []);
  assert.deepEqual(
    found.groups.map(({ name, type }) => [name, type]),
    [["x.csv", "CSV"]],
  );
  assert.equal(await content(found.groups[0], "x.csv"), table);
});

test("a packed file of several members is what they hold, one behind the other", async () => {
  const table = "I,II\n" + Array.from({ length: 3000 }, (_, i) => `${(i * 7919) % 1000},${i}\n`).join("");
  const parts = [table.slice(0, 3), table.slice(3, 9000), "", table.slice(9000)].map((text) => gzipSync(text));
  // What looks like the beginning of a member, and is none: in the name of a file, as gzip keeps it.
  const name = Buffer.from("\x1f\x8b\x08\x01".repeat(9) + "\0", "latin1");
  const misleading = Buffer.concat([parts[1].subarray(0, 10), name, parts[1].subarray(10)]);
  misleading[3] = 8;
  for (const members of [parts, [parts[0], misleading, ...parts.slice(2)], [gzipSync(""), gzipSync(table)]]) {
    const found = await findRecords([file("x.csv.gz", Buffer.concat(members))]);
    assert.deepEqual(problems(found), []);
    assert.equal(await content(found.groups[0], "x.csv"), table);
  }
  const damaged = Buffer.concat(parts);
  damaged[damaged.length - 6] ^= 1;
  const { groups } = await findRecords([file("x.csv.gz", damaged)]);
  await assert.rejects(readGroup(groups[0]), /x\.csv\.gz/);
});

test("a file that is gzip's by name only is told to be none, or read by what it holds", async () => {
  for (const [name, bytes] of [
    ["x.gz", "\x01\x02\x03\x04"],
    ["x.txt.gz", "no recording\n"],
    ["x.edf.gz", "\x7f".repeat(400)],
    ["x.csv.gz", ""],
  ]) {
    const [said] = problems(await findRecords([file(name, bytes)]));
    assert.match(said, /This is not the gzip file that its name says: .* 1F 8B, and this one does not/);
    assert.doesNotMatch(said, /unpack/i);
  }
  const table = "I,II\n" + "1,2\n3,4\n".repeat(300);
  const found = await findRecords([file("x.csv.gz", table)]);
  assert.deepEqual(problems(found), []);
  assert.equal(await content(found.groups[0], "x.csv.gz"), table);
  const [archive] = problems(await findRecords([file("x.gz", gzipSync(gzipSync(table)))]));
  assert.match(archive, /This is an archive: unpack it/);
});

test("a file that is a zip archive by name only is not to be unpacked", async () => {
  const [said] = problems(await findRecords([file("x.zip", "a page that says that the file is not there")]));
  assert.match(said, /it is none: .* Download or copy it again/);
  assert.doesNotMatch(said, /unpack/i);
});

test("a recording under a zip archive's name is read by its content", async () => {
  const table = "I,II\n" + "1,2\n3,4\n".repeat(300);
  for (const path of ["x.zip", "folder/x.ZIP"]) {
    const found = await findRecords([file(path, table), ...record("r", "samples")]);
    assert.deepEqual(problems(found), []);
    assert.equal(found.groups.length, 2);
    const group = found.groups.find(({ name }) => /zip$/i.test(name));
    assert.equal(await content(group, group.name), table);
  }
  const none = await findRecords([file("x.zip", "no recording"), ...record("r", "samples")]);
  assert.equal(none.groups.length, 1);
  assert.match(problems(none).join(), /^x\.zip: .*it is none/);
});

test("a record's files may each be packed", async () => {
  const found = await findRecords([file("r.hea.gz", gzipSync(header("r"))), file("r.dat.gz", gzipSync("samples"))]);
  assert.deepEqual(problems(found), []);
  assert.equal(await content(found.groups[0], "r.dat"), "samples");
});

test("a packed file that is cut, damaged or larger than it says is refused when it is read", async () => {
  const whole = gzipSync("I,II\n" + Array.from({ length: 3000 }, (_, i) => `${(i * 7919) % 1000},${i}\n`).join(""));
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 6] ^= 1;
  const larger = Buffer.from(whole);
  larger.writeUInt32LE(100, larger.length - 4);
  for (const bytes of [damaged, larger]) {
    const { groups } = await findRecords([file("x.csv.gz", bytes)]);
    for (const group of groups) await assert.rejects(readGroup(group), /x\.csv\.gz/);
  }
  const sizeless = Buffer.from(whole);
  sizeless.writeUInt32LE(2 ** 31, sizeless.length - 4); // as what lies before the place of a cut may say
  for (const [bytes, why] of [
    [sizeless, "it ends too early"],
    [whole.subarray(0, 6), "its compressed data are damaged"],
  ]) {
    const { groups } = await findRecords([file("x.edf.gz", bytes)]);
    await assert.rejects(readGroup(groups[0]), new RegExp(`x\\.edf\\.gz cannot be read: ${why}`));
  }
  const { groups } = await findRecords([file("x.edf.gz", gzipSync(Buffer.alloc(257 * 2 ** 20)))]);
  await assert.rejects(readGroup(groups[0]), /256 MB/);
});

test("what only has the ending is refused as it is", async () => {
  const found = await findRecords([file("x.csv.gz", "no gzip at all, but a text of some length")]);
  assert.equal(found.groups.length, 0);
  assert.match(problems(found)[0], /^x\.csv\.gz: /);
});

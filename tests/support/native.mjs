// What the JavaScript tests share: where the builds are, the native tool's answers, records.

import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const DIST = process.env.XP_DIST ?? join(ROOT, "web/dist");
export const SHARED = process.env.XP_SHARED ?? join(ROOT, "../shared");
export const XPLAIM = process.env.XPLAIM ?? join(ROOT, "build/xplaim");
/** A folder of this process, gone with it. */
export const scratch = mkdtempSync(join(tmpdir(), "xplaim-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** The page's scripts, by their paths below web. */
export const pageScripts = () =>
  readdirSync(join(ROOT, "web"), { recursive: true })
    .map(String)
    .filter((path) => /^(?!dist\/|package\/).*\.js$/.test(path));

/** A file's bytes in an ArrayBuffer of their own. */
export function bytesOf(path) {
  return new Uint8Array(readFileSync(path)).buffer;
}

/** The native tool's JSON, one object a record, whatever its exit code. Map values are signed.
 * @param {string} model @param {string[]} records @param {string} [kernels]  the table of kernels to compute by */
export function explainNatively(model, records, kernels) {
  const path = join(scratch, "native.jsonl");
  const out = openSync(path, "w");
  const options = ["explain", "-m", model, "--json", "--signed", "--threads", "2"];
  try {
    const env = kernels ? { ...process.env, XP_KERNELS: kernels } : process.env;
    execFileSync(XPLAIM, [...options, ...records], { stdio: ["ignore", out, "ignore"], env });
  } catch (error) {
    if (error.status !== 1) throw error; // 1: some input was bad, and its line says so
  } finally {
    closeSync(out);
  }
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** The one document that the native tool prints. */
export function nativeDocument(...words) {
  return JSON.parse(
    execFileSync(XPLAIM, [...words, "--json"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
}

/** A Keras model as one of ours, in the scratch folder. */
export function importModel(path, options) {
  const out = join(scratch, `${basename(path)}.safetensors`);
  execFileSync(XPLAIM, ["import", path, "-o", out, ...options], { stdio: "ignore" });
  return out;
}

/** A stretch of a map as the page writes it: decimals follow the map's step, at least two. */
export function stretchText(report, { start_s: start, end_s: end }) {
  const digits = report.map.step_s >= 0.01 ? 2 : 3;
  return `${start.toFixed(digits)}–${end.toFixed(digits)} s`;
}

/** A full-size network with random weights, which says of itself that it is untrained. */
export function untrainedModel() {
  const out = join(scratch, "untrained.safetensors");
  execFileSync(join(ROOT, "build/native/tests/make_model"), [out]);
  return out;
}

/** Folder, name and all files of a record on disk. */
export function recordFiles(path) {
  const name = basename(path);
  const header = readFileSync(`${path}.hea`, "latin1");
  const lines = header.split(/\r?\n/).filter((line) => line.trim() && !line.startsWith("#"));
  const named = new Set(lines.slice(1).map((line) => line.trim().split(/\s+/)[0]));
  const files = [`${name}.hea`, ...named].filter((file) => existsSync(join(dirname(path), file)));
  return { name, files: files.map((file) => ({ name: file, path: join(dirname(path), file) })) };
}

/** A file to be dropped in a browser. */
export const file = (name, bytes) => ({ name, base64: Buffer.from(bytes).toString("base64") });

/** All files of a record on disk, to be dropped. */
export const load = (path) => recordFiles(path).files.map(({ name, path: at }) => file(name, readFileSync(at)));

/** Records of the shared fixtures' folder, or none where it is not there. */
export function fixtures(folder) {
  const dir = join(SHARED, "fixtures", folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((file) => file.endsWith(".hea"))
    .map((file) => join(dir, file.slice(0, -4)));
}

/** The sample record's samples: int16, 5000 times 12. */
const SAMPLE = join(ROOT, "web/samples/00219_hr");
const LEADS = ["I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6"];

/**
 * Records made from the sample, different from each other in rate, length, lead order, gain and
 * offset, the same on every run. Returns their paths without extension.
 */
export function variants(count) {
  const source = new Int16Array(bytesOf(`${SAMPLE}.dat`));
  const rates = [500, 250, 257, 360, 1000];
  return Array.from({ length: count }, (_, v) => {
    const rate = rates[v % rates.length];
    const start = (v * 137) % 900;
    const length = 5000 - start - ((v * 211) % 1500);
    const order = LEADS.map((_, i) => (i * 5 + v) % 12); // 5 and 12 have no common divisor
    const data = new Int16Array(length * 12);
    for (let t = 0; t < length; t++)
      for (let c = 0; c < 12; c++) {
        const x = source[(start + t) * 12 + order[c]];
        data[t * 12 + c] = Math.round(x * (0.6 + 0.03 * v)) + (((t + v) * (c + 3)) % 23);
      }
    return writeRecord(
      `variant${v}`,
      rate,
      order.map((i) => LEADS[i]),
      data,
    );
  });
}

/** The sample, again and again, for so many seconds: the path of the record. */
export function longRecord(seconds) {
  const source = new Int16Array(bytesOf(`${SAMPLE}.dat`));
  const data = new Int16Array(seconds * 500 * 12);
  for (let at = 0; at < data.length; at += source.length)
    data.set(source.subarray(0, Math.min(source.length, data.length - at)), at);
  return writeRecord(`long${seconds}`, 500, LEADS, data);
}

/** The sample's files under other names, to be dropped. @param {string[]} names */
export function copies(names) {
  const header = readFileSync(`${SAMPLE}.hea`, "latin1");
  const { base64 } = file("", readFileSync(`${SAMPLE}.dat`));
  return names.flatMap((name) => [
    file(`${name}.hea`, header.replaceAll("00219_hr", name)),
    { name: `${name}.dat`, base64 },
  ]);
}

/** A header whose checksums are not stated, since the samples are others. @param {string} header */
export const unsummed = (header) => header.replace(/^(\S+ 16 \S+ 16 \S+ \S+) -?\d+ 0 /gm, "$1 0 0 ");

/** The sample in the scratch folder with another header, under that name: its path. */
export function changedSample(name, change) {
  const [header, dat] = [".hea", ".dat"].map((ending) => readFileSync(SAMPLE + ending));
  writeFileSync(join(scratch, `${name}.hea`), change(header.toString("latin1").replaceAll("00219_hr", name)), "latin1");
  writeFileSync(join(scratch, `${name}.dat`), dat);
  return join(scratch, name);
}

/** The sample in the scratch folder, some of its leads flat for a while: its path.
 * @param {string} name @param {Record<string, [number, number]>} flat  from which second to which, by lead's name */
export function flatSample(name, flat) {
  const data = new Int16Array(bytesOf(`${SAMPLE}.dat`));
  for (const [lead, [from, to]] of Object.entries(flat))
    for (let t = from * 500; t < to * 500; t++) data[t * 12 + LEADS.indexOf(lead)] = 100;
  return writeRecord(name, 500, LEADS, data);
}

/** The sample, in which the beat at 4.45 s is half itself and half the ventricular one, 30 ms ahead. */
export function fusedSample(name) {
  const sample = new Int16Array(bytesOf(`${SAMPLE}.dat`));
  const data = sample.slice();
  const [sinus, early, before, after] = [2225, 4147, 50, 240];
  const part = (k) => Math.min(1, (k + before) / 15, (after - k) / 60) / 2;
  for (let lead = 0; lead < 12; lead++) {
    const at = (/** @type {number} */ t) => sample[t * 12 + lead];
    for (let k = -before; k < after; k++)
      data[(sinus + k) * 12 + lead] += Math.round(
        part(k) * (at(early + k) - at(early - 20) - at(sinus + k) + at(sinus - 20)),
      );
  }
  return writeRecord(name, 500, LEADS, data);
}

/** The sample's files, its chest leads under names that nobody knows. */
export function withoutChestLeads() {
  const [{ name }, dat] = load(SAMPLE);
  const header = readFileSync(`${SAMPLE}.hea`, "latin1");
  return [file(name, header.replace(/ V([1-6])$/gm, " X$1")), dat];
}

export function writeRecord(name, rate, leads, data) {
  const length = data.length / leads.length;
  const lines = leads.map((lead, c) => {
    let sum = 0;
    for (let t = 0; t < length; t++) sum += data[t * leads.length + c];
    const checksum = (((sum % 65536) + 98304) % 65536) - 32768;
    return `${name}.dat 16 1000/mV 16 0 ${data[c]} ${checksum} 0 ${lead}`;
  });
  const header = `${name} ${leads.length} ${rate} ${length}\n${lines.join("\n")}\n`;
  writeFileSync(join(scratch, `${name}.hea`), header);
  writeFileSync(join(scratch, `${name}.dat`), new Uint8Array(data.buffer));
  return join(scratch, name);
}

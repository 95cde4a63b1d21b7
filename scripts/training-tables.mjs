// training-tables.mjs DATA OUT any|certain: the tables of labels that the networks are trained on, beside the
// one that `xplaim setup` makes of PTB-XL itself. DATA holds ptb-xl-100hz/, ptb-xl-extra/ (with its full labels as
// labels-full.csv, where there are any) and rdb-rhythm/, as far as they are there; OUT gets NAME.csv of each, with
// whole paths, which `xplaim` reads as a data set "csv".
// any: every SCP statement counts, whatever its likelihood, as the benchmarks on PTB-XL have it; certain: what
// the tables say, where a statement of unknown likelihood is unknown.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [data, out, rule] = process.argv.slice(2);
if (!data || !out || !["any", "certain"].includes(rule))
  throw new Error("usage: training-tables.mjs DATA OUT any|certain");

const INFARCTS = ["ami", "imi", "smi", "lmi"];

/** Rows of a table as objects. None of these tables quotes a field. */
function read(file) {
  const [head, ...rows] = readFileSync(file, "utf8")
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));
  return rows.map((row, i) => {
    if (row.length !== head.length)
      throw new Error(`${file}, line ${i + 2}: ${row.length} fields, expected ${head.length}`);
    return Object.fromEntries(row.map((field, k) => [head[k], field]));
  });
}

/** @type {Map<string, Set<string>>} label -> SCP codes that state it */
const codes = new Map();
for (const r of read(new URL("../tools/labels/ptb-xl.csv", import.meta.url).pathname).filter(
  ({ use }) => use !== "compat",
))
  codes.set(r.label, (codes.get(r.label) ?? new Set()).add(r.code));

/** What the statements of a record say of a label, where any counts. */
const stated = (row, label) => (row.codes.split(" ").some((code) => codes.get(label)?.has(code)) ? "1" : "0");

const labelsOf = (row) => Object.keys(row).filter((name) => codes.has(name));

/** PTB-XL's keys are kept: a patient is the same in each of its tables. */
function relabel(row, masked) {
  const labels = labelsOf(row).map((l) => [l, rule === "any" && !masked.has(l) ? stated(row, l) : row[l]]);
  return { ...row, ...Object.fromEntries(labels) };
}

/** Ninths of the records, by a hash of the name: patients there have one record each. */
function foldOf(name) {
  let h = 2166136261;
  for (const c of name) h = Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0;
  return String(1 + (((h ^ (h >>> 15)) >>> 0) % 9));
}

function write(name, rows, path, head) {
  const labels = labelsOf(rows[0]);
  const lines = rows.map((row) =>
    [path(row), ...head.map((k) => row[k] ?? ""), ...labels.map((l) => row[l])].join(","),
  );
  writeFileSync(join(out, `${name}.csv`), [["path", ...head, ...labels].join(","), ...lines, ""].join("\n"));
  console.log(`${name}: ${rows.length} records`);
}

const KEYS = ["ecg_id", "patient_id", "age", "sex", "strat_fold"];
const here = (name) => existsSync(join(data, name, "labels.csv"));
const tableOf = (name) => read(join(data, name, "labels.csv"));
mkdirSync(out, { recursive: true });

const whole = here("ptb-xl-100hz") ? tableOf("ptb-xl-100hz") : [];
if (whole.length) {
  const rows = whole.map((r) => relabel(r, new Set()));
  write("ptb-xl-100hz", rows, (r) => resolve(data, "ptb-xl-100hz", r.filename_lr), KEYS);
}
if (here("ptb-xl-extra")) {
  const full = join(data, "ptb-xl-extra", "labels-full.csv");
  // A record that is there with true amplitudes too is taken from there; the infarcts stay unknown where
  // amplitudes are estimated.
  const better = new Set(whole.map((r) => r.ecg_id));
  const rows = (
    existsSync(full) ? read(full).map((r) => relabel(r, new Set(INFARCTS))) : tableOf("ptb-xl-extra")
  ).filter((r) => !better.has(r.ecg_id));
  write("ptb-xl-extra", rows, (r) => resolve(data, "ptb-xl-extra", r.filename_hr), KEYS);
}
if (here("rdb-rhythm")) {
  const rows = tableOf("rdb-rhythm").map((r) => ({ ...r, strat_fold: foldOf(r.path) }));
  write("rdb-rhythm", rows, (r) => resolve(data, "rdb-rhythm", r.path), ["strat_fold"]);
}

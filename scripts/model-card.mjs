// model-card.mjs NAME FIGURES [CINC_LABELS.csv]: the model card of model_weights/NAME.safetensors as
// Markdown on standard output, from the JSON that scripts/train-weights wrote into FIGURES. Every number
// comes from there; what no command can measure is in model-card-text.mjs.
import { readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { BASELINES, LIMITS, OTHER_SOURCE, SOURCES } from "./model-card-text.mjs";

const [name, folder, cincLabels] = process.argv.slice(2);

const text = (file) => readFileSync(join(folder, file), "utf8");
const read = (file) => JSON.parse(text(file));
const lines = (file) => text(file).trim().split("\n").map((line) => JSON.parse(line));
const number = (v, digits = 3) => (v === null || v === undefined || Number.isNaN(v) ? "–" : v.toFixed(digits));
const interval = (pair, digits = 3) => (pair ? ` (${number(pair[0], digits)}–${number(pair[1], digits)})` : "");
const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((r) => `| ${r.join(" | ")} |`).join("\n");

const info = read("info.json");
const { evaluation } = read("test.json");
const facts = JSON.parse(info.metadata.training_data);
const calibration = JSON.parse(info.metadata.calibration);
const config = JSON.parse(info.metadata.architecture_config);
const joined = info.metadata.ensemble ? JSON.parse(info.metadata.ensemble) : [];
const members = joined.length ? `${joined.length} networks in one file, their log-odds averaged (${joined.map((m) => m.name).join(", ")} of attempts.md); the first one's sizes: ` : "";

function summary() {
  const { auroc } = evaluation.macro;
  const ours = evaluation.labels.filter((l) => l.positives >= evaluation.min_positives);
  return `Macro AUROC on the test fold, over the ${ours.length} labels with at least ${evaluation.min_positives} positives
(${ours.map((l) => l.label).join(", ")}): **${number(auroc.value)}**, 95 % interval ${number(auroc.bootstrap[0])}–${number(auroc.bootstrap[1])} (bootstrap
over ${evaluation.patients} patients, ${evaluation.cases} records). Nothing was chosen on this fold.`;
}

function labelRows() {
  return evaluation.labels.map((l) => {
    const stored = info.labels.find(({ name: n }) => n === l.label).threshold;
    const counts = ["train", "validation"].map((part) => facts[part].positives[l.label]);
    return [l.label, ...counts, l.positives, number(l.auroc.value) + interval(l.auroc.delong),
      number(l.auprc.value) + interval(l.auprc.bootstrap), number(stored),
      ...[l.sensitivity, l.specificity].map((m) => (stored === null ? "–" : number(m.value, 2) + interval(m.clopper_pearson, 2))),
      number(l.brier.value), number(l.ece.value)];
  });
}

function calibrationText() {
  const mean = (key) => {
    const known = calibration.labels.map((l) => l[key]).filter((v) => v !== null);
    return number(known.reduce((a, b) => a + b, 0) / known.length, 4);
  };
  return `Fitted on fold ${calibration.fold} (${calibration.records} records): ${calibration.method}. Mean log loss there ${mean("log_loss_before")} before,
${mean("log_loss_after")} after. On the test fold: macro Brier score ${number(evaluation.macro.brier.value, 4)}, expected calibration error
${number(evaluation.macro.ece.value, 4)} (mean over labels); each label's are in the table. Thresholds are those with the largest F1 on the same fold;
a label without positives there has none.`;
}

function halfText() {
  const wide = lines("probabilities-float32.jsonl"), half = lines("probabilities-float16.jsonl");
  let worst = 0;
  for (const [i, record] of half.entries())
    for (const [l, label] of (record.labels ?? []).entries())
      worst = Math.max(worst, Math.abs(label.probability - wide[i].labels[l].probability));
  const { difference } = read("half.json").macro;
  return `Weights are stored as float16: over the ${half.length} test records this changes no probability by more than ${worst.toExponential(1)} and the
macro AUROC by ${Math.abs(difference).toExponential(1)}.`;
}

function baselines() {
  const rows = ["cnn", "gru"].filter((other) => existsSync(join(folder, `${other}.json`))).map((other) => {
    const { macro } = read(`${other}.json`);
    return [other.toUpperCase(), number(macro.auroc[0]), number(macro.auroc[1]), number(macro.difference) + interval(macro.bootstrap)];
  });
  return table(["baseline", "this model", "baseline's macro AUROC", "difference (95 % bootstrap)"], rows);
}

function robustness() {
  return table(["recording", "macro AUROC", "difference", "label that moves most down"], read("robustness.json").map((r) =>
    r.refused ? [r.conversion, "refused", "–", r.refused]
      : [r.conversion, number(r.macro_auroc, 4), number(r.difference, 4), `${r.worst_label} ${number(r.worst_difference, 3)}`]));
}

/** Right and wrong, by the model's thresholds, over the labels that the source can decide. */
function otherSource() {
  const [head, ...rows] = readFileSync(cincLabels, "utf8").trim().split("\n").map((line) => line.split(","));
  const truth = new Map(rows.map((row) => [row[0], Object.fromEntries(row.map((v, i) => [head[i], v]))]));
  const counts = new Map(), misses = [], refused = [];
  let records = 0;
  for (const result of lines("cinc.jsonl")) {
    const id = result.record.split("/").pop().replace(/\.hea$/, ""), known = truth.get(id);
    if (!known || known.family === "HR") continue; // PTB-XL itself
    if (result.error) { refused.push(id); continue; }
    records++;
    for (const label of result.labels) {
      const v = known[label.name];
      if (label.threshold === null || (v !== "0" && v !== "1")) continue;
      const c = counts.get(label.name) ?? { found: 0, missed: 0, passed: 0, extra: 0 };
      counts.set(label.name, c);
      c[v === "1" ? (label.at_or_above_threshold ? "found" : "missed") : (label.at_or_above_threshold ? "extra" : "passed")]++;
      if ((v === "1") !== label.at_or_above_threshold)
        misses.push(`${id}: ${label.name} ${v === "1" ? "missed" : "extra"} (${number(label.probability, 2)}, threshold ${number(label.threshold, 2)})`);
    }
  }
  const shown = [...counts].filter(([, c]) => c.found + c.missed + c.extra > 0);
  const right = [...counts.values()].reduce((a, c) => a + c.found + c.passed, 0);
  const all = [...counts.values()].reduce((a, c) => a + c.found + c.passed + c.missed + c.extra, 0);
  return `${records} records of CPSC, Georgia, Chapman-Shaoxing and PTB (none of PTB-XL), as the tool reads them: ${right} of ${all} decisions
right.${refused.length ? ` Refused for an amplitude that is not credible: ${refused.join(", ")}.` : ""}

${table(["label", "found", "missed", "false", "rightly not found"], shown.map(([label, c]) => [label, c.found, c.missed, c.extra, c.passed]))}

Every wrong decision: ${misses.join("; ")}.`;
}

/** Of each label with enough records: does the map follow the weights, does it matter, is it steady? */
function explanations() {
  const xai = read("xai.json");
  const mean = ({ mean: v, low, high }) => (v === null ? "–" : number(v, 2) + (low === null ? "" : interval([low, high], 2)));
  const rows = [...xai.labels, { ...xai.all, name: "all" }].map(({ name, measures: m }) => [name, m.deletion.n,
    mean(m.randomised_last_layer), mean(m.randomised_all), mean(m.deletion_gain), mean(m.insertion_gain),
    mean(m.shift_correlation), mean(m.noise_correlation)]);
  const game = xai.pointing_game, share = ({ share: v, low, high }) => `${number(v, 2)}${interval([low, high], 2)}`;
  return `\`xplaim xai-check\`, layer ${xai.layer}, at most ${xai.max_records} positive records of a label, means with 95 % bootstrap intervals:

${table(["label", "records", "last layer shuffled", "all shuffled", "deletion", "insertion", "10 ms shift", "20 uV noise"], rows)}

Shuffled: rank correlation (Spearman) with the map of the same network with shuffled weights (Adebayo et al. 2018): near 0 says that the map is about
what was learnt. Deletion, insertion: by how much the area under the probability curve is better in the map's order than in
random order (Petsiuk et al. 2018); above 0, the marked stretches matter more than others. Shift, noise: rank correlation with the map of the record
moved or disturbed; near 1 is steady.` + (game ? `

Pointing game: a network of this kind, taught to find a burst planted in lead ${game.lead} of real records, points at it (within ${game.tolerance_s} s) in ${share(game.hits)} of ${game.tested} records (a random
point would in ${number(game.chance, 2)}); the planted lead comes first by occlusion in ${share(game.lead_first_by_occlusion)}, by integrated gradients in ${share(game.lead_first_by_ig)}.` : "");
}

function weakText() {
  const few = evaluation.labels.filter((l) => l.positives < evaluation.min_positives).map((l) => `${l.label} (${l.positives})`);
  const weak = evaluation.labels.filter((l) => l.positives >= evaluation.min_positives && l.auroc.value < 0.93)
    .map((l) => `${l.label} (${number(l.auroc.value)})`);
  return `* Fewer than ${evaluation.min_positives} test positives, so that little is known: ${few.join(", ")}.
* Weakest of the others: ${weak.join(", ") || "none below 0.93"}.`;
}

const sections = [
  `# ${info.model.name}`,
  `**${info.disclaimer}**`,
  `${members}ECG-XPLAIM (an Inception-style residual 1D CNN, multi-label), filters ${config.filters?.join(", ") ?? "16, 32, 128"}, kernels
${config.kernels?.join(", ") ?? "2, 10, 40"}, ${info.weights} weights; input ${info.input.samples} samples of ${info.input.leads.length} leads at ${info.input.rate} Hz in mV
(${info.input.leads.join(" ")}); ${evaluation.labels.length} labels.`,
  summary(),
  "## Data", SOURCES(facts),
  "## Test fold, label by label",
  table(["label", "train +", "val. +", "test +", "AUROC (DeLong 95 %)", "AUPRC (bootstrap 95 %)", "threshold", "sensitivity (exact 95 %)", "specificity (exact 95 %)", "Brier", "ECE"], labelRows()),
  "## Calibration", calibrationText(), halfText(),
  "## Against the baselines", BASELINES, baselines(),
  "## As other recorders store it",
  "The test fold rewritten by SciPy (`tests/bench/run-robustness`), and read by the tool:", robustness(),
  ...(cincLabels && existsSync(join(folder, "cinc.jsonl")) ? ["## Another source", otherSource(), OTHER_SOURCE] : []),
  ...(existsSync(join(folder, "xai.json")) ? ["## Are the maps about the model?", explanations()] : []),
  "## Known failures and limits", weakText(), LIMITS,
  "## Made again by",
  `\`scripts/train-weights --data DIR\` trains, calibrates and measures; with \`--skip-training\` it measures the file that is here. The test
figures alone: \`build/xplaim evaluate -m model_weights/${name}.safetensors --ds-name ptb-xl --ds-dir DIR/ptb-xl --min-positives 10\` after
\`build/xplaim setup --datasets ptb-xl --data-dir DIR\`. What was tried: [attempts.md](attempts.md).`,
];
console.log(sections.join("\n\n"));

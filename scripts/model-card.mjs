// model-card.mjs NAME FIGURES: the model card of model_weights/NAME.safetensors as
// Markdown on standard output, from the JSON that scripts/train-weights wrote into FIGURES. Every number
// comes from there; what no command can measure is in model-card-text.mjs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BASELINES, EXTERNAL, HOSPITAL, LIMITS, POINTS, RULES, SOURCES } from "./model-card-text.mjs";

const [name, folder] = process.argv.slice(2);

const text = (file) => readFileSync(join(folder, file), "utf8");
const read = (file) => JSON.parse(text(file));
const there = (file) => existsSync(join(folder, file));
const number = (v, digits = 3) => (v === null || v === undefined || Number.isNaN(v) ? "–" : v.toFixed(digits));
const interval = (pair, digits = 3) => (pair ? ` (${number(pair[0], digits)}–${number(pair[1], digits)})` : "");
const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((r) => `| ${r.join(" | ")} |`).join("\n");

const info = read("info.json");
const { evaluation } = read("test.json");
const facts = JSON.parse(info.metadata.training_data);
const calibration = JSON.parse(info.metadata.calibration);
const config = JSON.parse(info.metadata.architecture_config);
const joined = info.metadata.ensemble ? JSON.parse(info.metadata.ensemble) : [];
const members = joined.length
  ? `${joined.length} networks in one file, their log-odds averaged (${joined.map((m) => m.name).join(", ")} of attempts.md); the first one's sizes: `
  : "";

const floor = calibration.floor ?? (config.floor ? -config.floor : null);
const floorText = floor ? `; the mean over time of each moment's log-odds, none of which counts below ${floor}` : "";

const macroText = ({ auroc }) =>
  `**${number(auroc.value)}** (95 % interval ${number(auroc.bootstrap[0])}–${number(auroc.bootstrap[1])})`;

const enough = (e) => e.labels.filter((l) => l.positives >= e.min_positives).map((l) => l.label);

function summary() {
  const certain = read("certain.json").evaluation,
    external = there("external-balanced.json") ? read("external-balanced.json").evaluation : null;
  return `Macro AUROC over labels with at least ${evaluation.min_positives} positives, on PTB-XL's test fold (${evaluation.cases} records of the subset, bootstrap over ${evaluation.patients} patients;
nothing was chosen on it):

* any statement counts as positive, none as negative, as the benchmarks on PTB-XL have it: ${macroText(evaluation.macro)}, over ${enough(evaluation).length} labels
  (${enough(evaluation).join(", ")});
* certain statements alone, uncertain ones left out: ${macroText(certain.macro)}, over ${enough(certain).length} labels.
${
  external
    ? `
On ${external.cases} records of other hospitals and devices, over labels with at least ${external.min_positives} positives: ${macroText(external.macro)}, over ${enough(external).length} labels
(${enough(external).join(", ")}).
`
    : ""
}
${RULES}`;
}

/** What a threshold does, in words. */
function countsText(l, point) {
  const at = l.operating_points.find(({ name: n }) => n === point);
  if (!at || at.found === null) return "–";
  return `${number(at.threshold)}: of ${l.n_positive} with it ${at.found} named; of ${l.n_negative} without ${at.false_alarms} named wrongly`;
}

function labelRows() {
  return evaluation.labels.map((l) => {
    const stored = info.labels.find(({ name: n }) => n === l.label);
    const counts = ["train", "validation"].map((part) => facts[part].positives[l.label]);
    const points = ["balanced", "high-specificity"].map((point) =>
      stored.tested ? countsText(stored, point) : `not tested (${stored.n_positive} positives)`,
    );
    return [
      l.label,
      ...counts,
      l.positives,
      number(l.auroc.value) + interval(l.auroc.delong),
      number(l.auprc.value) + interval(l.auprc.bootstrap),
      ...points,
      number(l.brier.value),
      number(l.ece.value),
    ];
  });
}

/** Sensitivity and specificity with their exact intervals at both points. */
function pointRows() {
  const strict = read("specific.json").evaluation.labels;
  const cell = (m) => (m.value === null ? "–" : number(m.value, 2) + interval(m.clopper_pearson, 2));
  return evaluation.labels
    .filter((l) => l.positives >= evaluation.min_positives)
    .map((l) => {
      const other = strict.find(({ label }) => label === l.label);
      return [l.label, ...[l, other].flatMap((e) => [cell(e.sensitivity), cell(e.specificity)])];
    });
}

/** The counts on records of other hospitals at both points, label by label. */
function externalRows() {
  const [usual, strict] = ["balanced", "high-specificity"].map((p) => read(`external-${p}.json`).evaluation.labels);
  const cell = ({ tp, fn, fp, tn }) => `${tp} of ${tp + fn} named; ${fp} of ${fp + tn} named wrongly`;
  return usual
    .map((l, i) => [l, strict[i]])
    .filter(([l]) => l.positives > 0 && !l.one_class)
    .map(([l, other]) => [
      l.label,
      l.positives,
      l.n - l.positives,
      number(l.auroc.value),
      cell(l.confusion),
      cell(other.confusion),
    ]);
}

const LAYOUTS = [
  ["3x4+1", "a page of 3 x 4 leads, 2.5 s each, with a strip of lead II"],
  ["3x4", "the same without the strip"],
  ["6x2", "a page of 6 x 2 leads, 5 s each"],
  ["limb", "the six limb leads alone"],
  ["short", "the first 5 s"],
];

function layoutRows() {
  const whole = evaluation.macro.auroc.value;
  return LAYOUTS.map(([layout, what]) => {
    const { macro, labels } = read(`layout-${layout}.json`).evaluation;
    const worst = labels
      .filter((l) => l.positives >= evaluation.min_positives)
      .map((l) => [l.label, l.auroc.value - evaluation.labels.find(({ label }) => label === l.label).auroc.value])
      .sort((a, b) => a[1] - b[1])[0];
    return [what, number(macro.auroc.value), number(macro.auroc.value - whole), `${worst[0]} ${number(worst[1], 2)}`];
  });
}

function calibrationText() {
  const mean = (key) => {
    const known = calibration.labels.map((l) => l[key]).filter((v) => v !== null);
    return number(known.reduce((a, b) => a + b, 0) / known.length, 4);
  };
  return `Fitted on fold ${calibration.fold} (${calibration.records} records): ${calibration.method}. Mean log loss there ${mean("log_loss_before")} before,
${mean("log_loss_after")} after. On the test fold: macro Brier score ${number(evaluation.macro.brier.value, 4)}, expected calibration error
${number(evaluation.macro.ece.value, 4)} (mean over labels); each label's are in the table. Thresholds come from the same records: balanced ones from
${info.labels.find((l) => l.threshold_source)?.threshold_source ?? "nowhere"}; a label without positives there has none.`;
}

function halfText() {
  const wide = read("float32.json").evaluation;
  const most = Math.max(...wide.labels.map((l, i) => Math.abs(l.brier.value - evaluation.labels[i].brier.value)));
  return `Weights are stored as float16: on the test fold this changes the macro AUROC by ${Math.abs(wide.macro.auroc.value - evaluation.macro.auroc.value).toExponential(1)} and no
label's Brier score by more than ${most.toExponential(1)}.`;
}

function baselines() {
  const rows = ["cnn", "gru"]
    .filter((other) => there(`${other}.json`))
    .map((other) => {
      const { macro } = read(`${other}.json`);
      return [
        other.toUpperCase(),
        number(macro.auroc[0]),
        number(macro.auroc[1]),
        number(macro.difference) + interval(macro.bootstrap),
      ];
    });
  return table(["baseline", "this model", "baseline's macro AUROC", "difference (95 % bootstrap)"], rows);
}

function robustness() {
  return table(
    ["recording", "macro AUROC", "difference", "label that moves most down"],
    read("robustness.json").map((r) =>
      r.refused
        ? [r.conversion, "refused", "–", r.refused]
        : [
            r.conversion,
            number(r.macro_auroc, 4),
            number(r.difference, 4),
            `${r.worst_label} ${number(r.worst_difference, 3)}`,
          ],
    ),
  );
}

/** How well a classifier tells one hospital's recordings from the other's. */
function hospital() {
  const { counts, told_by: told } = read("source.json");
  const cell = ([v, low, high]) => number(v, 2) + interval([low, high], 2);
  return (
    HOSPITAL(counts) +
    "\n\n" +
    table(
      ["told by", "AUROC", "within a rhythm"],
      Object.entries(told).map(([by, { all, within_rhythm: within }]) => [by, cell(all), cell(within)]),
    )
  );
}

/** Of each label with enough records: does the map follow the weights, does it matter, is it steady? */
function explanations() {
  const xai = read("xai.json");
  const mean = ({ mean: v, low, high }) =>
    v === null ? "–" : number(v, 2) + (low === null ? "" : interval([low, high], 2));
  const rows = [...xai.labels, { ...xai.all, name: "all" }].map(({ name: label, measures: m }) => [
    label,
    m.deletion.n,
    mean(m.randomised_last_layer),
    mean(m.randomised_all),
    mean(m.deletion_gain),
    mean(m.insertion_gain),
    mean(m.shift_correlation),
    mean(m.noise_correlation),
  ]);
  const game = xai.pointing_game,
    share = ({ share: v, low, high }) => `${number(v, 2)}${interval([low, high], 2)}`;
  return (
    `\`xplaim xai-check\`, layer ${xai.layer}, at most ${xai.max_records} positive records of a label, means with 95 % bootstrap intervals:

${table(["label", "records", "last layer shuffled", "all shuffled", "deletion", "insertion", "10 ms shift", "20 uV noise"], rows)}

Shuffled: rank correlation (Spearman) with the map of the same network with shuffled weights (Adebayo et al. 2018): near 0 says that the map is about
what was learnt. Deletion, insertion: by how much the area under the probability curve is better in the map's order than in
random order (Petsiuk et al. 2018); above 0, the marked stretches matter more than others. Shift, noise: rank correlation with the map of the record
moved or disturbed; near 1 is steady.` +
    (game
      ? `

Pointing game: a network of this kind, taught to find a burst planted in lead ${game.lead} of real records, points at it (within ${game.tolerance_s} s) in ${share(game.hits)} of ${game.tested} records (a random
point would in ${number(game.chance, 2)}); the planted lead comes first by occlusion in ${share(game.lead_first_by_occlusion)}, by integrated gradients in ${share(game.lead_first_by_ig)}.`
      : "")
  );
}

/** What a card usually tells and this one does not. */
function unmeasured() {
  const missing = [
    ["cnn.json", "the baselines"],
    ["robustness.json", "the test fold as other recorders store it"],
    ["xai.json", "whether its maps follow the weights"],
  ].filter(([file]) => !there(file));
  if (!missing.length) return "";
  return `* Not measured on these weights: ${missing.map(([, what]) => what).join("; ")} (\`scripts/train-weights --skip-training\` does).`;
}

function weakText() {
  const few = evaluation.labels
    .filter((l) => l.positives < evaluation.min_positives)
    .map((l) => `${l.label} (${l.positives})`);
  const weak = evaluation.labels
    .filter((l) => l.positives >= evaluation.min_positives && l.auroc.value < 0.93)
    .map((l) => `${l.label} (${number(l.auroc.value)})`);
  return `* Fewer than ${evaluation.min_positives} test positives, so that little is known: ${few.join(", ")}.
* Weakest of the others: ${weak.join(", ") || "none below 0.93"}.`;
}

const sections = [
  `# ${info.model.name}`,
  `**${info.disclaimer}**`,
  `${members}ECG-XPLAIM (an Inception-style residual 1D CNN, multi-label), filters ${config.filters?.join(", ") ?? "16, 32, 128"}, kernels
${config.kernels?.join(", ") ?? "2, 10, 40"}, ${info.weights} weights${floorText}; input ${info.input.samples} samples of ${info.input.leads.length} leads at ${info.input.rate} Hz in mV
(${info.input.leads.join(" ")}); ${evaluation.labels.length} labels.`,
  summary(),
  "## Data",
  SOURCES(facts),
  "## Test fold, label by label",
  table(
    [
      "label",
      "train +",
      "val. +",
      "test +",
      "AUROC (DeLong 95 %)",
      "AUPRC (bootstrap 95 %)",
      "balanced threshold",
      "high specificity",
      "Brier",
      "ECE",
    ],
    labelRows(),
  ),
  POINTS,
  table(
    ["label", "balanced: sensitivity (exact 95 %)", "specificity", "high specificity: sensitivity", "specificity"],
    pointRows(),
  ),
  "## Calibration",
  calibrationText(),
  there("float32.json") && halfText(),
  ...(there("external-balanced.json")
    ? [
        "## Other hospitals and devices",
        EXTERNAL,
        table(["label", "with it", "without", "AUROC", "balanced", "high specificity"], externalRows()),
      ]
    : []),
  "## Printed pages and short recordings",
  "What a page or a short recording lacks is 0 mV for the network (`evaluate --layout`), on the test fold:",
  table(["shown", "macro AUROC", "against whole records", "label that moves most down"], layoutRows()),
  ...(there("cnn.json") ? ["## Against the baselines", BASELINES, baselines()] : []),
  ...(there("robustness.json")
    ? [
        "## As other recorders store it",
        "The test fold rewritten by SciPy (`tests/bench/run-robustness`), and read by the tool:",
        robustness(),
      ]
    : []),
  ...(there("source.json") ? ["## Does it know the hospital?", hospital()] : []),
  ...(there("xai.json") ? ["## Are the maps about the model?", explanations()] : []),
  "## Known failures and limits",
  unmeasured(),
  weakText(),
  LIMITS,
  "## Made again by",
  `\`scripts/train-weights --data DIR\` trains, calibrates and measures; with \`--skip-training\` it measures the file that is here. The test
figures alone: \`build/xplaim evaluate -m model_weights/${name}.safetensors --ds-name ptb-xl --ds-dir DIR/ptb-xl --min-positives 10\` after
\`build/xplaim setup --datasets ptb-xl --data-dir DIR --uncertain 1\` (without \`--uncertain 1\`: certain statements alone). What was tried: [attempts.md](attempts.md).`,
];
console.log(sections.filter(Boolean).join("\n\n"));

/** What the network says, as a list to choose from, and what the map shows, in words. */

import { make } from "../base/dom.js";
import {
  commonSource,
  noteOf,
  reaches,
  setTitle,
  shownText,
  sideText,
  titleOf,
  valueText,
} from "../words/finding_words.js";
import { decimals, English, listed, phrase, setPhrase } from "../words/language.js";
import { timeDigits, valueIn, valueOf, windowsOf } from "../core/report.js";

/**
 * @typedef {import("../core/core.js").Analysis} Analysis
 * @typedef {import("../core/worker.js").Model} Model
 * @typedef {import("../core/core.js").ModelLabel} ModelLabel
 * @typedef {import("../words/finding_words.js").Outputs} Outputs
 */

/** What was assumed of a model's input. @type {Record<"leads" | "rate" | "unit", (model: Model) => string>} */
const ASSUMED = {
  leads: ({ leads }) => phrase("assumed.leads", { leads: leads.join(" ") }),
  rate: ({ rate }) => phrase("assumed.rate", { rate }),
  unit: () => phrase("assumed.unit"),
};

/** What a model's numbers are not, and what of its input nobody has said.
 * @param {HTMLElement} holder @param {Model} model */
export function showMeaning(holder, model) {
  const assumed = model.assumed.map((what) => ASSUMED[what](model));
  const texts = [
    model.outputs === "scores" ? phrase("findings.scores") : "",
    assumed.length ? phrase("findings.assumed", { what: listed(assumed) }) : "",
  ].filter(Boolean);
  holder.textContent = texts.join(" ");
  holder.hidden = texts.length === 0;
}

/* ---- a label's figures, from the model's own metadata ---- */

/** What is known of how often a finding is right, in words. @param {ModelLabel} label
 * @param {number} value @param {Outputs} outputs @param {boolean} withSource  the threshold's, where findings differ in it */
function factCells(label, value, outputs, withSource) {
  const { threshold, threshold_source: source, auroc, auroc_low: low, auroc_high: high, n_positive: cases } = label;
  const interval = low !== null && high !== null ? ` (95 %: ${decimals(low, 3)}–${decimals(high, 3)})` : "";
  const parts = [
    threshold !== null && sideText(value, threshold, outputs, withSource && source ? `, ${new English(source)}` : ""),
    auroc !== null && `AUROC ${decimals(auroc, 3)}${interval}`,
    cases !== null && phrase("findings.cases", { n: cases }),
  ];
  const textContent = parts.filter(Boolean).join(" · ") || phrase("findings.no-figures");
  return make("span", { className: "facts", textContent });
}

/** Of the test records that have it and of those that have not, how many were named: whole numbers before any measure of
 * them. @param {ModelLabel} label */
function countCells({ n_positive: positives, n_negative: negatives, found, false_alarms: wrong }) {
  if (!positives || !negatives || found === null || wrong === null) return [];
  return [
    make("span", {
      className: "facts",
      textContent: phrase("findings.counts", { positives, found, negatives, wrong }),
    }),
  ];
}

/* ---- which label's map is shown ---- */

/** The same choice as in the list, over the drawing. @param {HTMLSelectElement} select
 * @param {HTMLElement} note @param {Model} model @param {Analysis} analysis @param {number} chosen  -1: none */
export function showMapChoice(select, note, model, analysis, chosen) {
  const order = model.labels
    .map((_, i) => i)
    .sort((a, b) => valueOf(analysis.report.labels[b]) - valueOf(analysis.report.labels[a]));
  const options = order.map((i) => new Option(titleOf(model.labels[i]), String(i), false, i === chosen));
  if (chosen < 0) options.unshift(new Option(phrase("evidence.choose"), "-1", true, true));
  select.replaceChildren(...options);
  note.textContent =
    chosen < 0
      ? `${phrase("findings.none")}.`
      : choiceText(model.labels[chosen], valueOf(analysis.report.labels[chosen]), model.outputs);
}

/** @param {ModelLabel} label @param {number} value @param {Outputs} outputs */
function choiceText(label, value, outputs) {
  const { threshold } = label;
  const how = threshold === null ? phrase("findings.no-threshold") : sideText(value, threshold, outputs);
  return `${shownText(value, outputs)}, ${how}`;
}

/** Chosen elsewhere. @param {HTMLElement} list @param {number} chosen */
export function markLabel(list, chosen) {
  /** @type {NodeListOf<HTMLInputElement>} */
  const inputs = list.querySelectorAll("input");
  for (const input of inputs) input.checked = Number(input.value) === chosen;
}

/** The layers a map can be made at, those of a block together, the model's own choice first.
 * @param {HTMLSelectElement} select @param {Model} model @param {string} own */
export function showLayers(select, model, own) {
  const option = (/** @type {string} */ name, text = name) => new Option(text, name, false, name === model.layer);
  /** @type {Map<string, HTMLOptionElement[]>} */
  const groups = new Map();
  for (const name of model.layers) {
    if (name === own) continue;
    const block =
      /^((?:net\d+\.)?block\d+)\./.exec(name)?.[1] ??
      (name.includes(".") ? name.split(".")[0] : phrase("layers.others"));
    groups.set(block, [...(groups.get(block) ?? []), option(name)]);
  }
  const first = model.layers.includes(own) ? [option(own, phrase("layers.default", { layer: own }))] : [];
  const boxes = [...groups].map(([label, options]) => {
    const box = make("optgroup", { label: blockTitle(label) });
    box.append(...options);
    return box;
  });
  select.replaceChildren(...first, ...boxes);
}

/** Whose thresholds count, where the model has more than one kind of them.
 * @param {HTMLSelectElement} select @param {Model} model */
export function showPoints(select, model) {
  const holder = /** @type {HTMLElement} */ (select.closest("label"));
  holder.hidden = !model.labels.some((label) => label.operating_points.length > 1);
  select.value = model.operating_point;
}

/** Of a block of layers. @param {string} name */
function blockTitle(name) {
  const [, network, block] = /^(?:net(\d+)\.)?block(\d+)$/.exec(name) ?? [];
  if (network) return phrase("layers.network-block", { network, block });
  return block ? phrase("layers.block", { block }) : name;
}

/* ---- the list ---- */

/**
 * @typedef {{model: Model, analysis: Analysis | null, problem: string}} Column  of a model; problem:
 *   why there is no analysis
 */

/** Names that tell two models apart. @param {Column[]} columns */
function namesOf(columns) {
  const names = columns.map(({ model }) => model.name || model.architecture);
  return names.map((name, i) => (names.length > 1 && names[0] === names[1] ? `${name} ${i + 1}` : name));
}

/** Where there are two models: the heads of their columns, which choose whose map is shown.
 * @param {HTMLElement} holder @param {Column[]} columns @param {number} shown
 * @param {(which: number) => void} onChoose */
export function showModels(holder, columns, shown, onChoose) {
  holder.hidden = columns.length < 2;
  const focused = /** @type {any} */ (holder.getRootNode()).activeElement?.dataset?.model;
  const buttons = namesOf(columns).map((name, i) => {
    const { analysis, problem, model } = columns[i];
    const says = [
      model.trained ? "" : phrase("models.untrained"),
      problem || phrase(i === shown ? "models.shown" : "models.show"),
    ];
    const button = make(
      "button",
      { type: "button", disabled: !analysis, title: problem },
      make("strong", { textContent: name }),
      make("small", { textContent: says.filter(Boolean).join(" · ") }),
    );
    button.dataset.model = String(i);
    button.setAttribute("aria-pressed", String(i === shown));
    button.addEventListener("click", () => onChoose(i));
    return button;
  });
  holder.replaceChildren(make("span", { className: "faint", textContent: phrase("models.name") }), ...buttons);
  if (focused !== undefined) buttons[Number(focused)]?.focus();
}

/** Every label that some model has, once: the first model's in its order, then the others'.
 * @param {Column[]} columns */
function labelNames(columns) {
  return [...new Set(columns.flatMap(({ model }) => model.labels.map((label) => label.name)))];
}

/** @param {Column} column @param {string} name */
const indexIn = (column, name) => column.model.labels.findIndex((l) => l.name === name);

/**
 * A row a finding, for each model its figures: those at or above their thresholds in sight, the others folded.
 * @param {HTMLElement} list @param {Column[]} columns
 * @param {number} shown  model, whose findings can be chosen @param {number} chosen  -1: none
 * @param {boolean} byProbability @param {(index: number) => void} onChoose
 */
export function showLabels(list, columns, shown, chosen, byProbability, onChoose) {
  const { analysis } = columns[shown];
  const names = labelNames(columns);
  const value = (/** @type {string} */ name) => {
    const found = analysis?.report.labels[indexIn(columns[shown], name)];
    return found ? valueOf(found) : -Infinity;
  };
  if (byProbability) names.sort((a, b) => value(b) - value(a));
  const titles = namesOf(columns);
  const rows = names.map((name) => {
    const index = indexIn(columns[shown], name);
    const cells = columns.map((column, i) =>
      valueCell(column, indexIn(column, name), columns.length > 1 ? titles[i] : ""),
    );
    const label = columns.map((column) => column.model.labels[indexIn(column, name)]).find(Boolean);
    return labelRow(/** @type {ModelLabel} */ (label), cells, index, index === chosen, onChoose);
  });
  const above = (/** @type {string} */ name) => isAbove(columns, name);
  const open = list.querySelector("details")?.open ?? false;
  list.parentElement?.classList.toggle("two", columns.length > 1);
  clearLabels(list);
  list.append(...rows.filter((_, i) => above(names[i])));
  const below = rows.filter((_, i) => !above(names[i]));
  if (!below.length) return;
  const known = names.filter((name) => !above(name)).map(value);
  const words = columns[shown].model.labels.some((l) => l.threshold !== null)
    ? phrase("findings.n-below", {
        n: below.length,
        highest: shownText(Math.max(...known), columns[shown].model.outputs),
      })
    : phrase("findings.n-without", { n: below.length });
  list.append(make("details", { className: "below", open }, make("summary", { textContent: words }), ...below));
}

/** In some model. @param {Column[]} columns @param {string} name */
const isAbove = (columns, name) =>
  columns.some((column) => {
    const at = indexIn(column, name);
    const found = column.analysis?.report.labels[at];
    return found !== undefined && reaches(column.model.labels[at], valueOf(found));
  });

/** Chromium keeps radio buttons that leave a shadow tree in their group, and all they refer to, for good:
 * they leave the group first. @param {HTMLElement} list */
export function clearLabels(list) {
  for (const input of list.querySelectorAll("input")) input.name = "";
  list.replaceChildren();
}

/** @param {ModelLabel} label @param {Node[]} cells @param {number} index
 *   in the model whose map is shown; -1: it has no such label
 * @param {boolean} checked @param {(index: number) => void} onChoose */
function labelRow(label, cells, index, checked, onChoose) {
  const input = make("input", { type: "radio", name: "label", value: String(index), checked, disabled: index < 0 });
  input.addEventListener("change", () => onChoose(index));
  return make(
    "label",
    { className: "label" },
    input,
    setTitle(make("span", { className: "name", title: label.name }), label),
    ...cells,
  );
}

/** What one model says of a finding: number, bar and figures. @param {Column} column @param {number} at
 *   the finding in it; -1: it has no such one @param {string} of  the model, where there are two */
function valueCell({ model, analysis }, at, of) {
  const label = model.labels[at];
  const found = analysis?.report.labels[at];
  const value = found ? valueOf(found) : null;
  const cell = make("span", { className: "cell" });
  if (of) cell.append(make("span", { className: "of visually-hidden", textContent: of }));
  if (!label || value === null)
    cell.append(
      make("span", { className: "none", textContent: "—", title: of && phrase("models.not-in", { model: of }) }),
    );
  else {
    const title = [of, valueText(value, model.outputs)].filter(Boolean).join(": ");
    const output = make("output", { className: "value", textContent: shownText(value, model.outputs), title });
    const kind = model.outputs === "scores" ? "score" : "probability";
    Object.assign(output.dataset, { label: label.name, [kind]: String(value) });
    const level = model.outputs === "scores" ? [] : [bar(value, label.threshold)];
    cell.append(
      output,
      ...level,
      ...countCells(label),
      factCells(label, value, model.outputs, commonSource(model) === null),
    );
  }
  return cell;
}

/** @param {number} probability @param {number | null} threshold */
function bar(probability, threshold) {
  const fill = make("span", { className: "fill" });
  fill.style.width = `${probability * 100}%`;
  const made = make("span", { className: "bar", ariaHidden: "true" }, fill);
  if (threshold !== null) {
    const tick = make("span", { className: "tick" });
    tick.style.left = `${threshold * 100}%`;
    made.append(tick);
  }
  return made;
}

/** @typedef {{n: number, mean: number | null}} Mean  over n records; null: too few of them */

/** What `xplaim xai-check` found of the label's maps on test records, or "" where the file does not tell.
 * @param {Model} model @param {string} name */
function mapTrust(model, name) {
  let checks;
  try {
    checks = JSON.parse(noteOf(model, "xai_check") || "{}");
  } catch {
    return "";
  }
  /** @type {Record<string, Mean> | undefined} */
  const measures = checks.labels?.find((/** @type {{name: string}} */ row) => row.name === name)?.measures;
  if (!measures) return "";
  const { randomised_all: shuffled, deletion_gain: deletion, shift_correlation: shift } = measures;
  if (!shuffled || !deletion || !shift || shuffled.mean === null || deletion.mean === null || shift.mean === null)
    return phrase("evidence.few-checks");
  return phrase("evidence.checks", {
    records: shuffled.n,
    shuffled: decimals(shuffled.mean, 2),
    deletion: `${deletion.mean < 0 ? "−" : "+"}${decimals(Math.abs(deletion.mean), 2)}`,
    shift: decimals(shift.mean, 2),
  });
}

/**
 * The map in words. @param {HTMLElement} holder @param {Model} model @param {Analysis} analysis
 * @param {number} chosen @param {number} w
 */
export function showEvidence(holder, model, analysis, chosen, w) {
  const { report } = analysis;
  const map = "map" in report ? report.map.windows[w].labels[chosen] : null;
  const name = titleOf(model.labels[chosen]);
  if (!map || !("map" in report)) {
    holder.replaceChildren(setPhrase(make("p"), "evidence.no-layer"));
    return;
  }
  const text = phrase(map.positive ? "evidence.strongest" : "evidence.nothing", { finding: name });
  const digits = timeDigits(report.map.step_s);
  const items = map.strongest.map(({ start_s: start, end_s: end, peak, in_padding: inPadding }) => {
    const args = { from: decimals(start, digits), to: decimals(end, digits), peak: decimals(peak, 2) };
    return make("li", { textContent: phrase(inPadding ? "evidence.time-padding" : "evidence.time", args) });
  });
  const value = shownText(valueIn(report, w, chosen), model.outputs);
  const whole = shownText(valueOf(report.labels[chosen]), model.outputs);
  const where = windowsOf(report).length > 1 ? phrase("evidence.in-segment", { value, whole }) : "";
  holder.replaceChildren(
    make("p", { textContent: text }),
    make("ul", {}, ...items),
    make("p", { className: "faint", textContent: where }),
    make("p", { className: "faint", id: "map-trust", textContent: mapTrust(model, model.labels[chosen].name) }),
  );
}

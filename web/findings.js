/** What the network says, as a list to choose from, and what the map shows, in words. */

import { timeDigits } from "./report.js";

/**
 * @typedef {import("./core.js").Analysis} Analysis
 * @typedef {import("./worker.js").Model} Model
 * @typedef {import("./core.js").ModelLabel} ModelLabel
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, unknown>} [properties] @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** @param {ModelLabel} label */
export const titleOf = (label) => label.longName || label.name;

/** A text that travels in the model's file, or "". @param {Model} model @param {string} key */
export const noteOf = (model, key) => model.meta.find((note) => note.key === key)?.value ?? "";

/** Never 0 and never 1, which no network means. @param {number} p */
export const probabilityText = (p) => (p < 0.00005 ? "< 0.0001" : p > 0.99995 ? "> 0.9999" : p.toFixed(4));

/* ---- a label's figures, from the model's own metadata ---- */

/** Words that the columns' heads say for the eye; a narrow list has no heads and shows them in each
 * row. @param {string} text */
const word = (text) => make("span", { className: "word", textContent: text });

/** Words for a screen reader, wherever the list is. @param {string} text */
const spoken = (text) => make("span", { className: "unseen", textContent: text });

/** @param {ModelLabel} label @param {boolean} withSource  the threshold's, where labels differ in it */
function factCells(label, withSource) {
  const { threshold, thresholdSource, auroc, positives } = label;
  if (threshold === null && auroc === null && positives === null)
    return make("span", { className: "facts unknown", textContent: "no figures given" });
  const limit = make("span", { className: "limit" }, word("threshold "), threshold === null ? blank() : threshold.toFixed(3));
  if (withSource && thresholdSource) limit.append(make("small", { textContent: ` (${thresholdSource})` }));
  const count = make("span", { className: "count" }, word(" · n "), positives === null ? blank() : String(positives), spoken(" positives"));
  return make("span", { className: "facts" }, limit, aurocCell(label), count);
}

/** @param {ModelLabel} label */
function aurocCell({ auroc, aurocLow, aurocHigh }) {
  const cell = make("span", { className: "auroc" }, make("span", {}, word(" · "), spoken("test "), word("AUROC "), auroc === null ? blank() : auroc.toFixed(3)));
  const known = auroc !== null && aurocLow !== null && aurocHigh !== null;
  cell.append(make("small", {}, word(" ("), spoken("95 % "), known ? `${aurocLow.toFixed(3)}–${aurocHigh.toFixed(3)}` : blank(), word(")")));
  return cell;
}

const blank = () => make("span", {}, make("span", { ariaHidden: "true", textContent: "–" }), spoken("not given"));

/** The source that all thresholds of a model have, or null where they differ. @param {Model} model */
function commonSource(model) {
  const sources = new Set(model.labels.flatMap((l) => (l.threshold === null ? [] : [l.thresholdSource])));
  return sources.size === 1 ? [...sources][0] : null;
}

/** What the columns are, once for all rows. @param {Model} model */
export function columnsText(model) {
  const source = commonSource(model);
  const known = model.labels.some((l) => l.auroc !== null);
  if (!known && model.labels.every((l) => l.threshold === null)) return "This model’s file gives neither thresholds nor test results.";
  const threshold = source ? `Thresholds: ${source}. ` : "";
  return `${threshold}${known ? "AUROC: on test records, with its 95 % interval; n: positives among them." : "Test results are not given."}`;
}

/** Which label is shown first: the likeliest of those that reach their thresholds. Where there are
 * thresholds and none is reached, nothing is: a map at full strength would say what the number does
 * not. @param {Model} model @param {Analysis} analysis */
export function firstLabel(model, analysis) {
  const likeliest = (/** @type {number[]} */ of) => of.reduce((a, b) => (analysis.labels[b].probability > analysis.labels[a].probability ? b : a));
  const all = model.labels.map((_, i) => i);
  const reaching = all.filter((i) => reaches(model.labels[i], analysis.labels[i].probability));
  const open = reaching.length > 0 || model.labels.every((l) => l.threshold === null);
  return { label: likeliest(reaching.length ? reaching : all), chosen: open };
}

/** @param {ModelLabel} label @param {number} probability */
const reaches = ({ threshold }, probability) => threshold !== null && probability >= threshold;

/* ---- which label's map is shown ---- */

/** The same choice as in the list, over the drawing. @param {HTMLSelectElement} select
 * @param {HTMLElement} note @param {Model} model @param {Analysis} analysis @param {number} chosen  -1: none */
export function showMapChoice(select, note, model, analysis, chosen) {
  const order = model.labels.map((_, i) => i).sort((a, b) => analysis.labels[b].probability - analysis.labels[a].probability);
  const options = order.map((i) => new Option(titleOf(model.labels[i]), String(i), false, i === chosen));
  if (chosen < 0) options.unshift(new Option("choose a label", "-1", true, true));
  select.replaceChildren(...options);
  note.textContent = chosen < 0 ? "No label reaches its threshold."
    : choiceText(model.labels[chosen], analysis.labels[chosen].probability);
}

/** @param {ModelLabel} label @param {number} probability */
function choiceText(label, probability) {
  const { threshold } = label;
  const how = threshold === null ? "no threshold given"
    : `${reaches(label, probability) ? "reaches" : "below"} its threshold ${threshold.toFixed(3)}`;
  return `${probabilityText(probability)}, ${how}`;
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
    const block = /^((?:net\d+\.)?block\d+)\./.exec(name)?.[1] ?? (name.includes(".") ? name.split(".")[0] : "others");
    groups.set(block, [...(groups.get(block) ?? []), option(name)]);
  }
  const first = model.layers.includes(own) ? [option(own, `${own} (default)`)] : [];
  const boxes = [...groups].map(([label, options]) => {
    const box = make("optgroup", { label: label.replace(/^net(\d+)\.block(\d+)$/, "network $1, block $2").replace(/^block(\d+)$/, "block $1") });
    box.append(...options);
    return box;
  });
  select.replaceChildren(...first, ...boxes);
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
    const says = [model.trained ? "" : "untrained", problem || (i === shown ? "its map is shown" : "show its map")];
    const button = make("button", { type: "button", disabled: !analysis, title: problem },
      make("strong", { textContent: name }), make("small", { textContent: says.filter(Boolean).join(" · ") }));
    button.dataset.model = String(i);
    button.setAttribute("aria-pressed", String(i === shown));
    button.addEventListener("click", () => onChoose(i));
    return button;
  });
  holder.replaceChildren(make("span", { className: "faint", textContent: "Model" }), ...buttons);
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
 * A row a label, for each model its figures. @param {HTMLElement} list @param {Column[]} columns
 * @param {number} shown  model, whose labels can be chosen @param {number} chosen  -1: none
 * @param {boolean} byProbability @param {(index: number) => void} onChoose
 */
export function showLabels(list, columns, shown, chosen, byProbability, onChoose) {
  const { analysis } = columns[shown];
  const names = labelNames(columns);
  if (byProbability && analysis) {
    const value = (/** @type {string} */ name) => analysis.labels[indexIn(columns[shown], name)]?.probability ?? -1;
    names.sort((a, b) => value(b) - value(a));
  }
  const titles = namesOf(columns);
  const rows = names.map((name) => {
    const index = indexIn(columns[shown], name);
    const cells = columns.map((column, i) => valueCell(column, indexIn(column, name), columns.length > 1 ? titles[i] : ""));
    const label = columns.map((column) => column.model.labels[indexIn(column, name)]).find(Boolean);
    return labelRow(/** @type {ModelLabel} */ (label), cells, index, index === chosen, onChoose);
  });
  list.parentElement?.classList.toggle("two", columns.length > 1);
  clearLabels(list);
  list.append(...rows);
}

/** Chromium keeps radio buttons that leave a shadow tree in their group, and all they refer to, for good:
 * they leave the group first. @param {HTMLElement} list */
export function clearLabels(list) {
  for (const input of list.querySelectorAll("input")) input.name = "";
  list.replaceChildren();
}

/** The columns' heads, for the eye. @param {HTMLElement} holder @param {number} models */
export function showHeads(holder, models) {
  const [value, limit] = models > 1 ? ["prob.", "thresh."] : ["probability", "threshold"];
  const cell = () => make("span", { className: "cell" }, make("span", { className: "value", textContent: value }),
    make("span", { className: "facts" }, make("span", { className: "limit", textContent: limit }),
      make("span", { className: "auroc", textContent: "test AUROC (95 %)" }), make("span", { className: "count", textContent: "n" })));
  holder.replaceChildren(make("span"), make("span", { className: "name", textContent: "label" }), ...Array.from({ length: models }, cell));
}

/** @param {ModelLabel} label @param {Node[]} cells @param {number} index
 *   in the model whose map is shown; -1: it has no such label
 * @param {boolean} checked @param {(index: number) => void} onChoose */
function labelRow(label, cells, index, checked, onChoose) {
  const input = make("input", { type: "radio", name: "label", value: String(index), checked, disabled: index < 0 });
  input.addEventListener("change", () => onChoose(index));
  return make("label", { className: "label" }, input, make("span", { className: "name", title: label.name }, titleOf(label)), ...cells);
}

/** What one model says of a label: number, bar and figures. @param {Column} column @param {number} at
 *   the label in it; -1: it has no such label @param {string} of  the model, where there are two */
function valueCell({ model, analysis }, at, of) {
  const label = model.labels[at];
  const probability = analysis?.labels[at]?.probability ?? null;
  const cell = make("span", { className: "cell" });
  if (of) cell.append(make("span", { className: "of", textContent: of }));
  if (!label || probability === null)
    cell.append(make("span", { className: "none", textContent: "—", title: of && `not in ${of}` }));
  else {
    const output = make("output", { className: "value", textContent: probabilityText(probability), title: of });
    Object.assign(output.dataset, { label: label.name, probability: String(probability) });
    cell.append(output, bar(probability, label.threshold), factCells(label, commonSource(model) === null));
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
    return "Too few test records to check this label’s maps.";
  return `This label’s maps on ${shuffled.n} test records: rank correlation with maps of shuffled weights ${shuffled.mean.toFixed(2)} (0 is best), ` +
    `deletion in the map’s order against random order ${deletion.mean < 0 ? "−" : "+"}${Math.abs(deletion.mean).toFixed(2)} (above 0 is good), ` +
    `steadiness under a 10 ms shift ${shift.mean.toFixed(2)} (1 is best).`;
}

/**
 * The map in words. @param {HTMLElement} holder @param {Model} model @param {Analysis} analysis
 * @param {number} chosen @param {number} w
 */
export function showEvidence(holder, model, analysis, chosen, w) {
  const map = analysis.labels[chosen].maps[w];
  const name = titleOf(model.labels[chosen]);
  const window = analysis.windows[w];
  if (!map) {
    holder.replaceChildren(make("p", { textContent: "This model has no layer that a map can be made of." }));
    return;
  }
  const text = map.positive
    ? `Strongest stretches for “${name}”:`
    : `No positive evidence for “${name}” at this layer.`;
  const digits = timeDigits(analysis.step);
  const items = map.intervals.map(({ start, end, peak }) => {
    const padding = start >= window.seconds ? ", in the padding" : "";
    const from = (window.start + start).toFixed(digits);
    return make("li", { textContent: `${from}–${(window.start + end).toFixed(digits)} s (peak ${peak.toFixed(2)}${padding})` });
  });
  const probability = probabilityText(analysis.probabilities[w][chosen]);
  const where = analysis.windows.length > 1 ? `Probability in this window: ${probability}.` : "";
  holder.replaceChildren(make("p", { textContent: text }), make("ul", {}, ...items), make("p", { className: "faint", textContent: where }),
    make("p", { className: "faint", id: "map-trust", textContent: mapTrust(model, model.labels[chosen].name) }));
}

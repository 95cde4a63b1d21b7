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
const noteOf = (model, key) => model.meta.find((note) => note.key === key)?.value ?? "";

/** The model's own account of itself: facts, and the whole card where the file holds one.
 * @param {HTMLElement} holder @param {HTMLElement} whole @param {Model} model */
export function showCard(holder, whole, model) {
  const card = noteOf(model, "model_card");
  whole.hidden = !card;
  /** @type {HTMLElement} */ (whole.querySelector("pre")).textContent = card;
  const window = `${(model.length / model.rate).toFixed(1)} s at ${model.rate} Hz`;
  /** @type {[string, string][]} */
  const facts = [["Name", model.name || "not given"], ["Architecture", model.architecture],
    ["Trained", model.trained ? "yes" : "no: random weights"], ["SHA-256", model.sha256 ?? "not known"],
    ["Input", `${window}, leads ${model.leads.join(" ")}`], ["Labels", String(model.labels.length)]];
  const more = model.meta
    .filter(({ value }) => value.length <= 600 && !/^[[{]/.test(value)) // texts, not tables
    .map(({ key, value }) => /** @type {[string, string]} */ ([key.replaceAll("_", " "), value]));
  holder.replaceChildren(...[...facts, ...more].flatMap(([key, value]) => [
    make("dt", { textContent: key }), make("dd", { textContent: value })]));
}

/** What is known of a label, from the model's own metadata. @param {ModelLabel} label */
export function labelFacts(label) {
  const { threshold, thresholdSource, auroc, aurocLow, aurocHigh, positives } = label;
  const source = thresholdSource ? ` (${thresholdSource})` : "";
  const limit = threshold === null ? "threshold not given" : `threshold ${threshold.toFixed(3)}${source}`;
  if (auroc === null) return `${limit} · test AUROC not given`;
  const interval = aurocLow === null || aurocHigh === null ? ", interval not given"
    : ` (95 % ${aurocLow.toFixed(3)}–${aurocHigh.toFixed(3)})`;
  const count = positives === null ? "positives not given" : `${positives} positives`;
  return `${limit} · test AUROC ${auroc.toFixed(3)}${interval}, ${count}`;
}

/**
 * @typedef {{model: Model, analysis: Analysis | null, problem: string}} Column  of a model; problem:
 *   why there is no analysis
 */

/** Names that tell two models apart. @param {Column[]} columns */
function namesOf(columns) {
  const names = columns.map(({ model }) => model.name || model.architecture);
  return names.map((name, i) => (names.length > 1 && names[0] === names[1] ? `${name} ${i + 1}` : name));
}

/** Which model's map is shown, where there are two. @param {HTMLElement} holder
 * @param {Column[]} columns @param {number} shown @param {(which: number) => void} onChoose */
export function showModels(holder, columns, shown, onChoose) {
  holder.hidden = columns.length < 2;
  const focused = /** @type {any} */ (holder.getRootNode()).activeElement?.dataset?.model;
  const buttons = namesOf(columns).map((name, i) => {
    const { analysis, problem } = columns[i];
    const button = make("button", { type: "button", disabled: !analysis, title: problem },
      make("strong", { textContent: name }), make("small", { textContent: problem || (i === shown ? "its map is shown" : "show its map") }));
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

/**
 * A row a label, a column a model. @param {HTMLElement} list @param {Column[]} columns
 * @param {number} shown  model, whose labels can be chosen @param {number} chosen
 * @param {boolean} byProbability @param {(index: number) => void} onChoose
 */
export function showLabels(list, columns, shown, chosen, byProbability, onChoose) {
  const { model, analysis } = columns[shown];
  const names = labelNames(columns);
  const indexIn = (/** @type {Column} */ column, /** @type {string} */ name) => column.model.labels.findIndex((l) => l.name === name);
  if (byProbability && analysis) {
    const value = (/** @type {string} */ name) => analysis.labels[indexIn(columns[shown], name)]?.probability ?? -1;
    names.sort((a, b) => value(b) - value(a));
  }
  const facts = model.labels.map(labelFacts);
  const same = facts.every((text) => text === facts[0]);
  const titles = namesOf(columns);
  const rows = names.map((name) => {
    const index = indexIn(columns[shown], name);
    const cells = columns.flatMap((column, i) => {
      const at = indexIn(column, name);
      return valueCells(column.model.labels[at] ?? null, column.analysis?.labels[at]?.probability ?? null,
        columns.length > 1 ? titles[i] : "");
    });
    const label = columns.map((column) => column.model.labels[indexIn(column, name)]).find(Boolean);
    return labelRow(/** @type {ModelLabel} */ (label), cells, same || index < 0 ? "" : facts[index], index, index === chosen, onChoose);
  });
  list.classList.toggle("two", columns.length > 1);
  const shared = make("p", { className: "faint", textContent: same ? `All labels: ${facts[0]}.` : "" });
  clearLabels(list);
  list.append(...rows, shared);
}

/** Chromium keeps radio buttons that leave a shadow tree in their group, and all they refer to, for good:
 * they leave the group first. @param {HTMLElement} list */
export function clearLabels(list) {
  for (const input of list.querySelectorAll("input")) input.name = "";
  list.replaceChildren();
}

/** @param {ModelLabel} label @param {Node[]} cells @param {string} facts @param {number} index
 *   in the model whose map is shown; -1: it has no such label
 * @param {boolean} checked @param {(index: number) => void} onChoose */
function labelRow(label, cells, facts, index, checked, onChoose) {
  const input = make("input", { type: "radio", name: "label", checked, disabled: index < 0 });
  input.addEventListener("change", () => onChoose(index));
  const name = make("span", { className: "name", title: label.name }, titleOf(label));
  if (facts) name.append(make("small", { textContent: facts }));
  return make("label", { className: "label" }, input, name, ...cells);
}

/** A bar and a number. @param {ModelLabel | null} label  null: the model has no such label
 * @param {number | null} probability @param {string} of  the model, where there are two
 * @returns {Node[]} */
function valueCells(label, probability, of) {
  if (!label || probability === null)
    return [make("span", { ariaHidden: "true" }), make("span", { className: "none", textContent: "—", title: of && `not in ${of}` })];
  const output = make("output", { textContent: probability.toFixed(4), title: of });
  Object.assign(output.dataset, { label: label.name, probability: String(probability) });
  return [bar(probability, label.threshold), output];
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
  const probability = analysis.probabilities[w][chosen].toFixed(4);
  const where = analysis.windows.length > 1 ? `Probability in this window: ${probability}.` : "";
  holder.replaceChildren(make("p", { textContent: text }), make("ul", {}, ...items), make("p", { className: "faint", textContent: where }),
    make("p", { className: "faint", id: "map-trust", textContent: mapTrust(model, model.labels[chosen].name) }));
}

/**
 * A button a window, its height the chosen label's probability there.
 * @param {HTMLElement} holder @param {{start: number, seconds: number, probability: number | null}[]} windows
 * @param {number} chosen @param {(window: number) => void} onChoose
 */
export function showWindows(holder, windows, chosen, onChoose) {
  holder.hidden = windows.length < 2;
  const buttons = windows.map(({ start, seconds, probability }, w) => {
    const span = `${start.toFixed(0)}–${(start + seconds).toFixed(0)} s`;
    const value = probability === null ? "" : `, probability ${probability.toFixed(2)}`;
    const button = make("button", { type: "button", className: "window", title: `${span}${value}` },
      make("span", { className: "level", ariaHidden: "true" }), make("span", { textContent: span }));
    const level = /** @type {HTMLElement} */ (button.firstElementChild);
    level.style.height = `${(probability ?? 0) * 100}%`;
    button.setAttribute("aria-label", `Window ${w + 1}, ${span}${value}`);
    button.setAttribute("aria-pressed", String(w === chosen));
    button.addEventListener("click", () => onChoose(w));
    return button;
  });
  const focused = holder.contains(/** @type {any} */ (holder.getRootNode()).activeElement);
  holder.replaceChildren(...buttons);
  if (focused) buttons[chosen]?.focus();
}

/** What the network says, as a list to choose from, and what the map shows, in words. */

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
 * @param {HTMLElement} list @param {Model} model @param {Analysis} analysis @param {number} chosen
 * @param {boolean} byProbability @param {(index: number) => void} onChoose
 */
export function showLabels(list, model, analysis, chosen, byProbability, onChoose) {
  const order = model.labels.map((_, i) => i);
  if (byProbability)
    order.sort((a, b) => analysis.labels[b].probability - analysis.labels[a].probability);
  const facts = model.labels.map(labelFacts);
  const same = facts.every((text) => text === facts[0]);
  const rows = order.map((i) =>
    labelRow(model.labels[i], analysis.labels[i].probability, same ? "" : facts[i], i === chosen, () => onChoose(i)),
  );
  const shared = make("p", { className: "faint", textContent: same ? `All labels: ${facts[0]}.` : "" });
  list.replaceChildren(...rows, shared);
}

/** @param {ModelLabel} label @param {number} probability @param {string} facts
 * @param {boolean} checked @param {() => void} onChoose */
function labelRow(label, probability, facts, checked, onChoose) {
  const input = make("input", { type: "radio", name: "label", checked });
  input.addEventListener("change", onChoose);
  const output = make("output", { textContent: probability.toFixed(4) });
  Object.assign(output.dataset, { label: label.name, probability: String(probability) });
  const name = make("span", { className: "name", title: label.name }, titleOf(label));
  if (facts) name.append(make("small", { textContent: facts }));
  return make("label", { className: "label" }, input, name, bar(probability, label.threshold), output);
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
  const items = map.intervals.map(({ start, end, peak }) => {
    const padding = start >= window.seconds ? ", in the padding" : "";
    const from = (window.start + start).toFixed(2);
    return make("li", { textContent: `${from}–${(window.start + end).toFixed(2)} s (peak ${peak.toFixed(2)}${padding})` });
  });
  const probability = analysis.probabilities[w][chosen].toFixed(4);
  const where = analysis.windows.length > 1 ? `Probability in this window: ${probability}.` : "";
  holder.replaceChildren(make("p", { textContent: text }), make("ul", {}, ...items), make("p", { className: "faint", textContent: where }));
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

/** Fields of the case editor: each with its name, what it holds, and what happens when that changes. */

import { make } from "../base/dom.js";

/**
 * @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control
 * @typedef {(text: string) => string} Fault  why a text cannot be in a set, or ""
 */

/** @param {string} title @param {Control} control @param {string} [key]  by which the focus finds it again */
function labelled(title, control, key = "") {
  if (key) control.dataset.key = key;
  return make("label", { className: "field" }, make("span", { textContent: title }), control);
}

/** A field, and below it what is wrong with its text, from when that is typed until it is mended.
 * @param {HTMLElement} field @param {HTMLInputElement | HTMLTextAreaElement} control @param {Fault | undefined} fault */
function watched(field, control, fault) {
  if (!fault) return field;
  const note = make("p", { className: "author-fault", id: `fault-${control.dataset.key}` });
  note.setAttribute("role", "status");
  const tell = () => {
    note.textContent = fault(control.value);
    control.setAttribute("aria-invalid", String(note.textContent !== ""));
  };
  control.setAttribute("aria-describedby", note.id);
  control.addEventListener("input", tell);
  tell();
  return make("div", { className: "author-watched" }, field, note);
}

/** @param {string} title @param {string} value @param {(value: string) => void} changed
 * @param {{key?: string, list?: string, spellcheck?: boolean, placeholder?: string, maxLength?: number, fault?: Fault}} [more] */
export function textField(title, value, changed, { key, fault, ...more } = {}) {
  const input = make("input", { type: "text", value, ...more });
  input.addEventListener("input", () => changed(input.value));
  return watched(labelled(title, input, key), input, fault);
}

/** @param {string} title @param {string} value @param {(value: string) => void} changed
 * @param {{key?: string, rows?: number, fault?: Fault}} [more] */
export function areaField(title, value, changed, { key, rows = 2, fault } = {}) {
  const area = make("textarea", { value, rows, maxLength: 4000 });
  area.addEventListener("input", () => changed(area.value));
  return watched(labelled(title, area, key), area, fault);
}

/** Empty: null; what is no number is shown as empty. @param {string} title @param {number | null | undefined} value @param {(value: number | null) => void} changed
 * @param {{key?: string, min?: number, max?: number, step?: number | "any"}} [more] */
export function numberField(title, value, changed, { key, min, max, step = "any" } = {}) {
  const shown = Number.isFinite(value ?? NaN) ? value : "";
  const input = make("input", { type: "number", inputMode: "decimal", step: String(step), value: shown });
  if (min !== undefined) input.min = String(min);
  if (max !== undefined) input.max = String(max);
  input.addEventListener("input", () => changed(input.value === "" ? null : Number(input.value)));
  return labelled(title, input, key);
}

/** @param {(readonly [string, string])[]} pairs @param {string} value */
export function selectOf(pairs, value) {
  const select = make("select", {}, ...pairs.map(([each, text]) => new Option(text, each, false, each === value)));
  return select;
}

/** @param {string} title @param {(readonly [string, string])[]} pairs @param {string} value @param {(value: string) => void} changed
 * @param {{key?: string}} [more] */
export function selectField(title, pairs, value, changed, { key } = {}) {
  const select = selectOf(pairs, value);
  select.addEventListener("change", () => changed(select.value));
  return labelled(title, select, key);
}

/** @param {string} title @param {boolean} on @param {(on: boolean) => void} changed @param {{key?: string, type?: string, name?: string}} [more] */
export function checkField(title, on, changed, { key, type = "checkbox", name = "" } = {}) {
  const input = make("input", { type, checked: on, name });
  if (key) input.dataset.key = key;
  input.addEventListener("change", () => changed(input.checked));
  return make("label", { className: "check" }, input, ` ${title}`);
}

/** @param {string} title @param {() => unknown} work @param {{key?: string, name?: string, className?: string, disabled?: boolean,
 *   pressed?: boolean}} [more]  name: for those who do not see where it stands; pressed: it stays so */
export function button(title, work, { key, name, className = "", disabled = false, pressed } = {}) {
  const made = make("button", { type: "button", textContent: title, className, disabled });
  if (key) made.dataset.key = key;
  if (name) {
    made.setAttribute("aria-label", name);
    made.title = name;
  }
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", work);
  return made;
}

/** @param {...(Node | string)} children */
export const line = (...children) => make("div", { className: "author-row" }, ...children);

/** New contents, and the focus where it was; where that is gone, on what is named. @param {HTMLElement} holder
 * @param {Node[]} nodes @param {string} [focus]  key of what has it next */
export function refill(holder, nodes, focus = "") {
  const root = /** @type {ShadowRoot | Document} */ (holder.getRootNode());
  const at = root.activeElement;
  const key = focus || (at && holder.contains(at) ? /** @type {HTMLElement} */ (at).dataset.key : "") || "";
  holder.replaceChildren(...nodes);
  const next = key ? /** @type {HTMLElement | null} */ (holder.querySelector(`[data-key="${CSS.escape(key)}"]`)) : null;
  next?.focus({ preventScroll: !focus });
}

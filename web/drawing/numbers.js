/** The measurements that are read first, in short: rate, PR, QRS, QT with QTc, axis. */

import { make } from "../base/dom.js";
import { English, languageNow, phrase } from "../words/language.js";
import { reasonOf } from "../words/quantities.js";

/**
 * @typedef {import("../package/documents.js").Measured} Measured
 * @typedef {{key: string, title: string, value: string, unit: string, aside: string, number: number | null,
 *   edited?: boolean}} Value
 *   value: "—" where it is not measurable, and aside says why; number: to sort by; edited: by the reader
 * @typedef {{numbers: Value[], grade: string, limits: string[]}} Brief  limits: what is wrong with the recording
 */

const NONE = "—";

/** @typedef {Pick<Measured, "measurements" | "rhythm" | "quality">} Parts  of what was measured */

/** @param {Parts} measured
 * @returns {(name: string) => {value: number | null, range: number[] | null, why: string, edited: boolean}} */
const reader = (measured) => (name) => {
  const found = measured.measurements.find((each) => each.name === name);
  const edited = Boolean(found?.edited);
  const why = edited ? phrase("marks.edited") : found && found.value === null ? reasonOf(found) : "";
  return { value: found?.value ?? null, range: found?.range ?? null, why, edited };
};

/** @param {number | null} value */
const shown = (value) => (value === null ? NONE : String(Math.round(value)).replace("-", "−"));

/** @param {Parts} measured @returns {Value} */
function rate(measured) {
  const { value, range, why } = reader(measured)("heart_rate");
  const spread = range ? `${shown(range[0])}–${shown(range[1])}` : "";
  const { irregularity } = measured.rhythm;
  const rhythm = irregularity && irregularity !== "regular" ? phrase(`rhythm.${irregularity}`) : "";
  const aside = value === null ? why : [spread, rhythm].filter(Boolean).join(", ");
  return { key: "hr", title: phrase("measured.heart_rate"), value: shown(value), unit: "/min", aside, number: value };
}

/** @param {Parts} measured @param {string} name @param {string} key @param {string} title @returns {Value} */
function interval(measured, name, key, title) {
  const { value, why, edited } = reader(measured)(name);
  return { key, title, value: shown(value), unit: value === null ? "" : "ms", aside: why, number: value, edited };
}

/** @param {Parts} measured @returns {Value} */
function qt(measured) {
  const read = reader(measured);
  const [whole, corrected] = [read("qt_interval"), read("qtc_fridericia")];
  const known = whole.value !== null;
  return {
    key: "qtc",
    title: "QT/QTc",
    value: known ? `${shown(whole.value)}/${shown(corrected.value)}` : NONE,
    unit: known ? "ms" : "",
    aside: known ? `Fridericia${whole.edited ? `, ${phrase("marks.edited")}` : ""}` : whole.why,
    number: corrected.value,
    edited: whole.edited,
  };
}

/** @param {Parts} measured @returns {Value} */
function axis(measured) {
  const values = ["p_axis", "qrs_axis", "t_axis"].map((name) => reader(measured)(name).value);
  const known = values.some((value) => value !== null);
  return {
    key: "axis",
    title: phrase("numbers.axis"),
    value: known ? values.map(shown).join("/") : NONE,
    unit: known ? "°" : "",
    aside: "",
    number: values[1],
  };
}

/** What is said of a recording in one line, whenever it is asked, in the language of then.
 * @param {Measured} measured @returns {Brief} */
export function briefOf({ measurements, rhythm, quality }) {
  const parts = { measurements, rhythm, quality };
  let language = "";
  /** @type {Value[]} */
  let numbers = [];
  return {
    get numbers() {
      if (language !== languageNow()) numbers = numbersOf(parts);
      language = languageNow();
      return numbers;
    },
    get grade() {
      return phrase(`grade.${quality.grade}`);
    },
    get limits() {
      return quality.findings.map(({ text }) => String(new English(text)));
    },
  };
}

/** @param {Parts} parts */
const numbersOf = (parts) => [
  rate(parts),
  interval(parts, "pr_interval", "pr", "PR"),
  interval(parts, "qrs_duration", "qrs", "QRS"),
  qt(parts),
  axis(parts),
];

/** @param {Brief | null} brief @param {string} key */
export const numberIn = (brief, key) => brief?.numbers.find((each) => each.key === key) ?? null;

/** @param {Brief} brief @returns {HTMLElement[]} */
export function numberNodes({ numbers }) {
  return numbers.map(({ key, title, value, unit, aside, edited }) => {
    const isRate = key === "hr";
    const node = make(
      "span",
      { className: `number ${isRate ? "rate" : key}`, title: [title, aside].filter(Boolean).join(": ") },
      make("span", { className: isRate ? "visually-hidden" : "name" }, ...shortened(title)),
      make("strong", {}, ...shortened(value)),
      make("span", { className: "unit", textContent: unit }),
    );
    if (aside) node.append(make("span", { className: "aside", textContent: aside }));
    if (edited)
      node.append(
        make("span", {
          className: "by-reader",
          textContent: phrase("marks.edited-short"),
          title: phrase("marks.edited"),
        }),
      );
    node.dataset.number = key;
    return node;
  });
}

/** What stands before the last slash goes where there is little room: of QT/QTc the former. @param {string} text
 * @returns {(Node | string)[]} */
function shortened(text) {
  const [, before, last] = /^([^/]*\/)([^/]+)$/.exec(text) ?? ["", "", text];
  return before ? [make("span", { className: "long", textContent: before }), last] : [last];
}

/** As a line of text. @param {Brief} brief */
export const numbersText = ({ numbers }) =>
  numbers
    .map(({ title, value, unit, aside }) => `${title} ${value}${unit && ` ${unit}`}${aside && ` (${aside})`}`)
    .join(", ");

/** The strip above the drawing. @param {HTMLElement} holder @param {HTMLElement} quality  a button
 * @param {Brief | null} brief @param {string} otherwise  what is said where there is none */
export function showStrip(holder, quality, brief, otherwise) {
  holder.replaceChildren(
    ...(brief ? numberNodes(brief) : [make("span", { className: "number", textContent: otherwise })]),
  );
  quality.hidden = !brief;
  if (!brief) return;
  const { limits, grade } = brief;
  const { length } = limits;
  const count = phrase("count.note", { n: length });
  const what = length === 0 ? grade : length === 1 ? limits[0] : count;
  quality.classList.toggle("quiet", length === 0);
  quality.replaceChildren(
    make("span", {
      className: "long",
      textContent: `${phrase(length === 1 ? "quality.note" : "quality.name")}: `,
    }),
    make("span", { className: length === 1 ? "what long" : "what", textContent: what }),
    ...(length === 1 ? [make("span", { className: "brief", textContent: count })] : []), // where there is little room
  );
  quality.title = limits.join("\n");
}

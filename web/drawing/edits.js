/**
 * Marks of the median beat that the reader has moved, and the intervals that follow from them. What was measured stays
 * beside what was edited, and everything that shows or saves an edited number says so.
 */

/**
 * @typedef {import("../core/readers.js").Ends} Ends
 * @typedef {import("../core/readers.js").Finding} Finding
 * @typedef {import("../package/documents.js").Measured} Measured
 * @typedef {import("../package/documents.js").Measurement} Measurement
 * @typedef {import("../panels/records.js").Row} Row
 * @typedef {{p: Ends, qrs: Ends, t: Ends}} Waves  s from the beat
 * @typedef {{measured: Waves, edited: Waves, past: Waves[]}} Edited  past: before each change, for undoing
 */

export const EDITED = "edited by the reader";

/** What lies between two marks, s; null where one of them is missing. @type {Record<string, (waves: Waves) => number | null>} */
const SPANS = {
  p_duration: ({ p }) => p && p[1] - p[0],
  pr_interval: ({ p, qrs }) => p && qrs && qrs[0] - p[0],
  qrs_duration: ({ qrs }) => qrs && qrs[1] - qrs[0],
  qt_interval: ({ qrs, t }) => t && qrs && t[1] - qrs[0],
};

/** QT in ms at an RR interval in s, as the core has it. @type {Record<string, (qt: number, rr: number) => number>} */
const CORRECTED = {
  qtc_bazett: (qt, rr) => qt / Math.sqrt(rr),
  qtc_fridericia: (qt, rr) => qt / Math.cbrt(rr),
  qtc_framingham: (qt, rr) => qt + 154 * (1 - rr),
  qtc_hodges: (qt, rr) => qt + 1.75 * (60 / rr - 60),
};

/** Why there is no value, where a wave was taken away. */
const GONE = {
  p_duration: "NO_P_WAVE",
  pr_interval: "NO_P_WAVE",
  qrs_duration: "INCONSISTENT",
  qt_interval: "T_NOT_FOUND",
};

/** @param {Waves} waves @returns {Waves} */
export const wavesOf = ({ p, qrs, t }) => ({ p, qrs, t });

/** @param {Ends} a @param {Ends} b */
const sameEnds = (a, b) => (a && b ? a.every((end, i) => Math.abs(end - b[i]) < 1e-6) : a === b);
/** @param {Waves} a @param {Waves} b */
const sameWaves = (a, b) => sameEnds(a.p, b.p) && sameEnds(a.qrs, b.qrs) && sameEnds(a.t, b.t);

/** @param {Measurement} found @param {number | null} value  ms @param {string} reason @returns {Measurement} */
function withValue(found, value, reason) {
  const [title] = found.text.split(/:| -?\d/);
  const before = found.value === null ? "not measured" : `measured ${found.value} ms`;
  const said = value === null ? `${title}: not measurable, taken away` : `${title} ${value} ms`;
  return {
    ...found,
    value,
    range: null,
    reliability: null,
    reason: /** @type {Measurement["reason"]} */ (value === null ? reason : null),
    text: `${said} (${EDITED}, ${before})`,
    edited: { by: "reader", measured: found.value },
  };
}

/** The same interval between moved marks: as much longer as they are further apart. @param {Measurement} found
 * @param {Edited} edit */
function spanEdited(found, { measured, edited }) {
  const span = SPANS[found.name];
  const [before, after] = [span(measured), span(edited)];
  if (before === after || (before !== null && after !== null && Math.abs(before - after) < 1e-6)) return found;
  const reason = GONE[/** @type {keyof typeof GONE} */ (found.name)];
  if (after === null) return withValue(found, null, reason);
  const value = found.value !== null && before !== null ? found.value + 1000 * (after - before) : 1000 * after;
  return withValue(found, Math.round(value), reason);
}

/** @param {Measurement} found @param {Measurement | undefined} qt @param {number | null} rr  ms */
function correctedEdited(found, qt, rr) {
  if (!qt?.edited) return found;
  if (qt.value === null) return withValue(found, null, "T_NOT_FOUND");
  if (rr === null) return found;
  return withValue(found, Math.round(CORRECTED[found.name](qt.value, rr / 1000)), "");
}

/** @template {Pick<Measured, "measurements">} M @param {M} measured @param {Edited} edit @returns {M} */
export function measuredEdited(measured, edit) {
  const spans = measured.measurements.map((each) => (each.name in SPANS ? spanEdited(each, edit) : each));
  const named = (/** @type {string} */ name) => spans.find((each) => each.name === name);
  const measurements = spans.map((each) =>
    each.name in CORRECTED ? correctedEdited(each, named("qt_interval"), named("rr_interval")?.value ?? null) : each,
  );
  return { ...measured, measurements };
}

/** The line of numbers of paper and pictures. @param {string} numbers  the core's @param {Measured} measured  edited */
function numbersEdited(numbers, { measurements }) {
  const named = (/** @type {string} */ name) => measurements.find((each) => each.name === name);
  const value = (/** @type {string} */ name) => named(name)?.value ?? null;
  const said = (/** @type {string} */ title, /** @type {string} */ name) =>
    value(name) === null
      ? `, ${title}: ${named(name)?.edited ? "taken away" : "not measured"}`
      : `, ${title} ${value(name)} ms`;
  const qtc = value("qtc_fridericia");
  const qt = qtc === null ? said("QT", "qt_interval") : `, QT/QTc ${value("qt_interval")}/${qtc} ms (Fridericia)`;
  const changed = (/** @type {string} */ name) => Boolean(named(name)?.edited);
  let line = numbers;
  if (changed("pr_interval")) line = line.replace(/, PR(:[^,]*| -?\d+ ms)/, said("PR", "pr_interval"));
  if (changed("qrs_duration")) line = line.replace(/, QRS(:[^,]*| -?\d+ ms)/, said("QRS", "qrs_duration"));
  if (changed("qt_interval")) line = line.replace(/, QT(\/QTc -?\d+\/-?\d+ ms \(\w+\)|:[^,]*| -?\d+ ms)/, qt);
  return line.replace(/, quality/, `, marks ${EDITED}, quality`);
}

/** @param {Finding} finding @param {Edited} edit @returns {Finding} */
export function findingEdited(finding, edit) {
  const measured = measuredEdited(finding.measured, edit);
  const beat = finding.beat && { ...finding.beat, ...edit.edited };
  return { ...finding, measured, beat, numbers: numbersEdited(finding.numbers, measured) };
}

export class Edits {
  constructor() {
    /** @type {WeakMap<Row, Edited>} */
    this.rows = new WeakMap();
  }

  /** @param {Row | null} row @returns {Edited | null}  where its marks are not as they were measured */
  of(row) {
    const edit = row && this.rows.get(row);
    return edit && !sameWaves(edit.measured, edit.edited) ? edit : null;
  }

  /** @param {Row} row @param {Waves} measured @param {Waves} waves  as they are to be */
  set(row, measured, waves) {
    const edit = this.rows.get(row) ?? { measured, edited: measured, past: [] };
    if (sameWaves(edit.edited, waves)) return;
    this.rows.set(row, { measured: edit.measured, edited: waves, past: [...edit.past, edit.edited] });
  }

  /** @param {Row | null} row */
  canUndo(row) {
    return Boolean(row && this.rows.get(row)?.past.length);
  }

  /** The last change of a row's marks. @param {Row} row */
  undo(row) {
    const edit = this.rows.get(row);
    const last = edit?.past.at(-1);
    if (edit && last) this.rows.set(row, { ...edit, edited: last, past: edit.past.slice(0, -1) });
  }

  /** @param {Row} row @param {Finding} finding  as it was measured @returns {Finding} */
  apply(row, finding) {
    const edit = this.of(row);
    return edit ? findingEdited(finding, edit) : finding;
  }

  /** The same of the document alone. @param {Row} row @param {Measured} measured */
  measuredOf(row, measured) {
    const edit = this.of(row);
    return edit ? measuredEdited(measured, edit) : measured;
  }
}

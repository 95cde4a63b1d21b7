/**
 * The network as a second reader of a case, after the commit: what it names, whether that agrees with the key, how often
 * it was right on its own test records, its map, and what the checks of its maps say. Computed here, or before the set
 * was packed; nothing of it is computed or read before it may be seen.
 */

import { heatOf } from "../panels/attribution.js";
import { element, make } from "../base/dom.js";
import { noteOf, shownText, titleOf } from "../words/finding_words.js";
import { likeliestWindow, valueIn, valueOf } from "../core/report.js";
import { messageOf } from "../words/messages.js";

/**
 * @typedef {import("./cases_language.js").Words} Words
 * @typedef {import("../package/documents.js").Explanation} Explanation
 * @typedef {import("../package/documents.js").Label} Label
 * @typedef {{n: number, mean: number | null}} Measure
 * @typedef {Record<string, Measure>} Checks  of a label's maps (xai_check)
 * @typedef {{report: import("../core/core.js").Report & {computed_at?: string}, here: boolean, heat: (label: number) => import("../drawing/drawing.js").Heat | null,
 *   checks: (name: string) => Checks | null}} Answer  here: computed on this device, now
 */

const LEVEL = 0.95;
/** Halvings of an interval until doubles do not tell its ends apart. */
const HALVINGS = 60;

/** P(X >= k) of n trials. @param {number} k @param {number} n @param {number} p */
function atLeast(k, n, p) {
  if (k <= 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let log = 0; // of the coefficient
  let sum = 0;
  for (let i = 0; i <= n; i++) {
    if (i > 0) log += Math.log((n - i + 1) / i);
    if (i >= k) sum += Math.exp(log + i * Math.log(p) + (n - i) * Math.log1p(-p));
  }
  return Math.min(sum, 1);
}

/** Where a rising function takes a value, from 0 to 1. @param {(p: number) => number} f @param {number} value */
function solve(f, value) {
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (f(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The exact interval of a proportion (Clopper and Pearson 1934), which model cards have. @param {number} k @param {number} n
 * @returns {[number, number]} */
export function exactInterval(k, n) {
  const tail = (1 - LEVEL) / 2;
  const low = k <= 0 ? 0 : solve((p) => atLeast(k, n, p), tail);
  const high = k >= n ? 1 : solve((p) => atLeast(k + 1, n, p), 1 - tail);
  return [low, high];
}

/** @param {[number, number]} interval */
const spanText = ([low, high]) => `${Math.round(100 * low)}–${Math.round(100 * high)}`;
/** Whole numbers are told, so their share may be 0 or 100 %. @param {number} k @param {number} n */
const share = (k, n) => `${Math.round((100 * k) / n)} %`;

/** How often a finding was right on test records, in whole numbers; not tested: fewer than ten records with it.
 * @param {Pick<Label, "n_positive" | "n_negative" | "found" | "false_alarms" | "tested">} label @param {Words} words */
export function recordText(
  { n_positive: positives, n_negative: negatives, found, false_alarms: wrong, tested },
  words,
) {
  if (positives === null || negatives === null || found === null || wrong === null || positives === undefined)
    return words("not-tested");
  if (tested === false || !positives || !negatives) return words("hardly-tested", { n: positives });
  return words("record", {
    all: positives + negatives,
    found,
    positives,
    share: share(found, positives),
    span: spanText(exactInterval(found, positives)),
    wrong,
    negatives,
    passedShare: share(negatives - wrong, negatives),
    passedSpan: spanText(exactInterval(negatives - wrong, negatives)),
  });
}

const signed = (/** @type {number} */ v) => `${v < 0 ? "−" : "+"}${Math.abs(v).toFixed(2)}`;
const plain = (/** @type {number} */ v) => v.toFixed(2).replace("-", "−");

/** Below, a map does not depend on what was learned; above, it is steady. */
const RANDOM_BELOW = 0.3;
const STEADY_ABOVE = 0.7;

/** What the checks of a finding's maps say. @param {Checks | null} checks @param {Words} words */
export function checksText(checks, words) {
  const mean = (/** @type {string} */ name) => checks?.[name]?.mean ?? null;
  const [random, gain, shift] = ["randomised_all", "deletion_gain", "shift_correlation"].map(mean);
  const parts = [
    random === null
      ? ""
      : words(Math.abs(random) < RANDOM_BELOW ? "weights-matter" : "weights-hardly-matter", { r: plain(random) }),
    gain === null ? "" : words(gain > 0 ? "peaks-matter" : "peaks-do-not-matter", { gain: signed(gain) }),
    shift === null ? "" : words(shift >= STEADY_ABOVE ? "shift-steady" : "shift-not-steady", { r: plain(shift) }),
  ].filter(Boolean);
  return parts.length ? words("map-checks", { checks: parts.join("; ") }) : words("no-checks");
}

/** @param {unknown} text  of xai_check @returns {(name: string) => Checks | null} */
function checksIn(text) {
  /** @type {{name: string, measures: Checks}[]} */
  let labels = [];
  try {
    labels = (typeof text === "string" ? JSON.parse(text) : text)?.labels ?? [];
  } catch {
    labels = []; // a note of another kind
  }
  return (name) => labels.find((label) => label.name === name)?.measures ?? null;
}

/* ---- where the answer comes from ---- */

/** @param {import("../element.js").EcgXplaim} host @param {import("../files/files.js").FileGroup} group @returns {Promise<Answer>} */
export async function computed(host, group) {
  const analysis = await host.live.modelWorker.analyse(group, {});
  const { report, model } = analysis;
  return {
    report,
    here: true,
    heat: (i) => heatOf(model, analysis, likeliestWindow(report, i), i, null),
    checks: checksIn(noteOf(model, "xai_check")),
  };
}

/** A document of `xplaim explain --json`. @param {string} text @param {import("../core/worker.js").Model | null} model  of this page:
 * where it is the one that answered, its file tells of the maps @returns {Answer} */
export function precomputed(text, model) {
  /** @type {Explanation & {computed_at?: string, map_checks?: unknown}} */
  const report = JSON.parse(text);
  if (!Array.isArray(report?.labels) || !report.model) throw new Error("the set’s document of it is none");
  const same = model !== null && model.sha256 === report.model.sha256;
  return {
    report,
    here: false,
    heat: (i) => heatIn(report, i),
    checks: checksIn(report.map_checks ?? (same ? noteOf(model, "xai_check") : null)),
  };
}

/** The map of a label, where the document has it. @param {Explanation} report @param {number} i
 * @returns {import("../drawing/drawing.js").Heat | null} */
function heatIn(report, i) {
  const label = report.labels[i];
  const w = report.map ? Math.max(0, likeliestWindow(report, i)) : -1;
  const window = report.map?.windows?.[w];
  const values = window?.labels.find(({ name }) => name === label.name)?.values;
  if (!window || !values?.length) return null;
  const value = valueIn(report, w, i);
  return {
    values: Float32Array.from(values),
    perLead: false,
    start: window.start_s,
    seconds: window.end_s - window.start_s,
    label: titleOf(label),
    layer: report.map.layer,
    value,
    outputs: report.model.outputs,
    below: value < (label.threshold ?? 0),
  };
}

/** Which of the two a case has: that of its author, else this page's. @param {import("../element.js").EcgXplaim} host
 * @param {import("./cases_source.js").CaseSet} caseSet @param {import("./cases_source.js").Case} one
 * @param {import("../files/files.js").FileGroup | null} group @returns {Promise<Answer | null>} null: there is none */
export async function answerOf(host, { files }, one, group) {
  const source = one.network ? files.get(one.network) : undefined;
  if (source) return precomputed(new TextDecoder().decode(await source.read()), host.live.model);
  const loading = host.live.modelWorker.loading.then(
    () => true,
    () => false,
  );
  return group && (await loading) ? computed(host, group) : null;
}

/** Findings at or above their thresholds. @param {Answer} answer @returns {Label[]} */
export const namedBy = ({ report }) =>
  /** @type {Label[]} */ (report.labels)
    .filter((label) => label.at_or_above_threshold)
    .sort((a, b) => valueOf(b) - valueOf(a));

/* ---- in the panel ---- */

/** What a finding of the network is called in a list of the set: the same id, or what the statement says.
 * @param {import("./cases_source.js").ListItem} item @param {string} name */
const isLabel = (item, name) => item.id === name || item.label === name;

/** @param {import("./cases_source.js").SetDocument} set @param {import("./cases_source.js").Case} one */
function keyOf(set, one) {
  const tasks = one.tasks.filter(({ type }) => type === "findings");
  const ids = (/** @type {(string | {id: string})[] | undefined} */ list) =>
    (list ?? []).map((each) => (typeof each === "string" ? each : each.id));
  const items = tasks.flatMap((task) => set.lists?.[task.list ?? ""] ?? []);
  const wanted = new Set(tasks.flatMap(({ must, should, may }) => [...ids(must), ...ids(should), ...ids(may)]));
  // A more general name of what the key has is no error.
  for (const id of wanted) {
    const { in: general } = items.find((item) => item.id === id) ?? {};
    if (general) wanted.add(general);
  }
  return {
    items,
    wanted: [...wanted],
    must: tasks.flatMap(({ must }) => ids(must)),
    mustNot: tasks.flatMap(({ must_not: list }) => ids(list)),
  };
}

/** @param {ReturnType<typeof keyOf>} key @param {string} name  of the network's label @param {Words} words */
function agreement(key, name, words) {
  const items = key.items.filter((item) => isLabel(item, name));
  const among = (/** @type {string[]} */ ids) => items.some(({ id }) => ids.includes(id));
  if (!items.length) return { good: null, text: words("not-asked") };
  if (among(key.wanted)) return { good: true, text: words("agrees") };
  return { good: false, text: among(key.mustNot) ? words("differs-must-not") : words("differs-other") };
}

/** Whose map is shown first: what the key has too, else the likeliest. @param {Answer} answer
 * @param {import("./cases_source.js").SetDocument} set @param {import("./cases_source.js").Case} one @param {Words} words
 * @returns {number} its place among the labels, -1: nothing is named */
export function firstShown(answer, set, one, words) {
  const named = namedBy(answer);
  const key = keyOf(set, one);
  const first = named.find(({ name }) => agreement(key, name, words).good) ?? named[0];
  return first ? /** @type {Label[]} */ (answer.report.labels).indexOf(first) : -1;
}

/**
 * @param {Answer} answer
 * @param {{set: import("./cases_source.js").SetDocument, one: import("./cases_source.js").Case, words: Words, key: boolean,
 *   show: (label: number) => void, shown: number}} how  key: whether agreement with it may be told; show: the map of a label
 * @returns {Node[]}
 */
export function networkNodes(answer, { set, one, words, key: tellKey, show, shown }) {
  const { report } = answer;
  const labels = /** @type {Label[]} */ (report.labels);
  const key = keyOf(set, one);
  const named = namedBy(answer);
  /** @type {Node[]} */
  const nodes = [element("p", { class: "faint" }, originText(answer, words))];
  if (!report.model.trained) nodes.push(element("p", { class: "untrained" }, words("untrained")));
  if (!named.length) nodes.push(element("p", {}, words("network-nothing")));
  for (const label of named) {
    const i = labels.indexOf(label);
    const parts = [headLine(label, report.model.outputs), bar(label), element("p", {}, recordText(label, words))];
    if (tellKey) parts.splice(1, 0, agreementLine(agreement(key, label.name, words)));
    if (answer.heat(i)) {
      const button = make("button", { type: "button", textContent: words("show-map", { name: titleOf(label) }) });
      button.setAttribute("aria-pressed", String(shown === i));
      button.dataset.label = label.name;
      button.addEventListener("click", () => show(i));
      parts.push(element("p", { class: "faint" }, checksText(answer.checks(label.name), words)), button);
    }
    const box = element("div", { class: `cases-label${shown === i ? " shown" : ""}` }, ...parts);
    box.dataset.label = label.name;
    nodes.push(box);
  }
  if (tellKey) nodes.push(...missedLines(key, labels, report.model.outputs, words));
  if (shown >= 0) nodes.push(element("p", { class: "faint" }, words("map-meaning")));
  return nodes;
}

/** @param {Answer} answer @param {Words} words */
function originText({ report, here }, words) {
  const { name, sha256 } = report.model;
  const network = `${name || words("a-network")}${sha256 ? `, SHA-256 ${sha256.slice(0, 12)}…` : ""}`;
  if (here) return words("network-here", { network });
  const at = Date.parse(report.computed_at ?? "");
  if (Number.isNaN(at)) return words("network-then", { network });
  return words("network-then-on", { network, when: new Date(at).toLocaleDateString() });
}

/** @param {Label} label @param {"probabilities" | "scores"} outputs */
const headLine = (label, outputs) =>
  element(
    "p",
    { class: "cases-label-head" },
    element("span", { class: "name" }, titleOf(label)),
    element("strong", {}, shownText(valueOf(label), outputs)),
  );

/** @param {{good: boolean | null, text: string}} agreement */
const agreementLine = ({ good, text }) => element("p", {}, good === null ? text : `${good ? "✓" : "✗"} ${text}`);

/** Its value and its threshold. @param {Label} label */
function bar(label) {
  const value = Math.min(Math.max(valueOf(label), 0), 1);
  const fill = element("span", { class: "fill" });
  fill.style.width = `${100 * value}%`;
  const parts = [fill];
  if (label.threshold !== null) {
    const tick = element("span", { class: "tick" });
    tick.style.left = `${100 * Math.min(Math.max(label.threshold, 0), 1)}%`;
    parts.push(tick);
  }
  return element("div", { class: "bar", "aria-hidden": "true" }, ...parts);
}

/** What the key has and the network did not name. @param {ReturnType<typeof keyOf>} key @param {Label[]} labels
 * @param {"probabilities" | "scores"} outputs @param {Words} words */
function missedLines(key, labels, outputs, words) {
  return key.items
    .filter(({ id }) => key.must.includes(id))
    .flatMap((item) => {
      const label = labels.find(({ name }) => isLabel(item, name));
      if (label?.at_or_above_threshold) return [];
      const limit = label?.threshold ?? null;
      if (!label || limit === null) return [element("p", {}, words("not-looked-for", { name: item.text }))];
      const text = words("not-named", {
        name: item.text,
        value: shownText(valueOf(label), outputs),
        limit: shownText(limit, outputs),
      });
      return [element("p", {}, `✗ ${text}`)];
    });
}

/** @param {Words} words @param {unknown} error */
export const failureText = (words, error) => words("network-failed", { why: messageOf(error) });

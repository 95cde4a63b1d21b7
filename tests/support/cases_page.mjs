// For tests that play case sets on the page.

import { archive, caseSet } from "./cases.mjs";
import { drop, inElement } from "./chromium.mjs";

/** A set on the page, at its start. */
export async function opened(open, set, options) {
  const page = await open(options);
  await drop(page, [archive(set)]);
  await page.locator(".cases-begin:not([disabled])").waitFor();
  return page;
}

export async function begin(page) {
  await page.locator(".cases-begin:not([disabled])").click();
  await page.locator(".cases-form").waitFor();
}

export const commit = async (page) => {
  await page.locator(".cases-commit button.primary").click();
  if (await page.locator(".cases-form .cases-problem:not(:empty)").count())
    await page.locator(".cases-commit button.primary").click(); // nothing is answered
};

/** A document of `xplaim explain --json`, as a set may hold it. */
export const explained = () => {
  const label = (name, probability, more = {}) => ({
    name,
    long_name: name === "afib" ? "atrial fibrillation" : name,
    threshold: 0.5,
    threshold_source: null,
    auroc: null,
    auroc_low: null,
    auroc_high: null,
    n_positive: null,
    n_negative: null,
    found: null,
    false_alarms: null,
    tested: false,
    operating_points: [],
    at_or_above_threshold: probability >= 0.5,
    probability,
    ...more,
  });
  const labels = [
    label("afib", 0.93),
    label("imi", 0.71, { n_positive: 44, n_negative: 284, found: 31, false_alarms: 27, tested: true }),
  ];
  const maps = labels.map(({ name, probability }) => ({
    name,
    probability,
    positive: true,
    max_raw: 1,
    strongest: [],
    values: Array.from({ length: 50 }, (_, i) => (i % 10) / 9),
  }));
  return {
    record: "af-1",
    disclaimer: "",
    model: {
      name: "a model",
      sha256: "cd".repeat(32),
      architecture: "x",
      trained: true,
      outputs: "probabilities",
      assumed: [],
      operating_point: "balanced",
    },
    labels,
    map: { layer: "last", steps: 50, step_s: 0.2, windows: [{ start_s: 0, end_s: 10, padded_s: 0, labels: maps }] },
    notices: [],
    measured: null,
  };
};

/** Answers the first case right, but for the calipers, which stay where they begin. */
export async function answerFirst(page) {
  await page.locator('[data-task="find"] input[value="afib"]').check();
  await page.locator('[data-task="rr"] button').first().click();
  await page.locator('[data-task="rr"] button.primary').click();
  const fields = page.locator('[data-task="where"]');
  await fields.locator("select").selectOption("II");
  await fields.locator("input").nth(0).fill("5.2");
  await fields.locator("input").nth(1).fill("5.6");
  await fields.locator("button", { hasText: "Add the mark" }).click();
  await page.locator('[data-task="next"] input[value="a"]').check();
  await page.locator('[data-task="say"] textarea').fill("Atrial fibrillation.");
}

/** Everything that the tree says, to whomever: texts and attributes that are read out or shown. */
export const saidInTree = (page) =>
  inElement(page, (element) => {
    const told = ["title", "alt", "aria-label", "aria-description", "placeholder", "value", "data-label"];
    const said = [document.title];
    const walk = (node) => {
      if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
      for (const name of told) if (node.getAttribute?.(name)) said.push(node.getAttribute(name));
      for (const child of node.childNodes) walk(child);
      if (node.shadowRoot) walk(node.shadowRoot);
    };
    walk(element.root.querySelector(".cases"));
    return said.join("\n");
  });

/** Notes all that is ever put into the tree, and every work for the network or on measuring. */
export const watch = (page) =>
  inElement(page, (element) => {
    const seen = (globalThis.seen = { texts: [], works: [], events: [] });
    const note = (node) => {
      if (node.nodeType === Node.TEXT_NODE) seen.texts.push(node.data);
      for (const name of ["title", "alt", "aria-label", "value", "data-label"])
        if (node.getAttribute?.(name)) seen.texts.push(node.getAttribute(name));
      for (const child of node.childNodes) note(child);
    };
    new MutationObserver((changes) => {
      for (const { addedNodes, target, type } of changes)
        type === "childList" ? addedNodes.forEach(note) : note(target);
    }).observe(element.root, { childList: true, characterData: true, attributes: true, subtree: true });
    const spy = (object, name) => {
      const work = object[name].bind(object);
      object[name] = (...args) => {
        seen.works.push(name);
        return work(...args);
      };
    };
    for (const name of ["analyse", "attribute"]) spy(element.live.modelWorker, name);
    for (const name of ["measure", "measureTexts"]) spy(element.live, name);
    for (const kind of ["analysis", "measured"]) document.addEventListener(kind, () => seen.events.push(kind));
    navigator.clipboard?.writeText && spy(navigator.clipboard, "writeText");
  });

/** What no text may say before a case of the set (cases.mjs) is committed. */
export const ANSWERS = [
  /neural|network/i,
  /afifl|atrial fibrillation or flutter/i,
  /probab|threshold|specificity/i,
  /\b\d+ %/,
  /\d+\/min\b/,
  /must be named|should be named/i,
  /no P waves before|vary without/i,
  /PTB-XL|00963|00219|00057/,
  /early complexes/,
];

/** A set whose first case asks for a place in V2. @param {{from: number, to: number}} span */
export function markingSet(span) {
  const set = caseSet();
  const [one] = set.cases;
  Object.assign(one, { like: null });
  one.tasks = [{ id: "where", type: "mark", prompt: "Mark it.", targets: [{ lead: "V2", ...span }], need: 1 }];
  set.cases = [one];
  return set;
}

export const layoutOf = (page, place) =>
  inElement(
    page,
    async ({ cases: { screen } }, span) => {
      await screen.ecg.settled();
      return [screen.ecg.ui.layout.value, screen.ecg.start, screen.ecg.shows(span)].join();
    },
    place,
  );

/** @param {any} page @param {string} lead @param {(number | string)[]} times  "" for none */
export async function typeMark(page, lead, ...times) {
  const task = page.locator('[data-task="where"]');
  await task.locator("select").selectOption(lead);
  for (const [i, time] of times.entries()) await task.locator("input").nth(i).fill(String(time));
}

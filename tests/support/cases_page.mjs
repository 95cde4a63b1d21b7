// For tests that play case sets on the page.

import { archive } from "./cases.mjs";
import { drop } from "./chromium.mjs";

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

// The npm module as it is published, and what it gives beside the tool's.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildPackage } from "../../scripts/build-package.mjs";
import { DIST, scratch } from "./native.mjs";

/** The module's analysis is the native tool's JSON: the same keys, texts and numbers. */
export function sameReport(mine, tool, path = "") {
  if (typeof tool === "number" && typeof mine === "number") {
    const tolerance = /values|peak/.test(path) ? 1e-3 : /max_raw|logit/.test(path) ? 1e-4 * (1 + Math.abs(tool)) : 1e-5;
    assert.ok(Math.abs(mine - tool) <= tolerance, `${path}: ${mine}, not ${tool}`);
  } else if (tool && typeof tool === "object") {
    assert.deepEqual(Object.keys(mine).sort(), Object.keys(tool).sort(), path);
    for (const key of Object.keys(tool)) sameReport(mine[key], tool[key], `${path}/${key}`);
  } else assert.equal(mine, tool, path);
}

/** What differs by design: the tool was asked for signed maps, and names the record by its path. */
export function comparable(report) {
  const windows = report.map.windows.map((window) => ({
    ...window,
    labels: window.labels.map((label) => ({ ...label, values: normalised(label.values) })),
  }));
  return { ...report, record: "00219_hr", map: { ...report.map, signed: false, windows } };
}

function normalised(values) {
  const max = Math.max(...values);
  return values.map((value) => (max > 0 ? Math.max(value, 0) / max : 0));
}

export function packageFolder() {
  const folder = join(scratch, "node_modules/ecg-xplaim");
  if (!existsSync(folder)) buildPackage(DIST, folder);
  return folder;
}

// What the tests of the reading station share: its pages, and what the tool says of a sample.

import { join } from "node:path";
import { DIST, explainNatively, ROOT } from "./native.mjs";
import { openAt, testsOfSite } from "./site_tests.mjs";

export const MODEL = join(DIST, "model.safetensors");
export const sample = (name) => join(ROOT, `web/samples/${name}`);

/** Pages that have analysed a sample, unless another address is asked for. */
export const stationTests = () =>
  testsOfSite((site, address = "/?sample=00963_hr", options = {}) => openAt(site, address, options));

export const box = (page, id) => page.locator(`#${id}`).boundingBox();
export const percent = (value) => `${Math.round(100 * value)} %`;

/** A finding of a sample, as the tool has it. */
export const natively = (record, name) =>
  explainNatively(MODEL, [sample(record)])[0].labels.find((each) => each.name === name);

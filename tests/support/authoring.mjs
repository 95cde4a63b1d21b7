// The case editor as a test sees it.

import { unzipSync } from "fflate";
import { analysed, inElement } from "./chromium.mjs";

/** A field or button of the editor. */
export const at = (key) => `#author [data-key="${key}"]`;
export const documentOf = (page) =>
  inElement(page, (element) => JSON.parse(JSON.stringify(element.teaching.author.set)));
export const oneOf = (page) => inElement(page, (element) => JSON.parse(JSON.stringify(element.teaching.author.one)));

/** The recording of a sample, and the editor beside it. */
export async function begun(page, sample = "00963_hr") {
  await page.click(`#sample-cards [data-record="${sample}"]`);
  await analysed(page);
  await page.locator("ecg-xplaim").evaluate((element) => element.measurements.done);
  await page.click("#author-open");
  await page.locator("#author").waitFor();
}

export const filesIn = (bytes) => unzipSync(new Uint8Array(bytes));
export const textIn = (bytes, name) => Buffer.from(filesIn(bytes)[name]).toString();

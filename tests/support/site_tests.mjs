// Tests of a site that is started once for a file of them, each with pages of its own, on which nothing goes wrong.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test as declare } from "node:test";
import { skip, startSite } from "./chromium.mjs";
import { scratch } from "./native.mjs";
import { TEST_TIMEOUT } from "./wait.mjs";

/**
 * test(name, work): work gets `open`, whose arguments are handed to openPage behind the site. `theSite` is there once the
 * first test runs.
 * @param {(site: any, ...how: any[]) => Promise<any>} openPage @param {() => Promise<any>} [start]
 */
export function testsOfSite(openPage, start = () => startSite()) {
  const { test: declared, theSite } = siteOfTests(start);
  const test = (name, work, options = {}) =>
    declared(name, options, async () => {
      const pages = [];
      const open = async (...how) => {
        const page = await openPage(theSite(), ...how);
        pages.push(page);
        return page;
      };
      await work(open);
      for (const page of pages) {
        assert.deepEqual(page.errors, []);
        await page.context().close();
      }
    });
  return { test, theSite };
}

/**
 * The same for tests that open and close their pages themselves: test(name, options, work).
 * @param {() => Promise<any>} [start]
 */
export function siteOfTests(start = () => startSite()) {
  let site;
  before(async () => {
    if (!skip) site = await start();
  });
  after(async () => {
    await site?.close();
    rmSync(scratch, { recursive: true, force: true });
  });
  /** What hangs fails, long before the whole run would. */
  const test = (name, options, work) => declare(name, { timeout: TEST_TIMEOUT, skip, ...options }, work);
  return { test, theSite: () => site, openPage: (options) => site.openPage(options) };
}

const DESKTOP = { viewport: { width: 1440, height: 900 } };

/** A page at an address, once it has analysed its sample, or is ready where it has none. */
export const openAt = (site, address, options) =>
  site.openPage({ address, ready: /sample=/.test(address) ? /^Analysed/ : /^Ready/, ...DESKTOP, ...options });

/** The start page in a desktop's window. */
export const openDesktop = (site, options) => site.openPage({ ...DESKTOP, ...options });

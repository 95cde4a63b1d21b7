// Waiting for a state of the page. Neither number below is a limit of speed: a busy machine may take as
// long as it likes, and only what hangs is ended.

import { setTimeout as sleep } from "node:timers/promises";

/** For one state, ms. */
export const PATIENCE = 300000;
/** For one test, ms. */
export const TEST_TIMEOUT = 900000;

/** Looks until that gives something true, and gives it back.
 * @template T @param {string} what  for the error @param {() => Promise<T> | T} look @returns {Promise<T>} */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

/** A promise that the test fulfils when it wants to.
 * @returns {{opened: Promise<void>, open: () => void}} */
export function makeGate() {
  let open = () => {};
  /** @type {Promise<void>} */
  const opened = new Promise((resolve) => (open = resolve));
  return { opened, open };
}

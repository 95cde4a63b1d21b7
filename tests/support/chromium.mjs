// Chromium, headless, over playwright-core: the page served and opened, files dropped on it, what it
// says and saves. Only tests of the page in Chromium use it; the functions that run inside the page
// are in page.mjs, since other engines run them too.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "../../scripts/serve.mjs";
import { DIST, ROOT } from "./native.mjs";
import * as inPage from "./page.mjs";
import { PATIENCE, until } from "./wait.mjs";

const EXECUTABLE = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
/** Of each test, so that they are counted. */
export const skip = EXECUTABLE ? false : "no Chromium on this machine";

/** Chromium asks its makers for nothing, so that a closed network makes no difference; it keeps shared
 * memory in files, since a container's /dev/shm may be too small. */
const ARGS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--no-first-run",
  "--no-pings",
];

const HANDS = ["click", "tap", "check", "uncheck", "fill", "focus", "selectOption", "hover"];
let handy = false;

/** Whatever a test uses in a page is brought into sight first (inPage.reveal). @param {any} page */
export function giveHands(page) {
  const locators = Object.getPrototypeOf(page.locator("html"));
  if (!handy) for (const hand of HANDS) locators[hand] = revealing(locators[hand]);
  handy = true;
  for (const hand of HANDS) page[hand] = (selector, ...rest) => useFirst(page, selector, hand, rest);
  return page;
}

/** @param {(...rest: any[]) => any} use  a hand of a locator's */
function revealing(use) {
  return async function (...rest) {
    await this.evaluate(inPage.reveal);
    return use.apply(this, rest);
  };
}

function useFirst(page, selector, hand, rest) {
  const found = page.locator(selector).first();
  return found[hand](...rest);
}

/** A browser of its own, whose pages wait as long as PATIENCE. @param {string[]} [more]  further arguments */
export async function launch(more = []) {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: [...ARGS, ...more], timeout: PATIENCE });
  const make = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await make(options);
    context.setDefaultTimeout(PATIENCE);
    const open = context.newPage.bind(context);
    context.newPage = async () => giveHands(await open());
    return context;
  };
  return browser;
}

/**
 * The page of a folder, served, in a browser of its own; the page's modules, one by one, are below /web.
 * @param {string} [folder]
 */
export async function startSite(folder = DIST) {
  const server = await serve(folder, 0, { web: join(ROOT, "web") });
  const browser = await launch();
  const origin = `http://127.0.0.1:${server.address().port}`;
  /** What the page opened last has asked for. @type {string[]} */
  const requests = [];

  /** A page that has started, in a context of its own; what goes wrong in it is in page.errors. No
   * service worker keeps the site, which would fetch all of it a second time, unless serviceWorkers
   * is "allow" (forms.test.mjs and opening.test.mjs are about that).
   * before: what is done with the context before anything is loaded; model: the model's file waits
   * for it.
   * @param {{address?: string, ready?: RegExp, slowModel?: number, model?: Promise<unknown>, [option: string]: any}} [options] */
  async function openPage({ address = "/", ready = /^Ready/, slowModel = 0, model, before, ...options } = {}) {
    const viewport = { width: 1280, height: 1000 };
    const context = await browser.newContext({ viewport, serviceWorkers: "block", ...options });
    await context.addInitScript(inPage.install);
    await before?.(context);
    const page = await context.newPage();
    page.errors = [];
    requests.length = 0;
    context.on("request", (request) => {
      if (!/^(blob|data):/.test(request.url())) requests.push(request.url()); // those two never leave the page
    });
    page.on("pageerror", (error) => page.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") page.errors.push(message.text());
    });
    if (slowModel)
      await context.route("**/model.safetensors", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, slowModel));
        await route.continue().catch(() => {});
      });
    if (model)
      await context.route("**/model.safetensors", async (route) => {
        await model;
        await route.continue().catch(() => {});
      });
    await page.goto(`${origin}${address}`);
    await says(page, ready);
    return page;
  }

  async function close() {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
  return { origin, browser, requests, openPage, close };
}

/** Drops files on the page as a person does: an event that carries them. */
export async function drop(page, files) {
  await page.evaluate(inPage.keep, files);
  await page.evaluate(inPage.dropKept);
}

/** Waits for the status line to say something; no script is evaluated, the page's policy forbids it. */
export const says = (page, text) => page.locator("#status-text", { hasText: text }).waitFor();
export const analysed = (page) => says(page, /^Analysed/);

/** Does work, and waits for an analysis that comes of it: where one was there before, the status line goes on saying so for a
 * while. @param {any} page @param {() => Promise<unknown>} work */
export async function analysedAnew(page, work) {
  await inElement(page, (element) => {
    globalThis.analysesBefore = element.analyses;
  });
  await work();
  await until("an analysis of now", () =>
    inElement(page, ({ analyses, analysis }) => Boolean(analysis) && analyses !== globalThis.analysesBefore),
  );
  await analysed(page);
}

/** Waits until what was asked for last is on the canvas, and ready for the printer. */
export const drawn = (page) => page.locator("ecg-xplaim").evaluate((element) => element.drawn);

/** What work gives of the page's first element, in the page. */
export const inElement = (page, work, argument) => page.locator("ecg-xplaim").first().evaluate(work, argument);

/** What the button saves. */
export async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** The object of the next analysis event, after what work does. What an analysis of before has still to tell, which comes
 * once its recording is measured too, and on a slow machine after the status line's "Analysed", is none of it. */
export async function eventOf(page, work) {
  await page.evaluate(async () => {
    await document.querySelector("ecg-xplaim")?.measurements?.done;
    await new Promise((resolve) => setTimeout(resolve));
    window.seen = new Promise((resolve) => {
      document.addEventListener("analysis", (event) => resolve(event.detail), { once: true });
    });
  });
  await work();
  const late = new Promise((_, no) =>
    setTimeout(
      async () => no(new Error(`no analysis: ${await page.textContent("#status-text").catch(() => "")}`)),
      PATIENCE,
    ).unref(),
  );
  return Promise.race([page.evaluate(() => window.seen), late]);
}

/** The smallest of several tries, each measured anew, since the machine may be busy with other
 * things; ends with the first that is good enough. All of them are given back too, for the log.
 * @param {number} tries @param {number} enough @param {() => Promise<number>} measure */
export async function bestOf(tries, enough, measure) {
  const all = [];
  while (all.length < tries && !(Math.min(...all) <= enough)) all.push(await measure());
  return { best: Math.min(...all), all: all.map((value) => Math.round(value)).join(", ") };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");

/** axe-core's findings in the page as it stands, in words. */
async function violations(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe, allowUnsafeEvalBlockedByCSP: true });
  const found = await page.evaluate(async () => (await globalThis.axe.run({ resultTypes: ["violations"] })).violations);
  await session.detach();
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
  );
}

/** Asserts that axe-core finds nothing. */
export async function accessible(page, when) {
  assert.deepEqual(await violations(page), [], when);
}

// The browser engines behind one small interface: Chromium over playwright-core, Firefox over WebDriver
// BiDi (puppeteer-core), WebKit's MiniBrowser over WebDriver's HTTP, on a display of its own (Xvfb). A
// page is driven by running functions in it; every request of the browser passes a proxy of the test's
// (network.mjs); and every process started here is ended by its id.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { launch, skip } from "./chromium.mjs";
import { status } from "./page.mjs";

const LIBRARIES = "/usr/lib";
const FIREFOX = ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find((path) => existsSync(path));
const DRIVER = ["/usr/bin/WebKitWebDriver"].find((path) => existsSync(path));
const XVFB = ["/usr/bin/Xvfb"].find((path) => existsSync(path));

/** MiniBrowser of the newest WebKitGTK that is installed. */
function miniBrowser() {
  const machines = readdirSync(LIBRARIES).filter((name) => name.endsWith("-linux-gnu"));
  return machines
    .flatMap((machine) => ["webkit2gtk-4.1", "webkit2gtk-4.0"].map((api) => join(LIBRARIES, machine, api, "MiniBrowser")))
    .find((path) => existsSync(path));
}

/** Which engines this machine has; for the others, why not. */
export const ENGINES = {
  chromium: { open: openChromium, missing: skip },
  firefox: { open: openFirefox, missing: FIREFOX ? false : "no Firefox on this machine" },
  webkit: {
    open: openWebKit,
    missing: DRIVER && XVFB && miniBrowser() ? false : "no WebKitWebDriver, MiniBrowser or Xvfb here",
  },
};

/**
 * @typedef {{
 *   goto: (address: string) => Promise<void>,
 *   run: (fn: (...values: any[]) => any, ...values: any[]) => Promise<any>,
 *   close: () => Promise<void>}} Engine  run: the function runs in the page, its promise is awaited
 */

/** Waits until a function of the page gives something true, and gives that back. */
export async function until(engine, what, fn, ...values) {
  const end = Date.now() + 45000;
  for (;;) {
    const value = await engine.run(fn, ...values);
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}; the page says: ${await engine.run(status)}`);
    await sleep(100);
  }
}

/** What Chromium would ask its makers about a page's forms, translation and casting. */
const OWN_REQUESTS = "AutofillServerCommunication,OptimizationHints,Translate,MediaRouter";

/** @param {number} port  of the proxy @returns {Promise<Engine>} */
async function openChromium(port) {
  const browser = await launch({ args: ["--no-sandbox", `--disable-features=${OWN_REQUESTS}`] });
  // The context's proxy, not the browser's, which asks for things of its own.
  const context = await browser.newContext({ proxy: { server: `http://127.0.0.1:${port}`, bypass: "<-loopback>" } });
  const page = await context.newPage();
  return {
    goto: async (address) => void (await page.goto(address, { timeout: 120000 })),
    // One argument is all that playwright hands on.
    run: (fn, ...values) => page.evaluate(([text, list]) => new Function(`return (${text})`)()(...list), [String(fn), values]),
    close: () => browser.close(),
  };
}

/** @param {number} port  of the proxy */
const firefoxPrefs = (port) => ({
  "network.proxy.type": 1,
  "network.proxy.http": "127.0.0.1",
  "network.proxy.http_port": port,
  "network.proxy.ssl": "127.0.0.1",
  "network.proxy.ssl_port": port,
  "network.proxy.no_proxies_on": "",
  "network.proxy.allow_hijacking_localhost": true,
  "services.settings.server": "data:,#nothing", // what the browser would ask for by itself
});

/** @param {number} port  of the proxy @returns {Promise<Engine>} */
async function openFirefox(port) {
  const { launch } = await import("puppeteer-core");
  const browser = await launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    protocolTimeout: 180000,
    extraPrefsFirefox: firefoxPrefs(port),
    env: { ...process.env, HOME: process.env.HOME ?? "/tmp", MOZ_CRASHREPORTER_DISABLE: "1", MOZ_REMOTE_SETTINGS_DEVTOOLS: "1" },
  });
  const page = await browser.newPage();
  return {
    goto: async (address) => void (await page.goto(address, { timeout: 120000 })),
    run: (fn, ...values) => page.evaluate(fn, ...values),
    close: () => browser.close(),
  };
}

/** A port that nobody listens on. @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(address.port));
    });
  });
}

/** Xvfb on the first display it finds free. @returns {Promise<{display: string, end: () => void}>} */
async function openDisplay() {
  const child = spawn(XVFB, ["-displayfd", "3", "-screen", "0", "1280x1000x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const end = () => child.kill();
  const number = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("Xvfb did not start")));
    child.stdio[3].once("data", (data) => resolve(String(data).trim()));
  });
  return { display: `:${number}`, end };
}

/** Asks the driver; its errors become ours. */
async function ask(base, method, path, body) {
  const response = await fetch(`${base}${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {}),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver ${path}: ${value?.error}: ${value?.message}`);
  return value;
}

async function driverAnswers(base) {
  for (let i = 0; i < 200; i++) {
    const ready = await ask(base, "GET", "/status").catch(() => null);
    if (ready?.ready) return;
    await sleep(100);
  }
  throw new Error("WebKitWebDriver did not start");
}

/** @param {number} proxy  its port @returns {Promise<Engine>} */
async function openWebKit(proxy) {
  const { display, end: endDisplay } = await openDisplay();
  const port = await freePort();
  const driver = spawn(DRIVER, [`--port=${port}`], {
    stdio: "ignore",
    env: { ...process.env, DISPLAY: display, GDK_BACKEND: "x11", WEBKIT_DISABLE_COMPOSITING_MODE: "1", NO_AT_BRIDGE: "1" },
  });
  const base = `http://127.0.0.1:${port}`;
  const end = () => {
    driver.kill();
    endDisplay();
  };
  process.once("exit", end); // also where a test never came to close it
  try {
    await driverAnswers(base);
    const options = { binary: miniBrowser(), args: ["--automation", `--proxy=http://127.0.0.1:${proxy}`] };
    const { sessionId } = await ask(base, "POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } },
    });
    const session = `/session/${sessionId}`;
    await ask(base, "POST", `${session}/timeouts`, { script: 180000, pageLoad: 180000 });
    return {
      goto: (address) => ask(base, "POST", `${session}/url`, { url: address }),
      run: async (fn, ...values) => runInWebKit(base, session, fn, values),
      close: async () => {
        await ask(base, "DELETE", session).catch(() => null);
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** The page's policy forbids eval, so the function's own text is the script. */
async function runInWebKit(base, session, fn, values) {
  const script = `const done = arguments[arguments.length - 1];
    const values = Array.prototype.slice.call(arguments, 0, -1);
    Promise.resolve().then(() => (${fn})(...values))
      .then((value) => done([value ?? null]), (error) => done({ error: String(error) }));`;
  const answer = await ask(base, "POST", `${session}/execute/async`, { script, args: values });
  if (answer.error) throw new Error(`in the page: ${answer.error}`);
  return answer[0];
}

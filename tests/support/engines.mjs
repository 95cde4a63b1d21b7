// The browser engines behind one small interface: Chromium over playwright-core, Firefox over WebDriver
// BiDi (puppeteer-core), WebKit's MiniBrowser over WebDriver's HTTP, on a display of its own (Xvfb). A
// page is driven by running functions in it; every request of the browser passes a proxy of the test's
// (network.mjs); and every process started here is ended by its id.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { launch, skip } from "./chromium.mjs";
import { status } from "./page.mjs";
import { PATIENCE, until as waitUntil } from "./wait.mjs";

const LIBRARIES = "/usr/lib";
const FIREFOX = ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find((path) => existsSync(path));
const DRIVER = ["/usr/bin/WebKitWebDriver"].find((path) => existsSync(path));
const XVFB = ["/usr/bin/Xvfb"].find((path) => existsSync(path));

/** MiniBrowser of the newest WebKitGTK that is installed. */
function miniBrowser() {
  const machines = readdirSync(LIBRARIES).filter((name) => name.endsWith("-linux-gnu"));
  return machines
    .flatMap((machine) =>
      ["webkit2gtk-4.1", "webkit2gtk-4.0"].map((api) => join(LIBRARIES, machine, api, "MiniBrowser")),
    )
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
 *   fromPage: (address: string) => boolean,
 *   close: () => Promise<void>}} Engine  run: the function runs in the page, its promise is awaited;
 *   fromPage: whether a request that the proxy saw can be the page's or a worker's, and is not one that
 *   the browser makes for itself
 */

/** Waits until a function of the page gives something true, and gives that back. */
export async function until(engine, what, fn, ...values) {
  try {
    return await waitUntil(what, () => engine.run(fn, ...values));
  } catch (error) {
    throw new Error(`${error.message}; the page says: ${await engine.run(status)}`, { cause: error });
  }
}

/** What Chromium would ask its makers about a page's forms, translation, casting and searching. */
const OWN_REQUESTS = "AutofillServerCommunication,OptimizationHints,Translate,MediaRouter,PreconnectToSearch";

/** @param {number} port  of the proxy @returns {Promise<Engine>} */
async function openChromium(port) {
  // Playwright then tells of what service workers ask for, as of all else.
  process.env.PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS = "1";
  const browser = await launch([`--disable-features=${OWN_REQUESTS}`]);
  // The context's proxy, not the browser's, which asks for things of its own.
  const context = await browser.newContext({ proxy: { server: `http://127.0.0.1:${port}`, bypass: "<-loopback>" } });
  // Chromium opens a connection to its search engine at start, whatever it is told; its DevTools
  // protocol tells of the requests of pages, workers and service workers alone.
  const hosts = new Set();
  context.on("request", (request) => hosts.add(new URL(request.url()).host));
  const page = await context.newPage();
  return {
    fromPage: (address) => hosts.has(new URL(address).host),
    goto: async (address) => void (await page.goto(address, { timeout: PATIENCE })),
    // One argument is all that playwright hands on.
    run: (fn, ...values) =>
      page.evaluate(([text, list]) => new Function(`return (${text})`)()(...list), [String(fn), values]),
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
    timeout: PATIENCE,
    protocolTimeout: PATIENCE,
    extraPrefsFirefox: firefoxPrefs(port),
    env: {
      ...process.env,
      HOME: process.env.HOME ?? "/tmp",
      MOZ_CRASHREPORTER_DISABLE: "1",
      MOZ_REMOTE_SETTINGS_DEVTOOLS: "1",
    },
  });
  const page = await browser.newPage();
  return {
    fromPage: () => true,
    goto: async (address) => void (await page.goto(address, { timeout: PATIENCE })),
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

/** Another program may take the port between its choice and its use: the driver then ends, and a
 * second one is started on another port. */
const PORTS = 10;

/** WebKitWebDriver, once it answers. @param {string} display
 * @returns {Promise<{base: string, end: () => void}>} */
async function startDriver(display) {
  for (let i = 0; i < PORTS; i++) {
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const driver = spawn(DRIVER, [`--port=${port}`], {
      stdio: "ignore",
      env: {
        ...process.env,
        DISPLAY: display,
        GDK_BACKEND: "x11",
        WEBKIT_DISABLE_COMPOSITING_MODE: "1",
        NO_AT_BRIDGE: "1",
      },
    });
    const ended = () => driver.exitCode !== null || driver.signalCode !== null;
    const end = () => driver.kill();
    process.once("exit", end); // also where a test never came to close it
    await waitUntil(
      "WebKitWebDriver",
      async () => ended() || (await ask(base, "GET", "/status").catch(() => null))?.ready,
    );
    if (!ended()) return { base, end };
  }
  throw new Error("WebKitWebDriver did not start");
}

/** @param {number} proxy  its port @returns {Promise<Engine>} */
async function openWebKit(proxy) {
  const { display, end: endDisplay } = await openDisplay();
  process.once("exit", endDisplay);
  let endDriver = () => {};
  const end = () => {
    endDriver();
    endDisplay();
  };
  try {
    const driver = await startDriver(display);
    const { base } = driver;
    endDriver = driver.end;
    const options = { binary: miniBrowser(), args: ["--automation", `--proxy=http://127.0.0.1:${proxy}`] };
    const { sessionId } = await ask(base, "POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } },
    });
    const session = `/session/${sessionId}`;
    await ask(base, "POST", `${session}/timeouts`, { script: PATIENCE, pageLoad: PATIENCE });
    return {
      fromPage: () => true,
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

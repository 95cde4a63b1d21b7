// Chromium, Firefox and WebKit: opening, analysing, explaining and exporting, on the site and from the
// single file, with a network and without. All that a browser asks for passes a proxy of this test's,
// so that nothing asked by a page, a worker or a service worker stays unseen, wherever it goes.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { serve } from "../../scripts/serve.mjs";
import { agree, sameNumbers } from "../support/agree.mjs";
import { ENGINES, until } from "../support/engines.mjs";
import { DIST, explainNatively, load, ROOT, scratch, stretchText } from "../support/native.mjs";
import { startNetwork } from "../support/network.mjs";
import * as inPage from "../support/page.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const single = join(scratch, "ecg-xplaim.html");
const files = load(sample);
let native;

before(() => {
  writeFileSync(single, bundlePage(DIST));
  [native] = explainNatively(join(DIST, "model.safetensors"), [sample]);
});
after(() => rmSync(scratch, { recursive: true, force: true }));

async function start(engine, address) {
  await engine.goto(address);
  await engine.run(inPage.install);
  await until(engine, "the page to be ready", inPage.isReady);
}

async function analyses(engine) {
  assert.equal(await engine.run(inPage.keep, files), files.length);
  await engine.run(inPage.dropKept);
  sameNumbers(await until(engine, "the analysis", inPage.shown), native);
}

async function explains(engine) {
  const label = native.map.windows[0].labels.findIndex(({ positive }) => positive);
  const text = await engine.run(inPage.choose, label);
  for (const stretch of native.map.windows[0].labels[label].strongest)
    assert.ok(text.includes(stretchText(native, stretch)), `${stretchText(native, stretch)} in: ${text}`);
}

async function exportsResults(engine) {
  const { text } = await engine.run(inPage.exported, "#save-json");
  const saved = JSON.parse(text);
  agree(saved, native);
  assert.equal(saved.disclaimer, native.disclaimer);
  const table = (await engine.run(inPage.exported, "#save-csv")).text.trim().split("\r\n");
  assert.equal(table.length, 1 + native.labels.length);
  assert.equal((await engine.run(inPage.exported, "#save-png")).start, "89504e470d0a1a0a");
}

async function doesAll(engine) {
  await analyses(engine);
  await explains(engine);
  await exportsResults(engine);
}

/** A server that answers with these texts, by path, and forbids nothing. */
async function plainServer(pages) {
  const server = createServer(({ url }, response) => {
    const type = url?.endsWith(".js") ? "text/javascript" : "text/html";
    response.writeHead(url in pages ? 200 : 404, { "Content-Type": type }).end(pages[url] ?? "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  return server;
}

const originOf = (server) => `http://127.0.0.1:${server.address().port}`;

function end(server) {
  server.closeAllConnections();
  server.close();
}

for (const [name, { open, missing }] of Object.entries(ENGINES))
  describe(name, { timeout: 600000 }, () => {
    const skip = missing; // of each test, so that they are counted
    let engine, network, server;
    /** What the page and its workers have asked for. */
    const asked = () => network.asked.filter((address) => engine.fromPage(address));
    /** The same, less the service worker's own file: whether there is a newer version is what a browser asks the
     * site by itself, at a time of its own after a page has loaded. */
    const askedByPage = () => asked().filter((address) => address !== `${originOf(server)}/sw.js`);
    before(async () => {
      if (missing) return;
      network = await startNetwork();
      server = await serve(DIST, 0);
      engine = await open(network.port);
    });
    after(async () => {
      await engine?.close();
      network?.close();
      if (server) end(server);
    });

    test("what a page and its worker ask for is seen, wherever it goes", { skip }, async () => {
      const free = await plainServer({
        "/": "<!doctype html><title>free</title>",
        "/worker.js": "fetch('http://elsewhere.invalid/worker').catch(() => {});",
      });
      network.reach(originOf(free));
      try {
        await engine.goto(`${originOf(free)}/`);
        await engine.run(() => {
          fetch("http://elsewhere.invalid/page").catch(() => {});
          fetch("https://elsewhere.invalid/").catch(() => {});
          new Image().src = "http://localhost:9753/image";
          new Worker("/worker.js");
        });
        const wanted = [
          "http://elsewhere.invalid/page",
          "https://elsewhere.invalid:443",
          "http://localhost:9753/image",
          `${originOf(free)}/worker.js`,
          "http://elsewhere.invalid/worker",
        ];
        for (let i = 0; i < 100 && !wanted.every((address) => network.asked.includes(address)); i++) await sleep(100);
        for (const address of wanted) assert.ok(asked().includes(address), `${address} in: ${asked()}`);
      } finally {
        end(free);
      }
    });

    test(
      "the site opens, analyses, explains and exports, asks nothing meanwhile, and needs no network for it",
      { skip },
      async () => {
        network.reach(originOf(server));
        await start(engine, `${originOf(server)}/`);
        await until(engine, "all files to be kept", inPage.isOffline);
        network.asked.length = 0;
        await doesAll(engine);
        network.reach(null);
        await doesAll(engine);
        assert.deepEqual(askedByPage(), []);
      },
    );

    test("it starts again without a network, and does the same", { skip }, async () => {
      network.reach(null);
      network.asked.length = 0;
      await start(engine, `${originOf(server)}/?layout=12x1`);
      await engine.run(inPage.openSample);
      sameNumbers(await until(engine, "the sample", inPage.shown), native);
      await doesAll(engine);
      assert.deepEqual(askedByPage(), []);
    });

    test("the single file does the same, and asks for nothing", { skip }, async () => {
      network.reach(null);
      network.asked.length = 0;
      await start(engine, pathToFileURL(single).href);
      await engine.run(inPage.openSample);
      sameNumbers(await until(engine, "the sample", inPage.shown), native);
      await doesAll(engine);
      assert.deepEqual(askedByPage(), []);
      assert.deepEqual(await engine.run(inPage.loaded), [], "nor from the disk");
    });
  });

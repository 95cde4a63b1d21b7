// Firefox and WebKit: opening, analysing, explaining and exporting, on the site and from the single
// file. What Chromium alone is asked is in page.test.mjs and forms.test.mjs.

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { serve } from "../../scripts/serve.mjs";
import { ENGINES, until } from "../support/engines.mjs";
import { DIST, explainNatively, recordFiles, ROOT, scratch, stretchText } from "../support/native.mjs";
import * as inPage from "../support/page.mjs";

const sample = join(ROOT, "web/samples/00219_hr");
const single = join(scratch, "ecg-xplaim.html");
const files = recordFiles(sample).files.map(({ name, path }) => [name, readFileSync(path).toString("base64")]);
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

async function analysesSample(engine) {
  assert.equal(await engine.run(inPage.drop, files), files.length);
  const labels = await until(engine, "the analysis", inPage.shown);
  assert.deepEqual(labels.map(({ name }) => name), native.labels.map(({ name }) => name));
  labels.forEach(({ name, probability }, i) => {
    const difference = Math.abs(probability - native.labels[i].probability);
    assert.ok(difference <= 1e-5, `${name}: ${probability}, off by ${difference}`);
  });
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
  saved.labels.forEach(({ name, probability }, i) => {
    assert.ok(Math.abs(probability - native.labels[i].probability) <= 1e-5, name);
  });
  assert.equal(saved.disclaimer, native.disclaimer);
  const table = (await engine.run(inPage.exported, "#save-csv")).text.trim().split("\r\n");
  assert.equal(table.length, 1 + native.labels.length);
  assert.equal((await engine.run(inPage.exported, "#save-png")).start, "89504e470d0a1a0a");
}

for (const [name, { open, missing }] of Object.entries(ENGINES))
  describe(name, { timeout: 600000 }, () => {
    const skip = missing; // of each test, so that they are counted
    let engine;
    before(async () => (engine = missing ? null : await open()));
    after(() => engine?.close());

    test("the site opens, analyses, explains and exports, and asks nothing meanwhile", { skip }, async () => {
      const server = await serve(DIST, 0);
      const asked = [];
      server.on("request", ({ url }) => asked.push(url));
      try {
        await start(engine, `http://127.0.0.1:${server.address().port}/?embed=1`);
        asked.length = 0;
        await analysesSample(engine);
        await explains(engine);
        await exportsResults(engine);
        assert.deepEqual(asked, []);
      } finally {
        server.closeAllConnections();
        server.close();
      }
      await analysesSample(engine); // and with the site gone
    });

    test("the single file does the same, and loads nothing", { skip }, async () => {
      await start(engine, pathToFileURL(single).href);
      await analysesSample(engine);
      await explains(engine);
      await exportsResults(engine);
      assert.deepEqual(await engine.run(inPage.loaded), [], basename(single));
    });
  });

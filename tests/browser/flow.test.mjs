// What happens when things come in another order than expected: slow files, cancelled work, models
// that change, an element that moves. Each of these once showed one record's numbers beside another's
// name, or left the page dead.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as declare } from "node:test";
import { analysed, drop, saved, says, skip, startSite } from "../support/chromium.mjs";
import { DIST, explainNatively, file, importModel, load as filesOf, ROOT, scratch, SHARED, XPLAIM } from "../support/native.mjs";
import { problems } from "../support/schema.mjs";

const SLOW = "00219_hr", OTHER = "06332_hr";
const sample = (name) => join(ROOT, `web/samples/${name}`);
const zoo = join(SHARED, "golden/zoo.keras");

let site, browser;
const openPage = ({ delay = 0, ...options } = {}) => site.openPage({ slowModel: delay, ...options });
const test = (name, options, work) => declare(name, { timeout: 120000, skip, ...options }, work);

before(async () => {
  if (skip) return;
  site = await startSite();
  ({ browser } = site);
});

after(async () => {
  await site?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const inElement = (page, work, argument) => page.locator("ecg-xplaim").evaluate(work, argument);
const load = (name) => filesOf(sample(name));

/** Reading a file whose name begins so takes longer. */
const slowFiles = (page, start, ms) => page.evaluate(([name, wait]) => {
  const { arrayBuffer } = Blob.prototype;
  Blob.prototype.arrayBuffer = async function () {
    if (this.name?.startsWith(name)) await new Promise((resolve) => setTimeout(resolve, wait));
    return arrayBuffer.call(this);
  };
}, [start, ms]);

const probabilities = (page) => inElement(page, (element) =>
  ({ name: element.row.name, told: element.analysis.record.name, drawn: element.drawing.page.record.name,
    all: element.analysis.labels.map((label) => label.probability) }));

/** The page shows this record: its name, its drawing, its numbers. */
async function assertShows(page, name) {
  await inElement(page, (element) => element.drawn);
  const shown = await probabilities(page);
  assert.deepEqual([shown.name, shown.told, shown.drawn], [name, name, name]);
  const [native] = explainNatively(join(DIST, "model.safetensors"), [sample(name)]);
  native.labels.forEach((label, i) => assert.ok(Math.abs(label.probability - shown.all[i]) < 1e-5, label.name));
}

test("a record whose files come late does not take the place of one chosen meanwhile", {}, async () => {
  const page = await openPage();
  await slowFiles(page, SLOW, 1200);
  await drop(page, [...load(SLOW), ...load(OTHER)]);
  await page.locator(".open-row", { hasText: OTHER }).click();
  await analysed(page);
  await assertShows(page, OTHER);
  await page.waitForTimeout(1500); // the slow one is there by now
  await page.selectOption("#layout", "12x1");
  await assertShows(page, OTHER);
  assert.equal(await page.textContent("#record-name"), OTHER);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a sample that comes late does not replace a newer drop", {}, async () => {
  const page = await openPage();
  await page.route(`**/samples/${SLOW}.*`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 800));
    await route.continue().catch(() => {});
  });
  await page.click(`#sample-cards [data-record="${SLOW}"]`);
  await drop(page, load(OTHER));
  await analysed(page);
  await page.waitForTimeout(1200);
  await assertShows(page, OTHER);
  await page.context().close();
});

test("cancelled while the first model loads, whenever that is: it can be analysed after", {}, async () => {
  for (const wait of [100, 420, 520, 620]) {
    const page = await openPage({ delay: 400, ready: /^Starting/ });
    await page.locator("#picker").waitFor({ state: "attached" });
    await drop(page, load(SLOW));
    await page.waitForTimeout(wait);
    const cancelled = await inElement(page, (element) => {
      if (element.$("cancel").hidden) return false;
      element.$("cancel").click();
      return true;
    });
    if (cancelled) {
      await page.locator("#again").waitFor();
      assert.equal(await page.textContent("#status-text"), "Cancelled.");
      await page.click("#again");
    }
    await analysed(page);
    await assertShows(page, SLOW);
    await page.context().close();
  }
});

test("an address of another site's model: said, and all else works", {}, async () => {
  const page = await openPage({ address: "/?model=https://example.org/m.safetensors", ready: /not on this site/ });
  await drop(page, load(SLOW));
  await page.locator("#result").waitFor();
  await page.setInputFiles("#model-picker", join(DIST, "model.safetensors"));
  await analysed(page);
  await assertShows(page, SLOW);
  await page.context().close();
});

test("?sample is drawn before the model is there", {}, async () => {
  const page = await openPage({ address: `/?sample=${SLOW}`, delay: 2500, ready: /^Waiting for the model/ });
  assert.equal(await inElement(page, (element) => element.live.model), null);
  await inElement(page, (element) => element.drawn);
  assert.equal(await inElement(page, (element) => element.drawing.page.record.name), SLOW);
  await analysed(page);
  await page.context().close();
});

test("a filter that is done late does not undo “none”", {}, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  await inElement(page, (element) => {
    const filter = element.live.filter.bind(element.live);
    element.live.filter = async (...rest) => {
      const made = await filter(...rest);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return made;
    };
  });
  await page.selectOption("#filter", { index: 1 });
  await page.selectOption("#filter", { index: 0 });
  await page.waitForTimeout(800);
  assert.ok(await inElement(page, (element) => element.mv === element.record.mv && !element.page().filter));
  await page.context().close();
});

test("a filter that the next record does not allow is switched off and said; the record is analysed", {}, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  await page.selectOption("#filter", { label: "0.05–150 Hz" });
  const slow = "slow 12 100 500\n" + ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    .map((lead) => `slow.dat 16 200/mV 16 0 0 0 0 ${lead}\n`).join("");
  const samples = new Int16Array(500 * 12);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(100 * Math.sin(i / 120));
  await drop(page, [file("slow.hea", slow), { name: "slow.dat", base64: Buffer.from(samples.buffer).toString("base64") }]);
  await page.locator("#record-name", { hasText: "slow" }).waitFor();
  await analysed(page);
  assert.equal(await page.inputValue("#filter"), "");
  assert.match(await page.textContent("#notices"), /display filter 0\.05–150 Hz is not possible here/);
  await page.context().close();
});

test("paper never holds what was drawn before", {}, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  const printed = (/** @type {any} */ element) => {
    window.dispatchEvent(new Event("beforeprint"));
    return element.$("sheet").textContent;
  };
  await page.check("#with-names");
  await inElement(page, (element) => element.drawn);
  assert.match(await inElement(page, printed), new RegExp(SLOW));
  const at = await inElement(page, (element) => {
    element.$("with-names").click();
    window.dispatchEvent(new Event("beforeprint"));
    return element.$("sheet").textContent;
  });
  assert.doesNotMatch(at, new RegExp(SLOW));
  await page.context().close();
});

test("moved in the document it goes on; taken out it ends; put back it starts", {}, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  const events = await page.evaluate(async () => {
    const element = document.querySelector("ecg-xplaim");
    globalThis.events = 0;
    document.addEventListener("analysis", () => globalThis.events++);
    const box = document.createElement("div");
    document.body.append(box);
    box.append(element);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await element.analyse({});
    return globalThis.events;
  });
  assert.equal(events, 1);
  await drop(page, load(OTHER));
  await page.locator("#record-name", { hasText: OTHER }).waitFor();
  await analysed(page);
  assert.equal(await page.evaluate(() => globalThis.events), 2);
  const closed = await page.evaluate(async () => {
    const element = document.querySelector("ecg-xplaim");
    globalThis.element = element;
    const { session } = element;
    element.remove();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return session.reader.closed && session.thinkers.every((thinker) => thinker.client.closed);
  });
  assert.ok(closed);
  await page.evaluate(() => document.body.append(globalThis.element));
  await says(page, /^Ready/);
  await drop(page, load(SLOW));
  await analysed(page);
  assert.equal(await page.evaluate(() => globalThis.events), 3);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("what cannot be opened leaves what is open; a model that is dropped analyses it", { skip: skip || (existsSync(zoo) ? false : "no golden models here") }, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  await drop(page, [file("letter.pdf", "%PDF-1.4")]);
  await page.locator(".status.problem").waitFor();
  assert.match(await page.textContent("#status-text"), /letter\.pdf/);
  await assertShows(page, SLOW);
  const own = importModel(zoo, ["--labels", "pvc,mine,afib,x,y", "--leads", "I,II,III,aVR,aVF,aVL,V1,V2,V3,V4,V5,V6", "--rate", "500"]);
  await drop(page, [{ name: "own.safetensors", base64: readFileSync(own).toString("base64") }]);
  await analysed(page);
  assert.equal((await probabilities(page)).all.length, 5);
  await drop(page, [...load(OTHER), file("bad.safetensors", "1234567")]);
  await page.locator("#record-name", { hasText: OTHER }).waitFor();
  await says(page, /^bad\.safetensors is no model/);
  await page.context().close();
});

test("a batch asked for twice runs once; its table holds one model's numbers", { skip: skip || (existsSync(zoo) ? false : "no golden models here") }, async () => {
  const page = await openPage();
  await drop(page, [...load(SLOW), ...load(OTHER), ...load("00057_hr")]);
  await analysed(page);
  const noted = await inElement(page, async (element) => {
    let count = 0;
    const note = element.batches.note.bind(element.batches);
    element.batches.note = (...rest) => {
      count++;
      note(...rest);
    };
    const both = [element.batches.run(), element.batches.run()];
    await Promise.all(both);
    return count;
  });
  assert.equal(noted, 3);
  const own = importModel(zoo, ["--labels", "pvc,mine,afib,x,y", "--leads", "I,II,III,aVR,aVF,aVL,V1,V2,V3,V4,V5,V6", "--rate", "500"]);
  await page.setInputFiles("#model-picker", own);
  await analysed(page);
  assert.ok(await page.isDisabled("#batch-csv"), "the numbers of another model are gone");
  await page.click("#batch-run");
  await says(page, /^3 recordings analysed/);
  const lines = (await saved(page, "#batch-csv")).bytes.toString().trim().split("\r\n").map((line) => line.replace(/"[^"]*"/g, "quoted").split(","));
  assert.deepEqual(lines[0].slice(0, 6), ["record", "pvc", "mine", "afib", "x", "y"]);
  for (const line of lines) assert.equal(line.length, lines[0].length);
  await page.context().close();
});

test("the chosen method is made for the next record too, and is in the JSON as the tool gives it", {}, async () => {
  const page = await openPage();
  await drop(page, [...load(SLOW), ...load(OTHER)]);
  await analysed(page);
  await page.selectOption("#method", "gradients");
  await says(page, /^Integrated gradients, made/);
  await page.locator(".open-row", { hasText: OTHER }).click();
  await page.locator("#record-name", { hasText: OTHER }).waitFor();
  await says(page, /^Integrated gradients, made/);
  assert.match(await page.textContent("#evidence"), /^Integrated gradients: what speaks/);
  await page.check("#with-names");
  const { name, bytes } = await saved(page, "#save-json");
  const text = bytes.toString();
  assert.match(name, /\.jsonl$/);
  const [map, evidence] = text.trim().split("\n").map((line) => JSON.parse(line));
  const schema = JSON.parse(readFileSync(join(ROOT, "tools/schema/explain.schema.json"), "utf8"));
  for (const report of [map, evidence]) assert.deepEqual(problems(report, schema), []);
  const label = evidence.evidence.windows[0].labels[0].name;
  const segment = String(evidence.evidence.segment_s);
  const native = JSON.parse(execFileSync(XPLAIM, ["explain", "-m", join(DIST, "model.safetensors"), sample(OTHER), "--method", "ig",
    "--segment", segment, "--label", label, "--json"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  agree(evidence, { ...native, record: OTHER });
  await page.context().close();
});

/** Objects of the same shape, numbers to 1e-4 of the largest among their like. */
function agree(got, want, at = "$") {
  if (typeof want === "number") {
    assert.ok(Math.abs(got - want) <= 1e-4 * Math.max(1, Math.abs(want)), `${at}: ${got}, the tool says ${want}`);
    return;
  }
  if (want === null || typeof want !== "object") return assert.equal(got, want, at);
  assert.deepEqual(Object.keys(got).sort(), Object.keys(want).sort(), at);
  for (const key of Object.keys(want)) agree(got[key], want[key], `${at}.${key}`);
}

test("a long analysis makes way for the next record", {}, async () => {
  const page = await openPage();
  const bytes = readFileSync(`${sample(SLOW)}.dat`);
  const times = 120; // 20 minutes
  const header = readFileSync(`${sample(SLOW)}.hea`, "utf8").replaceAll(SLOW, "long").replace("12 500 5000", `12 500 ${5000 * times}`);
  await page.setInputFiles("#picker", [
    { name: "long.hea", mimeType: "", buffer: Buffer.from(header) },
    { name: "long.dat", mimeType: "", buffer: Buffer.concat(Array(times).fill(bytes)) }]);
  await page.locator("#record-name", { hasText: "long" }).waitFor();
  await says(page, /^Analysing/);
  const before = await inElement(page, (element) => (globalThis.worker = element.live.thinker.client.worker) && true);
  assert.ok(before);
  await drop(page, load(OTHER));
  await page.locator("#record-name", { hasText: OTHER }).waitFor();
  await analysed(page);
  await assertShows(page, OTHER);
  assert.ok(await inElement(page, (element) => element.live.thinker.client.worker !== globalThis.worker), "it was stopped");
  await page.context().close();
});

test("the focus is never lost: stepping, sorting, cancelling", {}, async () => {
  const page = await openPage();
  await drop(page, [...load("00057_hr"), ...load(SLOW), ...load(OTHER)]);
  await analysed(page);
  const focused = () => inElement(page, (element) => element.root.activeElement?.id || element.root.activeElement?.textContent || "");
  await page.focus("#ecg");
  for (const name of [SLOW, OTHER]) {
    await page.keyboard.press("n");
    await page.locator("#record-name", { hasText: name }).waitFor();
    await analysed(page);
    assert.equal(await focused(), "ecg");
  }
  await page.focus("#previous");
  for (const name of [SLOW, "00057_hr"]) {
    await page.keyboard.press("Enter");
    await page.locator("#record-name", { hasText: name }).waitFor();
    await analysed(page);
    assert.equal(await focused(), "previous");
  }
  await page.locator("th.name button").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "Record");
  assert.equal(await page.locator("tbody th").first().textContent(), OTHER);
  await page.context().close();
});

test("progress is not read out line by line", {}, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  await inElement(page, (element) => {
    globalThis.told = 0;
    new MutationObserver(() => globalThis.told++).observe(element.$("status-text"), { childList: true, characterData: true, subtree: true });
  });
  await page.selectOption("#method", "occlusion");
  await page.locator("#progress-text", { hasText: /\d+ of \d+ passes/ }).waitFor();
  await says(page, /^Lead occlusion, made/);
  assert.ok((await page.evaluate(() => globalThis.told)) <= 3);
  await page.context().close();
});

test("a worker has the page's policy on a host that sends none", {}, async () => {
  const { createServer } = await import("node:http");
  const elsewhere = createServer((_, response) => response.setHeader("Access-Control-Allow-Origin", "*").end("here"));
  const plain = createServer((request, response) => {
    const path = join(DIST, new URL(request.url, "http://x").pathname.replace(/\/$/, "/index.html"));
    if (!existsSync(path)) return response.writeHead(404).end();
    const type = { html: "text/html", js: "text/javascript", css: "text/css", wasm: "application/wasm" }[path.split(".").pop()];
    response.writeHead(200, { "Content-Type": type ?? "application/octet-stream" }).end(readFileSync(path));
  });
  await Promise.all([elsewhere, plain].map((each) => new Promise((resolve) => each.listen(0, "127.0.0.1", resolve))));
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${plain.address().port}/?sample=${SLOW}`);
  await analysed(page);
  const address = `http://127.0.0.1:${elsewhere.address().port}/`;
  for (const worker of page.workers())
    await assert.rejects(worker.evaluate((url) => fetch(url).then((r) => r.text()), address), /fetch/);
  assert.ok(page.workers().length >= 2);
  await page.context().close();
  for (const each of [elsewhere, plain]) each.close();
});

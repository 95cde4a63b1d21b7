// What happens when things come in another order than expected: slow files, cancelled work, models
// that change, an element that moves. Each of these once showed one record's numbers beside another's
// name, or left the page dead.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sameDocument } from "../support/agree.mjs";
import { analysed, analysedAnew, drop, inElement, saved, says, skip } from "../support/chromium.mjs";
import {
  DIST,
  explainNatively,
  file,
  importModel,
  load as filesOf,
  nativeDocument,
  ROOT,
  SHARED,
  unsummed,
} from "../support/native.mjs";
import { problems, schema } from "../support/schema.mjs";
import { siteOfTests } from "../support/site_tests.mjs";
import { makeGate, until } from "../support/wait.mjs";

const SLOW = "00219_hr",
  OTHER = "06332_hr";
const sample = (name) => join(ROOT, `web/samples/${name}`);
const zoo = join(SHARED, "golden/zoo.keras");

const { test, theSite, openPage } = siteOfTests();
const load = (name) => filesOf(sample(name));

/** Reading this file does not end before release(). */
const holdFile = (page, name) =>
  page.evaluate((held) => {
    const { arrayBuffer } = Blob.prototype;
    const released = new Promise((resolve) => (globalThis.release = resolve));
    Blob.prototype.arrayBuffer = async function () {
      if (this.name === held) await released;
      return arrayBuffer.call(this);
    };
  }, name);

const release = (page) => page.evaluate(() => globalThis.release());

const probabilities = (page) =>
  inElement(page, (element) => ({
    name: element.row.name,
    told: element.analysis.report.record,
    drawn: element.drawing.page.record.name,
    all: element.analysis.report.labels.map((label) => label.probability),
  }));

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
  await holdFile(page, `${SLOW}.dat`);
  await drop(page, [...load(SLOW), ...load(OTHER)]);
  await page.locator(".open-row", { hasText: OTHER }).click();
  await analysed(page);
  await assertShows(page, OTHER);
  await release(page);
  // Its line is filled in by a second reading, after the first, which was to open it.
  await page
    .locator("#records tr", { hasText: SLOW })
    .locator("td.seconds", { hasText: "10.0 s" })
    .waitFor({ state: "attached" });
  await page.selectOption("#layout", "12x1");
  await assertShows(page, OTHER);
  assert.equal(await page.textContent("#record-name"), OTHER);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a sample that comes late does not replace a newer drop", {}, async () => {
  const page = await openPage();
  const sent = makeGate();
  await page.route(`**/samples/${SLOW}.*`, async (route) => {
    await sent.opened;
    await route.continue().catch(() => {});
  });
  await inElement(page, (element) => {
    const open = element.openSample.bind(element);
    element.openSample = (name) => (globalThis.opened = open(name));
  });
  await page.click(`#sample-cards [data-record="${SLOW}"]`);
  await drop(page, load(OTHER));
  await analysed(page);
  sent.open();
  await page.evaluate(() => globalThis.opened);
  await assertShows(page, OTHER);
  await page.context().close();
});

/** Presses "Cancel" the first time that the model's worker is asked for this, or has answered it. */
const cancelAt = (page, kind, answered) =>
  inElement(
    page,
    (element, at) => {
      const { client } = element.live.modelWorkers[0];
      const ask = client.ask;
      const press = () => {
        client.ask = ask;
        element.$("cancel").click();
      };
      client.ask = function (asked, ...rest) {
        const answer = ask.call(client, asked, ...rest);
        if (asked !== at.kind) return answer;
        if (!at.answered) press();
        return answer.finally(() => at.answered && press());
      };
    },
    { kind, answered },
  );

/** Moments while the first model loads: what happens between the drop and "Cancelled." */
const MOMENTS = {
  "while its file is on its way": (page) => page.click("#cancel"),
  "while the worker reads it": (page, sent) => cancelAt(page, "model", false).then(sent.open),
  "once the worker has read it": (page, sent) => cancelAt(page, "model", true).then(sent.open),
  "while the worker analyses": (page, sent) => cancelAt(page, "analyse", false).then(sent.open),
};

for (const [moment, cancel] of Object.entries(MOMENTS))
  test(`cancelled while the first model loads, ${moment}: it can be analysed after`, {}, async () => {
    const sent = makeGate();
    const page = await openPage({ model: sent.opened, ready: /^Starting/ });
    await page.locator("#picker").waitFor({ state: "attached" });
    await drop(page, load(SLOW));
    await says(page, /^Waiting for the model/);
    await cancel(page, sent);
    await page.locator("#again").waitFor();
    assert.equal(await page.textContent("#status-text"), "Cancelled.");
    await page.click("#again");
    sent.open();
    await analysed(page);
    await assertShows(page, SLOW);
    await page.context().close();
  });

test(
  "what draws a recording is fetched first, then the network, then all for offline use; one module of the core will do",
  {},
  async () => {
    const [sent, readers] = [makeGate(), makeGate()];
    const hold = (context) =>
      context.route("**/readers.wasm", async (route) => {
        await readers.opened;
        await route.continue().catch(() => {});
      });
    const page = await openPage({
      model: sent.opened,
      before: hold,
      ready: /^Starting/,
      serviceWorkers: "allow",
    });
    const asked = (name) => theSite().requests.filter((url) => name.test(new URL(url).pathname)).length;
    const counts = () => [/\/readers\.wasm$/, /\/xplaim-\w+\.wasm$/, /\/model\.safetensors$/].map(asked);
    await inElement(page, (element) => element.live.files);
    await drop(page, load(SLOW));
    assert.deepEqual(counts(), [1, 1, 0], "while what reads files is on its way");
    readers.open();
    await says(page, /^Waiting for the model/);
    await until("the model is asked for", () => counts()[2] === 1);
    const kept = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
    assert.equal(await kept(), 0, "no more while the network is on its way");
    sent.open();
    await analysed(page);
    await page.locator("#offline", { hasText: "Ready offline" }).waitFor();
    assert.deepEqual(counts(), [1, 1, 1], "and not again");
    await page.context().close();
  },
);

test(
  "where what reads files cannot be had the network comes all the same, and the next file asks for it again",
  {},
  async () => {
    let there = false;
    const page = await openPage({
      before: (context) => context.route("**/readers.wasm", (route) => (there ? route.continue() : route.abort())),
      ready: /readers\.wasm|fetch/i,
    });
    await until("the model", () => inElement(page, (element) => element.live.model !== null));
    there = true;
    await drop(page, load(SLOW));
    await analysed(page);
    await assertShows(page, SLOW);
    await page.context().close();
  },
);

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
  const sent = makeGate();
  const page = await openPage({ address: `/?sample=${SLOW}`, model: sent.opened, ready: /^Waiting for the model/ });
  assert.equal(await inElement(page, (element) => element.live.model), null);
  await inElement(page, (element) => element.drawn);
  assert.equal(await inElement(page, (element) => element.drawing.page.record.name), SLOW);
  sent.open();
  await analysed(page);
  await page.context().close();
});

test("a filter that is done late does not undo “none”", {}, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  await inElement(page, (element) => {
    const filter = element.live.filter.bind(element.live);
    const released = new Promise((resolve) => (globalThis.release = resolve));
    element.live.filter = (...rest) =>
      (globalThis.filtered = filter(...rest).then((made) => released.then(() => made)));
  });
  await page.selectOption("#filter", { index: 1 });
  await page.selectOption("#filter", { index: 0 });
  await release(page);
  assert.ok(await page.evaluate(() => globalThis.filtered.then(({ mv }) => mv.length)), "it was made");
  assert.ok(await inElement(page, (element) => element.mv === element.record.mv && !element.page().filter));
  await page.context().close();
});

test("a filter that the next record does not allow is switched off and said; the record is analysed", {}, async () => {
  const page = await openPage();
  await drop(page, load(SLOW));
  await analysed(page);
  await page.selectOption("#filter", { label: "0.05–150 Hz" });
  const slow =
    "slow 12 100 500\n" +
    ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
      .map((lead) => `slow.dat 16 200/mV 16 0 0 0 0 ${lead}\n`)
      .join("");
  const samples = new Int16Array(500 * 12);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(100 * Math.sin(i / 120));
  await drop(page, [
    file("slow.hea", slow),
    { name: "slow.dat", base64: Buffer.from(samples.buffer).toString("base64") },
  ]);
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
    await new Promise((resolve) => setTimeout(resolve)); // after the element's own timer, which was set before
    const told = new Promise((resolve) => document.addEventListener("analysis", resolve, { once: true }));
    await element.analyse({});
    await told; // once the recording is measured too
    return globalThis.events;
  });
  assert.equal(events, 1);
  await drop(page, load(OTHER));
  await page.locator("#record-name", { hasText: OTHER }).waitFor();
  await analysed(page);
  await page.waitForFunction(() => globalThis.events >= 2);
  assert.equal(await page.evaluate(() => globalThis.events), 2);
  const closed = await page.evaluate(async () => {
    const element = document.querySelector("ecg-xplaim");
    globalThis.element = element;
    const { session } = element;
    element.remove();
    await new Promise((resolve) => setTimeout(resolve)); // after the element's own timer
    return session.reader.closed && session.modelWorkers.every((modelWorker) => modelWorker.client.closed);
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

test(
  "what cannot be opened leaves what is open; a model that is dropped analyses it",
  { skip: skip || (existsSync(zoo) ? false : "no golden models here") },
  async () => {
    const page = await openPage();
    await drop(page, load(SLOW));
    await analysed(page);
    await drop(page, [file("letter.gif", "GIF89a")]);
    await page.locator(".status.problem").waitFor();
    assert.match(await page.textContent("#status-text"), /letter\.gif/);
    await assertShows(page, SLOW);
    const own = importModel(zoo, [
      "--labels",
      "pvc,mine,afib,x,y",
      "--leads",
      "I,II,III,aVR,aVF,aVL,V1,V2,V3,V4,V5,V6",
      "--rate",
      "500",
    ]);
    const dropped = [{ name: "own.safetensors", base64: readFileSync(own).toString("base64") }];
    await analysedAnew(page, () => drop(page, dropped));
    assert.equal((await probabilities(page)).all.length, 5);
    await drop(page, [...load(OTHER), file("bad.safetensors", "1234567")]);
    await page.locator("#record-name", { hasText: OTHER }).waitFor();
    await says(page, /^bad\.safetensors is no model/);
    await page.context().close();
  },
);

test(
  "a batch asked for twice runs once; its table holds one model's numbers",
  { skip: skip || (existsSync(zoo) ? false : "no golden models here") },
  async () => {
    const page = await openPage();
    await drop(page, [...load(SLOW), ...load(OTHER), ...load("00057_hr")]);
    await analysed(page);
    await until("all to be analysed unasked", () =>
      inElement(page, ({ batches, list }) => !batches.running && list.rows.every((row) => row.outcome)),
    );
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
    const own = importModel(zoo, [
      "--labels",
      "pvc,mine,afib,x,y",
      "--leads",
      "I,II,III,aVR,aVF,aVL,V1,V2,V3,V4,V5,V6",
      "--rate",
      "500",
    ]);
    await analysedAnew(page, () => page.setInputFiles("#model-picker", own));
    assert.ok(await page.isDisabled("#batch-csv"), "the numbers of another model are gone");
    await page.click("#batch-run");
    await says(page, /^3 recordings analysed/);
    const lines = (await saved(page, "#batch-csv")).bytes
      .toString()
      .trim()
      .split("\r\n")
      .map((line) => line.replace(/"[^"]*"/g, "quoted").split(","));
    assert.deepEqual(lines[0].slice(0, 6), ["record", "pvc", "mine", "afib", "x", "y"]);
    for (const line of lines) assert.equal(line.length, lines[0].length);
    await page.context().close();
  },
);

test("the chosen method is made for the next record too, and is in the JSON as the tool gives it", {}, async () => {
  const page = await openPage();
  await drop(page, [...load(SLOW), ...load(OTHER)]);
  await analysed(page);
  await page.selectOption("#method", "ig");
  await says(page, /^Integrated gradients computed/);
  await page.locator(".open-row", { hasText: OTHER }).click();
  await page.locator("#record-name", { hasText: OTHER }).waitFor();
  await says(page, /^Integrated gradients computed/);
  assert.match(await page.textContent("#evidence"), /^Integrated gradients: contribution/);
  await page.check("#with-names");
  const { name, bytes } = await saved(page, "#save-json");
  const text = bytes.toString();
  assert.match(name, /\.jsonl$/);
  const [map, evidence] = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const report of [map, evidence]) assert.deepEqual(problems(report, schema("explain")), []);
  const label = evidence.evidence.windows[0].labels[0].name;
  const segment = String(evidence.evidence.segment_s);
  const model = join(DIST, "model.safetensors");
  const how = ["--method", "ig", "--segment", segment, "--label", label];
  const native = nativeDocument("explain", "-m", model, sample(OTHER), ...how);
  // Gradients at dozens of points on the way: at some of them an activation lies so near 0 that the order of summing
  // decides whether a gradient passes. The tool's kernels differ among themselves by 2.5e-4 here.
  sameDocument(evidence, { ...native, record: OTHER }, "$", 1e-3);
  await page.context().close();
});

test("a long analysis makes way for the next record", {}, async () => {
  const page = await openPage();
  const bytes = readFileSync(`${sample(SLOW)}.dat`);
  const times = 120; // 20 minutes
  const header = unsummed(readFileSync(`${sample(SLOW)}.hea`, "utf8"))
    .replaceAll(SLOW, "long")
    .replace("12 500 5000", `12 500 ${5000 * times}`)
    .replace(
      /^(long\.dat \S+ \S+ \S+ \S+ \S+) (-?\d+)/gm,
      (_, start, sum) => `${start} ${((sum * times) << 16) >> 16}`,
    );
  await page.setInputFiles("#picker", [
    { name: "long.hea", mimeType: "", buffer: Buffer.from(header) },
    { name: "long.dat", mimeType: "", buffer: Buffer.concat(Array(times).fill(bytes)) },
  ]);
  await page.locator("#record-name", { hasText: "long" }).waitFor();
  await says(page, /^Analysing/);
  const before = await inElement(
    page,
    (element) => (globalThis.worker = element.live.modelWorker.client.worker) && true,
  );
  assert.ok(before);
  await drop(page, load(OTHER));
  await page.locator("#record-name", { hasText: OTHER }).waitFor();
  await analysed(page);
  await assertShows(page, OTHER);
  assert.ok(
    await inElement(page, (element) => element.live.modelWorker.client.worker !== globalThis.worker),
    "it was stopped",
  );
  await page.context().close();
});

test("a worker has the page's policy on a host that sends none", {}, async () => {
  const { createServer } = await import("node:http");
  const elsewhere = createServer((_, response) => response.setHeader("Access-Control-Allow-Origin", "*").end("here"));
  const plain = createServer((request, response) => {
    const path = join(DIST, new URL(request.url, "http://x").pathname.replace(/\/$/, "/index.html"));
    if (!existsSync(path)) return response.writeHead(404).end();
    const type = { html: "text/html", js: "text/javascript", css: "text/css", wasm: "application/wasm" }[
      path.split(".").pop()
    ];
    response.writeHead(200, { "Content-Type": type ?? "application/octet-stream" }).end(readFileSync(path));
  });
  await Promise.all(
    [elsewhere, plain].map((each) => new Promise((resolve) => each.listen(0, "127.0.0.1", () => resolve(null)))),
  );
  const page = await (await theSite().browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${plain.address().port}/?sample=${SLOW}`);
  await analysed(page);
  const address = `http://127.0.0.1:${elsewhere.address().port}/`;
  for (const worker of page.workers())
    await assert.rejects(
      worker.evaluate((url) => fetch(url).then((r) => r.text()), address),
      /fetch/,
    );
  assert.ok(page.workers().length >= 2);
  await page.context().close();
  for (const each of [elsewhere, plain]) each.close();
});

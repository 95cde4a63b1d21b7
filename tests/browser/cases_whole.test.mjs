// Case sets, a whole play at a time: what is anywhere before each commit, what a screen reader says of each task, and a
// package in a course that has frames.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { loadCasesCore } from "../../web/core/cases_core.js";
import { caseSet, filesOf } from "../support/cases.mjs";
import { ANSWERS, begin, commit, explained, opened, saidInTree, watch } from "../support/cases_page.mjs";
import { drop, inElement } from "../support/chromium.mjs";
import { DIST } from "../support/native.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";
import { zip } from "../support/zip.mjs";

const { test, theSite } = testsOfSite(openDesktop);

/** The set, its questions without what they ask for, and in it what a network said of each case. */
function answeredSet() {
  const set = caseSet();
  set.cases[0].tasks[3].prompt = "What excludes it here?";
  set.cases[0].tasks[3].options[1].text = "The rate";
  const network = set.cases.map((one) => {
    one.network = `network/${one.id}.json`;
    return { name: one.network, bytes: Buffer.from(JSON.stringify(explained())) };
  });
  return { name: "set.zip", base64: zip([...filesOf(set), ...network]).toString("base64") };
}

/* ---- T4 ---- */

/** Every key that a page may take for a command, and what copies. */
const KEYS = [..."abcdefghijklmnopqrstuvwxyz0123456789[]+-", "Enter", "Control+a", "Control+c"];

test("T4: in a whole play, whatever is pressed, nothing comes before the commit of the case that it is of", async (open) => {
  const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  await drop(page, [answeredSet()]);
  await page.locator(".cases-begin:not([disabled])").waitFor();
  await watch(page);
  const title = await page.title();
  await begin(page);
  for (let n = 0; n < 3; n++) {
    await page.locator(".cases-canvas").focus();
    for (const key of KEYS) await page.keyboard.press(key);
    await page.keyboard.press("Escape");
    await page.locator(".cases-twin summary").click();
    await page.locator('[data-task="find"] input[type="checkbox"]').first().check();
    const { texts, works, events } = await page.evaluate(() => globalThis.seen);
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const { answers, results, statements } = await inElement(page, (element) => element.results());
    const own = statements.slice(1).filter(({ object }) => object.id.includes(`/${["af-1", "pvc-1", "norm-1"][n]}/`));
    assert.deepEqual([answers.cases.length, results?.cases.length ?? 0, own.length], [n, n, 0]);
    const said = [...texts, copied, await saidInTree(page)].map((text) =>
      text.replace(/\w+: \d+ ms · \d+\/min · −?[\d.]+ mV|Take \d+\S*|^\d+ %$/gm, ""),
    );
    for (const answer of ANSWERS) for (const text of said) assert.doesNotMatch(text, answer, `case ${n + 1}: ${text}`);
    assert.deepEqual([works, events, await page.title()], [[], [], title]);
    const { heat, kinds } = await inElement(page, ({ cases: { screen } }) => ({
      heat: screen.ecg.heat,
      kinds: screen.ecg.shapes.map(({ kind }) => kind),
    }));
    assert.ok(heat === null && kinds.every((kind) => kind === "own"), JSON.stringify(kinds));
    assert.equal(await inElement(page, ({ cases }) => cases.screen.answer), null, "the answer is not read");
    await commit(page);
    await page.locator(".cases-network .cases-label").first().waitFor();
    await page.locator(".cases-panel", { hasText: "Measurements of this page" }).waitFor();
    assert.match(await page.locator(".cases-network").innerText(), /Atrial fibrillation[^]*key/);
    // At once: what is drawn of this case until then is of this case.
    await inElement(page, ({ root }) => {
      for (const list of Object.values(globalThis.seen)) list.length = 0;
      root.querySelector(".cases-next button.primary").click();
    });
    if (n < 2) await page.locator(".cases-form").waitFor();
  }
  await page.locator(".cases-end").waitFor();
});

/* ---- T11 ---- */

test("T11: every task is a group with its question's name, and all that is in it is named", async (open) => {
  const set = caseSet({ certainty: "ask", check: ["Rate"], seconds: 900 });
  const [one, , norm] = set.cases;
  /** @type {object[]} */ (one.tasks).push({ ...norm.tasks[1], prompt: "How long is the QTc?" });
  const page = await opened(open, set);
  await page.locator('[name="cases-time"]').nth(2).check();
  await begin(page);
  await page.locator('[data-task="where"] input').nth(0).fill("1");
  await page.locator('[data-task="where"] input').nth(1).fill("2");
  await page.locator('[data-task="where"] button', { hasText: "Add the mark" }).click();
  await page.locator('[data-task="rr"] button').first().click();
  await page.locator('[data-task="rr"] button.primary').waitFor();
  await page.locator(".cases-commit button").click();
  const script = await page.locator(".cases-case").ariaSnapshot();
  for (const { prompt } of one.tasks) assert.ok(script.includes(`group "${prompt}"`), `${prompt}\n${script}`);
  for (const name of ["How certain are you?", "Before you commit, look again at"])
    assert.ok(script.includes(`group "${name}"`), script);
  for (const told of [
    /heading "Case 1"/,
    /checkbox "Atrial fibrillation"/,
    /searchbox "Search the list"/,
    /spinbutton "Measured ms"/,
    /spinbutton "QT ms"/,
    /spinbutton "RR ms"/,
    /combobox "Lead"/,
    /spinbutton "From, s"/,
    /spinbutton "To, s"/,
    /button "Remove the mark I, 1\.00–2\.00 s"/,
    /radio "No P waves"/,
    /textbox "In one sentence\."/,
    /radio "2 – fairly"/,
    /checkbox "Rate"/,
    /button "Commit"/,
    /button "Measure with the calipers"/,
  ])
    assert.match(script, told);
  const nameless = (/** @type {string} */ text) =>
    text
      .split("\n")
      .filter((line) =>
        /- (button|checkbox|radio|textbox|searchbox|spinbutton|combobox|slider|group|link)\b(?! "|: The ECG in words)/.test(
          line,
        ),
      );
  assert.deepEqual(nameless(script), []);
  await page.locator('[name="cases-certainty"]').first().check();
  await commit(page);
  await page.locator(".cases-network .cases-label").first().waitFor();
  const after = await page.locator(".cases-case").ariaSnapshot();
  assert.deepEqual(nameless(after), []);
  assert.match(after, /heading "Case 1: your answer"/);
  assert.match(after, /must be named/);
});

/* ---- T5 on a phone ---- */

/** What a finger would miss: a label takes the finger for its box. */
const smallTargets = (page) =>
  inElement(page, ({ root }) =>
    [
      ...root.querySelectorAll(
        ".cases :is(button, select, summary, textarea, .cases-choice, input:not([type=checkbox], [type=radio]))",
      ),
    ]
      .filter((node) => node.checkVisibility())
      .map((node) => ({ what: node.outerHTML.slice(0, 80), box: node.getBoundingClientRect() }))
      .filter(({ box: { width, height } }) => width < 43.5 || height < 43.5)
      .map(({ what, box: { width, height } }) => `${what} ${width} x ${height}`),
  );

test("T5: on a phone a mark that its layout has not got is shown on its lead, and the leads come back", async (open) => {
  const page = await opened(open, caseSet(), { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true });
  assert.deepEqual(await smallTargets(page), []);
  await begin(page);
  assert.deepEqual(await smallTargets(page), []);
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  const seen = (place) =>
    inElement(
      page,
      async ({ cases: { screen } }, span) => {
        await screen.ecg.drawn;
        return [screen.ecg.ui.layout.value, screen.ecg.shows(span)];
      },
      place,
    );
  const { marks } = caseSet().cases[0];
  const [a, b] = marks;
  const is = (place, what) => until(what, async () => (await seen(place)).join() === what);
  const show = (id) => page.locator("button", { hasText: `Show ${id} on the ECG` }).tap();
  assert.deepEqual(
    [await seen(a), await seen(b)],
    [
      ["6x2s", false],
      ["6x2s", false],
    ],
  );
  await show("A");
  await is(a, "6x2s,true"); // another page has it
  await page.locator('button[aria-label="2.5 s later"]').tap();
  await is(a, "6x2s,false");
  await show("B");
  await is(b, "single,true"); // no page has ten seconds of a lead
  await show("B");
  await is(b, "6x2s,false");
  // A map that comes meanwhile draws the page anew.
  const layout = await inElement(page, async ({ cases: { screen } }) => {
    const shown = screen.ecg.reveal({ lead: "V1", from: 8, to: 9 });
    screen.ecg.draw();
    await shown;
    return screen.ecg.ui.layout.value;
  });
  assert.equal(layout, "6x2s");
  assert.deepEqual(await smallTargets(page), []);
});

/* ---- T7 ---- */

const scorm12 = readFileSync(createRequire(import.meta.url).resolve("scorm-again/scorm12/min"), "utf8");
const PAGE_OF_COURSE = "course/index.html";

/** A course's page: its API is the reference's, which keeps what it is told; each call that it refuses is noted. */
const coursePage = `<!doctype html><html lang="en"><link rel="icon" href="/icon.svg"><title>course</title>
<script>${scorm12.replaceAll("</script", "<\\/script")}</script>
<script>
globalThis.refused = [];
globalThis.enrol = (kept) => {
  const api = new Scorm12API({ autocommit: false, logLevel: 5, strict_errors: true });
  if (kept) api.loadFromJSON(kept, "");
  for (const name of ["LMSInitialize", "LMSSetValue", "LMSCommit", "LMSFinish"]) {
    const call = api[name].bind(api);
    api[name] = (...words) => {
      const done = call(...words);
      if (String(done) !== "true") globalThis.refused.push([name, ...words, api.LMSGetLastError()].join(" "));
      return done;
    };
  }
  globalThis.API = api;
};
globalThis.visit = (src, sandbox) => {
  const frame = document.createElement("iframe");
  if (sandbox) frame.setAttribute("sandbox", sandbox);
  frame.style.cssText = "width: 1100px; height: 800px";
  frame.src = src;
  document.body.replaceChildren(frame);
};
</script><body></body></html>`;

/** A course at an origin, and the package in it. */
async function enrolled(open, set) {
  const core = await loadCasesCore(readFileSync(join(DIST, "xplaim_cases.wasm")));
  const files = filesOf(set).filter(({ name }) => name !== "cases.json");
  const html = core.bundle(bundlePage(DIST), JSON.stringify(set), files);
  const before = async (context) => {
    await context.route(`**/${PAGE_OF_COURSE}`, (route) => route.fulfill({ body: html, contentType: "text/html" }));
    await context.route("**/lms.html", (route) => route.fulfill({ body: coursePage, contentType: "text/html" }));
  };
  return open({ before });
}

/** Plays the case that is shown in a frame, answering nothing. */
async function playOne(frame) {
  await frame.locator(".cases-form").waitFor();
  await frame.locator(".cases-commit button.primary").click();
  await frame.locator(".cases-commit button.primary").click();
  await frame.locator(".cases-next button.primary").click();
}

test("T7: a package in a course's frame gives its grade to the reference API, and goes on after it was closed", async (open) => {
  const set = caseSet({ pass: 60, order: "mixed", network: "never" });
  const page = await enrolled(open, set);
  await page.goto(`${theSite().origin}/lms.html`);
  await page.evaluate((src) => {
    globalThis.enrol();
    globalThis.visit(src);
  }, PAGE_OF_COURSE);
  const frame = page.frameLocator("iframe");
  assert.match(await frame.locator(".cases-where").innerText(), /course/);
  await frame.locator(".cases-begin:not([disabled])", { hasText: "Begin" }).click();
  await playOne(frame);
  await frame.locator(".cases-form").waitFor();
  await page.evaluate(() => document.querySelector("iframe")?.remove());
  const kept = () => page.evaluate(() => JSON.parse(JSON.stringify(globalThis.API.cmi)).core);
  const { lesson_status: status, exit } = await kept();
  assert.deepEqual([status, exit], ["incomplete", "suspend"]);
  await page.evaluate((src) => {
    globalThis.enrol({ cmi: JSON.parse(JSON.stringify(globalThis.API.cmi)) });
    globalThis.visit(src);
  }, PAGE_OF_COURSE);
  await frame.locator(".cases-begin:not([disabled])", { hasText: "Go on with case 2" }).click();
  await playOne(frame);
  await playOne(frame);
  await frame.locator(".cases-end").waitFor();
  assert.equal((await kept()).lesson_status, "failed");
  assert.deepEqual(await page.evaluate(() => globalThis.refused), []);
});

test("T7: a frame that may not ask its course, and a course that throws, end in a sentence, with results to save", async (open) => {
  const set = caseSet({ network: "never" });
  set.cases = set.cases.slice(1, 2);
  const page = await enrolled(open, set);
  const frame = page.frameLocator("iframe");
  const { origin } = theSite();
  const other = origin.replace("127.0.0.1", "localhost");
  const throwing = () => {
    const work = () => {
      throw new Error("The session has ended");
    };
    globalThis.API = { LMSInitialize: work, LMSGetValue: work, LMSSetValue: work, LMSCommit: work, LMSFinish: work };
  };
  for (const { around, src, sandbox, api, told } of [
    { around: origin, src: PAGE_OF_COURSE, sandbox: "allow-scripts allow-downloads", told: /Not in a course/ },
    { around: other, src: `${origin}/${PAGE_OF_COURSE}`, told: /Not in a course/ },
    { around: origin, src: PAGE_OF_COURSE, api: throwing, told: /Not in a course/ },
  ]) {
    await page.goto(`${around}/lms.html`);
    await page.evaluate(api ?? (() => globalThis.enrol()));
    await page.evaluate(([address, box]) => globalThis.visit(address, box), [src, sandbox]);
    await frame.locator(".cases-begin:not([disabled])").waitFor();
    assert.match(await frame.locator(".cases-where").innerText(), told);
    if (api) await frame.locator(".cases-problem", { hasText: "The session has ended" }).waitFor();
    await frame.locator(".cases-begin").click();
    await playOne(frame);
    await frame.locator(".cases-end").waitFor();
    const coming = page.waitForEvent("download");
    await frame.locator(".cases-end button", { hasText: "CSV" }).click();
    assert.match(readFileSync(await (await coming).path(), "utf8"), /rhythm-3/);
    // The browser's driver keeps service workers away, by a script of its own that stumbles over the sandbox.
    if (sandbox) page.errors = page.errors.filter((error) => !/'serviceWorker' property/.test(error));
  }
});

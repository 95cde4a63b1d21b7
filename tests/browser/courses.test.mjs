// Where case sets are played: from a disk, in a course, in frames of other pages.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { loadCasesCore } from "../../web/core/cases_core.js";
import { archive, caseSet, filesOf } from "../support/cases.mjs";
import { opened, begin, commit, explained } from "../support/cases_page.mjs";
import { drop, inElement } from "../support/chromium.mjs";
import { DIST, scratch } from "../support/native.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";
import { zip } from "../support/zip.mjs";

const { test, theSite } = testsOfSite(openDesktop);

/* ---- T8 ---- */

test("T8: a package without a model plays at once from a disk without a network, with what the network said when it was packed", async (open) => {
  const set = caseSet({ lock: true });
  set.cases[0].network = "network/af-1.json";
  const said = { ...explained(), computed_at: "2026-11-29T12:00:00.000Z" };
  const files = filesOf(set).filter(({ name }) => name !== "cases.json");
  files.push({ name: "network/af-1.json", bytes: Buffer.from(JSON.stringify(said)) });
  const core = await loadCasesCore(readFileSync(join(DIST, "xplaim_cases.wasm")));
  const packed = join(scratch, "package.html");
  writeFileSync(packed, core.bundle(bundlePage(DIST), JSON.stringify(set), files));
  const page = await open();
  await page.context().setOffline(true);
  await page.goto(pathToFileURL(packed).href);
  await begin(page);
  assert.equal(await page.locator(".cases button", { hasText: "Leave the set" }).count(), 0);
  await commit(page);
  const card = page.locator(".cases-network", { hasText: "key" });
  await card.waitFor();
  const when = new RegExp(`cdcdcdcdcdcd…, computed on .*2026.* before this set was packed`);
  assert.match(await card.innerText(), when);
  await page.locator(".cases-next button.primary").click();
  await page.locator(".cases-form").waitFor();
  await commit(page);
  await page.locator(".cases-network", { hasText: "This case has no answer of a network" }).waitFor();
});

/* ---- T7 in the page ---- */

/** A course in the window itself, which remembers as long as the tab is open. */
function installCourse() {
  const values = JSON.parse(sessionStorage.getItem("course") ?? "{}");
  const keep = () => sessionStorage.setItem("course", JSON.stringify(values));
  globalThis.API = {
    LMSInitialize: () => "true",
    LMSGetValue: (name) => {
      if (name === "cmi.interactions._count")
        return String(Object.keys(values).filter((key) => /\.id$/.test(key)).length);
      return values[name] ?? (name === "cmi.core.lesson_status" ? "not attempted" : "");
    },
    LMSSetValue: (name, value) => ((values[name] = value), "true"),
    LMSCommit: () => (keep(), "true"),
    LMSFinish: () => (keep(), "true"),
    LMSGetLastError: () => "0",
    LMSGetErrorString: () => "",
  };
}

test("T7: in a course a play goes on at the next case after a reload, in the same order, with its answers", async (open) => {
  const set = caseSet({ order: "mixed", pass: 10 });
  const serving = (context) => serveSets(context, { "set.zip": set });
  const before = async (context) => {
    await serving(context);
    await context.addInitScript(installCourse);
  };
  const page = await open({ address: "/?cases=set.zip&lock=1", before });
  assert.match(await page.locator(".cases-where").innerText(), /Into this course/);
  await begin(page);
  const order = await inElement(page, ({ cases }) => cases.order);
  await page.locator('[data-task="find"] input').nth(1).check();
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  const [one] = (await inElement(page, (element) => element.results())).answers.cases;
  await page.reload();
  await page.locator(".cases-begin:not([disabled])", { hasText: "Go on with case 2" }).waitFor();
  assert.deepEqual(await inElement(page, ({ cases }) => cases.order), order);
  const [again] = (await inElement(page, (element) => element.results())).answers.cases;
  assert.deepEqual({ case: again.case, answers: again.answers }, { case: one.case, answers: one.answers });
  await page.locator(".cases-begin").click();
  for (let i = 0; i < 2; i++) {
    await page.locator(".cases-form").waitFor();
    await commit(page);
    await page.locator(".cases-next button.primary").click();
  }
  await page.locator(".cases-end").waitFor();
  const kept = await page.evaluate(() => JSON.parse(sessionStorage.getItem("course")));
  assert.match(kept["cmi.core.lesson_status"], /^(passed|failed)$/);
  assert.equal(kept["cmi.core.exit"], "");
  assert.ok(kept["cmi.suspend_data"].length < 400);
  await page.reload();
  await page.locator(".cases-begin:not([disabled])", { hasText: "To the result" }).click();
  await page.locator(".cases-end .cases-review button").nth(2).waitFor();
});

test("a course that refuses results: that is said once, beside what saves them", async (open) => {
  const before = (context) =>
    context.addInitScript(() => {
      globalThis.API = {
        LMSInitialize: () => "true",
        LMSGetValue: () => "",
        LMSSetValue: () => "false",
        LMSCommit: () => "false",
        LMSGetLastError: () => "301",
        LMSGetErrorString: () => "Not initialized",
      };
    });
  const page = await opened(open, caseSet(), { before });
  await begin(page);
  await commit(page);
  await page
    .locator(".cases > .cases-problem", { hasText: "The course did not take a result (301 Not initialized)" })
    .waitFor();
  assert.ok(await page.locator(".cases > .cases-problem button", { hasText: "CSV" }).isVisible());
});

/* ---- T10 ---- */

/** Sets at addresses of the site. */
async function serveSets(context, sets) {
  for (const [name, set] of Object.entries(sets))
    await context.route(`**/${name}`, (route) =>
      route.fulfill({ body: zip(filesOf(set)), contentType: "application/zip" }),
    );
}

test("T10: two locked sets on one page do not disturb each other, and nothing else can be opened there", async (open) => {
  const other = caseSet({ feedback: "none" }, { id: "other", title: "Another set" });
  other.cases = other.cases.slice(1, 2);
  const body = `<!doctype html><html lang="en"><link rel="icon" href="icon.svg"><title>course</title><main><h1>Course</h1>
    <ecg-xplaim id="one" cases="one.zip" lock></ecg-xplaim><ecg-xplaim id="two" cases="two.zip" case="pvc-1" lock></ecg-xplaim></main>
    <script type="module" src="element.js"></script>`;
  const before = async (context) => {
    await serveSets(context, { "one.zip": caseSet(), "two.zip": other });
    await context.route("**/course.html", (route) => route.fulfill({ body, contentType: "text/html" }));
  };
  const page = await open({ before });
  await page.goto(`${theSite().origin}/course.html`);
  const [one, two] = ["#one", "#two"].map((id) => page.locator(id));
  await page.evaluate(() => {
    globalThis.heard = [];
    for (const kind of ["answer", "case-done", "set-done", "statement", "analysis"])
      document.addEventListener(kind, ({ target, detail }) =>
        globalThis.heard.push([/** @type {any} */ (target).id, kind, detail.set ?? ""]),
      );
  });
  for (const set of [one, two]) await set.locator(".cases-begin:not([disabled])").click();
  for (const set of [one, two]) await set.locator(".cases-form").waitFor();
  await drop(page, [archive(caseSet({}, { title: "Dropped" }))]);
  await one.locator('input[value="afib"]').check();
  assert.equal(await two.locator(".cases-form input:checked").count(), 0);
  await two.locator('input[value="pvc"]').check();
  await commit(two);
  await two.locator(".cases-end").waitFor();
  assert.ok(await one.locator(".cases-form").isVisible());
  assert.equal(await one.locator('input[value="afib"]').isChecked(), true);
  assert.equal(await page.locator("button", { hasText: "Leave the set" }).count(), 0);
  assert.equal(await page.locator("h2", { hasText: "Dropped" }).count(), 0);
  const heard = await page.evaluate(() => globalThis.heard);
  assert.deepEqual(
    heard.filter(([id, kind]) => id === "two" && kind !== "statement").map(([, kind, set]) => [kind, set]),
    [
      ["answer", "other"],
      ["case-done", "other"],
      ["set-done", "other"],
    ],
  );
  assert.deepEqual(
    heard.filter(([id, kind]) => id === "one" && kind !== "statement"),
    [],
  );
  const results = await page.evaluate(() => ["one", "two"].map((id) => document.getElementById(id).results().score));
  assert.deepEqual(results, [null, 100]);
});

test("T10: a frame tells the one origin that its address names, and no other", async (open) => {
  const port = new URL(theSite().origin).port;
  const around = `http://localhost:${port}`;
  const frame = (parent) => `${theSite().origin}/?cases=set.zip&lock=1&embed=1&parent=${encodeURIComponent(parent)}`;
  const body = `<!doctype html><html lang="en"><link rel="icon" href="icon.svg"><title>lms</title><body></body></html>`;
  const before = async (context) => {
    await serveSets(context, { "set.zip": caseSet() });
    await context.route("**/lms.html", (route) => route.fulfill({ body, contentType: "text/html" }));
    await context.route(`${theSite().origin}/?cases*`, async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      delete headers["content-security-policy"]; // which says that this server's pages are framed by it alone
      await route.fulfill({ response, headers });
    });
  };
  const page = await open({ before });
  await page.goto(`${around}/lms.html`);
  for (const [parent, told] of [
    [around, true],
    ["https://other.example", false],
    ["*", false],
  ]) {
    await page.evaluate(
      ([address]) => {
        globalThis.messages = [];
        globalThis.onmessage = ({ data, origin }) => globalThis.messages.push({ ...data, origin });
        document.body.innerHTML = "";
        const made = document.createElement("iframe");
        made.src = address;
        made.style.cssText = "width: 900px; height: 500px";
        document.body.append(made);
      },
      [frame(parent)],
    );
    const inside = page.frameLocator("iframe");
    await inside.locator(".cases-begin:not([disabled])").click();
    await inside.locator(".cases-form").waitFor();
    await inside.locator(".cases-commit button").click();
    await inside.locator(".cases-commit button").click();
    await inside.locator(".cases-feedback-title").waitFor();
    if (told)
      await until("a message", () => page.evaluate(() => globalThis.messages.some(({ type }) => type === "case-done")));
    const messages = await page.evaluate(() => globalThis.messages);
    const kinds = new Set(messages.map(({ type }) => type));
    assert.deepEqual([...kinds].sort(), told ? ["answer", "case-done", "height", "statement"] : [], String(parent));
    for (const { origin, source } of messages) assert.deepEqual([origin, source], [theSite().origin, "ecg-xplaim"]);
  }
});

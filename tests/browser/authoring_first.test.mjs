// What a first visit to the case editor runs into: words that are refused, keys, double clicks and limits.

import assert from "node:assert/strict";
import { at, begun, documentOf, oneOf, textIn } from "../support/authoring.mjs";
import { analysed, inElement, saved, says } from "../support/chromium.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";

const { test } = testsOfSite(async (site, options) => {
  const page = await openDesktop(site, options);
  page.on("dialog", (dialog) => dialog.accept());
  return page;
});

const focused = (page) => inElement(page, ({ root }) => root.activeElement?.dataset.key ?? root.activeElement?.id);

test("a finding of one's own with markup is not added and says why; one that no key names is not saved", async (open) => {
  const page = await open();
  await begun(page);
  await page.click(at("task-add-findings"));
  await page.locator(at("task-find-finding")).selectOption("afib");
  await page.click(at("task-find-take"));
  const own = (text) =>
    page
      .locator(at("task-find-own"))
      .fill(text)
      .then(() => page.click(at("task-find-take-own")));
  const before = await documentOf(page);
  await own("<b>x");
  await says(page, /<b>x.*is not added.*markup/);
  assert.deepEqual(await documentOf(page), before);
  await own("Osborn waves");
  await says(page, /^Osborn waves: must be named/);
  await own("Epsilon waves");
  await page.click("#author .author-key button[aria-label='Remove Osborn waves']");
  const { bytes } = await saved(page, at("save-zip"));
  const texts = JSON.parse(textIn(bytes, "cases.json")).lists.ecg.map(({ text }) => text);
  assert.deepEqual([texts.includes("Epsilon waves"), texts.includes("Osborn waves")], [true, false]);
});

test("after a finding C has the calipers, and asking without them puts them on and says what is next", async (open) => {
  const page = await open();
  await begun(page);
  await page.click(at("task-add-findings"));
  await page.locator(at("task-find-finding")).selectOption("afib");
  await page.click(at("task-find-take"));
  assert.equal(await focused(page), "task-find-take");
  const calipers = () => inElement(page, (element) => element.drawing.calipers !== null);
  await page.keyboard.press("c");
  await until("calipers", calipers);
  await page.keyboard.press("c");
  await until("no calipers", async () => !(await calipers()));
  await page.click(at("task-ask"));
  assert.ok(await calipers());
  await says(page, /Calipers, key C.*what you want to ask.*“Ask this” again/);
  assert.equal((await oneOf(page)).tasks.length, 1);
  await page.click(at("task-ask"));
  await says(page, /^Task 2 asks for it: RR interval, \d+ ms\.$/);
  assert.deepEqual(
    (await oneOf(page)).tasks.map(({ type }) => type),
    ["findings", "measure"],
  );
});

test("a double click adds one case and begins none, and what was expected in a case says nothing of the next", async (open) => {
  const page = await open();
  await begun(page);
  await page.click(at("task-add-findings"));
  const choose = async (finding) => {
    await page.locator(at("task-find-finding")).selectOption(finding);
    await page.click(at("task-find-take"));
  };
  await choose("afib");
  await page.locator(at("task-find-share")).selectOption("must_not");
  await choose("tachsr");
  await says(page, /must not be named/);
  assert.ok(await page.locator(at("new")).isDisabled());
  await page.dblclick(at("add"));
  await says(page, /^Case 1 is in the set/);
  assert.deepEqual([(await documentOf(page)).cases.length, (await oneOf(page)).tasks.length], [1, 1]);
  await page.dblclick(at("new"));
  assert.deepEqual([(await documentOf(page)).cases.length, (await oneOf(page)).tasks.length], [1, 0]);
  await page.click(at("task-add-findings"));
  assert.equal(await page.locator(at("task-find-share")).inputValue(), "must");
  await choose("rvr");
  assert.deepEqual((await oneOf(page)).tasks[0].must, ["rvr"]);
});

test("limits show at once: twenty tasks, and a place of a marking that nobody has chosen", async (open) => {
  const page = await open();
  await begun(page);
  await page.click(at("task-add-mark"));
  await page.click(at("task-mark-fields"));
  assert.equal(await focused(page), "task-mark-target-0-from");
  assert.equal(await page.locator(at("task-mark-target-0-from")).inputValue(), "");
  const lacks = () => page.locator("#author-lacks").textContent();
  assert.match(await lacks(), /Task 1: place 1: write from when to when it lies/);
  await page.locator(at("task-mark-target-0-from")).fill("2");
  await page.locator(at("task-mark-target-0-to")).fill("2.2");
  assert.equal(await lacks(), "");
  for (let n = 1; n < 20; n++) await page.click(at("task-add-text"));
  assert.equal((await oneOf(page)).tasks.length, 20);
  assert.ok(await page.locator(at("task-add-text")).isDisabled());
  assert.ok(await page.locator(at("task-ask")).isDisabled());
  await page.locator("#author", { hasText: "A case has at most 20 tasks." }).waitFor();
  await page.click(at("task-text-remove"));
  assert.ok(await page.locator(at("task-add-text")).isEnabled());
});

test("what a text cannot have is told below it as it is typed, until it is mended", async (open) => {
  const page = await open();
  await begun(page);
  await page.click(at("task-add-choice"));
  await page.click(at("marks-fields"));
  await says(page, /^Mark A: II, [\d.]+ to [\d.]+ s\.$/);
  for (const key of ["story", "task-choice-prompt", "task-choice-option-a", "mark-A-text", "explain", "set-title"]) {
    const field = page.locator(at(key));
    const told = page.locator(`#author [id="fault-${key}"]`);
    await field.fill("A <b>bold</b> word");
    assert.match(await told.innerText(), /^The text has markup/, key);
    assert.deepEqual(
      [await field.getAttribute("aria-invalid"), await field.getAttribute("aria-describedby")],
      ["true", `fault-${key}`],
    );
    await field.fill("PR < 120 ms, **bold**");
    assert.equal(await told.isVisible(), false, key);
    assert.equal(await field.getAttribute("aria-invalid"), "false");
  }
  await page.locator(at("story")).fill("<i>");
  await inElement(page, ({ teaching: { author } }) => author.render());
  assert.ok(await page.locator("#author #fault-story").isVisible(), "also once it is shown anew");
});

test("a case is tried as often as its learners may play it", async (open) => {
  const page = await open();
  await begun(page);
  await page.click(at("task-add-choice"));
  for (const option of ["a", "b"]) await page.locator(at(`task-choice-option-${option}`)).fill(option);
  await page.locator(at("task-choice-prompt")).fill("Which?");
  const ends = async () => {
    await page.click(at("try"));
    await page.locator(".cases-begin:not([disabled])").click();
    await page.locator('[data-task="choice"] input').nth(1).check();
    await page.locator(".cases-commit button.primary").click();
    await page.locator(".cases-feedback-title").waitFor();
    const again = await page.locator(".cases button", { hasText: "Try this case again" }).count();
    await page.locator(".cases button", { hasText: "To the result" }).click();
    await page.locator(".cases-end").waitFor();
    const all = await page.locator(".cases-end button", { hasText: "Play all again" }).count();
    await page.locator(".cases-end button", { hasText: "Leave the set" }).click();
    return [again, all];
  };
  assert.deepEqual(await ends(), [0, 0], "once, which is what a set has at first");
  await page.locator(at("set-attempts")).fill("2");
  assert.deepEqual(await ends(), [1, 1]);
});

test("beside the editor all of the ECG is in sight, on a laptop and on a phone", async (open) => {
  const page = await open();
  await begun(page);
  for (const [width, height, layout] of [
    [1024, 768, "3x4+1"],
    [360, 740, "6x2s"],
  ]) {
    await page.setViewportSize({ width, height });
    await until(`all of ${layout}`, () =>
      inElement(
        page,
        ({ drawing, root }, wanted) => {
          const paper = root.querySelector("#paper");
          return drawing.page.layout === wanted && paper.scrollHeight <= paper.clientHeight;
        },
        layout,
      ),
    );
  }
});

test("whoever only reads ECGs fetches nothing of the editor", async (open) => {
  const page = await open();
  const fetched = () =>
    page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map(({ name }) => new URL(name).pathname)
        .filter((path) => /cases_(author|draft|fields)|author\.css/.test(path)),
    );
  await page.click("#sample-cards button");
  await analysed(page); // before it is there, nothing is measured, and its coming closes menus
  await inElement(page, (element) => element.measurements.done);
  assert.deepEqual(await fetched(), []);
  await page.click("#author-open");
  await page.locator("#author").waitFor();
  assert.ok((await fetched()).some((path) => /\/cases_author-\w+\.js$/.test(path)));
});

// What a case shows beside its answer: labels over the ECG, a mark that is looked for, points as the language writes them.

import assert from "node:assert/strict";
import { caseSet } from "../support/cases.mjs";
import { begin, commit, layoutOf, markingSet, opened, typeMark } from "../support/cases_page.mjs";
import { inElement } from "../support/chromium.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";

const { test } = testsOfSite(openDesktop);

test("labels of what lies at one place stand below each other", async (open) => {
  const span = { from: 5.2, to: 5.6 };
  const set = markingSet(span);
  set.cases[0].marks = ["P wave", "the first of them"].map((text, i) => ({ id: "AB"[i], lead: "V2", ...span, text }));
  set.cases[0].explain = "{A} {B}";
  const page = await opened(open, set);
  await begin(page);
  await typeMark(page, "V2", 5.2, 5.5);
  await page.locator("button", { hasText: "Add the mark" }).click();
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  const labels = await inElement(page, async ({ cases: { screen } }) => {
    await screen.ecg.settled();
    return screen.ecg.view.labels;
  });
  assert.equal(labels.length, 4);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  labels.forEach((a, i) => labels.slice(i + 1).forEach((b) => assert.ok(!meet(a, b), JSON.stringify([a, b]))));
});

test("on a phone a mark far along a lead of many rows is brought into sight", async (open) => {
  const set = markingSet({ from: 1, to: 9 });
  const mark = { lead: "V5", from: 7, to: 8 };
  set.cases[0].marks = [{ id: "A", ...mark, text: "here" }];
  set.cases[0].explain = "{A}";
  const page = await opened(open, set, { viewport: { width: 390, height: 800 } });
  await begin(page);
  assert.equal(await layoutOf(page, mark), "12x1,0,true");
  await commit(page);
  await page.locator("button", { hasText: "Show A on the ECG" }).click();
  const inSight = () =>
    inElement(
      page,
      ({ cases: { screen } }, span) => {
        const { view, ui } = screen.ecg;
        const { x, y, width, height } = view.boxesOf(span)[0];
        const { scrollTop, clientHeight, clientWidth } = ui.paper;
        return x >= 0 && x + width <= clientWidth && y >= scrollTop && y + height <= scrollTop + clientHeight;
      },
      mark,
    );
  await until("the mark in sight", inSight);
});

test("points have the language's comma, and every finding of a list has room for its words", async (open) => {
  const set = caseSet({ feedback: "each" });
  const [one] = set.cases;
  one.tasks = one.tasks.slice(0, 1);
  one.tags = ["rhythm"];
  Object.assign(one, { like: null, marks: [], explain: "" });
  set.cases = [one];
  for (const item of set.lists.rhythm) item.text += ", which is told in so many words that they need a second line";
  const page = await opened(open, set, { locale: "de-DE", ready: /^Bereit/ });
  await begin(page);
  const squeezed = await page
    .locator(".cases-list .cases-choice")
    .evaluateAll((all) => all.filter((each) => each.scrollHeight > each.clientHeight + 1).length);
  assert.equal(squeezed, 0);
  for (const id of ["rvr", "lbbb"]) await page.locator(`[data-task="find"] input[value="${id}"]`).check();
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  assert.deepEqual(await page.locator(".cases-answer .points").allTextContents(), ["+0,5", "−0,25", "0"]);
  await page.locator(".cases-next button").first().click();
  await page.locator(".cases-end").waitFor();
  assert.match(await page.locator(".cases-end").innerText(), /0,25/);
  assert.doesNotMatch(await page.locator(".cases-end").innerText(), /\d\.\d/);
});

// Case sets in the page: nothing of the answer before the commit, feedback on the ECG, a play by keyboard alone, courses,
// frames, and two sets on one page.

import assert from "node:assert/strict";
import { join } from "node:path";
import { caseSet, filesOf } from "../support/cases.mjs";
import {
  ANSWERS,
  answerFirst,
  begin,
  commit,
  explained,
  layoutOf,
  markingSet,
  opened,
  saidInTree,
  typeMark,
  watch,
} from "../support/cases_page.mjs";
import { accessible, drop, inElement, saved } from "../support/chromium.mjs";
import { DIST, nativeDocument } from "../support/native.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";
import { zip } from "../support/zip.mjs";

const { test } = testsOfSite(openDesktop);

/* ---- T4 ---- */

test("T4: before the commit nothing of the network, of what is measured or of the key is anywhere; afterwards it is", async (open) => {
  const set = caseSet();
  // The question's own words are no answer.
  set.cases[0].tasks[3].prompt = "What excludes it here?";
  set.cases[0].tasks[3].options[1].text = "The rate";
  const page = await opened(open, set);
  const title = await page.title();
  await watch(page);
  await begin(page);
  await answerFirst(page);
  await page.emulateMedia({ media: "print" });
  assert.equal((await page.evaluate(() => document.body.innerText)).trim(), "", "nothing is printed");
  await page.emulateMedia({ media: "screen" });
  await page.locator(".cases-twin summary").click();
  const seen = await page.evaluate(() => globalThis.seen);
  // Calipers are the learner's own.
  const texts = [...seen.texts, await saidInTree(page)]
    .map((text) => text.replace(/^100 %$/m, "")) // the zoom
    .filter((text) => !/ ms · |\bTake \d/.test(text) || text.length > 60);
  for (const answer of ANSWERS)
    for (const text of texts) {
      const own = text.replace(/\w+: \d+ ms · \d+\/min · −?[\d.]+ mV/g, "");
      assert.doesNotMatch(own, answer, `${answer}: ${own.slice(0, 200)}`);
    }
  assert.deepEqual(seen.works, []);
  assert.deepEqual(seen.events, []);
  assert.equal(await page.title(), title);
  const drawnOver = await inElement(page, ({ cases }) => ({
    heat: cases.screen.ecg.heat,
    kinds: cases.screen.ecg.shapes.map(({ kind }) => kind),
    beats: cases.screen.ecg.page().marked.beats.length,
  }));
  assert.deepEqual(drawnOver, { heat: null, kinds: ["own"], beats: 0 });
  await commit(page);
  await page.locator('.cases-network .cases-label[data-label="afib"]').waitFor();
  const after = await saidInTree(page);
  const { labels } = nativeDocument("info", join(DIST, "model.safetensors"));
  const { n_positive: n, found } = labels.find(({ name }) => name === "afib");
  for (const told of [
    /Atrial fibrillation/,
    /agrees with the key/,
    new RegExp(`of ${n} with this finding \\(${Math.round((100 * found) / n)} %, \\d+–\\d+\\)`),
    /Map checks:/,
    /must be named/,
    /No P waves before the QRS/,
    /PTB-XL/,
  ])
    assert.match(after, told);
  assert.deepEqual(await page.evaluate(() => [...new Set(globalThis.seen.works)].sort()), ["analyse", "measure"]);
  assert.ok(await inElement(page, ({ cases }) => cases.screen.ecg.heat !== null));
  await page.locator(".cases-panel", { hasText: "Measurements of this page" }).waitFor();
  await page.emulateMedia({ media: "print" });
  assert.match(await page.locator(".cases").innerText(), /agrees with the key/, "and it can be printed");
});

/* ---- T5 ---- */

test("T5: marks, own and reference calipers are drawn where their times are, and told in the text twin", async (open) => {
  const page = await opened(open, caseSet({ network: "request" }));
  await begin(page);
  await answerFirst(page);
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  await inElement(page, ({ cases }) => cases.screen.ecg.drawn);
  const shapes = await inElement(page, ({ cases }) => cases.screen.ecg.shapes);
  const [calipers, reference] = ["own", "reference"].map((wanted) =>
    shapes.find(({ kind, mv }) => kind === wanted && mv === null),
  );
  assert.ok(calipers && reference, JSON.stringify(shapes));
  assert.equal(reference.from, calipers.from);
  assert.ok(Math.abs(reference.to - reference.from - 0.52) < 1e-9);
  // Where the strip of lead II puts a time is told by the drawing's own list, not by what drew the shapes.
  const lines = await inElement(
    page,
    ({ cases }, times) => {
      const { view } = cases.screen.ecg;
      const { canvas, list, page: drawn } = view;
      const strip = list.strips.findLast((s) => drawn.record.leads[s.lead].name === "II");
      const ratio = canvas.width / canvas.clientWidth;
      const paint = canvas.getContext("2d");
      const at = (s) => (strip.x + (s - drawn.start - strip.from) * drawn.speed - view.x) * view.scale * ratio;
      const y = (part) => Math.round((strip.top + part * strip.height - view.y) * view.scale * ratio);
      const column = (x, [r, g, b]) => {
        const { data } = paint.getImageData(x, y(0.25), 1, y(0.8) - y(0.25));
        let hits = 0;
        for (let i = 0; i < data.length; i += 4)
          if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 90) hits++;
        return hits / (data.length / 4);
      };
      return times.map(({ s, ink }) => {
        const x = Math.round(at(s));
        const near = [-3, -2, -1, 0, 1, 2, 3].map((d) => ({ d, ink: column(x + d, ink) }));
        return near.reduce((best, each) => (each.ink > best.ink ? each : best)).d / ratio;
      });
    },
    [
      { s: calipers.to, ink: [0x1b, 0x5a, 0x94] },
      { s: reference.to, ink: [0x6b, 0x2f, 0xa8] },
      { s: 9.8, ink: [0x6b, 0x2f, 0xa8] },
    ],
  );
  for (const off of lines) assert.ok(Math.abs(off) <= 1, `${lines}`);
  await page.locator(".cases-twin summary").click();
  const twin = await page.locator(".cases-twin-text").innerText();
  for (const told of [/A no P waves: V1, 5\.00–7\.40 s/, /B irregular: II, 0\.20–9\.80 s/, /reference 520.ms: II/])
    assert.match(twin, told);
  assert.match(await page.locator(".cases-why").innerText(), /complexes \(A\).*\(B\)/s);
  assert.match(await page.locator(".cases-answer").innerText(), /520 ± 20.ms · you: \d+.ms · difference [+−]?\d+/);
  assert.equal(await page.locator(".cases-label").count(), 0, "the network is asked for");
  await page.locator("button", { hasText: "Show the network’s answer" }).click();
  await page.locator('.cases-label[data-label="afib"]').waitFor();
});

/* ---- T11 ---- */

test("T11: a whole play by keyboard alone; nothing that axe finds on any screen", async (open) => {
  const page = await opened(open, caseSet({ certainty: "marks", check: ["Rate", "QT"], seconds: 600, pass: 50 }));
  await accessible(page, "start");
  /** Tab until the focus is on what a selector names. */
  const tabTo = async (selector) => {
    for (let i = 0; i < 120; i++) {
      const there = await inElement(
        page,
        (element, wanted) => element.root.activeElement?.matches(wanted) ?? false,
        selector,
      );
      if (there) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`no way by keyboard to ${selector}`);
  };
  const press = async (selector, key = "Space") => {
    await tabTo(selector);
    await page.keyboard.press(key);
  };
  assert.ok(await page.locator("legend", { hasText: "Time for each case" }).isVisible());
  await press('[name="cases-time"]', "ArrowDown");
  await page.keyboard.press("ArrowDown"); // no limit
  await press(".cases-begin", "Enter");
  await page.locator(".cases-form").waitFor();
  assert.equal(await page.locator(".cases-clock").innerText(), "");
  await accessible(page, "case");
  await press('input[value="afib"]');
  await press('[data-task="rr"] button', "Enter");
  await inElement(
    page,
    (element) =>
      element.root.activeElement.matches(".cases-canvas") || Promise.reject(new Error("the calipers have no focus")),
  );
  for (const key of ["Space", "Shift+ArrowRight", "Space", "ArrowLeft"]) await page.keyboard.press(key);
  await press('[data-task="rr"] button.primary', "Enter");
  await press('[data-task="where"] input');
  await page.keyboard.type("5.2");
  await page.keyboard.press("Tab");
  await page.keyboard.type("5.6");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".cases-marks button").count(), 1);
  await press('[data-task="next"] input');
  await press('[data-task="say"] textarea', "A");
  await press('[name="cases-certainty"]', "Space");
  await press(".cases-commit button", "Enter");
  assert.ok(await page.locator(".cases-checklist").isVisible());
  await press(".cases-commit button", "Enter");
  await page.locator(".cases-feedback-title").waitFor();
  const focus = await inElement(page, (element) => element.root.activeElement.className);
  assert.match(focus, /cases-feedback-title/);
  assert.match(await page.locator('.cases > [role="status"]').innerText(), /of \d+ points/);
  await page.locator(".cases-network .cases-label").first().waitFor();
  await accessible(page, "feedback");
  await press(".cases-panel .actions button", "d");
  await page.locator(".cases-beside canvas").waitFor();
  await accessible(page, "with a look-alike");
  await page.keyboard.press("d");
  await page.locator(".cases-beside canvas").waitFor({ state: "detached" });
  for (let i = 0; i < 2; i++) {
    await press(".cases-next button.primary", "Enter");
    await page.locator(".cases-form").waitFor();
    await press('[name="cases-certainty"]', "Space");
    await press(".cases-commit button", "Enter");
    await press(".cases-commit button.primary", "Enter");
    await page.keyboard.press("Enter"); // nothing is answered: asked once
    await page.locator(".cases-feedback-title").waitFor();
  }
  await press(".cases-next button.primary", "Enter");
  await page.locator(".cases-end").waitFor();
  await accessible(page, "end");
  assert.match(await page.locator(".cases-end").innerText(), /Not passed: 50 of 100 are needed/);
});

test("tasks by hand: a list that is searched, a mark that is drawn, numbers that are typed; time that runs out", async (open) => {
  const set = caseSet({ seconds: 1 });
  /** @type {object[]} */ (set.cases[0].tasks).push({ ...set.cases[2].tasks[1], id: "qtc" });
  const page = await opened(open, set);
  await page.locator('[name="cases-time"]').nth(2).check();
  await begin(page);
  const list = page.locator('[data-task="find"]');
  await list.locator('input[type="search"]').fill("FLÚTT");
  assert.equal(await list.locator("label:visible").count(), 1);
  await list.locator('input[value="flutter"]').check();
  await list.locator('input[type="search"]').fill("inferior");
  assert.equal(await list.locator("label:visible").count(), 2, "what is chosen stays in sight");
  const marking = page.locator('[data-task="where"]');
  await marking.locator("button", { hasText: "Mark on the ECG" }).click();
  const [from, to] = await inElement(page, ({ cases }) => {
    const { view } = cases.screen.ecg;
    const { canvas, list, page: drawn } = view;
    const strip = list.strips.findLast((s) => drawn.record.leads[s.lead].name === "II");
    const box = canvas.getBoundingClientRect();
    const y = box.top + (strip.top + strip.height / 2 - view.y) * view.scale;
    return [5.2, 5.7].map((s) => [box.left + (strip.x + (s - strip.from) * drawn.speed - view.x) * view.scale, y]);
  });
  await page.mouse.move(from[0], from[1]);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, to[1], { steps: 3 });
  await page.mouse.move(to[0], to[1]);
  await page.mouse.up();
  const drawn = await inElement(page, (element) => element.cases.screen.state.responses.where.marks);
  assert.equal(drawn.length, 1);
  assert.equal(drawn[0].lead, "II");
  for (const [is, wanted] of [
    [drawn[0].from, 5.2],
    [drawn[0].to, 5.7],
  ])
    assert.ok(Math.abs(is - wanted) < 0.02, `${is}`);
  await marking.locator("button", { hasText: "Add the mark" }).click();
  assert.match(await marking.innerText(), /A mark needs two different times/);
  await marking.locator(".cases-marks button").click();
  assert.match(await marking.innerText(), /No mark yet/);
  await page.locator('[data-task="qtc"] input').nth(0).fill("391");
  await page.locator('[data-task="qtc"] input').nth(1).fill("923");
  assert.match(await page.locator('[data-task="qtc"] output').innerText(), /QTc \(Fridericia\): 402 ms/);
  await page.locator('[data-task="rr"] input').fill("525");
  await commit(page);
  const answer = page.locator(".cases-answer");
  assert.match(await answer.innerText(), /520 ± 20.ms · you: 525.ms · difference \+5.ms/);
  assert.match(await answer.innerText(), /402 ± 20.ms · you: 401\.6.ms/);
  const hurried = await opened(open, caseSet({ seconds: 1 }));
  await hurried.locator(".cases-begin").click();
  await hurried.locator(".cases > .cases-problem", { hasText: "The time is over" }).waitFor();
  await hurried.locator(".cases-feedback-title").waitFor();
});

/* ---- settings, results ---- */

test("examinations tell nothing; feedback at the end does; the ones that were missed can be played again", async (open) => {
  const exam = await opened(open, caseSet({ feedback: "none" }));
  await begin(exam);
  for (let i = 0; i < 3; i++) {
    await exam.locator(".cases-form").waitFor();
    await commit(exam);
  }
  await exam.locator(".cases-end").waitFor();
  assert.doesNotMatch(await saidInTree(exam), /of 100|of \d+ points|must be named|network/i);
  const page = await opened(open, caseSet({ feedback: "end" }));
  const asks = () => page.evaluate(() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })));
  assert.equal(await asks(), false);
  await begin(page);
  await answerFirst(page);
  for (let i = 0; i < 3; i++) {
    await page.locator(".cases-form").waitFor();
    assert.equal(await page.locator(".cases-rows").count(), 0);
    const named = page.locator('[data-task="find"] input[value="pvc"]');
    if (i === 1) await named.check();
    await commit(page);
    await until("the next", async () => (await inElement(page, ({ cases }) => cases.log.length)) === i + 1);
  }
  await page.locator(".cases-end").waitFor();
  assert.equal(await asks(), true, "answers are not left by accident");
  await page.locator(".cases-review button").nth(1).click();
  await page.locator(".cases-rows").waitFor();
  await page.locator(".cases-next button").click();
  await page.locator(".cases-end").waitFor();
  const { bytes, name } = await saved(page, ".cases-end button:has-text('CSV')");
  assert.equal(name, "rhythm-3-results.csv");
  assert.equal(String(bytes).trim().split("\r\n").length, 1 + 5 + 1 + 2);
  assert.equal(await asks(), false, "what was saved is not asked about");
  const { bytes: json } = await saved(page, ".cases-end button:has-text('xAPI')");
  const verbs = JSON.parse(String(json)).map(({ verb }) => verb.id.split("/").pop());
  assert.equal(verbs.filter((verb) => verb === "answered").length, 8);
  await page.locator("button", { hasText: "Play the 2 I missed" }).click();
  await page.locator(".cases-form").waitFor();
  const places = await inElement(page, ({ cases }) => [...cases.order].sort());
  assert.deepEqual(places, [0, 2]);
});

test("a network's answer that the set holds is told as such; without figures it is not tested; shown before, results say so", async (open) => {
  const set = caseSet({ network: "before" });
  set.cases[0].network = "network/af-1.json";
  const files = [...filesOf(set), { name: "network/af-1.json", bytes: Buffer.from(JSON.stringify(explained())) }];
  const page = await open();
  await drop(page, [{ name: "set.zip", base64: zip(files).toString("base64") }]);
  await begin(page);
  const card = page.locator(".cases-network");
  await card.locator(".cases-label").first().waitFor();
  const before = await card.innerText();
  assert.match(before, /The network’s answer/);
  assert.match(before, /cdcdcdcdcdcd…, computed before this set was packed/);
  assert.match(before, /Not tested: its file has no test results/);
  assert.match(before, /31 of 44 .*\(70 %, 55–83\).*27 of 284/);
  assert.match(before, /This map was not checked/);
  assert.doesNotMatch(before, /key/);
  await page.locator('[data-task="find"] input[value="imi"]').check();
  await commit(page);
  await page.locator(".cases-network", { hasText: "agrees with the key" }).waitFor();
  assert.match(await card.innerText(), /differs: the key does not have it/);
  const { answers } = await inElement(page, (element) => element.results());
  assert.equal(answers.cases[0].network_shown, true);
});

/* ---- marks where the author saw them ---- */

test("at any width a case has what its tasks ask for in sight, as its author had it where there is room", async (open) => {
  const span = { from: 6, to: 7 };
  const page = await opened(open, markingSet(span));
  await begin(page);
  const target = { lead: "V2", ...span };
  for (const width of [1300, 900, 700, 390, 930, 390, 1000]) {
    await page.setViewportSize({ width, height: 800 });
    const expected = width < 600 ? "6x2s,2.5,true" : "3x4+1,0,true";
    await until(`${width}: ${expected}`, async () => (await layoutOf(page, target)) === expected);
  }
  const early = await opened(open, markingSet({ from: 1, to: 9 }), { viewport: { width: 390, height: 800 } });
  await begin(early);
  assert.equal(await layoutOf(early, { lead: "V2", from: 1, to: 9 }), "12x1,0,true", "no page of few rows has it");
  assert.equal(await early.locator(".cases-asked").count(), 0, "the author's layout has not got it either");
});

test("a task says which part is asked for, and a mark outside of it is told so before and after", async (open) => {
  const page = await opened(open, markingSet({ from: 6, to: 7 }));
  await begin(page);
  const asked = await page.locator(".cases-asked").innerText();
  assert.match(asked, /V1 V2 V3, 5\.00–7\.50 s/);
  assert.match(asked, /II, 0\.00–10\.00 s/);
  await typeMark(page, "V2", 2.93, 3.15);
  await page.locator("button", { hasText: "Add the mark" }).click();
  assert.match(await page.locator(".cases-marks").innerText(), /outside of what is asked for/);
  await typeMark(page, "V2", 6.2, 6.4);
  await page.locator("button", { hasText: "Add the mark" }).click();
  const lines = await page.locator(".cases-marks li").allInnerTexts();
  assert.deepEqual(
    lines.map((line) => /outside/.test(line)),
    [true, false],
  );
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  assert.match(await page.locator(".cases-answer").innerText(), /in no target; outside of what is asked for/);
});

test("a mark that was typed and not added is committed; times that make none are asked about", async (open) => {
  const page = await opened(open, markingSet({ from: 6, to: 7 }));
  await begin(page);
  await typeMark(page, "V2", 6.2, "");
  await page.locator(".cases-commit button.primary").click();
  const problem = page.locator('[data-task="where"] .cases-problem');
  assert.match(await problem.innerText(), /These times make no mark yet/);
  assert.equal(await page.locator(".cases-feedback-title").count(), 0);
  await typeMark(page, "V2", 6.2, 6.4);
  await page.locator(".cases-commit button.primary").click();
  await page.locator(".cases-feedback-title").waitFor();
  const { answers, results } = await inElement(page, (element) => element.results());
  assert.deepEqual(answers.cases[0].answers[0].marks, [{ lead: "V2", from: 6.2, to: 6.4 }]);
  assert.equal(results.cases[0].points, 1);
});

test("what is told of points comes to the task's, and the end does not say the last case's again", async (open) => {
  const set = caseSet();
  set.cases = [set.cases[0]];
  Object.assign(set.cases[0], { like: null });
  set.cases[0].tasks.splice(1);
  const page = await opened(open, set);
  await begin(page);
  for (const id of ["afib", "rvr", "lowvolt"]) await page.locator(`[data-task="find"] input[value="${id}"]`).check();
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  const rows = await page.locator(".cases-answer .cases-row").allInnerTexts();
  assert.ok(
    rows.some((text) => /Low limb-lead voltage/.test(text)),
    "what may be named is told",
  );
  assert.match(rows[rows.length - 1], /Counted for this task\s+\+1$/);
  const status = page.locator('.cases > [role="status"]');
  assert.equal(await status.textContent(), "1 of 1 point");
  await page.locator(".cases-next button.primary").click();
  await page.locator(".cases-end").waitFor();
  assert.equal(await status.textContent(), "");
});

test("a main button that cannot be pressed yet can be read, in light and dark", async (open) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await opened(open, caseSet(), { colorScheme });
    const contrast = await inElement(page, ({ root }) => {
      const begin = root.querySelector(".cases-begin");
      begin.disabled = true;
      const { color, backgroundColor } = getComputedStyle(begin);
      const luminance = (/** @type {string} */ text) => {
        const [r, g, b] = (text.match(/[\d.]+/g) ?? [])
          .map((v) => Number(v) / 255)
          .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const [a, b] = [luminance(color), luminance(backgroundColor)];
      const [x, y] = [Math.max(a, b), Math.min(a, b)];
      return (x + 0.05) / (y + 0.05);
    });
    assert.ok(contrast >= 4.5, `${colorScheme}: ${contrast}`);
  }
});

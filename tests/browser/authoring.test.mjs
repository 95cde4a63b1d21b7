// Case sets made in the page: by mouse and by keyboard alone, saved and gone on with, without identity; packages that play
// from a disk without a network, the same as the tool's; and the set that comes with the page.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { zipSync } from "fflate";
import { bundlePage } from "../../scripts/bundle-page.mjs";
import { at, begun, documentOf, filesIn, oneOf, textIn } from "../support/authoring.mjs";
import { accessible, analysed, drop, inElement, saved, says, startSite } from "../support/chromium.mjs";
import { DIST, file, ROOT, scratch, XPLAIM } from "../support/native.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";

/** A site that has the page as one file beside it, as a released one. */
const folder = join(scratch, "site");
const single = join(folder, "ecg-xplaim.html");
async function startReleased() {
  cpSync(DIST, folder, { recursive: true });
  writeFileSync(single, bundlePage(folder));
  return startSite(folder);
}

const { test, theSite } = testsOfSite(async (site, options) => {
  const page = await openDesktop(site, options);
  page.on("dialog", (dialog) => dialog.accept());
  return page;
}, startReleased);

/** Drags over a lead, between two times. @param {any} page @param {string} lead @param {number} from @param {number} to */
async function dragOver(page, lead, from, to) {
  await page.locator("#ecg").scrollIntoViewIfNeeded();
  const [x0, x1, y] = await page.locator("ecg-xplaim").evaluate(
    (element, span) => {
      const [box] = element.drawing.boxesOf(span).filter(({ whole }) => whole);
      const { left, top } = element.$("ecg").getBoundingClientRect();
      return [left + box.x, left + box.x + box.width, top + box.y + box.height / 2];
    },
    { lead, from, to },
  );
  await page.mouse.move(x0, y);
  await page.mouse.down();
  await page.mouse.move((x0 + x1) / 2, y, { steps: 3 });
  await page.mouse.move(x1, y + 2, { steps: 3 });
  await page.mouse.up();
}

/** By mouse: two marks, findings, calipers. */
async function makeCase(page) {
  await page.locator(at("story")).fill("An 86-year-old woman with palpitations.");
  await page.click(at("task-add-findings"));
  for (const [finding, share] of [
    ["afib", "must"],
    ["rvr", "should"],
    ["tachsr", "must_not"],
  ]) {
    await page.locator(at("task-find-share")).selectOption(share);
    await page.locator(at("task-find-finding")).selectOption(finding);
    await page.click(at("task-find-take"));
  }
  await page.click("#calipers");
  await page.click(at("task-ask"));
  await page.click(at("marks-draw"));
  await dragOver(page, "V1", 5.2, 6.1);
  await page.locator(at("mark-A-text")).fill("no P waves");
  await dragOver(page, "V3", 6.2, 7.2);
  await page.click(at("marks-draw"));
  await page.locator(at("explain")).fill("No P waves {A}; irregular {B}.");
}

/* ---- T3 ---- */

test("a case is made by mouse, saved, opened again, and goes on where it was", async (open) => {
  const page = await open();
  await begun(page);
  await makeCase(page);
  const one = await oneOf(page);
  assert.deepEqual(
    one.tasks.map(({ type }) => type),
    ["findings", "measure"],
  );
  const [find, ask] = one.tasks;
  assert.deepEqual([find.must, find.should, find.must_not], [["afib"], ["rvr"], ["tachsr"]]);
  const calipers = await page.locator("ecg-xplaim").evaluate((element) => element.drawing.calipers.milliseconds);
  assert.deepEqual([ask.answer, ask.unit, ask.by], [Math.round(calipers), "ms", "person"]);
  assert.deepEqual(
    one.marks.map(({ id, lead }) => [id, lead]),
    [
      ["A", "V1"],
      ["B", "V3"],
    ],
  );
  assert.ok(
    Math.abs(one.marks[0].from - 5.2) < 0.03 && Math.abs(one.marks[0].to - 6.1) < 0.03,
    JSON.stringify(one.marks),
  );
  await page.click(at("add"));
  const zip = await saved(page, at("save-zip"));
  const text = textIn(zip.bytes, "cases.json");
  const set = JSON.parse(text);
  assert.deepEqual(set.cases.length, 1);
  assert.deepEqual(Object.keys(filesIn(zip.bytes)).sort(), [
    "cases.json",
    "network/case-00963_hr.json",
    "records/case-00963_hr.dat",
    "records/case-00963_hr.hea",
  ]);
  const again = await open();
  await drop(again, [file(zip.name, zip.bytes)]);
  await again.locator("button", { hasText: "Edit this set" }).click();
  await again.locator("#author").waitFor();
  assert.deepEqual(await documentOf(again), set);
  await until("the case’s ECG", () => inElement(again, (element) => element.teaching.author.shown));
  const second = await saved(again, at("save-zip"));
  assert.equal(textIn(second.bytes, "cases.json"), text);
  assert.deepEqual(filesIn(second.bytes), filesIn(zip.bytes));
});

/** The next element that has the focus, as the reader of the keyboard knows it. @param {any} page @param {string} selector */
async function tabTo(page, selector) {
  const there = () =>
    page.evaluate((wanted) => {
      const root = document.querySelector("ecg-xplaim").shadowRoot;
      return root.activeElement?.matches(wanted) ?? false;
    }, selector);
  for (let n = 0; n < 250; n++) {
    if (await there()) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${selector} is not reached with Tab`);
}

/** @param {any} page @param {string} selector @param {string} key */
async function pressAt(page, selector, key = "Enter") {
  await tabTo(page, selector);
  await page.keyboard.press(key);
}

test("the same by keyboard alone", async (open) => {
  const page = await open();
  const { keyboard } = page;
  await pressAt(page, '#sample-cards [data-record="00963_hr"]');
  await analysed(page);
  await pressAt(page, "#more-menu");
  await pressAt(page, "#author-open");
  await page.locator("#author").waitFor();
  await tabTo(page, at("story"));
  await keyboard.type("An 86-year-old woman.");
  await pressAt(page, at("task-add-findings"));
  // The focus is in the new task; a list answers to its first letters.
  await tabTo(page, at("task-find-finding"));
  await keyboard.type("Atrial fib");
  await until("a finding", () =>
    inElement(page, (element) => ["afib", "afifl"].includes(element.root.activeElement.value)),
  );
  await pressAt(page, at("task-find-take"));
  await tabTo(page, at("task-find-finding"));
  // Calipers, with the keys of the drawing: from the editor the letter does not act on what is typed.
  await tabTo(page, at("task-add-text"));
  await keyboard.press("c");
  await until("calipers", () =>
    inElement(page, (element) => element.drawing.calipers !== null && element.root.activeElement.id === "ecg"),
  );
  await keyboard.press("ArrowRight");
  await pressAt(page, at("task-ask"));
  for (const [letter, lead] of [
    ["A", "V"],
    ["B", "a"],
  ]) {
    await pressAt(page, at("marks-fields"));
    await tabTo(page, at(`mark-${letter}-lead`));
    await keyboard.type(lead);
    await tabTo(page, at(`mark-${letter}-from`));
    await keyboard.press("Control+a");
    await keyboard.type("1.5");
    await tabTo(page, at(`mark-${letter}-to`));
    await keyboard.press("Control+a");
    await keyboard.type("2.25");
    await pressAt(page, at(`mark-${letter}-name`));
  }
  await pressAt(page, at("add"));
  const one = await oneOf(page);
  assert.deepEqual(
    one.tasks.map(({ type }) => type),
    ["findings", "measure"],
  );
  assert.equal(one.tasks[0].must.length, 1);
  assert.deepEqual(
    one.marks.map(({ id, from, to }) => [id, from, to]),
    [
      ["A", 1.5, 2.25],
      ["B", 1.5, 2.25],
    ],
  );
  assert.notEqual(one.marks[0].lead, one.marks[1].lead);
  assert.match(one.explain, /\{A\}.*\{B\}/);
  await pressAt(page, ".author-save > summary");
  const coming = page.waitForEvent("download");
  await pressAt(page, at("save-zip"));
  const download = await coming;
  const set = JSON.parse(textIn(readFileSync(await download.path()), "cases.json"));
  assert.deepEqual([set.cases.length, set.cases[0].marks.length], [1, 2]);
});

/* ---- in the editor ---- */

test("steps go back, cases are ordered by keys and by hand, and leaving asks", async (open) => {
  const page = await open();
  await begun(page);
  await page.click(at("task-add-text"));
  await page.click(at("task-add-choice"));
  assert.equal((await oneOf(page)).tasks.length, 2);
  assert.match(await page.locator("#author-lacks").textContent(), /Task 2: write what you ask/);
  await page.locator(at("task-text-remove")).focus();
  await page.keyboard.press("Control+z");
  assert.equal((await oneOf(page)).tasks.length, 1);
  await page.click(at("add"));
  await page.click("#sample-list");
  for (const name of ["00057_hr", "03122_hr"]) {
    await inElement(page, (element, sample) => element.openSample(sample), name);
    await page.locator(".author-note", { hasText: "not this case" }).waitFor();
    await page.click(at("new-of-shown"));
    await page.click(at("task-add-text"));
    await page.click(at("add"));
  }
  const order = async () => (await documentOf(page)).cases.map(({ id }) => id.replace(/case-|_hr/g, ""));
  assert.deepEqual(await order(), ["00963", "00057", "03122"]);
  await page.locator(at("case-case-03122_hr")).focus();
  await page.keyboard.press("Alt+ArrowUp");
  assert.deepEqual(await order(), ["00963", "03122", "00057"]);
  await page.keyboard.press("Alt+ArrowUp");
  assert.deepEqual(await order(), ["03122", "00963", "00057"], "the focus goes with it");
  await page.locator(".author-list li").nth(2).dragTo(page.locator(".author-list li").nth(0));
  assert.deepEqual(await order(), ["00057", "03122", "00963"]);
  await page.click(at("case-case-00963_hr"));
  await until("its ECG", () =>
    inElement(page, (element) => element.row.name === "00963_hr" && element.teaching.author.shown),
  );
  let asked = 0;
  page.on("dialog", (dialog) => (asked += Number(dialog.type() === "beforeunload")));
  await page.goto("about:blank");
  assert.equal(asked, 1, "leaving asks while something is not saved");
});

test("nothing asks once all is saved, and the recording says whose it is only where that is ticked", async (open) => {
  const page = await open();
  const header = readFileSync(join(ROOT, "web/samples/00963_hr.hea"), "latin1").replaceAll("00963_hr", "roe");
  const named = `${header.replace("roe 12 500 5000", "roe 12 500 5000 11:12:13 04/05/1999")}#Name: Jane Roe\n`;
  await drop(page, [
    file("roe.hea", Buffer.from(named)),
    file("roe.dat", readFileSync(join(ROOT, "web/samples/00963_hr.dat"))),
  ]);
  await analysed(page);
  await page.click("#author-open");
  await page.click(at("task-add-text"));
  await page.click(at("add"));
  const told = (bytes) =>
    Object.values(filesIn(bytes)).some((part) => /Jane|Roe|1999|\broe/.test(Buffer.from(part).toString("latin1")));
  const zip = await saved(page, at("save-zip"));
  assert.ok(!told(zip.bytes));
  assert.deepEqual(await inElement(page, (element) => element.teaching.author.unsaved), false);
  await page.check(at("save-identity"));
  assert.ok(told((await saved(page, at("save-zip"))).bytes));
  let asked = 0;
  page.on("dialog", () => asked++);
  await page.goto("about:blank");
  assert.equal(asked, 0);
});

test("the network's answer is compared with the key, and a case on which it differs is tagged", async (open) => {
  const page = await open();
  await begun(page, "19334_hr");
  await page.click(at("task-add-findings"));
  const choose = async (finding) => {
    await page.locator(at("task-find-finding")).selectOption(finding);
    await page.click(at("task-find-take"));
  };
  await choose("norm");
  await page.locator(".author-agrees").waitFor();
  await choose("imi");
  assert.match(await page.locator(".author-differs").textContent(), /does not name inferior infarction/);
  await page.click(at("tag-differs"));
  assert.deepEqual((await oneOf(page)).tags, ["network-differs"]);
  await page.click(at("task-add-measure"));
  const task = (await oneOf(page)).tasks[1];
  assert.deepEqual([task.by, task.answer, task.unit], ["page", 60, "/min"]);
  await page.click(at("task-measure-checked"));
  assert.equal((await oneOf(page)).tasks[1].by, "person");
  // What is printed is the answers, and the next time the ECG again.
  await page.evaluate(() => (window.print = () => window.dispatchEvent(new Event("beforeprint"))));
  await page.click(at("save-sheet"));
  assert.match(await page.locator("#sheet").textContent(), /Must: Normal ECG, Inferior infarction.*60 \/min ± 3/s);
  await page.evaluate(() => window.print());
  assert.equal(await page.locator("#sheet .answer-sheet").count(), 0);
});

test("the editor is accessible, wide and narrow, and fits", async (open) => {
  for (const [width, height] of [
    [1440, 900],
    [375, 667],
  ]) {
    const page = await open({ viewport: { width, height } });
    await begun(page);
    for (const type of ["findings", "measure", "mark", "choice", "text"]) await page.click(at(`task-add-${type}`));
    await page.click(at("marks-fields"));
    await page.click(at("save-embed"));
    await accessible(page, `the editor at ${width}`);
    const [wide, tall] = await inElement(page, (element) => {
      const box = element.$("author").getBoundingClientRect();
      return [document.documentElement.scrollWidth, box.height];
    });
    assert.ok(wide <= width, `${wide} px at ${width}`);
    assert.ok(tall > 0.3 * height, `${tall} px of ${height} for the editor`);
  }
});

/* ---- packages ---- */

/** Plays the set that is on a page to its end, answering nothing that is not needed. */
async function playThrough(page, look = async (_case) => {}) {
  await page.locator(".cases-begin:not([disabled])").click();
  let cases = 0;
  for (;;) {
    await page.locator(".cases-form").waitFor();
    // A checklist, a certainty and the question whether nothing is answered come between.
    await until("feedback", () =>
      inElement(page, ({ root }) => {
        if (root.querySelector(".cases-next")) return true;
        root.querySelector(".cases-form input[name=cases-certainty]:not(:checked)")?.click();
        root.querySelector(".cases-commit button.primary")?.click();
        return false;
      }),
    );
    cases++;
    await look(cases);
    const next = page.locator(".cases-next button.primary");
    await next.click();
    await page.locator(".cases-form, .cases-end").first().waitFor();
    if (await page.locator(".cases-end").count()) return cases;
  }
}

test("a package without the network plays whole from a disk, offline, and says when and by what its answers were computed", async (open) => {
  const page = await open();
  await begun(page);
  await makeCase(page);
  await page.click(at("add"));
  const zip = await saved(page, at("save-zip"));
  const html = await saved(page, at("save-html"));
  const scorm = await saved(page, at("save-scorm"));
  const parts = filesIn(scorm.bytes);
  assert.deepEqual(Object.keys(parts), ["imsmanifest.xml", "index.html"]);
  assert.deepEqual(Buffer.from(parts["index.html"]), html.bytes);
  const records = Object.entries(filesIn(zip.bytes)).filter(([name]) => name.startsWith("records/"));
  const recorded = zipSync(Object.fromEntries(records)).length;
  assert.ok(scorm.bytes.length - recorded <= 1e6, `${scorm.bytes.length} bytes, ${recorded} of them recordings`);
  const path = join(scratch, html.name);
  writeFileSync(path, html.bytes);
  const offline = await theSite().browser.newContext({ viewport: { width: 1280, height: 800 }, offline: true });
  const asked = [];
  offline.on("request", (request) => /^(blob|data):/.test(request.url()) || asked.push(request.url()));
  const alone = await offline.newPage();
  const errors = [];
  alone.on("pageerror", (error) => errors.push(String(error)));
  alone.on("dialog", (dialog) => dialog.accept());
  await alone.goto(pathToFileURL(path).href);
  const said = [];
  const cases = await playThrough(alone, async () => {
    const card = alone.locator(".cases-network");
    await card.locator("text=SHA-256").first().waitFor();
    said.push(await card.textContent());
  });
  assert.equal(cases, 1);
  const { model, computed_at: computed } = JSON.parse(textIn(zip.bytes, "network/case-00963_hr.json"));
  assert.match(said[0], new RegExp(`SHA-256 ${model.sha256.slice(0, 12)}`));
  assert.match(said[0], new RegExp(`computed on [^,]*${computed.slice(0, 4)}`));
  assert.match(said[0], /[Aa]trial fibrillation/);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    asked.map((url) => basename(url)),
    [html.name],
  );
  await offline.close();
  if (!existsSync(XPLAIM)) return;
  // The tool makes the same of the same set and page.
  const set = join(scratch, zip.name);
  writeFileSync(set, zip.bytes);
  const out = join(scratch, "tool.html");
  execFileSync(XPLAIM, ["cases", "pack", set, "-o", out, "--html", "--page", single]);
  assert.ok(readFileSync(out).equals(html.bytes), "page and tool make the same file");
  const course = join(scratch, "tool.zip");
  execFileSync(XPLAIM, ["cases", "pack", set, "-o", course, "--scorm12", "--page", single]);
  assert.deepEqual(filesIn(readFileSync(course)), parts, "and the same package");
});

test("the page as one file makes packages of itself, and they are the site's", async (open) => {
  const page = await open();
  const context = await theSite().browser.newContext({ viewport: { width: 1440, height: 900 }, offline: true });
  const alone = await context.newPage();
  alone.on("dialog", (dialog) => dialog.accept());
  await alone.goto(pathToFileURL(single).href);
  await says(alone, /^Ready/);
  const made = [];
  for (const each of [page, alone]) {
    await begun(each, "00057_hr");
    await each.click(at("task-add-text"));
    await inElement(each, (element) =>
      Object.assign(element.teaching.author.set, { id: "same", settings: { network: "never" } }),
    );
    await each.click(at("add"));
    made.push((await saved(each, at("save-html"))).bytes);
  }
  assert.ok(made[0].equals(made[1]));
  await context.close();
});

/* ---- T12 ---- */

test("the set on the start page plays to its end; on two of its eight cases the network differs", async (open) => {
  const page = await open();
  await page.click("#play-shipped");
  await page.locator(".cases-begin").waitFor();
  assert.match(await page.locator(".cases-start").textContent(), /PTB-XL.*cardiologists/s);
  const differ = [];
  const played = await playThrough(page, async () => {
    await page.locator(".cases-network .faint, .cases-network li, .cases-network p").first().waitFor();
    const { tags = [] } = await inElement(
      page,
      (element) => element.cases.set.cases[element.cases.order[element.cases.at]],
    );
    if (tags.includes("network-differs")) differ.push(tags);
  });
  assert.equal(played, 8);
  assert.equal(differ.length, 2);
});

test("the page for teachers loads nothing from elsewhere, and is accessible", async (open) => {
  const page = await open();
  await page.goto(`${theSite().origin}/teachers.html`);
  await accessible(page, "the page for teachers");
  const text = (await page.textContent("main")).replace(/\s+/g, " ");
  for (const word of [
    "Moodle",
    "WordPress",
    "unfiltered_html",
    "SCORM 1.2",
    "press Marking and write what is to be marked",
    "Press Calipers above the ECG (key C",
    "in the editor; the Save of the page above",
    "Research and education only",
    "CC BY 4.0",
  ])
    assert.ok(text.includes(word), word);
  assert.deepEqual(
    theSite().requests.filter((url) => !url.startsWith(theSite().origin)),
    [],
  );
  await page.click("header a");
  await says(page, /^Ready/);
});

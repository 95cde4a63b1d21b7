// Case sets from strangers: one that is whole can do nothing but be played, whatever its texts and names are; one that is
// broken is told in a sentence, and the page is as it was.

import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import { archive, caseSet, filesOf } from "../support/cases.mjs";
import { begin, commit } from "../support/cases_page.mjs";
import { drop, inElement, saved } from "../support/chromium.mjs";
import { file } from "../support/native.mjs";
import { openDesktop, testsOfSite } from "../support/site_tests.mjs";
import { until } from "../support/wait.mjs";
import { zip } from "../support/zip.mjs";

const { test, theSite } = testsOfSite(openDesktop);

/** In which everything is that a text could do: links, pictures, entities, names of an object's own parts. */
const TEXT =
  "[press](javascript:globalThis.pressed=1) ![seen](https://stranger.example/p.png) [x](data:text/html,x) " +
  "&lt;script&gt;globalThis.pressed=2&lt;/script&gt; 1 < 2 {{constructor}} ${pressed} {A} =cmd|'/C calc'!A0";

/** A set whose names are those of what every object has. */
function strange() {
  const set = caseSet({ certainty: "ask", check: [TEXT.slice(0, 190)] });
  const say = (/** @type {number} */ most) => TEXT.slice(0, most);
  Object.assign(set, { title: say(190), about: TEXT, authors: [say(190)], licence: say(190) });
  const statement = (id, more = {}) => ({ id, text: say(390), ...more });
  const [one] = set.cases;
  Object.assign(one, {
    id: "constructor",
    tags: ["__proto__", "toString"],
    story: TEXT,
    explain: TEXT.replaceAll(/\{\{?\w{2,}\}\}?/g, "{A}"),
    like: null,
    source: { text: TEXT, licence: say(190) },
  });
  const options = ["__proto__", "constructor"].map((id) => ({ ...statement(id), right: true, why: TEXT }));
  const tasks = [
    { id: "__proto__", type: "findings", prompt: TEXT, list: "rhythm", must: ["constructor"], should: ["valueOf"] },
    { id: "hasOwnProperty", type: "choice", prompt: TEXT, options },
    { id: "toString", type: "text", prompt: TEXT, model: TEXT },
    { id: "where", type: "mark", prompt: TEXT, targets: [{ lead: "*", from: 0, to: 10 }], need: 1 },
  ];
  Object.assign(one, { tasks });
  one.marks = [{ id: "A", lead: "V1", from: 1, to: 2, text: TEXT }];
  set.cases = [one];
  set.lists.rhythm = ["__proto__", "constructor", "valueOf"].map((id) => statement(id));
  // Written as text: in a literal of the language this name would be something else.
  const text = JSON.stringify(set).replaceAll('"rhythm"', '"__proto__"');
  return `{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, ${text.slice(1)}`;
}

/** An archive of a set as text. */
const packed = (text, name = "set.zip") => ({
  name,
  base64: zip(
    filesOf(caseSet()).map((each) => (each.name === "cases.json" ? { ...each, bytes: Buffer.from(text) } : each)),
  ).toString("base64"),
});

/** What a text must not have become. */
const ACTIVE =
  "a[href], area, base, embed, form[action], frame, iframe, img, link, object, script, style, svg a, video";

test("whatever its texts and names are, a set can only be played", async (open) => {
  const page = await open();
  const title = await page.title();
  const policy = () => page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
  const before = await policy();
  await drop(page, [packed(strange())]);
  const inert = () =>
    inElement(
      page,
      ({ root }, active) => [...root.querySelectorAll(`.cases :is(${active})`)].map((n) => n.outerHTML),
      ACTIVE,
    );
  await page.locator(".cases-begin:not([disabled])").waitFor();
  assert.deepEqual(await inert(), []);
  await begin(page);
  const form = page.locator(".cases-form");
  assert.match(await form.innerText(), /press .*https:\/\/stranger\.example\/p\.png/, "an address is told as text");
  for (const value of ["__proto__", "constructor"]) {
    await form.locator(`[data-task="__proto__"] input[value="${value}"]`).check();
    await form.locator(`[data-task="hasOwnProperty"] input[value="${value}"]`).check();
  }
  await form.locator('[data-task="toString"] textarea').fill("=1+1");
  await form.locator('input[name="cases-certainty"]').first().check();
  assert.deepEqual(await inert(), []);
  await form.locator(".cases-commit button").click();
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  assert.deepEqual(await inert(), []);
  const { answers, results } = await inElement(page, (element) => element.results());
  assert.deepEqual(
    answers.cases[0].answers.map(({ task, named, chosen, text }) => [task, named ?? chosen ?? text]),
    [
      ["__proto__", ["__proto__", "constructor"]],
      ["hasOwnProperty", ["__proto__", "constructor"]],
      ["toString", "=1+1"],
    ],
  );
  assert.deepEqual(
    results.cases[0].tasks.map(({ task, answered, points }) => [task, answered, points]),
    [
      ["__proto__", true, 0.75],
      ["hasOwnProperty", true, 2],
      ["toString", true, 0],
      ["where", false, 0],
    ],
  );
  await page.locator(".cases-next button").click();
  await page.locator(".cases-end").waitFor();
  assert.deepEqual(await inert(), []);
  const { bytes } = await saved(page, ".cases-end button:has-text('CSV')");
  assert.doesNotMatch(String(bytes), /(^|[,;\n])"*[=@]/m);
  const { bytes: statements } = await saved(page, ".cases-end button:has-text('xAPI')");
  assert.ok(JSON.parse(String(statements)).length > 4);
  const touched = await page.evaluate(() => ({
    pressed: globalThis.pressed,
    polluted: ["polluted" in {}, "polluted" in Object, "polluted" in []],
  }));
  assert.deepEqual(touched, { pressed: undefined, polluted: [false, false, false] });
  assert.equal(await policy(), before);
  assert.equal(await page.title(), title);
  assert.deepEqual(
    theSite().requests.filter((url) => !url.startsWith(theSite().origin)),
    [],
  );
});

test("in the editor it is text in fields, and is saved as it came", async (open) => {
  const page = await open();
  page.on("dialog", (dialog) => dialog.accept());
  await drop(page, [packed(strange())]);
  await page.locator("button", { hasText: "Edit this set" }).click();
  await page.locator("#author").waitFor();
  const inert = await inElement(
    page,
    ({ root }, active) => [...root.querySelectorAll(`#author :is(${active})`)].map((node) => node.outerHTML),
    ACTIVE,
  );
  assert.deepEqual(inert, []);
  assert.equal(await page.locator('#author [data-key="story"]').inputValue(), TEXT);
  await until("its ECG", () => inElement(page, ({ teaching }) => teaching.author.shown));
  await page.locator(".author-save > summary").click();
  const { bytes } = await saved(page, '#author [data-key="save-zip"]');
  const text = Buffer.from(unzipSync(new Uint8Array(bytes))["cases.json"]).toString();
  const came = JSON.parse(strange());
  const kept = JSON.parse(text);
  assert.deepEqual([kept.title, kept.lists, kept.cases[0].tasks], [came.title, came.lists, came.cases[0].tasks]);
  assert.equal(await page.evaluate(() => "polluted" in {}), false);
});

/** The set with a part of it changed. @param {(set: any) => void} change */
function changed(change) {
  const set = structuredClone(caseSet());
  change(set);
  return packed(JSON.stringify(set));
}

const task = { id: "say", type: "text", prompt: "?" };
/** What is opened, and words of what is told of it. @type {Record<string, [() => {name: string, base64: string}, RegExp]>} */
const BROKEN = {
  "no JSON": [() => packed('{"format": "ecg-xplaim-cases", "cases": [}'), /JSON/],
  "cases as an object": [() => changed((set) => (set.cases = { one: set.cases[0] })), /cases/],
  "a case that is nothing": [() => changed((set) => (set.cases = [null])), /write an object/],
  "a case as a list": [() => changed((set) => (set.cases = [[]])), /write an object/],
  "a title as an object": [() => changed((set) => (set.title = { text: "x" })), /title.*write a text/],
  "settings as a text": [() => changed((set) => (set.settings = "all")), /settings.*write an object/],
  "10,000 tasks": [
    () => changed((set) => (set.cases[0].tasks = Array.from({ length: 10000 }, (_, i) => ({ ...task, id: `t${i}` })))),
    /10000 items.*at most 20/,
  ],
  "10,000 cases": [
    () => changed((set) => (set.cases = Array.from({ length: 10000 }, (_, i) => ({ ...set.cases[1], id: `c${i}` })))),
    /10000 items.*at most 500/,
  ],
  "statements in a circle": [
    () => changed(({ lists: { rhythm } }) => Object.assign(rhythm[0], { in: "flutter" })),
    /in itself/,
  ],
  "a number beyond all": [() => packed(JSON.stringify(caseSet()).replace('"answer":520', '"answer":1e999')), /answer/],
  "a large number": [() => changed((set) => (set.cases[0].tasks[1].tolerance = 1e300)), /tolerance/],
  "a time outside": [() => changed((set) => (set.cases[0].marks[0].to = 1e12)), /marks\[0\]/],
  "a record outside": [() => changed((set) => (set.cases[0].record = "../../secret.hea")), /leads out/],
  "a record of an address": [
    () => changed((set) => (set.cases[0].record = "https://stranger.example/r.hea")),
    /record.*character|leads out/,
  ],
  "an answer of a network outside": [() => changed((set) => (set.cases[0].network = "../n.json")), /leads out/],
  markup: [() => changed((set) => (set.cases[0].story = "<img src=x onerror=alert(1)>")), /story.*markup/],
  "markup in an option": [
    () => changed((set) => (set.cases[0].tasks[3].options[0].text = "<b>No</b>")),
    /options\[0\].*markup/,
  ],
  "more than deep": [() => packed(`{"format":"ecg-xplaim-cases","cases":${"[".repeat(1e5)}${"]".repeat(1e5)}}`), /./],
  "an archive that leads out": [
    () => ({
      name: "out.zip",
      base64: zip([...filesOf(caseSet()), { name: "../../out.txt", bytes: Buffer.from("x") }]).toString("base64"),
    }),
    /\.\.\/\.\.\/out\.txt/,
  ],
  "a text of 33 MB": [
    () => file("cases.json", Buffer.from(`{"format":"ecg-xplaim-cases","cases":[]}${" ".repeat(33 << 20)}`)),
    /32 MB|8 MiB/,
  ],
};

test("what is broken is told in a sentence, and the page goes on", async (open) => {
  const page = await open();
  const status = page.locator("#status-text");
  for (const [what, [make, words]] of Object.entries(BROKEN)) {
    await inElement(page, (element) => (element.$("status-text").textContent = ""));
    await drop(page, [make()]);
    await until(`${what}: ${words}`, async () => words.test(await status.innerText()));
    const told = await status.innerText();
    assert.doesNotMatch(told, /undefined|NaN|is not a function|Cannot (read|destructure)|\[object/, `${what}: ${told}`);
    assert.ok(told.length < 700, `${what}: ${told.length} characters`);
    assert.equal(await page.locator(".cases").count(), 0, what);
  }
  await drop(page, [archive(caseSet())]);
  await begin(page);
});

test("recordings that are not there: the case says so and is passed over, up to the end", async (open) => {
  const page = await open();
  const bytes = Buffer.from(JSON.stringify(caseSet()));
  await drop(page, [{ name: "bare.zip", base64: zip([{ name: "cases.json", bytes }]).toString("base64") }]);
  await page.locator(".cases-begin:not([disabled])").click();
  for (const record of ["00963_hr", "00219_hr", "00057_hr"]) {
    await page.locator(".cases-panel .cases-problem", { hasText: `${record}.hea is not in the set` }).waitFor();
    await page.locator("button", { hasText: "Go on without this case" }).click();
  }
  await page.locator(".cases-end").waitFor();
  assert.match(await page.locator(".cases-end").innerText(), /nothing|not scored/i);
});

test("a text keeps its direction, and its long words, to itself", async (open) => {
  const set = caseSet({ feedback: "each" });
  const [one] = set.cases;
  const long = "W".repeat(200);
  set.title = long.slice(0, 190);
  one.story = `\u202eabc ${long}`;
  const { rr } = Object.fromEntries(one.tasks.map((task) => [task.id, task]));
  rr.prompt = "How long is it? \u05d0\u05d1\u05d2 \u0627\u0644\u0646\u0628\u0636";
  one.tasks[3].options[1].why = "\u202e\u0627\u0644\u0646\u0628\u0636";
  const page = await open();
  await drop(page, [packed(JSON.stringify(set))]);
  await page.locator(".cases-begin:not([disabled])").waitFor();
  const beyond = () =>
    inElement(page, ({ root }) => {
      const cases = root.querySelector(".cases");
      const edge = cases.getBoundingClientRect().right + 1;
      const told = [...cases.querySelectorAll('[dir="auto"]')].filter((node) => node.checkVisibility());
      return told
        .filter(
          (node) =>
            node.getBoundingClientRect().right > edge ||
            (node.scrollWidth > node.clientWidth + 1 &&
              getComputedStyle(node).overflow === "visible" &&
              getComputedStyle(node).display !== "inline"),
        )
        .map(({ className }) => className);
    });
  for (const width of [1366, 390]) {
    await page.setViewportSize({ width, height: 800 });
    assert.deepEqual(await beyond(), [], `the start at ${width}`);
  }
  await begin(page);
  for (const width of [390, 1366]) {
    await page.setViewportSize({ width, height: 800 });
    assert.deepEqual(await beyond(), [], `a case at ${width}`);
  }
  assert.doesNotMatch(await page.locator(".cases-story").innerText(), /\u202e/);
  await page.locator('[data-task="rr"] input').fill("100");
  await page.locator('[data-task="next"] input').nth(1).check();
  await commit(page);
  await page.locator(".cases-feedback-title").waitFor();
  // Where the key's number and its tolerance are drawn: the number first.
  const places = await inElement(page, ({ root }) => {
    const small = [...root.querySelectorAll(".cases-row small")].find(({ textContent }) => /520/.test(textContent));
    const text = small.firstChild;
    const at = (/** @type {string} */ part) => {
      const range = document.createRange();
      const from = text.data.indexOf(part);
      range.setStart(text, from);
      range.setEnd(text, from + part.length);
      const { left, top } = range.getBoundingClientRect();
      return [Math.round(top), left];
    };
    return [at("520"), at("20\u00a0ms")];
  });
  const [[line, number], [second, tolerance]] = places;
  assert.ok(line < second || (line === second && number < tolerance), JSON.stringify(places));
  const whys = await page.locator(".cases-answer .cases-row small").allTextContents();
  assert.ok(
    whys.some((why) => /^\u2068[^\u202e]+\u2069$/.test(why)),
    JSON.stringify(whys),
  );
});

test("a recording that cannot be read leaves no tools to work on nothing", async (open) => {
  const page = await open();
  const files = filesOf(caseSet()).map((each) =>
    each.name === "records/00963_hr.hea" ? { ...each, bytes: Buffer.from("no header") } : each,
  );
  await drop(page, [{ name: "set.zip", base64: zip(files).toString("base64") }]);
  const tools = () =>
    inElement(page, ({ root }) =>
      [...root.querySelectorAll(".cases-canvas, .cases-tools")].map((node) => node.checkVisibility()),
    );
  await page.locator(".cases-begin:not([disabled])").click();
  await page.locator(".cases-panel .cases-problem").waitFor();
  assert.deepEqual(await tools(), [false, false]);
  await page.locator("button", { hasText: "Go on without this case" }).click();
  await page.locator(".cases-form").waitFor();
  assert.deepEqual(await tools(), [true, true]);
});

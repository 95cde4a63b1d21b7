// The page in its languages: nothing is left in English, nothing is too wide, nothing is lost when it changes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LANGUAGES } from "../../web/words/language.js";
import { EN } from "../../web/words/strings_en.js";
import { accessible, analysed, drop, inElement, says, skip, startSite } from "../support/chromium.mjs";
import { copies, ROOT } from "../support/native.mjs";
import { TEST_TIMEOUT } from "../support/wait.mjs";

const others = Object.keys(LANGUAGES).filter((code) => code !== "en");
const tableOf = async (code) => (await import(`${ROOT}/web/words/strings_${code}.js`)).strings;
const options = { skip, timeout: TEST_TIMEOUT };

let site;
before(async () => {
  if (!skip) site = await startSite();
});
after(() => site?.close());

/** px that the page, and what of it is in sight, are wider than the window. */
const tooWide = (page) =>
  inElement(page, (element) => {
    const width = document.documentElement.clientWidth;
    const over = [...element.root.querySelectorAll("button, select, label, h2, h3, p, summary")].filter((node) => {
      const box = node.getBoundingClientRect();
      const scrolls = node.closest(
        ".table-box, .measured-box, .windows, .wide-box, .menu-panel, [hidden], .visually-hidden",
      );
      return box.width > 0 && box.right > width + 1 && !scrolls && node.checkVisibility();
    });
    return [document.documentElement.scrollWidth - width, ...over.map((node) => node.outerHTML.slice(0, 120))];
  });

/** Texts and names in the element that are those of a table, with the keys. */
const saidAs = (page, table) =>
  inElement(
    page,
    (element, phrases) => {
      const texts = new Map(phrases);
      const found = [];
      const walk = document.createTreeWalker(element.root, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const text = node.textContent.trim();
        const marked = node.parentElement?.closest("[lang]")?.getAttribute("lang") === "en";
        if (texts.has(text) && !marked) found.push(`${texts.get(text)}: ${text}`);
      }
      for (const node of element.root.querySelectorAll("[aria-label], [title]"))
        for (const text of [node.getAttribute("aria-label"), node.getAttribute("title")])
          if (text && texts.has(text)) found.push(`${texts.get(text)}: ${text}`);
      return found;
    },
    table,
  );

/** Of English, what another language says otherwise. */
async function englishOnly(code) {
  const table = await tableOf(code);
  const own = new Set(
    Object.values(table).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry))),
  );
  return Object.entries(EN).flatMap(([key, text]) =>
    typeof text === "string" && !text.includes("{") && !own.has(text) ? [[text, key]] : [],
  );
}

const choose = async (page, code) => {
  await inElement(
    page,
    (element, value) => {
      const select = element.root.getElementById("language");
      select.value = value;
      select.dispatchEvent(new Event("change"));
    },
    code,
  );
  await page.locator(`html[lang=${code}]`).waitFor({ state: "attached" });
};

test(
  "each language, on the start page and with a recording open: all words, axe, no overflow at 375 and 320 px",
  options,
  async () => {
    const phone = { viewport: { width: 375, height: 667 } };
    const start = await site.openPage(phone);
    const open = await site.openPage({ address: "/?sample=00219_hr", ready: /^Analysed/, ...phone });
    // The smallest, with a stepper in its bar, and the table.
    const several = await site.openPage({ viewport: { width: 320, height: 568 } });
    await drop(several, copies(["one", "two"]));
    await analysed(several);
    await inElement(several, (element) => element.tableView.show());
    for (const code of others) {
      const table = await tableOf(code);
      for (const page of [start, open, several]) {
        await choose(page, code);
        assert.equal(await inElement(page, ({ root }) => root.getElementById("app").lang), code);
        assert.deepEqual(await saidAs(page, await englishOnly(code)), [], code);
        assert.deepEqual(await tooWide(page), [0], code);
        await accessible(page, code);
      }
      assert.equal(await start.textContent("#status-text"), table["status.ready"]);
      assert.match(
        await open.locator("#labels").textContent(),
        new RegExp(table["finding.pvc"].replace(/[()]/g, "\\$&")),
      );
      assert.match(await open.textContent("#disclaimer"), new RegExp(table["disclaimer.short"]));
      assert.match(await open.textContent("#measured"), new RegExp(table["measured.heart_rate"]));
    }
    await choose(open, "en");
    assert.match(await open.textContent("#status-text"), /^Analysed on this device/);
    for (const page of [start, open, several]) {
      assert.deepEqual(page.errors, []);
      await page.context().close();
    }
  },
);

test(
  "another language loses nothing: reading, calipers, choice, table; and comes back with the address",
  options,
  async () => {
    const page = await site.openPage({ address: "/?sample=00219_hr", ready: /^Analysed/ });
    await page.fill("#reading-text", "a draft");
    await page.click("#calipers");
    await inElement(page, (element) => element.answers.chooseLabel(0));
    const state = () =>
      inElement(page, (element) => [
        element.root.getElementById("reading-text").value,
        element.drawing.calipers.address,
        element.label,
        element.list.rows.length,
        element.root.getElementById("layout").value,
        element.root.getElementById("filter").value,
      ]);
    const kept = await state();
    assert.equal(
      site.requests.some((url) => /strings_(cases_)?(?!en)[a-z]{2}-\w+\.js/.test(url)),
      false,
      "loaded when chosen",
    );
    await choose(page, "de");
    assert.deepEqual(await state(), kept);
    assert.match(page.url(), /[?&]lang=de\b/);
    await inElement(page, (element) => element.tableView.show());
    assert.equal(await page.textContent("#records-title"), "Aufzeichnungen");
    assert.match(await page.textContent("#records thead"), /Frequenz/);
    await page.context().close();
    const german = await site.openPage({ address: "/?sample=00219_hr&lang=de", ready: /^Auf diesem Gerät/ });
    assert.equal(await german.locator("html").getAttribute("lang"), "de");
    const numbers = await german.locator("#labels").textContent();
    assert.match(numbers, /AUROC 0,\d{3}/);
    await german.context().close();
  },
);

test("the browser's language, the document's, the element's: the nearest counts", options, async () => {
  const page = await site.openPage({ locale: "de-AT", ready: /^Bereit/ });
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  await inElement(page, (element) => (element.lang = "es"));
  await says(page, /^Listo/);
  await inElement(page, (element) => (element.lang = "en"));
  await says(page, /^Ready/);
  await page.context().close();
});

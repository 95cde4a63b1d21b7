// The table of recordings as it stands on the screen.

import assert from "node:assert/strict";
import { LANGUAGES } from "../../web/words/language.js";
import { analysed, drop, inElement } from "../support/chromium.mjs";
import { load } from "../support/native.mjs";
import { sample, stationTests } from "../support/station_pages.mjs";

const { test } = stationTests();

test("in the table what holds no words is as wide as its head, and the ring around the last line is whole", async (open) => {
  const page = await open("/");
  await drop(
    page,
    ["00219_hr", "00963_hr"].flatMap((name) => load(sample(name))),
  );
  await analysed(page);
  await inElement(page, (element) => element.keys.press("t"));
  await page.locator("#records tr:last-child td.quality", { hasText: "good" }).waitFor();
  const wide = await inElement(page, ({ root }) =>
    ["quality", "reading"].flatMap((column) => {
      const [head, words] = [`th.${column}`, `th.${column} button`].map((each) =>
        root.querySelector(`#records ${each}`),
      );
      const range = new Range();
      range.selectNodeContents(words);
      return head.offsetWidth > range.getBoundingClientRect().width + 40 ? [`${column}: ${head.offsetWidth} px`] : [];
    }),
  );
  assert.deepEqual(wide, []);
  await page.locator("#records .open-row").last().focus();
  await page.keyboard.press("Shift"); // the ring is a keyboard's
  const below = await inElement(page, ({ root }) => {
    const last = [...root.querySelectorAll("#records .open-row")].at(-1);
    const { outlineWidth, outlineOffset, outlineStyle } = getComputedStyle(last);
    const ring = outlineStyle === "none" ? 0 : Number.parseFloat(outlineWidth) + Number.parseFloat(outlineOffset);
    const box = root.querySelector("#table-view .table-box");
    return [
      ring,
      box.getBoundingClientRect().top + box.clientTop + box.clientHeight - last.getBoundingClientRect().bottom,
    ];
  });
  assert.ok(below[0] > 0 && below[1] >= below[0], `a ring of ${below[0]} px, ${below[1]} px below`);
});

test("at 1280 px the table's tools are one line in every language, below what the table holds", async (open) => {
  const page = await open("/", { viewport: { width: 1280, height: 800 } });
  await drop(
    page,
    ["00219_hr", "00963_hr"].flatMap((name) => load(sample(name))),
  );
  await analysed(page);
  await inElement(page, (element) => element.keys.press("t"));
  for (const code of Object.keys(LANGUAGES)) {
    await inElement(page, (element, lang) => (element.lang = lang), code);
    await page.locator(`#app[lang="${code}"]`).waitFor();
    const lines = await inElement(page, ({ root }) =>
      [...root.querySelectorAll("#table-view > .bar-line")].map((line) => {
        const middles = [...line.children]
          .filter((node) => node.getClientRects().length && !node.classList.contains("push"))
          .map((node) => node.getBoundingClientRect())
          .map(({ top, bottom }) => Math.round((top + bottom) / 20));
        return new Set(middles).size;
      }),
    );
    assert.deepEqual(lines, [1, 1], code);
  }
});

// The element's style: one sheet of the parts that element.css lists.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { DIST, ROOT } from "../support/native.mjs";

const { transformSync } = createRequire(join(ROOT, "scripts/package.json"))("esbuild");

const WEB = join(ROOT, "web");

test("every part of the style is listed, once, and nothing else", () => {
  const listed = [...readFileSync(join(WEB, "element.css"), "utf8").matchAll(/@import "element\/([^"]+)";/g)];
  const parts = readdirSync(join(WEB, "element"));
  assert.deepEqual(listed.map(([, name]) => name).sort(), parts.sort());
});

test("the page's sheet has each part whole, in the order of the list, and imports nothing", () => {
  const sheet = readFileSync(join(DIST, "element.css"), "utf8");
  let at = 0;
  for (const [, name] of readFileSync(join(WEB, "element.css"), "utf8").matchAll(/@import "([^"]+)";/g)) {
    const { code } = transformSync(readFileSync(join(WEB, name), "utf8"), {
      loader: "css",
      minifyWhitespace: true,
      charset: "utf8",
    });
    const found = sheet.indexOf(code.trim(), at);
    assert.ok(found >= at, name);
    at = found + 1;
  }
  assert.doesNotMatch(sheet, /@import/);
});

// The page's colours: one palette, a light one and a dark one, whose pairs can be told apart; no other colour anywhere, and
// no red, orange or green on a value.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pageScripts, ROOT } from "../support/native.mjs";

const read = (name) => readFileSync(join(ROOT, "web", name), "utf8");
const css = [...read("element.css").matchAll(/@import "([^"]+)"/g)].map(([, name]) => read(name)).join("\n");
const HOST = /:host \{\n([^}]*)\}/g;
const THEMES = Object.fromEntries(
  [...css.matchAll(HOST)]
    .map(([, block]) =>
      Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex])),
    )
    .filter((palette) => palette.ink)
    .map((palette, i) => [["light", "dark"][i], palette]),
);
/** Of annotations (calipers), and of a mark that is asked for in a case: on the drawing alone. */
const ON_THE_DRAWING = { light: ["#6b2fa8", "#2b7a3d"], dark: ["#cfa8f5", "#7fd497"] };
/** Paper in print is black on white, and what a dialog covers is dimmed. */
const ELSEWHERE = ["#000000", "#000", "#fff", "#ffffff"];

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
function luminance(hex) {
  const [r, g, b] = channels(hex).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}
/** Degrees, and how much of it there is, 0 to 1. */
function hue(hex) {
  const [r, g, b] = channels(hex);
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  const span = most - least;
  if (span === 0) return [0, 0];
  const sixth = most === r ? ((g - b) / span + 6) % 6 : most === g ? (b - r) / span + 2 : (r - g) / span + 4;
  return [60 * sixth, span / most];
}

/** WCAG 2.x: what is read 4.5, what bounds a control or means something 3. */
const PAIRS = [
  ...["back", "card", "paper", "tint", "note"].map((on) => ["ink", on, 4.5]),
  ...["back", "card", "paper", "tint", "note"].map((on) => ["soft", on, 4.5]),
  ...["back", "card", "paper", "tint"].map((on) => ["accent", on, 4.5]),
  ["on-accent", "accent", 4.5],
  ...["back", "card", "paper"].map((on) => ["edge", on, 3]),
  ["fill", "track", 3],
  ["note-bar", "note", 3],
  ["note-bar", "card", 3],
  ...["mark-p", "mark-qrs", "mark-t"].map((mark) => [mark, "paper", 3]),
];

test("colours that stand on each other can be told apart, in both themes", () => {
  assert.deepEqual(Object.keys(THEMES), ["light", "dark"]);
  for (const [theme, palette] of Object.entries(THEMES)) {
    for (const [over, under, least] of PAIRS) {
      assert.ok(palette[over] && palette[under], `${theme}: ${over}, ${under}`);
      const found = contrast(palette[over], palette[under]);
      assert.ok(found >= Number(least), `${theme}: ${over} on ${under} is ${found.toFixed(2)}, not ${least}`);
    }
    for (const ink of ON_THE_DRAWING[theme]) assert.ok(contrast(ink, palette.paper) >= 3, `${theme}: ${ink} on paper`);
  }
  assert.deepEqual(Object.keys(THEMES.dark), Object.keys(THEMES.light), "no colour has one theme alone");
});

test("no colour comes from anywhere else", () => {
  const rules = css.replace(HOST, "");
  const literal = (text) =>
    (text.match(/#[0-9a-f]{3,8}\b/gi) ?? []).filter((hex) => !ELSEWHERE.includes(hex.toLowerCase()));
  assert.deepEqual(
    literal(rules.replace(/#[a-z][\w-]*/gi, (id) => (/^#[0-9a-f]{3,8}$/i.test(id) && !/[g-z]/i.test(id) ? id : ""))),
    [],
  );
  const known = new Set(
    [...Object.values(THEMES), ...Object.values(ON_THE_DRAWING)].flatMap((palette) => Object.values(palette)),
  );
  for (const name of pageScripts()) {
    const hexes = read(name).match(/"#[0-9a-f]{6}"/gi) ?? [];
    assert.deepEqual(
      hexes.map((hex) => hex.slice(1, -1).toLowerCase()).filter((hex) => !known.has(hex)),
      [],
      name,
    );
  }
});

test("red, orange and green colour no value: only marks of the median beat have them", () => {
  for (const palette of Object.values(THEMES))
    for (const [name, hex] of Object.entries(palette)) {
      const [degrees, share] = hue(hex);
      const warm = share > 0.2 && (degrees < 70 || (degrees > 80 && degrees < 170) || degrees > 330);
      assert.equal(warm, /^mark-(qrs|t)$/.test(name), `${name} ${hex}: ${degrees.toFixed(0)}°`);
    }
  const uses = [...css.replace(HOST, "").matchAll(/([^{}]+)\{([^{}]*var\(--mark-[^{}]*)\}/g)];
  assert.ok(uses.length > 0);
  for (const [, selector] of uses) assert.match(selector, /\.beat-marks/, selector.trim());
});

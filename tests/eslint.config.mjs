// eslint -c tests/eslint.config.mjs web scripts tests (scripts/check-house runs it)

import js from "@eslint/js";
import globals from "globals";

/** What runs in pages, in their workers, and under Node. */
const BROWSER = { ...globals.browser };
const WORKER = { ...globals.worker };
const SERVICE_WORKER = { ...globals.serviceworker };
const NODE = { ...globals.node };

export default [
  { ignores: ["**/node_modules/", "web/dist/", "build*/", ".deps/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-shadow": ["error", { allow: ["_"] }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "all" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  { files: ["web/**/*.js"], languageOptions: { globals: { ...BROWSER, ...WORKER } } },
  { files: ["web/sw.js"], languageOptions: { globals: SERVICE_WORKER } },
  { files: ["web/package/*.js"], languageOptions: { globals: { ...BROWSER, ...NODE } } },
  { files: ["scripts/*.mjs"], languageOptions: { globals: NODE } },
  {
    files: ["scripts/inside.js"],
    languageOptions: { globals: { ...BROWSER, INSIDE_BASE: "readonly", INSIDE_WORKERS: "readonly" } },
  },
  // Tests hold functions that run in the page.
  {
    files: ["tests/**/*.mjs", "tests/**/*.js"],
    languageOptions: { globals: { ...NODE, ...BROWSER, ...WORKER } },
    rules: { "no-shadow": "off" },
  },
];

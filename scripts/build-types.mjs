// The documents' types, from tools/schema: node scripts/build-types.mjs > web/package/documents.d.ts
// The file is kept in the repository, since the page's code is checked against it; a test compares.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const SCHEMAS = ["parts", "explain", "predict", "core", "measure", "cases", "answers"];
const DOCUMENTS = [
  ...["explanation", "lead_explanation", "prediction", "failure", "recording", "loaded_model", "measured"],
  ...["case_set", "case_check", "case_answers", "case_results"],
];

/** One schema of what all of them define; a name stands for one definition. */
function allDefinitions() {
  const all = {};
  for (const name of SCHEMAS) {
    const text = readFileSync(join(ROOT, `tools/schema/${name}.schema.json`), "utf8");
    const { $defs } = JSON.parse(text.replaceAll('"parts.schema.json#', '"#'));
    for (const [key, definition] of Object.entries($defs)) {
      if (all[key]) throw new Error(`${name}.schema.json: ${key} is defined in a schema before it`);
      all[key] = definition;
    }
  }
  return all;
}

/** @returns {Promise<string>} */
export async function documentTypes() {
  const { compile } = createRequire(join(ROOT, "tests/package.json"))("json-schema-to-typescript");
  const $defs = allDefinitions();
  const oneOf = DOCUMENTS.map((name) => ({ $ref: `#/$defs/${name}` }));
  return compile({ title: "Document", oneOf, $defs }, "Document", {
    bannerComment: "// Made by scripts/build-types.mjs from tools/schema: do not edit it.",
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(await documentTypes());

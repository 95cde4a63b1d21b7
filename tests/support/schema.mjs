// What is wrong with a value by a JSON Schema (2020-12), in words.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { ROOT } from "./native.mjs";

/** @param {string} name @returns {any} */
export const schema = (name) => JSON.parse(readFileSync(join(ROOT, `tools/schema/${name}.schema.json`), "utf8"));

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
ajv.addSchema(schema("parts"), "parts.schema.json");

/** @param {unknown} value @param {object} schema @returns {string[]} nothing where the value is right */
export function problems(value, schema) {
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `$${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

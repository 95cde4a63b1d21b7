// What is wrong with a value by a JSON Schema (2020-12), in words.

import { Ajv2020 } from "ajv/dist/2020.js";

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });

/** @param {unknown} value @param {object} schema @returns {string[]} nothing where the value is right */
export function problems(value, schema) {
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `$${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

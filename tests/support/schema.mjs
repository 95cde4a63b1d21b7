// As much of JSON Schema as tools/schema uses: says what is wrong with a value, or nothing.

const kinds = {
  object: (v) => v !== null && typeof v === "object" && !Array.isArray(v),
  array: Array.isArray,
  string: (v) => typeof v === "string",
  number: (v) => typeof v === "number" && Number.isFinite(v),
  integer: Number.isInteger,
  boolean: (v) => typeof v === "boolean",
  null: (v) => v === null,
};

/** @returns {string[]} */
export function problems(value, schema, root = schema, path = "$") {
  if (schema.$ref) {
    const target = schema.$ref.slice(2).split("/").reduce((at, key) => at[key], root);
    return problems(value, target, root, path);
  }
  if (schema.oneOf) {
    const tries = schema.oneOf.map((one) => problems(value, one, root, path));
    const good = tries.filter((list) => list.length === 0).length;
    return good === 1 ? [] : tries.sort((a, b) => a.length - b.length)[0];
  }
  const out = [];
  const types = [schema.type ?? []].flat();
  if (types.length && !types.some((type) => kinds[type](value))) return [`${path} is no ${types}`];
  if ("const" in schema && value !== schema.const) out.push(`${path} is not ${schema.const}`);
  if (schema.enum && !schema.enum.includes(value)) out.push(`${path}: ${value} is not allowed`);
  if (schema.pattern && typeof value === "string" && !new RegExp(schema.pattern).test(value))
    out.push(`${path} does not match ${schema.pattern}`);
  if (typeof value === "number") {
    if (value < schema.minimum || value > schema.maximum) out.push(`${path}: ${value} out of range`);
    if (value <= schema.exclusiveMinimum) out.push(`${path}: ${value} too small`);
  }
  if (Array.isArray(value)) {
    if (value.length < schema.minItems || value.length > schema.maxItems) out.push(`${path} length`);
    value.forEach((v, i) => out.push(...problems(v, schema.items ?? {}, root, `${path}[${i}]`)));
  } else if (kinds.object(value)) {
    for (const key of schema.required ?? []) if (!(key in value)) out.push(`${path}.${key} is missing`);
    for (const [key, v] of Object.entries(value)) {
      const inner = schema.properties?.[key];
      if (inner) out.push(...problems(v, inner, root, `${path}.${key}`));
      else if (schema.additionalProperties === false) out.push(`${path}.${key} is too much`);
    }
  }
  return out;
}

/** What a schema must not have, because it would be checked otherwise than the draft says. */

const REFUSED: Readonly<Record<string, string>> = {
  $dynamicRef: "is not known: write $ref",
  $recursiveRef: "is not known: write $ref",
  unevaluatedItems: "is not known: write items beside prefixItems",
  $async: "is not known",
};

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const SCHEMA = [
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedProperties",
];
const SCHEMAS = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED_SCHEMAS = [
  "$defs",
  "definitions",
  "dependentSchemas",
  "patternProperties",
  "properties",
];

/**
 * @param place where it stands
 * @returns the names of its extensions, `x-…`
 * @throws SyntaxError
 */
export function checkSchema(schema: unknown, place: string): Set<string> {
  const extensions = new Set<string>();
  const visit = (value: unknown, at: string): void => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    const members = new Map<string, unknown>(Object.entries(value));
    for (const [name, member] of members) {
      const refusal = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
      if (refusal !== undefined) throw new SyntaxError(`${at}.${name}: ${refusal}`);
      if (name === "$id" && at !== place) {
        throw new SyntaxError(`${at}.$id: it is known at the root of a schema alone`);
      }
      if (name.startsWith("x-")) extensions.add(name);
      if (name === "$ref" && typeof member === "string" && /^[a-z]+:/i.test(member)) {
        throw new SyntaxError(`${at}.$ref: ${member} is not fetched: refer to the document itself`);
      }
    }
    for (const name of SCHEMA) visit(members.get(name), `${at}.${name}`);
    for (const name of SCHEMAS) visitAll(members.get(name), `${at}.${name}`);
    for (const name of NAMED_SCHEMAS) visitAll(members.get(name), `${at}.${name}`);
  };
  const visitAll = (values: unknown, at: string): void => {
    if (typeof values !== "object" || values === null) return;
    if (Object.hasOwn(values, "__proto__")) {
      throw new SyntaxError(`${at}.__proto__: a schema for this name is not known`);
    }
    for (const [name, value] of Object.entries(values)) visit(value, `${at}.${name}`);
  };
  visit(schema, place);
  return extensions;
}

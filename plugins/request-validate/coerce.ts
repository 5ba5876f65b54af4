/** Makes values of the texts in paths, queries and headers, as the schema for them says. */

/** Follows a `$ref`. */
export type Resolve = (reference: string) => unknown;

/** A schema's member of this name, through references. */
export function memberOf(schema: unknown, name: string, resolve: Resolve): unknown {
  for (const one of layersOf(schema, resolve)) {
    const value = one.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The schema of a property; undefined where it has none of its own. */
export function propertyOf(schema: unknown, name: string, resolve: Resolve): unknown {
  const found = layersOf(schema, resolve)
    .map((one) => one.get("properties"))
    .filter(isObject)
    .filter((properties) => Object.hasOwn(properties, name))
    .map((properties): unknown => Reflect.get(properties, name));
  return found.length > 1 ? { allOf: found } : found[0];
}

export function propertyNamesOf(schema: unknown, resolve: Resolve): string[] {
  return layersOf(schema, resolve)
    .map((one) => one.get("properties"))
    .flatMap((properties) => (isObject(properties) ? Object.keys(properties) : []));
}

/** The types that a value may have; empty: the schema does not say. */
export function typesOf(schema: unknown, resolve: Resolve): ReadonlySet<string> {
  const types = new Set<string>();
  for (const one of layersOf(schema, resolve)) {
    for (const type of [one.get("type") ?? []].flat())
      if (typeof type === "string") types.add(type);
    const examples: unknown[] = [one.get("enum") ?? []].flat();
    if (one.has("const")) examples.push(one.get("const"));
    if (!one.has("type")) for (const value of examples) types.add(typeOf(value));
  }
  return types;
}

/** A JSON number, so that no other reader of the text takes it for another one. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** The text where no type fits: it is for the schema to refuse it. */
export function coerce(text: string, types: ReadonlySet<string>): unknown {
  if ((types.has("integer") || types.has("number")) && NUMBER.test(text)) return Number(text);
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  if (types.has("null") && !types.has("string") && text === "") return null;
  return text;
}

/** The schema and all that apply, or may apply, to the same value. */
function layersOf(
  schema: unknown,
  resolve: Resolve,
  seen = new Set<unknown>(),
): Map<string, unknown>[] {
  if (!isObject(schema) || seen.has(schema)) return [];
  seen.add(schema);
  const members = new Map<string, unknown>(Object.entries(schema));
  const reference = members.get("$ref");
  const others = [members.get("allOf"), members.get("anyOf"), members.get("oneOf")].flat();
  if (typeof reference === "string") others.push(resolve(reference));
  return [members, ...others.flatMap((other) => layersOf(other, resolve, seen))];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

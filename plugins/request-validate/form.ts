/** The fields of `application/x-www-form-urlencoded`, as values. */
import { coerce, memberOf, propertyOf, type Resolve, typesOf } from "./coerce.ts";

/** @returns a function that makes an object of fields, with numbers and lists where the schema has them */
export function formReader(
  schema: unknown,
  resolve: Resolve,
): (fields: URLSearchParams) => unknown {
  return (fields) =>
    Object.fromEntries(
      Array.from(new Set(fields.keys()), (name) => {
        const property = propertyOf(schema, name, resolve);
        return [name, valueOf(fields.getAll(name), property, resolve)];
      }),
    );
}

/** The value of a name that may have come more than once; a list where the schema has one, or where it has. */
export function valueOf(texts: readonly string[], schema: unknown, resolve: Resolve): unknown {
  const types = typesOf(schema, resolve);
  const [first = "", ...others] = texts;
  if (!types.has("array") && others.length === 0) return coerce(first, types);
  const itemTypes = typesOf(memberOf(schema, "items", resolve), resolve);
  return texts.map((text) => coerce(text, itemTypes));
}

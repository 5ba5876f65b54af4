/** References within a document. */
import type { Resolve } from "./coerce.ts";

/** Follows `#/a/b` in this document; undefined for what is not there, and for `#anchor`. */
export function resolverOf(document: unknown): Resolve {
  return (reference) =>
    /^#(?:\/|$)/.test(reference) ? at(document, partsOf(reference)) : undefined;
}

/** `#/a~1b/c` is `["a/b", "c"]`. */
export function partsOf(reference: string): string[] {
  return reference
    .slice(1)
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function at(document: unknown, parts: readonly string[]): unknown {
  return parts.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? Reflect.get(value, part)
        : undefined,
    document,
  );
}

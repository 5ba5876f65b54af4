/** Whose values no line shows: what lets somebody in, by the name of its header or field. */

/** Always redacted. */
const BUILT_IN = ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];

/** What stands in the place of a value. */
export const REDACTED = "[redacted]";

/** Names in lower case. */
export type RedactedNames = ReadonlySet<string>;

/** @param more names beside those that are always redacted, in any case */
export function redactedNames(more: readonly string[] = []): RedactedNames {
  return new Set([...BUILT_IN, ...more.map((name) => name.toLowerCase())]);
}

export const ALWAYS_REDACTED: RedactedNames = redactedNames();

/** Whether the value of this name is to be kept out of the log. */
export function hides(names: RedactedNames, name: unknown): boolean {
  return typeof name === "string" && names.has(name.toLowerCase());
}

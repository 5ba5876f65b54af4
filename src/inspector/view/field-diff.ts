/** What changed from one list of headers or arguments to another, name by name. */
import type { Field } from "../model.ts";

export interface FieldChange {
  readonly name: string;
  readonly kind: "added" | "removed" | "changed" | "same";
  /** All values of the name; `null` is no value (`?a`). */
  readonly before: readonly (string | null)[];
  readonly after: readonly (string | null)[];
}

/** In the order of `before`, new names last. Names of headers are one whatever their case; of arguments they are not. */
export function fieldDiff(
  before: readonly Field[],
  after: readonly Field[],
  areHeaders = true,
): FieldChange[] {
  const fold = (name: string): string => (areHeaders ? name.toLowerCase() : name);
  const [old, now] = [byName(before, fold), byName(after, fold)];
  const names = new Set([...old.keys(), ...now.keys()]);
  return [...names].map((name) => {
    const [was, is] = [old.get(name) ?? [], now.get(name) ?? []];
    return { name, kind: kindOf(was, is), before: was, after: is };
  });
}

export function isChange({ kind }: FieldChange): boolean {
  return kind !== "same";
}

function byName(
  fields: readonly Field[],
  fold: (name: string) => string,
): Map<string, (string | null)[]> {
  const values = new Map<string, (string | null)[]>();
  for (const [name, value] of fields) {
    const known = values.get(fold(name));
    if (known) known.push(value);
    else values.set(fold(name), [value]);
  }
  return values;
}

/** Values of one name that are joined by a comma are the same as several lines. */
function kindOf(
  before: readonly (string | null)[],
  after: readonly (string | null)[],
): FieldChange["kind"] {
  if (before.length === 0) return "added";
  if (after.length === 0) return "removed";
  const joined = (values: readonly (string | null)[]): string =>
    values.map((value) => value ?? "\0").join(", ");
  return joined(before) === joined(after) ? "same" : "changed";
}

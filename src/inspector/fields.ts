/** Headers, arguments and the like as the inspector shows them. */
import { decodeText, type WireEntry } from "../protocol/text-entries.ts";
import type { Field } from "./model.ts";

/** Bytes that are not UTF-8 become U+FFFD. */
export function fieldsOf(entries: readonly WireEntry[]): Field[] {
  return entries.map(({ name, value }) => [
    decodeText(name),
    value === undefined ? null : decodeText(value),
  ]);
}

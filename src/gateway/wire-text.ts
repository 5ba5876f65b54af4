/** Text of the wire, without loss: a string where it is UTF-8, bytes where it is not. */
import { isUtf8 } from "node:buffer";
import { decodeText, type WireEntry, type WireText } from "../protocol/text-entries.ts";

export function exactText(bytes: Uint8Array): WireText {
  return isUtf8(bytes) ? Buffer.from(bytes).toString("utf8") : bytes;
}

export function bytesOf(text: WireText): Uint8Array {
  return typeof text === "string" ? Buffer.from(text) : text;
}

/** One character for each byte, so that bytes which are not UTF-8 can be worked on as text. */
export function latin1Of(text: WireText): string {
  return Buffer.from(bytesOf(text)).toString("latin1");
}

/** Back from {@link latin1Of}. */
export function fromLatin1(text: string): WireText {
  return exactText(Buffer.from(text, "latin1"));
}

/** The values of all entries with this name, whatever its case; an entry without value has none. */
export function valuesOf(entries: readonly WireEntry[], name: string): WireText[] {
  return entries.flatMap((entry) =>
    entry.value !== undefined && isNamed(entry, name) ? [entry.value] : [],
  );
}

/** Whether the entry has this name, whatever its case. */
export function isNamed(entry: WireEntry, name: string): boolean {
  return decodeText(entry.name).toLowerCase() === name.toLowerCase();
}

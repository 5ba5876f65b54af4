/** Bytes for a person to read: text where they are, else their size and how they begin. */
import { isUtf8 } from "node:buffer";
import { decodeText, type WireText } from "../../protocol/text-entries.ts";

const SHOWN_BYTES = 32;

/** Text in one line: what could move a terminal's cursor is escaped. */
export function printable(text: WireText): string {
  return decodeText(text).replace(
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** The text that bytes are; `undefined` where they are none that a terminal should be given. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = decodeText(bytes);
  return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
}

export function hexStart(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString("hex").replace(/..\B/g, "$& ");
  return bytes.length > SHOWN_BYTES ? `${shown} …` : shown;
}

export function size(bytes: Uint8Array): string {
  return bytes.length === 1 ? "1 byte" : `${bytes.length} bytes`;
}

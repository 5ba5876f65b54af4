/** Bodies as far as they are kept. */
import { isUtf8 } from "node:buffer";
import type { BodyView } from "./model.ts";

/** Bytes that are kept of each body. */
export const BODY_LIMIT = 256 * 1024;

/** @param size of the whole body, where these bytes are only how it begins */
export function bodyView(bytes: Uint8Array, size = bytes.length): BodyView {
  const kept = bytes.subarray(0, BODY_LIMIT);
  const cut = size - kept.length;
  const whole = cut > 0 ? withoutHalfCharacter(kept) : kept;
  const content = isUtf8(whole)
    ? { text: Buffer.from(whole).toString("utf8") }
    : { base64: Buffer.from(kept).toString("base64") };
  return { size, ...content, ...(cut > 0 && { cut }) };
}

/** Absent for no body and for an empty one, which on the wire is none. */
export function optionalBody(bytes: Uint8Array | undefined): { body?: BodyView } {
  return bytes === undefined || bytes.length === 0 ? {} : { body: bodyView(bytes) };
}

/** What is kept of it. */
export function bytesOfView({ text, base64 }: BodyView): Uint8Array {
  return base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
}

/** A cut may go through a character of up to four bytes. */
function withoutHalfCharacter(bytes: Uint8Array): Uint8Array {
  for (let end = bytes.length; end > bytes.length - 4 && end > 0; end--) {
    if (isUtf8(bytes.subarray(0, end))) return bytes.subarray(0, end);
  }
  return bytes;
}

/** Bytes as text, read strictly: what is not of the encoding is nothing. */

export const ENCODINGS = ["hex", "base64", "base64url"] as const;

export type Encoding = (typeof ENCODINGS)[number];

/** @returns undefined for text that is not in this encoding. Base64 may come without its padding. */
export function decode(text: string, encoding: Encoding): Uint8Array<ArrayBuffer> | undefined {
  try {
    return encoding === "hex"
      ? Uint8Array.fromHex(text)
      : Uint8Array.fromBase64(text, { alphabet: encoding });
  } catch {
    return undefined;
  }
}

/** What a `content-type` says, as far as plugins that read bodies need it. */

/** The type without its parameters, in lower case: `application/json`; empty where there is none. */
export function mediaTypeOf(contentType: string | null): string {
  const [type = ""] = (contentType ?? "").split(";", 1);
  return type.trim().toLowerCase();
}

/** `application/json`, and whatever has the suffix `+json` (RFC 6839). */
export function isJsonType(mediaType: string): boolean {
  return mediaType === "application/json" || /^[^/\s]+\/[^/\s]+\+json$/.test(mediaType);
}

/**
 * Bytes as text; a byte order mark stays, so that the text leads back to the same bytes.
 *
 * @throws TypeError for what is not UTF-8
 */
export function utf8Of(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

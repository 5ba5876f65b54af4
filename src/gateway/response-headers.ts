/** How APISIX writes the headers of a response that a runner had a hand in. */
import { decodeText, type WireEntry } from "../protocol/text-entries.ts";
import type { HeaderLine } from "./http-message.ts";
import { fromLatin1, isNamed, latin1Of } from "./wire-text.ts";

export const ERROR_PAGE_TYPE = "text/html; charset=utf-8";

/** What a rewrite cannot add to a response, and what the upstream loses where a reply has no headers. */
const EXCLUDED = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "location",
  "server",
  "www-authenticate",
  "content-encoding",
  "content-type",
  "content-location",
  "content-language",
]);

export function isExcluded(name: string): boolean {
  return EXCLUDED.has(name.toLowerCase());
}

/** A reply's entries: names in lower case, line breaks escaped, and none without a value. */
export function responseLines(entries: readonly WireEntry[]): HeaderLine[] {
  return entries.flatMap(({ name, value }) => {
    if (value === undefined || value.length === 0) return [];
    const escaped = latin1Of(value).replaceAll("\r", "%0D").replaceAll("\n", "%0A");
    return [{ name: decodeText(name).toLowerCase(), value: fromLatin1(escaped) }];
  });
}

/** The entries that a rewrite may add to a response, and the names of those that it may not. */
export function addableHeaders(entries: readonly WireEntry[]): {
  lines: HeaderLine[];
  dropped: string[];
} {
  const all = responseLines(entries);
  return {
    lines: all.filter(({ name }) => !isExcluded(name)),
    dropped: [...new Set(all.map(({ name }) => name).filter(isExcluded))],
  };
}

/** APISIX's default type, where nothing else sets one. */
export function withDefaultType(lines: readonly HeaderLine[]): HeaderLine[] {
  if (lines.some((line) => isNamed(line, "content-type"))) return [...lines];
  return [{ name: "content-type", value: "text/plain; charset=utf-8" }, ...lines];
}

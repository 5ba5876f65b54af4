/** Headers and bodies as tests write them. */
import type { HeaderLine } from "../gateway/http-message.ts";
import type { PlainRequest } from "../plugin/samples.ts";

/** In order, repeated names included. */
export function pairsOf(headers: PlainRequest["headers"] = {}): HeaderLine[] {
  const pairs: Iterable<readonly [string, string]> =
    Symbol.iterator in headers ? headers : Object.entries(headers);
  return Array.from(pairs, ([name, value]) => ({ name, value }));
}

/** @returns `undefined` for an empty body too: on the wire it is none */
export function bytesOfBody(body: string | Uint8Array | undefined): Uint8Array | undefined {
  if (body === undefined || body.length === 0) return undefined;
  return typeof body === "string" ? Buffer.from(body) : body;
}

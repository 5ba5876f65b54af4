/** What is different between two requests or two responses, in words. */
import type {
  ClientRequest,
  HeaderLine,
  HttpResponse,
  UpstreamRequest,
} from "../gateway/http-message.ts";
import { parseQuery, rawQuery } from "../gateway/target.ts";
import { isNamed } from "../gateway/wire-text.ts";
import { decodeText, type WireEntry } from "../protocol/text-entries.ts";
import { decodedPath } from "./messages.ts";

/** `path: /get → /v2`, `header x-user: none → "a"`, `argument a: "1" → none`, `body: 3 bytes → 5 bytes`. */
export function requestChanges(before: ClientRequest, after: UpstreamRequest): string[] {
  const [pathBefore, pathAfter] = [before.target, after.target].map(decodedPath);
  return [
    ...(pathBefore === pathAfter ? [] : [`path: ${pathBefore} → ${pathAfter}`]),
    ...fieldChanges("header", ofPlugins(before.headers), ofPlugins(after.headers)),
    ...fieldChanges("argument", before.args, parseQuery(rawQuery(after.target))),
    ...bodyChange(before.body, after.body),
  ];
}

/** @param after a body of `undefined` is the one there was */
export function responseChanges(
  before: HttpResponse,
  after: Omit<HttpResponse, "headers"> & { readonly headers: readonly WireEntry[] },
): string[] {
  return [
    ...(before.status === after.status ? [] : [`status: ${before.status} → ${after.status}`]),
    ...fieldChanges("header", framed(before.headers), framed(after.headers)),
    ...(after.body === undefined ? [] : bodyChange(before.body, after.body)),
  ];
}

/** @param kind of the fields, as in `response header x-a: none → "1"` */
export function fieldChanges(
  kind: string,
  before: readonly WireEntry[],
  after: readonly WireEntry[],
): string[] {
  const names = new Set([...before, ...after].map((entry) => nameOf(kind, entry)));
  return [...names].flatMap((name) => {
    const [from, to] = [before, after].map((entries) =>
      shown(entries.filter((entry) => nameOf(kind, entry) === name)),
    );
    return from === to ? [] : [`${kind} ${name}: ${from} → ${to}`];
  });
}

/** Case counts in arguments alone. */
function nameOf(kind: string, { name }: WireEntry): string {
  return kind === "argument" ? decodeText(name) : decodeText(name).toLowerCase();
}

function shown(entries: readonly WireEntry[]): string {
  if (entries.length === 0) return "none";
  return entries
    .map(({ value }) =>
      value === undefined ? "without a value" : JSON.stringify(decodeText(value)),
    )
    .join(", ");
}

/** The length of a body follows from the body. */
function ofPlugins(headers: readonly HeaderLine[]): HeaderLine[] {
  return headers.filter((line) => !isNamed(line, "content-length"));
}

/** What frames a message is the gateway's business: plugins neither keep nor drop it. */
function framed(headers: readonly WireEntry[]): WireEntry[] {
  const framing = ["content-length", "transfer-encoding", "connection"];
  return headers.filter((entry) => !framing.some((name) => isNamed(entry, name)));
}

function bodyChange(before: Uint8Array | undefined, after: Uint8Array | undefined): string[] {
  const [from, to] = [Buffer.from(before ?? []), Buffer.from(after ?? [])];
  if (from.equals(to)) return [];
  return [`body: ${shownBody(from)} → ${shownBody(to)}`];
}

const SHOWN_CHARACTERS = 60;

function shownBody(body: Buffer): string {
  if (body.length === 0) return "none";
  const text = body.toString();
  const isShort = text.length <= SHOWN_CHARACTERS && !text.includes("\uFFFD");
  return isShort ? JSON.stringify(text) : `${body.length} bytes`;
}

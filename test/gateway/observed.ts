/** What clients of a genuine APISIX got for the scripted replies of a runner. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { RequestReply } from "../../src/gateway/decode-replies.ts";
import { type ClientRequest, parseTarget } from "../../src/gateway/effect.ts";
import { decodeText, type WireEntry, type WireText } from "../../src/protocol/text-entries.ts";

type Pairs = readonly (readonly [name: string, value: string | null])[];

/** What the runner was told to do. */
export interface Script {
  readonly ask?: readonly (readonly [kind: string, name?: string])[];
  readonly stop?: { readonly status?: number; readonly headers?: Pairs; readonly body?: string };
  readonly rewrite?: {
    readonly path?: string;
    readonly headers?: Pairs;
    readonly args?: Pairs;
    readonly resp_headers?: Pairs;
    readonly body?: string;
  };
  readonly resp?: { readonly status?: number; readonly headers?: Pairs; readonly body?: string };
  readonly error?: number;
}

export interface ObservedCase {
  readonly label: string;
  /** The arguments of curl, without quotes. */
  readonly curl: string;
  readonly target: string;
  readonly plugin?: string;
  readonly script?: Script;
  readonly status?: number;
  /** What the client got, in order. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

/** What the upstream said it had been sent. */
export interface Echo {
  readonly method: string;
  readonly uri: string;
  readonly args: readonly (readonly [name: string, value: string])[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const FILE = resolve(import.meta.dir, "../fixtures/observed/cases.jsonl");

export const observedCases: readonly ObservedCase[] = readFileSync(FILE, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as ObservedCase);

export function observed(label: string): ObservedCase {
  const found = observedCases.find((one) => one.label === label);
  if (found === undefined) throw new Error(`no observed case is called ${label}`);
  return found;
}

export function echoOf({ label, body = "" }: ObservedCase): Echo {
  try {
    return JSON.parse(body) as Echo;
  } catch (cause) {
    throw new Error(`the upstream's echo did not come in case ${label}`, { cause });
  }
}

export function entriesOf(pairs: Pairs = []): WireEntry[] {
  return pairs.map(([name, value]) => ({ name, value: value === null ? undefined : exact(value) }));
}

/** The recording writes a byte that is not UTF-8 as a lone surrogate, U+DC00 and the byte. */
function exact(text: string): WireText {
  if (text.isWellFormed()) return text;
  return Buffer.concat(
    Array.from(text, (character) =>
      character.isWellFormed()
        ? Buffer.from(character)
        : Buffer.of(character.charCodeAt(0) - 0xdc00),
    ),
  );
}

/** The request of a case, from what curl was told. */
export function clientRequest({ curl, target }: ObservedCase): ClientRequest {
  const method = / ?-X (\w+)/.exec(curl)?.[1] ?? (curl.startsWith("-I") ? "HEAD" : "GET");
  const body = / -d (.*?)(?= -H| http:)/.exec(curl)?.[1];
  const host = /http:\/\/([^/]+)/.exec(curl)?.[1] ?? "";
  const given = [...curl.matchAll(/-H ([\w-]+): (.*?)(?= -H| http:)/g)];
  return {
    method,
    target: encodedAsByCurl(target),
    ...parseTarget(target),
    headers: [
      { name: "host", value: host },
      { name: "user-agent", value: "curl/7.88.1" },
      { name: "accept", value: "*/*" },
      ...given.map(([, name = "", value = ""]) => ({ name: name.toLowerCase(), value })),
      ...(body === undefined
        ? []
        : [
            { name: "content-length", value: String(Buffer.byteLength(body)) },
            { name: "content-type", value: "application/x-www-form-urlencoded" },
          ]),
      { name: "x-forwarded-proto", value: "http" },
      { name: "x-forwarded-host", value: host },
      { name: "x-forwarded-port", value: "9080" },
    ],
    body: body === undefined ? undefined : Buffer.from(body),
  };
}

/** curl encodes bytes beyond ASCII in a path, and leaves those in a query alone. */
function encodedAsByCurl(target: string): string {
  const [path = "", ...query] = target.split("?");
  const encoded = path.replace(/[^\x00-\x7f]/gu, (character) =>
    Buffer.from(character).toString("hex").replace(/../g, "%$&"),
  );
  return [encoded, ...query].join("?");
}

/** What the case's runner replied, by its script. */
export function replyOf({ script = {} }: ObservedCase): RequestReply {
  const { rewrite: changes, stop } = script;
  if (stop) {
    const { status = 0, headers, body } = stop;
    return { kind: "stop", id: 0, status, headers: entriesOf(headers), ...bodyOf(body) };
  }
  if (!changes) return { kind: "continue", id: 0 };
  return {
    kind: "rewrite",
    id: 0,
    ...(changes.path !== undefined && { path: changes.path }),
    headers: entriesOf(changes.headers),
    args: entriesOf(changes.args),
    responseHeaders: entriesOf(changes.resp_headers),
    ...bodyOf(changes.body),
  };
}

export function bodyOf(body: string | undefined): { body?: Uint8Array } {
  return body === undefined ? {} : { body: Buffer.from(body) };
}

/** For comparisons: in one case and one order. */
export function lines(headers: readonly WireEntry[]): string[] {
  return headers
    .map(({ name, value = "" }) => `${decodeText(name).toLowerCase()}: ${decodeText(value)}`)
    .sort();
}

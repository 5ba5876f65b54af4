/** What a test gives as a request, made into what APISIX has before it asks a runner. */
import type { ClientRequest, HeaderLine } from "../gateway/http-message.ts";
import { METHODS } from "../gateway/encode-calls.ts";
import { ipBytes } from "../gateway/ip.ts";
import { encodeQuery, parseTarget } from "../gateway/target.ts";
import { fromLatin1, isNamed } from "../gateway/wire-text.ts";
import type { PlainArg, PlainRequest } from "../plugin/samples.ts";
import { bytesOfBody, pairsOf } from "./plain-values.ts";
import type { FakeVars } from "./fake-vars.ts";

/** A path or URL, a web Request, or the parts of a request. */
export type RequestInput =
  | string
  | URL
  | Request
  | (PlainRequest & {
      /** Variables for this call, before those of the plugin under test. */
      readonly vars?: FakeVars;
    });

/** A request, and where it came from. */
export interface GivenRequest {
  readonly request: ClientRequest;
  readonly remoteAddr: string;
  readonly sourceIp: Uint8Array;
  readonly vars: FakeVars | undefined;
}

const LOCALHOST = "127.0.0.1";

/**
 * @throws TypeError for a path, method or address that no client sends or APISIX never passes on
 * @throws InvalidTargetError for a path that APISIX answers with 400 by itself
 */
export async function givenRequest(input: RequestInput): Promise<GivenRequest> {
  if (input instanceof Request) return fromWebRequest(input);
  if (typeof input === "string" || input instanceof URL) return fromParts({ path: String(input) });
  return fromParts(input, input.vars);
}

async function fromWebRequest(input: Request): Promise<GivenRequest> {
  const headers = [...input.headers].map(([name, value]) => ({ name, value: fromLatin1(value) }));
  const body = input.body === null ? undefined : new Uint8Array(await input.clone().arrayBuffer());
  return made(input.method, new URL(input.url), [], headers, body);
}

function fromParts(plain: PlainRequest, vars?: FakeVars): GivenRequest {
  const { method = "GET", path = "/", args, headers, body, ip } = plain;
  return made(method, urlOf(path), argPairs(args), pairsOf(headers), bytesOfBody(body), ip, vars);
}

function made(
  method: string,
  url: URL,
  args: readonly PlainArg[],
  headers: readonly HeaderLine[],
  body: Uint8Array | undefined,
  ip = LOCALHOST,
  vars?: FakeVars,
): GivenRequest {
  if (!METHODS.includes(method)) {
    throw new TypeError(
      `APISIX answers the method ${method} itself, no plugin sees it; those it passes on are ${METHODS.join(", ")}`,
    );
  }
  const sourceIp = ipBytes(ip);
  if (sourceIp === undefined) throw new TypeError(`ip ${JSON.stringify(ip)} is no IP address`);
  const more = encodeQuery(args.map(([name, value]) => ({ name, value })));
  const query = [url.search.slice(1), more].filter((part) => part !== "").join("&");
  const target = `${url.pathname}${query && `?${query}`}`;
  const request = {
    method,
    target,
    ...parseTarget(target),
    headers: withClientHeaders(headers, url, body),
    body,
  };
  return { request, remoteAddr: ip, sourceIp, vars };
}

/** What an HTTP client adds, and what APISIX does. */
function withClientHeaders(
  given: readonly HeaderLine[],
  url: URL,
  body: Uint8Array | undefined,
): HeaderLine[] {
  const injected = [
    { name: "x-forwarded-proto", value: url.protocol.slice(0, -1) },
    { name: "x-forwarded-host", value: url.hostname },
    { name: "x-forwarded-port", value: url.port || (url.protocol === "https:" ? "443" : "80") },
  ];
  const added = [
    { name: "host", value: url.host },
    ...(body === undefined ? [] : [{ name: "content-length", value: String(body.length) }]),
    ...injected,
  ];
  const own = added.filter(({ name }) => !given.some((line) => isNamed(line, name)));
  return [...own, ...given];
}

function urlOf(path: string): URL {
  const text = path.startsWith("/") ? `http://localhost${path}` : path;
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new TypeError(
    `${JSON.stringify(path)} is neither a path that starts with a slash nor a URL of http or https`,
  );
}

function argPairs(args: PlainRequest["args"] = []): readonly PlainArg[] {
  return isList(args) ? args : Object.entries(args);
}

/** `Array.isArray` does not narrow a list that is read-only. */
function isList(args: NonNullable<PlainRequest["args"]>): args is readonly PlainArg[] {
  return Array.isArray(args);
}

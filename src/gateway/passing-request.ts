/** A request on its way through APISIX: what each plugin finds, and what it leaves behind. */
import { decodeText, type WireEntry, type WireText } from "../protocol/text-entries.ts";
import type { RewriteReply } from "./decode-replies.ts";
import type { ClientRequest, HeaderLine } from "./http-message.ts";
import { addableHeaders } from "./response-headers.ts";
import { encodePath, encodeQuery, parseQuery, rawQuery } from "./target.ts";
import { isNamed, latin1Of, valuesOf } from "./wire-text.ts";

/** Each plugin makes a new one of the last. */
export interface PassingRequest {
  readonly method: string;
  /** `$uri`: percent-decoded and normalised. Proxy-rewrite writes it anew, percent-encoded. */
  readonly uri: WireText;
  /** `$args`: percent-encoded, without the question mark. */
  readonly query: string;
  /** The target as the client wrote it, as long as neither path nor query has been written anew. */
  readonly target?: string | undefined;
  /** `$upstream_uri`: percent-encoded path and query; empty as long as nothing has rewritten the path. */
  readonly upstreamUri: string;
  /** `$upstream_host`: what the upstream gets as `host`. */
  readonly upstreamHost: WireText | undefined;
  readonly headers: readonly HeaderLine[];
  /** In place of the client's. */
  readonly body?: Uint8Array | undefined;
  /** Join those of whatever response comes. */
  readonly responseHeaders: readonly HeaderLine[];
}

export function passingRequest(request: Omit<ClientRequest, "args" | "body">): PassingRequest {
  const { method, path, target, headers } = request;
  return {
    method,
    uri: path,
    query: rawQuery(target),
    target,
    upstreamUri: "",
    upstreamHost: valuesOf(headers, "host")[0],
    headers,
    responseHeaders: [],
  };
}

/** What a runner is told of the path: decoded where it is the client's own, else percent-encoded. */
export function pathForRunner({ upstreamUri, uri }: PassingRequest): WireText {
  return upstreamUri === "" ? uri : (upstreamUri.split("?", 1)[0] ?? "");
}

/** What a runner is told of the arguments, percent-decoded. */
export function argsForRunner(request: PassingRequest): WireEntry[] {
  return parseQuery(currentQuery(request));
}

/** The query of a path that has been rewritten is part of it. */
export function currentQuery({ upstreamUri, query }: PassingRequest): string {
  const at = upstreamUri.indexOf("?");
  return at < 0 ? query : upstreamUri.slice(at + 1);
}

/** The target for the upstream; `undefined` where it has no leading slash, which nginx makes a 502. */
export function upstreamTarget(request: PassingRequest): string | undefined {
  const { upstreamUri, target, uri, query } = request;
  if (upstreamUri.startsWith("/")) return upstreamUri;
  if (upstreamUri.startsWith("?")) return `/${upstreamUri}`;
  if (upstreamUri !== "") return undefined;
  return target ?? `${encodePath(uri)}${query && `?${query}`}`;
}

/** The request after a runner has rewritten it, and what it asked for and does not get. */
export function rewritten(
  request: PassingRequest,
  reply: RewriteReply,
): { request: PassingRequest; notes: string[] } {
  const { lines, dropped } = addableHeaders(reply.responseHeaders);
  const notes = [
    ...headerNotes(reply.headers),
    ...dropped.map((name) => `the response header ${name} is not added: APISIX ignores it here`),
  ];
  if (reply.body?.length === 0) notes.push("the empty body is ignored: the request keeps its own");
  if (reply.args.length > 0 && reply.path === undefined && request.upstreamUri !== "") {
    notes.push("the arguments are lost: the path has been rewritten before, and keeps its query");
  }
  const body = reply.body?.length ? reply.body : undefined;
  const headers = rewrittenHeaders(request.headers, reply.headers);
  const host = reply.headers.findLast((change) => isNamed(change, "host"));
  return {
    request: {
      ...request,
      ...rewrittenUri(request, reply),
      ...(host && { upstreamHost: host.value }),
      headers: body ? withLength(headers, body) : headers,
      body: body ?? request.body,
      responseHeaders: withSet(request.responseHeaders, lines),
    },
    notes,
  };
}

/** Header lines with others set on top: these replace all of their name. */
export function withSet(
  lines: readonly HeaderLine[],
  others: readonly HeaderLine[],
): readonly HeaderLine[] {
  return [...lines.filter(({ name }) => !others.some((other) => isNamed(other, name))), ...others];
}

/** One after the other: each sets its header anew, or deletes it where it has no value. */
export function rewrittenHeaders(
  headers: readonly HeaderLine[],
  changes: readonly WireEntry[],
): HeaderLine[] {
  let lines = [...headers];
  for (const change of changes) {
    const name = decodeText(change.name);
    const at = lines.findIndex((line) => isNamed(line, name));
    lines = lines.filter((line) => !isNamed(line, name));
    if (change.value === undefined || change.value.length === 0) continue;
    lines.splice(at < 0 ? lines.length : at, 0, { name, value: change.value });
  }
  return lines;
}

/** The query stays as it came unless an argument is rewritten, the path unless either is. */
function rewrittenUri(
  request: PassingRequest,
  { path, args }: RewriteReply,
): Partial<PassingRequest> {
  const before = currentQuery(request);
  const query = args.length === 0 ? before : encodeQuery(rewrittenArgs(parseQuery(before), args));
  const target = args.length === 0 ? request.target : undefined;
  if (path === undefined) return { query, target };
  return { query, target, upstreamUri: `${encodePath(path)}${query && `?${query}`}` };
}

/** The entries given for a name replace all its values. */
function rewrittenArgs(args: readonly WireEntry[], changes: readonly WireEntry[]): WireEntry[] {
  const byName = new Map<string, WireEntry[]>();
  for (const arg of args) append(byName, arg);
  const changed = new Set<string>();
  for (const change of changes) {
    const key = latin1Of(change.name);
    if (change.value === undefined || !changed.has(key)) byName.delete(key);
    if (change.value === undefined) continue;
    changed.add(key);
    append(byName, change);
  }
  return [...byName.values()].flat();
}

function append(byName: Map<string, WireEntry[]>, entry: WireEntry): void {
  const key = latin1Of(entry.name);
  const values = byName.get(key);
  if (values) values.push(entry);
  else byName.set(key, [entry]);
}

function withLength(headers: readonly HeaderLine[], body: Uint8Array): HeaderLine[] {
  const length = { name: "content-length", value: String(body.length) };
  return rewrittenHeaders(
    headers.filter((line) => !isNamed(line, "transfer-encoding")),
    [length],
  );
}

function headerNotes(changes: readonly WireEntry[]): string[] {
  const names = changes.map(({ name }) => decodeText(name).toLowerCase());
  const repeated = new Set(names.filter((name, i) => names.indexOf(name) !== i));
  const notes = [...repeated].map((name) => `the header ${name} is set twice: the last value wins`);
  const host = changes.findLast((change) => isNamed(change, "host"));
  if (host !== undefined && !host.value?.length) {
    notes.push("without the header host the request fails");
  }
  return notes;
}

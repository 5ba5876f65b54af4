/** What APISIX does with a request once the runner has replied. */
import { decodeText, type WireEntry } from "../protocol/text-entries.ts";
import type { RequestReply, RewriteReply, StopReply } from "./decode-replies.ts";
import type { ClientRequest, HeaderLine, HttpResponse, UpstreamRequest } from "./http-message.ts";
import {
  addableHeaders,
  ERROR_PAGE_TYPE,
  responseLines,
  withDefaultType,
} from "./response-headers.ts";
import { encodePath, encodeQuery, rawQuery } from "./target.ts";
import { isNamed, latin1Of } from "./wire-text.ts";

/** The request goes upstream. */
export interface ForwardEffect {
  readonly kind: "forward";
  readonly request: UpstreamRequest;
  /** Join those of whatever response comes. */
  readonly responseHeaders: readonly HeaderLine[];
  /** What the runner asked for and does not get, or what it had better not have asked for. */
  readonly notes: readonly string[];
}

/** The client gets this response. */
export interface RespondEffect {
  readonly kind: "respond";
  readonly response: HttpResponse;
  /** The body is nginx's own HTML page for the status. */
  readonly errorPage: boolean;
  /** What the runner asked for and does not get, or what it had better not have asked for. */
  readonly notes: readonly string[];
}

export function requestEffect(
  request: ClientRequest,
  reply: RequestReply,
): ForwardEffect | RespondEffect {
  switch (reply.kind) {
    case "continue":
      return { kind: "forward", request: upstreamRequest(request), responseHeaders: [], notes: [] };
    case "rewrite":
      return rewriteEffect(request, reply);
    case "stop":
      return stopEffect(reply);
  }
}

/** A response of APISIX itself: with nginx's HTML page for the status as its body. */
export function errorPageEffect(status: number, notes: readonly string[] = []): RespondEffect {
  const headers = [{ name: "content-type", value: ERROR_PAGE_TYPE }];
  return { kind: "respond", response: { status, headers }, errorPage: true, notes };
}

function upstreamRequest({ method, target, headers, body }: ClientRequest): UpstreamRequest {
  return { method, target, headers, body };
}

function rewriteEffect(request: ClientRequest, reply: RewriteReply): ForwardEffect | RespondEffect {
  if (
    reply.path !== undefined &&
    reply.path.length > 0 &&
    !decodeText(reply.path).startsWith("/")
  ) {
    return errorPageEffect(502, [`the path ${decodeText(reply.path)} does not start with a slash`]);
  }
  const { lines, dropped } = addableHeaders(reply.responseHeaders);
  const notes = [
    ...headerNotes(reply.headers),
    ...dropped.map((name) => `the response header ${name} is not added: APISIX ignores it here`),
  ];
  if (reply.body?.length === 0) notes.push("the empty body is ignored: the request keeps its own");
  const body = reply.body?.length ? reply.body : undefined;
  const headers = rewrittenHeaders(request.headers, reply.headers);
  return {
    kind: "forward",
    request: {
      method: request.method,
      target: rewrittenTarget(request, reply),
      headers: body ? withLength(headers, body) : headers,
      body: body ?? request.body,
    },
    responseHeaders: lines,
    notes,
  };
}

/** The query stays as it came unless an argument is rewritten, the path unless either is. */
function rewrittenTarget({ target, path, args }: ClientRequest, reply: RewriteReply): string {
  if (reply.path === undefined && reply.args.length === 0) return target;
  const newPath = encodePath(reply.path ?? path) || "/";
  const query =
    reply.args.length === 0 ? rawQuery(target) : encodeQuery(rewrittenArgs(args, reply.args));
  return query === "" ? newPath : `${newPath}?${query}`;
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

/** One after the other: each sets its header anew, or deletes it where it has no value. */
function rewrittenHeaders(
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

function stopEffect({ status: given, headers, body }: StopReply): RespondEffect {
  const status = given || 200;
  const notes: string[] = [];
  if (status < 200) notes.push(`a status of ${status} leaves the client waiting for 60 s`);
  for (const name of ["content-length", "transfer-encoding", "connection"]) {
    if (headers.some((entry) => isNamed(entry, name))) {
      notes.push(`the header ${name} is sent as it is and breaks the response`);
    }
  }
  const hasBody = body !== undefined && body.length > 0;
  if (!hasBody && status >= 300) return withOwnLines(errorPageEffect(status, notes), headers);
  const lines = responseLines(headers);
  return {
    kind: "respond",
    response: {
      status,
      headers: hasBody || status !== 204 ? withDefaultType(lines) : lines,
      ...(hasBody && { body }),
    },
    errorPage: false,
    notes,
  };
}

function withOwnLines(effect: RespondEffect, headers: readonly WireEntry[]): RespondEffect {
  const own = responseLines(headers).filter((line) => !isNamed(line, "content-type"));
  const { response } = effect;
  return { ...effect, response: { ...response, headers: [...response.headers, ...own] } };
}

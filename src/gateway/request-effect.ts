/** What APISIX does with a request once the runner has replied. */
import type { WireEntry } from "../protocol/text-entries.ts";
import type { RequestReply, StopReply } from "./decode-replies.ts";
import { hasNoBody } from "./http1/read-response.ts";
import type { ClientRequest, HeaderLine, HttpResponse, UpstreamRequest } from "./http-message.ts";
import {
  type PassingRequest,
  passingRequest,
  rewritten,
  upstreamTarget,
} from "./passing-request.ts";
import { ERROR_PAGE_TYPE, responseLines, withDefaultType } from "./response-headers.ts";
import { isNamed } from "./wire-text.ts";

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
      return forwardEffect(request, passingRequest(request), []);
    case "rewrite": {
      const { request: passing, notes } = rewritten(passingRequest(request), reply);
      return forwardEffect(request, passing, notes);
    }
    case "stop":
      return stopEffect(reply);
  }
}

/** A response of APISIX itself: with nginx's HTML page for the status as its body. */
export function errorPageEffect(status: number, notes: readonly string[] = []): RespondEffect {
  const headers = [{ name: "content-type", value: ERROR_PAGE_TYPE }];
  return { kind: "respond", response: { status, headers }, errorPage: true, notes };
}

function forwardEffect(
  { body }: ClientRequest,
  passing: PassingRequest,
  notes: readonly string[],
): ForwardEffect | RespondEffect {
  const { method, headers, responseHeaders, upstreamUri } = passing;
  const target = upstreamTarget(passing);
  if (target === undefined) {
    return errorPageEffect(502, [
      `the path ${upstreamUri.split("?", 1)[0]} does not start with a slash`,
    ]);
  }
  const request = { method, target, headers, body: passing.body ?? body };
  return { kind: "forward", request, responseHeaders, notes };
}

/** A stop: the client gets it in place of any response of the upstream. */
export function stopEffect({ status: given, headers, body }: StopReply): RespondEffect {
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
  const hasContent = !hasNoBody("GET", status);
  return {
    kind: "respond",
    response: {
      status,
      headers: hasContent ? withDefaultType(lines) : hasBody ? lines : withoutValidators(lines),
      ...(hasBody && hasContent && { body }),
    },
    errorPage: false,
    notes,
  };
}

function withOwnLines(effect: RespondEffect, headers: readonly WireEntry[]): RespondEffect {
  const own = withoutValidators(responseLines(headers)).filter(
    (line) => !isNamed(line, "content-type"),
  );
  const { response } = effect;
  return { ...effect, response: { ...response, headers: [...response.headers, ...own] } };
}

/** A page of nginx itself, and an answer of nothing but its head, do not have them. */
function withoutValidators(lines: readonly HeaderLine[]): HeaderLine[] {
  return lines.filter((line) => !isNamed(line, "etag") && !isNamed(line, "last-modified"));
}

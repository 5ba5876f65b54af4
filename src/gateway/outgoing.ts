/** Responses that the gateway itself makes, each ready to be written. */
import type { HeaderLine, HttpResponse } from "./http-message.ts";
import { errorPage } from "./error-page.ts";
import { without } from "./http1/message.ts";
import type { OutgoingResponse } from "./http1/write-response.ts";
import { withSet } from "./passing-request.ts";
import type { RespondEffect } from "./request-effect.ts";
import { withDefaultType } from "./response-headers.ts";
import { isNamed } from "./wire-text.ts";

/** After these nginx ends the connection. */
const CLOSING = [400, 413, 414, 500, 501, 505];

/** @param headers join the page's own */
export function errorResponse(
  status: number,
  headers: readonly HeaderLine[] = [],
): OutgoingResponse {
  const page = errorPage(status);
  const others = without(headers, "content-type");
  return {
    status,
    headers: page ? [{ name: "Content-Type", value: page.type }, ...others] : others,
    body: page?.body,
    framing: "length",
    close: CLOSING.includes(status),
  };
}

export function routeNotFound(): OutgoingResponse {
  return {
    status: 404,
    headers: withDefaultType([]),
    body: Buffer.from('{"error_msg":"404 Route Not Found"}\n'),
    framing: "chunked",
  };
}

/** @param before what the plugins have set so far: the effect's own replace them */
export function effectResponse(
  { response: { status, headers, body }, errorPage: hasPage }: RespondEffect,
  before: readonly HeaderLine[],
): OutgoingResponse {
  if (hasPage) return errorResponse(status, withSet(before, without(headers, "content-type")));
  return { status, headers: withSet(before, headers), body, framing: "as-is" };
}

/**
 * An upstream's response as nginx's proxy hands it on.
 *
 * @param before what the plugins have set: both are sent
 */
export function proxiedResponse(
  { status, headers }: Pick<HttpResponse, "status" | "headers">,
  before: readonly HeaderLine[],
  body: AsyncIterable<Uint8Array>,
): OutgoingResponse {
  const kept = without(headers, ...HOP_BY_HOP).map((line) =>
    isNamed(line, "content-length") ? { name: "Content-Length", value: line.value } : line,
  );
  return {
    status,
    headers: [...before, ...kept, ...upstreamStatus(status)],
    body,
    framing: "as-is",
  };
}

/** What APISIX adds to a response where the fault is the upstream's. */
export function upstreamStatus(status: number): HeaderLine[] {
  if (status < 500 || status > 599) return [];
  return [{ name: "X-APISIX-Upstream-Status", value: String(status) }];
}

const HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding", "trailer", "upgrade"];

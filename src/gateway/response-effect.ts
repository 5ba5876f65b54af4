/** What APISIX does with the upstream's response once the runner has replied, or has not. */
import type { ResponseReply } from "./decode-replies.ts";
import type { HeaderLine, HttpResponse } from "./http-message.ts";
import { errorPageEffect, type RespondEffect } from "./request-effect.ts";
import { hasNoBody } from "./http1/read-response.ts";
import { isExcluded, responseLines, withDefaultType } from "./response-headers.ts";

/** What comes of a reply without a body where the upstream's response has none either. */
export const ASKED_AGAIN =
  "there is no body to send: nginx asks the upstream again, and the client gets that response, whatever status and headers the reply has";

/**
 * The client gets the reply, and what of the upstream's response the reply does not replace.
 *
 * @param method of the request
 */
export function responseEffect(
  upstream: HttpResponse,
  reply: ResponseReply,
  method: string,
): RespondEffect {
  const notes: string[] = [];
  const kept = keptHeaders(upstream);
  if (reply.headers.length === 0 && kept.length < upstream.headers.length) {
    notes.push("a reply without headers loses some of the upstream's, such as content-type");
  }
  if (reply.body?.length === 0) notes.push("the empty body is ignored: the upstream's is kept");
  if (!reply.body?.length && hasNoBody(method, upstream.status)) notes.push(ASKED_AGAIN);
  const lines = responseHeadersAfter(upstream, reply);
  const status = reply.status || upstream.status;
  return {
    kind: "respond",
    response: {
      status,
      headers: hasNoBody("GET", status) ? lines : withDefaultType(lines),
      ...(!hasNoBody(method, status) && { body: reply.body?.length ? reply.body : upstream.body }),
    },
    errorPage: false,
    notes,
  };
}

/** The reply's headers where it has any, else what of the upstream's APISIX keeps. */
export function responseHeadersAfter(upstream: HttpResponse, reply: ResponseReply): HeaderLine[] {
  return reply.headers.length > 0 ? responseLines(reply.headers) : keptHeaders(upstream);
}

/**
 * A call that failed: an error frame, or no reply at all.
 *
 * @param upstream the upstream's response, in the response phase
 */
export function failureEffect(upstream: HttpResponse | undefined): RespondEffect {
  if (upstream === undefined) return errorPageEffect(503);
  return {
    kind: "respond",
    response: { status: 503, headers: withDefaultType([]), body: upstream.body },
    errorPage: false,
    notes: ["the client gets the upstream's body all the same"],
  };
}

/** nginx takes an empty value for none. */
function keptHeaders({ headers }: HttpResponse): HeaderLine[] {
  return headers.filter(({ name, value }) => value.length > 0 && !isExcluded(name));
}

/** What APISIX does with the upstream's response once the runner has replied, or has not. */
import type { ResponseReply } from "./decode-replies.ts";
import type { HeaderLine, HttpResponse } from "./http-message.ts";
import { errorPageEffect, type RespondEffect } from "./request-effect.ts";
import { isExcluded, responseLines, withDefaultType } from "./response-headers.ts";

/** The client gets the reply, and what of the upstream's response the reply does not replace. */
export function responseEffect(upstream: HttpResponse, reply: ResponseReply): RespondEffect {
  const notes: string[] = [];
  const kept = keptHeaders(upstream);
  if (reply.headers.length === 0 && kept.length < upstream.headers.length) {
    notes.push("a reply without headers loses some of the upstream's, such as content-type");
  }
  if (reply.body?.length === 0) notes.push("the empty body is ignored: the upstream's is kept");
  const lines = responseHeadersAfter(upstream, reply);
  return {
    kind: "respond",
    response: {
      status: reply.status || upstream.status,
      headers: withDefaultType(lines),
      body: reply.body?.length ? reply.body : upstream.body,
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

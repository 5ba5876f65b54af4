/** From the runner's reply to what becomes of a request. */
import { failureEffect, requestEffect } from "../gateway/effect.ts";
import type { ClientRequest } from "../gateway/http-message.ts";
import { failureOf, reportOf } from "./call-report.ts";
import { fieldChanges, requestChanges } from "./changes.ts";
import type { CallRecord } from "./in-process-runner.ts";
import { SentRequest, SentResponse, webHeaders } from "./messages.ts";
import type { RequestResult } from "./results.ts";

export function requestResult(request: ClientRequest, call: CallRecord): RequestResult {
  const { reply } = call;
  if (reply.kind !== "continue" && reply.kind !== "rewrite" && reply.kind !== "stop") {
    const { response } = failureEffect(undefined);
    return {
      action: "error",
      ...failureOf(call.log),
      response: new SentResponse(response, true),
      ...reportOf(call, []),
    };
  }
  const effect = requestEffect(request, reply);
  const report = reportOf(call, effect.notes);
  if (effect.kind === "respond") {
    return {
      action: "stop",
      response: new SentResponse(effect.response, effect.errorPage),
      ...report,
    };
  }
  const sent = new SentRequest(effect.request);
  if (reply.kind === "continue") return { action: "continue", request: sent, ...report };
  return {
    action: "rewrite",
    request: sent,
    changes: [
      ...requestChanges(request, effect.request),
      ...fieldChanges("response header", [], effect.responseHeaders),
    ],
    responseHeaders: webHeaders(effect.responseHeaders),
    ...report,
  };
}

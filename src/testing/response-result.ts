/** From the runner's reply to what becomes of an upstream's response. */
import type { ResponseReply } from "../gateway/decode-replies.ts";
import { failureEffect, responseEffect } from "../gateway/effect.ts";
import { failureOf, ranOf, reportOf } from "./call-report.ts";
import { responseChanges } from "./changes.ts";
import type { CallRecord } from "./in-process-runner.ts";
import type { KeptLine } from "./log-lines.ts";
import { SentResponse } from "./messages.ts";
import type { GivenResponse } from "./response-input.ts";
import type { ResponseResult } from "./results.ts";

export function responseResult(
  { response: upstream, to }: GivenResponse,
  call: CallRecord,
): ResponseResult {
  const { reply, log } = call;
  if (reply.kind !== "response") {
    const { response, notes } = failureEffect(upstream);
    const failed = { action: "error", ...failureOf(log) } as const;
    return { ...failed, response: new SentResponse(response), ...reportOf(call, notes) };
  }
  const effect = responseEffect(upstream, reply, to.request.method);
  const response = new SentResponse(effect.response, effect.errorPage);
  const report = reportOf(call, effect.notes);
  if (hasFailed(reply, log)) return { action: "error", ...failureOf(log), response, ...report };
  if (hasStopped(log)) return { action: "stop", response, ...report };
  const seen = effect.response.body === undefined ? undefined : reply.body;
  const changes = responseChanges(upstream, { ...reply, body: seen });
  return changes.length === 0
    ? { action: "continue", response, ...report }
    : { action: "rewrite", response, changes, ...report };
}

/** The runner's own 503, which on the wire is a reply like any other, goes with an error in the log. */
function hasFailed({ status, body }: ResponseReply, log: readonly KeptLine[]): boolean {
  return (
    status === 503 &&
    body !== undefined &&
    Buffer.from(body).toString() === "503 Service Unavailable\n" &&
    log.some(({ level }) => level === "error")
  );
}

/** The reply is complete either way: whether a plugin answered itself is told by the log alone. */
function hasStopped(log: readonly KeptLine[]): boolean {
  return (
    ranOf(log).at(-1)?.did.startsWith("stop ") === true ||
    log.some(({ message }) => message === "stopped by an HttpError")
  );
}

/** Holds what came out against what had to. */
import type { ResponseReply, RunnerReply } from "../../src/gateway/decode-replies.ts";
import type { PrepareConfCall } from "../../src/protocol/calls.ts";
import type { Expected } from "./model.ts";

/** Thrown where a case did not end as it must; the message says what was wrong. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
}

/** What a PrepareConf must be answered with: the conf's token; undefined: either is right. */
export type TokenOf = (call: PrepareConfCall) => number | "refused" | undefined;

/**
 * @param from those before have been checked
 * @throws FuzzFailure
 */
export function check(
  expected: readonly Expected[],
  replies: readonly RunnerReply[],
  from: number,
  tokenOf: TokenOf,
): void {
  for (let i = from; i < replies.length; i++) {
    const wanted = expected[i];
    const reply = replies[i]!;
    if (wanted === undefined || !isRight(wanted, reply, tokenOf)) {
      throw new FuzzFailure(`frame ${i} that came out is ${show(reply)}, not ${show(wanted)}`);
    }
  }
  if (replies.length < expected.length) {
    const missing = expected[replies.length];
    throw new FuzzFailure(`${replies.length} frames came out, then no ${show(missing)}`);
  }
}

function isRight(wanted: Expected, reply: RunnerReply, tokenOf: TokenOf): boolean {
  switch (wanted.kind) {
    case "error":
      return reply.kind === "error" && reply.code === wanted.code;
    case "question":
      return reply.kind === "question";
    case "conf-token": {
      const token = tokenOf(wanted.call);
      const isRefusal = reply.kind === "error" && reply.code === "BAD_REQUEST";
      if (token === "refused") return isRefusal;
      if (reply.kind !== "conf-token") return token === undefined && isRefusal;
      return token === undefined || reply.token === token;
    }
    case "continue":
      return reply.kind === "continue" && reply.id === wanted.id;
    case "rewrite":
      if (reply.kind === "error") return reply.code === "SERVICE_UNAVAILABLE";
      return reply.kind === "rewrite" && reply.id === wanted.id;
    case "stop":
      if (reply.kind !== "stop" || reply.id !== wanted.id) return false;
      return Buffer.from(reply.body ?? []).toString() === wanted.body;
    case "response":
      if (reply.kind !== "response" || reply.id !== wanted.id) return false;
      return wanted.read === undefined || headerOf(reply, "x-read") === wanted.read;
  }
}

function headerOf({ headers }: ResponseReply, wanted: string): string | undefined {
  const value = headers.find(({ name }) => name === wanted)?.value;
  return typeof value === "string" ? value : undefined;
}

function show(value: Expected | RunnerReply | undefined): string {
  return value === undefined ? "expected at all" : JSON.stringify(value).slice(0, 300);
}

/** The calls of a soak, how often each comes, and what each must come to. */
import {
  extraInfoFrame,
  httpReqCallFrame,
  httpRespCallFrame,
  prepareConfFrame,
} from "../../src/gateway/encode-calls.ts";
import type { RunnerReply } from "../../src/gateway/decode-replies.ts";
import type { SoakCall } from "./client.ts";

/** The tokens of one conf in both phases. */
export interface Tokens {
  readonly request: number;
  readonly response: number;
}

export interface SoakKind {
  readonly name: string;
  /** Of how many calls, relative to the others. */
  readonly share: number;
  make(tokens: Tokens): SoakCall;
  isRight(reply: RunnerReply): boolean;
}

const REQUEST_HEADERS = Array.from({ length: 10 }, (_, i) => ({
  name: `x-header-${i}`,
  value: `value ${i}`,
}));

export const KINDS: readonly SoakKind[] = [
  get("/stop", 40, (reply) => reply.kind === "stop" && reply.status === 201),
  get("/web", 10, ({ kind }) => kind === "stop"),
  get("/rewrite", 20, (reply) => reply.kind === "rewrite" && reply.path === "/elsewhere"),
  get("/", 10, ({ kind }) => kind === "continue"),
  get("/sleep", 5, ({ kind }) => kind === "stop"),
  get("/vars", 5, ({ kind }) => kind === "stop", "127.0.0.1"),
  get("/body", 4, isBody, "b".repeat(1_000)),
  get("/body", 2, isBody, "b".repeat(200_000)),
  get("/large", 1, (reply) => reply.kind === "stop" && reply.body?.length === 1_000_000),
  get("/throw", 2, isError("SERVICE_UNAVAILABLE")),
  get("/stray", 1, ({ kind }) => kind === "continue"),
  upstream(3, "a".repeat(1_000)),
  upstream(1, "a".repeat(200_000)),
  {
    ...get("/stop", 1, isError("CONF_TOKEN_NOT_FOUND")),
    name: "stale token",
    make: () => request("/stop", 0xffff_ffff),
  },
  {
    name: "not a call",
    share: 1,
    make: () => ({ frame: Uint8Array.of(2, 0, 0, 3, 1, 2, 3) }),
    isRight: isError("BAD_REQUEST"),
  },
];

/** PrepareConf for a conf in a phase; each number is another conf. */
export function preparation(number: number, phase: "pre-req" | "post-resp"): SoakCall {
  const key = `route#r${number}#ext-plugin-${phase}#1`;
  return { frame: copy(prepareConfFrame(key, [{ name: "mixed", value: `{"n":${number}}` }])) };
}

function get(path: string, share: number, isRight: SoakKind["isRight"], answer?: string): SoakKind {
  const name = answer === undefined ? path : `${path}, ${answer.length} bytes`;
  return { name, share, isRight, make: (tokens) => request(path, tokens.request, answer) };
}

function request(path: string, confToken: number, answer?: string): SoakCall {
  const call = { id: 1, method: "GET", path, confToken, headers: REQUEST_HEADERS };
  return withAnswer(copy(httpReqCallFrame(call)), answer);
}

function upstream(share: number, body: string): SoakKind {
  const headers = [{ name: "content-type", value: "text/plain" }];
  return {
    name: `response, ${body.length} bytes`,
    share,
    make: ({ response: confToken }) =>
      withAnswer(copy(httpRespCallFrame({ id: 1, status: 200, confToken, headers })), body),
    isRight: (reply) => reply.kind === "response" && reply.body?.length === body.length,
  };
}

function withAnswer(frame: Uint8Array, answer: string | undefined): SoakCall {
  return { frame, ...(answer && { answer: copy(extraInfoFrame(Buffer.from(answer))) }) };
}

function isBody(reply: RunnerReply): boolean {
  return reply.kind === "rewrite" && (reply.body?.length ?? 0) > 1_000;
}

function isError(code: string): SoakKind["isRight"] {
  return (reply) => reply.kind === "error" && reply.code === code;
}

/** Frames are written over by the next one. */
function copy(frame: Uint8Array): Uint8Array {
  return new Uint8Array(frame);
}

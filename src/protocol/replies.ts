/** The frames a runner sends. Each is valid until the next is built. */
import { FrameType } from "./frame.ts";
import { buildFrame, type Frame, type LongFrame, wholeFrame } from "./frame-builder.ts";
import { Code } from "./generated/a6/err/code.ts";
import { Resp as ErrResp } from "./generated/a6/err/resp.ts";
import { Info } from "./generated/a6/extra-info/info.ts";
import { ReqBody } from "./generated/a6/extra-info/req-body.ts";
import { Req as ExtraInfoReq } from "./generated/a6/extra-info/req.ts";
import { RespBody } from "./generated/a6/extra-info/resp-body.ts";
import { Var } from "./generated/a6/extra-info/var.ts";
import { Action } from "./generated/a6/httpreq-call/action.ts";
import { Resp as HttpReqCallResp } from "./generated/a6/httpreq-call/resp.ts";
import { Resp as PrepareConfResp } from "./generated/a6/prepare-conf/resp.ts";
import { replyWriter } from "./reply-writer.ts";
import type { WireEntry, WireText } from "./text-entries.ts";

export { Code as ErrorCode };

export interface StopReply {
  /** 200 to 999; APISIX hangs its client on less. */
  readonly status: number;
  readonly headers: readonly WireEntry[];
  /** Not empty: an empty one cannot be told from none. */
  readonly body?: WireText | undefined;
}

/** Only what changed: APISIX leaves the rest as it is. */
export interface RewriteReply {
  /** Percent-decoded, with a leading slash. */
  readonly path?: WireText | undefined;
  readonly headers: readonly WireEntry[];
  readonly args: readonly WireEntry[];
  readonly responseHeaders: readonly WireEntry[];
  readonly body?: WireText | undefined;
}

export interface ResponseReply {
  readonly status: number;
  /** All of them: one alone would replace every header of the upstream. */
  readonly headers: readonly WireEntry[];
  /** Left out: APISIX keeps the upstream's. */
  readonly body?: WireText | undefined;
}

/** What a runner can ask APISIX for during a call. */
export type Question =
  | { readonly kind: "var"; readonly name: string }
  | { readonly kind: "request-body" }
  | { readonly kind: "response-body" };

export function errorFrame(code: Code): Frame {
  return buildFrame(FrameType.Error, (builder) => ErrResp.createResp(builder, code));
}

export function confTokenFrame(token: number): Frame {
  return buildFrame(FrameType.PrepareConf, (builder) => PrepareConfResp.createResp(builder, token));
}

/** Always the same but for the id, which stands at the end: its only field, and the table's last. */
let unchanged: Uint8Array | undefined;

/** The request goes on as it is. */
export function unchangedFrame(id: number): Frame {
  unchanged ??= Uint8Array.from(
    buildFrame(FrameType.HttpReqCall, (builder) =>
      // Any id but 0, which a builder would leave out.
      HttpReqCallResp.createResp(builder, 1, Action.NONE, 0),
    ),
  );
  const at = unchanged.length - 4;
  unchanged[at] = id;
  unchanged[at + 1] = id >>> 8;
  unchanged[at + 2] = id >>> 16;
  unchanged[at + 3] = id >>> 24;
  return unchanged;
}

export function stopFrame(id: number, reply: StopReply): Frame {
  return wholeFrame(stopReply(id, reply));
}

/** The same, with a large body left where it is. */
export function stopReply(id: number, reply: StopReply): Frame | LongFrame {
  const stop = beginAction(id, Action.Stop, 3);
  replyWriter.number(stop, 0, reply.status);
  replyWriter.entries(stop, 1, reply.headers);
  return replyWriter.end(FrameType.HttpReqCall, stop, 2, reply.body);
}

export function rewriteFrame(id: number, reply: RewriteReply): Frame {
  return wholeFrame(rewriteReply(id, reply));
}

/** The same, with a large body left where it is. */
export function rewriteReply(id: number, reply: RewriteReply): Frame | LongFrame {
  const rewrite = beginAction(id, Action.Rewrite, 5);
  replyWriter.text(rewrite, 0, reply.path);
  replyWriter.entries(rewrite, 1, reply.headers);
  replyWriter.entries(rewrite, 2, reply.args);
  replyWriter.entries(rewrite, 3, reply.responseHeaders);
  return replyWriter.end(FrameType.HttpReqCall, rewrite, 4, reply.body);
}

/** Begins the reply to a request, whose action is a table of so many fields; returns where that stands. */
function beginAction(id: number, action: Action, fields: number): number {
  const root = replyWriter.begin(3);
  replyWriter.number(root, 0, id);
  replyWriter.number(root, 1, action);
  const table = replyWriter.table(fields);
  replyWriter.lead(root, 2, table);
  return table;
}

export function responseFrame(id: number, reply: ResponseReply): Frame {
  return wholeFrame(responseReply(id, reply));
}

/** The same, with a large body left where it is. */
export function responseReply(id: number, reply: ResponseReply): Frame | LongFrame {
  const root = replyWriter.begin(4);
  replyWriter.number(root, 0, id);
  replyWriter.number(root, 1, reply.status);
  replyWriter.entries(root, 2, reply.headers);
  return replyWriter.end(FrameType.HttpRespCall, root, 3, reply.body);
}

/** Unlike other frames it stays as it is. */
export function questionFrame(question: Question): Frame {
  const key = question.kind === "var" ? `$${question.name}` : question.kind;
  let frame = questions.get(key);
  if (frame === undefined) {
    frame = buildQuestion(question).slice();
    const isKept = questions.size < MAX_KEPT_QUESTIONS && key.length <= MAX_KEPT_LENGTH;
    if (isKept) questions.set(key, frame);
  }
  return frame;
}

/** Plugins ask for the same few things call after call; more names than this, or longer ones, somebody makes up. */
const MAX_KEPT_QUESTIONS = 256;
const MAX_KEPT_LENGTH = 64;

const questions = new Map<string, Frame>();

function buildQuestion(question: Question): Frame {
  return buildFrame(FrameType.ExtraInfo, (builder) => {
    switch (question.kind) {
      case "var": {
        const info = Var.createVar(builder, builder.createString(question.name));
        return ExtraInfoReq.createReq(builder, Info.Var, info);
      }
      case "request-body":
        return ExtraInfoReq.createReq(builder, Info.ReqBody, ReqBody.createReqBody(builder));
      case "response-body":
        return ExtraInfoReq.createReq(builder, Info.RespBody, RespBody.createRespBody(builder));
    }
  });
}

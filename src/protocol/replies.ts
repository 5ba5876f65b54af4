/** The frames a runner sends. Each is valid until the next is built. */
import { type Frame, FrameType, type LongFrame, wholeFrame } from "./frame.ts";
import { Code } from "./generated/a6/err/code.ts";
import type { Info } from "./generated/a6/extra-info/info.ts";
import type { Action } from "./generated/a6/httpreq-call/action.ts";
import { replyWriter } from "./reply-writer.ts";
import type { WireEntry, WireText } from "./text-entries.ts";

export { confTokenFrame } from "./conf-token-frame.ts";
export { Code as ErrorCode };

// The generated enums of unions bring in the accessors of their tables, and with them the runtime of FlatBuffers, which
// a start would wait for. The compiler holds these numbers against them.
const STOP: Action.Stop = 1;
const REWRITE: Action.Rewrite = 2;

const INFO: {
  readonly var: Info.Var;
  readonly "request-body": Info.ReqBody;
  readonly "response-body": Info.RespBody;
} = { var: 1, "request-body": 2, "response-body": 3 };

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
  return numberFrame(FrameType.Error, code);
}

/** A frame whose only field is a number. */
function numberFrame(type: number, value: number): Frame {
  const root = replyWriter.begin(1);
  replyWriter.number(root, 0, value);
  return replyWriter.end(type);
}

/** Always the same but for the id, which stands at the end: its only field, and the table's last. */
let unchanged: Uint8Array | undefined;

/** The request goes on as it is. */
export function unchangedFrame(id: number): Frame {
  unchanged ??= new Uint8Array(numberFrame(FrameType.HttpReqCall, 0));
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
  const stop = beginAction(id, STOP, 3);
  replyWriter.number(stop, 0, reply.status);
  replyWriter.entries(stop, 1, reply.headers);
  return replyWriter.endWithBody(FrameType.HttpReqCall, stop, 2, reply.body);
}

export function rewriteFrame(id: number, reply: RewriteReply): Frame {
  return wholeFrame(rewriteReply(id, reply));
}

/** The same, with a large body left where it is. */
export function rewriteReply(id: number, reply: RewriteReply): Frame | LongFrame {
  const rewrite = beginAction(id, REWRITE, 5);
  replyWriter.text(rewrite, 0, reply.path);
  replyWriter.entries(rewrite, 1, reply.headers);
  replyWriter.entries(rewrite, 2, reply.args);
  replyWriter.entries(rewrite, 3, reply.responseHeaders);
  return replyWriter.endWithBody(FrameType.HttpReqCall, rewrite, 4, reply.body);
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
  return replyWriter.endWithBody(FrameType.HttpRespCall, root, 3, reply.body);
}

/** Unlike other frames it stays as it is. */
export function questionFrame(question: Question): Frame {
  const key = question.kind === "var" ? `$${question.name}` : question.kind;
  let frame = questions.get(key);
  if (frame === undefined) {
    frame = new Uint8Array(buildQuestion(question));
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
  const root = replyWriter.begin(2);
  replyWriter.number(root, 0, INFO[question.kind]);
  const info = replyWriter.table(question.kind === "var" ? 1 : 0);
  replyWriter.lead(root, 1, info);
  if (question.kind === "var") replyWriter.text(info, 0, question.name);
  return replyWriter.end(FrameType.ExtraInfo);
}

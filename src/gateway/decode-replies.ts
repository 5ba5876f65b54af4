/** What a runner sends, verified and decoded at once. */
import { FrameType } from "../protocol/frame.ts";
import { Code } from "../protocol/generated/a6/err/code.ts";
import { Info } from "../protocol/generated/a6/extra-info/info.ts";
import { Action } from "../protocol/generated/a6/httpreq-call/action.ts";
import { fieldAt, follow, readUint16, readUint32 } from "../protocol/read.ts";
import type { Question } from "../protocol/replies.ts";
import {
  readBytes,
  readText,
  TextEntries,
  type WireEntry,
  type WireText,
} from "../protocol/text-entries.ts";
import {
  ERR_RESP,
  EXTRA_INFO_REQ,
  HTTP_REQ_CALL_RESP,
  HTTP_RESP_CALL_RESP,
  MalformedPayloadError,
  PREPARE_CONF_RESP,
  verifyTable,
} from "../protocol/verify.ts";
import { exactText } from "./wire-text.ts";

/** The code of an error frame by its name; a number where the protocol has no name for it. */
export type ErrorCodeName = keyof typeof Code | number;

/** The request goes on as it is. */
export interface ContinueReply {
  readonly kind: "continue";
  readonly id: number;
}

/**
 * The request goes on, changed. Names, values and the path are strings where they are UTF-8 and
 * bytes where they are not, so nothing of what the runner said is lost; the same is true below.
 */
export interface RewriteReply {
  readonly kind: "rewrite";
  readonly id: number;
  /** Absent: the path stays. */
  readonly path?: WireText;
  readonly headers: readonly WireEntry[];
  readonly args: readonly WireEntry[];
  readonly responseHeaders: readonly WireEntry[];
  readonly body?: Uint8Array;
}

/** The runner answers in place of the upstream. */
export interface StopReply {
  readonly kind: "stop";
  readonly id: number;
  readonly status: number;
  readonly headers: readonly WireEntry[];
  readonly body?: Uint8Array;
}

/** What can become of a request. */
export type RequestReply = ContinueReply | RewriteReply | StopReply;

/** What becomes of the upstream's response. */
export interface ResponseReply {
  readonly kind: "response";
  readonly id: number;
  readonly status: number;
  readonly headers: readonly WireEntry[];
  readonly body?: Uint8Array;
}

export type RunnerReply =
  | { readonly kind: "error"; readonly code: ErrorCodeName }
  | { readonly kind: "conf-token"; readonly token: number }
  | { readonly kind: "question"; readonly question: Question }
  | RequestReply
  | ResponseReply;

/** A question in good order for what the protocol does not know. */
export class UnknownQuestionError extends MalformedPayloadError {}

/**
 * @param payload what bodies and bytes of the reply are views on
 * @throws MalformedPayloadError also for a type that no runner sends
 */
export function decodeReply(type: number, payload: Buffer): RunnerReply {
  switch (type) {
    case FrameType.Error: {
      const code = readField(payload, verifyTable(payload, ERR_RESP), 0, byteAt);
      return { kind: "error", code: (Code[code] as keyof typeof Code | undefined) ?? code };
    }
    case FrameType.PrepareConf: {
      const table = verifyTable(payload, PREPARE_CONF_RESP);
      return { kind: "conf-token", token: readField(payload, table, 0, readUint32) };
    }
    case FrameType.HttpReqCall:
      return httpReqCallReply(payload);
    case FrameType.ExtraInfo:
      return { kind: "question", question: question(payload) };
    case FrameType.HttpRespCall:
      return httpRespCallReply(payload);
    default:
      throw new MalformedPayloadError(
        `a runner sends frames of type 0 to 4, this one has type ${type}`,
      );
  }
}

function httpReqCallReply(payload: Buffer): RunnerReply {
  const table = verifyTable(payload, HTTP_REQ_CALL_RESP);
  const id = readField(payload, table, 0, readUint32);
  const type: Action = readField(payload, table, 1, byteAt);
  if (type === Action.NONE) return { kind: "continue", id };
  const action = follow(payload, fieldAt(payload, table, 2));
  if (type === Action.Stop) {
    return {
      kind: "stop",
      id,
      status: readField(payload, action, 0, readUint16),
      headers: entries(payload, action, 1),
      ...body(payload, action, 2),
    };
  }
  const path = fieldAt(payload, action, 0);
  return {
    kind: "rewrite",
    id,
    ...(path !== 0 && { path: exactText(readBytes(payload, path)) }),
    headers: entries(payload, action, 1),
    args: entries(payload, action, 2),
    responseHeaders: entries(payload, action, 3),
    ...body(payload, action, 4),
  };
}

function httpRespCallReply(payload: Buffer): ResponseReply {
  const table = verifyTable(payload, HTTP_RESP_CALL_RESP);
  return {
    kind: "response",
    id: readField(payload, table, 0, readUint32),
    status: readField(payload, table, 1, readUint16),
    headers: entries(payload, table, 2),
    ...body(payload, table, 3),
  };
}

function question(payload: Buffer): Question {
  const table = verifyTable(payload, EXTRA_INFO_REQ);
  const type: Info = readField(payload, table, 0, byteAt);
  switch (type) {
    case Info.Var: {
      const variable = follow(payload, fieldAt(payload, table, 1));
      return { kind: "var", name: readText(payload, fieldAt(payload, variable, 0)) };
    }
    case Info.ReqBody:
      return { kind: "request-body" };
    case Info.RespBody:
      return { kind: "response-body" };
    case Info.NONE:
      throw new UnknownQuestionError("a question asks for nothing: its info has type 0");
  }
}

/** A number field; 0 where the table does not have it. */
function readField(
  payload: Buffer,
  table: number,
  field: number,
  read: (bytes: Uint8Array, at: number) => number,
): number {
  const at = fieldAt(payload, table, field);
  return at === 0 ? 0 : read(payload, at);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at]!;
}

function entries(payload: Buffer, table: number, field: number): WireEntry[] {
  const found = TextEntries.at(payload, fieldAt(payload, table, field));
  return Array.from({ length: found.length }, (_, i) => {
    const value = found.valueBytes(i);
    return { name: exactText(found.nameBytes(i)), value: value && exactText(value) };
  });
}

function body(payload: Buffer, table: number, field: number): { body?: Uint8Array } {
  const at = fieldAt(payload, table, field);
  return at === 0 ? {} : { body: readBytes(payload, at) };
}

/** The frames a runner sends. Each is valid until the next is built. */
import { FrameType } from "./frame.ts";
import { buildFrame, type Frame, writeBytes, writeEntries } from "./frame-builder.ts";
import { Code } from "./generated/a6/err/code.ts";
import { Resp as ErrResp } from "./generated/a6/err/resp.ts";
import { Info } from "./generated/a6/extra-info/info.ts";
import { ReqBody } from "./generated/a6/extra-info/req-body.ts";
import { Req as ExtraInfoReq } from "./generated/a6/extra-info/req.ts";
import { RespBody } from "./generated/a6/extra-info/resp-body.ts";
import { Var } from "./generated/a6/extra-info/var.ts";
import { Action } from "./generated/a6/httpreq-call/action.ts";
import { Resp as HttpReqCallResp } from "./generated/a6/httpreq-call/resp.ts";
import { Rewrite } from "./generated/a6/httpreq-call/rewrite.ts";
import { Stop } from "./generated/a6/httpreq-call/stop.ts";
import { Resp as HttpRespCallResp } from "./generated/a6/httpresp-call/resp.ts";
import { Resp as PrepareConfResp } from "./generated/a6/prepare-conf/resp.ts";
import type { WireEntry, WireText } from "./text-entries.ts";

export { Code as ErrorCode };

export interface StopReply {
  /** 200 to 999; APISIX hangs its client on less. */
  readonly status: number;
  readonly headers: readonly WireEntry[];
  /** Not empty: an empty one cannot be told from none. */
  readonly body?: Uint8Array | undefined;
}

/** Only what changed: APISIX leaves the rest as it is. */
export interface RewriteReply {
  /** Percent-decoded, with a leading slash. */
  readonly path?: WireText | undefined;
  readonly headers: readonly WireEntry[];
  readonly args: readonly WireEntry[];
  readonly responseHeaders: readonly WireEntry[];
  readonly body?: Uint8Array | undefined;
}

export interface ResponseReply {
  readonly status: number;
  /** All of them: one alone would replace every header of the upstream. */
  readonly headers: readonly WireEntry[];
  /** Left out: APISIX keeps the upstream's. */
  readonly body?: Uint8Array | undefined;
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

/** The request goes on as it is. */
export function unchangedFrame(id: number): Frame {
  return buildFrame(FrameType.HttpReqCall, (builder) =>
    HttpReqCallResp.createResp(builder, id, Action.NONE, 0),
  );
}

export function stopFrame(id: number, reply: StopReply): Frame {
  return buildFrame(
    FrameType.HttpReqCall,
    (builder) => {
      const headers = writeEntries(builder, reply.headers, Stop.createHeadersVector);
      const body = writeBytes(builder, reply.body);
      const stop = Stop.createStop(builder, reply.status, headers, body);
      return HttpReqCallResp.createResp(builder, id, Action.Stop, stop);
    },
    reply.body?.length,
  );
}

export function rewriteFrame(id: number, reply: RewriteReply): Frame {
  return buildFrame(
    FrameType.HttpReqCall,
    (builder) => {
      const path = reply.path === undefined ? 0 : builder.createString(reply.path);
      const headers = writeEntries(builder, reply.headers, Rewrite.createHeadersVector);
      const args = writeEntries(builder, reply.args, Rewrite.createArgsVector);
      const responseHeaders = writeEntries(
        builder,
        reply.responseHeaders,
        Rewrite.createRespHeadersVector,
      );
      const body = writeBytes(builder, reply.body);
      const rewrite = Rewrite.createRewrite(builder, path, headers, args, responseHeaders, body);
      return HttpReqCallResp.createResp(builder, id, Action.Rewrite, rewrite);
    },
    reply.body?.length,
  );
}

export function responseFrame(id: number, reply: ResponseReply): Frame {
  return buildFrame(
    FrameType.HttpRespCall,
    (builder) => {
      const headers = writeEntries(builder, reply.headers, HttpRespCallResp.createHeadersVector);
      const body = writeBytes(builder, reply.body);
      return HttpRespCallResp.createResp(builder, id, reply.status, headers, body);
    },
    reply.body?.length,
  );
}

export function questionFrame(question: Question): Frame {
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

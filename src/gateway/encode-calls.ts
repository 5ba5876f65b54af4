/** The frames APISIX sends. Each is valid until the next is built. */
import type { Builder, Offset } from "flatbuffers";
import type { ConfEntry } from "../protocol/calls.ts";
import { type Frame, FrameType } from "../protocol/frame.ts";
import { buildFrame, writeBytes, writeEntries } from "./frame-builder.ts";
import { Resp as ExtraInfoResp } from "../protocol/generated/a6/extra-info/resp.ts";
import { Req as HttpReqCallReq } from "../protocol/generated/a6/httpreq-call/req.ts";
import { Req as HttpRespCallReq } from "../protocol/generated/a6/httpresp-call/req.ts";
import { Method } from "../protocol/generated/a6/method.ts";
import { Req as PrepareConfReq } from "../protocol/generated/a6/prepare-conf/req.ts";
import type { WireEntry, WireText } from "../protocol/text-entries.ts";

/** A request as APISIX describes it to a runner. */
export interface GatewayRequest {
  /** 32 bits; 0 by default. */
  readonly id?: number | undefined;
  /** In capitals, one of those that the protocol knows. */
  readonly method: string;
  /** Percent-decoded, with a leading slash. */
  readonly path: WireText;
  /** Percent-decoded. A value of `undefined` is that of `?a`, which is not `?a=`. */
  readonly args?: readonly WireEntry[] | undefined;
  /** Names in lower case. */
  readonly headers?: readonly WireEntry[] | undefined;
  /** The client's address, 4 or 16 bytes in network order; 127.0.0.1 by default. */
  readonly sourceIp?: Uint8Array | undefined;
  /** What PrepareConf gave. */
  readonly confToken: number;
}

/** A response of the upstream as APISIX describes it to a runner. */
export interface GatewayResponse {
  /** 32 bits; 0 by default. */
  readonly id?: number | undefined;
  readonly status: number;
  /** Names as the upstream wrote them. */
  readonly headers?: readonly WireEntry[] | undefined;
  /** What PrepareConf gave. */
  readonly confToken: number;
}

/** The methods that the protocol has a number for. APISIX answers 500 to all others by itself. */
export const METHODS: readonly string[] = Object.keys(Method).filter((name) => !/^\d/.test(name));

/**
 * @param key names route, plugin and version; `undefined` as APISIX before 2.9 has it
 * @param conf `undefined` for a route whose plugin has no `conf`: then there is no vector
 */
export function prepareConfFrame(
  key: string | undefined,
  conf: readonly ConfEntry[] | undefined,
): Frame {
  return buildFrame(FrameType.PrepareConf, (builder) => {
    const confAt = writeEntries(builder, conf ?? [], PrepareConfReq.createConfVector);
    const keyAt = key === undefined ? 0 : builder.createString(key);
    return PrepareConfReq.createReq(builder, confAt, keyAt);
  });
}

/** @throws RangeError for a method that the protocol has no number for */
export function httpReqCallFrame(request: GatewayRequest): Frame {
  const method = methodNumber(request.method);
  return buildFrame(FrameType.HttpReqCall, (builder) => {
    const ip = writeBytes(builder, request.sourceIp ?? LOCALHOST);
    const path = builder.createString(request.path);
    const args = writeEntries(builder, request.args ?? [], HttpReqCallReq.createArgsVector);
    const headers = writeEntries(
      builder,
      request.headers ?? [],
      HttpReqCallReq.createHeadersVector,
    );
    const { id = 0, confToken } = request;
    return HttpReqCallReq.createReq(builder, id, ip, method, path, args, headers, confToken);
  });
}

export function httpRespCallFrame(response: GatewayResponse): Frame {
  return buildFrame(FrameType.HttpRespCall, (builder) => {
    const { id = 0, status, confToken } = response;
    const headers = writeEntries(
      builder,
      response.headers ?? [],
      HttpRespCallReq.createHeadersVector,
    );
    return HttpRespCallReq.createReq(builder, id, status, headers, confToken);
  });
}

/**
 * The answer to a question.
 *
 * @param result `undefined` where there is no such variable or body
 * @throws PayloadTooLargeError
 */
export function extraInfoFrame(result: Uint8Array | undefined): Frame {
  const root = (builder: Builder): Offset =>
    ExtraInfoResp.createResp(builder, writeBytes(builder, result));
  return buildFrame(FrameType.ExtraInfo, root, result?.length);
}

const LOCALHOST = Uint8Array.of(127, 0, 0, 1);

function methodNumber(name: string): Method {
  if (!METHODS.includes(name)) {
    throw new RangeError(
      `the method ${name} has no number in the protocol; it is one of ${METHODS.join(", ")}`,
    );
  }
  return Method[name as keyof typeof Method];
}

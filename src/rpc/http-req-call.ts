/** HTTPReqCall: a request through its chain; the reply is nothing, a rewrite or a stop. */
import { PluginRequest } from "../http/plugin-request.ts";
import type { Stop } from "../http/stop.ts";
import { hasNoContent, UNSEEN_BODY } from "../http/unseen-body.ts";
import { RequestCall } from "../plugin/call.ts";
import { decodeHttpReqCall } from "../protocol/calls.ts";
import { type Frame, FRAME_HEADER_BYTES, type LongFrame } from "../protocol/frame.ts";
import {
  ErrorCode,
  errorFrame,
  rewriteReply,
  stopReply,
  unchangedFrame,
} from "../protocol/replies.ts";
import { CallExtraInfo } from "./call-extra-info.ts";
import { keepChangedArgs } from "./changed-args.ts";
import type { Peer } from "./peer.ts";
import { confOf, handleInherited, mayBeInherited, type Replies, runCall } from "./run-call.ts";
import type { Runner } from "./runner.ts";

export function handleHttpReqCall(
  frame: Buffer,
  peer: Peer,
  runner: Runner,
  hasLooked = false,
): Promise<void> | undefined {
  const decoded = decodeHttpReqCall(frame, FRAME_HEADER_BYTES);
  if (!hasLooked && mayBeInherited(decoded, runner)) {
    return handleInherited(decoded, frame, peer, runner, handleHttpReqCall);
  }
  const conf = confOf(decoded, peer, runner, REPLIES.failure);
  if (conf === undefined) return undefined;
  const info = new CallExtraInfo(peer, runner.oldApisix);
  const call = new RequestCall(new PluginRequest(decoded, info), conf.route, info);
  return runCall(call, info, conf, peer, runner, REPLIES);
}

const REPLIES: Replies<RequestCall> = {
  prepare: (call, result, info) => (result === undefined ? keepChangedArgs(call, info) : undefined),
  of: (call, result) => (result === undefined ? passOn(call) : answer(call, result.stop)),
  failure: () => errorFrame(ErrorCode.SERVICE_UNAVAILABLE),
};

/** Only what changed. */
function passOn(call: RequestCall): Frame | LongFrame {
  const changes = call.request.changes();
  const added = call.addedHeaders;
  if (changes === undefined && added === undefined) return unchangedFrame(call.id);
  const responseHeaders = added?.toWire() ?? [];
  return rewriteReply(call.id, { headers: [], args: [], ...changes, responseHeaders });
}

/**
 * The stop's headers, and those that earlier plugins added where the stop does not set them itself. Without a body nginx would
 * take `etag` and `last-modified` from a 204 or 304.
 */
function answer(call: RequestCall, { status, headers: own, body: given }: Stop): Frame | LongFrame {
  const body = given ?? (hasNoContent(status) ? UNSEEN_BODY : undefined);
  const headers = own?.toWire() ?? [];
  const added = call.addedHeaders?.toWire((name) => own === undefined || !own.has(name));
  const all = added === undefined ? headers : [...headers, ...added];
  return stopReply(call.id, { status, headers: all, body });
}

/** HTTPRespCall: a response through its chain. The reply is always complete. */
import { ResponseHeaders } from "../http/response-headers.ts";
import type { Stop } from "../http/stop.ts";
import { hasNoContent, UNSEEN_BODY } from "../http/unseen-body.ts";
import { UpstreamResponse } from "../http/upstream-response.ts";
import { ResponseCall } from "../plugin/call.ts";
import { decodeHttpRespCall } from "../protocol/calls.ts";
import { type Frame, FRAME_HEADER_BYTES, type LongFrame, wholeFrame } from "../protocol/frame.ts";
import { responseReply } from "../protocol/replies.ts";
import { CallExtraInfo } from "./call-extra-info.ts";
import type { Peer } from "./peer.ts";
import { findWhetherPrinted } from "./printed-response.ts";
import { confOf, handleInherited, mayBeInherited, type Replies, runCall } from "./run-call.ts";
import type { Runner } from "./runner.ts";

export function handleHttpRespCall(
  frame: Buffer,
  peer: Peer,
  runner: Runner,
  hasLooked = false,
): Promise<void> | undefined {
  const decoded = decodeHttpRespCall(frame, FRAME_HEADER_BYTES);
  if (!hasLooked && mayBeInherited(decoded, runner)) {
    return handleInherited(decoded, frame, peer, runner, handleHttpRespCall);
  }
  const conf = confOf(decoded, peer, runner, REPLIES.failure);
  if (conf === undefined) return undefined;
  const info = new CallExtraInfo(peer, runner.oldApisix);
  const response = new UpstreamResponse(decoded, info, runner.decodedBodyLimit);
  const call = new ResponseCall(response, conf.route, info);
  return runCall(call, info, conf, peer, runner, REPLIES);
}

const PLAIN_TEXT = { name: "content-type", value: "text/plain; charset=utf-8" };

/** To a client it is no header at all: what is empty is not sent. */
const NO_TYPE = { name: "content-type", value: "" };

const REPLIES: Replies<ResponseCall> = {
  prepare: (call, result, info) =>
    result === undefined ? findWhetherPrinted(call.response, info) : undefined,

  of: (call, result) =>
    result === undefined
      ? responseReply(call.id, call.response.reply())
      : replacement(call.id, result.stop),

  /** An error frame would make APISIX publish the upstream's body, which a plugin may have had to hide. */
  failure: (id) =>
    responseReply(id, {
      status: 503,
      headers: [PLAIN_TEXT],
      body: Buffer.from("503 Service Unavailable\n"),
    }),
};

let cut: Frame | undefined;

/** What a call is answered with that nobody goes on with, whichever it is: APISIX does not look at the id of a reply. */
export function cutResponse(): Frame {
  return (cut ??= new Uint8Array(wholeFrame(REPLIES.failure(0))));
}

/**
 * A response of our own. It always has a header and a body: without the one APISIX would keep the
 * upstream's headers, without the other the upstream's body.
 */
function replacement(
  id: number,
  { status, headers = new ResponseHeaders(), body }: Stop,
): Frame | LongFrame {
  const fields = headers.toWire();
  const isContent = !hasNoContent(status);
  const lacksOne =
    fields.length === 0 || (isContent && body === undefined && !headers.has("content-type"));
  return responseReply(id, {
    status,
    headers: lacksOne ? [...fields, isContent ? PLAIN_TEXT : NO_TYPE] : fields,
    body: body ?? (isContent ? `${status}\n` : UNSEEN_BODY),
  });
}

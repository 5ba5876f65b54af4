/** Hands a frame to the handler of its type. */
import { FrameType } from "../protocol/frame.ts";
import { ErrorCode, errorFrame } from "../protocol/replies.ts";
import { MalformedPayloadError } from "../protocol/verify.ts";
import { handleHttpReqCall } from "./http-req-call.ts";
import { cutResponse, handleHttpRespCall } from "./http-resp-call.ts";
import type { Peer } from "./peer.ts";
import { handlePrepareConf } from "./prepare-conf.ts";
import type { Runner } from "./runner.ts";

/**
 * Answers one call. Whatever comes, one reply goes out; the handler may ask questions before.
 *
 * @returns a promise where the reply has to wait; it never rejects
 */
export function dispatch(frame: Buffer, peer: Peer, runner: Runner): Promise<void> | undefined {
  const type = frame[0]!;
  try {
    const pending = handle(type, frame, peer, runner);
    return pending?.catch((error: unknown) => refuse(error, type, peer, runner));
  } catch (error) {
    refuse(error, type, peer, runner);
    return undefined;
  }
}

function handle(
  type: number,
  frame: Buffer,
  peer: Peer,
  runner: Runner,
): Promise<void> | undefined {
  switch (type) {
    case FrameType.HttpReqCall:
      return handleHttpReqCall(frame, peer, runner);
    case FrameType.HttpRespCall:
      return handleHttpRespCall(frame, peer, runner);
    case FrameType.PrepareConf:
      return handlePrepareConf(frame, peer, runner);
    case FrameType.ExtraInfo:
      throw new MalformedPayloadError("an answer came to a question that nobody asked");
    default:
      throw new MalformedPayloadError(
        `a runner is called with frames of type 1 (PrepareConf), 2 (HTTPReqCall), 3 (ExtraInfo) and 4 (HTTPRespCall)`,
      );
  }
}

function refuse(error: unknown, type: number, peer: Peer, { log }: Runner): void {
  if (error instanceof MalformedPayloadError) {
    log.warn(`a frame of type ${type} was refused: ${error.summary}`);
    log.debug(`a frame of type ${type} was refused: ${error.message}`);
    peer.send(errorFrame(ErrorCode.BAD_REQUEST));
  } else {
    log.error(`a frame of type ${type} could not be handled`, { error });
    // On an error frame APISIX would publish the upstream's body.
    const isResponse = type === FrameType.HttpRespCall;
    peer.send(isResponse ? cutResponse() : errorFrame(ErrorCode.SERVICE_UNAVAILABLE));
  }
}

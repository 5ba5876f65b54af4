/**
 * A frame: one byte of type, three of payload length (big-endian), the payload.
 * The length field alone bounds a payload, so no frame can announce too much.
 */

export const FRAME_HEADER_BYTES = 4;

/** The largest payload the length field can state, in bytes: 16 MiB − 1. */
export const MAX_PAYLOAD_BYTES = 2 ** 24 - 1;

export const FrameType = {
  Error: 0,
  PrepareConf: 1,
  HttpReqCall: 2,
  ExtraInfo: 3,
  HttpRespCall: 4,
} as const;

/** A frame ready to be written: valid until the next one is built, so write it (or copy it) at once. */
export type Frame = Uint8Array;

/** A frame whose last part is a large body that stays where it is. */
export interface LongFrame {
  /** All that comes before the body: valid until the next frame is built. */
  readonly head: Frame;
  readonly body: Uint8Array;
  /** Nobody else has the body: it can be released when it is sent. */
  readonly isOwn: boolean;
}

/** The frame in one piece. */
export function wholeFrame(frame: Frame | LongFrame): Frame {
  return frame instanceof Uint8Array ? frame : Buffer.concat([frame.head, frame.body]);
}

/** Thrown where a payload would not fit into a frame. */
export class PayloadTooLargeError extends Error {
  override readonly name = "PayloadTooLargeError";

  /** @param size bytes of the payload that was to be sent */
  constructor(readonly size: number) {
    super(`a frame carries at most ${MAX_PAYLOAD_BYTES} bytes, this payload has ${size}`);
  }
}

/**
 * Writes a frame header in front of a payload.
 *
 * @throws PayloadTooLargeError when `length` does not fit into three bytes
 */
export function writeFrameHeader(bytes: Uint8Array, at: number, type: number, length: number) {
  if (length > MAX_PAYLOAD_BYTES) throw new PayloadTooLargeError(length);
  bytes[at] = type;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = (length >>> 8) & 0xff;
  bytes[at + 3] = length & 0xff;
}

/** What the header that begins at `at` says of its payload, in bytes. */
export function payloadLength(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** Whether these bytes are one frame, from its first to its last: most reads from a socket are. */
export function isOneFrame(chunk: Uint8Array): boolean {
  return (
    chunk.length >= FRAME_HEADER_BYTES &&
    chunk.length === FRAME_HEADER_BYTES + payloadLength(chunk, 0)
  );
}

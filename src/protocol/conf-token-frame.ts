/** The answer to PrepareConf. It is a file of its own for those who have no use for other replies, and no time. */
import { type Frame, FrameType } from "./frame.ts";

/** A `PrepareConf.Resp` with this token. */
export function confTokenFrame(token: number): Frame {
  const frame = new Uint8Array(24);
  frame[0] = FrameType.PrepareConf;
  // Bytes of the payload.
  frame[3] = 20;
  // Where in it the table stands.
  frame[4] = 12;
  // The vtable: its size, the table's, and where in that the only field stands.
  frame[8] = 6;
  frame[10] = 8;
  frame[12] = 4;
  // The table: its way back to the vtable, and the token.
  frame[16] = 8;
  frame[20] = token;
  frame[21] = token >>> 8;
  frame[22] = token >>> 16;
  frame[23] = token >>> 24;
  return frame;
}

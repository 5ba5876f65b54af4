/** The answer to PrepareConf. It is a file of its own for those who have no use for other replies, and no time. */
import type { Frame } from "./frame.ts";

/**
 * All but the token: header, offset of the table, the vtable (its size, the table's, where the only field stands), two bytes
 * in between, and the table's way back to the vtable.
 */
const BEFORE_TOKEN = [1, 0, 0, 20, 12, 0, 0, 0, 6, 0, 8, 0, 4, 0, 0, 0, 8, 0, 0, 0];

/** A `PrepareConf.Resp` with this token. */
export function confTokenFrame(token: number): Frame {
  const frame = new Uint8Array(BEFORE_TOKEN.length + 4);
  frame.set(BEFORE_TOKEN);
  const at = BEFORE_TOKEN.length;
  frame[at] = token;
  frame[at + 1] = token >>> 8;
  frame[at + 2] = token >>> 16;
  frame[at + 3] = token >>> 24;
  return frame;
}

/**
 * The memory of large frames and bodies, given back soon. The engine looks for garbage when 32 MB or more have
 * come up, however little is in use; and memory that is given back early is warm for the next body: to take and
 * fill 1 MB that the process has costs 20 µs, 1 MB that it has to get from the system 100 and more.
 */
import { edenGC, fullGC } from "bun:jsc";

/** Memory of this size and above is worth the care. */
const LARGE_BYTES = 64 * 1024;

/** So much may have been lent before what nobody uses any more is looked for. */
const GARBAGE_BYTES = 2 ** 21;

/** So much may have been lent before it is looked for among all that lives, not among the young alone. */
const OLD_GARBAGE_BYTES = 2 ** 25;

/** Bytes lent since the young, and since all, were looked at: whoever got them may keep them. */
let lent = 0;
let lentInAll = 0;

/** Memory that holds what came or goes in one call, and never anything else. */
const ofOneCall = new WeakSet<ArrayBufferLike>();

/** Of a string it says so if it may be large as bytes. */
export function isLarge(body: Uint8Array | string): boolean {
  return body.length >= LARGE_BYTES;
}

/**
 * Memory for what has come in: plugins may be lent it, and keep it. Not filled with zeroes first: write to
 * all of it before anybody reads it.
 */
export function allocateToLend(size: number): Buffer {
  return lend(Buffer.allocUnsafeSlow(size));
}

/** Says of bytes that all of their memory is for one call, which may lend it. */
export function lend(bytes: Buffer): Buffer {
  if (isLarge(bytes)) {
    lent += bytes.length;
    ofOneCall.add(bytes.buffer);
  }
  return bytes;
}

/** Whether all that is ever written to this memory belongs to one call: it need not be copied to be sent. */
export function isOfOneCall(bytes: Uint8Array): boolean {
  return ofOneCall.has(bytes.buffer);
}

/**
 * Collects garbage if there may be much of it: to be called before a call begins. To look at the young alone
 * takes 60 µs and more, and finds the bodies of calls that have begun and ended since the last time. In the middle of
 * a call it left a body behind each time, which only a look at all that lives found, in 1 ms and more.
 */
export function collectIfDue(): void {
  if (lent < GARBAGE_BYTES) return;
  lentInAll += lent;
  lent = 0;
  if (lentInAll < OLD_GARBAGE_BYTES) {
    edenGC();
  } else {
    lentInAll = 0;
    fullGC();
  }
}

/** A copy that nobody is lent, to be released. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** The text as UTF-8, which nobody is lent, to be released. */
export function ownBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** Gives back the memory of large bytes that nobody else has: there is nothing in them afterwards. */
export function release(bytes: Uint8Array): void {
  if (!isLarge(bytes)) return;
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) buffer.transfer(0);
}

/** The memory of large frames and bodies: whose it is, and where it comes from. */
import type { WarmMemory } from "../native/warm-memory.ts";
import { lentMemory } from "./lent-memory.ts";

/** Memory of this size and above is worth the care. */
const LARGE_BYTES = 64 * 1024;

/** ms without a large body after which the system gets back what was kept for the next. */
const KEEP_MS = 5000;

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
  return lend(allocate(size));
}

/** Says of bytes that all of their memory is for one call, which may lend it. */
export function lend(bytes: Buffer): Buffer {
  if (isLarge(bytes)) {
    ofOneCall.add(bytes.buffer);
    lentMemory.add(bytes.buffer);
  }
  return bytes;
}

/** Whether all that is ever written to this memory belongs to one call: it need not be copied to be sent. */
export function isOfOneCall(bytes: Uint8Array): boolean {
  return ofOneCall.has(bytes.buffer);
}

/** A copy that nobody is lent, to be released. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = allocate(bytes.length);
  copy.set(bytes);
  return copy;
}

/** The text as UTF-8, which nobody is lent, to be released. */
export function ownBytes(text: string): Buffer {
  const bytes = allocate(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** Gives back the memory of large bytes that nobody else has: there is nothing in them afterwards. */
export function release(bytes: Uint8Array): void {
  if (!isLarge(bytes)) return;
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) buffer.transfer(0);
}

/** Gives back to the system at once what is kept for the next large body. */
export function trimLargeMemory(): void {
  warm?.trim();
}

function allocate(size: number): Buffer {
  const memory = size < LARGE_BYTES ? undefined : warmMemory()?.allocate(size);
  return memory === undefined ? Buffer.allocUnsafeSlow(size) : Buffer.from(memory);
}

/** Null where there is none. */
let warm: WarmMemory | null | undefined;

/** `performance.now()` when some was last asked for. */
let warmAt = 0;

/** It will be given back. */
let isKept = false;

/** Comes in with the first large body. */
function warmMemory(): WarmMemory | null {
  if (warm === undefined) {
    const native: typeof import("../native/warm-memory.ts") = require("../native/warm-memory.ts");
    warm = native.openWarmMemory() ?? null;
  }
  if (warm === null) return null;
  warmAt = performance.now();
  if (!isKept) {
    isKept = true;
    setTimeout(giveBack, KEEP_MS, warm).unref();
  }
  return warm;
}

function giveBack(memory: WarmMemory): void {
  const left = warmAt + KEEP_MS - performance.now();
  if (left > 0) {
    setTimeout(giveBack, left, memory).unref();
    return;
  }
  isKept = false;
  lentMemory.collectAll();
  memory.trim();
}

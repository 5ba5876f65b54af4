/**
 * Replies that wait for the end of the event loop's turn, in memory that the watchdog's thread sees too: if
 * that end never comes, because a plugin does not yield, the thread sends them.
 */
import {
  HELD_AT,
  HELD_BYTES,
  HELD_BYTES_AT,
  HeldWord,
  MAX_HELD,
  MAX_HELD_BYTES,
} from "./layout.ts";
import { board } from "./board.ts";

/** Written by the thread that serves. */
export class HeldReplies {
  readonly #words = new Int32Array(board.memory, HELD_AT, HeldWord.replies + MAX_HELD * 2);
  /** The replies lie in it one after the other. */
  readonly memory = new Uint8Array(board.memory, HELD_BYTES_AT, HELD_BYTES);
  #count = 0;
  #end = 0;

  /** @returns false where there is no room, or the reply is so large that it should not be copied */
  add(descriptor: number, bytes: Uint8Array): boolean {
    const start = this.#end;
    const end = start + bytes.length;
    if (bytes.length > MAX_HELD_BYTES || end > HELD_BYTES || this.#count === MAX_HELD) return false;
    this.memory.set(bytes, start);
    const at = HeldWord.replies + this.#count * 2;
    this.#words[at] = descriptor;
    this.#words[at + 1] = end;
    this.#end = end;
    // Last, so that what the other thread counts is there.
    Atomics.store(this.#words, HeldWord.count, ++this.#count);
    return true;
  }

  /** Where the reply with this number, counted from 0, ends and the next one begins. */
  endOf(index: number): number {
    return this.#words[HeldWord.replies + index * 2 + 1]!;
  }

  /** They have been sent, or have no reader any more. */
  clear(): void {
    Atomics.store(this.#words, HeldWord.count, 0);
    this.#count = 0;
    this.#end = 0;
  }
}

/** A reply that the serving thread did not come to send. */
export interface HeldReply {
  readonly descriptor: number;
  readonly bytes: Uint8Array;
}

/** Read by the watchdog's thread, in the order in which they were due. */
export function heldReplies(memory: SharedArrayBuffer): HeldReply[] {
  const words = new Int32Array(memory, HELD_AT, HeldWord.replies + MAX_HELD * 2);
  const count = Atomics.load(words, HeldWord.count);
  let start = 0;
  return Array.from({ length: count }, (_, i) => {
    const at = HeldWord.replies + i * 2;
    const end = words[at + 1]!;
    const bytes = new Uint8Array(memory, HELD_BYTES_AT + start, end - start);
    start = end;
    return { descriptor: words[at]!, bytes };
  });
}

/**
 * Replies that fall due in one turn of the event loop leave together, at its end.
 *
 * A reply wakes its reader. Sent each for itself, the replies of a turn cost a switch to nginx and back
 * one by one; sent in a row they find it awake: at 32 connections an eighth less processor time a call here,
 * a third less in the client, and a third more calls a second.
 */
import { HeldReplies } from "../watchdog/held-replies.ts";

/**
 * A reply is held only if the one before it left within this time, in ms: where calls take longer, or come
 * one by one, there is nothing to be gained from waiting for the next.
 */
const HOLD_MS = 0.05;

/** One whose replies are held. */
export interface Replier {
  /** -1: none, and so nothing to gain. */
  readonly descriptor: number;
  /** Sends what was held for it: lent bytes of a larger memory, since to make a view of each costs as much as to hold it. */
  sendHeld(memory: Uint8Array, start: number, end: number): void;
}

class ReplyBatch {
  /** Where another thread finds them, should a plugin of the same turn never yield. */
  readonly #replies = new HeldReplies();
  readonly #repliers: Replier[] = [];
  readonly #flush = (): void => this.flush();
  /** `performance.now()` when the last reply was due. */
  dueAt = 0;

  /**
   * Takes the bytes, to send them at the end of the turn at the latest.
   *
   * @returns false where they are to be sent now: all that was held before has left by then
   */
  hold(replier: Replier, bytes: Uint8Array): boolean {
    const before = this.dueAt;
    this.dueAt = performance.now();
    const isWorthIt = this.dueAt - before < HOLD_MS && replier.descriptor >= 0;
    if (!isWorthIt || !this.#replies.add(replier.descriptor, bytes)) {
      this.flush();
      return false;
    }
    if (this.#repliers.push(replier) === 1) setImmediate(this.#flush);
    return true;
  }

  /** Sends all that is held. */
  flush(): void {
    const repliers = this.#repliers;
    if (repliers.length === 0) return;
    const replies = this.#replies;
    for (let i = 0, start = 0; i < repliers.length; i++) {
      const end = replies.endOf(i);
      repliers[i]!.sendHeld(replies.memory, start, end);
      start = end;
    }
    replies.clear();
    repliers.length = 0;
  }
}

/** One for the process: its calls share the event loop's turns. */
export const replyBatch = new ReplyBatch();

/**
 * Memory that calls were lent, collected soon after them: the engine itself looks for garbage when 32 MB or more have come
 * up, however little is in use.
 */
import { edenGC, fullGC } from "bun:jsc";

/** So much may have been lent before what nobody uses any more is looked for. */
const GARBAGE_BYTES = 2 ** 21;

/** So much, and half of what is in use, may have been left by looks at the young before all that lives is looked at. */
const OLD_GARBAGE_BYTES = 2 ** 21;

/** So much, and all of what is in use, where looks at all that lives would take more than their share of the time. */
const MUCH_OLD_GARBAGE_BYTES = 2 ** 24;

/** Of the time; each look at the young makes old what calls under way have, which would have the next look at all follow at once. */
const SHARE = 1 / 10;

/** So much may have been lent before all that lives is looked at anyway, for what was in use may not be any more. */
const ALL_BYTES = 2 ** 29;

/**
 * To look at the young alone takes 0.1 to 0.3 ms, and finds the memory of calls that have begun and ended since the last
 * time. What a call under way has is old from then on, and found by a look at all that lives only, in 3 ms.
 */
class LentMemory {
  /** What was found in use, and what was lent since. */
  #refs: WeakRef<ArrayBufferLike>[] = [];
  /** Bytes lent since. */
  #lent = 0;
  /** Bytes lent since the last look at all that lives, but for {@link #lent}. */
  #lentBefore = 0;
  /** Bytes in use after the last look at all that lives; undefined: they have not been counted. */
  #inUse: number | undefined = 0;
  #isDue = false;
  /** `performance.now()` when all that lives may be looked at again without taking more than its share of the time. */
  #restsUntil = 0;

  /** Whoever gets it may keep it. */
  add(memory: ArrayBufferLike): void {
    this.#lent += memory.byteLength;
    this.#refs.push(new WeakRef(memory));
  }

  /**
   * To be called when a call has ended: collects if there may be much. It does so later, from the event loop itself, since what
   * calls have left on the stack would keep their memory, and make it old.
   */
  collectSoon(): void {
    if (this.#lent < GARBAGE_BYTES || this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#collectYoung());
  }

  collectAll(): void {
    const begun = performance.now();
    fullGC();
    const now = performance.now();
    this.#restsUntil = now + (now - begun) * (1 / SHARE - 1);
    this.#lentBefore = 0;
    this.#inUse = undefined;
  }

  #collectYoung(): void {
    this.#isDue = false;
    this.#lentBefore += this.#lent;
    this.#lent = 0;
    edenGC();
    const left = this.#count();
    this.#inUse ??= left;
    const isMuch = left - this.#inUse > this.#mayLie(this.#inUse) || this.#lentBefore > ALL_BYTES;
    // Later, too: what has been looked at is kept until this turn is over.
    if (isMuch) setImmediate(() => this.collectAll());
  }

  /** @returns bytes that may have been left by looks at the young */
  #mayLie(inUse: number): number {
    return performance.now() < this.#restsUntil
      ? Math.max(MUCH_OLD_GARBAGE_BYTES, inUse)
      : Math.max(OLD_GARBAGE_BYTES, inUse / 2);
  }

  /** @returns bytes that are in use, or not yet found not to be */
  #count(): number {
    let bytes = 0;
    this.#refs = this.#refs.filter((ref) => {
      const memory = ref.deref();
      bytes += memory?.byteLength ?? 0;
      return memory !== undefined;
    });
    return bytes;
  }
}

/** One for the process, as there is one heap. */
export const lentMemory = new LentMemory();

/** How long to wait before a worker that has ended is started again. */

/** A worker that dies again and again must not keep a processor busy with its starts. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** What has lived for so long begins anew, ms. */
const SOUND_AFTER_MS = 60_000;

/** One worker's ends, and what they have cost it. */
export class Pauses {
  /** Ends in a row, each after a short life. */
  #ends = 0;

  /** How many times in a row it has ended soon. */
  get ends(): number {
    return this.#ends;
  }

  /**
   * It has ended.
   *
   * @param lived ms
   * @returns ms to wait: none the first time, then longer each time
   */
  next(lived: number): number {
    this.#ends = lived >= SOUND_AFTER_MS ? 1 : this.#ends + 1;
    if (this.#ends === 1) return 0;
    return Math.min(FIRST_PAUSE_MS * 2 ** (this.#ends - 2), LONGEST_PAUSE_MS);
  }
}

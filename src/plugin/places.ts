/** So many calls at once in one plugin; the others wait in order. */

/** How many may wait before further calls are turned away. */
const MAX_WAITING = 1000;

/** Thrown for a call that finds too many waiting. */
export class TooManyCallsError extends Error {
  override readonly name = "TooManyCallsError";
}

/** Gives the place back; to call it again does nothing. */
export type Leave = () => void;

export class Places {
  #taken = 0;
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>();

  constructor(private readonly limit: number) {}

  /**
   * A place: at once, or when one is free.
   *
   * @param onGone gets what to call when the place is not wanted any more; then the promise never settles
   * @throws TooManyCallsError
   */
  enter(onGone: (gone: () => void) => void): Leave | Promise<Leave> {
    if (this.#taken < this.limit) return this.#take();
    if (this.#waiting.size >= MAX_WAITING) {
      throw new TooManyCallsError(
        `${this.limit} calls are in the plugin and ${MAX_WAITING} wait for one of them to end; raise the plugin's concurrency`,
      );
    }
    return new Promise((resolve) => {
      const next = (): void => resolve(this.#take());
      this.#waiting.add(next);
      onGone(() => this.#waiting.delete(next));
    });
  }

  #take(): Leave {
    this.#taken++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#taken--;
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      next();
    };
  }
}

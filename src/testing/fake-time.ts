/** Time that stands still until a test moves it. */
import { install } from "@sinonjs/fake-timers";

export interface FakeTime extends Disposable {
  /** ms since 1970, as `Date.now()` says. */
  readonly now: number;
  /** How many timers are set. */
  readonly timers: number;
  /**
   * Moves time on and runs each timer at its time, with all that it starts and all that goes on behind promises.
   *
   * @param ms 0: only lets go on what waits for no time to pass
   */
  advance(ms: number): Promise<void>;
  /** Gives the real time back; timers that are still set never run. `using` calls it. */
  [Symbol.dispose](): void;
}

/**
 * Stops `Date`, `performance.now()`, `setTimeout` and `setInterval`, and with them the deadlines of hooks. What it does not
 * reach: `Bun.sleep`, `AbortSignal.timeout`, the network, and what runs on timers that were set before.
 * One at a time; tests of a file that run at once share it.
 *
 * @param start what time it is; default now
 * @example
 * ```ts
 * using time = fakeTime();
 * const call = plugin.request("/slow");
 * await time.advance(5000);
 * expect((await call).action).toBe("error");
 * ```
 */
export function fakeTime(start: Date | number = Date.now()): FakeTime {
  const clock = install({
    now: start,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
  return {
    get now() {
      return clock.now;
    },
    get timers() {
      return clock.countTimers();
    },
    async advance(ms) {
      await clock.tickAsync(ms);
    },
    [Symbol.dispose]: () => clock.uninstall(),
  };
}

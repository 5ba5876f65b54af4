/** How late timers fire: for so long a call that came in would have waited, too. */
import { Histogram, type HistogramFigures } from "./histogram.ts";

const PERIOD_MS = 250;

export class EventLoopLag implements Disposable {
  readonly #lags = new Histogram();
  readonly #timer: Timer;

  constructor() {
    let due = performance.now() + PERIOD_MS;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#lags.add(Math.max(0, now - due));
      due = now + PERIOD_MS;
    }, PERIOD_MS).unref();
  }

  figures(): HistogramFigures {
    return this.#lags.figures();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

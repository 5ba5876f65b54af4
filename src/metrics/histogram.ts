/** Durations, counted by how long they were: plain numbers, since every call adds to them. */

/** Upper bounds in seconds. A synchronous hook takes microseconds, and APISIX waits for a minute at most. */
export const BOUNDS: readonly number[] = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
  0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

const BOUNDS_MS = Float64Array.from(BOUNDS, (seconds) => seconds * 1000);

/** What a histogram holds, as JSON. */
export interface HistogramFigures {
  /** How many fell between a bound and the one before; one more than there are bounds, for those above all. */
  readonly counts: readonly number[];
  /** Of all durations, in seconds. */
  readonly sum: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;

  /** From below: most are short. */
  add(ms: number): void {
    let i = 0;
    while (i < BOUNDS_MS.length && ms > BOUNDS_MS[i]!) i++;
    this.#counts[i]!++;
    this.#sumMs += ms;
  }

  figures(): HistogramFigures {
    return { counts: [...this.#counts], sum: this.#sumMs / 1000 };
  }
}

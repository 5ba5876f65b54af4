/** The arithmetic of the bench: medians, quantiles, ratios of rounds. */

/** What several rounds say of one figure. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** @throws RangeError where there are no values */
export function spread(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { median: quantile(sorted, 0.5), low: sorted[0]!, high: sorted.at(-1)! };
}

export function median(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

/**
 * The value below which a share of the sorted values lies, between two of them where it falls there.
 *
 * @throws RangeError where there are no values, or one is no number
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new RangeError("nothing was measured");
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  const value = below + (above - below) * (at - Math.floor(at));
  if (Number.isNaN(value)) throw new RangeError("a measurement is no number");
  return value;
}

/**
 * Round by round, so that a machine that was slow for a while was slow for both.
 *
 * @throws RangeError where the two have not the same rounds, or one divides by zero
 */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  if (of.length !== to.length) {
    throw new RangeError(`${of.length} rounds cannot be compared with ${to.length}`);
  }
  return of.map((value, round) => {
    const divisor = to[round]!;
    if (!(divisor > 0)) {
      throw new RangeError(`round ${round + 1} measured ${divisor}; let the rounds take longer`);
    }
    return value / divisor;
  });
}

/** A point of a line: how much work, and what it cost. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * How much steeper the line's upper half is than its lower: 1 is straight, and n² over n = 1 … 64 is 3.
 *
 * @param points at least three, by rising x
 * @returns undefined where the lower half does not rise
 */
export function bend(points: readonly Point[]): number | undefined {
  if (points.length < 3) throw new RangeError(`${points.length} points make no two halves`);
  const first = points[0]!;
  const last = points.at(-1)!;
  const half = (first.x + last.x) / 2;
  const inside = points.slice(1, -1);
  const middle = inside.reduce((best, point) =>
    Math.abs(point.x - half) < Math.abs(best.x - half) ? point : best,
  );
  const lower = slope(first, middle);
  return lower > 0 ? slope(middle, last) / lower : undefined;
}

function slope(from: Point, to: Point): number {
  return (to.y - from.y) / (to.x - from.x);
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

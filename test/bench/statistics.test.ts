import { describe, expect, test } from "bun:test";
import { bend, median, quantile, ratios, spread } from "../../scripts/bench/statistics.ts";

describe("quantiles", () => {
  test("of the numbers to 100", () => {
    const sorted = Array.from({ length: 101 }, (_, i) => i);
    expect([0, 0.5, 0.99, 1].map((share) => quantile(sorted, share))).toEqual([0, 50, 99, 100]);
  });

  test("between two values, as far as the share says", () => {
    expect(quantile([10, 20], 0.25)).toBe(12.5);
  });

  test("of one value", () => {
    expect([0, 0.5, 0.99, 1].map((share) => quantile([7], share))).toEqual([7, 7, 7, 7]);
  });

  test("of nothing are an error", () => {
    expect(() => quantile([], 0.5)).toThrow("nothing was measured");
    expect(() => spread([])).toThrow("nothing was measured");
  });

  test("a measurement that is no number is not passed on", () => {
    expect(() => quantile([1, Number.NaN], 0.9)).toThrow("no number");
  });
});

test("rounds are sorted as numbers, and stay as they were", () => {
  const rounds = [10, 9, 100];
  expect(spread(rounds)).toEqual({ median: 10, low: 9, high: 100 });
  expect(rounds).toEqual([10, 9, 100]);
});

test("the median of two lies between them", () => {
  expect(median([4, 1])).toBe(2.5);
});

describe("ratios", () => {
  test("are those of each round, not of the medians", () => {
    // The machine was slow in the second round, for both.
    expect(ratios([2, 20, 4], [1, 10, 2])).toEqual([2, 2, 2]);
  });

  test("need the same rounds of both", () => {
    expect(() => ratios([1, 2], [1])).toThrow("2 rounds");
  });

  test.each([0, Number.NaN, -1])("to %p are an error that names the round", (divisor) => {
    expect(() => ratios([1, 1], [1, divisor])).toThrow("round 2");
  });
});

describe("the bend of a line", () => {
  const xs = [1, 8, 16, 32, 48, 64];
  const line = (y: (x: number) => number) => xs.map((x) => ({ x, y: y(x) }));

  test("is 1 for a straight one, wherever it starts", () => {
    expect(bend(line((x) => 3 * x + 100))).toBeCloseTo(1);
  });

  test("is near 3 for a square", () => {
    expect(bend(line((x) => x * x))).toBeCloseTo(2.91, 2);
  });

  test("is below 1 where the cost levels off", () => {
    expect(bend(line(Math.sqrt))).toBeLessThan(1);
  });

  test("is nothing where the line does not rise", () => {
    expect(bend(line(() => 5))).toBeUndefined();
  });

  test("needs a point between the ends", () => {
    expect(() => bend(line((x) => x).slice(0, 2))).toThrow("2 points");
  });
});

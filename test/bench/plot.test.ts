import { expect, test } from "bun:test";
import { plot } from "../../scripts/bench/plot.ts";

/** Below it lies the drawing, above it the title. */
const TOP = 50;

const svg = plot({
  id: "headers",
  title: "Headers",
  work: "headers",
  cost: "µs a call",
  lines: [
    {
      name: "runner",
      points: [
        { x: 1, low: 9, median: 10, high: 150 },
        { x: 64, low: 30, median: 40, high: 50 },
      ],
    },
  ],
});

test("bars from the lowest to the highest round stay inside the drawing", () => {
  const bars = [...svg.matchAll(/<path d="M(\S+) (\S+)L(\S+) (\S+)"[^>]*stroke-width="1.5"/g)];
  expect(bars).toHaveLength(2);
  for (const [, x1, low, x2, high] of bars) {
    expect(x2).toBe(x1!);
    expect(Number(high)).toBeGreaterThanOrEqual(TOP);
    expect(Number(low)).toBeGreaterThan(Number(high));
  }
});

test("what is drawn has its title, its axes and its line", () => {
  for (const text of ["Headers", "headers", "µs a call"]) expect(svg).toContain(`>${text}<`);
  expect(svg).toStartWith("<svg");
});

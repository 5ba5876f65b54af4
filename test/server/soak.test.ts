/** Memory and descriptors under load, in short: `bun run soak` does the same for half an hour. */
import { describe, expect, test } from "bun:test";
import { soak } from "../../scripts/soak/run.ts";
import type { Sample, SoakResult } from "../../scripts/soak/run.ts";
import { verdictOf } from "../../scripts/soak/verdict.ts";
import { executable } from "../support/executable.ts";

const MEGABYTE = 1_000_000;

test("calls of all kinds, connections, confs and reloads leave no descriptor open and no memory behind", async () => {
  const result = await soak({
    executable,
    time: 10_000,
    sampleEvery: 100,
    reloadEvery: 1_000,
    clients: 8,
  });
  expect(result.calls).toBeGreaterThan(1_000);
  expect(result.reloads).toBeGreaterThan(0);
  expect(result.examples).toEqual([]);
  expect(result.descriptors.after).toBeLessThanOrEqual(result.descriptors.before);
  // Too short for "flat": the heap still finds its size. A reply of 1 MB kept of each hundredth call would be more.
  const { warm, end } = verdictOf(result);
  expect(end - warm).toBeLessThan(100 * MEGABYTE);
}, 60_000);

describe("the verdict", () => {
  const result = (resident: (i: number) => number, changes: Partial<SoakResult> = {}) => {
    const samples = Array.from({ length: 100 }, (_, i): Sample => {
      const residentBytes = resident(i) * MEGABYTE;
      return { at: i, residentBytes, descriptors: 10, threads: 5, calls: i };
    });
    const counts = { calls: 1, connections: 1, confs: 1, reloads: 1, wrong: 0, examples: [] };
    return { samples, ...counts, descriptors: { before: 8, after: 8 }, ...changes };
  };

  test("is good for memory that rises at first, and has peaks", () => {
    const { problems, warm, end } = verdictOf(
      result((i) => Math.min(i * 5, 100) + (i % 7 ? 0 : 80)),
    );
    expect([problems, warm, end]).toEqual([[], 100 * MEGABYTE, 100 * MEGABYTE]);
  });

  test.each<[string, SoakResult, string]>([
    [
      "memory that goes on to rise",
      result((i) => 100 + i / 3),
      "resident memory grew from 112.3 MB to 129.0 MB",
    ],
    [
      "a descriptor that stays",
      result(() => 100, { descriptors: { before: 8, after: 9 } }),
      "9 descriptors are open, 8 were before the first client",
    ],
    [
      "a call that goes wrong",
      result(() => 100, { wrong: 2, examples: ["/stop: {}"] }),
      "2 calls went wrong: /stop: {}",
    ],
  ])("is bad for %s", (_what, bad, problem) => {
    expect(verdictOf(bad).problems).toEqual([problem]);
  });
});

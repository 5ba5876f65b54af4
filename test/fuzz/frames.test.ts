/** Mutated frames through the runner: more of the same, from other seeds, is `bun run fuzz`. */
import { expect, test } from "bun:test";
import { FuzzedExecutable } from "../../scripts/fuzz/executable.ts";
import { fuzzOverSocket } from "../../scripts/fuzz/over-socket.ts";
import { minimise } from "../../scripts/fuzz/minimise.ts";
import { failsWith, type FoundFailure, fuzz } from "../../scripts/fuzz/run.ts";
import { executable } from "../support/executable.ts";

/** ms; what is found has to be made small within them as well. */
const ENOUGH = 180_000;

test.each([1, 2])(
  "100 000 frames in this process, seed %d: each answered as it must be, nothing kept",
  async (seed) => {
    const warm = await fuzz({ seed, frames: 20_000 });
    const before = heap();
    const { failure, frames } = await fuzz({ seed, frames: 80_000, from: warm.cases });
    expect(await shown(failure ?? warm.failure)).toBeUndefined();
    expect(frames).toBeGreaterThanOrEqual(80_000);
    // 150 bytes kept of each of these 16 000 connections would be more.
    expect(heap() - before).toBeLessThan(2_500_000);
  },
  ENOUGH,
);

test(
  "10 000 frames through the executable: each answered as it must be, nothing left open",
  async () => {
    await using runner = await FuzzedExecutable.start(executable);
    await fuzzOverSocket({ socket: runner.socket, seed: 1, frames: 100 });
    const { descriptors } = runner;
    expect(
      await fuzzOverSocket({ socket: runner.socket, seed: 3, frames: 10_000 }),
    ).toBeGreaterThan(0);
    // A runner that has just begun opens some of its own; hundreds of connections have come and gone.
    while (runner.descriptors > descriptors + 20) await new Promise(setImmediate);
    await runner.stop();
    const log = await runner.log;
    expect(log).not.toContain("could not be handled");
    expect(log).not.toContain("that nothing caught");
    expect(log).not.toContain("a connection failed");
  },
  ENOUGH,
);

function heap(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

/** A failure as a maintainer wants to read it: which case, what was wrong, and its bytes. */
async function shown(failure: FoundFailure | undefined): Promise<object | undefined> {
  if (failure === undefined) return undefined;
  const { frames } = await minimise(failure.fuzzCase, failsWith);
  return {
    case: failure.index,
    error: String(failure.error),
    frames: frames.map((frame) => frame.toString("hex")),
  };
}

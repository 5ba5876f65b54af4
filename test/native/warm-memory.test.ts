import { expect, test } from "bun:test";
import { fullGC } from "bun:jsc";
import { openWarmMemory } from "../../src/native/warm-memory.ts";

const MEGABYTE = 2 ** 20;

const memory = process.platform === "linux" ? openWarmMemory() : undefined;
const reason = memory === undefined ? " (skipped: no C library with such a heap here)" : "";

/** All of it belongs to the process then. */
function filled(size: number): Uint8Array {
  return new Uint8Array(memory!.allocate(size)!).fill(7);
}

test.skipIf(memory === undefined)(`has as many bytes as were asked for${reason}`, () => {
  const bytes = filled(3 * MEGABYTE + 1);
  expect(bytes.length).toBe(3 * MEGABYTE + 1);
  expect(bytes.every((byte) => byte === 7)).toBe(true);
});

test.skipIf(memory === undefined)(`blocks do not share bytes${reason}`, () => {
  const blocks = Array.from({ length: 20 }, (_, i) => filled(MEGABYTE / 4).fill(i));
  for (const [i, block] of blocks.entries()) expect(block.every((byte) => byte === i)).toBe(true);
});

test.skipIf(memory === undefined)(`what is transferred away is free at once${reason}`, () => {
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 200; i++) {
    const { buffer } = filled(4 * MEGABYTE);
    (buffer as ArrayBuffer).transfer(0);
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MEGABYTE);
});

test.skipIf(memory === undefined)(
  `what nobody has any more goes back to the system when it is trimmed${reason}`,
  async () => {
    let blocks: Uint8Array[] | undefined = Array.from({ length: 100 }, () => filled(4 * MEGABYTE));
    const used = process.memoryUsage.rss();
    expect(blocks).toHaveLength(100);
    blocks = undefined;
    await new Promise(setImmediate);
    fullGC();
    memory!.trim();
    expect(used - process.memoryUsage.rss()).toBeGreaterThan(300 * MEGABYTE);
  },
);

test.skipIf(memory === undefined)(`there is no more than there is${reason}`, () => {
  expect(memory!.allocate(2 ** 46)).toBeUndefined();
});

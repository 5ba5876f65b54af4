import { expect, test } from "bun:test";
import { lentMemory } from "../../src/protocol/lent-memory.ts";

const MEGABYTE = 2 ** 20;

/** As the memory of calls that have ended: nobody has it any more. */
function lend(count: number): WeakRef<ArrayBuffer>[] {
  return Array.from({ length: count }, () => {
    const memory = new ArrayBuffer(MEGABYTE);
    lentMemory.add(memory);
    return new WeakRef(memory);
  });
}

/** Collections take place in a turn of their own, and the large ones in the one after. */
async function turns(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise(setImmediate);
}

async function alive(refs: readonly WeakRef<ArrayBuffer>[]): Promise<number> {
  await turns();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

test("what nobody has any more is found after the call", async () => {
  const refs = lend(20);
  lentMemory.collectSoon();
  expect(await alive(refs)).toBeLessThan(5);
});

test("a little of it may lie", async () => {
  await turns();
  const refs = lend(1);
  lentMemory.collectSoon();
  expect(await alive(refs)).toBe(1);
});

/** Calls that keep nothing. */
async function passing(megabytes: number): Promise<void> {
  for (let i = 0; i < megabytes; i += 4) {
    lend(4);
    lentMemory.collectSoon();
    await turns();
  }
}

test("what somebody keeps stays, and is found when it is let go, old as it is", async () => {
  const kept = new Set<ArrayBuffer>();
  const refs = lend(40);
  for (const ref of refs) kept.add(ref.deref()!);
  await passing(20);
  expect(await alive(refs)).toBe(40);
  kept.clear();
  await passing(600);
  expect(await alive(refs)).toBeLessThan(5);
});

test("what calls under way at a look leave behind never comes to much", async () => {
  lentMemory.collectAll();
  const refs: WeakRef<ArrayBuffer>[] = [];
  for (let round = 0; round < 20; round++) {
    const underWay = new Set(lend(4).map((ref) => ref.deref()!));
    refs.push(...[...underWay].map((memory) => new WeakRef(memory)));
    lentMemory.collectSoon();
    await turns();
    underWay.clear();
    expect(await alive(refs)).toBeLessThan(30);
  }
});

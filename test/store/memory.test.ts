/** What the engine `memory` alone does: it has a limit. */
import { describe, expect, test } from "bun:test";
import { MemoryEntries } from "../../src/store/engines/memory.ts";
import { openStores } from "./rigs.ts";

describe("the limit", () => {
  const limits = { timeout: 200, memory: 100_000 };

  test("what was not used for longest goes, and one warning says so", async () => {
    const messages: string[] = [];
    const stores = openStores("memory", limits, messages);
    const store = stores.for("plugin");
    await store.set("old", 1);
    await store.set("used", 1);
    await store.set("read", 1);
    for (let i = 0; i < 5000; i++) {
      await store.set(`key-${i}`, i);
      await store.increment("used");
      await store.get("read");
    }
    expect(await store.get("old")).toBeUndefined();
    expect(await store.get<number>("used")).toBe(5001);
    expect(await store.get<number>("read")).toBe(1);
    expect(await store.get<number>("key-4999")).toBe(4999);
    expect(await store.get("key-0")).toBeUndefined();
    expect(messages).toEqual([
      "warn the store in memory is full (100000 bytes): the entries that were not used for longest go; raise store.memory",
    ]);
  });

  test("long values count by their length", async () => {
    const store = openStores("memory", limits).for("plugin");
    await store.set("a", "x".repeat(60_000));
    await store.set("b", "x".repeat(60_000));
    expect(await store.get("a")).toBeUndefined();
    expect(await store.get<string>("b")).toHaveLength(60_000);
    await store.set("b", "short");
    await store.set("c", "x".repeat(60_000));
    expect(await store.get<string>("b")).toBe("short");
  });

  test("can change", async () => {
    const stores = openStores("memory", limits);
    const store = stores.for("plugin");
    await store.set("a", "x".repeat(60_000));
    stores.configure({ timeout: 200, memory: 200_000 });
    await store.set("b", "x".repeat(60_000));
    expect(await store.get<string>("a")).toHaveLength(60_000);
  });
});

test("entries whose time is up go, though nobody asks for them", () => {
  const entries = new MemoryEntries({ limit: () => 2 ** 30 });
  for (let i = 0; i < 1000; i++) entries.write(`old-${i}`, { value: "1", expiresAt: Date.now() });
  for (let i = 0; i < 1000; i++) entries.write(`new-${i}`, { value: "1", expiresAt: undefined });
  expect(entries.size).toBe(1000);
});

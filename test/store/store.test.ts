/** What holds for every engine. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store, StoreValue } from "../../src/store/store.ts";
import { StoreValueError } from "../../src/store/errors.ts";
import { engines, type Rig } from "./rigs.ts";

describe.each(engines.map((engine) => [title(engine), engine] as const))("%s", (_title, engine) => {
  let rig: Rig;
  let count = 0;
  beforeAll(async () => {
    if (engine.skip === undefined) rig = await engine.open();
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  /** Keys that no other test has. */
  const fresh = (): Store => rig.stores.for(`plugin-${count++}`);
  const it = test.skipIf(engine.skip !== undefined);

  describe("values", () => {
    const values: readonly StoreValue[] = [
      "",
      "text",
      "\ud800 half, \u0000 nul, 😀",
      0,
      -1.5,
      0.1 + 0.2,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      2 ** 53 + 2,
      true,
      false,
      null,
      [],
      [1, [null, "x"]],
      {},
      { b: { c: [1] }, a: "x", ["__proto__"]: 1, "": 2 },
    ];

    it.each(values.map((value) => [JSON.stringify(value), value]))("%s", async (_text, value) => {
      const store = fresh();
      await store.set("key", value);
      expect(await store.get("key")).toEqual(value);
    });

    it("none", async () => {
      expect(await fresh().get("key")).toBeUndefined();
    });

    it("each get gives a copy", async () => {
      const store = fresh();
      await store.set("key", { list: [1] });
      const first = await store.get<{ list: number[] }>("key");
      first?.list.push(2);
      expect(await store.get<object>("key")).toEqual({ list: [1] });
    });

    it("what is undefined in an object is left out, and -0 is 0", async () => {
      const store = fresh();
      await store.set("key", { a: undefined, b: -0 } as { b: number });
      expect(await store.get<object>("key")).toStrictEqual({ b: 0 });
    });

    it("a value of 1 MiB", async () => {
      const store = fresh();
      const text = "x".repeat(2 ** 20 - 2);
      await store.set("key", text);
      expect(await store.get<string>("key")).toBe(text);
      const longer = store.set("key", `${text}x`);
      await expect(longer).rejects.toThrow("value takes 1048577 bytes as JSON; allowed: up to");
    });

    it("64 levels of arrays and objects, and no more", async () => {
      const store = fresh();
      const nested = (levels: number): StoreValue =>
        levels === 0 ? [] : { a: nested(levels - 1) };
      await store.set("key", nested(63));
      expect(await store.get("key")).toEqual(nested(63));
      await expect(store.set("key", nested(64))).rejects.toThrow("nested more than 64 deep");
    });

    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const refused: readonly (readonly [string, unknown])[] = [
      ["value is undefined", undefined],
      ["value is NaN", Number.NaN],
      ["value.a is Infinity", { a: Infinity }],
      ["value is a bigint", 1n],
      ["value[1] is undefined", [1, undefined]],
      ["value[0] is undefined", Array(1)],
      ["value.a.b is a function", { a: { b: () => {} } }],
      ["value is a Date", new Date()],
      ["value.at is a Map", { at: new Map() }],
      ["is nested more than 64 deep, or contains itself", cyclic],
    ];
    it.each(refused)("%s", async (message, value) => {
      const set = fresh().set("key", value as string);
      await expect(set).rejects.toThrow(message);
      await expect(set).rejects.toBeInstanceOf(StoreValueError);
    });
  });

  describe("keys", () => {
    it.each(["a", "a:b/c%", "ä😀\u0000\n", "x".repeat(16_384)])("%p", async (key) => {
      const store = fresh();
      await store.set(key, key);
      expect(await store.get<string>(key)).toBe(key);
    });

    it.each([
      ["", "key has 0 bytes"],
      ["ä".repeat(8193), "key has 16386 bytes"],
      ["\ud800", "half of a surrogate pair"],
      [7 as unknown as string, "key is 7"],
    ])("%p is refused", async (key, message) => {
      await expect(fresh().get(key)).rejects.toThrow(message);
    });

    it("of plugins and scopes are apart", async () => {
      const { stores } = rig;
      const all = [
        stores.for("a"),
        stores.for("b"),
        stores.for("a").scope("b"),
        stores.for("a").scope("b").scope("c"),
        stores.for("a").scope("b/c"),
        stores.for("a").scope("b:c"),
        stores.for("a").scope("%2F"),
        stores.for("a").scope("/"),
      ];
      const keys = ["k", "b:k", "b/c:k", ":k", "/k"];
      for (const [i, store] of all.entries()) {
        for (const key of keys) await store.set(key, `${i} ${key}`);
      }
      for (const [i, store] of all.entries()) {
        for (const key of keys) expect(await store.get<string>(key)).toBe(`${i} ${key}`);
      }
    });

    it("a scope of the same name is the same", async () => {
      const name = "route#1";
      const store = fresh();
      await store.scope(name).set("key", 1);
      expect(await store.scope(name).get<number>("key")).toBe(1);
      expect(() => store.scope("")).toThrow(StoreValueError);
    });
  });

  describe("time to live", () => {
    it("a value goes when it is over, and not before", async () => {
      const store = fresh();
      using clock = rig.clock();
      await store.set("short", 1, { ttl: rig.short });
      await store.set("long", 1, { ttl: 60_000 });
      expect(await store.get<number>("short")).toBe(1);
      await clock.pass(rig.short);
      expect(await store.get("short")).toBeUndefined();
      expect(await store.delete("short")).toBe(false);
      expect(await store.get<number>("long")).toBe(1);
    });

    it("set without ttl is for good, whatever was there", async () => {
      const store = fresh();
      using clock = rig.clock();
      await store.set("key", 1, { ttl: rig.short });
      await store.set("key", 2);
      await clock.pass(rig.short);
      expect(await store.get<number>("key")).toBe(2);
    });

    it.each([0, -1, Number.NaN, 1e13, "1s" as unknown as number])("%p is refused", async (ttl) => {
      await expect(fresh().set("key", 1, { ttl })).rejects.toThrow("ttl is ");
      await expect(fresh().increment("key", 1, { ttl })).rejects.toThrow("ttl is ");
    });
  });

  it("delete tells whether there was a value", async () => {
    const store = fresh();
    await store.set("key", null);
    expect(await store.delete("key")).toBe(true);
    expect(await store.get("key")).toBeUndefined();
    expect(await store.delete("key")).toBe(false);
  });

  describe("increment", () => {
    it("counts from 0, up and down", async () => {
      const store = fresh();
      expect(await store.increment("key")).toEqual({ value: 1, expiresIn: undefined });
      expect(await store.increment("key", 41)).toEqual({ value: 42, expiresIn: undefined });
      expect(await store.increment("key", -50)).toEqual({ value: -8, expiresIn: undefined });
      expect(await store.increment("key", 0)).toEqual({ value: -8, expiresIn: undefined });
      expect(await store.get<number>("key")).toBe(-8);
    });

    it("goes on from what was set", async () => {
      const store = fresh();
      await store.set("key", 5);
      expect((await store.increment("key")).value).toBe(6);
    });

    it("its ttl counts from the beginning", async () => {
      const store = fresh();
      using clock = rig.clock();
      const first = await store.increment("key", 1, { ttl: rig.short });
      expect(first).toEqual({ value: 1, expiresIn: rig.short });
      await clock.pass(20);
      const { value, expiresIn = 0 } = await store.increment("key", 1, { ttl: rig.short });
      expect(value).toBe(2);
      expect(expiresIn).toBeLessThanOrEqual(rig.short - 20);
      await clock.pass(rig.short - 20);
      expect((await store.increment("key", 1, { ttl: rig.short })).value).toBe(1);
    });

    it("a counter for good gets no ttl by being counted", async () => {
      const store = fresh();
      await store.increment("key");
      expect(await store.increment("key", 1, { ttl: rig.short })).toEqual({
        value: 2,
        expiresIn: undefined,
      });
    });

    it("is exact up to 2⁵³ - 1, and refuses to go on", async () => {
      const store = fresh();
      await store.set("key", Number.MAX_SAFE_INTEGER - 1);
      expect((await store.increment("key")).value).toBe(Number.MAX_SAFE_INTEGER);
      await expect(store.increment("key")).rejects.toBeInstanceOf(StoreValueError);
      expect(await store.get<number>("key")).toBe(Number.MAX_SAFE_INTEGER);
      await store.set("key", Number.MIN_SAFE_INTEGER);
      await expect(store.increment("key", -1)).rejects.toThrow("the sum is not within");
      expect((await store.increment("key", Number.MAX_SAFE_INTEGER)).value).toBe(0);
    });

    it.each([["5"], [1.5], [1e300], [null], [true], [[1]], [{}]])(
      "%p is no counter",
      async (value) => {
        const store = fresh();
        await store.set("key", value as StoreValue);
        await expect(store.increment("key")).rejects.toThrow("no whole number");
        expect(await store.get<unknown>("key")).toEqual(value);
      },
    );

    it.each([1.5, 2 ** 53, Number.NaN, "1" as unknown as number])(
      "by %p is refused",
      async (by) => {
        await expect(fresh().increment("key", by)).rejects.toThrow("by is ");
      },
    );

    it("loses none of many at once", async () => {
      const store = fresh();
      const all = await Promise.all(Array.from({ length: 1000 }, () => store.increment("key")));
      expect(new Set(all.map(({ value }) => value)).size).toBe(1000);
      expect(await store.get<number>("key")).toBe(1000);
    });
  });

  describe("compareAndSet", () => {
    it("sets where there is none", async () => {
      const store = fresh();
      expect(await store.compareAndSet("key", undefined, "first")).toBe(true);
      expect(await store.compareAndSet("key", undefined, "second")).toBe(false);
      expect(await store.get<string>("key")).toBe("first");
    });

    it("replaces what is as expected, in whatever order its properties are", async () => {
      const store = fresh();
      await store.set("key", { a: 1, b: [2] });
      expect(await store.compareAndSet("key", { a: 1, b: [3] }, 0)).toBe(false);
      expect(await store.compareAndSet("key", { b: [2], a: 1 }, 0)).toBe(true);
      expect(await store.compareAndSet("key", "0", 1)).toBe(false);
      expect(await store.get<number>("key")).toBe(0);
    });

    it("deletes what is as expected", async () => {
      const store = fresh();
      await store.set("key", "mine");
      expect(await store.compareAndSet("key", "other", undefined)).toBe(false);
      expect(await store.compareAndSet("key", "mine", undefined)).toBe(true);
      expect(await store.get("key")).toBeUndefined();
      expect(await store.compareAndSet("key", undefined, undefined)).toBe(true);
    });

    it("its ttl is that of the new value", async () => {
      const store = fresh();
      using clock = rig.clock();
      await store.compareAndSet("key", undefined, 1, { ttl: rig.short });
      await store.compareAndSet("kept", undefined, 1, { ttl: rig.short });
      await store.compareAndSet("kept", 1, 2);
      await clock.pass(rig.short);
      expect(await store.compareAndSet("key", undefined, 2)).toBe(true);
      expect(await store.get<number>("kept")).toBe(2);
    });

    it("lets one of many through", async () => {
      const store = fresh();
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, i) => store.compareAndSet("key", undefined, i)),
      );
      expect(all.filter((isSet) => isSet)).toHaveLength(1);
      expect(all[(await store.get<number>("key")) ?? -1]).toBe(true);
    });
  });

  describe("take", () => {
    it("a fixed window", async () => {
      const store = fresh();
      using clock = rig.clock();
      const options = { limit: 2, window: rig.short };
      expect(await store.take("key", { ...options, by: 0 })).toEqual({
        allowed: true,
        remaining: 2,
        resetIn: 0,
        retryIn: 0,
      });
      expect(await store.take("key", options)).toEqual({
        allowed: true,
        remaining: 1,
        resetIn: rig.short,
        retryIn: 0,
      });
      expect(await store.take("key", options)).toMatchObject({ allowed: true, remaining: 0 });
      const refused = await store.take("key", options);
      expect(refused).toMatchObject({ allowed: false, remaining: 0 });
      expect(refused.retryIn).toBe(refused.resetIn);
      expect(refused.retryIn).toBeWithin(1, rig.short + 1);
      await clock.pass(refused.retryIn);
      expect(await store.take("key", options)).toMatchObject({ allowed: true, remaining: 1 });
    });

    it("several at once, all or nothing", async () => {
      const store = fresh();
      const options = { limit: 10, window: 60_000 };
      expect(await store.take("key", { ...options, by: 7 })).toMatchObject({ remaining: 3 });
      expect(await store.take("key", { ...options, by: 4 })).toMatchObject({
        allowed: false,
        remaining: 3,
      });
      expect(await store.take("key", { ...options, by: 3 })).toMatchObject({
        allowed: true,
        remaining: 0,
      });
      expect(await store.take("key", { ...options, by: 11 })).toMatchObject({
        allowed: false,
        retryIn: Infinity,
      });
    });

    it("a sliding window", async () => {
      const store = fresh();
      using clock = rig.clock();
      const options = { limit: 4, window: 2 * rig.short, sliding: true };
      expect((await store.take("key", { ...options, by: 4 })).resetIn).toBe(4 * rig.short);
      const refused = await store.take("key", options);
      expect(refused.allowed).toBe(false);
      // The window's end, and a quarter of the next one: then only three of the four count.
      expect(refused.retryIn).toBeWithin(2 * rig.short, 2.5 * rig.short + 1);
      await clock.pass(refused.retryIn);
      const next = await store.take("key", options);
      expect(next.allowed).toBe(true);
      // In a window that knew nothing of the one before, three would be left.
      expect(next.remaining).toBeLessThan(3);
      await clock.pass(refused.resetIn);
      expect(await store.take("key", { ...options, by: 0 })).toMatchObject({ remaining: 4 });
    });

    it("delete gives all of it back", async () => {
      const store = fresh();
      const options = { limit: 1, window: 60_000 };
      await store.take("key", options);
      expect(await store.delete("key")).toBe(true);
      expect((await store.take("key", options)).allowed).toBe(true);
    });

    it("refuses what is no window, and others refuse windows", async () => {
      const store = fresh();
      const options = { limit: 1, window: 60_000 };
      await store.set("text", "x");
      await expect(store.take("text", options)).rejects.toBeInstanceOf(StoreValueError);
      await store.take("window", options);
      await expect(store.increment("window")).rejects.toBeInstanceOf(StoreValueError);
    });

    it.each([
      [{ limit: 0, window: 1 }, "limit is 0"],
      [{ limit: 1.5, window: 1 }, "limit is 1.5"],
      [{ limit: 1, window: 0 }, "window is 0"],
      [{ limit: 1, window: 1, by: -1 }, "by is -1"],
    ])("%p is refused", async (options, message) => {
      await expect(fresh().take("key", options)).rejects.toThrow(message);
    });

    it.each([false, true])("allows no more than the limit at once, sliding %p", async (sliding) => {
      const store = fresh();
      const options = { limit: 50, window: 60_000, sliding };
      const all = await Promise.all(Array.from({ length: 200 }, () => store.take("key", options)));
      expect(all.filter(({ allowed }) => allowed)).toHaveLength(50);
    });
  });
});

function title({ name, skip }: (typeof engines)[number]): string {
  return skip === undefined ? name : `${name} (skipped: ${skip})`;
}

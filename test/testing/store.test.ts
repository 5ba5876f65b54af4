/** The store of plugins under test. */
import { expect, test } from "bun:test";
import { definePlugin, HttpError, stop, StoreUnavailableError } from "apisix-bun-runner";
import {
  expectAction,
  fakeTime,
  testChain,
  testPlugin,
  TestStore,
} from "apisix-bun-runner/testing";

const quota = definePlugin({
  name: "quota",
  async request({ request, store }) {
    const { allowed, remaining } = await store.take(request.ip, { limit: 1, window: 60_000 });
    if (!allowed) throw new HttpError(429, "slow down");
    request.headers.set("x-left", String(remaining));
  },
});

test("is empty for each plugin under test, and can be filled and looked into", async () => {
  const first = await testPlugin(quota);
  expectAction(await first.request(), "rewrite");
  expectAction(await first.request(), "stop");
  const second = await testPlugin(quota);
  expectAction(await second.request({ ip: "10.0.0.1" }), "rewrite");
  expect(await second.store.get<number[]>("10.0.0.1")).toHaveLength(3);
  await second.store.delete("10.0.0.1");
  expectAction(await second.request({ ip: "10.0.0.1" }), "rewrite");
});

test("follows the time of the test", async () => {
  using time = fakeTime();
  const plugin = await testPlugin(quota);
  expectAction(await plugin.request(), "rewrite");
  await time.advance(59_999);
  expectAction(await plugin.request(), "stop");
  await time.advance(1);
  expectAction(await plugin.request(), "rewrite");
});

test("can be shared, as hosts share a server", async () => {
  const store = new TestStore();
  await store.of("quota").set("seed", { a: 1 });
  const [a, b] = [await testPlugin(quota, { store }), await testPlugin(quota, { store })];
  expectAction(await a.request(), "rewrite");
  expectAction(await b.request(), "stop");
  expect(await b.store.get<object>("seed")).toEqual({ a: 1 });
});

test("belongs to the first plugin of a chain; the others have theirs", async () => {
  const store = new TestStore();
  const second = definePlugin({
    name: "second",
    async request({ store }) {
      await store.set("key", 2);
      return stop("x");
    },
  });
  const chain = await testChain([[quota], [second]], { store });
  expectAction(await chain.request(), "stop");
  expect(await chain.store.get("key")).toBeUndefined();
  expect(await store.of("second").get<number>("key")).toBe(2);
});

test("can be down", async () => {
  const store = new TestStore();
  const plugin = await testPlugin(quota, { store });
  store.isDown = true;
  const result = await plugin.request();
  expectAction(result, "error");
  expect(result.error?.name).toBe("StoreUnavailableError");
  await expect(plugin.store.get("key")).rejects.toBeInstanceOf(StoreUnavailableError);
  store.isDown = false;
  expectAction(await plugin.request(), "rewrite");
});

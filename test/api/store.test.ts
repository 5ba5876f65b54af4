/** `store`, as hooks see it. */
import { describe, expect, test } from "bun:test";
import {
  Base,
  definePlugin,
  type PluginRequest,
  stop,
  type Store,
  type StopResponse,
  StoreUnavailableError,
} from "apisix-bun-runner";
import { Stores } from "../../src/store/stores.ts";
import { storesOf, TestStore } from "../../src/testing/test-store.ts";
import { PluginHarness } from "../support/plugin-harness.ts";

const count = definePlugin({
  async request({ store }) {
    return stop(String((await store.increment("calls")).value));
  },
  async response({ store, response }) {
    response.headers.set("x-calls", String((await store.increment("calls")).value));
  },
});

describe("is shared", () => {
  test("by all calls, phases and routes of a plugin", async () => {
    const harness = new PluginHarness({ count });
    expect((await harness.request([["count", {}]], { route: "1" })).text).toBe("1");
    expect((await harness.request([["count", {}]], { route: "2" })).text).toBe("2");
    expect((await harness.request([["count", { other: "conf" }]])).text).toBe("3");
    const { reply } = await harness.response([["count", {}]]);
    expect(JSON.stringify(reply)).toContain("x-calls");
    expect((await harness.request([["count", {}]])).text).toBe("5");
  });

  test("not by plugins of other names, nor by routes that have a scope each", async () => {
    const scoped = definePlugin({
      request: async ({ store, route }) =>
        stop(String((await store.scope(route.key).increment("calls")).value)),
    });
    const harness = new PluginHarness({ count, other: count, scoped });
    expect((await harness.request([["count", {}]])).text).toBe("1");
    expect((await harness.request([["other", {}]])).text).toBe("1");
    expect((await harness.request([["scoped", {}]], { route: "1" })).text).toBe("1");
    expect((await harness.request([["scoped", {}]], { route: "2" })).text).toBe("1");
    expect((await harness.request([["scoped", {}]], { route: "1" })).text).toBe("2");
  });

  test("by the two spellings of a name: a file can be renamed", async () => {
    const stores = storesOf(new TestStore());
    await new PluginHarness({ countCalls: count }, { stores }).request([["countCalls", {}]]);
    const renamed = new PluginHarness({ "count-calls": count }, { stores });
    expect((await renamed.request([["countCalls", {}]])).text).toBe("2");
  });

  test("with setup, and with the class style", async () => {
    class Classy extends Base<unknown, { store: Store }> {
      static setup(_config: unknown, { store }: { store: Store }) {
        return { store };
      }

      override async filter(_request: PluginRequest, response: StopResponse) {
        await this.state.store.set("from", "setup");
        response.body = String(await this.store.get("from"));
        this.stop();
      }
    }
    const harness = new PluginHarness({ classy: Classy });
    expect((await harness.request([["classy", {}]])).text).toBe("setup");
  });
});

test("an engine that fails fails the call, unless the plugin sees to it", async () => {
  const stores = new Stores({
    name: "redis",
    configure: () => {},
    open: () => Promise.reject(new Error("it is down")),
  });
  const careful = definePlugin({
    async request({ store }) {
      try {
        await store.take("key", { limit: 1, window: 1000 });
      } catch (error) {
        if (error instanceof StoreUnavailableError) return stop(`${error.engine} ${error.message}`);
        throw error;
      }
    },
  });
  const harness = new PluginHarness({ count, careful }, { stores });
  expect((await harness.request([["careful", {}]])).text).toBe(
    "redis the store (redis) did not carry out take: it is down",
  );
  const { reply, log } = await harness.request([["count", {}]]);
  expect(reply.kind).toBe("error");
  expect(log.join("\n")).toContain("the store (redis) did not carry out increment: it is down");
});

test("costs nothing where it is not used, and is opened once where it is", async () => {
  let opened = 0;
  const stores = new Stores({
    name: "memory",
    configure: () => {},
    open: () => {
      opened++;
      throw new Error("opened");
    },
  });
  const unused = definePlugin({
    setup: (_config, { log }) => ({ log }),
    request: ({ state }) => stop(typeof state.log.info),
  });
  let asked = 0;
  const forPlugin = stores.for.bind(stores);
  stores.for = (plugin) => {
    asked++;
    return forPlugin(plugin);
  };
  const harness = new PluginHarness({ unused, count }, { stores });
  await harness.request([["unused", {}]]);
  expect([asked, opened]).toEqual([0, 0]);
  await harness.request([["count", {}]]);
  expect([asked, opened]).toEqual([1, 1]);
});

test("is frozen: calls share it", async () => {
  const smuggler = definePlugin({
    request({ store }) {
      const hang = (object: object): boolean => Reflect.set(object, "mine", 1);
      return stop([hang(store), hang(Object.getPrototypeOf(store))].join());
    },
  });
  const harness = new PluginHarness({ smuggler });
  expect((await harness.request([["smuggler", {}]])).text).toBe("false,false");
});

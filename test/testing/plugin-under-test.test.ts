/** What may be put to the test, with which conf, and how long its state lives. */
import { describe, expect, expectTypeOf, test } from "bun:test";
import { Base, definePlugin, type PluginRequest, type StopResponse, stop } from "apisix-bun-runner";
import {
  expectAction,
  InvalidConfError,
  PluginLoadError,
  type RequestRewritten,
  type Stopped,
  testChain,
  testPlugin,
} from "apisix-bun-runner/testing";
import * as v from "valibot";

class SayHi extends Base<{ who: string }> {
  static override readonly config = v.object({ who: v.optional(v.string(), "you") });

  override filter(_request: PluginRequest, response: StopResponse) {
    response.body = `hi ${this.config.who}`;
    this.stop();
  }
}

const sayHi = definePlugin({
  name: "say-hi",
  config: v.object({ who: v.optional(v.string(), "you") }),
  request: ({ config }) => stop(`hi ${config.who}`),
});

describe("a plugin", () => {
  test.each([
    ["a definition", sayHi, "say-hi"],
    ["a class", SayHi, "say-hi"],
    ["a module", { default: sayHi }, "say-hi"],
    ["a module under way", Promise.resolve({ default: SayHi }), "say-hi"],
    ["a nameless definition", definePlugin({ request: () => stop("hi you") }), "plugin"],
    ["a nameless class", { default: class extends SayHi {} }, "plugin"],
  ])("is %s", async (_, plugin, name) => {
    const result = await (await testPlugin(plugin)).request();
    expectAction(result, "stop");
    expect(result.response.text()).toBe("hi you");
    expect(result.ran).toEqual([{ plugin: name, did: "stop 200" }]);
  });

  test("is called what the test says", async () => {
    const plugin = definePlugin({ request() {} });
    const { ran } = await (await testPlugin(plugin, { name: "other" })).request();
    expect(ran).toMatchObject([{ plugin: "other" }]);
  });

  test("that no runner would load is refused", async () => {
    const broken = testPlugin({ name: "broken" });
    await expect(broken).rejects.toBeInstanceOf(PluginLoadError);
    await expect(broken).rejects.toThrow("has no hook");
  });
});

describe("a conf", () => {
  test.each([[{ who: "me" }], ['{"who":"me"}']])(
    "is an object, or its text: %j",
    async (config) => {
      const result = await (await testPlugin(SayHi, { config })).request();
      expectAction(result, "stop");
      expect(result.response.text()).toBe("hi me");
    },
  );

  test("that is refused names the plugin, the conf and each wrong field", async () => {
    const plugin = definePlugin({
      name: "strict",
      config: v.object({ a: v.string(), b: v.number() }),
      request() {},
    });
    const refused = testPlugin(plugin, { config: { a: 1 } });
    await expect(refused).rejects.toBeInstanceOf(InvalidConfError);
    await expect(refused).rejects.toThrow(/^plugin strict refuses the conf \{"a":1\}: a: .*; b: /);
  });

  test("is refused by an asynchronous check too", async () => {
    const config = async () => {
      throw new Error("who knows");
    };
    const refused = testPlugin(definePlugin({ config, request() {} }));
    await expect(refused).rejects.toThrow("who knows");
  });

  test("may name secrets of the test", async () => {
    const plugin = definePlugin({ request: ({ config }) => stop(`${config}`) });
    const options = { config: '"$env://TOKEN"', env: { TOKEN: "s3cret" } };
    const result = await (await testPlugin(plugin, options)).request();
    expectAction(result, "stop");
    expect(result.response.text()).toBe("[secret TOKEN]");
    await expect(testPlugin(plugin, { config: "$env://OTHER" })).rejects.toThrow(
      "$env://OTHER is not allowed",
    );
  });
});

describe("the state", () => {
  const log: string[] = [];
  const counting = definePlugin({
    setup() {
      const state = {
        count: 0,
        async [Symbol.asyncDispose]() {
          await new Promise((resolve) => setImmediate(resolve));
          log.push(`disposed at ${state.count}`);
        },
      };
      return state;
    },
    request: ({ state }) => stop(String(++state.count)),
    response({ response, state }) {
      response.body = String(++state.count);
    },
  });

  test("is shared by calls, set up once, and disposed of at the end", async () => {
    {
      await using plugin = await testPlugin(counting);
      const texts = [];
      for (let i = 0; i < 3; i++) {
        const result = await plugin.request();
        expectAction(result, "stop");
        texts.push(result.response.text());
      }
      expect(texts).toEqual(["1", "2", "3"]);
      expect((await plugin.response()).response.text()).toBe("1");
      expect(log).toEqual([]);
    }
    expect(log.toSorted()).toEqual(["disposed at 1", "disposed at 3"]);
  });
});

test("a setup that fails is an error of the call", async () => {
  const plugin = definePlugin({
    setup() {
      throw new Error("no database");
    },
    request() {},
  });
  const result = await (await testPlugin(plugin)).request();
  expectAction(result, "error");
  expect(result.message).toContain("setup failed");
  expect(result.error?.cause).toEqual(new Error("no database"));
});

test("a hook that takes longer than it may is an error", async () => {
  const plugin = definePlugin({ request: () => new Promise<never>(() => {}) });
  const result = await (await testPlugin(plugin, { timeout: 1 })).request();
  expectAction(result, "error");
  expect(result.message).toContain("no answer within 1 ms");
});

test("the route is what the test says", async () => {
  const plugin = definePlugin({
    request: ({ route }) => Response.json([route.id, route.plugin]),
  });
  const options = { route: "r1", extPlugin: "ext-plugin-post-req" } as const;
  const result = await (await testPlugin(plugin, options)).request();
  expectAction(result, "stop");
  expect(result.response.json()).toEqual(["r1", "ext-plugin-post-req"]);
});

test("a connection that goes aborts its calls", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
  const plugin = definePlugin({
    request({ signal }) {
      signal.addEventListener("abort", () => abort());
      begin();
      return aborted;
    },
  });
  await using tested = await testPlugin(plugin);
  const call = tested.request();
  await begun;
  tested.disconnect();
  await expect(call).rejects.toThrow("the connection was closed before the runner replied");
  await aborted;
});

describe("a chain", () => {
  const first = definePlugin({
    name: "first",
    request({ request, responseHeaders, locals }) {
      request.headers.set("x-user", "a");
      responseHeaders.set("x-first", "1");
      locals.greeting = "a";
    },
  });

  test("runs its plugins in order, each with its conf", async () => {
    const chain = await testChain([
      [first],
      [
        definePlugin({ request: ({ locals, config }) => stop(`${locals.greeting} ${config}`) }),
        "text",
      ],
      [SayHi, {}],
    ]);
    const result = await chain.request();
    expectAction(result, "stop");
    expect(result.response.text()).toBe("a text");
    expect(result.response.headers.get("x-first")).toBe("1");
    expect(result.ran).toEqual([
      { plugin: "first", did: "header x-user, response header x-first" },
      { plugin: "plugin-2", did: "stop 200" },
    ]);
  });

  test("may have a plugin twice", async () => {
    const append = definePlugin({
      request({ request, config }) {
        request.headers.append("x-a", String(config));
      },
    });
    const result = await (
      await testChain([
        [append, "1"],
        [append, "2"],
      ])
    ).request();
    expectAction(result, "rewrite");
    expect(result.request.headers.get("x-a")).toBe("1, 2");
    expect(result.ran.map(({ plugin }) => plugin)).toEqual(["plugin-1", "plugin-1"]);
  });

  test("with one bad conf is refused", async () => {
    await expect(testChain([[first], [SayHi, { who: 1 }]])).rejects.toThrow(
      "plugin say-hi refuses the conf",
    );
  });
});

describe("expectAction", () => {
  test("narrows the type", async () => {
    const result = await (await testPlugin(sayHi)).request();
    expectAction(result, "stop");
    expectTypeOf(result).toEqualTypeOf<Stopped>();
    const rewritten = async () => {
      const other = await (await testPlugin(sayHi)).request();
      if (other.action === "rewrite") expectTypeOf(other).toEqualTypeOf<RequestRewritten>();
    };
    await rewritten();
  });

  test.each([
    ["continue", { request() {} }, "continue: nothing was changed"],
    [
      "rewrite",
      definePlugin({
        request({ request }) {
          request.path = "/b";
        },
      }),
      "rewrite: path: / → /b",
    ],
    ["error", { request: () => Promise.reject(new Error("broken")) }, "error: broken"],
  ])("says what happened instead: %s", async (_, plugin, summary) => {
    const result = await (await testPlugin(plugin)).request();
    expect(() => expectAction(result, "stop")).toThrow(`expected the action stop, got ${summary}`);
  });

  test("shows the answer, and what was logged", async () => {
    const plugin = definePlugin({
      request({ log }) {
        log.warn("no key");
        return stop("go away", { status: 401 });
      },
    });
    const result = await (await testPlugin(plugin)).request();
    expect(() => expectAction(result, "continue")).toThrow(
      /^expected the action continue, got stop: status 401, body "go away"\nlogged meanwhile:\n  warn no key plugin=/,
    );
  });
});

/** The request phase fails closed, says why in one line, and goes on with the next call. */
import { describe, expect, test } from "bun:test";
import { definePlugin, HttpError, type RequestContext, stop } from "../../src/index.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";

const FAILURE = { kind: "error", code: "SERVICE_UNAVAILABLE" } as const;

type Hook = (context: RequestContext) => void | Promise<void>;

const BREAKING: readonly (readonly [string, Hook, string])[] = [
  [
    "a throw",
    () => {
      throw new Error("boom");
    },
    "Error: boom",
  ],
  [
    "a rejection",
    async () => {
      throw new Error("boom");
    },
    "Error: boom",
  ],
  [
    "a rejection later on",
    async ({ vars }) => {
      await vars.get("x");
      throw new Error("boom");
    },
    "Error: boom",
  ],
  [
    "a throw of something else",
    () => {
      throw "just text";
    },
    "just text",
  ],
  [
    "a throw of nothing",
    () => {
      throw undefined;
    },
    "error=undefined",
  ],
  [
    "a wrong HttpError",
    () => {
      throw new HttpError(42);
    },
    "status 42 cannot be sent",
  ],
  ["a timeout", () => new Promise(() => undefined), "no answer within 20 ms"],
];

const chainOf = (hook: Hook, options: { onError?: "fail" | "continue" } = {}) =>
  inlinePlugins(
    {
      broken: definePlugin({
        ...options,
        request(context) {
          if (context.request.path === "/fine") return undefined;
          return hook(context);
        },
      }),
      after: definePlugin({ request: () => stop("after") }),
    },
    { timeout: 20 },
  );

describe.each(BREAKING)("%s", (_what, hook, cause) => {
  test("fails the call in one line with plugin, route, request and cause", async () => {
    const chain = await chainOf(hook);
    const { reply, log } = await chain.request([
      ["broken", ""],
      ["after", ""],
    ]);
    expect(reply).toEqual(FAILURE);
    const errors = log.filter((line) => line.startsWith("error "));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("plugin=broken route=route#1#ext-plugin-pre-req request=0");
    expect(errors[0]).toContain(cause);
  });

  test("leaves the next call alone", async () => {
    const chain = await chainOf(hook);
    await chain.request([
      ["broken", ""],
      ["after", ""],
    ]);
    expect(
      (
        await chain.request(
          [
            ["broken", ""],
            ["after", ""],
          ],
          { path: "/fine" },
        )
      ).text,
    ).toBe("after");
  });

  test('with onError "continue" the chain goes on without it', async () => {
    const chain = await chainOf(hook, { onError: "continue" });
    const { text, log } = await chain.request([
      ["broken", ""],
      ["after", ""],
    ]);
    expect(text).toBe("after");
    expect(log.join()).toContain(cause);
  });
});

describe("a timeout", () => {
  test("aborts the plugin's signal; what it does later is dropped", async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<unknown>();
    const { promise: late, resolve: setLate } = Promise.withResolvers<unknown>();
    const chain = await chainOf(async ({ signal, request, vars }) => {
      await new Promise((done) => signal.addEventListener("abort", done));
      resolve(signal.reason);
      request.headers.set("x-late", "1");
      await new Promise(setImmediate);
      await vars.get("late").catch(setLate);
    });
    expect((await chain.request([["broken", ""]])).reply).toEqual(FAILURE);
    expect(String(await aborted)).toContain("PluginTimeoutError");
    expect(String(await late)).toContain("after the call was answered");
  });

  test("is the plugin's own where it has one", async () => {
    const chain = await inlinePlugins(
      { slow: definePlugin({ timeout: 5, request: () => new Promise(() => undefined) }) },
      { timeout: 50_000 },
    );
    expect((await chain.request([["slow", ""]])).log.join()).toContain("no answer within 5 ms");
  });
});

describe("a conf that cannot run is refused when it is prepared", () => {
  const chain = () =>
    inlinePlugins({
      strict: definePlugin({
        config(conf): { body: string } {
          if (typeof conf === "object" && conf !== null && "body" in conf)
            return { body: String(conf.body) };
          throw new Error("body is missing");
        },
        request: ({ config }) => stop(config.body),
      }),
      lenient: definePlugin({
        onError: "continue",
        config() {
          throw new Error("never right");
        },
        request: () => stop("lenient"),
      }),
      late: definePlugin({ response() {} }),
    });

  test.each([
    [
      "an unknown plugin",
      "sttrict",
      "{}",
      "there is no plugin of this name; there are late, lenient, strict",
    ],
    ["a conf that does not validate", "strict", "{}", "conf is not valid: body is missing"],
    ["text where an object is wanted", "strict", "{ body: 1", "conf is not valid: body is missing"],
    ["a plugin of the other phase", "late", "", "name it in ext-plugin-post-resp"],
  ])("%s", async (_what, plugin, conf, reason) => {
    const { reply, log } = await (await chain()).request([[plugin, conf]]);
    expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
    expect(log).toHaveLength(1);
    expect(log[0]).toContain(reason);
    expect(log[0]).toContain(`plugin=${plugin} route=route#1#ext-plugin-pre-req`);
  });

  test("again and again: the plugin is not asked again", async () => {
    let checks = 0;
    const harness = await inlinePlugins({
      counted: definePlugin({
        config() {
          checks++;
          throw new Error("no");
        },
        request() {},
      }),
    });
    for (let i = 0; i < 100; i++) {
      expect((await harness.request([["counted", ""]])).reply).toMatchObject({
        code: "BAD_REQUEST",
      });
    }
    expect(checks).toBe(1);
  });

  test('with onError "continue" the rest of the chain runs', async () => {
    const { text, log } = await (
      await chain()
    ).request([
      ["lenient", "{}"],
      ["strict", '{"body":"ran"}'],
    ]);
    expect(text).toBe("ran");
    expect(log.join()).toContain("never right");
  });

  test("one bad plugin of several is named", async () => {
    const { reply, log } = await (
      await chain()
    ).request([
      ["strict", '{"body":"x"}'],
      ["nope", ""],
      ["strict", "{}"],
    ]);
    expect(reply).toMatchObject({ code: "BAD_REQUEST" });
    expect(log).toHaveLength(2);
    expect(log[0]).toContain("plugin=nope");
    expect(log[1]).toContain("plugin=strict");
  });
});

test("a hook does not begin when its time was over before its setup was", async () => {
  const { promise: ready, resolve: setUp } = Promise.withResolvers<void>();
  let began = false;
  const chain = await inlinePlugins(
    {
      slow: definePlugin({
        onError: "continue",
        setup: () => ready,
        request({ request }) {
          began = true;
          request.headers.set("x-late", "1");
        },
      }),
      after: definePlugin({
        async request({ request }) {
          setUp();
          await new Promise(setImmediate);
          request.headers.set("x-after", "1");
        },
      }),
    },
    { timeout: 20 },
  );
  const { reply } = await chain.request([
    ["slow", ""],
    ["after", ""],
  ]);
  expect(reply).toMatchObject({ kind: "rewrite", headers: [{ name: "x-after", value: "1" }] });
  expect(began).toBe(false);
});

test("a connection that goes aborts the signal of its call", async () => {
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { promise: reason, resolve: abort } = Promise.withResolvers<unknown>();
  const chain = await inlinePlugins({
    waits: definePlugin({
      async request({ signal }) {
        signal.addEventListener("abort", () => abort(signal.reason));
        start();
        await reason;
      },
    }),
  });
  const call = chain.request([["waits", ""]]);
  call.catch(() => undefined);
  await started;
  chain.disconnect();
  expect(String(await reason)).toContain("the connection to APISIX was closed");
  await expect(call).rejects.toThrow();
});

/** What a chain may take in all, how many calls a plugin takes at once, and what a late plugin can still reach. */
import { describe, expect, test } from "bun:test";
import { definePlugin, stop } from "../../src/index.ts";
import { PluginLoadError } from "../../src/plugin/exports.ts";
import { pluginFromModule } from "../../src/plugin/load-module.ts";
import { fakeTime } from "../../src/testing/fake-time.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";

const FAILURE = { kind: "error", code: "SERVICE_UNAVAILABLE" } as const;

describe("a chain", () => {
  test("waits for at most 55 s in all, however long each plugin may take", async () => {
    using time = fakeTime();
    const wait = (ms: number) =>
      definePlugin({
        timeout: 30_000,
        request: () => new Promise<void>((resolve) => setTimeout(resolve, ms)),
      });
    const chain = await inlinePlugins({ one: wait(29_000), two: wait(29_000) });
    let answeredAfter = 0;
    const began = time.now;
    const call = chain
      .request([
        ["one", ""],
        ["two", ""],
      ])
      .finally(() => {
        answeredAfter = time.now - began;
      });
    await time.advance(54_000);
    expect(answeredAfter).toBe(0);
    await time.advance(6_000);
    const { reply, log } = await call;
    expect(reply).toEqual(FAILURE);
    expect(log.join()).toContain("plugin two was at work when the whole chain had taken 55000 ms");
  });

  test('goes on without a late plugin of onError "continue", whose changes reach nothing', async () => {
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const chain = await inlinePlugins({
      late: definePlugin({
        onError: "continue",
        timeout: 20,
        async request({ request, responseHeaders, locals }) {
          request.headers.set("x-in-time", "1");
          responseHeaders.set("x-added-in-time", "1");
          locals["seen"] = "in time";
          await told;
          request.headers.set("x-late", "1");
          request.args.set("late", "1");
          request.path = "/late";
          request.body = "late";
          responseHeaders.set("x-added-late", "1");
          locals["seen"] = "late";
          finish();
        },
      }),
      after: definePlugin({
        async request({ request, locals }) {
          tell();
          await done;
          request.headers.set("x-after", String(locals["seen"]));
        },
      }),
    });
    const { reply } = await chain.request([
      ["late", ""],
      ["after", ""],
    ]);
    expect(reply).toMatchObject({ kind: "rewrite", args: [] });
    expect(reply).toMatchObject({
      headers: [
        { name: "x-in-time", value: "1" },
        { name: "x-after", value: "in time" },
      ],
      responseHeaders: [{ name: "x-added-in-time", value: "1" }],
    });
    expect(JSON.stringify(reply)).not.toContain("late");
  });

  test("the same in the response phase", async () => {
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const chain = await inlinePlugins({
      late: definePlugin({
        onError: "continue",
        timeout: 20,
        async response({ response }) {
          await told;
          response.headers.set("x-late", "1");
          response.status = 299;
          response.body = "late";
          finish();
        },
      }),
      after: definePlugin({
        async response() {
          tell();
          await done;
        },
      }),
    });
    const { reply, text } = await chain.response(
      [
        ["late", ""],
        ["after", ""],
      ],
      { headers: [["x-a", "b"]], body: "upstream" },
    );
    expect(reply).toMatchObject({ status: 200, headers: [{ name: "x-a", value: "b" }] });
    expect(text).toBeUndefined();
  });
});

describe("concurrency", () => {
  /** Counts how many of its calls are under way; each ends when it is told to. */
  function counted(concurrency: number) {
    const ends: (() => void)[] = [];
    const seen = { now: 0, most: 0, ends };
    const plugin = definePlugin({
      concurrency,
      async request({ request }) {
        seen.most = Math.max(seen.most, ++seen.now);
        await new Promise<void>((resolve) => ends.push(resolve));
        seen.now--;
        return stop(request.path);
      },
    });
    return { seen, plugin };
  }

  const settle = () => new Promise(setImmediate);

  test("so many calls are in the plugin at once, the others in order behind them", async () => {
    const { seen, plugin } = counted(2);
    const chain = await inlinePlugins({ it: plugin });
    const answered: string[] = [];
    const calls = Array.from({ length: 6 }, (_, i) =>
      // Routes of their own: the limit is the plugin's.
      chain.request([["it", ""]], { path: `/${i}`, route: String(i) }).then(({ text }) => {
        answered.push(text ?? "");
      }),
    );
    while (answered.length < 6) {
      await settle();
      seen.ends.shift()?.();
    }
    await Promise.all(calls);
    expect(seen.most).toBe(2);
    expect(answered).toEqual(["/0", "/1", "/2", "/3", "/4", "/5"]);
  });

  test("one that waits fails at its deadline, and takes no place afterwards", async () => {
    const { seen, plugin } = counted(1);
    const chain = await inlinePlugins({ it: { ...plugin, timeout: 50 } });
    // The hooks never end by themselves: each gives up its place when its time is over.
    const first = await Promise.all([chain.request([["it", ""]]), chain.request([["it", ""]])]);
    expect(first.map(({ reply }) => reply)).toEqual([FAILURE, FAILURE]);
    const begun = seen.ends.length;
    const next = chain.request([["it", ""]], { path: "/next" });
    while (seen.ends.length === begun) await settle();
    for (const end of seen.ends) end();
    expect((await next).text).toBe("/next");
  });

  test("a hook that throws, and one without async, give their places back", async () => {
    const chain = await inlinePlugins({
      it: definePlugin({
        concurrency: 1,
        request({ request }) {
          if (request.path === "/throw") throw new Error("boom");
          return stop("fine");
        },
      }),
    });
    for (let i = 0; i < 3; i++) {
      expect((await chain.request([["it", ""]], { path: "/throw" })).reply).toEqual(FAILURE);
      expect((await chain.request([["it", ""]])).text).toBe("fine");
    }
  });

  test("a call that finds 1000 waiting fails at once", async () => {
    const { seen, plugin } = counted(1);
    const chain = await inlinePlugins({ it: plugin });
    const calls = Array.from({ length: 1001 }, () => chain.request([["it", ""]]));
    while (seen.ends.length < 1) await settle();
    const { reply, log } = await chain.request([["it", ""]]);
    expect(reply).toEqual(FAILURE);
    expect(log.join()).toContain("1 calls are in the plugin and 1000 wait");
    chain.disconnect();
    await Promise.allSettled(calls);
  });

  test.each([0, -1, 1.5, "2"])("%p is none", (concurrency) => {
    const load = () => pluginFromModule({ default: { concurrency, request() {} } }, "it", "test");
    expect(load).toThrow(PluginLoadError);
    expect(load).toThrow("has a concurrency of");
  });
});

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  expectAction,
  fakeTime,
  type FakeTime,
  type PluginTestOptions,
  type PluginUnderTest,
  testPlugin,
} from "apisix-bun-runner/testing";
import limitReq from "./limit-req.ts";

let time: FakeTime;

beforeEach(() => {
  time = fakeTime();
});

afterEach(() => time[Symbol.dispose]());

function limiting(config: object, options?: PluginTestOptions): Promise<PluginUnderTest> {
  return testPlugin(limitReq, { ...options, config });
}

/** Sends a request and says what has become of it so far: "waits", "continue", 503. */
async function send(plugin: PluginUnderTest): Promise<() => string | number> {
  let state: string | number = "waits";
  void plugin.request().then(
    (result) => {
      state = result.action === "stop" ? result.response.status : result.action;
    },
    () => {
      state = "gone";
    },
  );
  await time.advance(0);
  return () => state;
}

test("requests at the rate pass without a wait", async () => {
  const plugin = await limiting({ rate: 5, burst: 1 });
  for (let i = 0; i < 4; i++) {
    const request = await send(plugin);
    expect(request()).toBe("continue");
    await time.advance(200);
  }
});

test("requests above the rate wait for their turn within the burst", async () => {
  const plugin = await limiting({ rate: 5, burst: 2 });
  const first = await send(plugin);
  const second = await send(plugin);
  const third = await send(plugin);
  expect([first(), second(), third()]).toEqual(["continue", "waits", "waits"]);
  await time.advance(199);
  expect([second(), third()]).toEqual(["waits", "waits"]);
  await time.advance(1);
  expect([second(), third()]).toEqual(["continue", "waits"]);
  await time.advance(200);
  expect(third()).toBe("continue");
});

test("a request beyond the burst gets 503 at once", async () => {
  const plugin = await limiting({ rate: 5, burst: 1 });
  await send(plugin);
  const second = await send(plugin);
  const third = await plugin.request();
  expectAction(third, "stop");
  expect(third.response.status).toBe(503);
  expect(third.response.headers.get("x-resp-a6-runner")).toBe("Bun");
  expect(third.response.errorPage).toBe(true);
  await time.advance(200);
  expect(second()).toBe("continue");
});

test("a refused request takes no room", async () => {
  const plugin = await limiting({ rate: 5, burst: 1 });
  await send(plugin);
  await send(plugin);
  for (let i = 0; i < 10; i++) expect((await send(plugin))()).toBe(503);
  await time.advance(200);
  const next = await send(plugin);
  await time.advance(200);
  expect(next()).toBe("continue");
});

test.each([[{ rate: 0.5 }], [{ rate: 0.5, burst: 0 }], [{ rate: 0.5, burst: null }]])(
  "without a burst nothing waits: %j",
  async (conf) => {
    const plugin = await limiting(conf);
    expect((await send(plugin))()).toBe("continue");
    await time.advance(1999);
    expect((await send(plugin))()).toBe(503);
    await time.advance(1);
    expect((await send(plugin))()).toBe("continue");
  },
);

test("time without requests is not saved up", async () => {
  const plugin = await limiting({ rate: 5, burst: 1 });
  await send(plugin);
  await time.advance(60_000);
  expect((await send(plugin))()).toBe("continue");
  expect((await send(plugin))()).toBe("waits");
  expect((await send(plugin))()).toBe(503);
});

test("each route has a count of its own", async () => {
  const [a, b] = [await limiting({ rate: 1 }), await limiting({ rate: 1 }, { route: "b" })];
  expect((await send(a))()).toBe("continue");
  expect((await send(b))()).toBe("continue");
  expect((await send(a))()).toBe(503);
});

test("a wait is not cut short by plugins.timeout", async () => {
  const plugin = await limiting({ rate: 0.1, burst: 1 }, { timeout: 100 });
  await send(plugin);
  const second = await send(plugin);
  await time.advance(9999);
  expect(second()).toBe("waits");
  await time.advance(1);
  expect(second()).toBe("continue");
});

test("a request that would wait for more than 50 s gets 503 at once", async () => {
  const plugin = await limiting({ rate: 0.02, burst: 5 });
  await send(plugin);
  const second = await send(plugin);
  const third = await send(plugin);
  expect([second(), third()]).toEqual(["waits", 503]);
  await time.advance(50_000);
  expect(second()).toBe("continue");
});

test("no timer is left when the connection goes", async () => {
  const plugin = await limiting({ rate: 1, burst: 1 });
  await send(plugin);
  const second = await send(plugin);
  expect(time.timers).toBeGreaterThan(0);
  plugin.disconnect();
  await time.advance(0);
  expect(second()).toBe("gone");
  expect(time.timers).toBe(0);
});

test.each([
  [{}, "rate: "],
  [{ rate: 0 }, "rate: "],
  [{ rate: -1 }, "rate: "],
  [{ rate: "5" }, "rate: "],
  [{ rate: 5, burst: -1 }, "burst: "],
  [{ rate: 5, burst: 1.5 }, "burst: "],
  [{ rate: 5, burts: 1 }, "burts: "],
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(limitReq, { config })).rejects.toThrow(message);
});

import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { harness, type Outcome, type TestRequest } from "../test/support/plugin-harness.ts";

const loadPlugin = () => import("./limit-req.ts");

let plugin: Awaited<ReturnType<typeof harness>>;

beforeEach(async () => {
  plugin = await harness(loadPlugin, "limit-req");
  jest.useFakeTimers();
});

afterEach(() => jest.useRealTimers());

/** Lets everything happen that waits for no time to pass: immediates are not faked. */
function untilQuiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await untilQuiet();
}

/** Sends a request and says what has become of it so far: "waits", "continue", 503. */
async function send(conf: object, request?: TestRequest): Promise<() => string | number> {
  let state: string | number = "waits";
  void plugin.request(conf, request).then(
    ({ reply }: Outcome) => {
      state = reply.kind === "stop" ? reply.status : reply.kind;
    },
    () => {
      state = "gone";
    },
  );
  await untilQuiet();
  return () => state;
}

test("requests at the rate pass without a wait", async () => {
  for (let i = 0; i < 4; i++) {
    const request = await send({ rate: 5, burst: 1 });
    expect(request()).toBe("continue");
    await pass(200);
  }
});

test("requests above the rate wait for their turn within the burst", async () => {
  const conf = { rate: 5, burst: 2 };
  const first = await send(conf);
  const second = await send(conf);
  const third = await send(conf);
  expect([first(), second(), third()]).toEqual(["continue", "waits", "waits"]);
  await pass(199);
  expect([second(), third()]).toEqual(["waits", "waits"]);
  await pass(1);
  expect([second(), third()]).toEqual(["continue", "waits"]);
  await pass(200);
  expect(third()).toBe("continue");
});

test("a request beyond the burst gets 503 at once", async () => {
  const conf = { rate: 5, burst: 1 };
  await send(conf);
  const second = await send(conf);
  const { reply, text } = await plugin.request(conf);
  expect(reply).toMatchObject({
    kind: "stop",
    status: 503,
    headers: [{ name: "X-Resp-A6-Runner", value: "Bun" }],
  });
  expect(text).toBeUndefined();
  await pass(200);
  expect(second()).toBe("continue");
});

test("a refused request takes no room", async () => {
  const conf = { rate: 5, burst: 1 };
  await send(conf);
  await send(conf);
  for (let i = 0; i < 10; i++) expect((await send(conf))()).toBe(503);
  await pass(200);
  const next = await send(conf);
  await pass(200);
  expect(next()).toBe("continue");
});

test.each([[{ rate: 0.5 }], [{ rate: 0.5, burst: 0 }], [{ rate: 0.5, burst: null }]])(
  "without a burst nothing waits: %j",
  async (conf) => {
    expect((await send(conf))()).toBe("continue");
    await pass(1999);
    expect((await send(conf))()).toBe(503);
    await pass(1);
    expect((await send(conf))()).toBe("continue");
  },
);

test("time without requests is not saved up", async () => {
  const conf = { rate: 5, burst: 1 };
  await send(conf);
  await pass(60_000);
  expect((await send(conf))()).toBe("continue");
  expect((await send(conf))()).toBe("waits");
  expect((await send(conf))()).toBe(503);
});

test("each route has a count of its own, which an unchanged conf keeps", async () => {
  const conf = { rate: 1 };
  expect((await send(conf, { route: "a" }))()).toBe("continue");
  expect((await send(conf, { route: "b" }))()).toBe("continue");
  expect((await send(conf, { route: "a" }))()).toBe(503);
});

test("a wait is not cut short by plugins.timeout", async () => {
  plugin = await harness(loadPlugin, "limit-req", { timeout: 100 });
  await send({ rate: 0.1, burst: 1 });
  const second = await send({ rate: 0.1, burst: 1 });
  await pass(9999);
  expect(second()).toBe("waits");
  await pass(1);
  expect(second()).toBe("continue");
});

test("a request that would wait for more than 50 s gets 503 at once", async () => {
  const conf = { rate: 0.02, burst: 5 };
  await send(conf);
  const second = await send(conf);
  const third = await send(conf);
  expect([second(), third()]).toEqual(["waits", 503]);
  await pass(50_000);
  expect(second()).toBe("continue");
});

test("no timer is left when the connection goes", async () => {
  const conf = { rate: 1, burst: 1 };
  await send(conf);
  const second = await send(conf);
  expect(jest.getTimerCount()).toBeGreaterThan(0);
  plugin.disconnect();
  await untilQuiet();
  expect(second()).toBe("gone");
  expect(jest.getTimerCount()).toBe(0);
});

test.each([
  [{}, "rate: "],
  [{ rate: 0 }, "rate: "],
  [{ rate: -1 }, "rate: "],
  [{ rate: "5" }, "rate: "],
  [{ rate: 5, burst: -1 }, "burst: "],
  [{ rate: 5, burst: 1.5 }, "burst: "],
  [{ rate: 5, burts: 1 }, "burts: "],
])("refuses the conf %j", async (conf, message) => {
  const { reply, log } = await plugin.request(conf);
  expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
  expect(log.join("\n")).toContain(`conf is not valid: ${message}`);
});

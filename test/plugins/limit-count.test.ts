/** `limit-count` in the executable: over HTTP, and over stores that several runners share. */
import { describe, expect, test } from "bun:test";
import { testPlugin } from "../../src/testing.ts";
import limitCount from "../../plugins/limit-count/index.ts";
import { NO_REDIS, RedisServer } from "../store/redis-server.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { callAll } from "./callers.ts";
import { PluginGateway } from "./plugin-gateway.ts";
import { listedSchemaOf, readmeOf } from "./readme.ts";

test("over HTTP: headers on what passes, 429 for the rest, each client for itself", async () => {
  const config = { count: 2, window: 3600, key: "header:x-api-key", body: "slow down" };
  await using gateway = await PluginGateway.start([["limit-count", config]]);
  const send = (key: string) => gateway.fetch("/", { headers: { "x-api-key": key } });
  const first = await send("a");
  expect(first.status).toBe(200);
  expect(first.headers.get("ratelimit-policy")).toBe('"2-per-3600s";q=2;w=3600');
  expect(first.headers.get("ratelimit")).toBe('"2-per-3600s";r=1;t=3600');
  await send("a");
  const refused = await send("a");
  expect(refused.status).toBe(429);
  expect(await refused.text()).toBe("slow down");
  expect(refused.headers.get("ratelimit")).toMatch(/^"2-per-3600s";r=0;t=3\d{3}$/);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3000);
  expect((await send("b")).status).toBe(200);
});

test("two quotas on a route: both are told, and the lower one refuses", async () => {
  await using gateway = await PluginGateway.start([
    ["limit-count", { count: 100, window: 86_400 }],
    ["limit-count", { count: 1, window: 3600 }],
  ]);
  const passed = await gateway.fetch("/");
  expect(passed.headers.get("ratelimit-policy")).toBe(
    '"100-per-86400s";q=100;w=86400, "1-per-3600s";q=1;w=3600',
  );
  expect((await gateway.fetch("/")).status).toBe(429);
});

const COUNT = 1000;
const load = (config: object) => ({
  conf: [{ name: "limit-count", value: JSON.stringify({ count: COUNT, window: 3600, ...config }) }],
  connections: 25,
  callsEach: 80,
});

/** The store must not be what gives up where the machine has more to do. */
const shared = (url: string) => ({
  APISIX_BUN_RUNNER_STORE_URL: url,
  APISIX_BUN_RUNNER_STORE_TIMEOUT: "10s",
});

async function passed(runners: readonly RunnerProcess[], config: object): Promise<number> {
  const replies = await callAll(runners, load(config));
  expect(replies).toHaveLength(4000);
  const statuses = replies.map((reply) => (reply.kind === "stop" ? reply.status : 200));
  expect([...new Set(statuses)].sort()).toEqual([200, 429]);
  return statuses.filter((status) => status === 200).length;
}

const skipped = NO_REDIS === undefined ? "" : ` (skipped: ${NO_REDIS})`;

describe("two runners at once, 4000 calls", () => {
  test("on one SQLite file", async () => {
    using dir = new TempDir();
    const env = shared(`sqlite:${dir.file("store.db")}`);
    await using one = await RunnerProcess.start({ env });
    await using other = await RunnerProcess.start({ env });
    expect(await passed([one, other], {})).toBe(COUNT);
  });

  test.skipIf(NO_REDIS !== undefined)(`on one Redis, window after window${skipped}`, async () => {
    await using server = await RedisServer.start();
    const env = shared(`redis+unix://${server.socket}`);
    await using one = await RunnerProcess.start({ env });
    await using other = await RunnerProcess.start({ env });
    using client = {
      redis: server.client(),
      [Symbol.dispose]() {
        this.redis.close();
      },
    };
    for (const config of [{}, {}, { sliding: true }]) {
      expect(await passed([one, other], config)).toBe(COUNT);
      // What its end does: the window is gone.
      await client.redis.send("FLUSHALL", []);
    }
  });
});

test.skipIf(NO_REDIS !== undefined)(`one round trip to Redis a call${skipped}`, async () => {
  await using server = await RedisServer.start();
  await using runner = await RunnerProcess.start({ env: shared(`redis+unix://${server.socket}`) });
  const call = { ...load({}), connections: 1 };
  await callAll([runner], { ...call, callsEach: 1 });
  const client = server.client();
  const reads = async () =>
    Number(/total_reads_processed:(\d+)/.exec(String(await client.send("INFO", ["stats"])))?.[1]);
  const before = await reads();
  await callAll([runner], { ...call, callsEach: 50 });
  // The one more is that of the client itself.
  expect((await reads()) - before).toBe(50 + 1);
  client.close();
});

test.skipIf(NO_REDIS !== undefined)(
  `Redis goes: refused or allowed as the conf says, with few lines in the log${skipped}`,
  async () => {
    await using server = await RedisServer.start({ password: "hunter2" });
    const env = { APISIX_BUN_RUNNER_STORE_URL: `redis+unix://:hunter2@localhost${server.socket}` };
    for (const [onStoreError, status] of [
      ["refuse", 503],
      ["allow", 200],
    ] as const) {
      const config = { count: 1, window: 3600, onStoreError, group: onStoreError };
      const options = { env, allowDegradation: true };
      await using gateway = await PluginGateway.start([["limit-count", config]], options);
      const headers = { authorization: "Bearer opensesame" };
      expect((await gateway.fetch("/", { headers })).status).toBe(200);
      await server.stop();
      const away = await Promise.all(
        Array.from({ length: 200 }, () => gateway.fetch("/", { headers })),
      );
      expect(new Set(away.map((response) => response.status))).toEqual(new Set([status]));
      await server.start();
      // It is found again by a timer of the runner's: ask until it counts.
      let now: Response;
      do now = await gateway.fetch("/", { headers });
      while (now.headers.get("ratelimit") === null);
      expect(now.status).toBe(200);
      expect((await gateway.fetch("/", { headers })).status).toBe(429);
      const log = await gateway.log();
      expect(log).toContain("the store is away");
      // The reason may change on the way: lost, then refused.
      expect(log.split("\n").filter((line) => line.includes("requests ")).length).toBeLessThan(20);
      expect(log).not.toMatch(/hunter2|opensesame/);
    }
  },
);

test("the page: its routes are valid, and its JSON Schema is the plugin's", async () => {
  const { confs, schema } = await readmeOf("limit-count");
  expect(confs.length).toBeGreaterThan(0);
  for (const config of confs) await testPlugin(limitCount, { config });
  expect(schema).toEqual(await listedSchemaOf("limit-count"));
});

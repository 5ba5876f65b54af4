import { expect, test } from "bun:test";
import {
  expectAction,
  fakeTime,
  type PluginTestOptions,
  type PluginUnderTest,
  type RequestInput,
  testPlugin,
  testSamples,
  TestStore,
} from "apisix-bun-runner/testing";
import limitCount from "./index.ts";

await testSamples(limitCount);

function limiting(config: object, options?: PluginTestOptions): Promise<PluginUnderTest> {
  return testPlugin(limitCount, { ...options, config: { window: 60, ...config } });
}

/** The statuses of requests, one after the other; "passes" for one that goes on. */
async function send(plugin: PluginUnderTest, ...requests: RequestInput[]) {
  const outcomes: (string | number)[] = [];
  for (const request of requests) {
    const result = await plugin.request(request);
    outcomes.push(result.action === "stop" ? result.response.status : "passes");
  }
  return outcomes;
}

test("a fixed window lets count requests pass, and as many when it is over", async () => {
  using time = fakeTime();
  const plugin = await limiting({ count: 2 });
  expect(await send(plugin, "/", "/", "/")).toEqual(["passes", "passes", 429]);
  await time.advance(59_999);
  expect(await send(plugin, "/")).toEqual([429]);
  await time.advance(1);
  expect(await send(plugin, "/", "/", "/")).toEqual(["passes", "passes", 429]);
});

test("a sliding window gives no double quota at the edge", async () => {
  using time = fakeTime();
  const plugin = await limiting({ count: 10, sliding: true });
  const ten = Array<string>(10).fill("/");
  await send(plugin, ...ten);
  await time.advance(60_000 + 30_000);
  // Half of the window before still counts.
  const outcomes = await send(plugin, ...ten);
  expect(outcomes.filter((outcome) => outcome === "passes")).toHaveLength(5);
});

test("calls at once share what is left", async () => {
  const plugin = await limiting({ count: 30 });
  const results = await Promise.all(Array.from({ length: 100 }, () => plugin.request()));
  expect(results.filter(({ action }) => action === "rewrite")).toHaveLength(30);
});

test.each([
  [
    "standard",
    {
      "ratelimit-policy": '"3-per-60s";q=3;w=60',
      ratelimit: '"3-per-60s";r=2;t=60',
    },
  ],
  ["separate", { "ratelimit-limit": "3", "ratelimit-remaining": "2", "ratelimit-reset": "60" }],
  ["apisix", { "x-ratelimit-limit": "3", "x-ratelimit-remaining": "2", "x-ratelimit-reset": "60" }],
])("quotaHeaders %s, on what passes and on what is refused", async (quotaHeaders, expected) => {
  using time = fakeTime();
  const plugin = await limiting({ count: 3, quotaHeaders });
  const passed = await plugin.request();
  expectAction(passed, "rewrite");
  expect(Object.fromEntries(passed.responseHeaders)).toEqual(expected);
  await time.advance(10_500);
  await send(plugin, "/", "/");
  const refused = await plugin.request();
  expectAction(refused, "stop");
  const shown = JSON.stringify(Object.fromEntries(refused.response.headers));
  for (const [name, value] of Object.entries(expected)) {
    const now = value.replace("r=2;t=60", "r=0;t=50");
    const then = name.endsWith("-remaining") ? "0" : name.endsWith("-reset") ? "50" : now;
    expect(shown).toContain(JSON.stringify({ [name]: then }).slice(1, -1));
  }
  expect(refused.response.headers.get("retry-after")).toBe("50");
});

test("quotaHeaders none changes nothing of the response, Retry-After stays", async () => {
  const plugin = await limiting({ count: 1, quotaHeaders: "none" });
  expectAction(await plugin.request(), "continue");
  const refused = await plugin.request();
  expectAction(refused, "stop");
  expect(refused.response.headers.has("ratelimit")).toBe(false);
  expect(Number(refused.response.headers.get("retry-after"))).toBeWithin(59, 61);
});

test.each([
  ["text", "slow down", "text/plain; charset=utf-8"],
  ["JSON", '{"error":"slow down"}', "application/json"],
])("refuses with a status and %s of the conf", async (_kind, body, type) => {
  const plugin = await limiting({ count: 1, status: 503, body });
  await plugin.request();
  const refused = await plugin.request();
  expectAction(refused, "stop");
  expect(refused.response.status).toBe(503);
  expect(refused.response.text()).toBe(body);
  expect(refused.response.headers.get("content-type")).toBe(type);
});

test("without a text APISIX shows its error page", async () => {
  const plugin = await limiting({ count: 1 });
  await plugin.request();
  const refused = await plugin.request();
  expectAction(refused, "stop");
  expect(refused.response).toMatchObject({ status: 429, errorPage: true });
});

/** Two that count apart; the third is the first again. */
test.each<[key: string | string[], one: RequestInput, other: RequestInput]>([
  ["ip", { ip: "10.0.0.1" }, { ip: "10.0.0.2" }],
  ["header:X-API-Key", { headers: { "x-api-key": "a" } }, { headers: { "x-api-key": "b" } }],
  ["cookie:sid", { headers: { cookie: "a=1; sid=a" } }, { headers: { cookie: "a=1; sid=b" } }],
  ["arg:tenant", "/?tenant=a", "/?tenant=b"],
  ["path:2", "/v1/a/x", "/v1/b/x"],
  ["consumer", { vars: { consumer_name: "a" } }, { vars: { consumer_name: "b" } }],
  ["var:request_method", { method: "GET" }, { method: "POST" }],
  [
    ["ip", "header:x-a"],
    { ip: "10.0.0.1", headers: { "x-a": "1" } },
    { ip: "10.0.0.1", headers: { "x-a": "2" } },
  ],
  // Parts that read the same in one line.
  [
    ["header:x-a", "header:x-b"],
    { headers: { "x-a": "1,2", "x-b": "3" } },
    { headers: { "x-a": "1", "x-b": "2,3" } },
  ],
])("counts by %j", async (key, one, other) => {
  const plugin = await limiting({ count: 1, key });
  expect(await send(plugin, one, other, one, other)).toEqual(["passes", "passes", 429, 429]);
});

test("counts all together by a constant", async () => {
  const plugin = await limiting({ count: 1, key: "constant" });
  expect(await send(plugin, { ip: "10.0.0.1" }, { ip: "10.0.0.2" })).toEqual(["passes", 429]);
});

const keyed = (value?: string): RequestInput => ({
  headers: value === undefined ? {} : { "x-api-key": value },
});

test.each([
  ["share", ["passes", 429, "passes"]],
  ["refuse", [400, 400, "passes"]],
  ["skip", ["passes", "passes", "passes"]],
])("requests without the key, missing %s", async (missing, expected) => {
  const plugin = await limiting({ count: 1, key: "header:x-api-key", missing });
  expect(await send(plugin, keyed(), keyed(""), keyed("a"))).toEqual(expected);
});

test("routes count apart, those of a group together", async () => {
  const store = new TestStore();
  const on = (route: string, config: object) => limiting({ count: 1, ...config }, { route, store });
  expect(await send(await on("1", {}), "/")).toEqual(["passes"]);
  expect(await send(await on("2", {}), "/")).toEqual(["passes"]);
  expect(await send(await on("1", { group: "a" }), "/")).toEqual(["passes"]);
  expect(await send(await on("2", { group: "a" }), "/")).toEqual([429]);
  expect(await send(await on("2", { group: "b" }), "/")).toEqual(["passes"]);
});

test("two quotas of one route do not meet, and a new count goes on with the old counter", async () => {
  const store = new TestStore();
  const on = (config: object) => limiting(config, { store });
  expect(await send(await on({ count: 1 }), "/", "/")).toEqual(["passes", 429]);
  expect(await send(await on({ count: 1, window: 3600 }), "/")).toEqual(["passes"]);
  expect(await send(await on({ count: 2 }), "/", "/")).toEqual(["passes", 429]);
});

test("hosts share a store", async () => {
  const store = new TestStore();
  const [host, other] = [
    await limiting({ count: 3 }, { store }),
    await limiting({ count: 3 }, { store }),
  ];
  expect(await send(host, "/", "/")).toEqual(["passes", "passes"]);
  expect(await send(other, "/", "/")).toEqual(["passes", 429]);
});

test("a store that is away: refuses with 503, whatever the route says of degradation", async () => {
  const store = new TestStore();
  store.isDown = true;
  const plugin = await limiting({ count: 1 }, { store });
  const result = await plugin.request();
  expectAction(result, "stop");
  expect(result.response.status).toBe(503);
  expect(result.response.headers.get("retry-after")).toBe("1");
  expect(result.log).toMatchObject([
    { level: "error", message: "requests are refused: the store is away" },
  ]);
});

test("a store that is away, onStoreError allow: passes, and counts again when it is back", async () => {
  const store = new TestStore();
  const plugin = await limiting({ count: 1, onStoreError: "allow" }, { store });
  store.isDown = true;
  const result = await plugin.request();
  expectAction(result, "continue");
  expect(result.log).toMatchObject([
    { level: "warn", message: "requests pass uncounted: the store is away" },
  ]);
  store.isDown = false;
  expect(await send(plugin, "/", "/")).toEqual(["passes", 429]);
});

test("no credential reaches the log or a key of the store", async () => {
  const store = new TestStore();
  const plugin = await limiting({ count: 1, key: "header:authorization" }, { store });
  const headers = { authorization: "Bearer hunter2" };
  const results = [await plugin.request({ headers }), await plugin.request({ headers })];
  store.isDown = true;
  results.push(await plugin.request({ headers }));
  for (const { log } of results) expect(JSON.stringify(log)).not.toContain("hunter2");
  store.isDown = false;
  const buckets = store
    .of("limit-count")
    .scope("route route#test#ext-plugin-pre-req")
    .scope(JSON.stringify(["header:authorization", 60, false, ""]));
  const hash = new Bun.CryptoHasher("sha256").update("Bearer hunter2").digest("base64url");
  const found = await Promise.all(
    [`sha256:${hash}`, "Bearer hunter2"].map((part) => buckets.get(JSON.stringify([part]))),
  );
  expect(found.map((value) => value !== undefined)).toEqual([true, false]);
});

test.each([
  [{ count: 1.5 }, "count: "],
  [{ count: "5" }, "count: "],
  [{ count: 1, window: 0 }, "window: "],
  [{ count: 1, sliding: "yes" }, "sliding: "],
  [{ count: 1, key: "x-api-key" }, 'key: "x-api-key" names no part of a request; allowed: ip,'],
  [{ count: 1, key: ["ip", "header:"] }, "key.1: "],
  [{ count: 1, key: [] }, "key: "],
  [{ count: 1, missing: "pass" }, "missing: "],
  [{ count: 1, group: "" }, "group: "],
  [{ count: 1, status: 99 }, "status: "],
  [{ count: 1, body: 5 }, "body: "],
  [{ count: 1, policy: 'a"b' }, "policy: "],
  [{ count: 1, key_type: "var" }, "key_type: there is no such field"],
])("refuses the conf %j", async (config, message) => {
  await expect(limiting(config)).rejects.toThrow(message);
});

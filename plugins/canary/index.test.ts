import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  expectAction,
  type PluginTestOptions,
  type RequestInput,
  testPlugin,
  testSamples,
} from "apisix-bun-runner/testing";
import canary from "./index.ts";
import { Deck } from "./deck.ts";
import { pick } from "./rendezvous.ts";

await testSamples(canary);

const TWO = [
  { name: "v1", weight: 90 },
  { name: "v2", weight: 10 },
];

/** The variants of requests, one after the other. */
async function variantsOf(
  config: object,
  requests: readonly RequestInput[],
  options?: PluginTestOptions,
) {
  const plugin = await testPlugin(canary, { ...options, config: { variants: TWO, ...config } });
  const names: (string | null)[] = [];
  for (const request of requests) {
    const result = await plugin.request(request);
    expectAction(result, "rewrite");
    names.push(result.request.headers.get("x-variant"));
  }
  return names;
}

function count<T>(list: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const item of list) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

const user = (id: string): RequestInput => ({ headers: { "x-user": id } });

/** Users of one variant, found by trying. */
async function usersOf(variant: string, number: number): Promise<string[]> {
  const ids = Array.from({ length: 200 }, (_, i) => `user-${i}`);
  const names = await variantsOf({ by: "header:x-user" }, ids.map(user));
  return ids.filter((_, i) => names[i] === variant).slice(0, number);
}

describe("without a key", () => {
  test.each([
    [
      [90, 10],
      [90_000, 10_000],
    ],
    [
      [1, 1],
      [50_000, 50_000],
    ],
    [
      [995, 4, 1],
      [99_500, 400, 100],
    ],
    [
      [0, 7],
      [0, 100_000],
    ],
    [
      [99_999, 1],
      [99_999, 1],
    ],
  ])("the weights %j are exact over 100 000 requests", (weights, expected) => {
    const deck = new Deck(weights);
    const drawn = count(Array.from({ length: 100_000 }, () => deck.draw()));
    expect(weights.map((_, i) => drawn.get(i) ?? 0)).toEqual(expected);
  });

  test("each round is exact, and none is like the other", () => {
    const deck = new Deck([90, 10]);
    // Both in tenths: ten cards a round.
    const rounds = Array.from({ length: 1000 }, () =>
      Array.from({ length: 10 }, () => deck.draw()).join(""),
    );
    expect(rounds.every((round) => count(round).get("1") === 1)).toBe(true);
    // The one card may lie in ten places, each as likely: 100 ± 5 standard deviations.
    const places = count(rounds.map((round) => round.indexOf("1")));
    expect(places.size).toBe(10);
    for (const times of places.values()) expect(times).toBeWithin(53, 148);
  });

  test("requests draw from the deck", async () => {
    const names = await variantsOf({}, Array<string>(200).fill("/"));
    expect(count(names)).toEqual(
      new Map([
        ["v1", 180],
        ["v2", 20],
      ]),
    );
  });
});

describe("with a key", () => {
  const keys = Array.from({ length: 100_000 }, (_, i) => `user-${i}`);
  const shares = (variants: readonly { name: string; weight: number }[], seed = "") =>
    keys.map((key) => pick(variants, key, seed)?.name);
  const named = (...weights: number[]) =>
    weights.map((weight, i) => ({ name: `v${i + 1}`, weight }));

  test.each([[[90, 10]], [[50, 50]], [[1, 1, 1]], [[70, 20, 9, 1]], [[5, 0, 95]]])(
    "100 000 keys fall by the weights %j",
    (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const counts = count(shares(named(...weights)));
      for (const [i, weight] of weights.entries()) {
        const share = weight / total;
        const deviation = Math.sqrt(keys.length * share * (1 - share));
        const found = counts.get(`v${i + 1}`) ?? 0;
        expect(Math.abs(found - keys.length * share)).toBeLessThanOrEqual(4 * deviation);
      }
    },
  );

  test("another process finds the same", async () => {
    const code = `
      import { pick } from ${JSON.stringify(join(import.meta.dir, "rendezvous.ts"))};
      const keys = Array.from({ length: 1000 }, (_, i) => "user-" + i);
      console.log(keys.map((key) => pick(${JSON.stringify(TWO)}, key, "s")?.name).join(","));`;
    const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
    expect((await child.stdout.text()).trim()).toBe(shares(TWO, "s").slice(0, 1000).join(","));
  });

  test("what a key got in the first release it gets in all", () => {
    const found = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"].map(
      (key) => pick(named(50, 50), key, "")?.name,
    );
    expect(found.join(" ")).toBe("v2 v1 v1 v2 v2 v1 v1 v2");
  });

  test.each([
    ["a rollout", [90, 10], [80, 20], ["v1>v2"]],
    ["one gets more", [50, 25, 25], [50, 25, 50], ["v1>v3", "v2>v3"]],
    ["one gets nothing", [50, 25, 25], [50, 25, 0], ["v3>v1", "v3>v2"]],
    ["a new one", [60, 40], [60, 40, 10], ["v1>v3", "v2>v3"]],
  ])("%s: only the keys move that have to", (_what, before, after, moves) => {
    const [old, now] = [shares(named(...before)), shares(named(...after))];
    const moved = keys.map((_, i) => `${old[i]}>${now[i]}`).filter((_, i) => old[i] !== now[i]);
    expect([...new Set(moved)].sort()).toEqual(moves);
    const sum = (weights: readonly number[]) => weights.reduce((a, b) => a + b, 0);
    const needed = after.reduce(
      (total, weight, i) =>
        total + Math.max(0, weight / sum(after) - (before[i] ?? 0) / sum(before)),
      0,
    );
    expect(moved.length / keys.length).toBeCloseTo(needed, 2);
  });

  test("the order of variants means nothing, the seed shares out anew", () => {
    expect(shares([...TWO].reverse())).toEqual(shares(TWO));
    const other = shares(TWO, "2");
    const both = shares(TWO).filter((name, i) => name === "v2" && other[i] === "v2");
    // Independent: a tenth of a tenth.
    expect(both.length).toBeWithin(870, 1130);
  });

  test.each<[by: string, one: RequestInput, options?: PluginTestOptions]>([
    ["header:x-user", user("a")],
    ["cookie:sid", { headers: { cookie: "x=1; sid=a" } }],
    ["ip", { ip: "192.0.2.7" }],
    ["arg:user", "/?user=a"],
    ["consumer", { vars: { consumer_name: "a" } }],
    ["var:ssl_client_s_dn", { vars: { ssl_client_s_dn: "CN=a" } }],
  ])("by %s the variant stays", async (by, request) => {
    const even = [
      { name: "v1", weight: 1 },
      { name: "v2", weight: 1 },
    ];
    const names = await variantsOf({ by, variants: even }, Array(20).fill(request));
    expect(new Set(names).size).toBe(1);
  });

  test("without a round trip where the request itself has it", async () => {
    const plugin = await testPlugin(canary, { config: { variants: TWO, by: "header:x-user" } });
    expect((await plugin.request(user("a"))).asked).toEqual([]);
  });

  test("requests that lack the key draw from the deck", async () => {
    const names = await variantsOf({ by: "header:x-user" }, Array<string>(100).fill("/"));
    expect(count(names)).toEqual(
      new Map([
        ["v1", 90],
        ["v2", 10],
      ]),
    );
  });

  test("keys of a variant are always its own, also with the weight 0", async () => {
    const stable = await usersOf("v1", 3);
    const variants = [TWO[0], { name: "v2", weight: 0, keys: stable }];
    const config = { by: "header:x-user", variants };
    expect(await variantsOf(config, stable.map(user))).toEqual(["v2", "v2", "v2"]);
    expect(await variantsOf(config, [user("somebody")])).toEqual(["v1"]);
  });
});

describe("what a variant sets", () => {
  const variants = [
    { name: "v1", weight: 1, headers: { "x-stage": "stable" } },
    {
      name: "v2",
      weight: 0,
      host: "v2.internal:8080",
      pathPrefix: "/v2",
      headers: { "x-new": "1" },
    },
  ];
  const config = { variants, override: { header: "x-want" }, header: "x-version" };

  test("header, host and path", async () => {
    const plugin = await testPlugin(canary, { config });
    const result = await plugin.request({ path: "/a b?x=1", headers: { "x-want": "v2" } });
    expectAction(result, "rewrite");
    expect(result.request.path).toBe("/v2/a b");
    expect(result.request.args.get("x")).toBe("1");
    expect(Object.fromEntries(result.request.headers)).toMatchObject({
      host: "v2.internal:8080",
      "x-version": "v2",
      "x-new": "1",
    });
  });

  test("what the client sends under these names does not get through", async () => {
    const plugin = await testPlugin(canary, { config });
    const headers = { "X-Version": "v2", "X-New": "1", "x-stage": "mine" };
    const result = await plugin.request({ headers });
    expectAction(result, "rewrite");
    expect(result.request.headers.get("x-version")).toBe("v1");
    expect(result.request.headers.get("x-stage")).toBe("stable");
    expect(result.request.headers.has("x-new")).toBe(false);
  });
});

describe("override", () => {
  const env = { CANARY_TOKEN: "hunter2" };
  const config = { override: { header: "x-want", token: "$env://CANARY_TOKEN" } };

  test("is off where the conf has none", async () => {
    const names = await variantsOf({}, Array(10).fill({ headers: { "x-want": "v2" } }));
    expect(count(names).get("v2")).toBe(1);
  });

  test.each([
    ["v2:hunter2", "v2"],
    ["v2", "v1"],
    ["v2:", "v1"],
    ["v2:hunter", "v1"],
    ["v2:hunter2:", "v1"],
    ["v3:hunter2", "v1"],
    [":hunter2", "v1"],
  ])("%j gives %s, and the upstream and the log never see it", async (wish, expected) => {
    const [stable = ""] = await usersOf("v1", 1);
    const plugin = await testPlugin(canary, {
      env,
      config: { variants: TWO, by: "header:x-user", ...config },
    });
    const result = await plugin.request({ headers: { "x-want": wish, "x-user": stable } });
    expectAction(result, "rewrite");
    expect(result.request.headers.get("x-variant")).toBe(expected);
    expect(result.request.headers.has("x-want")).toBe(false);
    expect(JSON.stringify(result.log)).not.toContain("hunter2");
  });

  test("without a token the name alone will do", async () => {
    const names = await variantsOf(
      { override: { header: "x-want" } },
      Array(20).fill({ headers: { "x-want": "v2" } }),
    );
    expect(new Set(names)).toEqual(new Set(["v2"]));
  });
});

describe("cookie", () => {
  const config = { cookie: { name: "canary", maxAge: 60 }, by: "header:x-user" };

  test("a client without the key gets one, and stays where it is", async () => {
    const even = [
      { name: "v1", weight: 1 },
      { name: "v2", weight: 1 },
    ];
    const plugin = await testPlugin(canary, { config: { variants: even, ...config } });
    const seen = new Set<string | null>();
    for (let client = 0; client < 30; client++) {
      const first = await plugin.request();
      expectAction(first, "rewrite");
      const [cookie = ""] = first.responseHeaders.getSetCookie();
      expect(cookie).toMatch(/^canary=[0-9a-f-]{36}; Path=\/; Max-Age=60; HttpOnly; SameSite=Lax$/);
      const sent = cookie.slice(0, cookie.indexOf(";"));
      const second = await plugin.request({ headers: { cookie: `a=b; ${sent}` } });
      expectAction(second, "rewrite");
      expect(second.responseHeaders.getSetCookie()).toEqual([]);
      const variant = first.request.headers.get("x-variant");
      expect(second.request.headers.get("x-variant")).toBe(variant);
      seen.add(variant);
    }
    expect(seen.size).toBe(2);
  });

  test("is for https alone where the client came that way", async () => {
    const plugin = await testPlugin(canary, { config: { variants: TWO, ...config } });
    const result = await plugin.request({ headers: { "x-forwarded-proto": "https" } });
    expectAction(result, "rewrite");
    expect(result.responseHeaders.getSetCookie()[0]).toEndWith("; Secure");
  });

  test("a client with the key gets none", async () => {
    const plugin = await testPlugin(canary, { config: { variants: TWO, ...config } });
    const result = await plugin.request(user("a"));
    expectAction(result, "rewrite");
    expect(result.responseHeaders.getSetCookie()).toEqual([]);
  });

  test("a cookie that holds somebody's key gives nothing of theirs", async () => {
    const stable = await usersOf("v1", 5);
    const variants = [TWO[0], { ...TWO[1], keys: stable }];
    const forged = stable.map((id) => ({ headers: { cookie: `canary=${id}` } }));
    expect(await variantsOf({ ...config, variants }, forged)).toEqual(Array(5).fill("v1"));
  });
});

test.each([
  [{ variants: [] }, "variants: "],
  [{ variants: [{ name: "v1", weight: -1 }] }, "variants.0.weight: "],
  [{ variants: [{ name: "v1", weight: 0.5 }] }, "variants.0.weight: "],
  [{ variants: [{ name: "v1", weight: 0 }] }, "variants: the weights are 0 in all"],
  [{ variants: [{ name: "v1", weight: 100_001 }] }, "variants: the weights are 100001 in all"],
  [{ variants: [{ name: "v:1", weight: 1 }] }, "variants.0.name: "],
  [{ variants: [TWO[0], TWO[0]] }, "variants: two have the name v1"],
  [{ variants: [{ ...TWO[0], headers: { host: "a" } }] }, "variants.0.headers.host: "],
  [{ variants: [{ ...TWO[0], host: "a/b" }] }, "variants.0.host: "],
  [{ variants: [{ ...TWO[0], pathPrefix: "v2" }] }, "variants.0.pathPrefix: "],
  [{ variants: [{ ...TWO[0], pathPrefix: "/v2/" }] }, "variants.0.pathPrefix: "],
  [{ variants: [{ ...TWO[0], keys: ["a"] }] }, "by: left out, but variants have keys"],
  [
    { by: "ip", variants: TWO.map((variant) => ({ ...variant, keys: ["::1"] })) },
    'variants: the key "::1" is given to two of them',
  ],
  [{ by: "user" }, "by: "],
  [{ header: "content-length" }, 'header: "content-length" cannot be set here'],
  [{ cookie: { name: "a b" } }, "cookie.name: "],
  [{ override: { header: "x-variant" } }, "override: its header is the one"],
  [{ override: { header: "x-want", token: 5 } }, "override.token: expected text"],
  [{ wieght: 1 }, "wieght: there is no such field"],
])("refuses the conf %j", async (config, message) => {
  const refused = testPlugin(canary, { config: { variants: TWO, ...config } });
  await expect(refused).rejects.toThrow(message);
});

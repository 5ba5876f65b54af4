import { describe, expect, test } from "bun:test";
import {
  expectAction,
  fakeTime,
  type PluginUnderTest,
  type RequestResult,
  testChain,
  testPlugin,
  TestStore,
} from "apisix-bun-runner/testing";
import { definePlugin } from "apisix-bun-runner";
import {
  deliveries,
  github,
  OLD_SECRET,
  SECRET,
  shopify,
  signature,
  type SignedDelivery,
  STANDARD_SECRET,
  standardPublic,
  standardWebhook,
  stripe,
} from "./fixtures/deliveries.ts";
import webhookSignature from "./index.ts";

/** The plugin on a route, with more in its conf than the delivery needs. */
function receiving({ config }: SignedDelivery, more: object = {}, store = new TestStore()) {
  return testPlugin(webhookSignature, { config: { ...config, ...more }, store });
}

/** Sends it, with other headers (undefined: without), or another body. */
function send(
  plugin: PluginUnderTest,
  { headers, body }: SignedDelivery,
  changes: { headers?: Record<string, string | undefined>; body?: string } = {},
): Promise<RequestResult> {
  const all = Object.entries({ ...headers, ...changes.headers });
  return plugin.request({
    method: "POST",
    path: "/hook",
    headers: all.flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    ),
    body: changes.body ?? body,
  });
}

function expectRefused(result: RequestResult, status: number, reason: string): void {
  expectAction(result, "stop");
  expect(result.response.text()).toContain(reason);
  expect(result.response.status).toBe(status);
  expect(result.log).toContainEqual(
    expect.objectContaining({
      level: "warn",
      message: "refused",
      fields: expect.objectContaining({ reason: expect.stringContaining(reason) }),
    }),
  );
}

const named = deliveries.map((delivery) => [delivery.name, delivery] as const);

describe("signed deliveries", () => {
  test.each(named)("%s: passes as it came", async (_name, delivery) => {
    using _time = fakeTime(delivery.at);
    const result = await send(await receiving(delivery), delivery);
    expectAction(result, "continue");
    expect(result.request.text()).toBe(delivery.body);
  });

  test.each(named)("%s: a body with one byte more is refused", async (_name, delivery) => {
    using _time = fakeTime(delivery.at);
    const result = await send(await receiving(delivery), delivery, { body: `${delivery.body} ` });
    expectRefused(result, 401, "the signature does not match");
  });

  test.each(named)("%s: another secret is refused", async (_name, delivery) => {
    using _time = fakeTime(delivery.at);
    const standard = ["whsec_bm90IHRoaXMgb25l", `whpk_${btoa("another key of thirty-two bytes.")}`];
    const secrets = delivery.config.provider === "standard" ? standard : ["abcd"];
    const result = await send(await receiving(delivery, { secrets }), delivery);
    expectRefused(result, 401, "the signature does not match");
  });

  test.each(named)("%s: any of several secrets will do", async (_name, delivery) => {
    using _time = fakeTime(delivery.at);
    const other = delivery.config.provider === "standard" ? STANDARD_SECRET : "abcd";
    const secrets = [other, ...delivery.config.secrets, other];
    expectAction(await send(await receiving(delivery, { secrets }), delivery), "continue");
  });

  test("both secrets of a rotation find their signature", async () => {
    using _time = fakeTime(stripe.at);
    for (const secret of [SECRET, OLD_SECRET]) {
      const plugin = await receiving(stripe, { secrets: [secret] });
      expectAction(await send(plugin, stripe), "continue");
    }
  });

  test("hex may be in capitals", async () => {
    const headers = { "x-hub-signature-256": `sha256=${signature("github").toUpperCase()}` };
    expectAction(await send(await receiving(github), github, { headers }), "continue");
  });
});

describe("time", () => {
  const timed = named.filter(([, { at }]) => at !== undefined);

  test.each(timed)("%s: passes within the tolerance, and not beyond", async (_name, delivery) => {
    const at = delivery.at ?? 0;
    const plugin = await receiving(delivery, { tolerance: 60 });
    for (const [offset, reason] of [
      [60_000, undefined],
      [-60_000, undefined],
      [60_001, "the timestamp is too old"],
      [-60_001, "the timestamp is in the future"],
    ] as const) {
      using _time = fakeTime(at + offset);
      const result = await send(plugin, delivery);
      if (reason === undefined) expectAction(result, "continue");
      else expectRefused(result, 401, reason);
    }
  });

  test("is five minutes where the conf does not say", async () => {
    const plugin = await receiving(stripe);
    using time = fakeTime((stripe.at ?? 0) + 300_000);
    expectAction(await send(plugin, stripe), "continue");
    await time.advance(1);
    expectRefused(await send(plugin, stripe), 401, "the timestamp is too old");
  });

  test("the timestamp is signed", async () => {
    using _time = fakeTime(standardWebhook.at);
    const plugin = await receiving(standardWebhook);
    const headers = { "webhook-timestamp": "1674087232" };
    const result = await send(plugin, standardWebhook, { headers });
    expectRefused(result, 401, "the signature does not match");
  });
});

describe("what is no signed delivery", () => {
  const stripeHeader = stripe.headers["stripe-signature"] ?? "";
  const standardHeader = standardWebhook.headers["webhook-signature"] ?? "";
  const noStandard = { "webhook-signature": undefined };

  test.each<[SignedDelivery, Record<string, string | undefined>, number, string]>([
    [github, { "x-hub-signature-256": undefined }, 401, "there is no header x-hub-signature-256"],
    [github, { "x-hub-signature-256": "" }, 401, "there is no header"],
    [github, { "x-hub-signature-256": signature("github") }, 400, "the signature is not of"],
    [github, { "x-hub-signature-256": "sha256=" }, 400, "the signature is not of"],
    [github, { "x-hub-signature-256": "sha256=xyz" }, 400, "the signature is not of"],
    [github, { "x-hub-signature-256": "sha256=c20e" }, 401, "the signature does not match"],
    [github, { "x-hub-signature-256": `md5sum:${signature("github")}` }, 400, "the signature is"],
    [
      standardPublic,
      { "webhook-signature": `v1,${signature("standard-ed25519")}` },
      401,
      "the signature does not match",
    ],
    [shopify, { "x-shopify-hmac-sha256": "#" }, 400, "the signature is not of"],
    [shopify, { "x-shopify-hmac-sha256": signature("github") }, 401, "does not match"],
    [stripe, { "stripe-signature": "t=1686089970" }, 401, "there is no signature of version v1"],
    [stripe, { "stripe-signature": stripeHeader.slice(13) }, 400, "the timestamp is not of"],
    [stripe, { "stripe-signature": `t=1,${stripeHeader}` }, 400, "the timestamp is not of"],
    [stripe, { "stripe-signature": stripeHeader.replace("t=", "t=-") }, 400, "the timestamp"],
    [stripe, { "stripe-signature": stripeHeader.replace("v1=", "v1=g") }, 400, "the signature"],
    [standardWebhook, { "webhook-id": undefined }, 401, "there is no header webhook-id"],
    [standardWebhook, { "webhook-id": "msg.1" }, 400, "the id is not of"],
    [standardWebhook, { "webhook-timestamp": "1e9" }, 400, "the timestamp is not of"],
    [standardWebhook, { "webhook-timestamp": undefined }, 401, "no header webhook-timestamp"],
    [standardWebhook, noStandard, 401, "there is no header svix-signature"],
    [standardWebhook, { "webhook-signature": "v2,YQ== junk" }, 401, "of version v1 or v1a"],
    [standardWebhook, { "webhook-signature": "v1,*" }, 400, "the signature is not of"],
    [
      standardWebhook,
      { "webhook-signature": standardHeader.replace(/v1,/g, "v1a,") },
      401,
      "the signature does not match",
    ],
    [
      standardWebhook,
      { ...noStandard, "svix-signature": standardHeader },
      401,
      "there is no header svix-timestamp",
    ],
  ])("%#", async (delivery, headers, status, reason) => {
    using _time = fakeTime(delivery.at);
    const result = await send(await receiving(delivery), delivery, { headers });
    expectRefused(result, status, reason);
  });

  test("a signature that comes twice", async () => {
    const plugin = await receiving(github);
    const value = github.headers["x-hub-signature-256"] ?? "";
    const result = await plugin.request({
      method: "POST",
      headers: [
        ["x-hub-signature-256", "sha256=00"],
        ["x-hub-signature-256", value],
      ],
      body: github.body,
    });
    expectRefused(result, 400, "the signature is not of");
  });

  test("no body, or one that APISIX does not hand over", async () => {
    const plugin = await receiving(github);
    expectRefused(await send(plugin, github, { body: "" }), 400, "there is no body");
    const { headers } = github;
    const result = await plugin.request({
      method: "POST",
      headers: { ...headers, "content-length": "312" },
    });
    expectRefused(result, 400, "there is no body");
  });

  test("a body that is too long is not even asked for", async () => {
    const plugin = await receiving(github, { maxBody: github.body.length - 1 });
    const result = await send(plugin, github);
    expectRefused(result, 413, "the body is too long");
    expect(result.asked).toEqual([]);
  });

  test("a body that is too long and says another length", async () => {
    const plugin = await receiving(github, { maxBody: github.body.length - 1 });
    const result = await send(plugin, github, { headers: { "content-length": "1" } });
    expectRefused(result, 413, "the body is too long");
  });

  test("a body that a plugin before has replaced fails the call, and says why", async () => {
    const replace = definePlugin({
      name: "replace",
      request({ request }) {
        request.body = github.body;
      },
    });
    const chain = await testChain([[replace], [webhookSignature, github.config]]);
    const result = await send(chain, github);
    expectAction(result, "error");
    expect(result.message).toContain("put webhook-signature first");
  });
});

describe("verifiedHeader", () => {
  const verifiedHeader = "X-Webhook-Verified";

  test("tells the upstream who was verified, whatever the client says", async () => {
    const plugin = await receiving(github, { verifiedHeader });
    for (const sent of [undefined, "stripe"]) {
      const result = await send(plugin, github, { headers: { "x-webhook-verified": sent } });
      expectAction(result, "rewrite");
      expect(result.request.headers.get(verifiedHeader)).toBe("github");
    }
  });
});

describe("replay", () => {
  test("a delivery passes again where nothing else is said", async () => {
    const plugin = await receiving(github);
    expectAction(await send(plugin, github), "continue");
    expectAction(await send(plugin, github), "continue");
  });

  test.each(named)("%s: refused the second time", async (_name, delivery) => {
    using _time = fakeTime(delivery.at);
    const plugin = await receiving(delivery, { replay: "refuse" });
    expectAction(await send(plugin, delivery), "continue");
    expectRefused(await send(plugin, delivery), 409, "this delivery has come before");
  });

  test("of many at once one passes", async () => {
    const plugin = await receiving(github, { replay: "refuse" });
    const results = await Promise.all(Array.from({ length: 20 }, () => send(plugin, github)));
    expect(results.filter(({ action }) => action === "continue")).toHaveLength(1);
  });

  test("another of the signatures it came with does not help", async () => {
    using _time = fakeTime(stripe.at);
    const plugin = await receiving(stripe, { replay: "refuse", secrets: [SECRET, OLD_SECRET] });
    expectAction(await send(plugin, stripe), "continue");
    for (const name of ["stripe", "stripe-old"]) {
      const headers = { "stripe-signature": `t=1686089970,v1=${signature(name)}` };
      const result = await send(plugin, stripe, { headers });
      expectRefused(result, 409, "this delivery has come before");
    }
  });

  test("what is not signed is not remembered", async () => {
    const plugin = await receiving(github, { replay: "refuse" });
    const headers = { "x-hub-signature-256": `sha256=${"00".repeat(32)}` };
    expectRefused(await send(plugin, github, { headers }), 401, "does not match");
    expectAction(await send(plugin, github), "continue");
  });

  test("is remembered for replayWindow where no time is signed", async () => {
    using time = fakeTime();
    const plugin = await receiving(github, { replay: "refuse", replayWindow: 10 });
    expectAction(await send(plugin, github), "continue");
    await time.advance(9999);
    expectRefused(await send(plugin, github), 409, "has come before");
    await time.advance(1);
    expectAction(await send(plugin, github), "continue");
  });

  test("is remembered for as long as the timestamp passes", async () => {
    using time = fakeTime((stripe.at ?? 0) - 300_000);
    const plugin = await receiving(stripe, { replay: "refuse" });
    expectAction(await send(plugin, stripe), "continue");
    await time.advance(600_000);
    expectRefused(await send(plugin, stripe), 409, "has come before");
    await time.advance(1);
    expectRefused(await send(plugin, stripe), 401, "the timestamp is too old");
  });

  test("the store is down: refused, or let through as configured", async () => {
    const store = new TestStore();
    store.isDown = true;
    const closed = await receiving(github, { replay: "refuse" }, store);
    const refused = await send(closed, github);
    expectRefused(refused, 503, "try again later");
    expect(refused.log.map(({ text }) => text).join()).toContain("StoreUnavailableError");
    const open = await receiving(github, { replay: "refuse", onStoreError: "allow" }, store);
    expectAction(await send(open, github), "continue");
    const unsigned = await send(open, github, { body: "x" });
    expectRefused(unsigned, 401, "does not match");
  });
});

test("no secret and no signature is in any line of the log", async () => {
  const store = new TestStore();
  const env = { HOOK_SECRET: SECRET };
  const config = { provider: "github", secrets: ["$env://HOOK_SECRET"], replay: "refuse" };
  const plugin = await testPlugin(webhookSignature, { config, env, store });
  const results = [
    await send(plugin, github),
    await send(plugin, github),
    await send(plugin, github, { body: "other" }),
    await send(plugin, github, { headers: { "x-hub-signature-256": signature("github") } }),
  ];
  store.isDown = true;
  results.push(await send(plugin, github));
  const lines = results.flatMap(({ log }) => log.map(({ text }) => text)).join("\n");
  expect(lines).toContain("refused");
  for (const hidden of [SECRET, signature("github")]) expect(lines).not.toContain(hidden);
});

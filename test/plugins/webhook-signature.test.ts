/** `webhook-signature` in the executable, over HTTP. */
import { expect, test } from "bun:test";
import webhookSignature from "../../plugins/webhook-signature/index.ts";
import {
  github,
  SECRET,
  shopify,
  signature,
  type SignedDelivery,
} from "../../plugins/webhook-signature/fixtures/deliveries.ts";
import { testPlugin } from "../../src/testing.ts";
import { echoOf, headerOf } from "../gateway/rig.ts";
import { TempDir } from "../support/temp-dir.ts";
import { PluginGateway } from "./plugin-gateway.ts";
import { listedSchemaOf, readmeOf } from "./readme.ts";

const env = { APISIX_BUN_RUNNER_SECRETS_ENV: "HOOK_SECRET", HOOK_SECRET: SECRET };
const secrets = ["$env://HOOK_SECRET"];

function send(
  gateway: PluginGateway,
  { headers, body }: Pick<SignedDelivery, "headers" | "body">,
): Promise<Response> {
  return gateway.fetch("/hook", { method: "POST", headers, body });
}

test("what is signed reaches the upstream byte for byte, and nothing else does", async () => {
  const config = { provider: "shopify", secrets, verifiedHeader: "x-verified" };
  await using gateway = await PluginGateway.start([["webhook-signature", config]], {
    env: { ...env, APISIX_BUN_RUNNER_LOGGING_LEVEL: "debug" },
  });
  const headers = { ...shopify.headers, "x-verified": "stripe" };
  const passed = await send(gateway, { headers, body: shopify.body });
  expect(passed.status).toBe(200);
  const sent = echoOf(await passed.bytes());
  expect(sent.body).toBe(shopify.body);
  expect(headerOf(sent, "x-verified")).toBe("shopify");

  const altered = await send(gateway, { ...shopify, body: `${shopify.body} ` });
  expect([altered.status, await altered.text()]).toEqual([401, "the signature does not match"]);
  const unsigned = await send(gateway, { headers: {}, body: shopify.body });
  expect(unsigned.status).toBe(401);
  const empty = await gateway.fetch("/hook", { method: "POST", headers: shopify.headers });
  expect([empty.status, await empty.text()]).toEqual([400, "there is no body"]);

  const log = await gateway.log();
  expect(log).toContain("refused");
  for (const hidden of [SECRET, signature("shopify")]) expect(log).not.toContain(hidden);
});

test("a delivery passes once, whichever of two runners gets it", async () => {
  using dir = new TempDir();
  const config = { provider: "github", secrets, replay: "refuse" };
  const start = () =>
    PluginGateway.start([["webhook-signature", config]], {
      env: { ...env, APISIX_BUN_RUNNER_STORE_URL: `sqlite:${dir.file("store.db")}` },
    });
  await using first = await start();
  await using second = await start();
  const answers = await Promise.all(
    [first, second, first, second].map((gateway) => send(gateway, github)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
});

test("the page: its routes are valid, and its JSON Schema is the plugin's", async () => {
  const { confs, schema } = await readmeOf("webhook-signature");
  expect(confs.length).toBeGreaterThan(0);
  const names = Array.from(confs.join().matchAll(/\$env:\/\/(\w+)/g), ([, name = ""]) => name);
  const variables = Object.fromEntries(names.map((name) => [name, "whsec_c2VjcmV0"]));
  for (const conf of confs) await testPlugin(webhookSignature, { config: conf, env: variables });
  expect(schema).toEqual(await listedSchemaOf("webhook-signature"));
});

/** response-mask in the executable, behind the development gateway, whose upstream says what it was sent. */
import { expect, test } from "bun:test";
import { PluginGateway } from "./plugin-gateway.ts";

const CONFIG = {
  rules: [
    { paths: ["$.method"], mask: "drop" },
    { paths: ["$.body"], mask: "hash", unless: [{ var: "http_x_role", in: ["auditor"] }] },
  ],
  patterns: [{ find: "card", mask: "last4" }],
  secret: "$env://MASK_KEY",
};

test("fields and card numbers are masked, by the caller's role", async () => {
  await using gateway = await PluginGateway.start([["response-mask", CONFIG]], {
    extPlugin: "ext-plugin-post-resp",
    env: { MASK_KEY: "0123456789abcdef", APISIX_BUN_RUNNER_SECRETS_ENV: "MASK_KEY" },
  });
  const post = (role: string) =>
    gateway.fetch("/pay?card=4111-1111-1111-1111", {
      method: "POST",
      headers: { "x-role": role },
      body: "jane",
    });

  const masked = await post("auditors");
  expect(masked.status).toBe(200);
  const text = await masked.text();
  // The gateway frames it anew: no length of the upstream's body is left.
  expect([null, String(text.length)]).toContain(masked.headers.get("content-length"));
  const { uri, method, body } = JSON.parse(text);
  expect([uri, method]).toEqual(["/pay?card=****1111", undefined]);
  // printf jane | openssl dgst -sha256 -hmac 0123456789abcdef -binary | basenc --base64url
  expect(body).toBe("Fww3MjTgSeMd25U8HyiECyt6ijd43Lsu87TtvXVuofo");
  expect(text).not.toContain("1111-1111");

  expect(await (await post("staff, auditor")).json()).toMatchObject({ body: "jane" });
});

test("what is no JSON is refused, and nothing of it is shown", async () => {
  await using gateway = await PluginGateway.start(
    [["response-mask", { rules: [{ paths: ["$.a"] }] }]],
    { extPlugin: "ext-plugin-post-resp" },
  );
  const refused = await gateway.fetch("/text");
  expect(refused.status).toBe(503);
  expect(await refused.json()).toEqual({ error: "this response cannot be shown" });
  expect((await gateway.fetch("/empty")).status).toBe(200);
  expect((await gateway.fetch("/status/204")).status).toBe(204);
  expect(await gateway.log()).toContain("not of a type that can be masked");
});

import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import apiKey from "./api-key.ts";

const config = { keys: { s3cret: "alice" } };

test("lets in who has a key, and tells the upstream who it is", async () => {
  const plugin = await testPlugin(apiKey, { config });
  const result = await plugin.request({ path: "/orders", headers: { "x-api-key": "s3cret" } });
  expectAction(result, "rewrite");
  expect(result.request.headers.get("x-user")).toBe("alice");
  expect(result.request.headers.has("x-api-key")).toBe(false);
});

test.each([[{}], [{ "x-api-key": "guessed" }]])("refuses all others: %j", async (headers) => {
  const plugin = await testPlugin(apiKey, { config });
  const result = await plugin.request({ path: "/orders", headers });
  expectAction(result, "stop");
  expect(result.response.status).toBe(401);
});

test("refuses a conf without keys", async () => {
  await expect(testPlugin(apiKey, { config: {} })).rejects.toThrow("keys: expected an object");
});

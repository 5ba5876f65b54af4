/** Responses without a body, through the executable and the development gateway: the upstream is asked once. */
import { expect, test } from "bun:test";
import { PluginGateway } from "../plugins/plugin-gateway.ts";

test.each([
  ["a 204", "/status/204", "GET", 204],
  ["a 304", "/status/304", "GET", 304],
  ["HEAD, where the upstream says nothing of a body", "/unframed", "HEAD", 200],
  ["an empty body with a length", "/empty", "GET", 200],
])("%s", async (_what, path, method, status) => {
  const chain = [["response-rewrite", { headers: { "x-mine": "1" } }]] as const;
  const options = { extPlugin: "ext-plugin-post-resp" };
  await using gateway = await PluginGateway.start(chain, options);
  const response = await gateway.fetch(path, { method });
  expect([response.status, await response.text()]).toEqual([status, ""]);
  expect(response.headers.get("x-mine")).toBe("1");
  expect(gateway.requests).toBe(1);
});

/** json-transform in the executable, behind the development gateway, whose upstream says what it was sent. */
import { expect, test } from "bun:test";
import { PluginGateway } from "./plugin-gateway.ts";

const REQUEST = {
  output: "message",
  expression:
    '{ "path": "/v2" & $path, "headers": { "x-tenant": tenant }, "body": { "ids": items.id } }',
};

const JSON_TYPE = { "content-type": "application/json" };

test("a request is reshaped on its way to the upstream", async () => {
  await using gateway = await PluginGateway.start([["json-transform", { request: REQUEST }]]);
  const post = (body: string, headers = JSON_TYPE) =>
    gateway.fetch("/orders", { method: "POST", headers, body });

  const passed = await post('{"tenant":"acme","items":[{"id":1},{"id":2}],"secret":1}');
  const sent = (await passed.json()) as { uri: string; headers: string[][]; body: string };
  expect([sent.uri, sent.body]).toEqual(["/v2/orders", '{"ids":[1,2]}']);
  const headers = new Map(
    sent.headers.map(([name = "", value = ""]) => [name.toLowerCase(), value]),
  );
  expect([headers.get("x-tenant"), headers.get("content-length")]).toEqual(["acme", "13"]);

  const refused = await post("{");
  expect([refused.status, await refused.text()]).toEqual([
    400,
    'the body is no JSON: no " at position 1',
  ]);
  expect((await post("a=1", { "content-type": "text/plain" })).status).toBe(415);
});

test("a response is reshaped on its way to the client, and fails where it cannot be", async () => {
  const expression = '{ "to": uri, "by": $vars.request_method, "status": $status }';
  await using gateway = await PluginGateway.start(
    [["json-transform", { response: { expression }, vars: ["request_method"] }]],
    { extPlugin: "ext-plugin-post-resp" },
  );
  const response = await gateway.fetch("/a?b=1");
  const text = await response.text();
  expect(JSON.parse(text)).toEqual({ to: "/a?b=1", by: "GET", status: 200 });
  // The gateway frames it anew: no length of the upstream's body is left.
  expect([null, String(text.length)]).toContain(response.headers.get("content-length"));

  const failed = await gateway.fetch("/text");
  expect([failed.status, await failed.text()]).toEqual([503, "503 Service Unavailable\n"]);
});

test("an expression that does not compile fails the route, and the log says where it is wrong", async () => {
  await using gateway = await PluginGateway.start([
    ["json-transform", { request: { expression: "items[" } }],
  ]);
  expect((await gateway.fetch("/", { method: "POST", body: "{}" })).status).toBe(503);
  expect(await gateway.log()).toMatch(/request\.expression: .+ at position \d/);
});

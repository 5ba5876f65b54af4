/** Arguments that bundled plugins change, behind the development gateway: they reach the upstream whatever has rewritten the path. */
import { expect, test } from "bun:test";
import { type ChainLink, PluginGateway } from "./plugin-gateway.ts";

const REWRITE: ChainLink = ["rewrite", { path: null, headers: null, args: { secret: null } }];
const JSON_TRANSFORM: ChainLink = [
  "json-transform",
  { request: { output: "message", expression: '{ "args": { "secret": null } }' } },
];

const BEFORE = {
  "proxy-rewrite": { "proxy-rewrite": { uri: "/new {path}" } },
  "an ext-plugin": {
    "ext-plugin-pre-req": {
      conf: [{ name: "rewrite", value: '{"path":"/new {path}","headers":null,"args":null}' }],
    },
  },
};

test.each([
  [REWRITE, "proxy-rewrite"],
  [REWRITE, "an ext-plugin"],
  [JSON_TRANSFORM, "proxy-rewrite"],
] as const)("%j after %s", async (link, before) => {
  await using gateway = await PluginGateway.start([link], {
    extPlugin: "ext-plugin-post-req",
    routePlugins: BEFORE[before],
  });
  const { uri } = await gateway.echo("/old?z=1&secret=s");
  expect(uri).toBe("/new%20%7Bpath%7D?z=1");
});

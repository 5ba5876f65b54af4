/** `canary` in the executable, over HTTP. */
import { expect, test } from "bun:test";
import { testPlugin } from "../../src/testing.ts";
import canary from "../../plugins/canary/index.ts";
import { PluginGateway } from "./plugin-gateway.ts";
import { listedSchemaOf, readmeOf } from "./readme.ts";

const VARIANTS = [
  { name: "v1", weight: 50, headers: { "x-stage": "stable" } },
  { name: "v2", weight: 50, host: "v2.internal", pathPrefix: "/v2", keys: ["insider"] },
];

const config = {
  by: "header:x-user",
  variants: VARIANTS,
  cookie: { name: "canary" },
  override: { header: "x-want", token: "$env://CANARY_TOKEN" },
};

const env = { APISIX_BUN_RUNNER_SECRETS_ENV: "CANARY_TOKEN", CANARY_TOKEN: "hunter2" };

test("sets header, host and path; a user's variant survives the runner", async () => {
  const seen: (string | undefined)[][] = [];
  for (let start = 0; start < 2; start++) {
    await using gateway = await PluginGateway.start([["canary", config]], { env });
    const variants: (string | undefined)[] = [];
    for (let user = 0; user < 20; user++) {
      const { uri, header } = await gateway.echo("/a?b=1", { "x-user": `user-${user}` });
      const variant = header("x-variant");
      variants.push(variant);
      const isNew = variant === "v2";
      expect(uri).toBe(isNew ? "/v2/a?b=1" : "/a?b=1");
      expect(header("host") === "v2.internal").toBe(isNew);
      expect(header("x-stage")).toBe(isNew ? undefined : "stable");
    }
    seen.push(variants);
    const insider = await gateway.echo("/", { "x-user": "insider" });
    expect(insider.header("x-variant")).toBe("v2");
  }
  expect(seen[0]).toEqual(seen[1] ?? []);
  expect(new Set(seen[0])).toEqual(new Set(["v1", "v2"]));
});

test("a browser keeps its variant by the cookie", async () => {
  await using gateway = await PluginGateway.start([["canary", config]], { env });
  for (let browser = 0; browser < 10; browser++) {
    const first = await gateway.echo("/");
    const cookie = first.response.headers.get("set-cookie") ?? "";
    expect(cookie).toStartWith("canary=");
    const second = await gateway.echo("/", { cookie: cookie.split(";", 1)[0] ?? "" });
    expect(second.header("x-variant")).toBe(first.header("x-variant"));
    expect(second.response.headers.get("set-cookie")).toBeNull();
  }
});

test("a tester with the token chooses, and the token goes no further", async () => {
  await using gateway = await PluginGateway.start([["canary", config]], {
    env: { ...env, APISIX_BUN_RUNNER_LOGGING_LEVEL: "debug" },
  });
  for (const name of ["v1", "v2"]) {
    const { header } = await gateway.echo("/", { "x-want": `${name}:hunter2` });
    expect(header("x-variant")).toBe(name);
    expect(header("x-want")).toBeUndefined();
  }
  const log = await gateway.log();
  expect(log).toContain("canary");
  expect(log).not.toContain("hunter2");
});

test("the page: its routes are valid, and its JSON Schema is the plugin's", async () => {
  const { confs, schema } = await readmeOf("canary");
  expect(confs.length).toBeGreaterThan(0);
  for (const conf of confs) await testPlugin(canary, { config: conf, env: { CANARY_TOKEN: "x" } });
  expect(schema).toEqual(await listedSchemaOf("canary"));
});

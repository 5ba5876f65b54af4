/** `http-authz` in the executable, over HTTP. */
import { expect, test } from "bun:test";
import { AuthzService, ok, status } from "../../plugins/http-authz/fixtures/service.ts";
import httpAuthz from "../../plugins/http-authz/index.ts";
import { testPlugin } from "../../src/testing.ts";
import { TempDir } from "../support/temp-dir.ts";
import { PluginGateway } from "./plugin-gateway.ts";
import { listedSchemaOf, readmeOf } from "./readme.ts";

const env = {
  APISIX_BUN_RUNNER_SECRETS_ENV: "AUTHZ_TOKEN",
  APISIX_BUN_RUNNER_LOGGING_LEVEL: "debug",
  AUTHZ_TOKEN: "hunter2",
};

/** Answers as OPA does for a policy by which users may read what is theirs. */
function policy(socket: string): AuthzService {
  return new AuthzService(({ headers, body }) => {
    if (headers.get("authorization") !== "Bearer hunter2") return status(401);
    const { method, path, headers: sent } = JSON.parse(body).input.request;
    const user = sent["x-user"];
    const allow = method === "GET" && path === `/of/${user}`;
    const result = allow
      ? { allow, headers: { "x-role": "owner" } }
      : { allow, status_code: 404, reason: "there is no such thing" };
    return Response.json({ result, decision_id: "4ca636c1-55e4-417a-b1d8-4aceb67960d1" });
  }, socket);
}

test("asks OPA over a Unix socket: who may pass, with which headers, and what else comes", async () => {
  using dir = new TempDir();
  const socket = dir.file("opa.sock");
  using service = policy(socket);
  const config = {
    mode: "opa",
    url: "http://opa/v1/data/httpapi/authz",
    socket,
    timeout: 20,
    token: "$env://AUTHZ_TOKEN",
    headers: ["x-user"],
    upstreamHeaders: ["x-role", "x-team"],
    cache: { ttl: 60 },
  };
  await using gateway = await PluginGateway.start([["http-authz", config]], {
    env,
    allowDegradation: true,
  });
  for (let i = 0; i < 3; i++) {
    const spoof = { "x-user": "jane", "x-role": "root", "x-team": "root" };
    const { uri, header } = await gateway.echo("/of/jane", spoof);
    expect(uri).toBe("/of/jane");
    expect(header("x-role")).toBe("owner");
    expect(header("x-team")).toBeUndefined();
  }
  expect(service.asked).toHaveLength(1);
  const refused = await gateway.fetch("/of/john", { headers: { "x-user": "jane" } });
  expect([refused.status, await refused.text()]).toEqual([404, "there is no such thing"]);

  service[Symbol.dispose]();
  expect((await gateway.fetch("/of/jane", { headers: { "x-user": "jane" } })).status).toBe(200);
  const unknown = await gateway.fetch("/of/jack", { headers: { "x-user": "jack" } });
  expect(unknown.status).toBe(503);
  const log = await gateway.log();
  expect(log).toContain("there is no decision");
  expect(log).not.toContain("hunter2");
});

test("asks as forward-auth does, with what nginx says of the request", async () => {
  using service = new AuthzService(ok);
  const config = { mode: "headers", url: service.url, timeout: 20, headers: ["cookie"] };
  await using gateway = await PluginGateway.start([["http-authz", config]]);
  const headers = { cookie: "a=b", "x-forwarded-proto": "gopher", "x-forwarded-uri": "/public" };
  await gateway.echo("/a%20b?x=%26", headers);
  expect(service.asked[0]?.headers.toJSON()).toMatchObject({
    cookie: "a=b",
    "x-forwarded-method": "GET",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "127.0.0.1",
    "x-forwarded-uri": "/a%20b?x=%26",
    "x-forwarded-for": "127.0.0.1",
  });
});

test("the page: its routes are valid, and its JSON Schema is the plugin's", async () => {
  const { confs, schema } = await readmeOf("http-authz");
  expect(confs.length).toBeGreaterThan(0);
  for (const config of confs) await testPlugin(httpAuthz, { config, env: { OPA_TOKEN: "x" } });
  expect(schema).toEqual(await listedSchemaOf("http-authz"));
});

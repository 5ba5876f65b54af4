/** request-validate in the executable, behind the development gateway. */
import { expect, test } from "bun:test";
import { TempDir } from "../support/temp-dir.ts";
import { PluginGateway } from "./plugin-gateway.ts";

const DOCUMENT = `
openapi: 3.1.0
paths:
  /pets/{id}:
    put:
      parameters:
        - { name: id, in: path, required: true, schema: { type: integer } }
        - { name: dry, in: query, schema: { type: boolean } }
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: { name: { type: string, pattern: "^[A-Z]" }, mail: { type: string, format: email } }
`;

const JSON_TYPE = { "content-type": "application/json" };

test("a document in a file that the configuration allows is what requests are held to", async () => {
  using dir = new TempDir();
  const file = dir.write("openapi.yaml", DOCUMENT);
  await using gateway = await PluginGateway.start(
    [["request-validate", { openapi: `$file://${file}`, basePath: "/v1" }]],
    { env: { APISIX_BUN_RUNNER_SECRETS_FILES: file } },
  );
  const put = (path: string, body: string) =>
    gateway.fetch(path, { method: "PUT", headers: JSON_TYPE, body });

  const passed = await put("/v1/pets/7?dry=true", '{"name":"Rex","mail":"rex@example.com"}');
  expect(passed.status).toBe(200);
  expect(await passed.json()).toMatchObject({
    uri: "/v1/pets/7?dry=true",
    body: '{"name":"Rex","mail":"rex@example.com"}',
  });

  const refused = await put("/v1/pets/x?dry=1", '{"name":"rex","mail":"s3cret"}');
  expect(refused.status).toBe(400);
  expect(refused.headers.get("content-type")).toBe("application/problem+json");
  const text = await refused.text();
  expect(text).not.toContain("s3cret");
  expect(JSON.parse(text).errors).toEqual([
    { in: "path", name: "id", keyword: "type", detail: "must be integer" },
    { in: "query", name: "dry", keyword: "type", detail: "must be boolean" },
    expect.objectContaining({ in: "body", pointer: "#/name", keyword: "pattern" }),
    expect.objectContaining({ in: "body", pointer: "#/mail", keyword: "format" }),
  ]);

  expect((await put("/v1/pets/7", "{")).status).toBe(400);
  expect((await gateway.fetch("/v1/pets/7")).headers.get("allow")).toBe("PUT");
  expect((await gateway.fetch("/v1/cats")).status).toBe(404);
});

test("a schema that is none fails the route, and the log says where it is wrong", async () => {
  await using gateway = await PluginGateway.start([
    ["request-validate", { schemas: { args: { properties: { a: { type: "strong" } } } } }],
  ]);
  expect((await gateway.fetch("/?a=1")).status).toBe(503);
  expect(await gateway.log()).toContain("schemas.args.properties.a.type: ");
});

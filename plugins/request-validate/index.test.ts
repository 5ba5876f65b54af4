import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import {
  expectAction,
  type PluginTestOptions,
  type RequestInput,
  testPlugin,
  testSamples,
} from "apisix-bun-runner/testing";
import requestValidate from "./index.ts";

await testSamples(requestValidate);

const JSON_TYPE = { "content-type": "application/json" };

function post(body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE, path = "/") {
  return { method: "POST", path, headers, body };
}

async function send(config: object, input: RequestInput, options?: PluginTestOptions) {
  const plugin = await testPlugin(requestValidate, { config, ...options });
  return plugin.request(input);
}

interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly Record<string, unknown>[];
}

async function problemOf(config: object, input: RequestInput): Promise<ProblemDetails> {
  const result = await send(config, input);
  expectAction(result, "stop");
  expect(result.response.headers.get("content-type")).toBe("application/problem+json");
  const problem = result.response.json() as ProblemDetails;
  expect(problem.status).toBe(result.response.status);
  return problem;
}

/** `place name pointer keyword` of each error; nothing where the request goes on. */
async function errorsOf(config: object, input: RequestInput): Promise<string[]> {
  const result = await send(config, input);
  if (result.action === "continue") return [];
  expectAction(result, "stop");
  const { errors = [] } = result.response.json() as ProblemDetails;
  return errors.map((one) =>
    [one["in"], one["name"], one["pointer"], one["keyword"]].filter(Boolean).join(" "),
  );
}

describe("single schemas", () => {
  const schemas = {
    path: {
      template: "/users/{id}/files/{name}.json",
      schema: { properties: { id: { type: "integer", minimum: 1 } } },
    },
    args: {
      properties: {
        limit: { $ref: "#/$defs/limit" },
        deep: { type: "boolean" },
        tag: { type: "array", items: { type: "integer" }, maxItems: 2 },
        kind: { enum: [1, "a"] },
      },
      required: ["limit"],
      additionalProperties: false,
      $defs: { limit: { type: "integer", maximum: 100 } },
    },
    headers: { properties: { "x-id": { type: "string", format: "uuid" } }, required: ["x-id"] },
  };
  const path = "/users/7/files/a.json";
  const headers = { "x-id": "123e4567-e89b-42d3-a456-426614174000" };
  test.each<[string, Record<string, string>, string[]]>([
    [`${path}?limit=5`, headers, []],
    [`${path}?limit=5&deep=true&tag=1&tag=2&kind=1`, headers, []],
    [`${path}?limit=5&kind=a`, headers, []],
    [`${path}?limit=5&tag=1`, headers, []],
    [path, headers, ["query limit required"]],
    [`${path}?limit=101`, headers, ["query limit maximum"]],
    [`${path}?limit=0x5`, headers, ["query limit type"]],
    [`${path}?limit=05`, headers, ["query limit type"]],
    [`${path}?limit=%205`, headers, ["query limit type"]],
    [`${path}?limit=`, headers, ["query limit type"]],
    [`${path}?limit=5.5`, headers, ["query limit type"]],
    [`${path}?limit=5&limit=6`, headers, ["query limit type"]],
    [`${path}?limit=5&deep=yes&x=1`, headers, ["query x additionalProperties", "query deep type"]],
    [`${path}?limit=5&tag=1&tag=b&tag=3`, headers, ["query tag maxItems", "query tag #/1 type"]],
    [`${path}?limit=5&__proto__=1`, headers, ["query __proto__ additionalProperties"]],
    [`${path}?limit=5`, {}, ["header x-id required"]],
    [`${path}?limit=5`, { "x-id": "7" }, ["header x-id format"]],
    ["/users/0/files/a.json?limit=5", headers, ["path id minimum"]],
    ["/users/x/files/a.json?limit=5", headers, ["path id type"]],
  ])("%s with %j", async (target, given, expected) => {
    expect(await errorsOf({ schemas }, { path: target, headers: given })).toEqual(expected);
  });

  test("a path that is another one is unknown", async () => {
    const problem = await problemOf({ schemas }, "/users/7/files/a/b.json");
    expect(problem).toMatchObject({ type: "about:blank", title: "Not Found", status: 404 });
    expectAction(await send({ schemas, onUnknown: "pass" }, "/users"), "continue");
  });
});

describe("a body", () => {
  const schemas = {
    body: {
      type: "object",
      properties: {
        id: { type: "integer" },
        tags: { type: "array", items: { type: "string" }, uniqueItems: true },
        address: { $ref: "#/$defs/address" },
        mail: { type: "string", format: "email" },
        code: { type: "string", pattern: "^(a+)+$" },
      },
      required: ["id"],
      additionalProperties: false,
      $defs: { address: { type: "object", required: ["a/b"] } },
    },
  };
  test.each<[string, string[]]>([
    ['{"id":1,"tags":["a","b"],"address":{"a/b":1},"mail":"a@b.de","code":"aa"}', []],
    ['\ufeff{"id":1}', []],
    ['{"id":"1"}', ["body #/id type"]],
    ["{}", ["body #/id required"]],
    ["[]", ["body # type"]],
    [
      '{"id":1,"tags":["a",{"x":1,"y":2},1,{"y":2,"x":1}]}',
      ["body #/tags/1 type", "body #/tags/2 type", "body #/tags/3 type", "body #/tags uniqueItems"],
    ],
    ['{"id":1,"address":{}}', ["body #/address/a~1b required"]],
    ['{"id":1,"ü":1}', ["body #/%C3%BC additionalProperties"]],
    ['{"id":1,"mail":"a"}', ["body #/mail format"]],
    [`{"id":1,"mail":"${"a".repeat(5000)}@b.de"}`, ["body #/mail format"]],
    [`{"id":1,"code":"${"a".repeat(50_000)}b"}`, ["body #/code pattern"]],
    ['{"id":1,"__proto__":{"id":2}}', ["body #/__proto__ additionalProperties"]],
    ['{"id":1,"id":2}', ["body # json"]],
    ['{"id":1', ["body # json"]],
    ["[".repeat(65), ["body # json"]],
    ["", ["body # required"]],
  ])("%.80s", async (body, expected) => {
    expect(await errorsOf({ schemas }, post(body))).toEqual(expected);
  });

  test("that is not UTF-8", async () => {
    const body = new Uint8Array([0x22, 0xff, 0x22]);
    expect(await errorsOf({ schemas }, post(body))).toEqual(["body # json"]);
  });

  test("may be left out where the conf says so", async () => {
    const optional = { schemas: { ...schemas, bodyRequired: false } };
    expectAction(await send(optional, "/"), "continue");
  });

  test.each<[string, RequestInput, number]>([
    ["of another type", post("id=1", { "content-type": "text/plain" }), 415],
    ["of no type", post("{}", {}), 415],
    ["encoded", post(gzipSync("{}"), { ...JSON_TYPE, "content-encoding": "gzip" }), 415],
    ["too large", post(`"${"a".repeat(1000)}"`), 413],
  ])("is refused: %s", async (_name, input, status) => {
    const problem = await problemOf({ schemas, maxBytes: 1000 }, input);
    expect(problem).toMatchObject({ status });
    expect(problem.errors).toBeUndefined();
  });

  test("too large is refused before it is asked for", async () => {
    const result = await send({ schemas, maxBytes: 1 }, post("{}"));
    expect(result.asked).toEqual([]);
  });
});

describe("a problem", () => {
  const schemas = {
    body: { properties: { pin: { const: 1 }, list: { items: { type: "null" } } } },
  };
  const body = '{"pin":"s3cret","list":[1,2,3]}';

  test("tells what is wrong and where, and nothing of the value", async () => {
    const problem = await problemOf({ schemas }, post(body));
    expect(problem).toEqual({
      type: "about:blank",
      title: "Bad Request",
      status: 400,
      detail: "the request is not valid: body",
      instance: expect.stringMatching(/^urn:uuid:/),
      errors: [
        { in: "body", pointer: "#/pin", keyword: "const", detail: "must be equal to constant" },
        { in: "body", pointer: "#/list/0", keyword: "type", detail: "must be null" },
        { in: "body", pointer: "#/list/1", keyword: "type", detail: "must be null" },
        { in: "body", pointer: "#/list/2", keyword: "type", detail: "must be null" },
      ],
    });
  });

  test("is what the conf says", async () => {
    const options = { status: 422, maxErrors: 1, showValues: true, problemType: "/problems/1" };
    const problem = await problemOf({ schemas, ...options }, post(body));
    expect(problem).toMatchObject({ type: "/problems/1", title: "Unprocessable Content" });
    expect(problem.errors).toEqual([expect.objectContaining({ value: "s3cret" })]);
  });

  test("names only the first mistake of a large body", async () => {
    const large = JSON.stringify({ list: Array.from({ length: 50_000 }, () => 1) });
    expect(await errorsOf({ schemas }, post(large))).toEqual(["body #/list/0 type"]);
  });

  test("is in the log with its name and no value", async () => {
    const result = await send({ schemas }, post(body));
    expectAction(result, "stop");
    const { instance } = result.response.json() as ProblemDetails;
    const lines = JSON.stringify(result.log);
    expect(lines).toContain(instance);
    expect(lines).toContain("body const");
    expect(lines).not.toContain("s3cret");
  });

  test("is only logged where the conf says so", async () => {
    const result = await send({ schemas, onInvalid: "log" }, post(body));
    expectAction(result, "continue");
    expect(result.log.map(({ level }) => level)).toContain("warn");
  });
});

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "Pets", version: "1" },
  servers: [{ url: "https://api.example.com/v1/" }],
  paths: {
    "/pets": {
      get: {
        parameters: [
          { name: "limit", in: "query", schema: { type: "integer", format: "int32" } },
          {
            name: "ids",
            in: "query",
            explode: false,
            schema: { $ref: "#/components/schemas/Ids" },
          },
          { name: "tags", in: "query", schema: { type: "array", items: { type: "string" } } },
          {
            name: "pipes",
            in: "query",
            style: "pipeDelimited",
            explode: false,
            schema: { $ref: "#/components/schemas/Ids" },
          },
          {
            name: "filter",
            in: "query",
            style: "deepObject",
            schema: {
              type: "object",
              properties: { age: { type: "integer" } },
              additionalProperties: false,
            },
          },
          {
            name: "range",
            in: "query",
            schema: {
              type: "object",
              properties: { from: { type: "integer" }, to: { type: "integer" } },
              required: ["from"],
            },
          },
          {
            name: "json",
            in: "query",
            content: { "application/json": { schema: { type: "array" } } },
          },
          {
            name: "X-Point",
            in: "header",
            schema: { type: "object", properties: { x: { type: "integer" } }, required: ["x"] },
          },
          { name: "X-List", in: "header", schema: { $ref: "#/components/schemas/Ids" } },
          { name: "session", in: "cookie", schema: { type: "string", minLength: 3 } },
          { name: "Authorization", in: "header", required: true, schema: { type: "null" } },
        ],
      },
      post: { requestBody: { $ref: "#/components/requestBodies/Pet" } },
    },
    "/pets/{id}": {
      parameters: [{ $ref: "#/components/parameters/Id" }],
      get: {},
      put: {
        requestBody: { content: { "image/*": {}, "text/plain": { schema: { maxLength: 3 } } } },
      },
      delete: {
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
      },
    },
    "/pets/mine": { get: { parameters: [{ name: "a", in: "query", required: true }] } },
  },
  components: {
    parameters: { Id: { name: "id", in: "path", required: true, schema: { type: "integer" } } },
    requestBodies: {
      Pet: {
        required: true,
        content: {
          "application/json; charset=utf-8": { schema: { $ref: "#/components/schemas/Pet" } },
          "application/x-www-form-urlencoded": { schema: { $ref: "#/components/schemas/Pet" } },
        },
      },
    },
    schemas: {
      Ids: { type: "array", items: { type: "integer" } },
      Pet: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string", example: "Rex" },
          age: { type: ["integer", "null"], "x-unit": "years" },
          parents: { type: "array", items: { $ref: "#/components/schemas/Pet" } },
          nicks: { type: "array", items: { type: "string" } },
        },
      },
    },
  },
};

describe("an OpenAPI document", () => {
  const config = { openapi: DOCUMENT };
  test.each<[string, Record<string, string>, string[]]>([
    ["/v1/pets", {}, []],
    ["/v1/pets?limit=5&ids=1,2&tags=a&tags=b&pipes=1|2&filter[age]=3&from=1&to=2&json=[1]", {}, []],
    ["/v1/pets?limit=a", {}, ["query limit type"]],
    ["/v1/pets?limit=1&limit=2", {}, ["query limit content"]],
    ["/v1/pets?limit=3000000000", {}, ["query limit format"]],
    ["/v1/pets?ids=1,b", {}, ["query ids #/1 type"]],
    ["/v1/pets?ids=1&ids=2", {}, ["query ids content"]],
    ["/v1/pets?pipes=1|b", {}, ["query pipes #/1 type"]],
    ["/v1/pets?filter[age]=old", {}, ["query filter #/age type"]],
    ["/v1/pets?filter[x]=1", {}, ["query filter #/x additionalProperties"]],
    ["/v1/pets?to=2", {}, ["query range #/from required"]],
    ["/v1/pets?json={}", {}, ["query json type"]],
    ["/v1/pets?json={", {}, ["query json content"]],
    ["/v1/pets", { "x-point": "x,1,y,2", "x-list": "1, 2" }, []],
    [
      "/v1/pets",
      { "x-point": "y,2", "x-list": "a" },
      ["header x-point #/x required", "header x-list #/0 type"],
    ],
    ["/v1/pets", { cookie: "a=1; session=abc" }, []],
    ["/v1/pets", { cookie: "session=ab" }, ["cookie session minLength"]],
    ["/v1/pets/7", {}, []],
    ["/v1/pets/x", {}, ["path id type"]],
    ["/v1/pets/mine", {}, ["query a required"]],
  ])("%s with %j", async (path, headers, expected) => {
    expect(await errorsOf(config, { path, headers })).toEqual(expected);
  });

  const form = { "content-type": "application/x-www-form-urlencoded" };
  test.each<[string, ReturnType<typeof post>, string[]]>([
    ["JSON", post('{"name":"Rex","parents":[{"name":"A"}]}', JSON_TYPE, "/v1/pets"), []],
    [
      "wrong JSON",
      post('{"name":"Rex","parents":[{}]}', JSON_TYPE, "/v1/pets"),
      ["body #/parents/0/name required"],
    ],
    ["a form", post("name=Rex&age=5&nicks=a&nicks=b", form, "/v1/pets"), []],
    ["a wrong form", post("name=Rex&age=old", form, "/v1/pets"), ["body #/age type"]],
    ["none", post("", {}, "/v1/pets"), ["body # required"]],
    [
      "an image",
      { ...post("x", { "content-type": "image/png" }, "/v1/pets/7"), method: "PUT" },
      [],
    ],
    ["text", { ...post("abc", { "content-type": "text/plain" }, "/v1/pets/7"), method: "PUT" }, []],
    [
      "long text",
      { ...post("abcd", { "content-type": "text/plain" }, "/v1/pets/7"), method: "PUT" },
      ["body # maxLength"],
    ],
  ])("bodies: %s", async (_name, input, expected) => {
    expect(await errorsOf(config, input)).toEqual(expected);
  });

  test("a parameter of an operation takes the place of its path's", async () => {
    expect(await errorsOf(config, { method: "DELETE", path: "/v1/pets/x" })).toEqual([]);
  });

  test("an unknown path is 404, an unknown method 405 with those there are", async () => {
    expect(await problemOf(config, "/pets")).toMatchObject({ status: 404 });
    const result = await send(config, { method: "PATCH", path: "/v1/pets" });
    expectAction(result, "stop");
    expect(result.response.status).toBe(405);
    expect(result.response.headers.get("allow")).toBe("GET, POST");
    const passing = { ...config, onUnknown: "pass" };
    expectAction(await send(passing, { method: "PATCH", path: "/v1/pets" }), "continue");
    expectAction(await send(passing, "/nowhere"), "continue");
  });

  test("basePath takes the place of the server's", async () => {
    expect(await errorsOf({ ...config, basePath: "" }, "/pets/x")).toEqual(["path id type"]);
    expect(await errorsOf({ ...config, basePath: "/api/" }, "/api/pets/x")).toEqual([
      "path id type",
    ]);
  });

  test("a type that its body may not have is 415, with those it may", async () => {
    const problem = await problemOf(config, post("x", { "content-type": "text/csv" }, "/v1/pets"));
    expect(problem).toMatchObject({ status: 415 });
    expect(problem.detail).toContain("application/x-www-form-urlencoded");
  });
});

describe("a document may be wrong", () => {
  const paths = (item: object) => ({ openapi: "3.1.1", paths: { "/a": item } });
  const parameter = (one: object) => paths({ get: { parameters: [one] } });
  test.each<[object, string]>([
    [{ openapi: "3.0.3", paths: {} }, "openapi.openapi: the version is 3.0.3; 3.1 is known"],
    [{ openapi: "3.1.0" }, "openapi.paths: "],
    [{ openapi: "3.1.0", jsonSchemaDialect: "x", paths: {} }, "openapi.jsonSchemaDialect: "],
    [parameter({ name: "a", in: "body" }), "openapi.paths./a.get.parameters.0.in: "],
    [parameter({ in: "query" }), "openapi.paths./a.get.parameters.0.name: "],
    [parameter({ name: "a", in: "path", schema: {} }), "/a has no {a}"],
    [
      parameter({ name: "a", in: "query", style: "matrix" }),
      "parameters.0.style: matrix is not known in query",
    ],
    [
      parameter({ name: "a", in: "query", schema: { type: "strong" } }),
      "openapi.paths./a.get.parameters.0.schema.type: ",
    ],
    [parameter({ $ref: "#/components/parameters/A" }), "#/components/parameters/A leads nowhere"],
    [parameter({ $ref: "http://127.0.0.1:1/a.json" }), "is not fetched"],
    [parameter({ $ref: "other.json#/a" }), "is not fetched"],
    [
      parameter({ name: "a", in: "query", schema: { $ref: "#/components/schemas/A" } }),
      "openapi.paths./a.get.parameters.0.schema: can't resolve reference",
    ],
    [
      parameter({ name: "a", in: "query", schema: { $ref: "http://127.0.0.1:1/a.json" } }),
      "is not fetched",
    ],
    [paths({ post: { requestBody: {} } }), "openapi.paths./a.post.requestBody.content: "],
    [
      paths({
        post: { requestBody: { content: { "application/json": { schema: { requird: [] } } } } },
      }),
      'unknown keyword: "requird"',
    ],
    [
      { ...paths({}), components: { schemas: { A: { properties: { b: { minimum: "1" } } } } } },
      "openapi.components.schemas.A.properties.b.minimum: ",
    ],
  ])("%j", async (openapi, message) => {
    await expect(testPlugin(requestValidate, { config: { openapi } })).rejects.toThrow(message);
  });
});

test("a reference to itself does not hold up the start", async () => {
  const openapi = { openapi: "3.1.0", paths: { "/a": { $ref: "#/paths/~1a" } } };
  await expect(testPlugin(requestValidate, { config: { openapi } })).rejects.toThrow(
    "leads nowhere",
  );
});

test("a file holds the document, as YAML or JSON", async () => {
  const yaml =
    "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      parameters:\n        - { name: b, in: query, required: true }\n";
  for (const text of [yaml, JSON.stringify(Bun.YAML.parse(yaml))]) {
    const plugin = await testPlugin(requestValidate, {
      config: { openapi: "$env://DOCUMENT" },
      env: { DOCUMENT: text },
    });
    const result = await plugin.request("/a");
    expectAction(result, "stop");
    expect(result.response.text()).toContain("is required");
  }
});

test("a file that is none does not show what is in it", async () => {
  const config = { openapi: "$env://DOCUMENT" };
  for (const text of ["s3cret: [", "s3cret", "[s3cret]"]) {
    const refused = testPlugin(requestValidate, { config, env: { DOCUMENT: text } });
    const message = await refused.then(String, String);
    expect(message).toContain("openapi: DOCUMENT ");
    expect(message).not.toContain("s3cret");
  }
});

describe("schemas that would be checked otherwise than they say", () => {
  const body = (schema: unknown) => ({ schemas: { body: schema } });
  test.each<[object, string]>([
    [body({ properties: { a: { $dynamicRef: "#a" } } }), "schemas.body.properties.a.$dynamicRef: "],
    [body({ allOf: [{ unevaluatedItems: false }] }), "schemas.body.allOf.0.unevaluatedItems: "],
    [
      body({ anyOf: [{ properties: { a: true } }, {}], unevaluatedProperties: false }),
      "schemas.body: unevaluatedProperties is known beside properties",
    ],
    [
      body({ $ref: "#a", $defs: { A: { $anchor: "a" } }, unevaluatedProperties: false }),
      "#a is not followed",
    ],
    [body({ properties: { a: { $id: "b" } } }), "schemas.body.properties.a.$id: "],
    [body(JSON.parse('{"properties":{"__proto__":{}}}')), "schemas.body.properties.__proto__: "],
    [
      body({ $schema: "http://json-schema.org/draft-07/schema#" }),
      "schemas.body.$schema: http://json-schema.org/draft-07/schema# is not",
    ],
    [body({ format: "emial", type: "string" }), 'unknown format "emial"'],
    [body({ typ: "string" }), 'unknown keyword: "typ"'],
    [body({ pattern: "(?=a)" }), "no linear form"],
    [body({ pattern: "(" }), "schemas.body"],
    [{ schemas: { headers: { required: ["X-Id"] } } }, "X-Id: names of headers are in lower case"],
  ])("%j", async (config, message) => {
    await expect(testPlugin(requestValidate, { config })).rejects.toThrow(message);
  });

  test("unevaluatedProperties sees what allOf and $ref have seen", async () => {
    const schema = {
      allOf: [{ $ref: "#/$defs/named" }, { patternProperties: { "^x-": true } }],
      anyOf: [{ required: ["name"] }, { required: ["x-name"] }],
      properties: { id: true },
      unevaluatedProperties: false,
      $defs: { named: { properties: { name: true }, allOf: [{ properties: { age: true } }] } },
    };
    expect(await errorsOf(body(schema), post('{"id":1,"name":1,"age":1,"x-a":1}'))).toEqual([]);
    expect(await errorsOf(body(schema), post('{"name":1,"a":1}'))).toEqual([
      "body #/a additionalProperties",
    ]);
    const typed = { ...schema, unevaluatedProperties: { type: "null" } };
    expect(await errorsOf(body(typed), post('{"name":1,"a":1}'))).toEqual(["body #/a type"]);
    const open = { ...schema, allOf: [{ additionalProperties: true }] };
    expect(await errorsOf(body(open), post('{"name":1,"a":1}'))).toEqual([]);
  });

  test("branches with patternProperties are checked, which Ajv as it comes stumbles over", async () => {
    const has = (name: string) => ({ patternProperties: { [`^${name}`]: { type: "string" } } });
    const two = [{ required: ["a"] }, { required: ["a"] }];
    const schema = {
      ...has("a"),
      anyOf: [
        { anyOf: [{ allOf: two }, { ...has("b"), oneOf: two }], required: ["b"] },
        {
          ...has("b"),
          oneOf: [
            { ...has("a"), anyOf: two },
            { ...has("b"), required: ["b"] },
          ],
        },
      ],
    };
    expect(await errorsOf(body(schema), post('{"a":"s","b":"s"}'))).toEqual([]);
    expect((await errorsOf(body(schema), post('{"a":1,"b":"s"}'))).length).toBeGreaterThan(0);
  });

  test("keywords are names like others where they are names", async () => {
    const schema = { properties: { $dynamicRef: { type: "integer" }, unevaluatedItems: {} } };
    expect(await errorsOf(body(schema), post('{"$dynamicRef":"a"}'))).toEqual([
      "body #/$dynamicRef type",
    ]);
  });

  test("the built-in engine takes patterns without a linear form", async () => {
    const config = { ...body({ pattern: "^(?=.*\\d)" }), patterns: "native" };
    expect(await errorsOf(config, post('"a1"'))).toEqual([]);
    expect(await errorsOf(config, post('"a"'))).toEqual(["body # pattern"]);
  });
});

test.each<[object, string]>([
  [{}, "exactly one of them"],
  [{ schemas: {}, openapi: DOCUMENT }, "exactly one of them"],
  [{ schemas: { query: {} } }, "schemas.query: there is no such field"],
  [{ schemas: { path: { template: "a" } } }, "schemas.path.template: "],
  [{ schemas: { body: 5 } }, "schemas.body: "],
  [{ openapi: "/etc/openapi.yaml" }, "openapi: expected a document, or $file:// with the path"],
  [{ schemas: {}, status: 500 }, "status: "],
  [{ schemas: {}, basePath: "v1" }, "basePath: "],
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(requestValidate, { config })).rejects.toThrow(message);
});

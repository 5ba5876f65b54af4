import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import {
  expectAction,
  type PluginTestOptions,
  type RequestInput,
  type ResponseInput,
  testPlugin,
  testSamples,
} from "apisix-bun-runner/testing";
import jsonTransform from "./index.ts";

await testSamples(jsonTransform);

const JSON_TYPE = { "content-type": "application/json" };

function post(body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) {
  return { method: "POST", headers, body };
}

async function onRequest(
  expression: string,
  input: RequestInput,
  config: object = {},
  options?: PluginTestOptions,
) {
  const section = { expression, output: config && "output" in config ? config.output : "body" };
  const plugin = await testPlugin(jsonTransform, {
    config: { ...config, output: undefined, request: section },
    ...options,
  });
  return plugin.request(input);
}

async function onResponse(expression: string, input: ResponseInput, config: object = {}) {
  const section = { expression, output: "output" in config ? config.output : "body" };
  const plugin = await testPlugin(jsonTransform, {
    config: { ...config, output: undefined, response: section },
  });
  return plugin.response(input);
}

/** What a body becomes. */
async function transformed(expression: string, value: unknown, config?: object): Promise<unknown> {
  const result = await onRequest(expression, post(JSON.stringify(value)), config);
  expectAction(result, "rewrite");
  return result.request.json();
}

describe("a request", () => {
  test.each<[string, unknown, unknown]>([
    ['{ "id": id, "tags": tags[]}', { id: 1, tags: "a" }, { id: 1, tags: ["a"] }],
    ["items[price > 5].name", { items: [{ name: "a", price: 9 }, { name: "b" }] }, "a"],
    ["$", [1], [1]],
    ["$sort(a)", { a: [3, 1, 2] }, [1, 2, 3]],
    ["$sort(a)", { a: ["b", "a"] }, ["a", "b"]],
    [
      "$sort(a, function($x, $y) { $x.n < $y.n }).n",
      { a: [{ n: 1 }, { n: 3 }, { n: 2 }] },
      [3, 2, 1],
    ],
    ["a^(>n).n", { a: [{ n: 1 }, { n: 3 }] }, [3, 1]],
    ["$distinct(a)", { a: [1, "1", { x: 1, y: 2 }, 1, { y: 2, x: 1 }] }, [1, "1", { x: 1, y: 2 }]],
    ["$distinct(a.b)", { a: [{ b: 1 }, { b: 1 }] }, 1],
    ["$pad(a, 5, '#') & $pad(a, -3)", { a: "x" }, "x####  x"],
    ["$replace(a, /(\\w)-(\\d+)/, '$2$1')", { a: "x-12 y-3" }, "12x 3y"],
    ["$constants.list[1]", {}, 2],
    ["$append($constants.list, $constants.list[0])", {}, [1, 2, 1]],
    ["null", {}, null],
  ])("%s of %j", async (expression, body, expected) => {
    expect(await transformed(expression, body, { constants: { list: [1, 2] } })).toEqual(expected);
  });

  test("the expression sees the rest of it, and variables that the conf names", async () => {
    const expression =
      "$merge([$, { 'm': $method, 'p': $path, 'a': $args, 'h': $headers.`x-a`, 'v': $vars }])";
    const input = {
      ...post('{"b":1}', { ...JSON_TYPE, "x-a": "1" }),
      path: "/a%20b?x=1&y=2&y=3",
      vars: { consumer_name: "jack" },
    };
    const result = await onRequest(expression, input, { vars: ["consumer_name", "none"] });
    expectAction(result, "rewrite");
    expect(result.request.json()).toEqual({
      b: 1,
      m: "POST",
      p: "/a b",
      a: { x: "1", y: ["2", "3"] },
      h: "1",
      v: { consumer_name: "jack" },
    });
  });

  test("a message says what becomes of path, arguments, headers and body", async () => {
    const expression = `{
      "path": "/v2" & $path, "args": { "q": ["a", 2], "old": null },
      "headers": { "x-id": id, "x-secret": null }, "body": { "kept": b } }`;
    const headers = { ...JSON_TYPE, "x-secret": "s", "content-digest": "d" };
    const input = { ...post('{"id":7,"b":[1]}', headers), path: "/a?old=1&x=1" };
    const result = await onRequest(expression, input, { output: "message" });
    expectAction(result, "rewrite");
    const { request } = result;
    expect(request.path).toBe("/v2/a");
    expect(request.args.getAll("q")).toEqual(["a", "2"]);
    expect([request.args.has("old"), request.args.get("x")]).toEqual([false, "1"]);
    expect(request.headers.get("x-id")).toBe("7");
    expect([request.headers.has("x-secret"), request.headers.has("content-digest")]).toEqual([
      false,
      false,
    ]);
    expect(request.json()).toEqual({ kept: [1] });
    expect(request.headers.get("content-length")).toBe("12");
  });

  test("a message works without a body, a body does not come from nothing", async () => {
    const expression = '{ "headers": { "x-a": $args.a } }';
    const message = await onRequest(expression, "/?a=1", { output: "message" });
    expectAction(message, "rewrite");
    expect(message.changes).toEqual(['header x-a: none → "1"']);
    expectAction(await onRequest(expression, "/?a=1"), "continue");
    expectAction(await onRequest("nothing", "/", { output: "message" }), "continue");
  });

  test("a body for a request without one has a type", async () => {
    const result = await onRequest('{"body": {"a": 1}}', "/", { output: "message" });
    expectAction(result, "rewrite");
    expect(result.request.headers.get("content-type")).toBe("application/json");
  });

  test.each<[string, ReturnType<typeof post>, number]>([
    ["another type", post("a=1", { "content-type": "text/plain" }), 415],
    ["no type", post("{}", {}), 415],
    ["no JSON", post("{"), 400],
    ["no UTF-8", post(new Uint8Array([0x22, 0xff, 0x22])), 400],
    ["too deep", post("[[[[]]]]"), 400],
    ["too large", post(`"${"a".repeat(100)}"`), 413],
    ["a number of many digits", post('{"id":12345678901234567890}'), 400],
    ["encoded", post(gzipSync("{}"), { ...JSON_TYPE, "content-encoding": "gzip" }), 415],
  ])("is refused or passes: %s", async (_name, input, status) => {
    const limits = { maxLevels: 3, maxBytes: 100 };
    const refused = await onRequest("$", input, limits);
    expectAction(refused, "stop");
    expect(refused.response.status).toBe(status);
    const passing = { ...limits, onOtherType: "pass", onInvalid: "pass" };
    expectAction(await onRequest("$", input, passing), "continue");
  });

  test("digits are lost where the conf takes it", async () => {
    const result = await onRequest("$", post("[12345678901234567890]"), {
      onBigInteger: "round",
    });
    expectAction(result, "rewrite");
    expect(result.request.text()).toBe("[12345678901234567000]");
  });

  test("types with the suffix +json count", async () => {
    const result = await onRequest(
      "a",
      post('{"a":1}', { "content-type": "application/x+json; v=1" }),
    );
    expectAction(result, "rewrite");
    expect(result.request.text()).toBe("1");
  });
});

describe("a response", () => {
  const upstream = (body: string | Uint8Array, headers = {}) => ({
    status: 404,
    headers: { ...JSON_TYPE, ...headers },
    body,
  });

  test("is decoded, and gets status, headers and body", async () => {
    const expression = `{ "status": $status = 404 ? 200 : $status, "body": { "error": code },
      "headers": { "x-old": null, "set-cookie": [$headers."set-cookie", "b=2"] } }`;
    const headers = { "content-encoding": "gzip", "x-old": "1", "set-cookie": "a=1", etag: "1" };
    const input = upstream(gzipSync('{"code":5}'), headers);
    const result = await onResponse(expression, input, { output: "message" });
    expectAction(result, "rewrite");
    expect(result.response.status).toBe(200);
    expect(result.response.json()).toEqual({ error: 5 });
    expect([...result.response.headers]).toEqual([
      ["content-type", "application/json"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
  });

  test.each([
    ["no JSON", upstream("{")],
    ["another type", upstream("x", { "content-type": "text/html" })],
    ["an unknown coding", upstream("{}", { "content-encoding": "zz" })],
  ])("fails or passes: %s", async (_name, input) => {
    const failed = await onResponse("$", input);
    expectAction(failed, "error");
    expect(failed.response.status).toBe(503);
    const passing = { onOtherType: "pass", onInvalid: "pass" };
    expectAction(await onResponse("$", input, passing), "continue");
  });

  test("fails where the expression selects nothing of it", async () => {
    const result = await onResponse("missing", upstream('{"secret":1}'));
    expectAction(result, "error");
    expect(result.message).toContain("selects nothing");
    expect(result.response.text()).not.toContain("secret");
  });
});

describe("an expression is held to its limits", () => {
  const many = Array.from({ length: 30_000 }, (_, i) => ({ i, s: `x${i}` }));
  const long = `${"a".repeat(60)}b`;
  const limits = { maxDepth: 150, maxItems: 100_000 };
  test.each([
    ["time", "($f := function($n) { $f($n + 1) }; $f(0))", "D1012"],
    ["time", "many[s in $$.many.s]", "D1012"],
    ["time", "$match($join(many.s & 'x'), /x/)", "(D1012)|took too long"],
    ["depth", "($f := function($n) { $n + $f($n + 1) }; $f(0))", "D1011"],
    ["items", "[1..200000]", "D2015"],
    ["width", "$pad('a', 1e9)", "at most 100000 characters"],
  ])("%s: %s", async (limit, expression, reason) => {
    const body = JSON.stringify({ many, long });
    const maxTime = limit === "time" ? 1 : 5000;
    const result = await onRequest(expression, post(body), { ...limits, maxTime });
    expectAction(result, "error");
    expect(result.message).toMatch(new RegExp(reason));
  });

  test("what takes JSONata time with the square of the input is done", async () => {
    const numbers = Array.from({ length: 400_000 }, (_, i) => -i);
    const config = { maxBytes: 2 ** 24, maxTime: 5000 };
    expect(await transformed("$count($distinct($))", numbers, config)).toBe(400_000);
    expect(await transformed("$sort($)[0]", numbers, config)).toBe(-399_999);
    expect(await transformed("$contains(long, /^(?:(?:a+)+c|a+b)$/)", { long })).toBe(true);
  });

  test("calls at once do not share a result, a time or a place in a regex", async () => {
    const config = {
      request: { expression: "$map(a, function($v) { $replace($v, /x/, $$.by) })" },
      maxTime: 5000,
    };
    const plugin = await testPlugin(jsonTransform, { config });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        plugin.request(post(JSON.stringify({ a: ["x-x", "yx"], by: String(i) }))),
      ),
    );
    expect(results.map((result) => "request" in result && result.request.json())).toEqual(
      Array.from({ length: 20 }, (_, i) => [`${i}-${i}`, `y${i}`]),
    );
  });
});

describe("no name and no function reaches what it should not", () => {
  test.each<[string, unknown]>([
    ["constructor", "none"],
    ["__proto__.constructor", "none"],
    ["$lookup($, 'constructor')", "none"],
    ["$lookup($, 'toString')", "none"],
    ["$.valueOf", "none"],
  ])("%s", async (expression, expected) => {
    expect(await transformed(`$exists(${expression}) ? "some" : "none"`, {})).toBe(expected);
  });

  test("__proto__ is a name like any other", async () => {
    const body = post('{"__proto__":{"polluted":1},"a":2}');
    const result = await onRequest("$merge([$, { '__proto__': { 'polluted': 2 } }])", body);
    expect(result.action).not.toBe("stop");
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test.each(["$sum", "function($x) { $x }", "{ 'a': [$sum] }"])("%s is no result", async (it) => {
    const result = await onRequest(it, post("{}"));
    expectAction(result, "error");
    expect(result.message).toContain("function");
  });

  test("what fails does not tell of the input", async () => {
    const result = await onRequest("$number(a)", post('{"a":"s3cret"}'));
    expectAction(result, "error");
    expect(JSON.stringify(result.log)).toContain("D3030");
    expect(JSON.stringify(result.log)).not.toContain("s3cret");
  });
});

describe("a message that is none fails", () => {
  test.each<[string, string]>([
    ["1", "it is not what it may be"],
    ['{"bdy": 1}', "bdy"],
    ['{"status": 100}', "status"],
    ['{"headers": {"x": {}}}', "headers.x"],
  ])("%s", async (expression, message) => {
    const input = { headers: JSON_TYPE, body: "{}" };
    const result = await onResponse(expression, input, { output: "message" });
    expectAction(result, "error");
    expect(result.message).toContain(message);
  });
});

test.each<[object, string]>([
  [{}, "request, response: one of them has to be there"],
  [{ request: {} }, "request.expression: "],
  [{ request: { expression: "a[" } }, "request.expression: "],
  [{ response: { expression: "$$$ +" } }, "response.expression: "],
  [{ request: { expression: "/(?=a)/" } }, "no linear form"],
  [{ request: { expression: "1 + $eval('2')" } }, "$eval is not available at position 9"],
  [{ request: { expression: "a", output: "all" } }, "request.output: "],
  [{ request: { expression: "a" }, vars: ["$a"] }, "vars.0: "],
  [{ request: { expression: "a" }, maxTime: 0 }, "maxTime: "],
  [{ request: { expression: "a" }, maxtime: 1 }, "maxtime: there is no such field"],
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(jsonTransform, { config })).rejects.toThrow(message);
});

test("a conf without the phase it is used in fails", async () => {
  const plugin = await testPlugin(jsonTransform, { config: { response: { expression: "$" } } });
  const result = await plugin.request(post("{}"));
  expectAction(result, "error");
  expect(result.message).toContain("setup failed");
  expect(JSON.stringify(result.log)).toContain("nothing for ext-plugin-pre-req");
});

/** The kit in the request phase: what goes in arrives at the plugin, what comes out is what APISIX does. */
import { describe, expect, test } from "bun:test";
import { definePlugin, HttpError, type RequestContext, stop } from "apisix-bun-runner";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";

const plugin = (request: (call: RequestContext) => ReturnType<NonNullable<Hook>>) =>
  testPlugin(definePlugin({ request }));

type Hook = Parameters<typeof definePlugin>[0]["request"];

/** What the plugin saw of a request. */
const seeing = () =>
  plugin(async ({ request, vars }) =>
    Response.json({
      method: request.method,
      path: request.path,
      args: [...request.args],
      headers: [...request.headers],
      ip: request.ip,
      body: await request.text(),
      host: await vars.get("http_host"),
      arg: await vars.get("arg_a"),
    }),
  );

async function seen(input?: Parameters<Awaited<ReturnType<typeof seeing>>["request"]>[0]) {
  const result = await (await seeing()).request(input);
  expectAction(result, "stop");
  return result.response.json();
}

describe("a request", () => {
  test("of nothing is GET /", async () => {
    expect(await seen()).toEqual({
      method: "GET",
      path: "/",
      args: [],
      headers: [
        ["host", "localhost"],
        ["x-forwarded-host", "localhost"],
        ["x-forwarded-port", "80"],
        ["x-forwarded-proto", "http"],
      ],
      ip: "127.0.0.1",
      body: "",
      host: "localhost",
    });
  });

  test("is a path with a query, which arrives decoded", async () => {
    expect(await seen("/a%20b/../ü?a=1&a=%C3%BC&b")).toMatchObject({
      path: "/ü",
      args: [
        ["a", "1"],
        ["a", "ü"],
        ["b", ""],
      ],
      arg: "1",
    });
  });

  test.each([["https://a.test:8443/get?a=1"], [new URL("https://a.test:8443/get?a=1")]])(
    "is a URL: %s",
    async (url) => {
      expect(await seen(url)).toMatchObject({
        path: "/get",
        host: "a.test:8443",
        headers: expect.arrayContaining([
          ["x-forwarded-proto", "https"],
          ["x-forwarded-port", "8443"],
        ]),
      });
    },
  );

  test("is a web Request, which can be read again afterwards", async () => {
    const request = new Request("http://a.test/post", {
      method: "POST",
      headers: { "X-A": "ü" },
      body: "hällo",
    });
    expect(await seen(request)).toMatchObject({
      method: "POST",
      body: "hällo",
      headers: expect.arrayContaining([
        ["content-length", "6"],
        // A client sends the one byte that stands for it in a web Request, which is no UTF-8.
        ["x-a", "\uFFFD"],
      ]),
    });
    expect(await request.text()).toBe("hällo");
  });

  test("is an object of its parts", async () => {
    const request = {
      method: "PUT",
      path: "/get?a=1",
      args: [["a", "2"], ["bare"], ["c", "ü&="]],
      headers: [
        ["X-A", "1"],
        ["x-a", "2"],
        ["Host", "b.test"],
      ],
      body: Uint8Array.of(0x68, 0x69),
      ip: "2001:db8::1",
    } as const;
    expect(await seen(request)).toMatchObject({
      method: "PUT",
      args: [
        ["a", "1"],
        ["a", "2"],
        ["bare", ""],
        ["c", "ü&="],
      ],
      headers: expect.arrayContaining([
        ["host", "b.test"],
        ["x-a", "1, 2"],
      ]),
      ip: "2001:db8::1",
      body: "hi",
      host: "b.test",
    });
    expect(await seen({ args: { a: "x" } })).toMatchObject({ args: [["a", "x"]] });
  });

  test("has at most 100 headers, as APISIX passes on no more", async () => {
    const headers = Array.from({ length: 120 }, (_, i) => [`x-${i}`, "1"] as const);
    expect(await seen({ headers })).toMatchObject({ headers: { length: 100 } });
  });

  test.each([
    ["get", "neither a path that starts with a slash nor a URL"],
    ["ftp://a.test/", "neither a path that starts with a slash nor a URL"],
    [{ method: "PURGE" }, "APISIX answers the method PURGE itself"],
    [{ ip: "localhost" }, 'ip "localhost" is no IP address'],
    ["/%zz", "not percent-encoded correctly"],
  ])("that no plugin would see is refused: %j", async (input, message) => {
    const tested = await seeing();
    await expect(tested.request(input)).rejects.toThrow(message);
  });
});

describe("the outcome", () => {
  test("continue: the request as it came", async () => {
    const tested = await plugin(() => undefined);
    const result = await tested.request({ method: "POST", path: "/%C3%BC?a=1", body: "hi" });
    expectAction(result, "continue");
    expect(result.request).toMatchObject({ method: "POST", path: "/ü", target: "/%C3%BC?a=1" });
    expect(result.request.headers.get("host")).toBe("localhost");
    expect(result.request.text()).toBe("hi");
    expect(result.ran).toEqual([{ plugin: "plugin", did: "nothing" }]);
  });

  test("rewrite: the request that the upstream gets, and what is new of it", async () => {
    const tested = await plugin(({ request, responseHeaders }) => {
      request.path = "/v2 ü";
      request.headers.set("x-user", "ä");
      request.headers.delete("x-old");
      request.args.set("a", "2");
      request.args.delete("gone");
      request.body = "longer body";
      responseHeaders.append("x-seen", "1");
    });
    const headers = { "x-old": "1" };
    const input = { method: "POST", path: "/get?a=1&gone&a=3&k", headers, body: "hi" };
    const result = await tested.request(input);
    expectAction(result, "rewrite");
    expect(result.changes).toEqual([
      "path: /get → /v2 ü",
      'header x-old: "1" → none',
      'header x-user: none → "ä"',
      'argument a: "1", "3" → "2"',
      "argument gone: without a value → none",
      'body: "hi" → "longer body"',
      'response header x-seen: none → "1"',
    ]);
    expect(result.request.target).toBe("/v2%20%C3%BC?k&a=2");
    expect(result.request.args.get("a")).toBe("2");
    expect(result.request.headers.get("x-user")).toBe("Ã¤");
    expect(result.request.headers.get("content-length")).toBe("11");
    expect(result.request.text()).toBe("longer body");
    expect(result.responseHeaders.get("x-seen")).toBe("1");
  });

  test("stop: what the client gets", async () => {
    const tested = await plugin(() => stop('{"a":1}', { status: 201, headers: { "X-A": "1" } }));
    const result = await tested.request();
    expectAction(result, "stop");
    expect(result.response.status).toBe(201);
    expect([...result.response.headers]).toEqual([
      ["content-type", "text/plain; charset=utf-8"],
      ["x-a", "1"],
    ]);
    expect(result.response.json()).toEqual({ a: 1 });
    expect(result.response.errorPage).toBe(false);
  });

  test("stop without a body: APISIX's own page", async () => {
    const result = await (await plugin(() => stop(null, { status: 403 }))).request();
    expectAction(result, "stop");
    expect(result.response).toMatchObject({ status: 403, errorPage: true });
    expect(result.response.headers.get("content-type")).toStartWith("text/html");
    expect(result.response.text()).toBe("");
    expect(() => result.response.json()).toThrow('the body is not JSON: ""');
  });

  test("stop by an HttpError", async () => {
    const tested = await plugin(() => {
      throw new HttpError(401, "who are you?");
    });
    const result = await tested.request();
    expectAction(result, "stop");
    expect(result.response.status).toBe(401);
    expect(result.response.text()).toBe("who are you?");
  });

  test("error: what was thrown, and the 503 that the client gets", async () => {
    const thrown = new TypeError("user is undefined", { cause: new Error("no database") });
    const tested = await plugin(({ log }) => {
      log.error("before");
      throw thrown;
    });
    const result = await tested.request();
    expectAction(result, "error");
    expect(result.message).toBe("user is undefined");
    expect(result.error).toBe(thrown);
    expect(result.response).toMatchObject({ status: 503, errorPage: true });
    expect(result.log.at(-1)?.text).toContain("TypeError: user is undefined <- Error: no database");
  });

  test("error: a hook in the wrong phase", async () => {
    const tested = await testPlugin(definePlugin({ response() {} }));
    const result = await tested.request();
    expectAction(result, "error");
    expect(result.message).toContain("it has no request phase: name it in ext-plugin-post-resp");
    expect(result.error).toBeUndefined();
  });
});

describe("the report", () => {
  test("has the lines of the plugin, of every level", async () => {
    const tested = await plugin(({ log }) => {
      log.debug("seen", { user: "a", nested: { n: 1 } });
      log.warn("odd", { error: new RangeError("too much") });
    });
    const { log } = await tested.request();
    expect(log).toMatchObject([
      { level: "debug", message: "seen", fields: { user: "a", nested: { n: 1 }, request: 0 } },
      { level: "warn", message: "odd", fields: { error: "RangeError: too much" } },
    ]);
    expect(log[0]?.text).toBe(
      'debug seen plugin=plugin route=route#test#ext-plugin-pre-req request=0 user=a nested={"n":1}',
    );
  });

  test("of calls at once has the lines of its own call", async () => {
    const tested = await plugin(async ({ request, log, vars }) => {
      log.info(`before ${request.path}`);
      await vars.get("a");
      log.info(`after ${request.path}`);
    });
    const results = await Promise.all(["/1", "/2", "/3"].map((path) => tested.request(path)));
    expect(results.map(({ log }) => log.map(({ message }) => message))).toEqual([
      ["before /1", "after /1"],
      ["before /2", "after /2"],
      ["before /3", "after /3"],
    ]);
    expect(results.map(({ ran }) => ran.length)).toEqual([1, 1, 1]);
  });

  test("has the questions with their answers", async () => {
    const tested = await plugin(async ({ request, vars }) => {
      await Promise.all([vars.get("arg_a"), vars.get("absent"), vars.get("arg_a")]);
      await request.text();
    });
    const { asked } = await tested.request({ method: "POST", path: "/?a=1", body: "hi" });
    expect(asked).toEqual([
      { kind: "var", name: "arg_a", value: "1" },
      { kind: "var", name: "absent", value: undefined },
      { kind: "request-body", value: "hi" },
    ]);
  });

  test("prints the body as text", async () => {
    const result = await (await plugin(() => stop("hällo"))).request();
    expect(Bun.inspect(result)).toContain('body: "hällo"');
  });
});

test("what expectAction throws points to the line of the test", async () => {
  const result = await (await testPlugin(definePlugin({ request() {} }))).request("/");
  const error = thrownBy(() => expectAction(result, "stop"));
  expect(error.stack).toContain(import.meta.path);
  expect(error.stack).not.toContain("expect-action.ts");
});

function thrownBy(run: () => void): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}

/** The kit in the response phase. */
import { expect, test } from "bun:test";
import { definePlugin, HttpError, type ResponseContext, stop } from "apisix-bun-runner";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";

type Hook = (
  call: ResponseContext,
) => ReturnType<NonNullable<ReturnType<typeof definePlugin>["response"]>>;

const plugin = (response: Hook) => testPlugin(definePlugin({ response }));

const UPSTREAM = {
  status: 404,
  headers: [
    ["Content-Length", "6"],
    ["Content-Type", "text/plain"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=1"],
  ],
  body: "secret",
} as const;

test("continue: the upstream's response as it came", async () => {
  const result = await (await plugin(() => undefined)).response(UPSTREAM);
  expectAction(result, "continue");
  expect(result.response.status).toBe(404);
  expect(result.response.headers.getSetCookie()).toEqual(["a=1", "b=1"]);
  expect(result.response.text()).toBe("secret");
});

test("continue: of a response to HEAD, whose body is read, the client gets what it would get", async () => {
  const tested = await plugin(async ({ response }) => void (await response.text()));
  const headers = { "content-length": "6" };
  const result = await tested.response({ headers, request: { method: "HEAD" } });
  expectAction(result, "continue");
  expect(result.response.body).toBeUndefined();
  expect(result.asked.map(({ kind }) => kind)).toEqual(["response-body"]);
});

test("a response has the length that the upstream would give it", async () => {
  const tested = await plugin(({ response }) => stop(response.headers.get("content-length")));
  expect((await tested.response({ body: "four" })).response.text()).toBe("4");
  expect((await tested.response({ status: 204 })).response.text()).toBe("200\n");
});

test("rewrite: what is new of it", async () => {
  const tested = await plugin(async ({ response }) => {
    response.status = 200;
    response.headers.delete("set-cookie");
    response.headers.append("x-a", "1");
    response.body = (await response.text()).replace("secret", "***");
  });
  const result = await tested.response(UPSTREAM);
  expectAction(result, "rewrite");
  expect(result.changes).toEqual([
    "status: 404 → 200",
    'header set-cookie: "a=1", "b=1" → none',
    'header x-a: none → "1"',
    'body: "secret" → "***"',
  ]);
  expect(result.response.status).toBe(200);
  expect(result.response.text()).toBe("***");
  expect(result.asked).toEqual([{ kind: "response-body", value: "secret" }]);
});

test.each<[string, Hook]>([
  ["stop()", () => stop("mine", { status: 503 })],
  ["a Response", async () => new Response("mine", { status: 503 })],
  [
    "an HttpError",
    () => {
      throw new HttpError(503, "mine");
    },
  ],
])("stop: the answer of %s, even with status 503", async (_, hook) => {
  const result = await (await plugin(hook)).response(UPSTREAM);
  expectAction(result, "stop");
  expect(result.response.status).toBe(503);
  expect(result.response.text()).toBe("mine");
});

test("stop: an answer that reads like the runner's own 503", async () => {
  const tested = await plugin(() =>
    stop("503 Service Unavailable\n", {
      status: 503,
      headers: { "content-type": "text/plain; charset=utf-8" },
    }),
  );
  expectAction(await tested.response(UPSTREAM), "stop");
});

test("error: the runner's own 503, and nothing of the upstream's response", async () => {
  const tested = await plugin(({ response }) => {
    response.headers.set("x-a", "1");
    throw new TypeError("broken");
  });
  const result = await tested.response(UPSTREAM);
  expectAction(result, "error");
  expect(result.message).toBe("broken");
  expect(result.response.status).toBe(503);
  expect([...result.response.headers.keys()]).toEqual(["content-type"]);
  expect(result.response.text()).toBe("503 Service Unavailable\n");
});

test("error: a hook in the wrong phase", async () => {
  const tested = await testPlugin(definePlugin({ request() {} }));
  const result = await tested.response();
  expectAction(result, "error");
  expect(result.message).toContain("it has no response phase");
});

test("is a web Response, which can be read again afterwards", async () => {
  const response = new Response("hello", { status: 418, headers: { "X-A": "1" } });
  const tested = await plugin(async ({ response: upstream }) => {
    upstream.body = `${upstream.status} ${upstream.headers.get("x-a")} ${await upstream.text()}`;
  });
  const result = await tested.response(response);
  expect(result.response.text()).toBe("418 1 hello");
  expect(await response.text()).toBe("hello");
});

test("belongs to a request, whose variables can be read", async () => {
  const tested = await plugin(async ({ response, vars }) => {
    const names = ["arg_a", "upstream_status", "consumer_name"];
    const values = await Promise.all(names.map((name) => vars.get(name)));
    response.body = values.join(" ");
  });
  const result = await tested.response({
    ...UPSTREAM,
    request: "/get?a=1",
    vars: { consumer_name: "jack" },
  });
  expect(result.response.text()).toBe("1 404 jack");
});

test("of nothing is an empty 200", async () => {
  const result = await (await plugin(() => undefined)).response();
  expect(result).toMatchObject({ action: "continue", response: { status: 200, body: undefined } });
});

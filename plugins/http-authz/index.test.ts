import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  expectAction,
  type PluginTestOptions,
  type PluginUnderTest,
  testChain,
  testPlugin,
} from "apisix-bun-runner/testing";
import { definePlugin, stop } from "apisix-bun-runner";
import { AuthzService, ok, opa, rawService, status } from "./fixtures/service.ts";
import httpAuthz from "./index.ts";

/** More than any answer here takes; tests of the time itself say less. */
const timeout = 20;

function asking(
  config: object,
  options: Omit<PluginTestOptions, "config"> = {},
): Promise<PluginUnderTest> {
  return testPlugin(httpAuthz, { ...options, config: { timeout, ...config } });
}

describe("what the service is sent", () => {
  test("headers: a request without a body, as forward-auth sends it", async () => {
    using service = new AuthzService(ok);
    await using plugin = await asking(
      {
        mode: "headers",
        url: service.url,
        headers: ["Cookie", "X-Forwarded-Method", "x-absent"],
        vars: ["consumer_name", "not_there"],
      },
      { vars: { scheme: "https", host: "api.example.com", consumer_name: "jäck" } },
    );
    const result = await plugin.request({
      method: "DELETE",
      path: "/a%20b%3F/%C3%A4?x=1&y=%26",
      headers: { cookie: "a=b", "x-forwarded-method": "GET", "x-other": "1" },
      ip: "192.0.2.7",
    });
    expectAction(result, "continue");
    const [asked] = service.asked;
    expect(asked).toMatchObject({ method: "GET", path: "/authz", body: "" });
    const sent = asked?.headers.toJSON() ?? {};
    expect(sent).toMatchObject({
      cookie: "a=b",
      "x-forwarded-method": "DELETE",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "api.example.com",
      "x-forwarded-uri": "/a%20b%3F/%C3%A4?x=1&y=%26",
      "x-forwarded-for": "192.0.2.7",
      "x-var-consumer-name": Buffer.from("jäck").toString("latin1"),
      "x-var-not-there": "",
    });
    expect(Object.keys(sent)).not.toContain("x-other");
    expect(Object.keys(sent)).not.toContain("x-absent");
  });

  test("headers: all but those of the connection, with the body", async () => {
    using service = new AuthzService(ok);
    await using plugin = await asking({
      mode: "headers",
      url: service.url,
      method: "POST",
      headers: "all",
      body: 100,
    });
    const headers = { authorization: "Basic eDp5", te: "trailers", "x-a": "1", expect: "x" };
    await plugin.request({ method: "POST", headers, body: "hello" });
    const [asked] = service.asked;
    expect(asked).toMatchObject({ method: "POST", body: "hello" });
    expect(asked?.headers.get("host")).toBe(new URL(service.url).host);
    expect(asked?.headers.toJSON()).toMatchObject({ authorization: "Basic eDp5", "x-a": "1" });
    for (const name of ["te", "expect"]) expect(asked?.headers.has(name)).toBe(false);
  });

  test.each([
    ["json", (body: object) => body],
    ["opa", (body: { input?: object }) => body.input],
  ] as const)("%s: an object", async (mode, inputOf) => {
    using service = new AuthzService(opa({ result: true }));
    await using plugin = await asking(
      { mode, url: service.url, headers: ["x-user"], vars: ["consumer_name", "none"], body: 100 },
      { vars: { consumer_name: "jack" }, route: "r7" },
    );
    await plugin.request({
      method: "PUT",
      path: "/a%20b?x=1&x=2&y=&__proto__=p",
      headers: { "x-user": "jane" },
      body: "hällo",
      ip: "192.0.2.7",
    });
    const [asked] = service.asked;
    expect(asked?.headers.get("content-type")).toBe("application/json");
    const input = inputOf(JSON.parse(asked?.body ?? ""));
    expect(JSON.stringify(input)).toBe(
      JSON.stringify({
        type: "http",
        request: {
          method: "PUT",
          path: "/a b",
          query: JSON.parse('{"x":["1","2"],"y":"","__proto__":"p"}'),
          headers: { "x-user": "jane" },
          ip: "192.0.2.7",
          body: "hällo",
        },
        var: { consumer_name: "jack" },
        route: "r7",
      }),
    );
  });

  test("a body that is no text, in base64", async () => {
    using service = new AuthzService(ok);
    await using plugin = await asking({ mode: "json", url: service.url, body: 100 });
    await plugin.request({ method: "POST", body: new Uint8Array([0, 255, 1]) });
    expect(JSON.parse(service.asked[0]?.body ?? "").request).toMatchObject({ bodyBase64: "AP8B" });
  });

  test("a body that is longer than the service may be sent is refused, and not asked about", async () => {
    using service = new AuthzService(ok);
    await using plugin = await asking({ mode: "json", url: service.url, body: 4 });
    for (const headers of [{}, { "content-length": "1" }]) {
      const result = await plugin.request({ method: "POST", body: "12345", headers });
      expectAction(result, "stop");
      expect(result.response.status).toBe(413);
    }
    expect(service.asked).toEqual([]);
  });

  test("nothing is asked of APISIX where nothing of it is sent", async () => {
    using service = new AuthzService(ok);
    await using plugin = await asking({ mode: "json", url: service.url });
    const result = await plugin.request({ method: "POST", body: "x" });
    expect(result.asked).toEqual([]);
  });

  test("over a Unix socket", async () => {
    const dir = mkdtempSync(join(tmpdir(), "authz-"));
    const socket = join(dir, "authz.sock");
    using service = new AuthzService(ok, socket);
    await using plugin = await asking({ mode: "json", url: "http://authz/check", socket });
    expectAction(await plugin.request(), "continue");
    expect(service.asked[0]?.path).toBe("/check");
    rmSync(dir, { recursive: true });
  });

  test("the token, which is in no line of the log, whatever happens", async () => {
    using service = new AuthzService(({ headers }) =>
      headers.get("authorization") === "Bearer hunter2"
        ? new Response("no", { status: 500 })
        : ok(),
    );
    const env = { AUTHZ_TOKEN: "hunter2" };
    const config = { mode: "opa", url: service.url, token: "$env://AUTHZ_TOKEN" };
    await using plugin = await asking(config, { env });
    const failed = await plugin.request();
    service[Symbol.dispose]();
    const unreachable = await plugin.request();
    const lines = [...failed.log, ...unreachable.log].map(({ text }) => text).join("\n");
    expect(lines).toContain("OPA answered 500");
    expect(lines).toContain("the service cannot be asked");
    expect(lines).not.toContain("hunter2");
  });
});

describe("what its status says", () => {
  test.each([200, 204, 299])("%d lets the request pass", async (status) => {
    using service = new AuthzService(() => new Response(null, { status }));
    await using plugin = await asking({ mode: "headers", url: service.url });
    expectAction(await plugin.request(), "continue");
  });

  test.each([302, 400, 401, 403, 404, 429])("%d refuses it", async (status) => {
    using service = new AuthzService(
      () =>
        new Response('{"why":"no"}', {
          status,
          headers: {
            "content-type": "application/problem+json",
            "www-authenticate": "Bearer",
            location: "/login",
            "x-internal": "1",
          },
        }),
    );
    const clientHeaders = ["WWW-Authenticate", "location"];
    await using plugin = await asking({ mode: "json", url: service.url, clientHeaders });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.response.status).toBe(status);
    expect(result.response.text()).toBe('{"why":"no"}');
    expect(result.response.headers.toJSON()).toEqual({
      "content-type": "application/problem+json",
      "www-authenticate": "Bearer",
      location: "/login",
    });
  });

  test("a refusal without a body, or with a huge one, gets a short one", async () => {
    for (const body of [null, "x".repeat(200_000)]) {
      using service = new AuthzService(() => new Response(body, { status: 403 }));
      await using plugin = await asking({ mode: "headers", url: service.url });
      const result = await plugin.request();
      expectAction(result, "stop");
      expect(result.response.text()).toBe("not allowed\n");
    }
  });

  test("each of its cookies reaches the client", async () => {
    const headers = new Headers([
      ["set-cookie", "a=1; Path=/"],
      ["set-cookie", "b=2"],
    ]);
    using service = new AuthzService(() => new Response(null, { status: 401, headers }));
    await using plugin = await asking({
      mode: "headers",
      url: service.url,
      clientHeaders: ["set-cookie"],
    });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.response.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2"]);
  });
});

describe("what its JSON says", () => {
  test.each<[unknown, "continue" | "stop"]>([
    [{ data: [{ "a/b": true }] }, "continue"],
    [{ data: [{ "a/b": false }] }, "stop"],
    [{ data: [{ "a/b": "true" }] }, "stop"],
    [{ data: [] }, "stop"],
    [[], "stop"],
    [null, "stop"],
  ])("at a pointer: %j, %s", async (document, action) => {
    using service = new AuthzService(() => Response.json(document));
    await using plugin = await asking({ mode: "json", url: service.url, allow: "/data/0/a~1b" });
    const result = await plugin.request();
    expectAction(result, action);
    if (result.action === "stop") expect(result.response.status).toBe(403);
  });

  test("a pointer does not lead to what objects inherit", async () => {
    using service = new AuthzService(() => Response.json({}));
    await using plugin = await asking({ mode: "json", url: service.url, allow: "/constructor" });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.log.map(({ message }) => message)).toContain(
      "the answer has nothing at /constructor, neither true nor false",
    );
  });

  test.each<[object, "continue" | "stop"]>([
    [{ result: true }, "continue"],
    [{ result: true, decision_id: "4ca636c1-55e4-417a-b1d8-4aceb67960d1" }, "continue"],
    [{ result: { allow: true } }, "continue"],
    [{ result: false }, "stop"],
    [{ result: { allow: false } }, "stop"],
    [{ result: { allow: "true" } }, "stop"],
    [{ result: {} }, "stop"],
    [{ result: [true] }, "stop"],
    [{}, "stop"],
  ])("of OPA: %j, %s", async (document, action) => {
    using service = new AuthzService(opa(document));
    await using plugin = await asking({ mode: "opa", url: service.url });
    const result = await plugin.request();
    expectAction(result, action);
    if (result.action === "stop") expect(result.response.status).toBe(403);
  });

  test("of OPA, at another place", async () => {
    using service = new AuthzService(opa({ result: { allow: false, http: { ok: true } } }));
    await using plugin = await asking({ mode: "opa", url: service.url, allow: "/result/http/ok" });
    expectAction(await plugin.request(), "continue");
  });

  test("of OPA: status, headers and reason of a refusal", async () => {
    using service = new AuthzService(
      opa({
        result: {
          allow: false,
          status_code: 401,
          headers: { "WWW-Authenticate": "Bearer", "x-other": "1" },
          reason: "who are you?",
        },
      }),
    );
    const clientHeaders = ["www-authenticate"];
    await using plugin = await asking({ mode: "opa", url: service.url, clientHeaders });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.response.status).toBe(401);
    expect(result.response.text()).toBe("who are you?");
    expect(result.response.headers.get("www-authenticate")).toBe("Bearer");
    expect(result.response.headers.has("x-other")).toBe(false);
  });

  test("of OPA: a reason that is an object is JSON, a status that refuses nothing is 403", async () => {
    using service = new AuthzService(
      opa({ result: { allow: false, status_code: 200, reason: { code: 7 } } }),
    );
    await using plugin = await asking({ mode: "opa", url: service.url });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.response.status).toBe(403);
    expect(result.response.json()).toEqual({ code: 7 });
    expect(result.response.headers.get("content-type")).toBe("application/json");
  });
});

describe("headers for the upstream", () => {
  const upstreamHeaders = ["X-User", "x-role"];

  test.each(["headers", "json"])("%s: the service's, and never the client's", async (mode) => {
    const headers = { "x-user": "jürgen", "x-other": "1" };
    using service = new AuthzService(
      () => new Response("{}", { headers: { ...headers, "x-user": latin1(headers["x-user"]) } }),
    );
    await using plugin = await asking({ mode, url: service.url, upstreamHeaders });
    const result = await plugin.request({ headers: { "x-user": "root", "x-role": "admin" } });
    expectAction(result, "rewrite");
    expect(result.changes).toContain('header x-role: "admin" → none');
    expect(result.request.headers.get("x-user")).toBe(latin1("jürgen"));
    expect(result.request.headers.has("x-role")).toBe(false);
    expect(result.request.headers.has("x-other")).toBe(false);
  });

  test("the next plugin of the chain does not see the client's", async () => {
    using service = new AuthzService(ok);
    const next = definePlugin({
      request: ({ request }) => stop(JSON.stringify([...request.headers.keys()])),
    });
    const config = { mode: "headers", url: service.url, timeout, upstreamHeaders };
    const chain = await testChain([[httpAuthz, config], [next]]);
    const result = await chain.request({ headers: { "x-role": "admin", "x-other": "1" } });
    expectAction(result, "stop");
    expect(result.response.json()).toContain("x-other");
    expect(result.response.json()).not.toContain("x-role");
  });

  test("of OPA", async () => {
    const answer = { allow: true, headers: { "X-User": "jane", "x-other": "1" } };
    using service = new AuthzService(opa({ result: answer }));
    await using plugin = await asking({ mode: "opa", url: service.url, upstreamHeaders });
    const result = await plugin.request({ headers: { "x-role": "admin" } });
    expectAction(result, "rewrite");
    expect(result.request.headers.get("x-user")).toBe("jane");
    expect(result.request.headers.has("x-role")).toBe(false);
    expect(result.request.headers.has("x-other")).toBe(false);
  });

  test("the client's are removed as well where APISIX hands over no more headers", async () => {
    using service = new AuthzService(ok);
    await using plugin = await asking({ mode: "headers", url: service.url, upstreamHeaders });
    const many = Array.from({ length: 120 }, (_, i): [string, string] => [`x-${i}`, "1"]);
    const result = await plugin.request({ headers: [...many, ["x-role", "admin"]] });
    expect(result.action).toBe("rewrite");
    if (result.action !== "rewrite") return;
    expect(result.request.headers.has("x-role")).toBe(false);
    expect(result.request.headers.has("x-119")).toBe(true);
  });

  test("the client's are removed as well where nobody decides", async () => {
    using service = new AuthzService(() => new Response(null, { status: 500 }));
    const config = { mode: "headers", url: service.url, upstreamHeaders, onError: "allow" };
    await using plugin = await asking(config);
    const result = await plugin.request({ headers: { "x-role": "admin" } });
    expectAction(result, "rewrite");
    expect(result.request.headers.has("x-role")).toBe(false);
  });

  test("one that cannot be sent is no decision", async () => {
    using service = new AuthzService(
      opa({ result: { allow: true, headers: { "x-user": "a\r\nx-role: admin" } } }),
    );
    await using plugin = await asking({ mode: "opa", url: service.url, upstreamHeaders });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.response.status).toBe(503);
  });
});

describe("no decision", () => {
  const HTTP = "HTTP/1.1 200 OK\r\n";

  type Failure = [string, string, () => Disposable & { url: string }, object?];
  const failures = (
    [
      ["500", "the service answered 500", () => new AuthzService(() => status(500))],
      [
        "a 503 of OPA's",
        "OPA answered 503",
        () => new AuthzService(() => status(503)),
        { mode: "opa" },
      ],
      [
        "a 400 of OPA's",
        "OPA answered 400",
        () => new AuthzService(opa({ code: "invalid_parameter", message: "body" }, 400)),
        { mode: "opa" },
      ],
      [
        "what is not JSON",
        "the answer is not JSON",
        () => new AuthzService(() => new Response("<html>")),
        { mode: "opa" },
      ],
      [
        "JSON that is too long",
        "the answer is longer than maxAnswer",
        () => new AuthzService(() => Response.json({ result: true, more: "x".repeat(1000) })),
        { mode: "opa", maxAnswer: 1000 },
      ],
      [
        "JSON without an end, of a length that nobody said",
        "the answer is longer than maxAnswer",
        () =>
          new AuthzService(() => {
            const chunk = Buffer.alloc(10_000, "[");
            return new Response(new ReadableStream({ pull: (to) => to.enqueue(chunk) }));
          }),
        { mode: "opa" },
      ],
      [
        "a connection that is dropped",
        "the service cannot be asked",
        () => rawService((socket) => socket.terminate()),
      ],
      [
        "half an answer",
        "the service cannot be asked",
        () =>
          rawService((socket) => {
            socket.end(`${HTTP}Content-Length: 20\r\n\r\n{"result`);
          }),
      ],
      [
        "what is not HTTP",
        "the service cannot be asked",
        () => rawService((socket) => void socket.end("220 mail.example.com ESMTP\r\n")),
      ],
      [
        "no answer in time",
        "the service gave no answer within 0.05 s",
        () => rawService(() => undefined),
        { timeout: 0.05 },
      ],
      [
        "an answer that does not end in time",
        "the service gave no answer within 0.05 s",
        () => rawService((socket) => void socket.write(`${HTTP}Content-Length: 20\r\n\r\n{`)),
        { timeout: 0.05 },
      ],
      [
        "nobody there",
        "the service cannot be asked",
        () => ({ url: "http://127.0.0.1:1/", [Symbol.dispose]: () => undefined }),
      ],
    ] satisfies Failure[]
  ).map(([what, message, start, more = {}]) => [what, message, start, more] as const);

  test.each(failures)("%s: 503, and the log says %s", async (_what, message, start, more) => {
    using service = start();
    await using plugin = await asking({ mode: "json", url: service.url, ...more });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.response.status).toBe(503);
    expect(result.response.text()).toBe("nobody can say whether this is allowed");
    const line = result.log.find(({ level }) => level === "error");
    expect(line?.text).toContain(message);
  });

  test.each(failures)("%s: passes with onError allow", async (_what, message, start, more) => {
    using service = start();
    const config = { mode: "json", url: service.url, onError: "allow", ...more };
    await using plugin = await asking(config);
    const result = await plugin.request();
    expectAction(result, "continue");
    expect(result.log.find(({ level }) => level === "error")?.text).toContain(message);
  });

  test("a connection that was kept and has gone meanwhile is no failure", async () => {
    using service = rawService((socket) => {
      socket.write(`${HTTP}Content-Length: 2\r\n\r\n{}`);
      socket.end();
    });
    await using plugin = await asking({ mode: "json", url: service.url });
    for (let i = 0; i < 5; i++) expectAction(await plugin.request(), "continue");
  });
});

test("questions one after the other share a connection", async () => {
  let opened = 0;
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: () => void opened++,
      data: (socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    },
  });
  await using plugin = await asking({ mode: "json", url: `http://127.0.0.1:${server.port}/` });
  for (let i = 0; i < 3; i++) expectAction(await plugin.request(), "continue");
  expect(opened).toBe(1);
});

function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

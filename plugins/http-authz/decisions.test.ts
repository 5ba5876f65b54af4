/** Decisions that are shared and kept. */
import { describe, expect, test } from "bun:test";
import {
  expectAction,
  fakeTime,
  type PluginUnderTest,
  testPlugin,
} from "apisix-bun-runner/testing";
import { AuthzService, ok, opa, status } from "./fixtures/service.ts";
import httpAuthz from "./index.ts";

/** With more time than any answer here takes. */
const asking = (config: object) => testPlugin(httpAuthz, { config: { timeout: 20, ...config } });

describe("questions at the same time", () => {
  /** A service that answers when it is told to. */
  function holding(reply: () => Response) {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
    const arrivals: (() => void)[] = [];
    const service = new AuthzService(async (_asked, request) => {
      request.signal.addEventListener("abort", () => leave());
      arrivals.shift()?.();
      await released;
      return reply();
    });
    /** When so many questions more have come. */
    const arrived = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () => new Promise<void>((resolve) => arrivals.push(resolve))),
      );
    return { service, release, arrived, gone };
  }

  /** Calls of jane, and one of john, whose question is another and the last to come. */
  function calls(plugin: PluginUnderTest, count: number) {
    return Array.from({ length: count }, (_, i) =>
      plugin.request({
        headers: { "x-user": i === count - 1 ? "john" : "jane", "x-request-id": `${i}` },
      }),
    );
  }

  const config = { mode: "json", headers: ["x-user"] };

  test("equal ones are one, others are not", async () => {
    const { service, release, arrived } = holding(ok);
    using _service = service;
    await using plugin = await asking({ ...config, url: service.url });
    const bothCame = arrived(2);
    const all = calls(plugin, 10);
    await bothCame;
    release();
    for (const result of await Promise.all(all)) expectAction(result, "continue");
    expect(service.asked).toHaveLength(2);
    expectAction(await plugin.request({ headers: { "x-user": "jane" } }), "continue");
    expect(service.asked).toHaveLength(3);
  });

  test("what fails, fails for all who wait, and is asked again then", async () => {
    const { service, release, arrived } = holding(() => status(500));
    using _service = service;
    await using plugin = await asking({ ...config, url: service.url });
    const bothCame = arrived(2);
    const all = calls(plugin, 4);
    await bothCame;
    release();
    for (const result of await Promise.all(all)) expectAction(result, "stop");
    expect(service.asked).toHaveLength(2);
    expectAction(await plugin.request({ headers: { "x-user": "jane" } }), "stop");
    expect(service.asked).toHaveLength(3);
  });

  test("the question is given up when the last who waits has gone", async () => {
    const { service, arrived, gone } = holding(ok);
    using _service = service;
    await using plugin = await asking({ ...config, url: service.url });
    const bothCame = arrived(2);
    const all = calls(plugin, 3).map((call) => call.catch(String));
    await bothCame;
    plugin.disconnect();
    await Promise.all([...all, gone]);
    expect(service.asked).toHaveLength(2);
  });

  test("none is shared where the answer may have cookies", async () => {
    const { service, release, arrived } = holding(ok);
    using _service = service;
    const clientHeaders = ["set-cookie"];
    await using plugin = await asking({ ...config, url: service.url, clientHeaders });
    const allCame = arrived(4);
    const all = calls(plugin, 4);
    await allCame;
    release();
    await Promise.all(all);
    expect(service.asked).toHaveLength(4);
  });
});

describe("cache", () => {
  test.each([200, 401, 403])("%d is kept for its time", async (answer) => {
    using service = new AuthzService(() => status(answer));
    await using plugin = await asking({ mode: "json", url: service.url, cache: { ttl: 30 } });
    using time = fakeTime();
    const action = answer === 200 ? "continue" : "stop";
    for (const [ms, asked] of [
      [0, 1],
      [29_999, 1],
      [1, 2],
      [0, 2],
    ] as const) {
      await time.advance(ms);
      expectAction(await plugin.request(), action);
      expect(service.asked).toHaveLength(asked);
    }
  });

  test.each([
    ["500", () => status(500), "json"],
    ["429", () => status(429), "json"],
    ["302", () => status(302), "json"],
    ["what is not JSON", () => new Response("<"), "opa"],
    ["OPA's undefined", opa({}), "opa"],
  ])("%s is not kept", async (_what, reply, mode) => {
    using service = new AuthzService(reply);
    await using plugin = await asking({ mode, url: service.url, cache: { ttl: 30 } });
    for (let i = 1; i <= 2; i++) {
      expectAction(await plugin.request(), "stop");
      expect(service.asked).toHaveLength(i);
    }
  });

  test("tells apart all that is sent", async () => {
    using service = new AuthzService(ok);
    await using plugin = await asking({
      mode: "json",
      url: service.url,
      headers: ["x-user"],
      vars: ["consumer_name"],
      body: 100,
      cache: { ttl: 30 },
    });
    const base = {
      method: "POST",
      path: "/a?b=1",
      headers: { "x-user": "jane" },
      body: "1",
      vars: { consumer_name: "x" },
      ip: "192.0.2.1",
    };
    const others = [
      { method: "PUT" },
      { path: "/a?b=2" },
      { path: "/b?b=1" },
      { headers: {} },
      { headers: { "x-user": "" } },
      { body: "2" },
      { vars: { consumer_name: "y" } },
      { ip: "192.0.2.2" },
    ];
    for (const [i, other] of [{}, ...others].entries()) {
      for (let again = 0; again < 2; again++) {
        expectAction(await plugin.request({ ...base, ...other }), "continue");
        expect(service.asked).toHaveLength(i + 1);
      }
    }
    await plugin.request({ ...base, headers: { "x-user": "jane", "x-request-id": "7" } });
    expect(service.asked).toHaveLength(1 + others.length);
  });

  test("in headers mode too, with the body", async () => {
    using service = new AuthzService(ok);
    const config = { mode: "headers", url: service.url, method: "POST", body: 100 };
    await using plugin = await asking({ ...config, cache: { ttl: 30 } });
    for (const body of ["1", "2", "1"]) await plugin.request({ method: "POST", body });
    expect(service.asked.map(({ body }) => body)).toEqual(["1", "2"]);
  });

  test.each([
    ["method", { method: "PUT" }],
    ["path", { path: "/b?b=1" }],
    ["query", { path: "/a?b=2" }],
    ["ip", { ip: "192.0.2.2" }],
    ["body", { body: "2" }],
    ["header:X-User", { headers: { "x-user": "john" } }],
    ["var:consumer_name", { vars: { consumer_name: "y" } }],
  ])("with the key %s tells apart that alone", async (part, change) => {
    using service = new AuthzService(ok);
    await using plugin = await asking({
      mode: "json",
      url: service.url,
      body: 100,
      cache: { ttl: 30, key: [part] },
    });
    const same = {
      method: "POST",
      path: "/a?b=1",
      headers: { "x-user": "jane" },
      body: "1",
      vars: { consumer_name: "x" },
      ip: "192.0.2.1",
    };
    const changed = { ...same, ...change };
    const rest = {
      method: "PATCH",
      path: "/c?d=1",
      headers: { "x-user": "jill" },
      body: "3",
      vars: { consumer_name: "z" },
      ip: "192.0.2.3",
      ...kept(part, same),
    };
    await plugin.request(same);
    await plugin.request(rest);
    expect(service.asked).toHaveLength(1);
    await plugin.request(changed);
    expect(service.asked).toHaveLength(2);
  });

  test("a header that is empty is not one that is missing", async () => {
    using service = new AuthzService(ok);
    const cache = { ttl: 30, key: ["header:x-user"] };
    await using plugin = await asking({ mode: "json", url: service.url, cache });
    for (const headers of [{}, { "x-user": "" }, {}]) await plugin.request({ headers });
    expect(service.asked).toHaveLength(2);
  });

  test("keeps no more than its size, and drops what was not used for longest", async () => {
    using service = new AuthzService(ok);
    const cache = { ttl: 30, size: 2 };
    await using plugin = await asking({ mode: "json", url: service.url, cache });
    for (const path of ["/a", "/b", "/a", "/c", "/a"]) await plugin.request(path);
    expect(service.asked).toHaveLength(3);
    await plugin.request("/b");
    expect(service.asked).toHaveLength(4);
  });

  test("gives each client its own upstream headers", async () => {
    using service = new AuthzService(({ body }) => {
      const { headers } = JSON.parse(body).request;
      return new Response(null, { headers: { "x-id": `id of ${headers["x-user"]}` } });
    });
    await using plugin = await asking({
      mode: "json",
      url: service.url,
      headers: ["x-user"],
      upstreamHeaders: ["x-id"],
      cache: { ttl: 30 },
    });
    for (const user of ["jane", "john", "jane"]) {
      const result = await plugin.request({ headers: { "x-user": user } });
      expectAction(result, "rewrite");
      expect(result.request.headers.get("x-id")).toBe(`id of ${user}`);
    }
    expect(service.asked).toHaveLength(2);
  });
});

/** The part of a request that a part of a key is about. */
function kept<
  Request extends {
    method: string;
    path: string;
    ip: string;
    body: string;
    headers: object;
    vars: object;
  },
>(part: string, { method, path, ip, body, headers, vars }: Request): Partial<Request> | object {
  const parts: Record<string, object> = {
    method: { method },
    path: { path: `${path.split("?")[0]}?d=1` },
    query: { path: `/c?${path.split("?")[1]}` },
    ip: { ip },
    body: { body },
    "header:X-User": { headers },
    "var:consumer_name": { vars },
  };
  return parts[part] ?? {};
}

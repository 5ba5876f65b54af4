/** Every way to answer in place of the upstream, and to add to its response. */
import { describe, expect, test } from "bun:test";
import { definePlugin, HttpError, ProtocolLimitError, stop } from "../../src/index.ts";
import { inlinePlugins, onRequest } from "../support/inline-plugins.ts";

const answering = (make: () => unknown) => onRequest({ request: make as () => Response });

describe("stop()", () => {
  test("with body, status and headers", async () => {
    const { reply, text } = await answering(() =>
      stop("made", {
        status: 201,
        headers: [
          ["X-A", "1"],
          ["X-A", "2"],
          ["set-cookie", "a=1"],
        ],
      }),
    );
    expect(reply).toMatchObject({
      kind: "stop",
      status: 201,
      headers: [
        { name: "X-A", value: "1" },
        { name: "X-A", value: "2" },
        { name: "set-cookie", value: "a=1" },
      ],
    });
    expect(text).toBe("made");
  });

  test("without anything: status 200, no body", async () => {
    expect((await answering(() => stop())).reply).toMatchObject({
      kind: "stop",
      status: 200,
      headers: [],
    });
    expect((await answering(() => stop(""))).text).toBeUndefined();
  });

  test.each([204, 304])(
    "%p has a byte, which nginx drops: else it loses its etag",
    async (status) => {
      expect((await answering(() => stop(null, { status }))).text).toBe("\n");
      expect((await answering(() => new Response(null, { status }))).text).toBe("\n");
      expect((await answering(() => stop("mine", { status }))).text).toBe("mine");
    },
  );

  test.each([99, 101, 199, 1000, 200.5, Number.NaN])(
    "status %p is refused at its line",
    (status) => {
      expect(() => stop("", { status })).toThrow(ProtocolLimitError);
      expect(() => stop("", { status })).toThrow("200 to 999");
    },
  );

  test.each([
    ["content-length", "5", "content-length cannot be changed"],
    ["x-a", "b\r\nx-evil: 1", "CR, LF or NUL"],
    ["no name", "x", "is no header name"],
  ])("header %s: %p is refused at its line", (name, value, message) => {
    expect(() => stop("", { headers: { [name]: value } })).toThrow(message);
  });

  test("ends the chain", async () => {
    let ran = false;
    const chain = await inlinePlugins({
      first: definePlugin({ request: () => stop("first") }),
      second: definePlugin({ request: () => void (ran = true) }),
    });
    expect(
      (
        await chain.request([
          ["first", ""],
          ["second", ""],
        ])
      ).text,
    ).toBe("first");
    expect(ran).toBe(false);
  });
});

describe("a web Response", () => {
  test("new Response()", async () => {
    const { reply, text } = await answering(
      () => new Response("hi", { status: 418, headers: { "x-a": "1" } }),
    );
    expect(reply).toMatchObject({
      kind: "stop",
      status: 418,
      headers: [{ name: "x-a", value: "1" }],
    });
    expect(text).toBe("hi");
  });

  test("Response.json(), from an async hook", async () => {
    const { reply, text } = await answering(async () => Response.json({ a: 1 }, { status: 201 }));
    expect(reply).toMatchObject({ kind: "stop", status: 201 });
    expect(JSON.stringify(reply)).toContain("application/json");
    expect(JSON.parse(text ?? "")).toEqual({ a: 1 });
  });

  test("Response.redirect()", async () => {
    const { reply, text } = await answering(() => Response.redirect("/sign-in?next=1", 303));
    expect(reply).toMatchObject({
      kind: "stop",
      status: 303,
      headers: [{ name: "location", value: "/sign-in?next=1" }],
    });
    expect(text).toBeUndefined();
  });

  test("a stream is read to its end", async () => {
    const { text } = await answering(
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              controller.enqueue(new TextEncoder().encode("one,two"));
              controller.close();
            },
          }),
        ),
    );
    expect(text).toBe("one,two");
  });

  test("fetched: what was decoded is not called encoded, framing stays behind", async () => {
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () =>
        new Response(Bun.gzipSync("plain text".repeat(10)), {
          headers: [
            ["content-encoding", "gzip"],
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        }),
    });
    const { reply, text } = await answering(() => fetch(server.url));
    const names = reply.kind === "stop" ? reply.headers.map(({ name }) => name) : [];
    expect(text).toBe("plain text".repeat(10));
    expect(names).not.toContain("content-encoding");
    expect(names).not.toContain("content-length");
    expect(names.filter((name) => name === "set-cookie")).toHaveLength(2);
  });

  test("encoded on purpose: stays encoded", async () => {
    const gzipped = Bun.gzipSync("zip");
    const { reply } = await answering(
      () => new Response(gzipped, { headers: { "content-encoding": "gzip" } }),
    );
    expect(reply).toMatchObject({ headers: [{ name: "content-encoding", value: "gzip" }] });
    expect(reply.kind === "stop" && Buffer.from(reply.body ?? "").equals(gzipped)).toBe(true);
  });

  test("Response.error() and a body read before fail, and say why", async () => {
    expect((await answering(() => Response.error())).log.join()).toContain("200 to 999");
    const { reply, log } = await answering(async () => {
      const response = new Response("x");
      await response.text();
      return response;
    });
    expect(reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
    expect(log.join()).toContain("has been read already");
  });
});

describe("HttpError", () => {
  test.each([
    [
      "thrown",
      () => {
        throw new HttpError(401, "who are you?", { headers: { "www-authenticate": "Bearer" } });
      },
    ],
    [
      "rejected",
      async () => {
        throw new HttpError(401, "who are you?", { headers: { "www-authenticate": "Bearer" } });
      },
    ],
  ])("%s: stops with its status, message and headers", async (_how, hook) => {
    const { reply, text, log } = await answering(hook);
    expect(reply).toMatchObject({
      kind: "stop",
      status: 401,
      headers: [
        { name: "content-type", value: "text/plain; charset=utf-8" },
        { name: "www-authenticate", value: "Bearer" },
      ],
    });
    expect(text).toBe("who are you?");
    expect(log.filter((line) => !line.startsWith("debug "))).toEqual([]);
  });

  test("without a message: APISIX's own error page", async () => {
    const { reply, text } = await answering(() => {
      throw new HttpError(404);
    });
    expect(reply).toMatchObject({ kind: "stop", status: 404, headers: [] });
    expect(text).toBeUndefined();
  });
});

describe("responseHeaders", () => {
  test("travel with a request that goes on", async () => {
    const { reply } = await onRequest(
      definePlugin({
        request({ responseHeaders }) {
          responseHeaders.append("X-R", "1");
          responseHeaders.append("X-R", "2");
          responseHeaders.set("set-cookie", "a=1");
        },
      }),
    );
    expect(reply).toMatchObject({
      kind: "rewrite",
      headers: [],
      responseHeaders: [
        { name: "X-R", value: "1" },
        { name: "X-R", value: "2" },
        { name: "set-cookie", value: "a=1" },
      ],
    });
  });

  test("travel with a later plugin's stop, which has the last word", async () => {
    const chain = await inlinePlugins({
      cors: definePlugin({
        request({ responseHeaders }) {
          responseHeaders.set("access-control-allow-origin", "*");
          responseHeaders.set("x-both", "cors");
        },
      }),
      auth: definePlugin({
        request: () => stop("no", { status: 401, headers: { "X-Both": "auth" } }),
      }),
    });
    const { reply } = await chain.request([
      ["cors", ""],
      ["auth", ""],
    ]);
    expect(reply.kind === "stop" && reply.headers).toEqual([
      { name: "X-Both", value: "auth" },
      { name: "access-control-allow-origin", value: "*" },
    ]);
  });

  test.each(["Content-Type", "location", "server", "content-encoding", "www-authenticate"])(
    "%s is refused: APISIX would ignore it",
    async (name) => {
      const { reply, log } = await onRequest(
        definePlugin({ request: ({ responseHeaders }) => responseHeaders.set(name, "x") }),
      );
      expect(reply.kind).toBe("error");
      expect(log.join()).toContain("set it in the response phase");
    },
  );
});

test("a hook that returns something else fails the call", async () => {
  const { reply, log } = await answering(() => ({ status: 200 }));
  expect(reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
  expect(log.join()).toContain("allowed are nothing, stop(…) and a Response");
});

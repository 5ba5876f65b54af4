/** The response phase: always a complete reply, and nothing of the upstream's where a plugin fails. */
import { describe, expect, test } from "bun:test";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import {
  definePlugin,
  HttpError,
  ProtocolLimitError,
  type ResponseContext,
  stop,
} from "../../src/index.ts";
import { inlinePlugins, onResponse } from "../support/inline-plugins.ts";
import type { Pair, TestResponse } from "../support/plugin-harness.ts";

const HEADERS: readonly Pair[] = [
  ["Location", "/elsewhere"],
  ["X-Multi", "a"],
  ["X-Multi", "b"],
  ["X-Utf8", Buffer.from("caf\xe9", "latin1")],
  ["Content-Length", "10"],
  ["Transfer-Encoding", "chunked"],
  ["Connection", "keep-alive"],
  ["Set-Cookie", "a=1"],
  ["Set-Cookie", "b=2"],
  ["Content-Type", "text/plain"],
];
const UPSTREAM: TestResponse = { status: 201, headers: HEADERS, body: "secret of the upstream" };

/** What APISIX is to be given of these: all but framing. */
const COMPLETE = HEADERS.filter(
  ([name]) => !["Content-Length", "Transfer-Encoding", "Connection"].includes(String(name)),
).map(([name, value]) => ({ name, value }));

const responding = (hook: (context: ResponseContext) => unknown, upstream = UPSTREAM) =>
  onResponse({ response: hook as () => void }, upstream);

describe("what is sent", () => {
  test("where nothing changed: status and all headers, byte for byte, no body", async () => {
    const { reply } = await responding(() => undefined);
    expect(reply).toEqual({
      kind: "response",
      id: expect.any(Number),
      status: 201,
      headers: expect.anything(),
    });
    expect(reply.kind === "response" && reply.headers.map(bytesOf)).toEqual(COMPLETE.map(bytesOf));
  });

  test("a changed header stands where it stood, the others stay", async () => {
    const { reply } = await responding(({ response: { headers } }) => {
      headers.set("x-multi", "c");
      headers.append("X-New", "n");
      headers.delete("SET-COOKIE");
      headers.set("location", "/here");
    });
    expect(reply.kind === "response" && reply.headers.map(({ name }) => name)).toEqual([
      "location",
      "x-multi",
      "X-Utf8",
      "Content-Type",
      "X-New",
    ]);
  });

  test("the status, set or not", async () => {
    expect((await responding(({ response }) => void (response.status = 299))).reply).toMatchObject({
      status: 299,
    });
    const { log } = await responding(({ response }) => void (response.status = 100));
    expect(log.join()).toContain("200 to 999");
  });

  test("a new body takes what described the old one with it", async () => {
    const headers: Pair[] = [
      ["ETag", '"1"'],
      ["Content-MD5", "x"],
      ["Content-Encoding", "gzip"],
      ["X-A", "1"],
    ];
    const { reply, text, asked } = await responding(
      ({ response }) => void (response.body = "new"),
      { headers, body: gzipSync("old") },
    );
    expect(reply).toMatchObject({ kind: "response", headers: [{ name: "X-A", value: "1" }] });
    expect(text).toBe("new");
    expect(asked).toEqual([]);
  });

  test("later plugins see earlier changes", async () => {
    const chain = await inlinePlugins({
      one: definePlugin({
        async response({ response }) {
          response.body = (await response.text()).toUpperCase();
          response.status = 299;
        },
      }),
      two: definePlugin({
        async response({ response }) {
          response.headers.set("x-seen", `${response.status} ${await response.text()}`);
        },
      }),
    });
    const { reply, asked } = await chain.response(
      [
        ["one", ""],
        ["two", ""],
      ],
      { headers: [["X-A", "1"]], body: "b" },
    );
    expect(reply).toMatchObject({
      status: 299,
      headers: [{ name: "X-A" }, { name: "x-seen", value: "299 B" }],
    });
    expect(asked).toEqual([{ kind: "response-body" }]);
  });

  test("to delete every header fails: APISIX would keep them all", async () => {
    const { reply, log } = await responding(({ response: { headers } }) => {
      for (const name of [...headers.keys()]) headers.delete(name);
    });
    expect(reply).toMatchObject({ status: 503 });
    expect(log.join()).toContain("cannot lose all its headers");
  });
});

describe("a response without a body, which APISIX would have nothing to print of", () => {
  const CHUNKED: Pair = ["Transfer-Encoding", "chunked"];
  const LENGTH: Pair = ["Content-Length", "5"];
  const A: Pair = ["X-A", "1"];
  const nothing = () => undefined;
  const read = async ({ response }: ResponseContext) => void (await response.text());

  test.each([204, 304])("%p has a byte, which nginx drops", async (status) => {
    const { reply, text, asked } = await responding(nothing, { status, headers: [A] });
    expect(reply).toMatchObject({ status, headers: [{ name: "X-A" }] });
    expect(text).toBe("\n");
    expect(asked).toEqual([]);
  });

  test.each([204, 304])("so has one that a plugin makes %p", async (status) => {
    const { text } = await responding(({ response }) => void (response.status = status), {
      headers: [A, CHUNKED],
    });
    expect(text).toBe("\n");
  });

  test.each([204, 304])("%p with another status needs a body, or fails", async (status) => {
    const hook = ({ response }: ResponseContext) => void (response.status = 200);
    const { reply, log } = await responding(hook, { status, headers: [A] });
    expect(reply).toMatchObject({ status: 503 });
    expect(log.join()).toContain(
      `a status of 200 needs a body in place of the upstream's ${status}, which has none; set response.body, or stop`,
    );
    const withBody = ({ response }: ResponseContext) => {
      response.status = 200;
      response.body = "{}";
    };
    expect((await responding(withBody, { status, headers: [A] })).text).toBe("{}");
  });

  test.each([
    ["HEAD", "\n"],
    ["GET", undefined],
  ])(
    "where the upstream says nothing of a body, the method is asked for: %s",
    async (method, wanted) => {
      const vars = { request_method: method };
      const { text, asked } = await responding(nothing, { headers: [A], vars });
      expect(text).toBe(wanted);
      expect(asked).toEqual([{ kind: "var", name: "request_method" }]);
    },
  );

  test.each<[string, Pair]>([
    ["a length", LENGTH],
    ["chunks", CHUNKED],
  ])("where it says %s, nothing is asked for", async (_what, framing) => {
    const upstream = { headers: [A, framing], body: "other" };
    const { text, asked } = await responding(nothing, upstream);
    expect(text).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test.each<[string, readonly Pair[], string, string | undefined]>([
    ["of 5 bytes none came: HEAD", [A, LENGTH], "", "\n"],
    ["no chunk has a byte", [A, CHUNKED], "", "\n"],
    ["a length of 0 is printed", [A, ["Content-Length", "0"]], "", undefined],
    ["there is one", [A, CHUNKED], "x", undefined],
    ["there is one of unknown length", [A], "x", undefined],
  ])("a plugin has read the body: %s", async (_what, headers, body, wanted) => {
    const { text, asked } = await responding(read, { headers, body });
    expect(text).toBe(wanted);
    expect(asked).toEqual([{ kind: "response-body" }]);
  });

  test("a plugin has asked for the method", async () => {
    const ask = async ({ vars }: ResponseContext) => void (await vars.get("request_method"));
    const upstream = { headers: [A, LENGTH], vars: { request_method: "HEAD" } };
    const { text, asked } = await responding(ask, upstream);
    expect(text).toBe("\n");
    expect(asked).toHaveLength(1);
  });
});

describe("the body", () => {
  const read = async (headers: readonly Pair[], body: Uint8Array) => {
    const { reply, log } = await responding(
      async ({ response }) => void (response.headers = { "x-text": await response.text() }),
      { headers, body },
    );
    return reply.kind === "response" && reply.status === 200 ? reply.headers[0]?.value : log.join();
  };

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["deflate, without the zlib header", deflateRawSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
    ["GZIP", gzipSync],
    ["identity", (text: Buffer) => text],
  ])("%s is undone", async (coding, encode) => {
    const name = coding.split(",")[0] ?? "";
    expect(await read([["Content-Encoding", name]], encode(Buffer.from("plain")))).toBe("plain");
  });

  test("several codings are undone in turn", async () => {
    const body = brotliCompressSync(gzipSync("plain"));
    expect(await read([["content-encoding", "gzip, br"]], body)).toBe("plain");
    expect(
      await read(
        [
          ["content-encoding", "gzip"],
          ["content-encoding", "br"],
        ],
        body,
      ),
    ).toBe("plain");
  });

  test("what cannot be undone fails, and says what can", async () => {
    expect(await read([["content-encoding", "compress"]], Buffer.from("x"))).toContain(
      "gzip, deflate, br and zstd can",
    );
    expect(await read([["content-encoding", "gzip"]], Buffer.from("not gzip"))).toContain(
      "not valid gzip",
    );
  });

  test("a bomb is stopped at limits.decodedBody", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(await read([["content-encoding", "gzip"]], bomb)).toContain("larger than 1048576 bytes");
  });

  test("rawBytes() is what the upstream sent", async () => {
    const { text } = await responding(
      async ({ response }) =>
        void (response.body = Buffer.from(await response.rawBytes()).toString("hex")),
      { headers: [["content-encoding", "gzip"]], body: gzipSync("x") },
    );
    expect(text).toStartWith("1f8b");
  });

  test("absent: empty", async () => {
    const { reply } = await responding(
      async ({ response }) =>
        response.headers.set("x-length", String((await response.bytes()).length)),
      { headers: [["X-A", "1"]] },
    );
    expect(reply).toMatchObject({ headers: [{ name: "X-A" }, { name: "x-length", value: "0" }] });
  });

  test("the request's variables can be read", async () => {
    const { reply } = await responding(
      async ({ response, vars }) =>
        response.headers.set("x-uri", (await vars.get("request_uri")) ?? ""),
      { headers: [], vars: { request_uri: "/a?b" } },
    );
    expect(reply).toMatchObject({ headers: [{ name: "x-uri", value: "/a?b" }] });
  });
});

describe("a body that APISIX cannot hand over: it would fail the call, and publish the body", () => {
  /** What the reply says of the body that was read. */
  const reading = (
    { size, ...upstream }: TestResponse & { readonly size: number },
    method = "GET",
  ) =>
    responding(async ({ response }) => response.headers.set("x-read", await response.text()), {
      ...upstream,
      headers: [["Content-Length", String(size)], ...(upstream.headers ?? [])],
      vars: { request_method: method },
    });

  test.each<[string, readonly Pair[]]>([
    ["is not asked for", []],
    ["nor is an encoded one, however small it may become", [["Content-Encoding", "gzip"]]],
  ])("%s", async (_what, headers) => {
    const { reply, text, asked, log } = await reading({ size: 16_777_189, headers });
    expect(reply).toMatchObject({ kind: "response", status: 503 });
    expect(text).toBe("503 Service Unavailable\n");
    expect(asked).toEqual([{ kind: "var", name: "request_method" }]);
    expect(log.join()).toContain("ProtocolLimitError: the response has a body of 16777189 bytes");
  });

  test("is told where it can be caught, and the response passes where it is", async () => {
    const { reply } = await responding(
      async ({ response }) => {
        const error = await response.rawBytes().catch((error: unknown) => error);
        response.headers.set("x-limit", String(error instanceof ProtocolLimitError));
      },
      { headers: [["content-length", "17000000"]] },
    );
    expect(reply).toMatchObject({ status: 200, headers: [{ name: "x-limit", value: "true" }] });
  });

  test("is one larger than a frame takes with what stands around it", async () => {
    const body = "x".repeat(16_777_188);
    const { reply } = await responding(
      async ({ response }) =>
        response.headers.set("x-length", String((await response.rawBytes()).length)),
      { headers: [["content-length", String(body.length)]], body },
    );
    expect(reply).toMatchObject({ headers: [{ name: "x-length", value: String(body.length) }] });
  });

  test.each([
    ["HEAD", 200],
    ["GET", 304],
  ])(
    "is none where the answer to %s with status %d only tells its length",
    async (method, status) => {
      const { reply } = await reading({ status, size: 17_000_000 }, method);
      expect(reply).toMatchObject({ status, headers: [{ name: "x-read", value: "" }] });
    },
  );
});

describe("a stop", () => {
  test("replaces the response, headers and all", async () => {
    const { reply, text } = await responding(() =>
      stop("mine", { status: 451, headers: { "x-a": "1" } }),
    );
    expect(reply).toMatchObject({ status: 451, headers: [{ name: "x-a", value: "1" }] });
    expect(text).toBe("mine");
  });

  test.each([
    ["stop() without a body", () => stop(null, { status: 403 })],
    ["an empty Response", () => new Response(null, { status: 403 })],
    [
      "an HttpError",
      () => {
        throw new HttpError(403);
      },
    ],
  ])(
    "%s has a body and a header all the same, so that none of the upstream's is kept",
    async (_what, hook) => {
      const { reply, text } = await responding(hook);
      expect(reply).toMatchObject({ status: 403, headers: [{ name: "content-type" }] });
      expect(text).toBe("403\n");
    },
  );
});

test.each([204, 304])("a stop with %p has no type of its own", async (status) => {
  const headers = { etag: '"1"' };
  const { reply, text } = await responding(() => stop(null, { status, headers }));
  expect(reply).toMatchObject({ status, headers: [{ name: "etag", value: '"1"' }] });
  expect(text).toBe("\n");
  const bare = await responding(() => stop(null, { status }));
  // APISIX would keep the upstream's headers without one; nginx does not send an empty one.
  expect(bare.reply).toMatchObject({ status, headers: [{ name: "content-type", value: "" }] });
});

describe("failing closed: a 503 of our own, with a body, and none of the upstream's", () => {
  test.each<[string, (context: ResponseContext) => unknown]>([
    [
      "a throw",
      () => {
        throw new Error("boom");
      },
    ],
    [
      "a rejection",
      async () => {
        throw new Error("boom");
      },
    ],
    [
      "a throw after changes",
      ({ response }) => {
        response.status = 200;
        response.headers.set("x-leak", "1");
        throw new Error("boom");
      },
    ],
    ["a wrong result", () => 42],
    ["an empty body", ({ response }) => void (response.body = "")],
  ])("%s", async (_what, hook) => {
    const { reply, text, log } = await responding(hook);
    expect(reply).toMatchObject({
      kind: "response",
      status: 503,
      headers: [{ name: "content-type", value: "text/plain; charset=utf-8" }],
    });
    expect(text).toBe("503 Service Unavailable\n");
    expect(log.filter((line) => line.includes("error"))).toHaveLength(1);
    expect(log.join()).toContain("plugin=it route=route#1#ext-plugin-post-resp");
  });

  test("a plugin that is not there: a token, then the 503", async () => {
    const chain = await inlinePlugins({ mask: definePlugin({ response() {} }) });
    const { reply, text, log } = await chain.response([["maks", ""]], UPSTREAM);
    expect(reply).toMatchObject({ kind: "response", status: 503 });
    expect(text).toBe("503 Service Unavailable\n");
    expect(log.join()).toContain("there is no plugin of this name; there are mask");
  });

  test("a call that the runner itself cannot handle", async () => {
    const chain = await inlinePlugins({ it: definePlugin({ response() {} }) });
    const nothing = (): void => undefined;
    chain.runner.observer = {
      callBegan() {
        throw new Error("a bug");
      },
      callRefused: nothing,
      tokenNotFound: nothing,
      confPrepared: nothing,
      confRefused: nothing,
    };
    const { reply, text } = await chain.response([["it", ""]], UPSTREAM);
    expect(reply).toMatchObject({ kind: "response", status: 503 });
    expect(text).toBe("503 Service Unavailable\n");
  });

  test("a plugin without a response phase", async () => {
    const chain = await inlinePlugins({ early: definePlugin({ request() {} }) });
    const { reply, log } = await chain.response([["early", ""]], UPSTREAM);
    expect(reply).toMatchObject({ kind: "response", status: 503 });
    expect(log.join()).toContain("name it in ext-plugin-pre-req or ext-plugin-post-req");
  });
});

function bytesOf({
  name,
  value,
}: {
  name: string | Uint8Array;
  value: string | Uint8Array | undefined;
}) {
  return [Buffer.from(name).toString("hex"), Buffer.from(value ?? "").toString("hex")];
}

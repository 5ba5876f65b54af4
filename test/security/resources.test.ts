/** Requests and responses that are made to cost more than they look. */
import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { definePlugin, type RequestContext, stop } from "../../src/index.ts";
import { inlinePlugins, onRequest, onResponse } from "../support/inline-plugins.ts";
import { TextEntries } from "../../src/protocol/text-entries.ts";

describe("very many arguments and headers", () => {
  const COUNT = 20_000;
  const names = Array.from({ length: COUNT }, (_, i) => `n${i}`);

  /** Each takes seconds at this size where a look-up costs as much as there are entries. */
  const WAYS: Readonly<Record<string, (context: RequestContext) => unknown>> = {
    "each argument read by its name": ({ request: { args } }) =>
      [...args.keys()].map((name) => args.get(name)).length,
    "each argument deleted by its name": ({ request: { args } }) => {
      for (const name of [...args.keys()]) args.delete(name);
      return args.size;
    },
    "one name appended to for each": ({ request: { args } }) => {
      for (const name of [...args.keys()]) args.append("all", name);
      return args.getAll("all").length;
    },
    "all arguments replaced by values of one name": ({ request }) => {
      request.args = [...request.args].map(([, value]) => ["one", value] as const);
      return request.args.getAll("one").length;
    },
    "each header read by its name": ({ request: { headers } }) =>
      [...headers.keys()].map((name) => headers.get(name)).length,
    "all headers replaced by what they are": ({ request }) => {
      request.headers = [...request.headers];
      return [...request.headers].length;
    },
  };

  test.each(Object.entries(WAYS))("%s: looks at each entry a few times", async (_what, use) => {
    let comparisons = 0;
    const { indexOf } = TextEntries.prototype;
    TextEntries.prototype.indexOf = function (...args) {
      comparisons += this.length;
      return indexOf.apply(this, args);
    };
    try {
      const { text } = await onRequest(
        definePlugin({ request: (context) => stop(String(use(context))) }),
        {
          args: names.map((name) => [name, "v"]),
          headers: names.map((name) => [name, "v"]),
        },
      );
      expect([String(COUNT), "0"]).toContain(text ?? "");
    } finally {
      TextEntries.prototype.indexOf = indexOf;
    }
    expect(comparisons).toBeLessThan(10 * COUNT);
  });

  test("the index finds what a search finds", async () => {
    const { text } = await onRequest(
      definePlugin({
        request({ request: { args, headers } }) {
          return stop(
            JSON.stringify([
              args.getAll("twice"),
              args.get("none"),
              args.has("n1"),
              args.isBare("bare"),
              args.get("ä"),
              headers.get("X-Two"),
              headers.has("none"),
            ]),
          );
        },
      }),
      {
        args: [
          ["twice", "a"],
          ...names.slice(0, 50).map((name) => [name, "v"] as const),
          ["twice", "b"],
          ["bare"],
          ["ä", "u"],
        ],
        headers: [
          ["x-two", "1"],
          ...names.slice(0, 50).map((name) => [name, "v"] as const),
          ["X-TWO", "2"],
        ],
      },
    );
    expect(JSON.parse(text ?? "")).toEqual([["a", "b"], null, true, true, "u", "1, 2", false]);
  });
});

describe("a body that decodes to more than it is", () => {
  const reads = definePlugin({
    async response({ response }) {
      await response.bytes();
    },
  });
  const zeros = Buffer.alloc(64 * 2 ** 20);

  test.each([
    ["gzip", gzipSync(zeros)],
    ["zstd", zstdCompressSync(zeros)],
    ["gzip, gzip", gzipSync(gzipSync(zeros))],
  ])("%s: is given up at the limit", async (coding, body) => {
    const { reply, log } = await onResponse(reads, {
      headers: [["content-encoding", coding]],
      body,
    });
    expect(reply).toMatchObject({ kind: "response", status: 503 });
    expect(log.join()).toContain("larger than 1048576 bytes");
  });

  test("more codings than anybody uses are not undone", async () => {
    let body: Buffer = Buffer.from("x");
    for (let i = 0; i < 5; i++) body = gzipSync(body);
    const { reply, log } = await onResponse(reads, {
      headers: [["content-encoding", "gzip, gzip, gzip, gzip, gzip"]],
      body,
    });
    expect(reply).toMatchObject({ status: 503 });
    expect(log.join()).toContain("5 content-encodings, more than the 4 that are undone");
  });

  test("a fetched body that fits into no frame is let go", async () => {
    let sent = 0;
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
    using server = Bun.serve({
      port: 0,
      fetch: () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await new Promise(setImmediate);
              controller.enqueue(new Uint8Array(2 ** 20));
              sent++;
            },
            cancel: () => cancel(),
          }),
        ),
    });
    const { reply, log } = await onRequest(definePlugin({ request: () => fetch(server.url) }));
    expect(reply).toMatchObject({ kind: "error" });
    expect(log.join()).toContain("the fetched body has more than the 16777215 bytes");
    await cancelled;
    expect(sent).toBeGreaterThan(15);
  });
});

test("a conf nested 200 000 levels deep is refused, and the next one is not", async () => {
  const exported = definePlugin({ request: () => stop("fine") });
  const chain = await inlinePlugins({ it: exported });
  const { reply } = await chain.request([["it", "[".repeat(200_000) + "]".repeat(200_000)]]);
  expect(reply).toMatchObject({ kind: "error", code: "BAD_REQUEST" });
  expect((await chain.request([["it", "[]"]])).text).toBe("fine");
});

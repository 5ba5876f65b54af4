/** The request as plugins read and change it, and what of that is sent. */
import { describe, expect, test } from "bun:test";
import { definePlugin, ProtocolLimitError, type RequestContext, stop } from "../../src/index.ts";
import { inlinePlugins, onRequest } from "../support/inline-plugins.ts";
import type { TestRequest } from "../support/plugin-harness.ts";

const NOT_UTF8 = Buffer.from("caf\xe9", "latin1");

/** What a hook reads, through the wire and back. */
async function read(hook: (context: RequestContext) => unknown, request?: TestRequest) {
  const { text, log } = await onRequest(
    definePlugin({
      request: async (context) => stop(JSON.stringify(await hook(context)) ?? "undefined"),
    }),
    request,
  );
  if (text === undefined) throw new Error(log.join("\n"));
  return text === "undefined" ? undefined : (JSON.parse(text) as unknown);
}

/** The reply to a hook's changes. */
async function change(hook: (context: RequestContext) => void, request?: TestRequest) {
  const { reply } = await onRequest(definePlugin({ request: hook }), request);
  return reply;
}

/** The error at the line that asks for the impossible. */
async function limit(
  hook: (context: RequestContext) => void,
  request?: TestRequest,
): Promise<string> {
  let message = "nothing was thrown";
  await onRequest(
    definePlugin({
      request(context) {
        try {
          hook(context);
        } catch (error) {
          if (!(error instanceof ProtocolLimitError)) throw error;
          message = error.message;
        }
      },
    }),
    request,
  );
  return message;
}

describe("method, path, ip, url", () => {
  test("are what APISIX sent", async () => {
    const request = { method: "PATCH", path: "/a b/é", sourceIp: Uint8Array.of(192, 0, 2, 7) };
    expect(await read(({ request: r }) => [r.method, r.path, r.ip], request)).toEqual([
      "PATCH",
      "/a b/é",
      "192.0.2.7",
    ]);
  });

  test.each([
    ["2001:db8::8:1", "20010db8000000000000000000080001"],
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["::ffff:192.0.2.7", "00000000000000000000ffffc0000207"],
    ["1:0:2::3:0", "00010000000200000000000000030000"],
    ["fe80::", "fe800000000000000000000000000000"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["unix:", "756e69783a"],
    ["", ""],
  ])("ip %s", async (ip, hex) => {
    expect(await read(({ request }) => request.ip, { sourceIp: Buffer.from(hex, "hex") })).toBe(ip);
  });

  test("the method and the id stay what they are", async () => {
    expect(await limit(({ request }) => Reflect.set(request, "method", "POST"))).toBe(
      'the method cannot be changed to "POST": the protocol has no field for it',
    );
    const hook = ({ request }: RequestContext) => [Reflect.set(request, "id", 7), request.method];
    expect(await read(hook, { method: "PATCH" })).toEqual([false, "PATCH"]);
  });

  test("url is the address as the client called it", async () => {
    const request: TestRequest = {
      path: "/a b/é?#",
      args: [["x", "1 2"], ["flag"]],
      headers: [
        ["host", "upstream"],
        ["x-forwarded-host", "api.example"],
        ["x-forwarded-proto", "https"],
      ],
    };
    const url = await read(({ request: r }) => r.url, request);
    expect(url).toBe("https://api.example/a%20b/%C3%A9%3F%23?x=1+2&flag=");
    expect(new URL(String(url)).searchParams.get("x")).toBe("1 2");
  });

  test("a new path is sent, and later plugins see it", async () => {
    const chain = await inlinePlugins({
      first: definePlugin({ request: ({ request }) => void (request.path = "/new/é") }),
      second: definePlugin({ request: ({ request }) => void (request.path += "/more") }),
    });
    const { reply } = await chain.request(
      [
        ["first", ""],
        ["second", ""],
      ],
      { path: "/old" },
    );
    expect(reply).toMatchObject({ kind: "rewrite", path: "/new/é/more", headers: [], args: [] });
  });

  test.each(["", "relative", "http://else.where/"])(
    "path %p is refused where it is set",
    async (path) => {
      expect(await limit(({ request }) => void (request.path = path))).toContain(
        "no leading slash",
      );
    },
  );
});

describe("headers", () => {
  const headers: TestRequest["headers"] = [
    ["host", "upstream:80"],
    ["x-a", "1"],
    ["cookie", "a=1"],
    ["x-a", "2"],
    ["cookie", "b=2"],
    ["x-bytes", NOT_UTF8],
    ["x-empty", ""],
  ];

  test("read like the web's", async () => {
    const seen = await read(
      ({ request: { headers: h } }) => [
        h.get("X-A"),
        h.get("cookie"),
        h.get("x-empty"),
        h.get("nope"),
        h.has("X-Bytes"),
        h.has("nope"),
        [...h],
        [...h.keys()],
      ],
      { headers },
    );
    expect(seen).toEqual([
      "1, 2",
      "a=1; b=2",
      "",
      null,
      true,
      false,
      [
        ["cookie", "a=1; b=2"],
        ["host", "upstream:80"],
        ["x-a", "1, 2"],
        ["x-bytes", "caf\ufffd"],
        ["x-empty", ""],
      ],
      ["cookie", "host", "x-a", "x-bytes", "x-empty"],
    ]);
  });

  test("reading changes nothing", async () => {
    const { reply } = await onRequest(
      definePlugin({
        request: ({ request: r }) => void [...r.headers, ...r.args, r.path, r.url, r.ip],
      }),
      {
        headers,
        args: [["a"], ["b", NOT_UTF8]],
        path: Buffer.from("/\xff", "latin1").toString("latin1"),
      },
    );
    expect(reply.kind).toBe("continue");
  });

  test("only what changed is sent: one value a name, none to delete", async () => {
    const reply = await change(
      ({ request: { headers: h } }) => {
        h.set("X-New", " é ");
        h.append("x-a", "3");
        h.append("Cookie", "c=3");
        h.delete("x-empty");
        h.delete("never-there");
      },
      { headers },
    );
    expect(reply).toMatchObject({
      kind: "rewrite",
      headers: [
        { name: "x-new", value: "é" },
        { name: "x-a", value: "1, 2, 3" },
        { name: "cookie", value: "a=1; b=2; c=3" },
        { name: "x-empty", value: undefined },
      ],
    });
    expect(reply).not.toHaveProperty("path");
    expect(reply).not.toHaveProperty("body");
  });

  test("a header that APISIX may have left out is deleted all the same: it shows the first hundred", async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i): [string, string] => [`x-${i}`, ""]);
    const deleteUnseen = ({ request }: RequestContext): void => request.headers.delete("X-Role");
    expect((await change(deleteUnseen, { headers: many(99) })).kind).toBe("continue");
    expect(await change(deleteUnseen, { headers: many(100) })).toMatchObject({
      kind: "rewrite",
      headers: [{ name: "x-role", value: undefined }],
    });
  });

  test("later plugins see earlier changes", async () => {
    const chain = await inlinePlugins({
      one: definePlugin({
        request({ request: { headers: h } }) {
          h.set("x-a", "9");
          h.delete("cookie");
        },
      }),
      two: definePlugin({
        request: ({ request: { headers: h } }) =>
          stop(JSON.stringify([h.get("x-a"), h.has("cookie"), h.get("cookie")])),
      }),
    });
    const { text } = await chain.request(
      [
        ["one", ""],
        ["two", ""],
      ],
      { headers },
    );
    expect(JSON.parse(text ?? "")).toEqual(["9", false, null]);
  });

  test.each([
    ["an object", { "x-a": "9", "x-new": "n" }],
    [
      "pairs",
      [
        ["x-a", "9"],
        ["x-new", "n"],
      ],
    ],
    ["web Headers", new Headers({ "x-a": "9", "x-new": "n" })],
  ] as const)("assigned from %s: the rest goes but host", async (_what, source) => {
    const reply = await change(
      ({ request }) => void (request.headers = source as Record<string, string>),
      { headers },
    );
    expect(reply.kind === "rewrite" && reply.headers).toEqual([
      { name: "cookie", value: undefined },
      { name: "x-bytes", value: undefined },
      { name: "x-empty", value: undefined },
      { name: "x-a", value: "9" },
      { name: "x-new", value: "n" },
    ]);
  });

  test("web Headers can be made from them", async () => {
    const seen = await read(({ request }) => new Headers([...request.headers]).get("x-a"), {
      headers: headers.slice(0, 4),
    });
    expect(seen).toBe("1, 2");
  });

  test.each<[string, (h: RequestContext["request"]["headers"]) => void, string]>([
    ["a CR in a value", (h) => h.set("x", "a\rb"), "CR, LF or NUL"],
    ["an LF in a value", (h) => h.append("x", "a\nx-evil: 1"), "CR, LF or NUL"],
    ["a name with a space", (h) => h.set("x y", "1"), '"x y" is no header name'],
    ["an empty name", (h) => h.set("", "1"), "is no header name"],
    ["content-length", (h) => h.set("Content-Length", "1"), "content-length cannot be changed"],
    [
      "transfer-encoding",
      (h) => h.delete("transfer-encoding"),
      "transfer-encoding cannot be changed",
    ],
    ["no host", (h) => h.delete("Host"), "host cannot be deleted"],
  ])("%s is refused where it is set", async (_what, hook, message) => {
    expect(await limit(({ request }) => hook(request.headers))).toContain(message);
  });
});

describe("args", () => {
  test("a loop over them does not meet what it adds", async () => {
    const reply = await change(
      ({ request }) => {
        for (const [name] of request.args) request.args.append(name, "more");
        for (const [name] of request.args) request.args.append(`${name}2`, "new");
      },
      { args: [["a", "1"]] },
    );
    expect(reply).toMatchObject({
      args: [
        { name: "a", value: "1" },
        { name: "a", value: "more" },
        { name: "a2", value: "new" },
        { name: "a2", value: "new" },
      ],
    });
  });

  const args: TestRequest["args"] = [["a"], ["e", ""], ["b", "1"], ["b", "2"], ["bytes", NOT_UTF8]];

  test("read like URLSearchParams, a bare one told from an empty one", async () => {
    const seen = await read(
      ({ request: { args: q } }) => [
        q.get("a"),
        q.get("e"),
        q.isBare("a"),
        q.isBare("e"),
        q.getAll("b"),
        q.has("b", "2"),
        q.has("b", "3"),
        q.get("nope"),
        q.size,
        [...q.keys()],
        q.toString(),
      ],
      { args },
    );
    expect(seen).toEqual([
      "",
      "",
      true,
      false,
      ["1", "2"],
      true,
      false,
      null,
      5,
      ["a", "e", "b", "b", "bytes"],
      "a=&e=&b=1&b=2&bytes=caf%EF%BF%BD",
    ]);
  });

  test("only what changed is sent, with all values of the name", async () => {
    const reply = await change(
      ({ request: { args: q } }) => {
        q.append("b", "3 & 4");
        q.delete("a");
        q.set("new", "");
        q.delete("nope");
      },
      { args },
    );
    expect(reply.kind === "rewrite" && reply.args).toEqual([
      { name: "b", value: "1" },
      { name: "b", value: "2" },
      { name: "b", value: "3 & 4" },
      { name: "a", value: undefined },
      { name: "new", value: "" },
    ]);
  });

  test("a value beside a changed one keeps its bytes", async () => {
    const reply = await change(({ request }) => request.args.append("bytes", "x"), { args });
    const [first] = reply.kind === "rewrite" ? reply.args : [];
    expect(Buffer.from(first?.value ?? "").equals(NOT_UTF8)).toBe(true);
  });

  test("one of several values can go", async () => {
    const reply = await change(({ request }) => request.args.delete("b", "1"), { args });
    expect(reply.kind === "rewrite" && reply.args).toEqual([{ name: "b", value: "2" }]);
  });

  test("assigned, the rest goes", async () => {
    const reply = await change(({ request }) => void (request.args = "b=9&z=1"), { args });
    expect(reply.kind === "rewrite" && reply.args).toEqual([
      { name: "a", value: undefined },
      { name: "e", value: undefined },
      { name: "bytes", value: undefined },
      { name: "b", value: "9" },
      { name: "z", value: "1" },
    ]);
  });

  test("an empty name is refused where it is set", async () => {
    expect(await limit(({ request }) => request.args.set("", "1"))).toContain("needs a name");
  });
});

describe("body", () => {
  test("is asked for once, whoever reads it however often", async () => {
    const chain = await inlinePlugins({
      one: definePlugin({ request: async ({ request }) => void (await request.text()) }),
      two: definePlugin({
        request: async ({ request }) =>
          stop(
            JSON.stringify([
              await request.json(),
              (await request.bytes()).length,
              (await request.arrayBuffer()).byteLength,
            ]),
          ),
      }),
    });
    const { text, asked } = await chain.request(
      [
        ["one", ""],
        ["two", ""],
      ],
      { body: '{"a":"é"}' },
    );
    expect(JSON.parse(text ?? "")).toEqual([{ a: "é" }, 10, 10]);
    expect(asked).toEqual([{ kind: "request-body" }]);
  });

  test("is not asked for where nobody reads it", async () => {
    expect((await onRequest(definePlugin({ request() {} }), { body: "x" })).asked).toEqual([]);
  });

  test("absent: empty", async () => {
    expect(
      await read(async ({ request }) => [await request.text(), (await request.bytes()).length]),
    ).toEqual(["", 0]);
  });

  test("that is no JSON stops with 400, and says why", async () => {
    const { reply, text } = await onRequest(
      definePlugin({ request: async ({ request }) => void (await request.json()) }),
      { body: "{" },
    );
    expect(reply).toMatchObject({ kind: "stop", status: 400 });
    expect(text).toContain("not valid JSON");
  });

  test.each([
    ["a string", "new é", "new é"],
    ["bytes", new TextEncoder().encode("new"), "new"],
    ["an ArrayBuffer", new Uint8Array([104, 105]).buffer, "hi"],
    ["a DataView", new DataView(new Uint8Array([0, 104, 105]).buffer, 1), "hi"],
  ])("replaced by %s; later plugins read that", async (_what, body, expected) => {
    const chain = await inlinePlugins({
      one: definePlugin({ request: ({ request }) => void (request.body = body) }),
      two: definePlugin({
        request: async ({ request }) => void request.headers.set("x-seen", await request.text()),
      }),
    });
    const { reply, text, asked } = await chain.request(
      [
        ["one", ""],
        ["two", ""],
      ],
      { body: "old" },
    );
    expect(reply).toMatchObject({
      kind: "rewrite",
      headers: [{ name: "x-seen", value: expected }],
    });
    expect(text).toBe(expected);
    expect(asked).toEqual([]);
  });

  test("an empty replacement is refused where it is set", async () => {
    expect(await limit(({ request }) => void (request.body = ""))).toContain(
      "cannot be replaced by an empty one",
    );
  });

  test("an object is refused, and told what to do", async () => {
    const notABody: unknown = { a: 1 };
    expect(await limit(({ request }) => void (request.body = notABody as string))).toContain(
      "JSON.stringify()",
    );
  });
});

describe("vars and route", () => {
  test("a variable that is not there is undefined, an empty one is empty", async () => {
    const { text, asked } = await onRequest(
      definePlugin({
        async request({ vars }) {
          const values = await Promise.all([
            vars.get("remote_addr"),
            vars.get("nope"),
            vars.get("arg_e"),
          ]);
          return stop(JSON.stringify(values.map((value) => value ?? null)));
        },
      }),
      { vars: { remote_addr: "192.0.2.7", arg_e: "" } },
    );
    expect(JSON.parse(text ?? "")).toEqual(["192.0.2.7", null, ""]);
    expect(asked).toHaveLength(3);
  });

  test("route tells what the key tells", async () => {
    expect(await read(({ route }) => route)).toEqual({
      key: "route#1#ext-plugin-pre-req",
      id: "1",
      plugin: "ext-plugin-pre-req",
    });
  });
});

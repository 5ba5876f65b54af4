import { expect, test } from "bun:test";
import { harness, type TestResponse } from "../test/support/plugin-harness.ts";

const plugin = await harness(() => import("./response-rewrite.ts"), "response-rewrite");

const UPSTREAM: TestResponse = {
  status: 200,
  headers: [
    ["Content-Type", "text/plain"],
    ["ETag", '"1"'],
  ],
  body: "hello hello world world",
};

const MARK = { name: "X-Resp-A6-Runner", value: "Bun" };

/** What the client gets for the upstream's body; undefined: the upstream's own. */
async function bodyOf(filters: object[], body: string | Uint8Array = UPSTREAM.body!) {
  const { text } = await plugin.response({ filters }, { ...UPSTREAM, body });
  return text;
}

test.each([[{}], [{ status: 0, headers: null, body: "", filters: [] }], [{ filters: null }]])(
  "adds its header and leaves the rest: %j",
  async (conf) => {
    const { reply, asked } = await plugin.response(conf, { ...UPSTREAM, status: 404 });
    expect(reply).toEqual({
      kind: "response",
      id: 0,
      status: 404,
      headers: [
        { name: "Content-Type", value: "text/plain" },
        { name: "ETag", value: '"1"' },
        MARK,
      ],
    });
    expect(asked).toEqual([]);
  },
);

test("sets the status that the conf names", async () => {
  const { reply } = await plugin.response({ status: 404 }, UPSTREAM);
  expect(reply).toMatchObject({ status: 404 });
});

test("replaces headers and adds new ones", async () => {
  const conf = { headers: { "content-type": "text/html", "X-Server-Id": "9527" } };
  const { reply } = await plugin.response(conf, UPSTREAM);
  expect(reply).toMatchObject({
    headers: [
      { name: "content-type", value: "text/html" },
      { name: "ETag", value: '"1"' },
      MARK,
      { name: "X-Server-Id", value: "9527" },
    ],
  });
});

test("replaces the body without asking for the upstream's", async () => {
  const { reply, text, asked } = await plugin.response({ body: "response rewrite" }, UPSTREAM);
  expect(text).toBe("response rewrite");
  expect(asked).toEqual([]);
  // An etag would tell of the old body.
  expect(reply).toMatchObject({ headers: [{ name: "Content-Type" }, MARK] });
});

test("each filter sees what the one before it left", async () => {
  const filters = [
    { regex: "world", scope: "global", replace: "golang" },
    { regex: "absent", replace: "x" },
    { regex: "hello", scope: "once", replace: "nice" },
    { regex: "nice hello", replace: "all" },
  ];
  expect(await bodyOf(filters)).toBe("all golang golang");
});

test.each([[{ scope: "once" }], [{}], [{ scope: null }]])(
  "replaces the first match: %j",
  async (scope) => {
    expect(await bodyOf([{ regex: "w.*?d", replace: "x", ...scope }])).toBe("hello hello x world");
  },
);

test("global replaces every match, whatever its text", async () => {
  expect(await bodyOf([{ regex: "\\d+", scope: "global", replace: "n" }], "1 22 333")).toBe(
    "n n n",
  );
});

test.each([
  ["a|b", "abc", "xxc"],
  ["(a)\\1", "aab", "xb"],
  ["c*", "ab", "xaxb"],
  ["b$", "abb", "abx"],
])("global replaces %s in %j", async (regex, body, expected) => {
  expect(await bodyOf([{ regex, scope: "global", replace: "x" }], body)).toBe(expected);
});

test("takes the replacement as it is", async () => {
  expect(await bodyOf([{ regex: "(w)orld", replace: "$1$&$$" }])).toBe("hello hello $1$&$$ world");
});

test.each([[{}], [{ replace: "" }], [{ replace: null }]])(
  "deletes what matches where replace is empty: %j",
  async (replace) => {
    expect(await bodyOf([{ regex: " world", scope: "global", ...replace }])).toBe("hello hello");
  },
);

test("leaves a body without a match alone, and does not take the conf's", async () => {
  const conf = { filters: [{ regex: "absent", replace: "x" }], body: "other" };
  const { reply, text } = await plugin.response(conf, UPSTREAM);
  expect(text).toBeUndefined();
  expect(reply).toMatchObject({ headers: [{ name: "Content-Type" }, { name: "ETag" }, MARK] });
});

test("reads a compressed body, and sends the new one as it is", async () => {
  const { reply, text } = await plugin.response(
    { filters: [{ regex: "secret", replace: "***" }] },
    { headers: [["Content-Encoding", "gzip"]], body: Bun.gzipSync("a secret") },
  );
  expect(text).toBe("a ***");
  expect(reply).toMatchObject({ headers: [MARK] });
});

test("keeps every byte outside a match where the body is not UTF-8", async () => {
  const body = Buffer.from([0xff, 0x00, 0x61, 0xe9, 0x80]);
  const { reply } = await plugin.response({ filters: [{ regex: "a", replace: "é" }] }, { body });
  expect(reply).toMatchObject({ body: Buffer.from([0xff, 0x00, 0xc3, 0xa9, 0xe9, 0x80]) });
});

test.each([
  ["(?i)HELLO", "x hello world world"],
  ["(?is)HELLO.WORLD", "hello x world"],
  ["h\\x65llo", "x hello world world"],
  ["hello\\ world", "hello x world"],
  ["^hello", "x hello world world"],
  ["world$", "hello hello world x"],
])("understands Go's regex %s", async (regex, expected) => {
  expect(await bodyOf([{ regex, replace: "x" }])).toBe(expected);
});

test.each([
  ['\\"a\\"\\:\\-1', '{"a":-1}', "{x}"],
  ["[\\-\\_]+", "a-_b", "axb"],
  ['\\\\"', 'a\\"b', "axb"],
  ["😀.", "a😀😀b", "axb"],
  ["(?m)^b$", "a\nb\nc", "a\nx\nc"],
])("understands Go's regex %s on %j", async (regex, body, expected) => {
  expect(await bodyOf([{ regex, replace: "x" }], body)).toBe(expected);
});

test("fails the response where nothing of the body is left", async () => {
  const { reply, text, log } = await plugin.response({ filters: [{ regex: "^.*$" }] }, UPSTREAM);
  expect(reply).toMatchObject({ kind: "response", status: 503 });
  expect(text).not.toContain("hello");
  expect(log.join("\n")).toContain("cannot be replaced by an empty one");
});

test("fails the response where the engine gives a search up, which else looks like no match", async () => {
  const { reply, text, log } = await plugin.response(
    { filters: [{ regex: "(a+)+c|secret", scope: "global" }] },
    { body: `${"a".repeat(40)} secret` },
  );
  expect(reply).toMatchObject({ kind: "response", status: 503 });
  expect(text).not.toContain("secret");
  expect(log.join("\n")).toContain("backtracks too much");
});

test("fails the response where the search is given up behind a match", async () => {
  const { reply, text } = await plugin.response(
    { filters: [{ regex: "(a+)+c|secret", scope: "global" }] },
    { body: `secret ${"a".repeat(40)} secret` },
  );
  expect(reply).toMatchObject({ status: 503 });
  expect(text).not.toContain("secret");
});

test("fails the response whose encoding cannot be undone", async () => {
  const { reply, text, log } = await plugin.response(
    { filters: [{ regex: "hello" }] },
    { headers: [["Content-Encoding", "compress"]], body: "hello" },
  );
  expect(reply).toMatchObject({ kind: "response", status: 503 });
  expect(text).not.toContain("hello");
  expect(log.join("\n")).toContain("compress");
});

test.each([
  [{ status: 199 }, "status: "],
  [{ status: 1000 }, "status: "],
  [{ status: "404" }, "status: "],
  [{ headers: { "x-a": 1 } }, "headers.x-a: "],
  [{ body: {} }, "body: "],
  [{ filters: {} }, "filters: "],
  [{ filters: [{}] }, "filters.0.regex: "],
  [{ filters: [{ regex: "" }] }, "filters.0.regex: "],
  [{ filters: [{ regex: "a" }, { regex: "(" }] }, "filters.1.regex: "],
  [{ filters: [{ regex: "a)|(b" }] }, "filters.0.regex: "],
  [{ filters: [{ regex: "a\\" }] }, "filters.0.regex: "],
  [{ filters: [{ regex: "\\Aa" }] }, "filters.0.regex: "],
  [{ filters: [{ regex: "[[:alpha:]]" }] }, "filters.0.regex: "],
  [{ filters: [{ regex: "a", scope: "all" }] }, "filters.0.scope: "],
  [{ filters: [{ regex: "a", replace: 1 }] }, "filters.0.replace: "],
  [{ filters: [{ regex: "a", with: "b" }] }, "filters.0.with: "],
  [{ filter: [] }, "filter: "],
])("refuses the conf %j, and the upstream's body stays in", async (conf, message) => {
  const { reply, text, log } = await plugin.response(conf, UPSTREAM);
  expect(reply).toMatchObject({ kind: "response", status: 503 });
  expect(text).not.toContain("hello");
  expect(log.join("\n")).toContain(`conf is not valid: ${message}`);
});

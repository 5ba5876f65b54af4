import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import responseRewrite from "./response-rewrite.ts";

const UPSTREAM = {
  status: 200,
  headers: { "Content-Type": "text/plain", ETag: '"1"' },
  body: "hello hello world world",
};

const MARK = 'header x-resp-a6-runner: none → "Bun"';

/** What becomes of the upstream's response, which at least gets the runner's header. */
async function rewriteWith(config: unknown, response = {}) {
  const plugin = await testPlugin(responseRewrite, { config });
  const result = await plugin.response({ ...UPSTREAM, ...response });
  expectAction(result, "rewrite");
  return result;
}

/** What the client gets for the upstream's body. */
async function bodyOf(filters: object[], body: string | Uint8Array = UPSTREAM.body) {
  const { response } = await rewriteWith({ filters }, { body });
  return response.text();
}

/** Where the plugin cannot do its work, the upstream's body must not get through. */
async function failureWith(config: unknown, response = {}) {
  const plugin = await testPlugin(responseRewrite, { config });
  const result = await plugin.response({ ...UPSTREAM, ...response });
  expectAction(result, "error");
  expect(result.response.status).toBe(503);
  expect(result.response.text()).toBe("503 Service Unavailable\n");
  return result.message;
}

test.each([[{}], [{ status: 0, headers: null, body: "", filters: [] }], [{ filters: null }]])(
  "adds its header and leaves the rest: %j",
  async (conf) => {
    const { response, changes, asked } = await rewriteWith(conf, { status: 404 });
    expect(changes).toEqual([MARK]);
    expect(response.status).toBe(404);
    expect(response.text()).toBe(UPSTREAM.body);
    // A HEAD has no body that could be left as it is.
    expect(asked).toEqual([{ kind: "var", name: "request_method", value: "GET" }]);
  },
);

test("sets the status that the conf names", async () => {
  const { response } = await rewriteWith({ status: 404 });
  expect(response.status).toBe(404);
});

test("replaces headers and adds new ones", async () => {
  const { changes } = await rewriteWith({
    headers: { "content-type": "text/html", "X-Server-Id": "9527" },
  });
  expect(changes).toEqual([
    'header content-type: "text/plain" → "text/html"',
    MARK,
    'header x-server-id: none → "9527"',
  ]);
});

test("replaces the body without asking for the upstream's", async () => {
  const { response, changes, asked } = await rewriteWith({ body: "response rewrite" });
  expect(response.text()).toBe("response rewrite");
  expect(asked).toEqual([]);
  // An etag would tell of the old body.
  expect(changes).toContain(`header etag: ${JSON.stringify('"1"')} → none`);
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
  const filters = [{ regex: "absent", replace: "x" }];
  const { response, changes } = await rewriteWith({ filters, body: "other" });
  expect(response.text()).toBe(UPSTREAM.body);
  expect(changes).toEqual([MARK]);
});

test("reads a compressed body, and sends the new one as it is", async () => {
  const { response } = await rewriteWith(
    { filters: [{ regex: "secret", replace: "***" }] },
    { headers: { "Content-Encoding": "gzip" }, body: Bun.gzipSync("a secret") },
  );
  expect(response.text()).toBe("a ***");
  expect(response.headers.has("content-encoding")).toBe(false);
});

test("keeps every byte outside a match where the body is not UTF-8", async () => {
  const body = Uint8Array.of(0xff, 0x00, 0x61, 0xe9, 0x80);
  const { response } = await rewriteWith({ filters: [{ regex: "a", replace: "é" }] }, { body });
  expect(response.body).toEqual(Uint8Array.of(0xff, 0x00, 0xc3, 0xa9, 0xe9, 0x80));
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
  const message = await failureWith({ filters: [{ regex: "^.*$" }] });
  expect(message).toContain("cannot be replaced by an empty one");
});

test("fails the response where the engine gives a search up, which else looks like no match", async () => {
  const message = await failureWith(
    { filters: [{ regex: "(a+)+c|secret", scope: "global" }] },
    { body: `${"a".repeat(40)} secret` },
  );
  expect(message).toContain("backtracks too much");
});

test("fails the response where the search is given up behind a match", async () => {
  const message = await failureWith(
    { filters: [{ regex: "(a+)+c|secret", scope: "global" }] },
    { body: `secret ${"a".repeat(40)} secret` },
  );
  expect(message).toContain("backtracks too much");
});

test("fails the response whose encoding cannot be undone", async () => {
  const message = await failureWith(
    { filters: [{ regex: "hello" }] },
    { headers: { "Content-Encoding": "compress" } },
  );
  expect(message).toContain("compress");
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
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(responseRewrite, { config })).rejects.toThrow(message);
});

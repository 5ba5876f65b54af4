import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import rewrite from "./rewrite.ts";

const REQUEST = { path: "/get?a=1&bare", headers: { "x-a": "1" } };

const PATH = "path: /get → /a6/bun/runner";
const HEADER = 'header x-resp-a6-runner: none → "Bun"';
const ARGUMENT = 'argument a6_runner: none → "Bun"';

/** The request that the upstream gets, and what of it is new. */
async function rewriteWith(config: unknown) {
  const plugin = await testPlugin(rewrite, { config });
  const result = await plugin.request(REQUEST);
  expectAction(result, "rewrite");
  return result;
}

test.each([["{}"], [""], ["rewrite-config"], ['"rewrite"'], ["7"], ["true"], ["null"], ['["a"]']])(
  "rewrites like the Python runner's with the conf %s",
  async (conf) => {
    const { request, changes } = await rewriteWith(conf);
    expect(request.path).toBe("/a6/bun/runner");
    expect(request.headers.get("x-resp-a6-runner")).toBe("Bun");
    expect(request.args.get("a6_runner")).toBe("Bun");
    expect(changes).toEqual([PATH, HEADER, ARGUMENT]);
  },
);

test("takes the path alone from the conf", async () => {
  const { request, changes } = await rewriteWith({ path: "/v2/ü?" });
  expect(request.target).toStartWith("/v2/%C3%BC%3F?");
  expect(changes).toEqual(["path: /get → /v2/ü?", HEADER, ARGUMENT]);
});

test("sets and deletes headers in place of the default one", async () => {
  const { request, changes } = await rewriteWith({ headers: { "X-A": null, "X-B": "2" } });
  expect(request.headers.has("x-a")).toBe(false);
  expect(request.headers.get("x-b")).toBe("2");
  expect(changes).toEqual([PATH, 'header x-a: "1" → none', 'header x-b: none → "2"', ARGUMENT]);
});

test("sets and deletes arguments in place of the default one", async () => {
  const { changes } = await rewriteWith({ args: { a: "2", bare: null, b: "" } });
  expect(changes).toEqual([
    PATH,
    HEADER,
    'argument a: "1" → "2"',
    "argument bare: without a value → none",
    'argument b: none → ""',
  ]);
});

test("leaves a part of the request alone whose field is null", async () => {
  const { changes } = await rewriteWith({ path: null, headers: null });
  expect(changes).toEqual([ARGUMENT]);
});

test("changes nothing where every field is null", async () => {
  const config = { path: null, headers: null, args: null };
  const plugin = await testPlugin(rewrite, { config });
  expectAction(await plugin.request(REQUEST), "continue");
});

test("fails the request where host is to be deleted", async () => {
  const plugin = await testPlugin(rewrite, { config: { headers: { host: null } } });
  const result = await plugin.request(REQUEST);
  expectAction(result, "error");
  expect(result.message).toContain("host cannot be deleted");
});

test.each([
  [{ path: "v2" }, "path: "],
  [{ path: 2 }, "path: "],
  [{ headers: { "x-a": 1 } }, "headers.x-a: "],
  [{ args: { a: ["1"] } }, "args.a: "],
  [{ uri: "/v2" }, "uri: "],
  ['{"path": "/v2"', "Expected Object"],
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(rewrite, { config })).rejects.toThrow(message);
});

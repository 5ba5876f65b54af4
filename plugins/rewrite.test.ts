import { expect, test } from "bun:test";
import { harness } from "../test/support/plugin-harness.ts";

const plugin = await harness(() => import("./rewrite.ts"), "rewrite");

const REQUEST = {
  path: "/get",
  headers: [
    ["host", "a.test"],
    ["x-a", "1"],
  ],
  args: [["a", "1"], ["bare"]],
} as const;

const BY_DEFAULT = {
  kind: "rewrite",
  path: "/a6/bun/runner",
  headers: [{ name: "x-resp-a6-runner", value: "Bun" }],
  args: [{ name: "a6_runner", value: "Bun" }],
  responseHeaders: [],
};

test.each([["{}"], [""], ["rewrite-config"], ['"rewrite"'], ["7"], ["true"], ["null"], ['["a"]']])(
  "rewrites like the Python runner's with the conf %s",
  async (conf) => {
    const { reply } = await plugin.request(conf, REQUEST);
    expect(reply).toMatchObject(BY_DEFAULT);
    expect(reply).not.toHaveProperty("body");
  },
);

test("takes the path alone from the conf", async () => {
  const { reply } = await plugin.request({ path: "/v2/ü?" }, REQUEST);
  expect(reply).toMatchObject({ ...BY_DEFAULT, path: "/v2/ü?" });
});

test("sets and deletes headers in place of the default one", async () => {
  const { reply } = await plugin.request({ headers: { "X-A": null, "X-B": "2" } }, REQUEST);
  expect(reply).toMatchObject({
    ...BY_DEFAULT,
    headers: [
      { name: "x-a", value: undefined },
      { name: "x-b", value: "2" },
    ],
  });
});

test("sets and deletes arguments in place of the default one", async () => {
  const { reply } = await plugin.request({ args: { a: "2", bare: null, b: "" } }, REQUEST);
  expect(reply).toMatchObject({
    ...BY_DEFAULT,
    args: [
      { name: "a", value: "2" },
      { name: "bare", value: undefined },
      { name: "b", value: "" },
    ],
  });
});

test("leaves a part of the request alone whose field is null", async () => {
  const { reply } = await plugin.request({ path: null, headers: null }, REQUEST);
  expect(reply).toMatchObject({ kind: "rewrite", headers: [], args: BY_DEFAULT.args });
  expect(reply).not.toHaveProperty("path");
});

test("changes nothing where every field is null", async () => {
  const { reply } = await plugin.request({ path: null, headers: null, args: null }, REQUEST);
  expect(reply).toEqual({ kind: "continue", id: 0 });
});

test("fails the request where host is to be deleted", async () => {
  const { reply, log } = await plugin.request({ headers: { host: null } }, REQUEST);
  expect(reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
  expect(log.join("\n")).toContain("host cannot be deleted");
});

test.each([
  [{ path: "v2" }, "path: "],
  [{ path: 2 }, "path: "],
  [{ headers: { "x-a": 1 } }, "headers.x-a: "],
  [{ args: { a: ["1"] } }, "args.a: "],
  [{ uri: "/v2" }, "uri: "],
  ['{"path": "/v2"', "Expected Object"],
])("refuses the conf %j", async (conf, message) => {
  const { reply, log } = await plugin.request(conf, REQUEST);
  expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
  expect(log.join("\n")).toContain(message);
});

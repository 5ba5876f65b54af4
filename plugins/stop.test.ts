import { expect, test } from "bun:test";
import { harness } from "../test/support/plugin-harness.ts";

const plugin = await harness(() => import("./stop.ts"), "stop");

const BY_DEFAULT = {
  kind: "stop",
  status: 201,
  headers: [{ name: "X-Resp-A6-Runner", value: "Bun" }],
};

test.each([["{}"], [""], ["stop"], ['"stop"'], ["7"], ["true"], ["null"], ['["a"]']])(
  "answers like the Python runner's with the conf %s",
  async (conf) => {
    const { reply, text } = await plugin.request(conf);
    expect(reply).toMatchObject(BY_DEFAULT);
    expect(text).toBe("Hello, Bun Runner of APISIX");
  },
);

test("takes the status alone from the conf", async () => {
  const { reply, text } = await plugin.request({ status: 403 });
  expect(reply).toMatchObject({ ...BY_DEFAULT, status: 403 });
  expect(text).toBe("Hello, Bun Runner of APISIX");
});

test("takes the body alone from the conf", async () => {
  const { reply, text } = await plugin.request({ body: "not here" });
  expect(reply).toMatchObject(BY_DEFAULT);
  expect(text).toBe("not here");
});

test("sends no body where the conf's is empty", async () => {
  const { reply } = await plugin.request({ body: "" });
  expect(reply).toMatchObject(BY_DEFAULT);
  expect(reply).not.toHaveProperty("body");
});

test("replaces the default header by the conf's", async () => {
  const { reply } = await plugin.request({ headers: { "X-A": "1", "x-b": "2" } });
  expect(reply).toMatchObject({
    status: 201,
    headers: [
      { name: "X-A", value: "1" },
      { name: "x-b", value: "2" },
    ],
  });
});

test("calls of several routes at once keep their own answers", async () => {
  const texts = Array.from({ length: 20 }, (_, i) => `route ${i}`);
  const outcomes = await Promise.all(
    texts.map((body, i) => plugin.request({ body }, { route: String(i) })),
  );
  expect(outcomes.map(({ text }) => text)).toEqual(texts);
});

test("fails the request for a header that cannot be sent", async () => {
  const { reply, log } = await plugin.request({ headers: { "x a": "1" } });
  expect(reply).toEqual({ kind: "error", code: "SERVICE_UNAVAILABLE" });
  expect(log.join("\n")).toContain("is no header name");
});

test.each([
  [{ status: 101 }, "status: "],
  [{ status: 1000 }, "status: "],
  [{ status: 201.5 }, "status: "],
  [{ status: "201" }, "status: "],
  [{ headers: { "x-a": 1 } }, "headers.x-a: "],
  [{ headers: "x-a: 1" }, "headers: "],
  [{ body: { a: 1 } }, "body: "],
  [{ Body: "hello" }, "Body: "],
  ['{"body": "hello"', "Expected Object"],
])("refuses the conf %j", async (conf, message) => {
  const { reply, log } = await plugin.request(conf);
  expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
  expect(log.join("\n")).toContain(message);
});

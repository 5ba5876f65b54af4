import { expect, test } from "bun:test";
import { harness } from "../test/support/plugin-harness.ts";

const plugin = await harness(() => import("./say.ts"), "say");

test("answers with the body, status 200 and the runner's header", async () => {
  const { reply, text } = await plugin.request({ body: "hello" });
  expect(reply).toMatchObject({
    kind: "stop",
    status: 200,
    headers: [{ name: "X-Resp-A6-Runner", value: "Bun" }],
  });
  expect(text).toBe("hello");
});

test("sends text beyond ASCII as UTF-8", async () => {
  const { text } = await plugin.request({ body: "grüß 你好" });
  expect(text).toBe("grüß 你好");
});

test.each([[{}], [{ body: "" }], [{ body: null }]])("lets the request go on: %j", async (conf) => {
  const { reply } = await plugin.request(conf);
  expect(reply).toEqual({ kind: "continue", id: 0 });
});

test.each([
  [{ body: 5 }, "body: "],
  [{ bdy: "hello" }, "bdy: "],
  ["hello", "Invalid type: Expected Object"],
])("refuses the conf %j", async (conf, message) => {
  const { reply, log } = await plugin.request(conf);
  expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
  expect(log.join("\n")).toContain(`conf is not valid: ${message}`);
});

import { expect, test } from "bun:test";
import { harness } from "../test/support/plugin-harness.ts";

const plugin = await harness(() => import("./request-body-rewrite.ts"), "request-body-rewrite");

test("replaces the body and nothing else", async () => {
  const { reply, text, asked } = await plugin.request(
    { new_body: "größer" },
    { method: "POST", body: "old" },
  );
  expect(reply).toMatchObject({ kind: "rewrite", headers: [], args: [], responseHeaders: [] });
  expect(reply).not.toHaveProperty("path");
  expect(text).toBe("größer");
  expect(asked).toEqual([]);
});

test.each([[{}], [{ new_body: "" }], [{ new_body: null }]])(
  "leaves the body alone: %j",
  async (conf) => {
    const { reply } = await plugin.request(conf, { method: "POST", body: "old" });
    expect(reply).toEqual({ kind: "continue", id: 0 });
  },
);

test.each([
  [{ new_body: ["a"] }, "new_body: "],
  [{ body: "a" }, "body: "],
])("refuses the conf %j", async (conf, message) => {
  const { reply, log } = await plugin.request(conf);
  expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
  expect(log.join("\n")).toContain(`conf is not valid: ${message}`);
});

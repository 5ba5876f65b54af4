import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import requestBodyRewrite from "./request-body-rewrite.ts";

const REQUEST = { method: "POST", body: "old" };

test("replaces the body and nothing else", async () => {
  const plugin = await testPlugin(requestBodyRewrite, { config: { new_body: "größer" } });
  const result = await plugin.request(REQUEST);
  expectAction(result, "rewrite");
  expect(result.request.text()).toBe("größer");
  expect(result.changes).toEqual(['body: "old" → "größer"']);
  expect(result.asked).toEqual([]);
});

test.each([[{}], [{ new_body: "" }], [{ new_body: null }]])(
  "leaves the body alone: %j",
  async (config) => {
    const plugin = await testPlugin(requestBodyRewrite, { config });
    const result = await plugin.request(REQUEST);
    expectAction(result, "continue");
    expect(result.request.text()).toBe("old");
  },
);

test.each([
  [{ new_body: ["a"] }, "new_body: "],
  [{ body: "a" }, "body: "],
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(requestBodyRewrite, { config })).rejects.toThrow(message);
});

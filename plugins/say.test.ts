import { expect, test } from "bun:test";
import { expectAction, testPlugin, testSamples } from "apisix-bun-runner/testing";
import say from "./say.ts";

await testSamples(say);

test("answers with the body, status 200 and the runner's header", async () => {
  const plugin = await testPlugin(say, { config: { body: "hello" } });
  const result = await plugin.request();
  expectAction(result, "stop");
  expect(result.response.status).toBe(200);
  expect(result.response.headers.get("x-resp-a6-runner")).toBe("Bun");
  expect(result.response.text()).toBe("hello");
});

test("sends text beyond ASCII as UTF-8", async () => {
  const plugin = await testPlugin(say, { config: { body: "grüß 你好" } });
  const result = await plugin.request();
  expectAction(result, "stop");
  expect(result.response.text()).toBe("grüß 你好");
});

test.each([[{}], [{ body: "" }], [{ body: null }]])(
  "lets the request go on: %j",
  async (config) => {
    const plugin = await testPlugin(say, { config });
    expectAction(await plugin.request(), "continue");
  },
);

test.each([
  [{ body: 5 }, "body: "],
  [{ bdy: "hello" }, "bdy: "],
  ["hello", "Invalid type: Expected Object"],
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(say, { config })).rejects.toThrow(message);
});

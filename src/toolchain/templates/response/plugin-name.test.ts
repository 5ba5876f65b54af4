import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import plugin from "./plugin-name.ts";

test("adds a header to the response", async () => {
  const subject = await testPlugin(plugin, { config: {} });
  const result = await subject.response({ status: 200, body: "from upstream" });
  expectAction(result, "rewrite");
  expect(result.response.headers.get("x-plugin-name")).toBe("was here");
});

import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import plugin from "./plugin-name.ts";

test("adds a header to the request", async () => {
  const subject = await testPlugin(plugin, { config: {} });
  const result = await subject.request("/get?a=1");
  expectAction(result, "rewrite");
  expect(result.request.headers.get("x-plugin-name")).toBe("was here");
});

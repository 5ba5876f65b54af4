import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import Greeting from "./greeting.ts";

const config = { greeting: "Hello" };

test("greets by name", async () => {
  const plugin = await testPlugin(Greeting, { config });
  const result = await plugin.request("/hello?name=Ada");
  expectAction(result, "stop");
  expect(result.response.status).toBe(200);
  expect(result.response.text()).toBe("Hello, Ada!\n");
});

test("lets a request without a name go on", async () => {
  const plugin = await testPlugin(Greeting, { config });
  expectAction(await plugin.request("/hello"), "continue");
});

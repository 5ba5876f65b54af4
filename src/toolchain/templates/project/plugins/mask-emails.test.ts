import { expect, test } from "bun:test";
import { expectAction, testPlugin } from "apisix-bun-runner/testing";
import maskEmails from "./mask-emails.ts";

test("masks email addresses", async () => {
  const plugin = await testPlugin(maskEmails);
  const result = await plugin.response({ body: "write to ada@example.com or bob@example.org" });
  expectAction(result, "rewrite");
  expect(result.response.text()).toBe("write to ***@*** or ***@***");
});

test("leaves a body without addresses as it came", async () => {
  const plugin = await testPlugin(maskEmails);
  expectAction(await plugin.response({ body: "nobody here" }), "continue");
});

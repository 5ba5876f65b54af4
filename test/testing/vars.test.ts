/** Fake variables: the test's own, and those that follow from the request. */
import { expect, test } from "bun:test";
import { definePlugin } from "apisix-bun-runner";
import {
  expectAction,
  type PluginTestOptions,
  type RequestInput,
  testPlugin,
} from "apisix-bun-runner/testing";

const NAMES = ["remote_addr", "uri", "arg_a", "consumer_name", "request_id"];

/** The variables in the order of `NAMES`; null: not set. */
async function read(options: PluginTestOptions, input?: RequestInput): Promise<unknown> {
  const plugin = definePlugin({
    request: async ({ vars }) =>
      Response.json(await Promise.all(NAMES.map(async (name) => (await vars.get(name)) ?? null))),
  });
  const result = await (await testPlugin(plugin, options)).request(input);
  expectAction(result, "stop");
  return result.response.json();
}

test("follow from the request where the test says nothing", async () => {
  expect(await read({}, { path: "/x?a=1", ip: "10.0.0.9" })).toEqual([
    "10.0.0.9",
    "/x",
    "1",
    null,
    null,
  ]);
});

test("of a record come first, and undefined means that one is not set", async () => {
  const vars = { consumer_name: "jack", request_id: "", uri: undefined };
  expect(await read({ vars }, "/x?a=1")).toEqual(["127.0.0.1", null, "1", "jack", ""]);
});

test("of a call come before those of the plugin", async () => {
  const vars = { consumer_name: "jack", request_id: "1" };
  expect(await read({ vars }, { vars: { consumer_name: "jill" } })).toEqual([
    "127.0.0.1",
    "/",
    null,
    "jill",
    "1",
  ]);
});

test("of a function are all there are", async () => {
  const vars = (name: string) => (name === "uri" ? "/fake" : undefined);
  expect(await read({ vars }, "/x?a=1")).toEqual([null, "/fake", null, null, null]);
});

test("a function that throws fails the test, not the plugin", async () => {
  const vars = () => {
    throw new Error("no such fake");
  };
  await expect(read({ vars })).rejects.toThrow("no such fake");
});

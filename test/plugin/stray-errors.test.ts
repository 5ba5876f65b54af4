/** Errors that nothing caught: whose they are, and how many. */
import { describe, expect, test } from "bun:test";
import { StrayErrors } from "../../src/plugin/stray-errors.ts";
import { keepingLogger, type KeptLine } from "../../src/testing/log-lines.ts";

function strays() {
  const lines: KeptLine[] = [];
  return { lines, errors: new StrayErrors(keepingLogger((line) => lines.push(line))) };
}

function errorAt(...frames: string[]): Error {
  return Object.assign(new Error("stray"), {
    stack: ["Error: stray", ...frames.map((frame) => `    at ${frame}`)].join("\n"),
  });
}

describe("the plugin", () => {
  test.each([
    ["a bundled plugin", ["later (plugins/limit-req.ts:56:17)"], "limit-req"],
    ["one in a folder of its own", ["plugins/limit-req/index.ts:5:1"], "limit-req"],
    ["one behind the runner", ["src/http/vars.ts:1:1", "async get (plugins/say.ts:5:1)"], "say"],
    ["the runner alone", ["src/http/vars.ts:1:1"], undefined],
    ["no stack", [], undefined],
  ])("%s", (_what, frames, plugin) => {
    const { errors, lines } = strays();
    errors.report(errorAt(...frames), "uncaughtException");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.fields.plugin).toBe(plugin);
  });

  test("a plugin that is known is not looked for", () => {
    const { errors, lines } = strays();
    errors.report(errorAt("plugins/say.ts:5:1"), "unhandledRejection", "mine");
    expect(lines[0]?.fields.plugin).toBe("mine");
  });
});

test("they are counted by kind and plugin", () => {
  const { errors } = strays();
  for (let i = 0; i < 3; i++) errors.report(new Error("x"), "unhandledRejection", "a");
  errors.report("no error at all", "unhandledRejection", "b");
  errors.report(undefined, "uncaughtException");
  expect(errors.counts).toEqual([
    { plugin: "a", kind: "unhandledRejection", count: 3 },
    { plugin: "b", kind: "unhandledRejection", count: 1 },
    { plugin: undefined, kind: "uncaughtException", count: 1 },
  ]);
});

/** `apisix.version` and `logging.redact`: what they may be. */
import { expect, test } from "bun:test";
import { loadFile, problemsOf } from "./folder.ts";

test.each([
  ['"2.14.1"', "2.14.1"],
  ['"3.2"', "3.2.0"],
  ["2.7.0", "2.7.0"],
  ['"3.10"', "3.10.0"],
])("apisix.version: %s", (given, version) => {
  expect(loadFile(`apisix: { version: ${given} }`).apisix.version).toBe(version);
});

test.each([
  ["3.10", "apisix.version is 3.10 (the quotes are missing); allowed: the version of APISIX in q"],
  ['"2.6.9"', 'apisix.version is "2.6.9"; allowed: the version of APISIX in quotes, from 2.7 on'],
  ["v3.2.0", 'apisix.version is "v3.2.0"; allowed'],
  ['"3"', 'apisix.version is "3"; allowed'],
  ['"3.2.1-rc"', 'apisix.version is "3.2.1-rc"; allowed'],
])("apisix.version: %s is refused", (given, problem) => {
  expect(problemsOf(`apisix: { version: ${given} }`)).toEqual([expect.stringContaining(problem)]);
});

test("logging.redact takes names of headers", () => {
  const { logging } = loadFile("logging: { redact: [X-Token, x_b] }");
  expect(logging.redact).toEqual(["X-Token", "x_b"]);
  expect(problemsOf("logging: { redact: ['a b'] }")).toEqual([
    expect.stringContaining('logging.redact[0] is "a b"; allowed: the name of a header or of'),
  ]);
});

import { describe, expect, test } from "bun:test";
import { LinearRegExp } from "./linear-regexp.ts";

test.each([
  ["^[a-z]+$", "", "abc"],
  ["^[a-z]+$", "", "abc1"],
  ["B", "i", "abc"],
  ["^b$", "m", "a\nb"],
  ["^.$", "u", "😀"],
  ["\\u00e4", "u", "ä"],
  ["\\p{L}\\/", "u", "ä/"],
])("answers like RegExp: /%s/%s for %j", (pattern, flags, text) => {
  expect(new LinearRegExp(pattern, flags).test(text)).toBe(new RegExp(pattern, flags).test(text));
});

test("finds matches one after the other, with their groups", () => {
  const pattern = new LinearRegExp(/(\d+)(x)?/g);
  const found: unknown[] = [];
  for (let match = pattern.exec("a1 22x"); match !== null; match = pattern.exec("a1 22x")) {
    found.push([match.index, ...match]);
  }
  expect(found).toEqual([
    [1, "1", "1", undefined],
    [3, "22x", "22", "x"],
  ]);
});

test("finds the match for which the built-in engine would give up", () => {
  const pattern = new LinearRegExp("^(?:(?:a+)+b|a+c)$");
  expect(pattern.test(`${"a".repeat(100_000)}c`)).toBe(true);
  expect(pattern.exec(`${"a".repeat(1000)}c`)?.index).toBe(0);
});

describe("refuses what has no linear form", () => {
  test.each(["(?=a)b", "(a)\\1", "(?<x>a)\\k<x>", "\\\\(?<x>a)\\k<x>", "a{5000}", "("])(
    "%s",
    (pattern) => {
      expect(() => new LinearRegExp(pattern)).toThrow(SyntaxError);
    },
  );
});

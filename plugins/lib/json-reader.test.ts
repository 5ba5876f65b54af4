import { describe, expect, test } from "bun:test";
import { checkJson, JsonReader } from "./json-reader.ts";

const VALID = [
  "{}",
  " [ ] \n",
  "\ufeff{}",
  '{"a":1,"b":[true,false,null,{"c":"\\u00e4\\"\\\\/"}]}',
  "-0.5e+10",
  "0",
  '"😀"',
  '{"__proto__":1}',
  `[${"1,".repeat(1000)}1]`,
  `"${"a\\n".repeat(500_000)}"`,
];

test.each(VALID.map((text) => [text.slice(0, 60), text]))("reads %s", (_name, text) => {
  expect(() => checkJson(text, 10)).not.toThrow();
  expect(() => JSON.parse(text.replace(/^\ufeff/, ""))).not.toThrow();
});

const INVALID = [
  "",
  "{",
  "[1,]",
  '{"a":1,}',
  '{"a"}',
  "{a:1}",
  "'a'",
  "01",
  "1.",
  "+1",
  ".5",
  "NaN",
  "tru",
  "[1 2]",
  "1 2",
  '"a\nb"',
  '"\\x41"',
  '"\\u12"',
  '"a',
  "[}",
  "\u00a0[]",
  "[]]",
];

test.each(INVALID)("refuses %j, as JSON.parse does", (text) => {
  expect(() => checkJson(text, 10)).toThrow(/ at position \d+$/);
  expect(() => JSON.parse(text)).toThrow();
});

test.each(['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"x":{"b":1,"c":2,"b":3}}]'])(
  "refuses a name that comes twice: %s",
  (text) => {
    expect(() => checkJson(text, 10)).toThrow("has already");
  },
);

test("goes as deep as it may", () => {
  expect(() => checkJson(`[${"[{}],".repeat(20)}[]]`, 3)).not.toThrow();
  expect(() => checkJson("[".repeat(10) + "]".repeat(10), 10)).not.toThrow();
  expect(() => checkJson("[".repeat(11) + "]".repeat(11), 10)).toThrow("more than 10 levels");
  expect(() => checkJson('{"a":'.repeat(1_000_000), 10)).toThrow("more than 10 levels");
});

describe("agrees with JSON.parse on texts made by chance", () => {
  const pieces = ['{"', '":', "1", ",", "[", "]", "}", '"', "\\", "e", "-", ".", "null", " ", "a"];
  test("10 000 of them", () => {
    for (let i = 0; i < 10_000; i++) {
      const length = 1 + Math.floor(Math.random() * 6);
      const text = Array.from(
        { length },
        () => pieces[Math.floor(Math.random() * pieces.length)],
      ).join("");
      expect([text, isRead(text)]).toEqual([text, isParsed(text)]);
    }
  });
});

function isRead(text: string): boolean {
  const reader = new JsonReader(text, 10);
  try {
    reader.document(() => reader.skip());
    return true;
  } catch {
    return false;
  }
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

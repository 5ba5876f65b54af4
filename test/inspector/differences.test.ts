/** What the page shows of two states: fields, JSON, lines, and what became of a header. */
import { describe, expect, test } from "bun:test";
import type { Field } from "../../src/inspector/model.ts";
import { changeWords } from "../../src/inspector/view/change-words.ts";
import { fieldDiff } from "../../src/inspector/view/field-diff.ts";
import { hexDump } from "../../src/inspector/view/hex.ts";
import { jsonDiff } from "../../src/inspector/view/json-diff.ts";
import { lineDiff } from "../../src/inspector/view/line-diff.ts";
import { lostHeaders } from "../../src/inspector/view/lost-headers.ts";
import { follow, stepsOf } from "../../src/inspector/view/steps.ts";
import { inspected, ranPlugin, requestPhase } from "./samples.ts";

describe("fields", () => {
  test("added, removed, changed, same; names of headers whatever their case", () => {
    const before: Field[] = [
      ["Host", "a"],
      ["X-Gone", "1"],
      ["x-set", "old"],
    ];
    const after: Field[] = [
      ["host", "a"],
      ["x-set", "new"],
      ["x-new", ""],
    ];
    expect(fieldDiff(before, after).map(({ name, kind }) => [name, kind])).toEqual([
      ["host", "same"],
      ["x-gone", "removed"],
      ["x-set", "changed"],
      ["x-new", "added"],
    ]);
  });

  test("two lines joined by a comma are the same two values", () => {
    const [change] = fieldDiff(
      [
        ["x-a", "1"],
        ["x-a", "2"],
      ],
      [["x-a", "1, 2"]],
    );
    expect(change?.kind).toBe("same");
  });

  test("an argument without a value is not an empty one, and its case counts", () => {
    expect(fieldDiff([["A", null]], [["A", ""]], false).map(({ kind }) => kind)).toEqual([
      "changed",
    ]);
    expect(fieldDiff([["A", "1"]], [["a", "1"]], false).map(({ kind }) => kind)).toEqual([
      "removed",
      "added",
    ]);
  });
});

describe("JSON", () => {
  test.each<[string, unknown, unknown, unknown]>([
    ["a member", { a: 1, b: 2 }, { a: 1, b: 3 }, [["changed", "b"]]],
    [
      "one deep inside",
      { u: { mail: ["x", "y"] } },
      { u: { mail: ["x", "z"] } },
      [["changed", "u.mail[1]"]],
    ],
    [
      "members that come and go",
      { a: 1 },
      { b: 1 },
      [
        ["removed", "a"],
        ["added", "b"],
      ],
    ],
    ["an item put in front", [1, 2], [0, 1, 2], [["added", "[0]"]]],
    ["an item taken from the middle", [1, 2, 3], [1, 3], [["removed", "[1]"]]],
    ["another kind of value", { a: [] }, { a: {} }, [["changed", "a"]]],
    ["a name that needs quotes", {}, { "a b": 1 }, [["added", '["a b"]']]],
    ["nothing", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ])("%s", (_, before, after, expected) => {
    const changes = jsonDiff(before, after)?.map(({ kind, path }) => [kind, path]);
    expect<unknown>(changes).toEqual(expected);
  });

  test("own members only", () => {
    const withProto: unknown = JSON.parse('{"__proto__":{"a":1}}');
    expect(jsonDiff({}, withProto)?.map(({ path }) => path)).toEqual(["__proto__"]);
  });

  test("too many to read are not listed", () => {
    const list = (value: number) => Array.from({ length: 2000 }, () => ({ value }));
    expect(jsonDiff(list(1), list(2))).toBeUndefined();
  });
});

test("text, line by line", () => {
  const lines = lineDiff("a\nb\nc\nd", "a\nx\nc\nd\ne");
  expect(lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    "same a",
    "removed b",
    "added x",
    "same c",
    "same d",
    "added e",
  ]);
});

test("bytes as hexadecimal, and what of them is text", () => {
  const base64 = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0]).toString("base64");
  expect(hexDump(base64)).toBe(`000000  89 50 4e 47 00${" ".repeat(34)} ·PNG·`);
  const long = hexDump(Buffer.alloc(100).toString("base64"), 2);
  expect(long.split("\n")).toHaveLength(3);
  expect(long).toEndWith("… 68 more bytes");
});

test("what a plugin changed, in words", () => {
  const before = { path: "/a", args: [], headers: [["x-key", "1"]], responseHeaders: [] } as const;
  const after = {
    path: "/b",
    args: [["page", "2"]],
    headers: [["x-user", "a"]],
    responseHeaders: [["x-r", "1"]],
    body: { size: 1, text: "x" },
  } as const;
  expect(changeWords(before, after)).toEqual([
    "~path",
    "−x-key",
    "+x-user",
    "+?page",
    "+response x-r",
    "~body",
  ]);
  expect(changeWords(after, after)).toEqual([]);
});

describe("a header on its way", () => {
  const state = (...headers: Field[]) => ({ path: "/", args: [], headers, responseHeaders: [] });
  const request = inspected({
    headers: [["X-Key", "k"]],
    phases: [
      requestPhase(
        [
          ranPlugin("auth", { after: state(["x-user", "alice"], ["x-forwarded-for", "1"]) }),
          ranPlugin("clean", { after: state() }),
          { name: "never", conf: "{}" },
        ],
        [
          ["x-key", "k"],
          ["x-forwarded-for", "1"],
        ],
      ),
    ],
    upstream: {
      node: "127.0.0.1:1",
      at: 3,
      duration: 1,
      method: "GET",
      target: "/",
      headers: [],
      status: 200,
      responseHeaders: [["x-user", "of the upstream"]],
    },
  });

  test("its value at each point, and who changed it", () => {
    const way = follow(stepsOf(request), "X-User");
    expect(way.map(({ step, values, change }) => [step.label, values.join(), change])).toEqual([
      ["the client sent", "", "first"],
      ["ext-plugin-pre-req got", "", "same"],
      ["after auth", "alice", "added"],
      ["after clean", "", "removed"],
      ["the upstream got", "", "same"],
      ["the upstream answered", "of the upstream", "first"],
      ["the client got", "", "removed"],
    ]);
  });

  test("one that a plugin set and the upstream did not get is told; others are not", () => {
    const lost = lostHeaders(stepsOf(request));
    expect(lost.map(({ name, setBy, removedBy }) => [name, setBy.by, removedBy.by])).toEqual([
      ["x-user", "auth", "clean"],
    ]);
  });
});

import { describe, expect, test } from "bun:test";
import {
  encodePath,
  encodeQuery,
  InvalidTargetError,
  parseTarget,
} from "../../src/gateway/target.ts";
import { bytesOf } from "../../src/gateway/wire-text.ts";
import { asRecorded, genuineFrames } from "../support/fixtures.ts";
import { observedCases } from "./observed.ts";

const recorded = observedCases.flatMap(({ label, target }) => {
  const frame = genuineFrames.find(({ file }) => file === `apisix-${label}.http-req-call.bin`);
  return frame && target.startsWith("/") ? [{ label, target, frame }] : [];
});

describe("targets are read as a genuine APISIX read them", () => {
  test("there are cases", () => {
    expect(recorded.length).toBeGreaterThan(20);
  });

  for (const { label, target, frame } of recorded) {
    test(`${label}: ${target.slice(0, 60)}`, () => {
      const { path, args } = parseTarget(target);
      expect(asRecorded(bytesOf(path))).toBe(frame.path ?? null);
      const pairs = args.map(({ name, value }) => [
        asRecorded(bytesOf(name)),
        value === undefined ? null : asRecorded(bytesOf(value)),
      ]);
      // A genuine APISIX has them in no order.
      expect(sorted(pairs)).toEqual(sorted(frame.args ?? []));
    });
  }
});

describe("paths", () => {
  const paths: [target: string, path: string][] = [
    ["/", "/"],
    ["/a%20b", "/a b"],
    ["/a/./b/../c", "/a/c"],
    ["/a/b/..", "/a/"],
    ["/a/.", "/a/"],
    ["//a///b/", "/a/b/"],
    ["/a%2fb", "/a/b"],
    ["/a%3Fb?c", "/a?b"],
    ["/a+b", "/a+b"],
    ["/a#b?c", "/a"],
  ];
  for (const [target, path] of paths) {
    test(target, () => {
      expect(parseTarget(target).path).toBe(path);
    });
  }

  for (const target of ["get", "http://host/", "/%", "/%zz", "/a%00", "/../a", "/a/../.."]) {
    test(`${target} is refused`, () => {
      expect(() => parseTarget(target)).toThrow(InvalidTargetError);
    });
  }

  test("bytes that are not UTF-8 stay bytes", () => {
    expect(parseTarget("/%ff").path).toEqual(Buffer.from([0x2f, 0xff]));
  });
});

test("a plus in a query is a space, an equals sign in a value stays", () => {
  expect(parseTarget("/?a+b=c+d%2B&x=1=2").args).toEqual([
    { name: "a b", value: "c d+" },
    { name: "x", value: "1=2" },
  ]);
});

test("an argument with an empty name vanishes, an empty value does not", () => {
  expect(parseTarget("/?=1&&a=&b").args).toEqual([
    { name: "a", value: "" },
    { name: "b", value: undefined },
  ]);
});

test("what APISIX leaves alone in a path is left alone", () => {
  const kept = "/azAZ09-._~!$&'()*+,;=:@[]/";
  expect(encodePath(kept)).toBe(kept);
  expect(encodePath(` "#%<>?\\^\`{|}\x7f\n`)).toBe("%20%22%23%25%3C%3E%3F%5C%5E%60%7B%7C%7D%7F%0A");
});

test("all but unreserved characters of an argument are encoded", () => {
  const kept = "azAZ09-._~!'()*";
  expect(encodeQuery([{ name: kept, value: undefined }])).toBe(kept);
  expect(encodeQuery([{ name: "é", value: "/?:@$&+,;=[]" }])).toBe(
    "%C3%A9=%2F%3F%3A%40%24%26%2B%2C%3B%3D%5B%5D",
  );
});

function sorted(pairs: readonly (readonly (string | null)[])[]): string[] {
  return pairs.map((pair) => JSON.stringify(pair)).sort();
}

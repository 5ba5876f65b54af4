/** A config cannot be changed by a call, whatever a schema made of the conf. */
import { describe, expect, test } from "bun:test";
import { definePlugin, Secret, stop } from "../../src/index.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";

class Rule {
  name = "rule";
  parts: string[] = [];
  readonly self = this;
}

/** What a schema may make, and how a call could leave something in it. */
const CHANGES: Readonly<
  Record<string, readonly [make: () => unknown, change: (v: any) => unknown]>
> = {
  "an object": [() => ({}), (v) => (v.leak = 1)],
  "an object in a list": [() => [{ a: [{}] }], (v) => (v[0].a[0].leak = 1)],
  "a list": [() => [1], (v) => v.push(2)],
  "what a frozen object leads to": [() => Object.freeze({ list: [] }), (v) => v.list.push(1)],
  "a property with a symbol": [
    () => ({ [Symbol.for("s")]: [] }),
    (v) => v[Symbol.for("s")].push(1),
  ],
  "a hidden property": [
    () => Object.defineProperty({}, "hidden", { value: [] }),
    (v) => v.hidden.push(1),
  ],
  "an instance of a class": [() => new Rule(), (v) => (v.name = "leak")],
  "a list in an instance": [() => new Rule(), (v) => v.parts.push("leak")],
  "an object without prototype": [() => Object.create(null), (v) => (v.leak = 1)],
  "a Map": [() => new Map([["a", 1]]), (v) => v.set("leak", 1)],
  "a Map, deleting": [() => new Map([["a", 1]]), (v) => v.delete("a")],
  "a value in a Map": [() => new Map([["a", []]]), (v) => v.get("a").push(1)],
  "a key of a Map": [() => new Map([[{}, 1]]), (v) => ([...v.keys()][0].leak = 1)],
  "a Set": [() => new Set([1]), (v) => v.add(2)],
  "a Set, clearing": [() => new Set([1]), (v) => v.clear()],
  "a member of a Set": [() => new Set([[]]), (v) => [...v][0].push(1)],
  "a Date": [() => new Date(0), (v) => v.setTime(1)],
  "a RegExp": [() => /a/, (v) => (v.leak = 1)],
  "a function": [() => () => 1, (v) => (v.leak = 1)],
  "a Secret": [() => new Secret("name", "value"), (v) => (v.leak = 1)],
};

describe.each(Object.entries(CHANGES))("%s", (_what, [make, change]) => {
  test("refuses a change", async () => {
    const chain = await inlinePlugins({
      it: definePlugin({
        config: () => ({ value: make() }),
        request({ config }) {
          change(config.value);
          return stop("changed");
        },
      }),
    });
    const { reply, log } = await chain.request([["it", ""]]);
    expect(log.join()).toContain("TypeError");
    expect(reply).toMatchObject({ kind: "error" });
  });
});

test("a Map, a Set, a Date and a RegExp can still be read", async () => {
  const chain = await inlinePlugins({
    it: definePlugin({
      config: () => ({
        map: new Map([["a", 1]]),
        set: new Set([2]),
        date: new Date(3),
        pattern: /d(.)/,
        of: (n: number) => n + 1,
      }),
      request: ({ config: { map, set, date, pattern, of } }) =>
        stop(
          JSON.stringify([map.get("a"), [...set], date.getTime(), pattern.exec("d4")?.[1], of(4)]),
        ),
    }),
  });
  expect((await chain.request([["it", ""]])).text).toBe('[1,[2],3,"4",5]');
});

describe("what cannot be frozen is refused with the conf", () => {
  test.each([
    ["a Uint8Array", () => new Uint8Array(4)],
    ["a Buffer", () => Buffer.from("key")],
    ["a ArrayBuffer", () => new ArrayBuffer(4)],
    ["a DataView", () => new DataView(new ArrayBuffer(4))],
    ["a URL", () => new URL("http://a/")],
    ["a URLSearchParams", () => new URLSearchParams()],
    ["a Headers", () => new Headers()],
    ["a RegExp with the flag g", () => /a/g],
    ["a RegExp with the flag y", () => /a/y],
  ])("%s", async (what, make) => {
    const chain = await inlinePlugins({
      it: definePlugin({ config: () => ({ deep: [make()] }), request() {} }),
    });
    const { reply, log } = await chain.request([["it", ""]]);
    expect(reply).toMatchObject({ kind: "error", code: "BAD_REQUEST" });
    expect(log.join()).toContain(`the config.deep.0 is ${what}, which calls could change`);
  });
});

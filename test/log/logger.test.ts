import { describe, expect, test } from "bun:test";
import type { LogFields, LogLevel } from "../../src/log/logger.ts";
import { memoryLogger } from "./memory.ts";

const time = "2026-11-22T15:10:40.123Z";

function textOf(fields: LogFields, message = "m"): string {
  const { log, sink } = memoryLogger();
  log.warn(message, fields);
  return sink.text;
}

function jsonOf(fields: LogFields, message = "m"): Record<string, unknown> {
  const { log, sink } = memoryLogger({ format: "json" });
  log.warn(message, fields);
  expect(sink.lines).toHaveLength(1);
  return JSON.parse(sink.text);
}

describe("levels", () => {
  const levels: LogLevel[] = ["debug", "info", "warn", "error"];
  test.each(levels)("at level %s, that and what is more serious is written", (level) => {
    const { log, sink } = memoryLogger({ level });
    for (const each of levels) log[each](`a ${each} record`);
    const expected = levels.slice(levels.indexOf(level));
    expect(sink.lines).toEqual(expected.map((each) => `${time} ${each} a ${each} record`));
    expect(levels.filter((each) => log.isEnabled(each))).toEqual(expected);
  });

  test("a record that is not written does not read its fields", () => {
    const { log } = memoryLogger({ level: "warn" });
    let reads = 0;
    const fields = {
      get costly() {
        return ++reads;
      },
    };
    log.info("m", fields);
    expect(reads).toBe(0);
    log.warn("m", fields);
    expect(reads).toBe(1);
  });
});

describe("text", () => {
  test("time, level, message, then the fields in order", () => {
    expect(textOf({ plugin: "say", route: "route#1", request: 7, key: "value" }, "message")).toBe(
      `${time} warn message plugin=say route=route#1 request=7 key=value\n`,
    );
  });

  const values: [unknown, string][] = [
    ["a b", '"a b"'],
    ['a"b', '"a\\"b"'],
    ["a=b", '"a=b"'],
    ["", '""'],
    ["a\u00a0b", '"a\u00a0b"'],
    ["C:\\a", "C:\\a"],
    ["zażółć", "zażółć"],
    [true, "true"],
    [null, "null"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [-0, "0"],
    [10n ** 30n, "1000000000000000000000000000000"],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "[function]"],
    [{ a: [1, "b c", null] }, '{"a":[1,"b c",null]}'],
    ['{"a":1}', '"{\\"a\\":1}"'],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new URL("http://a/b"), "http://a/b"],
    [/x/, "/x/"],
    [new Map([["a", 1]]), '{"a":1}'],
    [new Set([1, 2]), "[1,2]"],
    [new Uint8Array(3), '"[Uint8Array, 3 bytes]"'],
  ];
  test.each(values.map(([value, written]) => ({ value, written })))(
    "a value written as $written",
    ({ value, written }) => {
      expect(textOf({ key: value })).toBe(`${time} warn m key=${written}\n`);
    },
  );

  test("an undefined field is left out", () => {
    expect(textOf({ a: undefined, b: 1 })).toBe(`${time} warn m b=1\n`);
  });

  test("names that are no single word are quoted", () => {
    expect(textOf({ "a b": 1, "": 2, "c=d": 3 })).toBe(`${time} warn m "a b"=1 ""=2 "c=d"=3\n`);
  });
});

describe("json", () => {
  test("time, level, message, then the fields", () => {
    expect(
      Object.entries(jsonOf({ plugin: "say", request: 7, conf: { a: [1] } }, "message")),
    ).toEqual([
      ["time", time],
      ["level", "warn"],
      ["message", "message"],
      ["plugin", "say"],
      ["request", 7],
      ["conf", { a: [1] }],
    ]);
  });

  test("a field cannot take the place of time, level or message", () => {
    expect(jsonOf({ time: 1, level: "x", message: "y" })).toEqual({
      time,
      level: "warn",
      message: "m",
      "field.time": 1,
      "field.level": "x",
      "field.message": "y",
    });
  });

  test("__proto__ is a field like any other", () => {
    const { log, sink } = memoryLogger({ format: "json" });
    log.warn("m", JSON.parse('{"__proto__":{"a":1},"nested":{"__proto__":{"b":2}}}'));
    expect(sink.text).toContain('"__proto__":{"a":1},"nested":{"__proto__":{"b":2}}');
  });
});

describe("a text cannot pretend to be another line", () => {
  const hostile = [
    ["line feed", "\n", "\\n"],
    ["carriage return", "\r", "\\r"],
    ["tab", "\t", "\\t"],
    ["null", "\0", "\\u0000"],
    ["escape", "\x1b", "\\u001b"],
    ["delete", "\x7f", "\\u007f"],
    ["next line", "\x85", "\\u0085"],
    ["8-bit CSI", "\x9b", "\\u009b"],
    ["line separator", "\u2028", "\\u2028"],
    ["paragraph separator", "\u2029", "\\u2029"],
    ["right-to-left override", "\u202e", "\\u202e"],
    ["isolate", "\u2066", "\\u2066"],
    ["half of a pair", "\ud83d", "\\ud83d"],
  ] as const;

  test.each(hostile)("%s, in text", (_name, raw, escaped) => {
    const line = textOf({ [`n${raw}n`]: `v${raw}v`, nested: { [`k${raw}`]: raw } }, `m${raw}m`);
    expect(line).toBe(
      `${time} warn m${escaped}m "n${escaped}n"="v${escaped}v" nested={"k${escaped}":"${escaped}"}\n`,
    );
  });

  test.each(hostile)("%s, in JSON", (_name, raw, escaped) => {
    const { log, sink } = memoryLogger({ format: "json" });
    log.warn(`m${raw}m`, { [`n${raw}n`]: { [`k${raw}`]: raw } });
    expect(sink.text).toBe(
      `{"time":"${time}","level":"warn","message":"m${escaped}m","n${escaped}n":{"k${escaped}":"${escaped}"}}\n`,
    );
    expect(JSON.parse(sink.text)[`n${raw}n`]).toEqual({ [`k${raw}`]: raw });
  });

  test("a whole emoji stays as it is", () => {
    expect(textOf({}, "😀")).toBe(`${time} warn 😀\n`);
  });
});

describe("errors", () => {
  const thrown = new TypeError("no body", {
    cause: new Error("read failed", { cause: "disk" }),
  });
  thrown.stack = [
    "TypeError: no body",
    "    at parse (/plugins/node_modules/zod/index.js:1:2)",
    "    at validate (/$bunfs/root/apisix-bun-runner:10:20)",
    "    at setup (/plugins/say.ts:4:9)",
    "    at /plugins/other.ts:5:1",
  ].join("\n");

  test("text has the message, the causes, and the place outside of packages and executable", () => {
    expect(textOf({ error: thrown })).toBe(
      `${time} warn m error="TypeError: no body <- Error: read failed <- disk" at=/plugins/say.ts:4:9\n`,
    );
  });

  test("a place in the executable is better than none", () => {
    const error = new Error("x");
    error.stack = "Error: x\n    at native\n    at run (/$bunfs/root/runner:10:20)";
    expect(textOf({ error })).toEndWith(" at=/$bunfs/root/runner:10:20\n");
  });

  test("a constructor that a class does not write itself is no place", () => {
    const error = new Error("x");
    error.stack = "Error: x\n    at unknown:1:28\n    at make (/plugins/say.ts:4:9)";
    expect(textOf({ error })).toEndWith(" at=/plugins/say.ts:4:9\n");
    error.stack = "Error: x\n    at unknown:1:28";
    expect(textOf({ error })).not.toContain(" at=");
  });

  test("JSON has the stack", () => {
    expect(jsonOf({ cause: thrown })).toMatchObject({
      cause: "TypeError: no body <- Error: read failed <- disk",
      stack: thrown.stack ?? "",
    });
  });

  test("fields called at and stack are kept", () => {
    expect(textOf({ error: thrown, at: "here" })).toEndWith(" at=here\n");
    expect(jsonOf({ error: thrown, stack: 1 })).toMatchObject({ stack: 1 });
  });

  test("the place of a real error is where it was made", () => {
    expect(textOf({ error: new Error("x") })).toMatch(/ at=\S+logger\.test\.ts:\d+:\d+\n$/);
  });

  test("inside of other values, too", () => {
    expect(textOf({ list: [thrown] })).toContain(
      'list=["TypeError: no body <- Error: read failed <- disk"]',
    );
  });

  test("AggregateError names what it holds", () => {
    const error = new AggregateError([new Error("a"), "b", { c: 1 }, 4, 5], "many");
    expect(jsonOf({ error })["error"]).toBe('AggregateError: many [Error: a; b; {"c":1}; 2 more]');
  });

  test("a chain of causes without end ends", () => {
    const a = new Error("a");
    a.cause = new Error("b", { cause: a });
    expect(jsonOf({ error: a })["error"]).toBe("Error: a <- Error: b <- …");
    let deep = new Error("0");
    for (let depth = 1; depth < 100; depth++) deep = new Error(`${depth}`, { cause: deep });
    expect(jsonOf({ error: deep })["error"]).toEndWith("<- Error: 92 <- …");
  });

  test("what Bun's loader throws is an error as well", async () => {
    const error: unknown = await import(`${import.meta.dir}/nothing-${"here"}.ts`).catch((e) => e);
    expect(textOf({ error })).toContain('error="ResolveMessage: Cannot find module');
  });

  test("given in place of fields or of the message", () => {
    const { log, sink } = memoryLogger();
    Reflect.apply(log.error, undefined, ["m", thrown]);
    Reflect.apply(log.error, undefined, [thrown]);
    expect(sink.lines).toEqual([
      `${time} error m error="TypeError: no body <- Error: read failed <- disk" at=/plugins/say.ts:4:9`,
      `${time} error TypeError: no body <- Error: read failed <- disk at=/plugins/say.ts:4:9`,
    ]);
  });
});

describe("bound fields", () => {
  test("come first, and a record's own win", () => {
    const { log, sink } = memoryLogger();
    const bound = log.with({ plugin: "say", route: "r1" }).with({ request: 7 });
    bound.info("a", { key: 1, route: "r2" });
    log.info("a");
    expect(sink.lines).toEqual([
      `${time} info a plugin=say route=r2 request=7 key=1`,
      `${time} info a`,
    ]);
  });

  test("methods work without their object", async () => {
    const { log, sink } = memoryLogger();
    await Promise.reject(new Error("late")).catch(log.with({ plugin: "say" }).error);
    expect(sink.text).toStartWith(`${time} error Error: late plugin=say at=`);
  });
});

describe("a record never throws", () => {
  const thin = { c: 1 };
  const circular: Record<string, unknown> = { a: 1 };
  circular["self"] = circular;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const liar = new Error("x");
  for (const name of ["name", "message", "stack", "cause", "errors"]) {
    Object.defineProperty(liar, name, {
      get() {
        throw new Error("no");
      },
    });
  }
  const refusing = new Proxy(
    {},
    {
      get() {
        throw new Error("get");
      },
      ownKeys() {
        throw new Error("ownKeys");
      },
      getPrototypeOf() {
        throw new Error("getPrototypeOf");
      },
    },
  );

  test.each<[string, unknown, unknown]>([
    ["the same object twice", { a: thin, b: thin }, { a: { c: 1 }, b: { c: 1 } }],
    ["circular", circular, { a: 1, self: "[circular]" }],
    [
      "a getter that throws",
      {
        get a() {
          throw new Error("no");
        },
        b: 1,
      },
      { a: "[unreadable]", b: 1 },
    ],
    [
      "toJSON that throws",
      {
        toJSON() {
          throw new Error("no");
        },
      },
      "[unreadable]",
    ],
    [
      "toJSON that returns itself",
      {
        toJSON() {
          return this;
        },
        a: 1,
      },
      { toJSON: "[function]", a: 1 },
    ],
    [
      "toString that throws",
      Object.create({
        toString() {
          throw new Error("no");
        },
      }),
      "[unreadable]",
    ],
    ["no prototype", Object.create(null), {}],
    [
      "nested without end",
      JSON.parse(`${"[".repeat(50)}${"]".repeat(50)}`),
      [[[[[["[too deep]"]]]]]],
    ],
    ["a BigInt inside", { a: [1n] }, { a: ["1"] }],
    ["not-a-number inside", [Number.NaN, Infinity], ["NaN", "Infinity"]],
    ["undefined inside", { a: undefined, b: [undefined] }, { b: ["undefined"] }],
    ["a revoked proxy", revoked.proxy, "[unreadable]"],
    ["a proxy that refuses all", refusing, "[unreadable]"],
    ["an invalid date", new Date(Number.NaN), null],
    ["an error that lies", liar, "Error"],
  ])("%s", (_name, value, shown) => {
    expect(jsonOf({ value })["value"]).toEqual(shown);
    expect(textOf({ value })).toStartWith(`${time} warn m value=`);
  });

  test.each<[string, unknown[], string]>([
    ["no message", [], "undefined"],
    ["null for fields", ["m", null], "m"],
    ["a number for fields", ["m", 5], "m value=5"],
    ["a list for fields", ["m", [1, 2]], "m value=[1,2]"],
    ["bytes for fields", ["m", new Uint8Array(1e6)], 'm value="[Uint8Array, 1000000 bytes]"'],
    ["an object for the message", [{ a: 1 }], '{"a":1}'],
    ["a symbol for the message", [Symbol("s")], "Symbol(s)"],
    ["a revoked proxy for fields", ["m", revoked.proxy], "m value=[unreadable]"],
    [
      "fields that throw",
      [
        "m",
        {
          get a() {
            throw new Error("no");
          },
          b: 1,
        },
      ],
      "m a=[unreadable] b=1",
    ],
  ])("%s", (_name, args, shown) => {
    const { log, sink } = memoryLogger();
    Reflect.apply(log.warn, log, args);
    expect(sink.text).toBe(`${time} warn ${shown}\n`);
  });

  test("a getter that logs is not asked again", () => {
    const { log, sink } = memoryLogger();
    const fields = {
      get a() {
        log.warn("inner", fields);
        return 1;
      },
    };
    log.warn("outer", fields);
    expect(sink.lines).toEqual([`${time} warn outer a=1`]);
  });

  test("with the stack used up, the record is counted as lost or written", () => {
    const { log, sink } = memoryLogger();
    const dive = (): void => {
      try {
        dive();
      } catch {
        log.error("deep");
      }
    };
    dive();
    log.error("after");
    expect(sink.text).toContain(" error after\n");
  });
});

describe("a line has at most 3800 bytes", () => {
  const sizes = [3000, 3740, 3755, 3756, 3757, 3760, 3770, 3780, 3799, 3800, 3801, 5000, 100_000];
  const cases = ["x", "é", "€", "😀", "\n", '"', "\ud800", "\u2028"].flatMap((character) =>
    sizes.map((size) => [character, size] as const),
  );

  test.each(cases)("%p up to %d times", (character, size) => {
    for (const format of ["text", "json"] as const) {
      const { log, sink } = memoryLogger({ format });
      const long = character.repeat(size);
      log.warn(long, { plugin: "say", route: "route#1" });
      log.warn("m", { plugin: "say", a: long, b: { c: long }, route: "route#1" });
      log.warn(long, { [long]: long, error: new Error(long) });
      for (const line of sink.lines) {
        expect(Buffer.byteLength(line)).toBeLessThan(3800);
        if (character.isWellFormed()) expect(line).not.toContain("\ufffd");
        if (format === "json") JSON.parse(line);
      }
      expect(sink.lines).toHaveLength(3);
      expect(sink.lines[1]).toContain("say");
      expect(sink.lines[1]).toContain("route#1");
    }
  });

  test("a line of exactly 3800 bytes with its newline is whole", () => {
    const head = `${time} warn `;
    const { log, sink } = memoryLogger();
    log.warn("x".repeat(3799 - head.length));
    log.warn("x".repeat(3800 - head.length));
    expect(sink.lines[0]).toHaveLength(3799);
    expect(sink.lines[0]).not.toContain("left out");
    expect(sink.lines[1]).toContain("left out");
  });

  test("the marker counts the bytes that are missing", () => {
    for (const character of ["x", "é", "€", "😀"]) {
      const long = character.repeat(9000);
      const [, kept = "", omitted] =
        /^(.*)… \((\d+) bytes left out\)$/u.exec(String(jsonOf({ body: long })["body"])) ?? [];
      expect(Buffer.byteLength(kept) + Number(omitted)).toBe(Buffer.byteLength(long));
      expect(long).toStartWith(kept);
    }
  });

  test("the longest value is cut, the others stay", () => {
    const fields = jsonOf({ a: "a".repeat(50_000), conf: { b: "kept" }, c: "c".repeat(300) });
    expect(fields).toMatchObject({ conf: { b: "kept" }, c: "c".repeat(300) });
    expect(String(fields["a"])).toMatch(/^a{2000,}… \(\d+ bytes left out\)$/);
  });

  test("an object that has to be cut becomes a string", () => {
    const conf = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`k${index}`, "v".repeat(90)]),
    );
    expect(String(jsonOf({ conf })["conf"])).toMatch(/^\{"k0":"v{90}".*… \(\d+ bytes left out\)$/);
  });

  test("a long string inside of an object is cut there", () => {
    const { conf } = jsonOf({ conf: { a: "x".repeat(5000), b: 1 } });
    expect(conf).toEqual({ a: `${"x".repeat(1000)}… (4000 bytes left out)`, b: 1 });
  });

  test("more fields than a line holds are counted", () => {
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`field_with_a_longer_name_${index}`, index]),
    );
    const shown = jsonOf({ ...many });
    expect(shown).toMatchObject({ field_with_a_longer_name_0: 0, field_with_a_longer_name_1: 1 });
    const kept = Object.keys(shown).filter((name) => name.startsWith("field")).length;
    expect(kept).toBeGreaterThan(80);
    expect(shown["…"]).toBe(`${500 - kept} more fields`);
  });

  test("many values in a list or an object are counted", () => {
    expect(textOf({ list: new Array(1000).fill(1) })).toEndWith(',"… 800 more"]\n');
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [index, 0]));
    expect(jsonOf({ wide })["wide"]).toMatchObject({ "…": "100 more" });
  });
});

/** Values that let somebody in: shown nowhere, in whatever form headers are logged. */
import { describe, expect, test } from "bun:test";
import { redactedNames } from "../../src/log/redact.ts";
import { memoryLogger } from "./memory.ts";

const NAMES = ["authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "X-API-Key"];

/** A header in the forms that one can have. */
const FORMS: readonly [form: string, of: (name: string, value: string) => unknown][] = [
  ["the web's Headers", (name, value) => new Headers([[name, value]])],
  ["an object", (name, value) => ({ [name]: value, host: "a" })],
  ["an object in a request", (name, value) => ({ method: "GET", headers: { [name]: value } })],
  [
    "a list of pairs",
    (name, value) => [
      [name, value],
      ["host", "a"],
    ],
  ],
  ["a Map", (name, value) => new Map([[name, value]])],
  ["its entries", (name, value) => new Headers([[name, value]]).entries()],
  ["entries with name and value", (name, value) => [{ name, value }]],
  ["with the value before the name", (name, value) => [{ value, name }]],
  ["several values", (name, value) => ({ [name]: [value, value] })],
];

describe.each(["text", "json"] as const)("in %s", (format) => {
  test.each(FORMS)("headers as %s", (_, of) => {
    for (const name of NAMES) {
      const { log, sink } = memoryLogger({ format });
      log.warn("a", { headers: of(name, "s3cret") });
      expect(sink.text).not.toContain("s3cret");
      expect(sink.text).toMatch(/\[redacted\]|\{\}/);
    }
  });

  test.each(NAMES)("the field %s itself, also where it is bound", (name) => {
    const { log, sink } = memoryLogger({ format });
    log.warn("a", { [name]: "s3cret" });
    log.with({ [name]: "s3cret" }).warn("b");
    expect(sink.text).not.toContain("s3cret");
    expect(sink.text.match(/\[redacted\]/g)).toHaveLength(2);
  });
});

test("all else is shown", () => {
  const { log, sink } = memoryLogger({ format: "json" });
  const fields = { headers: { host: "a", "x-cookie": "b" }, list: ["cookie"], value: "c" };
  log.warn("cookie", { ...fields, entries: [{ name: "host", value: "a" }] });
  expect(JSON.parse(sink.text)).toMatchObject(fields);
  expect(sink.text).not.toContain("[redacted]");
});

test("further names, and others from the next line on", () => {
  const { log, sink } = memoryLogger({ redact: ["X-Session"] });
  const line = () => log.warn(`line ${sink.lines.length}`, { "x-session": "s1", "x-other": "s2" });
  line();
  log.configure({ level: "debug", format: "text", redact: ["x-other"] });
  line();
  expect(sink.lines.map((text) => text.replace(/^.* line \d+ /, ""))).toEqual([
    "x-session=[redacted] x-other=s2",
    "x-session=s1 x-other=[redacted]",
  ]);
});

test("records that differ in nothing else are repeats", () => {
  const { log, sink } = memoryLogger();
  log.warn("a", { cookie: "1" });
  log.warn("a", { cookie: "2" });
  expect(sink.lines).toHaveLength(1);
});

test("a value is not even read", () => {
  const { log, sink } = memoryLogger();
  const headers = Object.defineProperty({}, "cookie", {
    enumerable: true,
    get: () => ({ toJSON: () => "s3cret" }),
  });
  log.warn("a", { headers });
  expect(sink.text).toContain('{"cookie":"[redacted]"}');
});

test("names are those of redactedNames, in lower case", () => {
  expect([...redactedNames(["X-A"])]).toEqual([
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-a",
  ]);
});

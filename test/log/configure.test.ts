/** Other settings for a log that is in use. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TempDir } from "../support/temp-dir.ts";
import { memoryLogger } from "./memory.ts";

test("another level counts for the loggers that are there", () => {
  const { log, sink } = memoryLogger({ level: "warn" });
  const bound = log.with({ plugin: "say" });
  const { debug } = bound;
  bound.info("before");
  log.configure({ level: "debug", format: "text" });
  expect([bound.isEnabled("debug"), log.isEnabled("debug")]).toEqual([true, true]);
  bound.info("with");
  debug("without its object");
  log.debug("of the log");
  log.configure({ level: "error", format: "text" });
  bound.warn("after");
  expect(sink.lines.map((line) => line.split(" ").slice(2).join(" "))).toEqual([
    "with plugin=say",
    "without its object plugin=say",
    "of the log",
  ]);
});

test("another format counts from the next line on", () => {
  const { log, sink } = memoryLogger();
  const bound = log.with({ plugin: "say" });
  bound.info("one");
  log.configure({ level: "debug", format: "json" });
  bound.info("two");
  expect(sink.lines[0]).toEndWith("info one plugin=say");
  expect(JSON.parse(sink.lines[1] ?? "")).toMatchObject({ message: "two", plugin: "say" });
});

test("a file that keeps its name is opened again; where that fails the old one goes on", () => {
  const { log, sink } = memoryLogger();
  log.configure({ level: "debug", format: "text" });
  expect(sink.reopened).toBe(1);
  sink.reopen = () => {
    throw new Error("gone");
  };
  log.configure({ level: "info", format: "text" });
  expect(sink.text).toContain('the log goes on in the old file error="Error: gone"');
  expect(log.isEnabled("debug")).toBe(false);
});

test("another file takes the lines from there on, and the old one is closed", () => {
  using dir = new TempDir();
  const { log, sink } = memoryLogger();
  log.info("first");
  log.configure({ level: "debug", format: "text", file: dir.file("a.log") });
  log.info("second");
  log.configure({ level: "debug", format: "text", file: dir.file("b.log") });
  log.info("third");
  log.close();
  expect(sink.closed).toBe(true);
  expect(sink.lines).toEqual([expect.stringContaining("first")]);
  expect(readFileSync(dir.file("a.log"), "utf8")).toMatch(/^\S+ info second\n$/);
  expect(readFileSync(dir.file("b.log"), "utf8")).toMatch(/^\S+ info third\n$/);
});

test("a file that cannot be opened changes nothing", () => {
  using dir = new TempDir();
  const { log, sink } = memoryLogger({ level: "info" });
  const file = dir.file("nowhere/a.log");
  expect(() => log.configure({ level: "debug", format: "json", file })).toThrow(
    `the log file "${file}" cannot be opened: ENOENT`,
  );
  log.debug("no");
  log.info("yes");
  expect(sink.lines).toEqual([expect.stringMatching(/ info yes$/)]);
  expect(sink.closed).toBe(false);
});

import { expect, test } from "bun:test";
import { memoryLogger } from "./memory.ts";

const at = (seconds: number) =>
  new Date(Date.UTC(2026, 10, 22, 15, 10, 40, 123) + seconds * 1000).toISOString();

test("a record is written once in 10 s, then counted, whichever request it belongs to", () => {
  const { log, sink, clock } = memoryLogger();
  for (let request = 0; request < 4313; request++) {
    log.with({ request }).warn("plugin failed", { plugin: "say", error: new Error("no") });
  }
  expect(sink.lines).toHaveLength(1);
  expect(sink.lines[0]).toContain(" warn plugin failed request=0 plugin=say ");
  clock.advance(9_999);
  expect(sink.lines).toHaveLength(1);
  clock.advance(1);
  expect(sink.lines).toHaveLength(2);
  expect(sink.lines[1]).toStartWith(
    `${at(10)} warn … 4312 more in 10 s: plugin failed plugin=say error="Error: no" at=`,
  );
});

test("afterwards the record is written again", () => {
  const { log, sink, clock } = memoryLogger();
  log.warn("m");
  clock.advance(10_000);
  log.warn("m");
  expect(sink.lines).toEqual([`${at(0)} warn m`, `${at(10)} warn m`]);
});

test("a record that did not repeat is not counted", () => {
  const { log, sink, clock } = memoryLogger();
  log.warn("m");
  clock.advance(60_000);
  log.close();
  expect(sink.lines).toHaveLength(1);
});

test("level, message and every field but request make the difference", () => {
  const { log, sink } = memoryLogger();
  log.warn("m");
  log.error("m");
  log.warn("m2");
  log.warn("m", { a: 1 });
  log.warn("m", { a: "1" });
  log.warn("m", { b: 1 });
  log.warn("m", { a: "x".repeat(5000) });
  log.warn("m", { a: "x".repeat(5001) });
  log.warn("x".repeat(5000));
  log.warn("x".repeat(5001));
  expect(sink.lines).toHaveLength(10);
  log.warn("m", { a: 1, request: 3 });
  expect(sink.lines).toHaveLength(10);
});

test("the count is told on close, with the time that has passed", () => {
  const { log, sink, clock } = memoryLogger({ format: "json" });
  for (let index = 0; index < 3; index++) log.warn("m", { plugin: "say" });
  clock.advance(2_600);
  log.close();
  expect(JSON.parse(sink.lines[1] ?? "")).toEqual({
    time: at(2.6),
    level: "warn",
    message: "… 2 more in 3 s: m",
    plugin: "say",
  });
  expect(sink.closed).toBe(true);
  expect(clock.pending).toBe(0);
});

test("the count comes before a message that has to be cut", () => {
  const { log, sink } = memoryLogger();
  for (let index = 0; index < 3; index++) log.warn("x".repeat(9000));
  log.close();
  expect(sink.lines[1]).toMatch(/ warn … 2 more in 1 s: x+… \(\d+ bytes left out\)$/);
});

test("after close each record is written", () => {
  const { log, sink, clock } = memoryLogger();
  log.close();
  log.warn("m");
  log.warn("m");
  expect(sink.lines).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

test("no more than 256 records are tracked, others are written each time", () => {
  const { log, sink, clock } = memoryLogger();
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 300; index++) log.warn(`m${index}`);
  }
  expect(sink.lines).toHaveLength(300 + 44);
  expect(clock.pending).toBe(256);
  clock.advance(10_000);
  expect(sink.lines).toHaveLength(300 + 44 + 256);
  log.warn("m299");
  log.warn("m299");
  expect(sink.lines).toHaveLength(300 + 44 + 256 + 1);
});

test("windows that began at different times end one after the other", () => {
  const { log, sink, clock } = memoryLogger();
  for (const message of ["a", "b"]) {
    log.warn(message);
    log.warn(message);
    clock.advance(5_000);
  }
  const lines = [`${at(0)} warn a`, `${at(5)} warn b`, `${at(10)} warn … 1 more in 10 s: a`];
  expect(sink.lines).toEqual(lines);
  clock.advance(5_000);
  expect(sink.lines).toEqual([...lines, `${at(15)} warn … 1 more in 10 s: b`]);
  expect(clock.pending).toBe(0);
});

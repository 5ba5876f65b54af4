import { expect, test } from "bun:test";
import { memoryLogger } from "./memory.ts";

const time = "2026-11-22T15:10:40.123Z";
const full = new Error("ENOSPC: no space left on device, write");

test("lost records are counted and told before the next one", () => {
  const { log, sink } = memoryLogger();
  log.warn("first");
  sink.failure = full;
  log.warn("second");
  log.warn("third");
  sink.failure = undefined;
  log.warn("fourth");
  log.warn("fifth");
  expect(sink.lines).toEqual([
    `${time} warn first`,
    `${time} warn log records could not be written lost=2 cause="ENOSPC: no space left on device, write"`,
    `${time} warn fourth`,
    `${time} warn fifth`,
  ]);
});

test("in JSON, too", () => {
  const { log, sink } = memoryLogger({ format: "json", level: "error" });
  sink.failure = full;
  log.error("lost");
  sink.failure = undefined;
  log.error("kept");
  expect(JSON.parse(sink.lines[0] ?? "")).toMatchObject({
    level: "warn",
    lost: 1,
    cause: full.message,
  });
});

test("a loss is told on close at the latest", () => {
  const { log, sink } = memoryLogger();
  sink.failure = full;
  log.warn("lost");
  sink.failure = undefined;
  log.close();
  expect(sink.text).toContain("lost=1");
});

test("a line that was taken in part is ended before the next one", () => {
  const { log, sink } = memoryLogger();
  sink.failure = full;
  sink.room = 30;
  log.warn("a message that is torn");
  sink.failure = undefined;
  log.warn("whole");
  expect(sink.lines).toEqual([
    `${time} warn a message that is torn`.slice(0, 30),
    `${time} warn log records could not be written lost=1 cause="${full.message}"`,
    `${time} warn whole`,
  ]);
});

test("a sink that takes a line in pieces gets all of it", () => {
  const { log, sink } = memoryLogger();
  const write = sink.write.bind(sink);
  sink.write = (bytes) => write(bytes.subarray(0, 7));
  log.warn("zażółć gęślą jaźń in pieces");
  sink.write = write;
  expect(sink.text).toContain("warn za");
  expect(sink.lines).toHaveLength(1);
  expect(sink.text).toEndWith("in pieces\n");
});

test("a sink that takes nothing does not hold the runner", () => {
  const { log, sink } = memoryLogger();
  const write = sink.write.bind(sink);
  sink.write = () => 0;
  log.warn("lost");
  sink.write = write;
  log.warn("kept");
  expect(sink.lines[0]).toContain('lost=1 cause="the system took no bytes"');
});

test("a file that cannot be opened again is told of, and logging goes on", () => {
  const { log, sink } = memoryLogger();
  const reopen = sink.reopen.bind(sink);
  sink.reopen = () => {
    throw new Error("EACCES: permission denied");
  };
  log.reopen();
  sink.reopen = reopen;
  log.reopen();
  expect(sink.reopened).toBe(1);
  expect(sink.lines).toHaveLength(1);
  expect(sink.lines[0]).toStartWith(
    `${time} error the log goes on in the old file error="Error: EACCES: permission denied" at=`,
  );
});

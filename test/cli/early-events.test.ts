/** What happens to the process before there is anybody to act on it. */
import { expect, test } from "bun:test";
import { EarlyEvents } from "../../src/cli/early-events.ts";

test("what comes is kept, and acted on in its order by whoever is there then", () => {
  const heard: unknown[] = [];
  const hear = (what: unknown) => heard.push(what);
  const early = new EarlyEvents();
  const forgotten = new Error("forgotten");
  process.emit("SIGUSR1", "SIGUSR1");
  process.emit("unhandledRejection", forgotten, Promise.resolve());
  process.emit("SIGHUP", "SIGHUP");
  expect(heard).toEqual([]);
  process.on("SIGHUP", hear).on("SIGUSR1", hear).on("unhandledRejection", hear);
  early.release();
  expect(heard).toEqual(["SIGUSR1", forgotten, "SIGHUP"]);
  process.emit("SIGHUP", "SIGHUP");
  expect(heard).toHaveLength(4);
  process.off("SIGHUP", hear).off("SIGUSR1", hear).off("unhandledRejection", hear);
});

test.each(["SIGTERM", "SIGINT", "uncaughtException"])("released, it does not hear %s", (event) => {
  const before = process.listenerCount(event);
  const early = new EarlyEvents();
  expect(process.listenerCount(event)).toBe(before + 1);
  early.release();
  expect(process.listenerCount(event)).toBe(before);
});

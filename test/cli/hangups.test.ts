/** SIGHUP before, during and after what it asks for. */
import { afterEach, expect, test } from "bun:test";
import { Hangups } from "../../src/cli/start/hangups.ts";

/** Reloads that end when they are told to. */
class Reloads {
  readonly #ends: (() => void)[] = [];
  readonly run = (): Promise<void> => new Promise((resolve) => this.#ends.push(resolve));

  get begun(): number {
    return this.#ends.length;
  }

  async end(): Promise<void> {
    this.#ends.at(-1)?.();
    await new Promise(setImmediate);
  }
}

const others = process.listeners("SIGHUP");

afterEach(() => {
  for (const listener of process.listeners("SIGHUP")) {
    if (!others.includes(listener)) process.off("SIGHUP", listener);
  }
});

test("one that comes before anything can reload is kept", () => {
  const hangups = new Hangups();
  process.emit("SIGHUP");
  const reloads = new Reloads();
  hangups.serve(reloads.run);
  expect(reloads.begun).toBe(1);
});

test("without one nothing is reloaded", () => {
  const reloads = new Reloads();
  new Hangups().serve(reloads.run);
  expect(reloads.begun).toBe(0);
});

test("those that come during a reload make one more after it", async () => {
  const hangups = new Hangups();
  const reloads = new Reloads();
  hangups.serve(reloads.run);
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  expect(reloads.begun).toBe(1);
  await reloads.end();
  expect(reloads.begun).toBe(2);
  await reloads.end();
  expect(reloads.begun).toBe(2);
  process.emit("SIGHUP");
  expect(reloads.begun).toBe(3);
});

test("on the way out they are ignored, also the one that waits", async () => {
  const hangups = new Hangups();
  const reloads = new Reloads();
  hangups.serve(reloads.run);
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  hangups.ignore();
  await reloads.end();
  process.emit("SIGHUP");
  expect(reloads.begun).toBe(1);
});

/** Tokens that several workers share: who knows what, and when a token may mean another conf. */
import { beforeEach, describe, expect, test } from "bun:test";
import { createLogger } from "../../src/log/logger.ts";
import { type Dropper, Registry } from "../../src/workers/registry.ts";

const HOUR = 3_600_000;

/** Two contents with the same xxHash32. */
const [A, B] = colliding();

class FakeWorker implements Dropper {
  readonly drops: { readonly number: number; readonly tokens: readonly number[] }[] = [];

  drop(number: number, tokens: readonly number[]): void {
    this.drops.push({ number, tokens });
  }
}

let one: FakeWorker;
let other: FakeWorker;
let registry: Registry;

beforeEach(() => {
  one = new FakeWorker();
  other = new FakeWorker();
  registry = make();
});

function make(limit = 100): Registry {
  return new Registry({
    expireTime: HOUR,
    limit,
    log: createLogger({ level: "error", format: "text" }),
    workers: () => [one, other],
  });
}

/** Lets confs expire, and the drops be told. */
async function expire(): Promise<void> {
  registry.confs.expire(Date.now() + 2 * HOUR);
  await Promise.resolve();
}

test("a content has one token, the hash of it", () => {
  expect(registry.register("a")).toBe(Bun.hash.xxHash32("a"));
  expect(registry.register("a")).toBe(Bun.hash.xxHash32("a"));
  expect(registry.find(Bun.hash.xxHash32("a"))?.content).toBe("a");
  expect(registry.find(1)).toBeUndefined();
});

describe("contents whose hashes collide", () => {
  test("have different tokens", () => {
    const tokens = [registry.register(A), registry.register(B), registry.register(A)];
    expect(tokens).toEqual([tokens[0]!, (tokens[0]! + 1) >>> 0, tokens[0]!]);
    expect(registry.find(tokens[1]!)?.content).toBe(B);
  });

  test("keep them apart until no worker can have the one that has expired", async () => {
    const token = registry.register(A);
    await expire();
    expect(one.drops).toEqual([{ number: 0, tokens: [token] }]);
    expect(other.drops).toEqual(one.drops);
    expect(registry.register(B)).toBe((token + 1) >>> 0);
    registry = make();
    registry.register(A);
    await expire();
    registry.dropped(0, one);
    // The other may still answer calls with it.
    expect(registry.register(B)).not.toBe(token);
  });

  test("may have the same one after the other, when all have dropped it", async () => {
    const token = registry.register(A);
    await expire();
    registry.dropped(0, one);
    registry.dropped(0, other);
    expect(registry.register(B)).toBe(token);
  });

  test("may so when a worker that has not said it is no more", async () => {
    const token = registry.register(A);
    await expire();
    registry.dropped(0, one);
    registry.forgetWorker(other);
    expect(registry.register(B)).toBe(token);
  });

  test("do not where it was given out again meanwhile, and dropped once more", async () => {
    const token = registry.register(A);
    await expire();
    expect(registry.register(A)).toBe(token);
    await expire();
    for (const worker of [one, other]) registry.dropped(0, worker);
    expect(registry.register(B)).not.toBe(token);
  });
});

test("one that was inherited is dropped by all, once a worker has asked for it", async () => {
  registry.confs.inherit(7, { content: "a", preparedAt: Date.now() });
  expect(registry.find(7)?.content).toBe("a");
  await expire();
  expect(one.drops).toEqual([{ number: 0, tokens: [7] }]);
});

test("one that was inherited and never asked for is forgotten in silence", async () => {
  registry.confs.inherit(7, { content: "a", preparedAt: Date.now() });
  await expire();
  expect(one.drops).toEqual([]);
  expect(registry.find(7)).toBeUndefined();
});

test("those that have no room are dropped together, the oldest first", async () => {
  registry = make(2);
  const tokens = ["a", "b", "c", "d"].map((content) => registry.register(content));
  await Promise.resolve();
  expect(one.drops).toEqual([{ number: 0, tokens: tokens.slice(0, 2) }]);
});

test("a successor is told of each as it is prepared", () => {
  const told: number[] = [];
  registry.confs.onPrepared = (token) => told.push(token);
  const token = registry.register("a");
  registry.register("a");
  expect(told).toEqual([token, token]);
  expect([...registry.confs.known()]).toMatchObject([{ token, content: "a" }]);
});

function colliding(): readonly [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const content = `content ${i}`;
    const hash = Bun.hash.xxHash32(content);
    const found = seen.get(hash);
    if (found !== undefined) return [found, content];
    seen.set(hash, content);
  }
}

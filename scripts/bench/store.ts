/**
 * `bun scripts/bench/store.ts`: operations a second of each engine of the store, one at a time and 32 at once, and what an entry
 * takes in memory. Redis is measured where there is a redis-server, over a Unix socket.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryEntries } from "../../src/store/engines/memory.ts";
import type { StoreUrl } from "../../src/config/store-url.ts";
import { engineSource } from "../../src/store/open-engine.ts";
import type { Store } from "../../src/store/store.ts";
import { Stores } from "../../src/store/stores.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";

const LIMITS = { timeout: 5_000, memory: 2 ** 30 };
const MEASURED_MS = 500;
const log = { warn: console.error, info: console.error };

const WORK: Readonly<Record<string, (store: Store, i: number) => Promise<unknown>>> = {
  get: (store, i) => store.get(`key-${i % 1000}`),
  set: (store, i) => store.set(`key-${i % 1000}`, { user: "jane", plan: i }, { ttl: 60_000 }),
  increment: (store, i) => store.increment(`counter-${i % 1000}`, 1, { ttl: 60_000 }),
  compareAndSet: (store, i) => store.compareAndSet(`once-${i}`, undefined, true, { ttl: 60_000 }),
  take: (store, i) => store.take(`window-${i % 1000}`, { limit: 1e9, window: 1000, sliding: true }),
};

const dir = mkdtempSync(join(tmpdir(), "store-bench-"));
try {
  await measure({ engine: "memory" });
  await measure({ engine: "sqlite", path: join(dir, "store.db") });
  if (hasRedis()) await measureRedis();
  entryBytes();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function measure(target: StoreUrl): Promise<void> {
  const stores = new Stores(engineSource(target, LIMITS, log));
  const store = stores.for("bench");
  for (const [name, work] of Object.entries(WORK)) {
    const [alone, many] = [await rate(store, work, 1), await rate(store, work, 32)];
    console.log(`${target.engine} ${name}: ${alone} a second one at a time, ${many} 32 at once`);
  }
  stores.close();
}

async function rate(
  store: Store,
  work: (store: Store, i: number) => Promise<unknown>,
  atOnce: number,
): Promise<string> {
  await work(store, 0);
  let count = 0;
  const began = performance.now();
  const until = began + MEASURED_MS;
  const loop = async (): Promise<void> => {
    while (performance.now() < until) await work(store, count++);
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return Math.round((count / (performance.now() - began)) * 1000).toLocaleString("en");
}

async function measureRedis(): Promise<void> {
  await using server = await RedisServer.start(dir);
  await measure({ engine: "redis", url: server.url, database: 0, address: server.socket });
}

/** What the limit of `memory` counts on for each entry beside its characters. */
function entryBytes(): void {
  const COUNT = 200_000;
  const entries = new MemoryEntries({ limit: () => Infinity });
  Bun.gc(true);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < COUNT; i++) {
    const key = `plugin:${String(i).padStart(12, "0")}`;
    entries.write(Buffer.from(key).toString(), { value: String(i), expiresAt: Date.now() + 1e6 });
  }
  Bun.gc(true);
  const bytes = (process.memoryUsage().heapUsed - before) / entries.size;
  console.log(`memory: ${bytes.toFixed(0)} bytes an entry, with 25 characters in key and value`);
}

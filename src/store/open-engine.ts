/** Finds the engine that the configuration names; each is loaded when it is opened. */
import type { StoreUrl } from "../config/store-url.ts";
import type { Engine } from "./engine.ts";
import type { EngineSource, StoreLimits } from "./stores.ts";

/** Where an engine tells what the operator should know. */
export interface StoreLog {
  warn(message: string): void;
  info(message: string): void;
}

export function engineSource(target: StoreUrl, limits: StoreLimits, log: StoreLog): EngineSource {
  const current = { ...limits };
  return {
    name: target.engine,
    configure: ({ timeout, memory }) => void Object.assign(current, { timeout, memory }),
    open: () => openEngine(target, current, log),
  };
}

async function openEngine(target: StoreUrl, limits: StoreLimits, log: StoreLog): Promise<Engine> {
  const timeout = (): number => limits.timeout;
  switch (target.engine) {
    case "memory": {
      const { LocalEngine } = await import("./engines/local.ts");
      const { MemoryEntries } = await import("./engines/memory.ts");
      const onEvicted = (message: string): void => log.warn(message);
      return new LocalEngine(
        "memory",
        new MemoryEntries({ limit: () => limits.memory, onEvicted }),
      );
    }
    case "sqlite": {
      const { LocalEngine } = await import("./engines/local.ts");
      const { SqliteEntries } = await import("./engines/sqlite.ts");
      return new LocalEngine("sqlite", await SqliteEntries.open({ path: target.path, timeout }));
    }
    case "redis": {
      const { RedisEngine } = await import("./engines/redis.ts");
      const report = (isUp: boolean, message: string): void =>
        isUp ? log.info(message) : log.warn(message);
      return new RedisEngine({ ...target, timeout, report });
    }
  }
}

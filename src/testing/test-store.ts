/** A store for tests, in memory. */
import type { Engine } from "../store/engine.ts";
import type { Store } from "../store/store.ts";
import { Stores } from "../store/stores.ts";
import { canonicalName } from "../plugin/exports.ts";

/** Bytes: more than a test puts there. */
const LIMIT = 64 * 2 ** 20;

/** What stands behind a test's store, for the kit's own use. */
export let storesOf: (store: TestStore) => Stores;

/**
 * Where plugins under test keep what they put into `store`: in memory, and by the time of `fakeTime()`. Each `testPlugin` has one of
 * its own; hand the same to several, and they share it, as the hosts of a gateway share a server.
 *
 * @example
 * ```ts
 * const store = new TestStore();
 * await store.of("quota").set("alice", 10);
 * const plugin = await testPlugin(quota, { name: "quota", store });
 * store.isDown = true;
 * expectAction(await plugin.request("/"), "error");
 * ```
 */
export class TestStore {
  /** While it is true, every operation rejects with StoreUnavailableError, those of the test included. */
  isDown = false;

  readonly #stores = new Stores({
    name: "memory",
    configure: () => {},
    open: () => openEngine(() => this.isDown),
  });

  static {
    storesOf = (store) => store.#stores;
  }

  /** What a plugin of this name has as its `store`: to fill it, and to look into it. */
  of(plugin: string): Store {
    return this.#stores.for(canonicalName(plugin));
  }
}

async function openEngine(isDown: () => boolean): Promise<Engine> {
  const { LocalEngine } = await import("../store/engines/local.ts");
  const { MemoryEntries } = await import("../store/engines/memory.ts");
  const entries = new MemoryEntries({ limit: () => LIMIT });
  const work = <T>(step: () => T): T => {
    if (isDown()) throw new Error("the test says that it is down");
    return step();
  };
  return new LocalEngine("memory", {
    atomically: work,
    reading: work,
    read: (key, now) => entries.read(key, now),
    write: (key, entry) => entries.write(key, entry),
    remove: (key) => entries.remove(key),
    close: () => entries.close(),
  });
}

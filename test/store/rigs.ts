/** A store of each engine, for tests that hold for all of them. */
import { storeUrl } from "../../src/config/store-url.ts";
import { Refused } from "../../src/config/parse.ts";
import { engineSource } from "../../src/store/open-engine.ts";
import { Stores } from "../../src/store/stores.ts";
import { fakeTime } from "../../src/testing/fake-time.ts";
import { TempDir } from "../support/temp-dir.ts";
import { NO_REDIS, RedisServer } from "./redis-server.ts";

export interface Rig extends AsyncDisposable {
  readonly stores: Stores;
  /** What `store.url` is in another process that shares it; undefined: none can. */
  readonly url: string | undefined;
  /** ms that a test can wait for, and that are not over between two of its steps. */
  readonly short: number;
  /** Takes over the clock, where it can be; `pass` then resolves when that much time has gone by. */
  clock(): Disposable & { pass(ms: number): Promise<void> };
}

export interface Engine {
  readonly name: string;
  /** Why its tests are skipped. */
  readonly skip?: string | undefined;
  open(): Promise<Rig>;
}

/** More than any test needs: none is about it unless it says so. */
const LIMITS = { timeout: 5_000, memory: 64 * 2 ** 20 };

export function openStores(url: string, limits = LIMITS, messages: string[] = []): Stores {
  const target = storeUrl.parse(url, { base: "/" });
  if (target instanceof Refused) throw new Error(`${url} is refused: ${target.reason}`);
  const log = {
    warn: (message: string) => void messages.push(`warn ${message}`),
    info: (message: string) => void messages.push(`info ${message}`),
  };
  return new Stores(engineSource(target, limits, log));
}

export const engines: readonly Engine[] = [
  {
    name: "memory",
    async open() {
      const stores = openStores("memory");
      return {
        stores,
        url: undefined,
        short: 1000,
        clock: ownClock,
        [Symbol.asyncDispose]: async () => stores.close(),
      };
    },
  },
  {
    name: "sqlite",
    async open() {
      const dir = new TempDir();
      const url = `sqlite:${dir.file("store.db")}`;
      const stores = openStores(url);
      return {
        stores,
        url,
        short: 1000,
        clock: ownClock,
        async [Symbol.asyncDispose]() {
          stores.close();
          dir[Symbol.dispose]();
        },
      };
    },
  },
  {
    name: "redis",
    skip: NO_REDIS,
    async open() {
      const server = await RedisServer.start();
      const url = `redis+unix://${server.socket}`;
      const stores = openStores(url);
      return {
        stores,
        url,
        short: 400,
        clock: realClock,
        async [Symbol.asyncDispose]() {
          stores.close();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  },
];

function ownClock(): ReturnType<Rig["clock"]> {
  const time = fakeTime();
  return { pass: (ms) => time.advance(ms), [Symbol.dispose]: () => time[Symbol.dispose]() };
}

/** Redis has a clock of its own, which nobody moves on: what passes is time. */
function realClock(): ReturnType<Rig["clock"]> {
  return { pass: (ms) => Bun.sleep(ms + 5), [Symbol.dispose]: () => {} };
}

/** What the engine `redis` alone does: a server that is away, deaf, restarted, or that refuses. */
import { describe, expect, test } from "bun:test";
import { StoreUnavailableError } from "../../src/store/errors.ts";
import type { Store } from "../../src/store/store.ts";
import { TempDir } from "../support/temp-dir.ts";
import { NO_REDIS, RedisServer } from "./redis-server.ts";
import { openStores } from "./rigs.ts";

const it = test.skipIf(NO_REDIS !== undefined);
const why = NO_REDIS === undefined ? "" : ` (skipped: ${NO_REDIS})`;

const LIMITS = { timeout: 2_000, memory: 1 };

function failureOf(operation: Promise<unknown>): Promise<unknown> {
  return operation.then(
    (value) => value,
    (error: unknown) => error,
  );
}

/** Asks until it is answered: nobody says when a lost connection is there again. */
async function answered(store: Store): Promise<void> {
  while ((await failureOf(store.set("probe", 1))) instanceof Error) await Bun.sleep(10);
}

describe(`redis${why}`, () => {
  it("commands of one tick travel together, and scripts are sent once", async () => {
    await using server = await RedisServer.start();
    const stores = openStores(`redis+unix://${server.socket}`);
    const store = stores.for("plugin");
    await store.increment("counter");
    using client = disposable(server.client());
    const before = await reads(client);
    await Promise.all([
      store.increment("counter"),
      store.increment("counter"),
      store.get("counter"),
      store.get("other"),
    ]);
    // The one that asks how many there were is one itself.
    expect((await reads(client)) - before).toBe(2);
    stores.close();
  });

  it("a server that forgot its scripts is sent them again", async () => {
    await using server = await RedisServer.start();
    const stores = openStores(`redis+unix://${server.socket}`);
    const store = stores.for("plugin");
    await store.increment("counter");
    using client = disposable(server.client());
    await client.send("SCRIPT", ["FLUSH"]);
    expect((await store.increment("counter")).value).toBe(2);
    stores.close();
  });

  it("keys have a prefix, and the database is the one that is asked for", async () => {
    await using server = await RedisServer.start({ password: "s3cret" });
    const stores = openStores(`redis+unix://:s3cret@localhost${server.socket}?db=3`);
    await stores.for("my-plugin").scope("route#1").set("a:b", "x");
    using client = disposable(server.client());
    expect(await client.send("KEYS", ["*"])).toEqual([]);
    await client.send("SELECT", ["3"]);
    expect(await client.send("KEYS", ["*"])).toEqual(["apisix-bun-runner:my-plugin/route%231:a:b"]);
    stores.close();
  });

  it("a wrong password is told, and not shown", async () => {
    await using server = await RedisServer.start({ password: "s3cret" });
    const messages: string[] = [];
    const url = `redis+unix://:hunter2@localhost${server.socket}`;
    const stores = openStores(url, LIMITS, messages);
    const error = await failureOf(stores.for("plugin").get("key"));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toContain(`no connection to ${server.socket}: WRONGPASS`);
    const all = [Bun.inspect(error, { depth: 10 }), ...messages].join("\n");
    expect(all).not.toContain("hunter2");
    expect(messages).toHaveLength(1);
    stores.close();
  });

  it("a database that is not there", async () => {
    await using server = await RedisServer.start();
    const stores = openStores(`redis+unix://${server.socket}?db=99`, LIMITS);
    const error = await failureOf(stores.for("plugin").get("key"));
    expect(String(error)).toContain("DB index is out of range");
    stores.close();
  });

  it("a server that is not there yet, goes, and comes back", async () => {
    await using server = await RedisServer.start();
    await server.stop();
    const messages: string[] = [];
    const stores = openStores(`redis+unix://${server.socket}`, LIMITS, messages);
    const store = stores.for("plugin");
    const error = await failureOf(store.get("key"));
    expect(error).toMatchObject({
      name: "StoreUnavailableError",
      engine: "redis",
      operation: "get",
      message: `the store (redis) did not carry out get: no connection to ${server.socket}: it cannot be reached`,
    });
    await server.start();
    await answered(store);
    await server.stop();
    expect(await failureOf(store.increment("key"))).toBeInstanceOf(StoreUnavailableError);
    await server.start();
    await answered(store);
    expect((await store.increment("key")).value).toBe(1);
    expect(messages.map((message) => message.split(" ")[0])).toEqual([
      "warn",
      "info",
      "warn",
      "info",
    ]);
    stores.close();
  });

  it("a server that does not answer, while it does not", async () => {
    await using server = await RedisServer.start();
    const stores = openStores(`redis+unix://${server.socket}`, { timeout: 100, memory: 1 });
    const store = stores.for("plugin");
    await answered(store);
    server.signal("SIGSTOP");
    const error = await failureOf(store.increment("key"));
    expect(error).toMatchObject({
      name: "StoreUnavailableError",
      message: "the store (redis) did not carry out increment: no answer within 100 ms",
    });
    // From here on nobody waits: it is tried in the background.
    const next = await Promise.all([failureOf(store.get("a")), failureOf(store.get("b"))]);
    for (const each of next) {
      expect(String(each)).toContain(`${server.socket} had not answered for 100 ms`);
    }
    server.signal("SIGCONT");
    await answered(store);
    stores.close();
  });

  it("a server that never answers a new connection", async () => {
    await using server = await RedisServer.start();
    server.signal("SIGSTOP");
    const stores = openStores(`redis+unix://${server.socket}`, { timeout: 100, memory: 1 });
    const store = stores.for("plugin");
    expect(await failureOf(store.get("key"))).toBeInstanceOf(StoreUnavailableError);
    server.signal("SIGCONT");
    await answered(store);
    stores.close();
  });

  it("connections that the server closes are made again, before anybody asks", async () => {
    await using server = await RedisServer.start();
    const stores = openStores(`redis+unix://${server.socket}`, LIMITS);
    const store = stores.for("plugin");
    await store.set("key", 1);
    using client = disposable(server.client());
    await client.send("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]);
    const others = async (): Promise<number> =>
      String(await client.send("CLIENT", ["LIST"]))
        .trim()
        .split("\n").length - 1;
    while ((await others()) === 0) await Bun.sleep(5);
    expect(await store.get<number>("key")).toBe(1);
    stores.close();
  });

  test("a server that greets and then says nothing is given up, and tried again", async () => {
    using dir = new TempDir();
    let connections = 0;
    const again = Promise.withResolvers<void>();
    using _server = Bun.listen({
      unix: dir.file("mute.sock"),
      socket: {
        open() {
          if (++connections === 2) again.resolve();
        },
        data(socket, bytes) {
          const text = bytes.toString();
          if (text.includes("HELLO")) socket.write("%1\r\n+server\r\n+redis\r\n");
          if (text.includes("PING")) socket.write("+PONG\r\n");
        },
      },
    });
    const url = `redis+unix://${dir.file("mute.sock")}?db=1`;
    const stores = openStores(url, { timeout: 100, memory: 1 });
    const store = stores.for("plugin");
    expect(await failureOf(store.get("key"))).toBeInstanceOf(StoreUnavailableError);
    await again.promise;
    stores.close();
  });

  it("what others keep under a key is not the plugin's fault to explain", async () => {
    await using server = await RedisServer.start();
    const stores = openStores(`redis+unix://${server.socket}`, LIMITS);
    using client = disposable(server.client());
    await client.send("SET", ["apisix-bun-runner:plugin:text", "{no json"]);
    await client.send("RPUSH", ["apisix-bun-runner:plugin:list", "x"]);
    const store = stores.for("plugin");
    expect(await failureOf(store.get("text"))).toMatchObject({ name: "StoreValueError" });
    expect(await failureOf(store.get("list"))).toMatchObject({
      name: "StoreUnavailableError",
      message: expect.stringContaining("WRONGTYPE"),
    });
    stores.close();
  });

  it("after the end nothing is begun", async () => {
    await using server = await RedisServer.start();
    const stores = openStores(`redis+unix://${server.socket}`, LIMITS);
    const store = stores.for("plugin");
    await store.set("key", 1);
    stores.close();
    expect(String(await failureOf(store.get("key")))).toContain("the runner is stopping");
  });
});

async function reads(client: Bun.RedisClient): Promise<number> {
  const stats = String(await client.send("INFO", ["stats"]));
  return Number(/total_reads_processed:(\d+)/.exec(stats)?.[1]);
}

function disposable(client: Bun.RedisClient): Bun.RedisClient & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

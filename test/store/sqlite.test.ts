/** What the engine `sqlite` alone does: a file, and others who hold it. */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { StoreUnavailableError } from "../../src/store/errors.ts";
import { TempDir } from "../support/temp-dir.ts";
import { openStores } from "./rigs.ts";

const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());
const QUICK = { timeout: 50, memory: 1 };

test("survives the process, and is the owner's alone", async () => {
  const file = dir.file("kept.db");
  const first = openStores(`sqlite:${file}`);
  await first.for("plugin").set("key", "kept");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
  first.close();
  const second = openStores(`sqlite:${file}`);
  expect(await second.for("plugin").get<string>("key")).toBe("kept");
  second.close();
});

test("a file that another process holds", async () => {
  const file = dir.file("held.db");
  const stores = openStores(`sqlite:${file}`, QUICK);
  const store = stores.for("plugin");
  await store.set("key", 1);
  using other = new Database(file);
  other.run("BEGIN IMMEDIATE");
  const failed = await store.set("key", 2).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StoreUnavailableError);
  expect(failed).toMatchObject({
    engine: "sqlite",
    operation: "set",
    message:
      "the store (sqlite) did not carry out set: the file was locked by another process for 50 ms",
  });
  expect(await store.get<number>("key")).toBe(1);
  other.run("COMMIT");
  await store.set("key", 3);
  expect(await store.get<number>("key")).toBe(3);
  stores.close();
});

test("waits for another process without holding up its own", async () => {
  const file = dir.file("waited.db");
  const stores = openStores(`sqlite:${file}`);
  const store = stores.for("plugin");
  await store.set("key", 1);
  using other = new Database(file);
  other.run("BEGIN IMMEDIATE");
  const set = store.set("key", 2);
  // Were it to block the process, this timer would never come, and nobody would end the transaction.
  await new Promise((resolve) => setTimeout(resolve, 5));
  other.run("COMMIT");
  await set;
  expect(await store.get<number>("key")).toBe(2);
  stores.close();
});

test("a file that cannot be opened, until it can", async () => {
  const file = dir.file("later/store.db");
  const stores = openStores(`sqlite:${file}`, QUICK);
  const store = stores.for("plugin");
  const failed = await store.get("key").catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StoreUnavailableError);
  expect(String(failed)).toContain("ENOENT: no such file or directory");
  dir.write("later/other", "");
  expect(await store.get("key")).toBeUndefined();
  stores.close();
});

test("a file that is no database", async () => {
  const file = dir.file("text");
  writeFileSync(file, "x".repeat(10_000));
  const failed = await openStores(`sqlite:${file}`, QUICK).for("plugin").get("key").catch(String);
  expect(failed).toContain("file is not a database");
});

test("entries whose time is up go, though nobody asks for them", async () => {
  const file = dir.file("cleaned.db");
  const stores = openStores(`sqlite:${file}`);
  const store = stores.for("plugin");
  for (let i = 0; i < 400; i++) await store.set(`old-${i}`, 1, { ttl: 1 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < 200; i++) await store.set(`new-${i}`, 1);
  using other = new Database(file, { readonly: true });
  const { count } = other.query("SELECT count(*) AS count FROM apisix_bun_runner_store").get() as {
    count: number;
  };
  expect(count).toBe(200);
  stores.close();
});

/** `sql-lookup` on a real Postgres, and in the executable over HTTP. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectAction, testPlugin } from "../../src/testing.ts";
import sqlLookup from "../../plugins/sql-lookup/index.ts";
import { TempDir } from "../support/temp-dir.ts";
import { PluginGateway } from "./plugin-gateway.ts";
import { NO_POSTGRES, PostgresServer } from "./postgres-server.ts";
import { listedSchemaOf, readmeOf } from "./readme.ts";
import { Relay } from "./relay.ts";

const TENANTS = `
  create table tenants (id text primary key, number int unique, plan text, settings jsonb, made timestamptz);
  insert into tenants values ('acme', 7, 'gold', '{"a":[1,2]}', '2026-01-02T03:04:05Z');`;

const base = {
  query: "select plan from tenants where id = $1",
  params: ["header:x-tenant"],
  headers: { "x-plan": "plan" },
};

const skipped = NO_POSTGRES === undefined ? "" : ` (skipped: ${NO_POSTGRES})`;

describe.skipIf(NO_POSTGRES !== undefined)(`Postgres${skipped}`, () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start(TENANTS);
  });

  afterAll(() => server[Symbol.asyncDispose]());

  const looking = (config: object = {}) =>
    testPlugin(sqlLookup, {
      env: { DB_PASSWORD: server.password },
      config: { ...base, url: server.url, password: "$env://DB_PASSWORD", ...config },
    });

  const acme = { headers: { "x-tenant": "acme" } };

  test("every kind of column", async () => {
    await using plugin = await looking({
      query: `select plan, number, number * 10000000000 as big, 1.50::numeric as exact, true as flag, settings, made,
        array[1,2] as list, null as nothing, 'größer' as text from tenants where id = $1`,
      headers: Object.fromEntries(
        ["plan", "number", "big", "exact", "flag", "settings", "made", "list", "nothing"].map(
          (column) => [`x-${column}`, column],
        ),
      ),
    });
    const result = await plugin.request(acme);
    expectAction(result, "rewrite");
    const shown = [...result.request.headers].filter(
      ([name]) => /^x-/.test(name) && !/^x-(forwarded|tenant)/.test(name),
    );
    expect(Object.fromEntries(shown)).toEqual({
      "x-plan": "gold",
      "x-number": "7",
      "x-big": "70000000000",
      "x-exact": "1.50",
      "x-flag": "true",
      "x-settings": '{"a":[1,2]}',
      "x-made": "2026-01-02T03:04:05.000Z",
      "x-list": "[1,2]",
    });
  });

  test.each(["abc", "99999999999999999999", "7; drop table tenants", ""])(
    "a text that cannot be in the column (%j) is not found, and no error",
    async (number) => {
      await using plugin = await looking({
        query: "select plan from tenants where number = $1",
        params: ["arg:n"],
        notFound: "refuse",
        notFoundStatus: 404,
      });
      const result = await plugin.request(`/?n=${encodeURIComponent(number)}`);
      expectAction(result, "stop");
      expect(result.response.status).toBe(404);
      expect(result.log).toEqual([]);
      const known = await plugin.request("/?n=7");
      expectAction(known, "rewrite");
      expect(known.request.headers.get("x-plan")).toBe("gold");
    },
  );

  test("a NUL in a parameter is not found", async () => {
    await using plugin = await looking({ params: ["arg:a"] });
    expectAction(await plugin.request("/?a=acme%00"), "continue");
  });

  test("equal lookups at once are one query, others share the pool", async () => {
    await using plugin = await looking({
      query:
        "select plan, pg_backend_pid() as pid, nextval('calls') as call from tenants where id <> $1",
      headers: { "x-plan": "plan", "x-pid": "pid", "x-call": "call" },
      pool: 3,
    });
    await using client = server.client();
    await client.unsafe("create sequence calls");
    const seen = async (tenant: string) => {
      const result = await plugin.request({ headers: { "x-tenant": tenant } });
      expectAction(result, "rewrite");
      return [result.request.headers.get("x-call"), result.request.headers.get("x-pid")] as const;
    };
    const same = await Promise.all(Array.from({ length: 50 }, () => seen("a")));
    expect(new Set(same.map(([call]) => call)).size).toBe(1);
    const others = await Promise.all(Array.from({ length: 50 }, (_, i) => seen(`b${i}`)));
    expect(new Set(others.map(([call]) => call)).size).toBe(50);
    expect(new Set(others.map(([, pid]) => pid)).size).toBeWithin(1, 4);
  });

  test("a wrong password is told, without it", async () => {
    await using plugin = await looking({ password: "opensesame" });
    const result = await plugin.request(acme);
    expectAction(result, "stop");
    expect(result.response.status).toBe(503);
    expect(result.log[0]?.text).toContain("password authentication failed");
    expect(result.log[0]?.text).not.toContain("opensesame");
  });

  test("what Postgres says of a value stays out of the log", async () => {
    await using plugin = await looking({
      query: "select plan from tenants where id = $1 || (1 / (length($1) - 4))::text",
    });
    const result = await plugin.request(acme);
    expectAction(result, "stop");
    expect(result.log[0]?.text).toContain("SQLSTATE 22012");
  });

  test("a query that takes too long is ended, and the pool goes on", async () => {
    await using plugin = await looking({
      query: "select plan, case when $1 = 'slow' then pg_sleep(60) end from tenants",
      pool: 1,
    });
    const slow = await plugin.request({ headers: { "x-tenant": "slow" } });
    expectAction(slow, "stop");
    expect(slow.log[0]?.text).toContain("gave no answer within 1000 ms");
    await using client = server.client();
    const sleeping = async () =>
      (
        await client.unsafe(
          "select 1 from pg_stat_activity where state = 'active' and query like '%pg_sleep(60) end%' and pid <> pg_backend_pid()",
        )
      ).length;
    while ((await sleeping()) > 0);
    expectAction(await plugin.request(acme), "rewrite");
  });

  test("a restart of Postgres is got over", async () => {
    await using plugin = await looking({ ttl: 0 });
    expectAction(await plugin.request(acme), "rewrite");
    await server.stop();
    const away = await plugin.request(acme);
    expectAction(away, "stop");
    expect(away.response.status).toBe(503);
    await server.start();
    expectAction(await plugin.request(acme), "rewrite");
  });

  test("connections that the server ends are got over without a failed call", async () => {
    await using plugin = await looking({ ttl: 0, pool: 4 });
    await using client = server.client();
    for (let round = 0; round < 5; round++) {
      const several = Array.from({ length: 8 }, (_, i) =>
        plugin.request({ headers: { "x-tenant": `${round}-${i}` } }),
      );
      for (const result of await Promise.all(several)) expectAction(result, "continue");
      await client.unsafe(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app' and pid <> pg_backend_pid()",
      );
    }
    expectAction(await plugin.request(acme), "rewrite");
  });

  test("a server that says nothing fails its calls in time", async () => {
    await using plugin = await looking({ ttl: 0 });
    expectAction(await plugin.request(acme), "rewrite");
    server.signal("SIGSTOP");
    const deaf = await Promise.all([plugin.request(acme), plugin.request(acme)]);
    for (const result of deaf) {
      expectAction(result, "stop");
      expect(result.log[0]?.text).toContain("gave no answer within 1000 ms");
    }
    server.signal("SIGCONT");
    expectAction(await plugin.request(acme), "rewrite");
  });

  test("connections that fall silent are given up, and new ones made", async () => {
    using relay = new Relay(server.port);
    const url = server.url.replace(String(server.port), String(relay.port));
    await using plugin = await looking({ ttl: 0, url, pool: 1 });
    expectAction(await plugin.request(acme), "rewrite");
    relay.silence();
    expectAction(await plugin.request(acme), "stop");
    expectAction(await plugin.request(acme), "rewrite");
  });

  test("over HTTP, its password from the environment and in no line", async () => {
    const config = { ...base, url: server.url, password: "$env://DB_PASSWORD", ttl: 0 };
    await using gateway = await PluginGateway.start([["sql-lookup", config]], {
      allowDegradation: true,
      env: {
        APISIX_BUN_RUNNER_SECRETS_ENV: "DB_PASSWORD",
        APISIX_BUN_RUNNER_LOGGING_LEVEL: "debug",
        DB_PASSWORD: server.password,
      },
    });
    const found = await gateway.echo("/", { "x-tenant": "acme", "x-plan": "forged" });
    expect(found.header("x-plan")).toBe("gold");
    const unknown = await gateway.echo("/", { "x-tenant": "nobody", "x-plan": "forged" });
    expect(unknown.header("x-plan")).toBeUndefined();
    await server.stop();
    const headers = { "x-tenant": "acme", "x-plan": "forged" };
    expect((await gateway.fetch("/", { headers })).status).toBe(503);
    await server.start();
    expect((await gateway.echo("/", headers)).header("x-plan")).toBe("gold");
    const log = await gateway.log();
    expect(log).toContain("the lookup failed");
    expect(log).not.toContain(server.password);
  });
});

test("over HTTP, from a SQLite file", async () => {
  using dir = new TempDir();
  using database = new Database(dir.file("tenants.db"));
  database.run("create table tenants (id text primary key, plan text)");
  database.run(
    "insert into tenants values ('acme', 'gold'), ('evil', 'a' || char(13, 10) || 'x-admin: 1')",
  );
  const config = { ...base, url: `sqlite:${dir.file("tenants.db")}`, notFound: "refuse" };
  await using gateway = await PluginGateway.start([["sql-lookup", config]]);
  const acme = await gateway.echo("/", { "x-tenant": "acme", "x-plan": "forged" });
  expect(acme.header("x-plan")).toBe("gold");
  expect((await gateway.fetch("/", { headers: { "x-tenant": "evil" } })).status).toBe(503);
  expect((await gateway.fetch("/", { headers: { "x-tenant": "nobody" } })).status).toBe(403);
  expect((await gateway.fetch("/")).status).toBe(403);
});

test("a conf that is refused shows no URL in the log", async () => {
  const config = { ...base, url: "mysql://app:hunter2@db/x", password: 5 };
  await using gateway = await PluginGateway.start([["sql-lookup", config]]);
  expect((await gateway.fetch("/")).status).toBe(503);
  const log = await gateway.log();
  expect(log).toContain("url: is no URL of a database");
  expect(log).not.toContain("hunter2");
});

test("the page: its routes are valid, and its JSON Schema is the plugin's", async () => {
  const { confs, schema } = await readmeOf("sql-lookup");
  expect(confs.length).toBeGreaterThan(0);
  const env = { DB_PASSWORD: "x", DATABASE_URL: "postgres://a@b/c" };
  for (const config of confs) await testPlugin(sqlLookup, { config, env });
  expect(schema).toEqual(await listedSchemaOf("sql-lookup"));
});

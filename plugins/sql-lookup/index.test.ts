import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  expectAction,
  fakeTime,
  type PluginTestOptions,
  type RequestInput,
  testPlugin,
  testSamples,
} from "apisix-bun-runner/testing";
import sqlLookup from "./index.ts";

await testSamples(sqlLookup);

const folder = mkdtempSync(join(tmpdir(), "sql-lookup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let file = "";
let database: Database;
let files = 0;

beforeEach(() => {
  file = join(folder, `${++files}.db`);
  database = fill(file);
});

function fill(path: string, plan = "gold"): Database {
  const made = new Database(path);
  made.run("create table tenants (id text primary key, plan text, quota integer, note any)");
  made.run("insert into tenants values ('acme', ?, 9007199254740993, null)", [plan]);
  return made;
}

const QUERY = "select * from tenants where id = $1";
const HEADERS = { "X-Plan": "plan", "X-Quota": "quota" };

function looking(config: object = {}, options?: PluginTestOptions) {
  const base = { url: `sqlite:${file}`, query: QUERY, params: ["header:x-tenant"] };
  return testPlugin(sqlLookup, { ...options, config: { ...base, headers: HEADERS, ...config } });
}

const of = (tenant: string, headers = {}) => ({
  headers: { "x-tenant": tenant, ...headers },
});

type Plugin = Awaited<ReturnType<typeof looking>>;

/** What the upstream is told of the plan; "stop 403" where it is told nothing. */
async function planOf(plugin: Plugin, request: RequestInput): Promise<string | null> {
  const result = await plugin.request(request);
  if (result.action === "stop") return `stop ${result.response.status}`;
  if (result.action === "error") return result.message;
  return result.request.headers.get("x-plan");
}

test("columns become headers", async () => {
  const plugin = await looking();
  const result = await plugin.request(of("acme"));
  expectAction(result, "rewrite");
  expect(result.changes).toEqual([
    'header x-plan: none → "gold"',
    'header x-quota: none → "9007199254740993"',
  ]);
  expect(result.asked).toEqual([]);
});

test("what clients send under their names is taken away, whatever comes of the lookup", async () => {
  const forged = { "X-PLAN": "forged", "x-quota": "9" };
  for (const [config, tenant, plan] of [
    [{}, "acme", "gold"],
    [{}, "nobody", null],
    [{ query: "select * from nowhere where id = $1", onError: "continue" }, "acme", null],
    [{ headers: { "x-plan": "note" } }, "acme", null],
  ] as const) {
    expect(await planOf(await looking(config), of(tenant, forged))).toBe(plan);
  }
});

test.each<[source: string, request: RequestInput]>([
  ["header:X-Tenant", of("acme")],
  ["arg:tenant", "/?tenant=acme"],
  ["cookie:tenant", { headers: { cookie: "tenant=acme" } }],
  ["path:2", "/v1/acme/orders"],
  ["var:server_name", { vars: { server_name: "acme" } }],
  ["consumer", { vars: { consumer_name: "acme" } }],
])("a parameter from %s", async (source, request) => {
  expect(await planOf(await looking({ params: [source] }), request)).toBe("gold");
});

test("several parameters, in whatever order the query names them", async () => {
  const plugin = await looking({
    query: "select $2 || '-' || $1 || '-' || $2 as plan",
    params: ["header:x-tenant", "arg:b"],
    headers: { "x-plan": "plan" },
  });
  expect(await planOf(plugin, { path: "/?b=2", ...of("1") })).toBe("2-1-2");
});

test("a parameter is a value, never a piece of SQL", async () => {
  const plugin = await looking();
  const evil = "x'; drop table tenants; --";
  expect(await planOf(plugin, of(evil))).toBe(null);
  expect(await planOf(plugin, of("' or '1'='1"))).toBe(null);
  expect(await planOf(plugin, of("acme"))).toBe("gold");
});

test("the file is open for reading alone", async () => {
  const plugin = await looking({
    query: "update tenants set plan = 'x' where id = $1 returning *",
  });
  expect(await planOf(plugin, of("acme"))).toBe("stop 503");
  expect(database.query("select plan from tenants").get()).toEqual({ plan: "gold" });
});

describe("no row", () => {
  test.each<[config: object, expected: string | null]>([
    [{}, null],
    [{ notFound: "refuse" }, "stop 403"],
    [{ notFound: "refuse", notFoundStatus: 404 }, "stop 404"],
  ])("%j", async (config, expected) => {
    const plugin = await looking(config);
    expect(await planOf(plugin, of("nobody"))).toBe(expected);
    // The same without a parameter.
    expect(await planOf(plugin, "/")).toBe(expected);
    expect(await planOf(plugin, of("acme"))).toBe("gold");
  });
});

describe("the database fails", () => {
  const wrong: [what: string, config: object, reason: RegExp][] = [
    ["is not there", { url: "sqlite:/nowhere/x.db" }, /unable to open/],
    ["has no such table", { query: "select * from nowhere where id = $1" }, /no such table/],
    [
      "gives no such column",
      { headers: { "x-plan": "plam" } },
      /no column plam; it gives id, plan/,
    ],
  ];

  test.each(wrong)("it %s: 503", async (_what, config, reason) => {
    const plugin = await looking(config);
    const result = await plugin.request(of("acme"));
    expectAction(result, "stop");
    expect(result.response.status).toBe(503);
    expect(result.log).toMatchObject([{ level: "error", message: "the lookup failed" }]);
    expect(result.log[0]?.text).toMatch(reason);
  });

  test.each(wrong)("it %s, onError continue: no headers", async (_what, config) => {
    const plugin = await looking({ ...config, onError: "continue" });
    const result = await plugin.request(of("acme"));
    expectAction(result, "continue");
    expect(result.log).toMatchObject([{ level: "error", message: "the lookup failed" }]);
  });

  test("it is tried again with the next request", async () => {
    const plugin = await looking({
      query: "select plan from later where id = $1",
      headers: { "x-plan": "plan" },
    });
    expect(await planOf(plugin, of("acme"))).toBe("stop 503");
    database.run("create table later as select * from tenants");
    expect(await planOf(plugin, of("acme"))).toBe("gold");
  });

  test("another process has it locked: waits, without holding up the process", async () => {
    const plugin = await looking({ timeout: 30 });
    database.run("begin exclusive");
    const waiting = planOf(plugin, of("acme"));
    await new Promise((resolve) => setTimeout(resolve));
    database.run("commit");
    expect(await waiting).toBe("gold");
  });

  test("it stays locked: fails when the time is up", async () => {
    using time = fakeTime();
    const plugin = await looking({ timeout: 0.5 });
    database.run("begin exclusive");
    const waiting = plugin.request(of("acme"));
    await time.advance(600);
    const result = await waiting;
    database.run("commit");
    expectAction(result, "stop");
    expect(result.log[0]?.text).toContain("was locked for 500 ms");
  });
});

describe("values", () => {
  const shown: [sql: string, expected: string | null][] = [
    ["1.5", "1.5"],
    ["9223372036854775807", "9223372036854775807"],
    ["'größer 你好'", "größer 你好"],
    ["null", null],
    // APISIX leaves out a header whose value is empty.
    ["''", null],
    ["'a' || char(13,10) || 'x-admin: 1'", "stop 503"],
    ["'a' || char(10) || 'b'", "stop 503"],
    ["'a' || char(0) || 'b'", "stop 503"],
    ["x'0102'", "stop 503"],
    ["printf('%9000d', 1)", "stop 503"],
  ];

  test.each(shown)("%s becomes %j", async (sql, expected) => {
    const plugin = await looking({
      query: `select ${sql} as plan, $1 as id`,
      headers: { "x-id": "id", "x-plan": "plan" },
    });
    const result = await plugin.request(of("acme", { "x-id": "forged" }));
    if (expected === "stop 503") {
      expectAction(result, "stop");
      expect(result.response.status).toBe(503);
      expect(result.log[0]?.text).toContain("column plan holds what no header can");
      expect(result.log[0]?.text).not.toContain("admin");
    } else {
      expectAction(result, "rewrite");
      const value = result.request.headers.get("x-plan");
      expect(value && Buffer.from(value, "latin1").toString()).toBe(expected);
    }
  });

  test("all headers or none", async () => {
    const plugin = await looking({
      query: "select $1 as id, char(10) as plan",
      headers: { "x-id": "id", "x-plan": "plan" },
      onError: "continue",
    });
    const result = await plugin.request(of("acme"));
    expectAction(result, "continue");
    expect(result.request.headers.has("x-id")).toBe(false);
  });
});

describe("the cache", () => {
  const change = (plan: string) => void database.run("update tenants set plan = ?", [plan]);
  const add = (id: string) =>
    void database.run("insert into tenants values (?, 'new', 1, null)", [id]);

  test("keeps a row for ttl, and for negativeTtl that there is none", async () => {
    using time = fakeTime();
    const plugin = await looking({ ttl: 60, negativeTtl: 5 });
    expect(await planOf(plugin, of("acme"))).toBe("gold");
    expect(await planOf(plugin, of("b"))).toBe(null);
    change("silver");
    add("b");
    await time.advance(4999);
    expect(await planOf(plugin, of("b"))).toBe(null);
    await time.advance(1);
    expect(await planOf(plugin, of("b"))).toBe("new");
    await time.advance(54_999);
    expect(await planOf(plugin, of("acme"))).toBe("gold");
    await time.advance(1);
    expect(await planOf(plugin, of("acme"))).toBe("silver");
  });

  test("0 keeps nothing", async () => {
    const plugin = await looking({ ttl: 0, negativeTtl: 0 });
    expect(await planOf(plugin, of("b"))).toBe(null);
    add("b");
    expect(await planOf(plugin, of("b"))).toBe("new");
    change("silver");
    expect(await planOf(plugin, of("b"))).toBe("silver");
  });

  test("the ones that were not used for longest go", async () => {
    const plugin = await looking({ cacheSize: 2 });
    add("b");
    add("c");
    for (const id of ["acme", "b", "acme", "c"]) await planOf(plugin, of(id));
    change("changed");
    expect(await planOf(plugin, of("acme"))).toBe("gold");
    expect(await planOf(plugin, of("c"))).toBe("new");
    expect(await planOf(plugin, of("b"))).toBe("changed");
  });

  test("an error is not kept", async () => {
    const plugin = await looking({ onError: "continue" });
    database.run("alter table tenants rename to away");
    expect(await planOf(plugin, of("acme"))).toBe(null);
    database.run("alter table away rename to tenants");
    expect(await planOf(plugin, of("acme"))).toBe("gold");
  });

  test("parameters that read the same in one line are apart", async () => {
    const plugin = await looking({
      query: "select $1 || ':' || $2 as plan",
      params: ["arg:a", "arg:b"],
      headers: { "x-plan": "plan" },
    });
    const long = "x".repeat(200);
    expect(await planOf(plugin, "/?a=1,2&b=3")).toBe("1,2:3");
    expect(await planOf(plugin, "/?a=1&b=2,3")).toBe("1:2,3");
    expect(await planOf(plugin, `/?a=${long}1&b=2`)).toBe(`${long}1:2`);
    expect(await planOf(plugin, `/?a=${long}2&b=2`)).toBe(`${long}2:2`);
  });
});

test("another file in its place is read at once", async () => {
  const plugin = await looking({ ttl: 0 });
  expect(await planOf(plugin, of("acme"))).toBe("gold");
  fill(`${file}.new`, "platinum").close();
  renameSync(`${file}.new`, file);
  expect(await planOf(plugin, of("acme"))).toBe("platinum");
});

test("no parameter and no password reaches the log", async () => {
  const config = {
    url: "postgres://app@127.0.0.1:1/tenants",
    password: "$env://DB_PASSWORD",
    params: ["header:authorization"],
  };
  const plugin = await looking(config, { env: { DB_PASSWORD: "hunter2" } });
  const result = await plugin.request({ headers: { authorization: "Bearer opensesame" } });
  expectAction(result, "stop");
  const text = result.log.map((line) => line.text).join("\n");
  expect(text).toContain("127.0.0.1:1: Failed to connect");
  expect(text).not.toMatch(/hunter2|opensesame/);
});

test.each([
  [
    { url: "tenants.db" },
    "url: is no URL of a database; allowed: sqlite:/path/of/file, or postgres://",
  ],
  [{ url: "sqlite:tenants.db" }, "url: "],
  [{ url: "postgres:///tenants" }, "url: "],
  [{ url: 5 }, "url: expected sqlite:/path/of/file, or postgres://"],
  [{ password: 5 }, "password: expected a string or a secret"],
  [{ query: "" }, "query: "],
  [{ query: "select 1" }, "params: has 1, and the query names $1 to $0"],
  [{ query: "select $2" }, "params: has 1, and the query names $1 to $?"],
  [{ query: "select $1, $2" }, "params: has 1, and the query names $1 to $2"],
  [{ params: [] }, "params: "],
  [{ params: ["tenant"] }, 'params.0: "tenant" names no part of a request'],
  [{ headers: {} }, "headers: expected at least one header"],
  [{ headers: { "x a": "plan" } }, 'headers.x a: "x a" is no header name'],
  [{ headers: { Host: "plan" } }, 'headers.Host: "Host" cannot be set here'],
  [{ headers: { "x-a": "plan", "X-A": "id" } }, "headers: two names are one header"],
  [{ notFound: "fail" }, "notFound: "],
  [{ notFoundStatus: 200 }, "notFoundStatus: "],
  [{ onError: "refuse" }, "onError: "],
  [{ ttl: -1 }, "ttl: "],
  [{ timeout: 0 }, "timeout: "],
  [{ pool: 0 }, "pool: "],
  [{ cacheSize: 0 }, "cacheSize: "],
  [{ sql: "select" }, "sql: there is no such field"],
])("refuses the conf %j", async (config, message) => {
  await expect(looking(config)).rejects.toThrow(message);
});

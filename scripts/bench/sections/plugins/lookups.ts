/** Plugins that ask a store, a database or a service. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Load } from "../../load.ts";
import { hasRedis, RedisServer } from "../../redis-server.ts";
import { type Cases, type Group, type PluginCase, withConf } from "./case.ts";

export const lookups: Group = async ({ dir, resources }): Promise<Cases> => {
  const redis = hasRedis() ? resources.use(await RedisServer.start(dir)) : undefined;
  return {
    name: "plugins that ask somebody",
    cases: [
      ...(redis === undefined ? [] : [countedInRedis(redis, resources)]),
      ...sqlLookups(dir),
      ...authzCases(resources.use(new AuthzService())),
    ],
    skipped: redis === undefined ? ["limit-count over Redis: there is no redis-server"] : [],
  };
};

function countedInRedis({ url }: RedisServer, resources: AsyncDisposableStack): PluginCase {
  const client = resources.adopt(new Bun.RedisClient(url), (open) => open.close());
  return {
    id: "limit-count.redis",
    title: "limit-count, over Redis",
    load: withConf("rewrite", "limit-count", { count: 1e12, window: 60 }),
    floor: "rewrite",
    args: ["--store-url", url],
    answer: {
      kind: "rewrite",
      responseHeaders: { "ratelimit-policy": '"1000000000000-per-60s";q=1000000000000;w=60' },
    },
    asks: { whom: "Redis", often: true, count: () => commandsOf(client) },
  };
}

/** That a server has carried out since it began. */
async function commandsOf(client: Bun.RedisClient): Promise<number> {
  const text = String(await client.send("INFO", ["stats"]));
  return Number(/total_commands_processed:(\d+)/.exec(text)?.[1]);
}

const TENANTS = 1000;

function sqlLookups(dir: string): PluginCase[] {
  const path = join(dir, "tenants.db");
  using database = new Database(path);
  database.run("create table tenants (id text primary key, plan text)");
  const insert = database.prepare("insert into tenants values (?, ?)");
  database.transaction(() => {
    for (let i = 0; i < TENANTS; i++) insert.run(`tenant-${i}`, "gold");
  })();
  const conf = {
    url: `sqlite:${path}`,
    query: "select plan from tenants where id = $1",
    params: ["header:x-tenant"],
    headers: { "x-plan": "plan" },
  };
  const common = {
    floor: "rewrite",
    answer: { kind: "rewrite", headers: { "x-plan": "gold" } },
  } as const;
  const loadOf = (ttl: number): Load => ({
    ...withConf("rewrite", "sql-lookup", { ...conf, ttl }),
    givenHeaders: { "x-tenant": "tenant-500" },
  });
  return [
    {
      id: "sql-lookup.kept",
      title: "sql-lookup, a row that is kept",
      load: loadOf(3600),
      ...common,
    },
    { id: "sql-lookup", title: "sql-lookup, SQLite asked each time", load: loadOf(0), ...common },
  ];
}

function authzCases(service: AuthzService): PluginCase[] {
  const conf = {
    mode: "headers",
    url: service.url,
    headers: ["cookie"],
    upstreamHeaders: ["x-user"],
    timeout: 10,
  };
  const common = {
    floor: "rewrite",
    answer: { kind: "rewrite", headers: { "x-user": "jane" } },
  } as const;
  const asks = { whom: "the service", count: () => service.asked };
  return [
    {
      id: "http-authz.kept",
      title: "http-authz, a decision that is kept",
      load: withConf("rewrite", "http-authz", { ...conf, cache: { ttl: 3600 } }),
      ...common,
      asks: { ...asks, often: false },
    },
    {
      id: "http-authz",
      title: "http-authz, the service asked each time",
      // With this one, equal questions that come together are not asked as one.
      load: withConf("rewrite", "http-authz", { ...conf, clientHeaders: ["set-cookie"] }),
      ...common,
      asks: { ...asks, often: true },
    },
  ];
}

/** Allows all. It runs in the process of the bench, which has nothing else to do while a load is driven. */
class AuthzService implements Disposable {
  asked = 0;
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      this.asked++;
      return new Response(null, { headers: { "x-user": "jane" } });
    },
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/authz`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

/** Tells the upstream what a database knows of a request: columns of a row become headers. */
import { definePlugin, type RequestContext, stop } from "apisix-bun-runner";
import { valueOf } from "../lib/value-source.ts";
import { Conf, type Config } from "./conf.ts";
import { type Database, DatabaseError } from "./database.ts";
import { type HeaderValues, headerValues } from "./header-values.ts";
import { LookupCache } from "./lookup-cache.ts";
import { openDatabase } from "./open-database.ts";

interface State extends AsyncDisposable {
  readonly database: Database;
  readonly cache: LookupCache<HeaderValues>;
}

/**
 * Looks up a row in SQLite or Postgres by a parameterised query, and keeps what it found for a time.
 *
 * @example conf
 * ```json
 * {
 *   "name": "sql-lookup",
 *   "value": "{\"url\":\"sqlite:/var/lib/gateway/tenants.db\",\"query\":\"select plan from tenants where id = $1\",\"params\":[\"header:x-tenant\"],\"headers\":{\"x-plan\":\"plan\"}}"
 * }
 * ```
 */
export default definePlugin({
  name: "sql-lookup",
  description:
    "Looks up a row in SQLite or Postgres and hands its columns to the upstream as headers.",
  // Longer than the longest that a conf can allow a query.
  timeout: 40_000,
  config: Conf,
  samples: [
    {
      config: {
        url: "mysql://db/x",
        query: "select plan from tenants where id = $1",
        params: ["header:x-tenant"],
        headers: { "x-plan": "plan" },
      },
      expect: { configError: "url: is no URL of a database" },
    },
    {
      name: "what the client sends under the name of a header does not get through",
      config: {
        url: "sqlite:/nowhere.db",
        query: "select plan from tenants where id = $1",
        params: ["header:x-tenant"],
        headers: { "x-plan": "plan" },
      },
      request: { headers: { "x-plan": "gold" } },
      expect: { action: "rewrite", headers: { "x-plan": null } },
    },
  ],
  async setup(config): Promise<State> {
    const database = await openDatabase(config);
    const { ttl, negativeTtl, cacheSize: size } = config;
    return {
      database,
      cache: new LookupCache({ ttl: ttl * 1000, negativeTtl: negativeTtl * 1000, size }),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  },
  async request(call) {
    const { request, config, log } = call;
    // First of all: the upstream believes them.
    for (const name of Object.keys(config.headers)) request.headers.delete(name);
    try {
      const found = await lookUp(call);
      for (const [name, value] of found ?? []) request.headers.set(name, value);
      if (found === undefined && config.notFound === "refuse") {
        return stop("there is no such entry\n", { status: config.notFoundStatus });
      }
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      log.error("the lookup failed", { reason: error.message });
      if (config.onError === "continue") return;
      // An answer of our own: a failed call would pass with the client's headers where the route has allow_degradation.
      return stop("try again later\n", { status: 503, headers: { "retry-after": "1" } });
    }
  },
});

/** Undefined: there is no row, or the request lacks what it is asked by. */
async function lookUp(call: RequestContext<Config, State>): Promise<HeaderValues | undefined> {
  const { config, state } = call;
  const params = await Promise.all(config.params.map((source) => valueOf(source, call)));
  if (!params.every((param) => param !== undefined)) return undefined;
  return state.cache.get(cacheKey(params), async () => {
    const row = await state.database.find(params);
    return row && headerValues(row, config.headers);
  });
}

/** Not longer than a hash, whatever clients send. */
function cacheKey(params: readonly string[]): string {
  const text = JSON.stringify(params);
  if (text.length <= 64) return text;
  return new Bun.CryptoHasher("sha256").update(text).digest("base64");
}

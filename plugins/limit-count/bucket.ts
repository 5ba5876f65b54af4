/** Which requests are counted together: the key of a request's bucket in the store. */
import type { RequestContext, Route, Store } from "apisix-bun-runner";
import { valueOf } from "../lib/value-source.ts";
import type { Config } from "./conf.ts";

/** The other kinds may hold credentials, which are nothing for a store: it gets a hash of them. */
const IS_PUBLIC = /^(?:ip|consumer|path:\d+)$/;

/** Undefined: the request lacks a part, and such requests are not counted together. */
export async function bucketOf(
  { key, missing }: Config,
  context: Pick<RequestContext, "request" | "vars">,
): Promise<string | undefined> {
  if (key === "constant") return "all";
  const sources = typeof key === "string" ? [key] : key;
  // In one tick, so that several variables cost one round trip.
  const values = await Promise.all(sources.map((source) => valueOf(source, context)));
  if (missing !== "share" && values.includes(undefined)) return undefined;
  return JSON.stringify(values.map((value, i) => part(sources[i], value)));
}

/**
 * The part of the store in which a conf counts. Confs that differ in what they count must not meet there, so that is in its name;
 * the count is not: to raise it gives nobody a fresh quota.
 */
export function bucketsIn(store: Store, config: Config, route: Route): Store {
  const { group, key, window, sliding, policy = "" } = config;
  return store
    .scope(group === undefined ? `route ${route.key}` : `group ${group}`)
    .scope(JSON.stringify([key, window, sliding, policy]));
}

/** Null for one that is missing, which no value can be. */
function part(source: string | undefined, value: string | undefined): string | null {
  if (value === undefined || source === undefined) return null;
  if (IS_PUBLIC.test(source) && value.length <= 100) return value;
  return `sha256:${new Bun.CryptoHasher("sha256").update(value).digest("base64url")}`;
}

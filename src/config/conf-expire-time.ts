/** Reads APISIX_CONF_EXPIRE_TIME, which APISIX gives its runner. */
import type { Environment } from "./given.ts";
import { count, Refused } from "./parse.ts";
import { type Problems, show } from "./problems.ts";

const variable = "APISIX_CONF_EXPIRE_TIME";
const defaultSeconds = 3600;
const seconds = count({ min: 1, max: 365 * 24 * 3600 });

/** In ms. */
export function readConfExpireTime(env: Environment, problems: Problems): number {
  const given = env[variable] || String(defaultSeconds);
  const parsed = seconds.parse(given, { base: "/" });
  if (!(parsed instanceof Refused)) return parsed * 1000;
  problems.add(`${variable}: it is ${show(given)}; allowed: ${seconds.allowed}, in seconds`);
  return defaultSeconds * 1000;
}

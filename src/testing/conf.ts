/** Checks a conf before the first call, as the runner will check it then. */
import { InvalidConfError, parseConf, validateConf } from "../plugin/conf.ts";
import type { Plugin } from "../plugin/plugin.ts";
import { resolveSecrets, type SecretSources } from "../plugin/secrets.ts";

/** The string that `conf[].value` is on a route: what is no string is written as JSON. */
export function confValue(config: unknown): string {
  if (config === undefined) return "{}";
  return typeof config === "string" ? config : JSON.stringify(config);
}

/** @throws InvalidConfError (rejects with it) that names the plugin and each wrong field */
export async function checkConf(
  { name, config }: Plugin,
  value: string,
  secrets: SecretSources,
): Promise<void> {
  try {
    await validateConf(config, resolveSecrets(parseConf(value), secrets));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidConfError(`plugin ${name} refuses the conf ${value}: ${reason}`, { cause });
  }
}

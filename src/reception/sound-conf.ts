/** Whether a conf is sound, found out without a runner. */
import { parseConf, validateConf } from "../plugin/conf.ts";
import type { ConfRequest } from "../plugin/conf-content.ts";
import { readExports } from "../plugin/exports.ts";
import type { BundledPlugin } from "../plugin/bundled.ts";
import { extPluginOf, phaseOf } from "../plugin/conf-key.ts";

/**
 * Loads the plugins that a conf names, and has them check it.
 *
 * @returns false where one has something against it, or does not say so at once: a runner finds out what, and says it
 */
export async function isSound(
  { key, conf }: ConfRequest,
  bundled: readonly BundledPlugin[],
): Promise<boolean> {
  const phase = phaseOf({ plugin: extPluginOf(key) });
  for (const { name, value } of conf) {
    const load = loaderOf(name, bundled);
    // A "$": it may be, or hold, a reference to a secret, which the settings have to allow.
    if (load === undefined || value.includes("$")) return false;
    try {
      const { phases, config } = readExports(await load(), name);
      if (phase !== undefined && !phases.includes(phase)) return false;
      if (validateConf(config, parseConf(value)) instanceof Promise) return false;
    } catch {
      return false;
    }
  }
  return true;
}

/** A loop: the engine makes an array's method when it is first used, which this start would wait for. */
function loaderOf(name: string, bundled: readonly BundledPlugin[]): BundledPlugin[1] | undefined {
  for (const plugin of bundled) if (plugin[0] === name) return plugin[1];
  return undefined;
}

/** Checks a conf against the plugin that it is for, as the runner will. */
import { nearest } from "../../config/nearest.ts";
import { InvalidConfError, parseConf, validateConf } from "../../plugin/conf.ts";
import { type Phase, phasesOf } from "../../plugin/plugin.ts";
import { isProblem, type PluginRegistry } from "../../plugin/registry.ts";
import { Secret } from "../../plugin/secrets.ts";

export interface Checked {
  /** What the runner would refuse. */
  readonly problem?: string;
  /** Why nothing could be checked. */
  readonly warning?: string;
  /** Of the plugin, where it is known. */
  readonly phases?: readonly Phase[];
}

/** @param value what the runner is given */
export async function checkConf(
  name: string,
  value: string,
  registry: PluginRegistry,
): Promise<Checked> {
  const plugin = await registry.find(name);
  if (plugin === undefined) return { warning: unknown(name, registry) };
  if (isProblem(plugin)) {
    return { warning: `${name} did not load, so the conf is not checked: ${plugin.problem}` };
  }
  const phases = phasesOf(plugin);
  try {
    await validateConf(plugin.config, withoutSecrets(parseConf(value)));
    return { phases };
  } catch (error) {
    if (!(error instanceof InvalidConfError)) throw error;
    return {
      phases,
      problem: `${name} does not take this conf: ${error.message} (--no-check prints it all the same)`,
    };
  }
}

function unknown(name: string, registry: PluginRegistry): string {
  const names = registry.names();
  const near = nearest(name, names);
  const hint = near === undefined ? `there are ${names.join(", ") || "none"}` : `is it ${near}?`;
  return `there is no plugin ${name} here, so the conf is not checked: ${hint} (--plugins DIR adds those of a folder)`;
}

/** Puts something in the place of each secret, which is where the runner is and need not be here. */
function withoutSecrets(conf: unknown): unknown {
  if (typeof conf === "string") {
    return /^\$(?:env|file):\/\/./.test(conf) ? new Secret(conf, conf) : conf;
  }
  if (Array.isArray(conf)) return conf.map(withoutSecrets);
  if (typeof conf !== "object" || conf === null) return conf;
  return Object.fromEntries(
    Object.entries(conf).map(([key, value]) => [key, withoutSecrets(value)]),
  );
}

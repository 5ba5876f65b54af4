/** Checks confs of the documentation as the runner does: is there such a plugin, does it take the conf? */
import { join } from "node:path";
import { createLogger } from "../../src/log/logger.ts";
import { parseConf, validateConf } from "../../src/plugin/conf.ts";
import { findPlugins } from "../../src/plugin/folders.ts";
import { canonicalName } from "../../src/plugin/exports.ts";
import { pluginFromModule } from "../../src/plugin/load-module.ts";
import { phasesOf, type Phase, type Plugin } from "../../src/plugin/plugin.ts";
import { resolveSecrets } from "../../src/plugin/secrets.ts";
import { ROOT } from "./blocks.ts";
import type { CodeBlock } from "./project.ts";

const log = createLogger({ level: "error", format: "text" });

export class DocsConfs {
  readonly #bundled = findPlugins(join(ROOT, "plugins"), log);

  constructor(private readonly code: readonly CodeBlock[]) {}

  /**
   * @param page where plugins are looked for first, before the bundled ones
   * @throws what is wrong with it
   */
  async check(page: string, name: string, value: string, phase?: Phase): Promise<void> {
    const plugin = await this.#find(page, name);
    if (plugin === undefined)
      throw new Error(`there is no plugin ${name}, neither on the page nor bundled`);
    if (phase !== undefined && !phasesOf(plugin).includes(phase)) {
      throw new Error(`${name} has no ${phase} phase`);
    }
    await validateConf(plugin.config, resolveSecrets(parseConf(value), secretsIn(value)));
  }

  async #find(page: string, name: string): Promise<Plugin | undefined> {
    const wanted = canonicalName(name);
    const own = this.code.find(
      (block) =>
        block.page === page && block.kind === "plugin" && canonicalName(block.name) === wanted,
    );
    const bundled = this.#bundled.find((candidate) => canonicalName(candidate.name) === wanted);
    const file = own?.path ?? bundled?.file;
    return file === undefined ? undefined : pluginFromModule(await import(file), wanted, file);
  }
}

/** Every variable that the conf refers to is allowed, and set. */
function secretsIn(value: string) {
  const env = Array.from(value.matchAll(/\$env:\/\/(\w+)/g), ([, name = ""]) => name);
  const environment = Object.fromEntries(env.map((name) => [name, "a secret"]));
  return { env, files: [], environment };
}

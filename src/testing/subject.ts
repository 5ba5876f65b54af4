/** What a test may hand over as a plugin, made into the plugin that a runner would load. */
import { isPluginClass, type Base } from "../plugin/base.ts";
import type { PluginDefinition } from "../plugin/definition.ts";
import { canonicalName } from "../plugin/exports.ts";
import { pluginFromModule } from "../plugin/load-module.ts";
import type { Plugin } from "../plugin/plugin.ts";
import type { PluginSample } from "../plugin/samples.ts";

/** What a plugin file exports by default. */
export type PluginExport = PluginDefinition | (new () => Base);

/** A plugin, or the module that exports it: `say`, `import * as say`, `import("./say.ts")`. */
export type TestablePlugin =
  | PluginExport
  | { readonly default: PluginExport }
  | Promise<PluginExport | { readonly default: PluginExport }>;

/**
 * The plugins in order; one that is given twice is one.
 *
 * @param name what the file would be called, for a plugin that does not name itself
 * @throws PluginLoadError (rejects with it) for what no runner would load
 */
export async function pluginsOf(
  given: readonly TestablePlugin[],
  name?: string,
): Promise<Plugin[]> {
  const exports = await Promise.all(given.map(exportOf));
  const made = new Map<PluginExport, Plugin>();
  for (const [i, exported] of exports.entries()) {
    if (made.has(exported)) continue;
    const ownName =
      name ?? nameOf(exported) ?? (given.length === 1 ? NAMELESS : `${NAMELESS}-${i + 1}`);
    made.set(exported, pluginFromModule({ default: exported }, ownName, "test"));
  }
  return exports.flatMap((exported) => made.get(exported) ?? []);
}

export async function samplesOf(given: TestablePlugin): Promise<readonly PluginSample[]> {
  const exported = await exportOf(given);
  return ("samples" in exported ? exported.samples : undefined) ?? [];
}

async function exportOf(given: TestablePlugin): Promise<PluginExport> {
  const settled = await given;
  return "default" in settled ? settled.default : settled;
}

const NAMELESS = "plugin";

function nameOf(exported: PluginExport): string | undefined {
  if (!isPluginClass(exported)) return "name" in exported ? exported.name : undefined;
  // What JavaScript calls a class that is exported without a name.
  const isNameless = exported.name === "" || exported.name === "default";
  return isNameless ? undefined : canonicalName(exported.name);
}

/** Turns what a plugin file exports into a plugin. */
import type { PluginClass } from "./base.ts";
import { callFilter, callFilterResponse } from "./class-calls.ts";
import type { PluginDefinition } from "./definition.ts";
import { readExports } from "./exports.ts";
import { Places } from "./places.ts";
import type { Plugin } from "./plugin.ts";

/**
 * @param exports the module's namespace object
 * @param baseName the file's name without extension, or the folder's: what the plugin is called
 * @throws PluginLoadError
 */
export function pluginFromModule(exports: object, baseName: string, source: string): Plugin {
  const { as, name, description, onError, timeout, concurrency, config } = readExports(
    exports,
    baseName,
  );
  return {
    name,
    source,
    description,
    onError,
    timeout,
    places: concurrency === undefined ? undefined : new Places(concurrency),
    config,
    ...("Class" in as ? hooksOfClass(as.Class) : hooksOf(as.definition)),
  };
}

type Hooks = Pick<Plugin, "setup" | "request" | "response">;

function hooksOf(definition: PluginDefinition): Hooks {
  return {
    setup: definition.setup?.bind(definition),
    request: definition.request?.bind(definition),
    response: definition.response?.bind(definition),
  };
}

function hooksOfClass(Class: PluginClass): Hooks {
  const { prototype } = Class;
  const setup = "setup" in Class ? (Class.setup as Plugin["setup"]) : undefined;
  return {
    setup: setup && ((config, context) => setup.call(Class, config, context)),
    request: prototype.filter && ((context) => callFilter(Class, context)),
    response: prototype.filterResponse && ((context) => callFilterResponse(Class, context)),
  };
}

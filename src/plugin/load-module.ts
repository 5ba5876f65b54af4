/** Turns what a plugin file exports into a plugin, or says what is wrong with it. */
import { Base, callFilter, callFilterResponse, isPluginClass, type PluginClass } from "./base.ts";
import type { PluginDefinition } from "./definition.ts";
import { MAX_CALL_MS } from "./call.ts";
import { Places } from "./places.ts";
import type { Plugin } from "./plugin.ts";

/** Thrown for a file that is no plugin. The message is one line without the file's name. */
export class PluginLoadError extends Error {
  override readonly name = "PluginLoadError";
}

const HOOKS = ["setup", "request", "response"] as const;

const KEYS = [
  "name",
  "description",
  "onError",
  "timeout",
  "concurrency",
  "samples",
  "config",
  "setup",
  "request",
  "response",
];

/**
 * @param exports the module's namespace object
 * @param baseName the file's name without extension, or the folder's: what the plugin is called
 * @throws PluginLoadError
 */
export function pluginFromModule(exports: object, baseName: string, source: string): Plugin {
  const exported: unknown = "default" in exports ? exports.default : undefined;
  if (exported === undefined) {
    throw new PluginLoadError(
      "has no default export: `export default definePlugin({ … })`, or a class that extends Base",
    );
  }
  if (isPluginClass(exported)) return fromClass(exported, baseName, source);
  if (typeof exported === "object" && exported !== null) {
    return fromDefinition(exported, baseName, source);
  }
  throw new PluginLoadError(
    `exports ${typeof exported === "function" ? "a function or a class that does not extend Base" : String(exported)} as its default: it takes definePlugin({ … }) or a class that extends Base`,
  );
}

/** `limitReq`, `LimitReq` and `limit-req` are one word; this is its common form. */
export function canonicalName(name: string): string {
  const isCommon = name.toLowerCase() === name && !name.includes("_");
  if (isCommon) return name;
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

function fromDefinition(exported: object, baseName: string, source: string): Plugin {
  const unknown = Object.keys(exported).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new PluginLoadError(`has an unknown key ${unknown}; known are ${KEYS.join(", ")}`);
  }
  const definition: PluginDefinition = exported;
  for (const hook of HOOKS) {
    const value: unknown = definition[hook];
    if (value !== undefined && typeof value !== "function") {
      throw new PluginLoadError(`has a ${hook} that is ${typeof value}, not a function`);
    }
  }
  const { name = baseName } = definition;
  if (typeof name !== "string" || canonicalName(name) !== canonicalName(baseName)) {
    throw new PluginLoadError(
      `calls itself ${JSON.stringify(name)} but its file ${JSON.stringify(baseName)}: both must be the same word, since routes use one and people look for the other`,
    );
  }
  return checked({
    name,
    source,
    ...optionsOf(definition),
    config: definition.config,
    setup: definition.setup?.bind(definition),
    request: definition.request?.bind(definition),
    response: definition.response?.bind(definition),
  });
}

function fromClass(Class: PluginClass, baseName: string, source: string): Plugin {
  const setup: unknown = "setup" in Class ? Class.setup : undefined;
  if (setup !== undefined && typeof setup !== "function") {
    throw new PluginLoadError(`has a static setup that is ${typeof setup}, not a function`);
  }
  const { prototype } = Class;
  return checked({
    name: baseName,
    source,
    ...optionsOf(Class),
    config: Class.config,
    setup: setup && ((config, context) => setup.call(Class, config, context)),
    request: prototype.filter && ((context) => callFilter(Class, context)),
    response: prototype.filterResponse && ((context) => callFilterResponse(Class, context)),
  });
}

function optionsOf({
  description,
  onError = "fail",
  timeout,
  concurrency,
  samples,
}: PluginDefinition | typeof Base) {
  if (onError !== "fail" && onError !== "continue") {
    throw new PluginLoadError(
      `has onError ${JSON.stringify(onError)}; allowed are "fail" and "continue"`,
    );
  }
  if (timeout !== undefined && !(timeout > 0 && timeout <= MAX_CALL_MS)) {
    throw new PluginLoadError(
      `has a timeout of ${String(timeout)} ms; allowed is more than 0 and at most ${MAX_CALL_MS}, since APISIX gives up after 60 000`,
    );
  }
  if (samples !== undefined && !(Array.isArray(samples) && samples.every(isObject))) {
    throw new PluginLoadError("has samples that are no list of objects");
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new PluginLoadError(
      `has a concurrency of ${String(concurrency)}; allowed is a whole number above 0, or none`,
    );
  }
  const places = concurrency === undefined ? undefined : new Places(concurrency);
  return { description, onError, timeout, places };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function checked(plugin: Plugin): Plugin {
  if (plugin.request === undefined && plugin.response === undefined) {
    throw new PluginLoadError(
      "has no hook: write request() or response(), in a class filter() or filterResponse()",
    );
  }
  const { config } = plugin;
  if (config !== undefined && typeof config !== "function" && !("~standard" in config)) {
    throw new PluginLoadError(
      "has a config that is neither a Standard Schema (Zod, Valibot, ArkType …) nor a function",
    );
  }
  return plugin;
}

/** Reads what a plugin file exports, or says what is wrong with it. */
import { Base, isPluginClass, type PluginClass } from "./base.ts";
import type { ConfigSchema, PluginDefinition } from "./definition.ts";
import type { Phase } from "./plugin.ts";
import { MAX_CALL_MS } from "./timeouts.ts";

/** Thrown for a file that is no plugin. The message is one line without the file's name. */
export class PluginLoadError extends Error {
  override readonly name = "PluginLoadError";
}

/** Those of a definition. One text: for a list of each length that a start makes, its heap grows by a block. */
const KEYS =
  "name, description, onError, timeout, concurrency, samples, config, setup, request, response";

/** What a file declares, whichever style it is written in. */
export interface Declared {
  /** The class, or the definition, itself. */
  readonly as: { readonly Class: PluginClass } | { readonly definition: PluginDefinition };
  readonly name: string;
  readonly description: string | undefined;
  readonly onError: "fail" | "continue";
  /** ms; undefined: `plugins.timeout`. */
  readonly timeout: number | undefined;
  readonly concurrency: number | undefined;
  readonly config: ConfigSchema<unknown> | undefined;
  /** Those it has a hook for; at least one. */
  readonly phases: readonly Phase[];
}

/**
 * @param exports the module's namespace object
 * @param baseName the file's name without extension, or the folder's: what the plugin is called
 * @throws PluginLoadError
 */
export function readExports(exports: object, baseName: string): Declared {
  const exported: unknown = "default" in exports ? exports.default : undefined;
  if (exported === undefined) {
    throw new PluginLoadError(
      "has no default export: `export default definePlugin({ … })`, or a class that extends Base",
    );
  }
  if (isPluginClass(exported)) return declaredByClass(exported, baseName);
  if (typeof exported === "object" && exported !== null) {
    return declaredByDefinition(exported, baseName);
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

function declaredByDefinition(exported: object, baseName: string): Declared {
  const known = KEYS.split(", ");
  for (const key of Object.keys(exported)) {
    if (known.includes(key)) continue;
    throw new PluginLoadError(`has an unknown key ${key}; known are ${KEYS}`);
  }
  const definition: PluginDefinition = exported;
  for (const hook of ["setup", "request", "response"] as const) {
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
  return declared({ definition }, name, definition, definition);
}

function declaredByClass(Class: PluginClass, baseName: string): Declared {
  const setup: unknown = "setup" in Class ? Class.setup : undefined;
  if (setup !== undefined && typeof setup !== "function") {
    throw new PluginLoadError(`has a static setup that is ${typeof setup}, not a function`);
  }
  const { filter: request, filterResponse: response } = Class.prototype;
  return declared({ Class }, baseName, Class, { request, response });
}

/** What both styles declare alike. */
function declared(
  as: Declared["as"],
  name: string,
  options: PluginDefinition | typeof Base,
  hooks: { readonly request?: unknown; readonly response?: unknown },
): Declared {
  const { description, onError = "fail", timeout, concurrency, samples, config } = options;
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
  if (samples !== undefined && !isListOfObjects(samples)) {
    throw new PluginLoadError("has samples that are no list of objects");
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new PluginLoadError(
      `has a concurrency of ${String(concurrency)}; allowed is a whole number above 0, or none`,
    );
  }
  const phases: Phase[] = [];
  if (hooks.request !== undefined) phases.push("request");
  if (hooks.response !== undefined) phases.push("response");
  if (phases.length === 0) {
    throw new PluginLoadError(
      "has no hook: write request() or response(), in a class filter() or filterResponse()",
    );
  }
  if (config !== undefined && typeof config !== "function" && !("~standard" in config)) {
    throw new PluginLoadError(
      "has a config that is neither a Standard Schema (Zod, Valibot, ArkType …) nor a function",
    );
  }
  return { as, name, description, onError, timeout, concurrency, config, phases };
}

function isListOfObjects(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  for (const entry of value) if (typeof entry !== "object" || entry === null) return false;
  return true;
}

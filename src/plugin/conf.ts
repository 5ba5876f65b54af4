/** From the text of a conf to the config a plugin sees. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ConfigSchema } from "./definition.ts";

/** Thrown for a conf that a plugin cannot work with. The message names each wrong field. */
export class InvalidConfError extends Error {
  override readonly name = "InvalidConfError";
}

/** `conf[].value` is JSON where it parses, else the plain string. */
export function parseConf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    // Not JSON: then it is text by design, and a schema that wants an object says so.
    return value;
  }
}

/**
 * Checks a conf and freezes what comes of it.
 *
 * @returns the config; a promise of it where the schema is asynchronous
 * @throws InvalidConfError (or rejects with it)
 */
export function validateConf(
  schema: ConfigSchema<unknown> | undefined,
  conf: unknown,
): unknown | Promise<unknown> {
  if (schema === undefined) return deepFreeze(conf);
  if ("~standard" in schema) {
    const result = schema["~standard"].validate(conf);
    return result instanceof Promise
      ? result.then((settled) => deepFreeze(valueOf(settled)))
      : deepFreeze(valueOf(result));
  }
  const config = callFunction(schema, conf);
  return config instanceof Promise ? config.then(deepFreeze, rethrow) : deepFreeze(config);
}

function callFunction(schema: (conf: unknown) => unknown, conf: unknown): unknown {
  try {
    return schema(conf);
  } catch (cause) {
    return rethrow(cause);
  }
}

function rethrow(cause: unknown): never {
  throw new InvalidConfError(cause instanceof Error ? cause.message : String(cause), { cause });
}

function valueOf(result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw new InvalidConfError(result.issues.map(describeIssue).join("; "));
}

function describeIssue({ message, path }: StandardSchemaV1.Issue): string {
  if (path === undefined || path.length === 0) return message;
  const name = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return `${name}: ${message}`;
}

/** Freezes plain objects and arrays, so that no call can change what the next one reads. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  Object.freeze(value);
  for (const child of Object.values(value)) deepFreeze(child);
  return value;
}

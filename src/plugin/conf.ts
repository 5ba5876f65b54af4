/** From the text of a conf to the config a plugin sees. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { deepFreeze } from "./deep-freeze.ts";
import type { ConfigSchema } from "./definition.ts";
import { InvalidConfError } from "./invalid-conf.ts";

export { InvalidConfError };

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
  try {
    const checked = "~standard" in schema ? standard(schema, conf) : schema(conf);
    return checked instanceof Promise
      ? checked.then(deepFreeze).catch(refuse)
      : deepFreeze(checked);
  } catch (error) {
    return refuse(error);
  }
}

function standard(schema: StandardSchemaV1, conf: unknown): unknown | Promise<unknown> {
  const result = schema["~standard"].validate(conf);
  return result instanceof Promise ? result.then(valueOf) : valueOf(result);
}

/** Whatever a check throws, the conf was not found valid. */
function refuse(error: unknown): never {
  if (error instanceof InvalidConfError) throw error;
  throw new InvalidConfError(error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

function valueOf(result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw new InvalidConfError(result.issues.map(describeIssue).join("; "));
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  // Valibot says of a key that a strict object does not have: expected never.
  const isUnknownKey = "expected" in issue && issue.expected === "never" && path.length > 0;
  const message = isUnknownKey ? "there is no such field" : issue.message;
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

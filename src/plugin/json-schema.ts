/** The JSON Schema of a conf, from the libraries that can give one. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import type { GenericSchema } from "valibot";
import type { ConfigSchema } from "./definition.ts";

/**
 * The schema of what a route's conf may be (not of what the plugin then sees).
 *
 * @returns `undefined` where the plugin checks its conf with a function or its library gives none
 */
export async function jsonSchemaOf(
  schema: ConfigSchema<unknown> | undefined,
): Promise<Record<string, unknown> | undefined> {
  if (schema === undefined || !("~standard" in schema)) return undefined;
  try {
    return givesJsonSchema(schema)
      ? schema["~standard"].jsonSchema.input({ target: "draft-2020-12" })
      : await fromValibot(schema);
  } catch {
    // The libraries throw for what JSON Schema cannot say, such as a transformation.
    return undefined;
  }
}

function givesJsonSchema(
  schema: StandardSchemaV1,
): schema is StandardSchemaV1 & StandardJSONSchemaV1 {
  return "jsonSchema" in schema["~standard"];
}

/** Valibot keeps it in a package of its own. */
async function fromValibot(schema: StandardSchemaV1): Promise<Record<string, unknown> | undefined> {
  if (schema["~standard"].vendor !== "valibot") return undefined;
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  return { ...toJsonSchema(schema as GenericSchema, { typeMode: "input", errorMode: "ignore" }) };
}

/**
 * `unevaluatedProperties`, as far as a schema says without its value which properties are evaluated. Ajv's own lets values
 * through where branches are nested, and throws where they have `patternProperties`.
 */
import type { Ajv2020 } from "ajv/dist/2020.js";
import { isObject, type Resolve } from "./coerce.ts";
import { resolverOf } from "./references.ts";

export const UNEVALUATED = "unevaluatedProperties";

/** What applies to the same value in any case, and what only perhaps does. */
const ALWAYS = ["allOf", "$ref"];
const PERHAPS = ["anyOf", "oneOf", "if", "then", "else", "dependentSchemas"];

/** Whoever has one of these has seen to every property. */
const EVALUATES_ALL = ["additionalProperties", UNEVALUATED];

export function addUnevaluatedProperties(ajv: Ajv2020): void {
  // What its own takes notice of for it, too.
  ajv.opts.unevaluated = false;
  ajv.removeKeyword(UNEVALUATED);
  ajv.addKeyword({
    keyword: UNEVALUATED,
    type: "object",
    schemaType: ["object", "boolean"],
    macro: (schema: unknown, parent: object, { schemaEnv }) =>
      asAdditionalProperties(schema, parent, resolverOf(schemaEnv.root.schema)),
  });
}

function asAdditionalProperties(schema: unknown, parent: object, resolve: Resolve): object {
  const { [UNEVALUATED]: _itself, ...others }: Record<string, unknown> = { ...parent };
  const layers = layersOf(others, ALWAYS, resolve);
  if (layers.some((layer) => EVALUATES_ALL.some((keyword) => keyword in layer))) return {};
  const branches = layers.flatMap((layer) => subschemasOf(layer, PERHAPS, resolve));
  if (branches.some((branch) => evaluates(branch, resolve))) {
    throw new Error(
      `${UNEVALUATED} is known beside properties, patternProperties, allOf and $ref, but not where ${PERHAPS.join(", ")} say more of properties; write additionalProperties in each of them`,
    );
  }
  return {
    properties: anyOf(layers, "properties"),
    patternProperties: anyOf(layers, "patternProperties"),
    additionalProperties: schema,
  };
}

type Layer = Readonly<Record<string, unknown>>;

/** A schema that lets through whatever one of the layers has a word on. */
function anyOf(layers: readonly Layer[], keyword: string): object {
  const names = layers.flatMap((layer) => Object.keys(layer[keyword] ?? {}));
  return Object.fromEntries(names.map((name) => [name, true]));
}

function evaluates(schema: unknown, resolve: Resolve): boolean {
  return layersOf(schema, [...ALWAYS, ...PERHAPS], resolve).some((layer) =>
    ["properties", "patternProperties", ...EVALUATES_ALL].some((keyword) => keyword in layer),
  );
}

/** The schema and what these keywords lead to. */
function layersOf(
  schema: unknown,
  keywords: readonly string[],
  resolve: Resolve,
  seen = new Set<unknown>(),
): Layer[] {
  if (!isObject(schema) || seen.has(schema)) return [];
  seen.add(schema);
  const layer = { ...schema };
  const others = subschemasOf(layer, keywords, resolve);
  return [layer, ...others.flatMap((other) => layersOf(other, keywords, resolve, seen))];
}

function subschemasOf(layer: Layer, keywords: readonly string[], resolve: Resolve): unknown[] {
  return keywords.flatMap((keyword): unknown[] => {
    const value = layer[keyword];
    if (keyword === "$ref" && typeof value === "string") {
      const target = resolve(value);
      if (target === undefined) throw new Error(`${UNEVALUATED}: ${value} is not followed`);
      return [target];
    }
    if (keyword === "dependentSchemas") return Object.values(value ?? {});
    return Array.isArray(value) ? value : [value];
  });
}

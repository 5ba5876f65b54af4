/** What a route's conf may say, and what it is made into. */
import { Secret } from "apisix-bun-runner";
import * as v from "valibot";
import type { Contract } from "./contract.ts";

const Schema = v.union([v.boolean(), v.record(v.string(), v.unknown())]);

const SingleSchemas = v.strictObject({
  path: v.optional(
    v.strictObject({
      template: v.pipe(v.string(), v.startsWith("/")),
      schema: v.optional(Schema),
    }),
  ),
  args: v.optional(Schema),
  headers: v.optional(Schema),
  body: v.optional(Schema),
  bodyRequired: v.optional(v.boolean(), true),
});

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));

const Written = v.pipe(
  v.strictObject({
    schemas: v.optional(SingleSchemas),
    openapi: v.optional(
      v.union(
        [v.instance(Secret), v.record(v.string(), v.unknown())],
        "expected a document, or $file:// with the path of one",
      ),
    ),
    basePath: v.optional(v.pipe(v.string(), v.regex(/^(?:\/.*)?$/, "expected a path"))),
    onUnknown: v.optional(v.picklist(["refuse", "pass"]), "refuse"),
    onInvalid: v.optional(v.picklist(["refuse", "log"]), "refuse"),
    status: v.optional(v.picklist([400, 422]), 400),
    patterns: v.optional(v.picklist(["linear", "native"]), "linear"),
    maxBytes: v.optional(count(2 ** 24), 2 ** 20),
    maxLevels: v.optional(count(500), 64),
    maxErrors: v.optional(count(1000), 20),
    showValues: v.optional(v.boolean(), false),
    problemType: v.optional(v.pipe(v.string(), v.nonEmpty()), "about:blank"),
  }),
  v.check(
    ({ schemas, openapi }) => (schemas === undefined) !== (openapi === undefined),
    "schemas, openapi: exactly one of them has to be there",
  ),
);
type Written = v.InferOutput<typeof Written>;

export interface Config extends Omit<Written, "schemas" | "openapi"> {
  readonly contract: Contract;
}

/** A schema that does not compile is the conf's mistake, so it is compiled with the conf's check. */
export const Conf = v.pipeAsync(
  Written,
  v.rawTransformAsync<Written, Config>(async ({ dataset, addIssue, NEVER }) => {
    const { schemas, openapi, ...settings } = dataset.value;
    const { compileContract } = await import("./compile-contract.ts");
    try {
      return { ...settings, contract: await compileContract(dataset.value) };
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : String(error) });
      return NEVER;
    }
  }),
);

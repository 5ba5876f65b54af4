/** What a route's conf may say, and the expressions of it, compiled. */
import * as v from "valibot";
import type { Transformation } from "./transformation.ts";

const Section = v.strictObject({
  expression: v.pipe(v.string(), v.nonEmpty()),
  /** Whether the result is the new body, or says what becomes of body, headers and the rest. */
  output: v.optional(v.picklist(["body", "message"]), "body"),
});

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const Vars = v.array(v.pipe(v.string(), v.regex(/^\w+$/, "expected a name without a $")));

const Written = v.pipe(
  v.strictObject({
    request: v.optional(Section),
    response: v.optional(Section),
    vars: v.optional(Vars, []),
    constants: v.optional(v.record(v.string(), v.unknown()), {}),
    onOtherType: v.optional(v.picklist(["refuse", "pass"]), "refuse"),
    onInvalid: v.optional(v.picklist(["refuse", "pass"]), "refuse"),
    onBigInteger: v.optional(v.picklist(["refuse", "round"]), "refuse"),
    maxBytes: v.optional(count(2 ** 24), 2 ** 20),
    maxLevels: v.optional(count(500), 100),
    maxTime: v.optional(count(5000), 500),
    maxDepth: v.optional(count(1000), 200),
    maxItems: v.optional(count(1_000_000), 100_000),
  }),
  v.check(
    ({ request, response }) => request !== undefined || response !== undefined,
    "request, response: one of them has to be there",
  ),
);
type Written = v.InferOutput<typeof Written>;

/** A phase's expression, ready to run. */
export interface Reshaping {
  readonly transformation: Transformation;
  readonly output: "body" | "message";
}

export interface Config extends Omit<Written, "request" | "response"> {
  readonly request: Reshaping | undefined;
  readonly response: Reshaping | undefined;
}

/** An expression that does not compile is the conf's mistake, so it is compiled with the conf's check. */
export const Conf = v.pipeAsync(
  Written,
  v.rawTransformAsync<Written, Config>(async ({ dataset: { value: conf }, addIssue, NEVER }) => {
    const { Transformation } = await import("./transformation.ts");
    const limits = { time: conf.maxTime, depth: conf.maxDepth, items: conf.maxItems };
    let isValid = true;
    const compiled = (phase: "request" | "response"): Reshaping | undefined => {
      const section = conf[phase];
      if (section === undefined) return undefined;
      const { expression, output } = section;
      try {
        return { transformation: new Transformation(expression, limits), output };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        addIssue({ message: `${phase}.expression: ${reason}` });
        isValid = false;
        return undefined;
      }
    };
    const config = { ...conf, request: compiled("request"), response: compiled("response") };
    return isValid ? config : NEVER;
  }),
);

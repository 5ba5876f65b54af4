/** What a route's conf may say. */
import { Secret } from "apisix-bun-runner";
import * as v from "valibot";
import { parsePath } from "./path.ts";

const Values = v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.minLength(1));

/** A caller: a variable has one of these values; of a list with commas, each member counts. */
const Caller = v.strictObject({
  var: v.pipe(v.string(), v.regex(/^\w+$/, "expected the name of a variable, without a $")),
  in: Values,
});
export type Caller = v.InferOutput<typeof Caller>;

/** Whom it is for; without either, for all. */
const audience = {
  /** These callers alone. */
  when: v.optional(v.pipe(v.array(Caller), v.minLength(1))),
  /** All but these callers. */
  unless: v.optional(v.pipe(v.array(Caller), v.minLength(1))),
};

const Path = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parsePath(dataset.value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      addIssue({ message: `${JSON.stringify(dataset.value)} is no path: ${reason}` });
      return NEVER;
    }
  }),
);

const NO_VALUE = 'it goes with "mask": "constant", and that with it';

const Rule = v.pipe(
  v.strictObject({
    paths: v.pipe(v.array(Path), v.minLength(1)),
    mask: v.optional(v.picklist(["full", "last4", "hash", "drop", "constant"]), "full"),
    value: v.optional(v.unknown()),
    ...audience,
  }),
  v.forward(
    v.check((rule) => hasItsValue(rule), NO_VALUE),
    ["value"],
  ),
);

const Pattern = v.pipe(
  v.strictObject({
    find: v.picklist(["card", "email"]),
    mask: v.optional(v.picklist(["full", "last4", "hash", "constant"]), "full"),
    value: v.optional(v.string()),
    inNumbers: v.optional(v.boolean(), false),
    ...audience,
  }),
  v.forward(
    v.check((rule) => hasItsValue(rule), NO_VALUE),
    ["value"],
  ),
);

const RefuseOrPass = v.optional(v.picklist(["refuse", "pass"]), "refuse");

export const Conf = v.pipe(
  v.strictObject({
    rules: v.optional(v.array(Rule), []),
    patterns: v.optional(v.array(Pattern), []),
    secret: v.optional(
      v.pipe(
        v.instance(Secret, "expected a reference to a secret, such as $env://MASK_KEY"),
        v.check((secret) => secret.reveal().length >= 16, "it has fewer than 16 characters"),
      ),
    ),
    /** Look for the patterns in `text/*` too. */
    text: v.optional(v.boolean(), false),
    maxBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 4 * 2 ** 20),
    maxDepth: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500)), 100),
    onUnreadable: RefuseOrPass,
    onOtherType: RefuseOrPass,
  }),
  v.check(
    ({ rules, patterns }) => rules.length + patterns.length > 0,
    "rules, patterns: there is nothing to mask",
  ),
  v.forward(
    v.check(
      ({ secret, rules, patterns }) =>
        secret !== undefined || ![...rules, ...patterns].some(({ mask }) => mask === "hash"),
      '"mask": "hash" needs one, such as $env://MASK_KEY',
    ),
    ["secret"],
  ),
);
export type Conf = v.InferOutput<typeof Conf>;

function hasItsValue({ mask, value }: { mask: string; value?: unknown }): boolean {
  return (mask === "constant") === (value !== undefined);
}

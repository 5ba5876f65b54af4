/** What a conf of `limit-count` may say. */
import * as v from "valibot";
import { valueSource } from "../lib/value-source.ts";

/** The most that a number in a structured field can be. */
const MAX_COUNT = 999_999_999_999_999;

/** Ten years. */
const MAX_WINDOW = 315_360_000;

const STATUS = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));

export const Conf = v.strictObject({
  /** Requests that may pass in a window. */
  count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_COUNT)),
  /** Seconds; fractions are allowed. */
  window: v.pipe(v.number(), v.gtValue(0), v.maxValue(MAX_WINDOW)),
  /** Whether what passed in the window before counts by the share of it that is not over yet. */
  sliding: v.optional(v.boolean(), false),
  /** Whose requests are counted together: a part of the request, several of them, or all. */
  key: v.optional(
    v.union([
      v.literal("constant"),
      valueSource,
      v.pipe(v.array(valueSource), v.minLength(1), v.maxLength(8)),
    ]),
    "ip",
  ),
  /** What becomes of a request without that part. */
  missing: v.optional(v.picklist(["share", "refuse", "skip"]), "share"),
  /** Routes of one group count together. */
  group: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256))),
  /** Of what is refused. */
  status: v.optional(STATUS, 429),
  /** Left out: APISIX's error page. */
  body: v.optional(v.pipe(v.string(), v.minLength(1))),
  /** What becomes of requests while the store is away; allowed ones are not counted. */
  onStoreError: v.optional(v.picklist(["refuse", "allow"]), "refuse"),
  quotaHeaders: v.optional(v.picklist(["standard", "separate", "apisix", "none"]), "standard"),
  /** What the quota is called in the standard headers. */
  policy: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[\w.:/-]{1,64}$/, "expected 1 to 64 letters, digits and ._:/- in it"),
    ),
  ),
});

export type Config = v.InferOutput<typeof Conf>;

/** The conf of `canary`. */
import { Secret } from "apisix-bun-runner";
import * as v from "valibot";
import { valueSource } from "../lib/value-source.ts";
import { headerName } from "../lib/header-name.ts";
import { MAX_CARDS } from "./deck.ts";

const TOKEN = /^[\w.-]{1,64}$/;

const text = v.pipe(v.string(), v.minLength(1));

const Variant = v.strictObject({
  /** Also what its share of the keys follows from: another name gets other keys. */
  name: v.pipe(v.string(), v.regex(TOKEN, "expected 1 to 64 letters, digits and ._- in it")),
  /** How many of all weights together; 0: nobody but by `keys` and `override`. */
  weight: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Set on the request. */
  headers: v.optional(v.record(headerName, text)),
  /** In place of the upstream's host. */
  host: v.optional(v.pipe(v.string(), v.regex(/^[\w.:[\]-]+$/, "expected a host"))),
  /** Put before the path. */
  pathPrefix: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^(?:\/[^/?#]+)+$/,
        "expected /… without a slash at the end, arguments or a fragment",
      ),
    ),
  ),
  /** Values of `by` that always get this variant. */
  keys: v.optional(v.array(text)),
});

const Cookie = v.strictObject({
  name: v.pipe(v.string(), v.regex(TOKEN, "expected 1 to 64 letters, digits and ._- in it")),
  /** Seconds. */
  maxAge: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 30 * 24 * 3600),
});

const Override = v.strictObject({
  header: headerName,
  /** Left out: everybody may choose. */
  token: v.optional(
    v.union([v.pipe(v.string(), v.minLength(1)), v.instance(Secret)], "expected text"),
  ),
});

export const Conf = v.pipe(
  v.strictObject({
    variants: v.pipe(v.array(Variant), v.minLength(1), v.maxLength(100)),
    /** Set to the variant's name. */
    header: v.optional(headerName, "x-variant"),
    /** Whose variant stays the same; left out: nobody's. */
    by: v.optional(valueSource),
    /** For clients without a value of `by`, or for all. */
    cookie: v.optional(Cookie),
    override: v.optional(Override),
    /** Shares out the keys; the same on two routes: a key has the same variant on both. */
    seed: v.optional(v.string(), ""),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const { message, field } of problemsOf(dataset.value)) {
      addIssue({
        message,
        path: [
          { type: "object", origin: "value", input: dataset.value, key: field, value: undefined },
        ],
      });
    }
  }),
);

export type Config = v.InferOutput<typeof Conf>;
export type Variant = Config["variants"][number];

/** What one field alone does not tell. */
function* problemsOf({
  variants,
  by,
  header,
  override,
}: {
  readonly variants: readonly Variant[];
  readonly by?: string | undefined;
  readonly header: string;
  readonly override?: { readonly header: string } | undefined;
}): Iterable<{ readonly field: string; readonly message: string }> {
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  if (sum < 1 || sum > MAX_CARDS) {
    yield {
      field: "variants",
      message: `the weights are ${sum} in all; allowed: 1 to ${MAX_CARDS}`,
    };
  }
  const name = repeated(variants.map((variant) => variant.name));
  if (name !== undefined) yield { field: "variants", message: `two have the name ${name}` };
  const keys = variants.flatMap((variant) => variant.keys ?? []);
  if (keys.length > 0 && by === undefined) {
    yield { field: "by", message: "left out, but variants have keys; say whose values they are" };
  }
  const key = repeated(keys);
  if (key !== undefined) {
    yield { field: "variants", message: `the key ${JSON.stringify(key)} is given to two of them` };
  }
  if (override?.header.toLowerCase() === header.toLowerCase()) {
    yield {
      field: "override",
      message: `its header is the one that tells the upstream: ${header}`,
    };
  }
}

function repeated(list: readonly string[]): string | undefined {
  return list.find((item, i) => list.indexOf(item) !== i);
}

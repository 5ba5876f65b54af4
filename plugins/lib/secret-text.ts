/** The conf field for a secret. */
import { Secret } from "apisix-bun-runner";
import * as v from "valibot";

/** `$env://NAME`, which the runner has made a Secret of, or the text itself. Messages of our own: the library's would show the value. */
export const secretText = v.pipe(
  v.union([v.string(), v.instance(Secret)], 'expected a secret: "$env://NAME" or a string'),
  v.transform((given) => (typeof given === "string" ? new Secret("in the conf", given) : given)),
  v.check((secret) => secret.reveal() !== "", "the secret is empty"),
);

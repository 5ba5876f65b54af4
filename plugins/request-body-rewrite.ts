/** Replaces the body of each request. */
import { definePlugin } from "apisix-bun-runner";
import * as v from "valibot";

const Conf = v.strictObject({
  /** Empty or left out: the client's body stays. */
  new_body: v.nullish(v.string(), ""),
});

/**
 * The Go runner's `request-body-rewrite`, with the same conf. APISIX takes the body since 3.6.
 *
 * @example conf
 * ```json
 * { "name": "request-body-rewrite", "value": "{\"new_body\":\"hello\"}" }
 * ```
 */
export default definePlugin({
  name: "request-body-rewrite",
  description: "Replaces the body that the upstream gets.",
  config: Conf,
  request({ request, config }) {
    if (config.new_body !== "") request.body = config.new_body;
  },
});

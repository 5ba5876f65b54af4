/** Answers with a text in place of the upstream. */
import { definePlugin, stop } from "apisix-bun-runner";
import * as v from "valibot";

const Conf = v.strictObject({
  /** Empty or left out: the request goes on. */
  body: v.nullish(v.string(), ""),
});

/**
 * The Go runner's `say`, with the same conf.
 *
 * @example conf
 * ```json
 * { "name": "say", "value": "{\"body\":\"hello\"}" }
 * ```
 */
export default definePlugin({
  name: "say",
  description: "Answers with a text in place of the upstream.",
  config: Conf,
  samples: [
    { config: { body: "hello" }, expect: { action: "stop", status: 200, body: "hello" } },
    { config: {}, request: "/get", expect: { action: "continue" } },
    { config: { bdy: "hello" }, expect: { configError: "bdy: there is no such field" } },
  ],
  request({ config }) {
    if (config.body === "") return;
    return stop(config.body, { headers: { "X-Resp-A6-Runner": "Bun" } });
  },
});

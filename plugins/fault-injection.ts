/** Answers a share of the requests with a fault, to see how clients bear it. */
import { definePlugin, stop } from "apisix-bun-runner";
import * as v from "valibot";

const Conf = v.strictObject({
  http_status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(999)),
  /** Empty or left out: APISIX adds its own error page to a status of 300 and above. */
  body: v.nullish(v.string(), ""),
  /** How many requests in a hundred fail; left out: all. */
  percentage: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)), 100),
});

/**
 * The Go runner's `fault-injection`, with the same conf.
 *
 * @example conf
 * ```json
 * { "name": "fault-injection", "value": "{\"http_status\":503,\"body\":\"try later\",\"percentage\":5}" }
 * ```
 */
export default definePlugin({
  name: "fault-injection",
  description: "Answers a share of the requests with a given status and body.",
  config: Conf,
  request({ config }) {
    if (Math.random() * 100 >= config.percentage) return;
    return stop(config.body, {
      status: config.http_status,
      headers: { "X-Resp-A6-Runner": "Bun" },
    });
  },
});

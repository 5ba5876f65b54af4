/** Lets so many requests pass in a window of time, counted over all processes and hosts that share a store. */
import {
  definePlugin,
  stop,
  StoreUnavailableError,
  type Stop,
  type Taken,
} from "apisix-bun-runner";
import { bucketOf, bucketsIn } from "./bucket.ts";
import { Conf, type Config } from "./conf.ts";
import { quotaHeaders, retryAfter } from "./quota-headers.ts";

/**
 * APISIX's `limit-count` over the runner's store: with sliding windows, standard headers, and exact however many ask at once.
 *
 * @example conf
 * ```json
 * { "name": "limit-count", "value": "{\"count\":100,\"window\":60,\"key\":\"header:x-api-key\"}" }
 * ```
 */
export default definePlugin({
  name: "limit-count",
  description:
    "Lets so many requests pass in a fixed or sliding window, over all hosts of a store.",
  config: Conf,
  samples: [
    {
      config: { count: 100, window: 60 },
      expect: { action: "rewrite", responseHeaders: { ratelimit: '"100-per-60s";r=99;t=60' } },
    },
    {
      name: "a request without what it is counted by",
      config: { count: 1, window: 1, key: "header:x-api-key", missing: "refuse" },
      expect: { status: 400 },
    },
    { config: { count: 0, window: 60 }, expect: { configError: "count: " } },
    {
      config: { count: 1, window: 1, key: "heder:x" },
      expect: { configError: 'key: "heder:x" names no part of a request' },
    },
  ],
  setup: (config, { store, route }) => ({ buckets: bucketsIn(store, config, route) }),
  async request(call) {
    const { config, state, log } = call;
    const bucket = await bucketOf(config, call);
    if (bucket === undefined) {
      return config.missing === "skip" ? undefined : stop(UNCOUNTABLE, { status: 400 });
    }
    let taken: Taken;
    try {
      taken = await state.buckets.take(bucket, {
        limit: config.count,
        window: config.window * 1000,
        sliding: config.sliding,
      });
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      // The runner's log counts equal lines for 10 s instead of repeating them.
      if (config.onStoreError === "allow") {
        log.warn("requests pass uncounted: the store is away", { reason: error.message });
        return;
      }
      log.error("requests are refused: the store is away", { reason: error.message });
      // An answer of our own: as a failed call it would pass where the route has allow_degradation.
      return stop(AWAY, { status: 503, headers: { "retry-after": "1" } });
    }
    for (const [name, value] of quotaHeaders(config, taken)) {
      call.responseHeaders.append(name, value);
    }
    if (!taken.allowed) return refusal(config, taken);
  },
});

const UNCOUNTABLE = "the request lacks what its quota is counted by\n";
const AWAY = "the quota cannot be counted right now\n";

function refusal({ status, body }: Config, taken: Taken): Stop {
  return stop(body, {
    status: status,
    headers: {
      "retry-after": retryAfter(taken),
      ...(body !== undefined && { "content-type": contentType(body) }),
    },
  });
}

function contentType(body: string): string {
  try {
    JSON.parse(body);
    return "application/json";
  } catch {
    // Then it is text.
    return "text/plain; charset=utf-8";
  }
}

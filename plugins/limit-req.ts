/** Holds requests to a rate: those above it wait, and where too many wait already they get 503. */
import { definePlugin, stop } from "apisix-bun-runner";
import * as v from "valibot";

const Conf = v.strictObject({
  /** Requests per second; fractions are allowed. */
  rate: v.pipe(v.number(), v.gtValue(0)),
  /** How many requests above the rate may wait; left out: none. */
  burst: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
});

/** A request that would wait longer gets 503 at once: APISIX gives up on a call after 60 s. */
const MAX_DELAY_MS = 50_000;

/** A leaky bucket. */
interface Bucket {
  /** Requests above the rate, as of `at`. */
  level: number;
  /** ms, `performance.now()`. */
  at: number;
}

/**
 * The Go runner's `limit-req`, with the same conf. It counts per route and per process.
 *
 * @example conf
 * ```json
 * { "name": "limit-req", "value": "{\"rate\":5,\"burst\":1}" }
 * ```
 */
export default definePlugin({
  name: "limit-req",
  description: "Delays requests above a rate, and answers 503 to those beyond the burst.",
  timeout: MAX_DELAY_MS + 5000,
  config: Conf,
  setup: (): Bucket => ({ level: 0, at: 0 }),
  request(call) {
    const delay = admit(call.state, call.config);
    if (delay === undefined) {
      return stop(null, { status: 503, headers: { "X-Resp-A6-Runner": "Bun" } });
    }
    // Asked for here only: a request that need not wait makes neither promise nor signal.
    if (delay > 0) return wait(delay, call.signal);
  },
});

/** Takes a request in; returns the ms it has to wait, or undefined where it has no room. */
function admit(bucket: Bucket, { rate, burst }: v.InferOutput<typeof Conf>): number | undefined {
  const now = performance.now();
  const level = Math.max(0, bucket.level - ((now - bucket.at) / 1000) * rate);
  const delay = (level / rate) * 1000;
  if (level > burst || delay > MAX_DELAY_MS) return undefined;
  bucket.level = level + 1;
  bucket.at = now;
  return delay;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

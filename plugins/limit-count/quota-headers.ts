/** What a response tells of the quota. */
import type { Taken } from "apisix-bun-runner";
import type { Config } from "./conf.ts";

type Headers = readonly (readonly [name: string, value: string])[];

/**
 * `standard` are the structured fields of draft-ietf-httpapi-ratelimit-headers-10, `separate` the three fields that the drafts up
 * to 06 had, `apisix` those that APISIX's own plugin sends. Times are seconds from now, rounded up.
 */
export function quotaHeaders(
  { quotaHeaders, count, window, policy = policyName(count, window) }: Config,
  { remaining, resetIn }: Taken,
): Headers {
  const reset = Math.ceil(resetIn / 1000);
  switch (quotaHeaders) {
    case "standard":
      return [
        ["RateLimit-Policy", `"${policy}";q=${count};w=${Math.ceil(window)}`],
        ["RateLimit", `"${policy}";r=${remaining};t=${reset}`],
      ];
    case "separate":
      return three("RateLimit", count, remaining, reset);
    case "apisix":
      return three("X-RateLimit", count, remaining, reset);
    case "none":
      return [];
  }
}

/** Seconds until it is worth trying again. */
export function retryAfter({ retryIn }: Taken): string {
  return String(Math.max(1, Math.ceil(retryIn / 1000)));
}

function three(prefix: string, count: number, remaining: number, reset: number): Headers {
  return [
    [`${prefix}-Limit`, String(count)],
    [`${prefix}-Remaining`, String(remaining)],
    [`${prefix}-Reset`, String(reset)],
  ];
}

/** Two quotas on one route need two names. */
function policyName(count: number, seconds: number): string {
  return `${count}-per-${seconds}s`;
}

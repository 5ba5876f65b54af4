/** Lets in who sends a known API key, and tells the upstream who it is. */
import { definePlugin, stop } from "apisix-bun-runner";

interface Config {
  /** Whom each key belongs to: `{ "the-key": "alice" }`. */
  readonly keys: Readonly<Record<string, string>>;
}

export default definePlugin({
  description: "Lets in who sends a known API key.",
  config: checkConfig,
  samples: [
    {
      config: { keys: { s3cret: "alice" } },
      request: { path: "/orders", headers: { "x-api-key": "s3cret" } },
      expect: { action: "rewrite", headers: { "x-user": "alice" } },
    },
    { config: { keys: [] }, expect: { configError: "keys" } },
  ],
  request({ request, config, log }) {
    const user = config.keys[request.headers.get("x-api-key") ?? ""];
    if (user === undefined) {
      log.info("refused a request", { path: request.path });
      return stop("this needs a key in the header X-API-Key\n", { status: 401 });
    }
    request.headers.set("x-user", user);
    request.headers.delete("x-api-key");
    return undefined;
  },
});

/**
 * Runs once for each route, not for each request; what it throws is in the log, and the route fails.
 * Zod, Valibot and ArkType say the same in fewer words: `BUN_BE_BUN=1 apisix-bun-runner add zod`, then
 * `config: z.object({ keys: z.record(z.string(), z.string()) })`.
 */
function checkConfig(conf: unknown): Config {
  const keys = typeof conf === "object" && conf !== null && "keys" in conf ? conf.keys : undefined;
  if (!isRecordOfTexts(keys))
    throw new Error(`keys: expected an object such as {"s3cret":"alice"}`);
  return { keys };
}

function isRecordOfTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string");
}

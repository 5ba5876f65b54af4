/** Lets signed webhooks through, and refuses what is not signed, altered, stale or, if wanted, seen before. */
import {
  definePlugin,
  HttpError,
  type PluginRequest,
  type RequestContext,
  StoreUnavailableError,
} from "apisix-bun-runner";
import { Conf, type Times, timesOf, type WebhookConf } from "./conf.ts";
import { importKeys, type Key } from "./keys.ts";
import { type Delivery, type Scheme, schemeOf } from "./schemes.ts";

interface State extends Times {
  readonly scheme: Scheme;
  readonly keys: readonly Key[];
}

type Context = RequestContext<WebhookConf, State>;

/**
 * @example conf
 * ```json
 * { "name": "webhook-signature", "value": "{\"provider\":\"github\",\"secrets\":[\"$env://GITHUB_SECRET\"]}" }
 * ```
 */
export default definePlugin({
  name: "webhook-signature",
  description: "Lets webhooks through that are signed: GitHub, Stripe, Slack, Shopify, Svix, HMAC.",
  config: Conf,
  setup: async (config): Promise<State> => ({
    scheme: schemeOf(config),
    keys: await importKeys(config),
    ...timesOf(config),
  }),
  async request(context) {
    const { config, request, log } = context;
    try {
      await verify(context);
    } catch (error) {
      if (error instanceof HttpError) {
        log.warn("refused", { provider: config.provider, reason: error.message });
      }
      throw error;
    }
    // In place of what the client may have sent under this name.
    if (config.verifiedHeader !== undefined) {
      request.headers.set(config.verifiedHeader, config.provider);
    }
  },
});

/** @throws HttpError where the request is not to pass */
async function verify({ config, request, state, store, route, log }: Context): Promise<void> {
  const { scheme, keys, tolerance, replayWindow } = state;
  const delivery = scheme(request.headers);
  checkTime(delivery, tolerance);
  const body = await bodyOf(request, config.maxBody);
  const signed = [Buffer.from(delivery.before), body, Buffer.from(delivery.after)];
  if (!(await isSigned(keys, signed, delivery))) {
    throw new HttpError(401, "the signature does not match");
  }
  if (config.replay === "allow") return;
  try {
    // Not the signature: a delivery that is signed with two secrets has two, and either would do.
    const hasher = new Bun.CryptoHasher("sha256");
    for (const part of signed) hasher.update(part);
    const isFirst = await store
      .scope(route.key)
      .compareAndSet(hasher.digest("base64url"), undefined, true, { ttl: replayWindow });
    if (!isFirst) throw new HttpError(409, "this delivery has come before");
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log.error("cannot tell whether the delivery has come before", { error });
    if (config.onStoreError === "refuse") throw new HttpError(503, "try again later");
  }
}

async function isSigned(
  keys: readonly Key[],
  signed: readonly Uint8Array[],
  { signatures }: Delivery,
): Promise<boolean> {
  for (const key of keys) if (await key.verifies(signed, signatures)) return true;
  return false;
}

function checkTime({ timestamp }: Delivery, tolerance: number | undefined): void {
  if (timestamp === undefined || tolerance === undefined) return;
  const age = Date.now() - timestamp;
  if (Math.abs(age) <= tolerance) return;
  throw new HttpError(401, age < 0 ? "the timestamp is in the future" : "the timestamp is too old");
}

/** @throws HttpError where it is empty, which is also how one looks that APISIX does not hand over, or too long */
async function bodyOf(request: PluginRequest, limit: number): Promise<Uint8Array> {
  if (request.body !== undefined) {
    throw new Error(
      "a plugin before this one has replaced the body, which is what was signed: put webhook-signature first",
    );
  }
  // Before it is asked for: what is too long need not travel.
  checkLength(Number(request.headers.get("content-length") ?? 0), limit);
  const body = await request.bytes();
  checkLength(body.length, limit);
  if (body.length === 0) throw new HttpError(400, "there is no body");
  return body;
}

function checkLength(length: number, limit: number): void {
  if (length > limit) throw new HttpError(413, "the body is too long");
}

/** Sends a share of the clients to another version: weighted, and the same client always to the same one. */
import { definePlugin, type RequestContext } from "apisix-bun-runner";
import { cookieOf, valueOf } from "../lib/value-source.ts";
import { Chooser } from "./choose.ts";
import { Conf, type Config, type Variant } from "./conf.ts";

interface State {
  readonly chooser: Chooser;
  /** Headers that some variant sets: from clients they mean nothing. */
  readonly headers: readonly string[];
}

/**
 * Tells the upstream, or a `traffic-split` of the route, which variant a request gets: by a header, the host or the path.
 *
 * @example conf
 * ```json
 * {
 *   "name": "canary",
 *   "value": "{\"by\":\"header:x-user-id\",\"variants\":[{\"name\":\"v1\",\"weight\":95},{\"name\":\"v2\",\"weight\":5}]}"
 * }
 * ```
 */
export default definePlugin({
  name: "canary",
  description:
    "Chooses a variant by weight, the same for a client each time, and sets header, host or path.",
  config: Conf,
  samples: [
    {
      config: { variants: [{ name: "v2", weight: 1, pathPrefix: "/v2" }] },
      request: "/orders",
      expect: { action: "rewrite", path: "/v2/orders", headers: { "x-variant": "v2" } },
    },
    {
      config: { variants: [{ name: "v1", weight: 0 }] },
      expect: { configError: "variants: the weights are 0 in all" },
    },
  ],
  setup: (config): State => ({
    chooser: new Chooser(config),
    headers: config.variants.flatMap(({ headers }) => Object.keys(headers ?? {})),
  }),
  request(call) {
    const { config, state } = call;
    const wanted = overrideOf(call);
    if (wanted !== undefined) return route(call, wanted);
    if (config.by === undefined) return route(call, withoutKey(call));
    const key = valueOf(config.by, call);
    if (typeof key === "string") return route(call, state.chooser.of(key));
    if (key === undefined) return route(call, withoutKey(call));
    return key.then((found) =>
      route(call, found === undefined ? withoutKey(call) : state.chooser.of(found)),
    );
  },
});

type Call = RequestContext<Config, State>;

function route({ request, config, state }: Call, variant: Variant): void {
  for (const name of state.headers) request.headers.delete(name);
  request.headers.set(config.header, variant.name);
  for (const [name, value] of Object.entries(variant.headers ?? {})) {
    request.headers.set(name, value);
  }
  if (variant.host !== undefined) request.headers.set("host", variant.host);
  if (variant.pathPrefix !== undefined) request.path = variant.pathPrefix + request.path;
}

function overrideOf({ request, config, state }: Call): Variant | undefined {
  const { override } = config;
  if (override === undefined) return undefined;
  const wish = request.headers.get(override.header);
  if (wish === null) return undefined;
  // The upstream has no use for the token.
  request.headers.delete(override.header);
  return state.chooser.asked(wish);
}

/** By a number in a cookie, which the client is given where it has none. */
function withoutKey({ request, responseHeaders, config, state }: Call): Variant {
  const { cookie } = config;
  if (cookie === undefined) return state.chooser.next();
  const known = cookieOf(request.headers.get("cookie"), cookie.name);
  // What is too long for ours came from elsewhere.
  if (known !== undefined && known.length <= 64) return state.chooser.ofNumber(known);
  const id = crypto.randomUUID();
  const secure = request.headers.get("x-forwarded-proto") === "https" ? "; Secure" : "";
  responseHeaders.append(
    "set-cookie",
    `${cookie.name}=${id}; Path=/; Max-Age=${cookie.maxAge}; HttpOnly; SameSite=Lax${secure}`,
  );
  return state.chooser.ofNumber(id);
}

/** Lets in who has a key, and tells the upstream who it is. */
import { definePlugin, stop } from "apisix-bun-runner";

interface Config {
  readonly keys: Readonly<Record<string, string>>;
}

export default definePlugin({
  config: (conf): Config => conf as Config,
  request({ request, config, log }) {
    const user = config.keys[request.headers.get("x-api-key") ?? ""];
    if (user === undefined) return stop('{"error":"who are you?"}', { status: 401 });
    request.headers.delete("x-api-key");
    request.headers.set("x-user", user);
    log.info("key accepted", { user });
    return undefined;
  },
});

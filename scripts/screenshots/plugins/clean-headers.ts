/** Lets no header through that the upstream does not know. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  config: (conf) => conf as { readonly allow: readonly string[] },
  request({ request, config }) {
    const kept = [...request.headers].filter(([name]) => config.allow.includes(name));
    request.headers = kept;
  },
});

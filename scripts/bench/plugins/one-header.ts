/** Sets one request header, whose name the conf may give. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  config: (conf) => ({ name: "X-A6-Runner", ...(conf as { name?: string }) }),
  request({ request, config }) {
    request.headers.set(config.name, "bench");
  },
});

/** Sends requests to the path of their tenant. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  async request({ request, vars, log }) {
    const [host, uri] = await Promise.all([vars.get("http_host"), vars.get("request_uri")]);
    const tenant = /^(\w+)\.example/.exec(host ?? "")?.[1] ?? "public";
    log.debug("tenant", { tenant, uri });
    request.path = `/${tenant}${request.path}`;
    request.args.set("tenant", tenant);
  },
});

/** Asks and does not wait: the answer comes when the call is over, and must not reach the next one. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  request({ vars }) {
    vars.get("remote_addr").catch(() => undefined);
  },
  response({ response, vars }) {
    vars.get("remote_addr").catch(() => undefined);
    // Without a body of its own the reply may depend on the request's method, and wait.
    response.body = "gone on";
  },
});

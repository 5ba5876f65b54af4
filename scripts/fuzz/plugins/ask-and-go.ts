/** Asks and does not wait: the answer comes when the call is over, and must not reach the next one. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  request({ vars }) {
    vars.get("remote_addr").catch(() => undefined);
  },
  response({ vars }) {
    vars.get("remote_addr").catch(() => undefined);
  },
});

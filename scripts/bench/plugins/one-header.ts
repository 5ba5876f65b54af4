/** Sets one request header, whatever the conf says. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  request({ request }) {
    request.headers.set("X-A6-Runner", "bench");
  },
});

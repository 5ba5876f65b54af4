/** Answers with the request's body, which it has to ask for. */
import { definePlugin, stop } from "apisix-bun-runner";

export default definePlugin({
  async request({ request }) {
    return stop(await request.bytes());
  },
});

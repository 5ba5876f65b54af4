/** Asks for the request body, and changes nothing. */
import { definePlugin, stop } from "apisix-bun-runner";

export default definePlugin({
  async request({ request }) {
    const body = await request.bytes();
    if (body.length === 0) return stop("a request without a body");
  },
});

/** Reads a whole body and sends one of the same size, in either phase. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  async request({ request }) {
    request.body = await request.bytes();
  },
  async response({ response }) {
    response.body = await response.bytes();
  },
});

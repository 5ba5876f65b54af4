/** Sets a header of the response and changes its body. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  async response({ response }) {
    response.headers.set("x-a6-runner", "bench");
    response.body = (await response.text()).toUpperCase();
  },
});

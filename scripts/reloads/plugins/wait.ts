/** Answers after 50 ms, as a plugin does that asks a service first. */
import { definePlugin, stop } from "apisix-bun-runner";

export default definePlugin({
  async request() {
    await Bun.sleep(50);
    return stop("waited");
  },
});

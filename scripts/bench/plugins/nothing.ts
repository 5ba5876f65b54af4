/** Changes nothing, and reads nothing. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  request() {},
});

/** Changes nothing, and reads nothing, in either phase. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  request() {},
  response() {},
});

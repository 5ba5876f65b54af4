import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  description: "Says hello in a header.",
  request({ responseHeaders }) {
    responseHeaders.set("x-hello", "from a plugin");
  },
});

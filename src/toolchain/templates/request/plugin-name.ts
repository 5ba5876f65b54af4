import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  description: "What it does, in one sentence.",
  request({ request }) {
    request.headers.set("x-plugin-name", "was here");
    // To answer in place of the upstream: return stop("not today", { status: 403 });
  },
});

import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  description: "What it does, in one sentence.",
  response({ response }) {
    response.headers.set("x-plugin-name", "was here");
    // To change the body: response.body = (await response.text()).toUpperCase(); with async before response.
  },
});

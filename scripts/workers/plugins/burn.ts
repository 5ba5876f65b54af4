/** Costs so many rounds of arithmetic a call, whatever else the machine does. */
import { definePlugin, stop } from "apisix-bun-runner";
import { burn } from "../burn.ts";

export default definePlugin({
  request: ({ config }) => stop(String(burn(Number(config)))),
});

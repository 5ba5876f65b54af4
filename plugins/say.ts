import { definePlugin, stop } from "apisix-bun-runner";
export default definePlugin({ request() { return stop("hi", {status: 201}); } });

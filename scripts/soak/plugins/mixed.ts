/** What plugins do all day, by the request's path. */
import { definePlugin, stop } from "apisix-bun-runner";

const LARGE = "x".repeat(1_000_000);

export default definePlugin({
  // Asynchronous, so that the first calls of a conf wait for it; timers must go with the state.
  async setup() {
    await Bun.sleep(1);
    const timer = setInterval(() => undefined, 60_000);
    return { calls: 0, [Symbol.dispose]: () => clearInterval(timer) };
  },

  async request({ request, responseHeaders, state, vars }) {
    state.calls++;
    switch (request.path) {
      case "/stop":
        return stop(`call ${state.calls}`, { status: 201, headers: { "x-a": "b" } });
      case "/web":
        return Response.json({ agent: request.headers.get("user-agent") });
      case "/rewrite":
        request.path = "/elsewhere";
        request.headers.set("x-calls", String(state.calls));
        request.args.append("a", "b");
        responseHeaders.set("x-a", "b");
        return;
      case "/sleep":
        await Bun.sleep(1);
        return stop("slept");
      case "/vars": {
        const [address, host] = await Promise.all([vars.get("remote_addr"), vars.get("host")]);
        return stop(`${address} ${host}`);
      }
      case "/body":
        request.body = `[${await request.text()}]`;
        return;
      case "/large":
        return stop(LARGE);
      case "/throw":
        throw new Error("meant to fail");
      case "/stray":
        void Promise.reject(new Error("left behind"));
        return;
    }
  },

  async response({ response }) {
    response.headers.set("x-a", "b");
    response.body = (await response.text()).replaceAll("a", "b");
  },
});

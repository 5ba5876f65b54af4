/** Asks for a variable and the body in one tick: two questions a call, then no more. */
import { definePlugin } from "apisix-bun-runner";

export const QUESTIONS = 2;

/** Calls under way; for whoever runs in the same process. */
export const underWay = { calls: 0 };

export default definePlugin({
  async request({ request, vars }) {
    underWay.calls++;
    try {
      await Promise.all([vars.get("remote_addr"), request.text()]);
    } finally {
      underWay.calls--;
    }
  },
  async response({ response, vars }) {
    underWay.calls++;
    try {
      await Promise.all([vars.get("remote_addr"), response.text()]);
      // Without a body of its own the reply may depend on the request's method, which is asked for then.
      response.body = "asked";
    } finally {
      underWay.calls--;
    }
  },
});

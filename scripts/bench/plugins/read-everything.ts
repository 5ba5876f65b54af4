/** Reads every header and every argument, and changes nothing. */
import { definePlugin, stop } from "apisix-bun-runner";

export default definePlugin({
  request({ request }) {
    let length = 0;
    for (const [name, value] of request.headers) length += name.length + value.length;
    for (const [name, value] of request.args) length += name.length + value.length;
    // What is read must be used, or the compiler leaves the reading out.
    if (length === 0) return stop("a request without a header");
  },
});

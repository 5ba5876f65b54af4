/** Changes something of every kind, so that what came is sent back beside it. */
import { definePlugin } from "apisix-bun-runner";

export default definePlugin({
  request({ request, responseHeaders }) {
    request.path = `/edited${request.path.slice(0, 8)}`;
    request.headers.append("x-edited", "1");
    for (const name of new Set(request.args.keys())) {
      if (name !== "") request.args.append(name, "edited");
    }
    responseHeaders.append("x-edited", "1");
  },
  response({ response }) {
    response.headers.append("x-edited", "1");
    // Without a body of its own the reply would depend on the request's method, which is asked for.
    response.body = "edited";
  },
});

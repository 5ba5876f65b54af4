/** Reads all there is without waiting, and tells in its reply what it read. */
import { definePlugin, stop } from "apisix-bun-runner";

export default definePlugin({
  request({ request }) {
    const { path, ip, headers, args, method } = request;
    // Read for the sake of reading: none of these may throw, whatever came.
    const more = [request.url, args.toString(), args.size, args.isBare("a"), args.get("a")];
    const fields = [headers.toJSON(), headers.getSetCookie(), headers.get("host")];
    if (more.length + fields.length !== 8) return;
    return stop(JSON.stringify([method, path, ip, [...args], [...headers]]));
  },
  response({ response }) {
    const read = JSON.stringify([response.status, [...response.headers]]);
    response.headers.set("x-read", Bun.hash(read).toString());
    // Without a body of its own the reply would depend on the request's method, which is asked for.
    response.body = "read";
  },
});

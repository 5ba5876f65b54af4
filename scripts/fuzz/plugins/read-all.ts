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
  response({ response: { status, headers } }) {
    const read = JSON.stringify([status, [...headers]]);
    headers.set("x-read", Bun.hash(read).toString());
  },
});

/** Changes a request on its way to the upstream: path, headers, arguments. */
import { definePlugin } from "apisix-bun-runner";
import * as v from "valibot";

/** By name; null deletes. */
const Changes = v.record(v.string(), v.nullable(v.string()));

/** A field that is null leaves its part of the request alone. */
const Conf = v.strictObject({
  /** Decoded: APISIX percent-encodes it. */
  path: v.optional(v.nullable(v.pipe(v.string(), v.startsWith("/"))), "/a6/bun/runner"),
  headers: v.optional(v.nullable(Changes), { "X-Resp-A6-Runner": "Bun" }),
  args: v.optional(v.nullable(Changes), { a6_runner: "Bun" }),
});

/**
 * The Python runner's `rewrite`, with a conf. That one takes any conf and reads none of it: so a
 * conf that is no object means the defaults here.
 *
 * @example conf
 * ```json
 * { "name": "rewrite", "value": "{\"path\":\"/v2\",\"headers\":{\"x-debug\":null},\"args\":null}" }
 * ```
 */
export default definePlugin({
  name: "rewrite",
  description: "Sets the path of a request, and sets or deletes its headers and arguments.",
  config: v.pipe(
    v.unknown(),
    v.transform((conf) => (isObject(conf) ? conf : {})),
    Conf,
  ),
  request({ request, config }) {
    if (config.path !== null) request.path = config.path;
    if (config.headers !== null) change(request.headers, config.headers);
    if (config.args !== null) change(request.args, config.args);
  },
});

interface Fields {
  set(name: string, value: string): void;
  delete(name: string): void;
}

function change(fields: Fields, changes: v.InferOutput<typeof Changes>): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) fields.delete(name);
    else fields.set(name, value);
  }
}

/** Text that begins like an object counts as one, so that a slip in its JSON does not go unnoticed. */
function isObject(conf: unknown): boolean {
  if (typeof conf === "string") return conf.trimStart().startsWith("{");
  return typeof conf === "object" && conf !== null && !Array.isArray(conf);
}

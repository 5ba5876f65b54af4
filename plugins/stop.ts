/** Answers in place of the upstream. Written as a class, the style of the Python runner. */
import { Base, type PluginRequest, type StopResponse } from "apisix-bun-runner";
import * as v from "valibot";

const Conf = v.strictObject({
  status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(999)), 201),
  /** All headers of the answer; given, they replace the default one. */
  headers: v.optional(v.record(v.string(), v.string()), { "X-Resp-A6-Runner": "Bun" }),
  body: v.optional(v.string(), "Hello, Bun Runner of APISIX"),
});

/**
 * The Python runner's `stop`, with a conf. That one takes any conf and reads none of it: so a conf
 * that is no object means the defaults here.
 *
 * @example conf
 * ```json
 * { "name": "stop", "value": "{\"status\":403,\"body\":\"not here\"}" }
 * ```
 */
export default class Stop extends Base<v.InferOutput<typeof Conf>> {
  static override readonly description = "Answers with a given status, headers and body.";
  static override readonly config = v.pipe(
    v.unknown(),
    v.transform((conf) => (isObject(conf) ? conf : {})),
    Conf,
  );

  static override readonly samples = [
    { config: { status: 403, body: "not here" }, expect: { status: 403, body: "not here" } },
    { config: "stop", expect: { status: 201, headers: { "x-resp-a6-runner": "Bun" } } },
    { config: { status: 101 }, expect: { configError: "status: " } },
  ];

  override filter(_request: PluginRequest, response: StopResponse): void {
    response.status = this.config.status;
    response.headers = this.config.headers;
    response.body = this.config.body;
    this.stop();
  }
}

/** Text that begins like an object counts as one, so that a slip in its JSON does not go unnoticed. */
function isObject(conf: unknown): boolean {
  if (typeof conf === "string") return conf.trimStart().startsWith("{");
  return typeof conf === "object" && conf !== null && !Array.isArray(conf);
}

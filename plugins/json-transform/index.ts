/** Reshapes JSON bodies, headers and more with a JSONata expression for each phase. */
import {
  definePlugin,
  HttpError,
  type RequestArgs,
  type UpstreamResponse,
  type Vars,
} from "apisix-bun-runner";
import { Conf, type Config } from "./conf.ts";
import { applyToRequest, applyToResponse, setBody } from "./outcome.ts";
import { readJson } from "./read-json.ts";

/**
 * A request body that cannot be reshaped is answered with 400, 413 or 415; a response that cannot be fails with 503.
 *
 * @example conf
 * ```json
 * {
 *   "name": "json-transform",
 *   "value": "{\"request\":{\"expression\":\"{ \\\"name\\\": first & ' ' & last }\"}}"
 * }
 * ```
 */
export default definePlugin({
  name: "json-transform",
  description: "Reshapes JSON requests and responses with JSONata expressions.",
  config: Conf,
  samples: [
    {
      config: { request: { expression: '{ "name": first & " " & last }' } },
      request: {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"first":"Jane","last":"Doe"}',
      },
      expect: { body: { name: "Jane Doe" } },
    },
    {
      config: { response: { expression: "items.id" } },
      response: {
        headers: { "content-type": "application/json" },
        body: '{"items":[{"id":1},{"id":2}]}',
      },
      expect: { body: [1, 2] },
    },
    {
      config: { request: { expression: "{ a: " } },
      expect: { configError: /request\.expression: .+ at position \d+$/ },
    },
  ],
  setup({ request, response }, { route }) {
    const section = route.plugin === "ext-plugin-post-resp" ? response : request;
    if (section === undefined) {
      throw new Error(`the conf has nothing for ${route.plugin ?? "this phase"}`);
    }
  },
  async request({ request, config, vars }) {
    if (config.request === undefined) return;
    const { transformation, output } = config.request;
    const { headers } = request;
    const encoding = headers.get("content-encoding") ?? "";
    const read = readJson(await request.bytes(), headers.get("content-type"), config, encoding);
    if ("reason" in read) {
      if (read.passes) return;
      throw new HttpError(read.status, read.reason);
    }
    if (read.value === undefined && output === "body") return;
    const result = await transformation.evaluate(read.value, {
      ...(await bindingsOf(config, vars)),
      headers: headers.toJSON(),
      method: request.method,
      path: request.path,
      args: listed(request.args),
    });
    if (output === "message") applyToRequest(request, result);
    else setBody(request, selected(result));
  },
  async response({ response, config, vars }) {
    if (config.response === undefined) return;
    const { transformation, output } = config.response;
    const read = await readResponse(response, config);
    if ("reason" in read) {
      if (read.passes) return;
      throw new Error(read.reason);
    }
    if (read.value === undefined && output === "body") return;
    const result = await transformation.evaluate(read.value, {
      ...(await bindingsOf(config, vars)),
      headers: response.headers.toJSON(),
      status: response.status,
    });
    if (output === "message") applyToResponse(response, result);
    else setBody(response, selected(result));
  },
});

async function readResponse(response: UpstreamResponse, config: Config) {
  try {
    return readJson(await response.bytes(), response.headers.get("content-type"), config);
  } catch (error) {
    const reason = `the body cannot be decoded: ${String(error)}`;
    return { reason, passes: config.onInvalid === "pass" };
  }
}

/** What both phases have. */
async function bindingsOf({ constants, vars: names }: Config, vars: Vars) {
  const values = await Promise.all(names.map((name) => vars.get(name)));
  return { constants, vars: Object.fromEntries(names.map((name, i) => [name, values[i]])) };
}

/** A name that comes more than once has a list. */
function listed(args: RequestArgs): Record<string, string | string[]> {
  const names = [...new Set(args.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const [first = "", ...others] = args.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

/** @throws Error where that is nothing: the body must not pass as it was */
function selected(result: unknown): unknown {
  if (result === undefined) throw new Error("the expression selects nothing: there is no body");
  return result;
}

/** Calls whose chain each call names, and replies as the runner sent them: for tests of the runner itself. */
import type { ExtPlugin } from "../../src/plugin/conf-key.ts";
import type { RunnerReply } from "../../src/gateway/decode-replies.ts";
import { httpReqCallFrame, httpRespCallFrame } from "../../src/gateway/encode-calls.ts";
import { pluginFromModule } from "../../src/plugin/load-module.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { Question } from "../../src/protocol/replies.ts";
import type { WireEntry, WireText } from "../../src/protocol/text-entries.ts";
import { confValue } from "../../src/testing/conf.ts";
import {
  InProcessRunner,
  type InProcessRunnerOptions,
} from "../../src/testing/in-process-runner.ts";

/** A name and a value; without a value it is an argument like `?a`. */
export type Pair = readonly [name: WireText, value?: WireText];

interface CallDetails {
  /** The route's id; each route has confs, and so state, of its own. */
  readonly route?: string;
  readonly headers?: readonly Pair[];
  /** Variables that APISIX has; all others are absent. */
  readonly vars?: Readonly<Record<string, string>>;
  /** The body of the request, or of the response in the response phase. */
  readonly body?: string | Uint8Array;
}

export interface TestRequest extends CallDetails {
  /** Default GET. */
  readonly method?: string;
  /** Default `/`. */
  readonly path?: string;
  readonly args?: readonly Pair[];
  readonly sourceIp?: Uint8Array;
}

export interface TestResponse extends CallDetails {
  /** Default 200. */
  readonly status?: number;
  /** The request's body, which can be read here too. */
  readonly requestBody?: string | Uint8Array;
}

export interface Outcome {
  /** The reply to the call; to PrepareConf where that was refused. */
  readonly reply: RunnerReply;
  /** The reply's body as text; undefined where it has none. */
  readonly text: string | undefined;
  /** What the runner asked meanwhile, in order. */
  readonly asked: readonly Question[];
  /** The lines logged meanwhile, every level. */
  readonly log: readonly string[];
}

/** The plugins of a route with their confs. */
export type Chain = readonly (readonly [name: string, conf: string | object])[];

export class PluginHarness extends InProcessRunner {
  /** @param exports what plugin files would export by default, by the name of the plugin */
  constructor(exports: Readonly<Record<string, unknown>>, options?: InProcessRunnerOptions) {
    const plugins = Object.entries(exports).map(([name, exported]) =>
      pluginFromModule({ default: exported }, name, "test"),
    );
    super(plugins, { decodedBodyLimit: 2 ** 20, ...options });
  }

  /** A request through ext-plugin-pre-req. */
  request(chain: Chain, request: TestRequest = {}): Promise<Outcome> {
    const { method = "GET", path = "/", args = [], headers = [], sourceIp } = request;
    return this.#call(
      "ext-plugin-pre-req",
      chain,
      request,
      { request: request.body },
      (id, token) =>
        httpReqCallFrame({
          id,
          method,
          path,
          sourceIp,
          args: args.map(entry),
          headers: headers.map(entry),
          confToken: token,
        }),
    );
  }

  /** A response through ext-plugin-post-resp. */
  response(chain: Chain, response: TestResponse = {}): Promise<Outcome> {
    const { status = 200, headers = [], body, requestBody } = response;
    const bodies = { request: requestBody, response: body };
    return this.#call("ext-plugin-post-resp", chain, response, bodies, (id, token) =>
      httpRespCallFrame({ id, status, headers: headers.map(entry), confToken: token }),
    );
  }

  async #call(
    extPlugin: ExtPlugin,
    chain: Chain,
    { route = "1", vars = {} }: CallDetails,
    bodies: {
      request?: string | Uint8Array | undefined;
      response?: string | Uint8Array | undefined;
    },
    frame: (id: number, token: number) => Frame,
  ): Promise<Outcome> {
    const conf = chain.map(([name, value]) => ({ name, value: confValue(value) }));
    const answers = {
      vars,
      requestBody: bytesOf(bodies.request),
      responseBody: bytesOf(bodies.response),
    };
    const { reply, asked, log } = await this.call({ extPlugin, route, conf }, answers, frame);
    const body = "body" in reply ? reply.body : undefined;
    return {
      reply,
      text: body && Buffer.from(body).toString(),
      asked: asked.map(({ question }) => question),
      log: log.map(({ text }) => text),
    };
  }
}

function entry([name, value]: Pair): WireEntry {
  return { name, value };
}

function bytesOf(body: string | Uint8Array | undefined): Uint8Array | undefined {
  return typeof body === "string" ? Buffer.from(body) : body;
}

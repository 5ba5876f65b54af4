/**
 * Runs plugins in process, through the real codec, connection and chain: a test speaks as APISIX would,
 * and gets what APISIX would get, decoded.
 */
import { decodeReply, type RunnerReply } from "../../src/gateway/decode-replies.ts";
import {
  extraInfoFrame,
  httpReqCallFrame,
  httpRespCallFrame,
  prepareConfFrame,
} from "../../src/gateway/encode-calls.ts";
import { createLogger } from "../../src/log/logger.ts";
import { ConfCache } from "../../src/plugin/conf-cache.ts";
import { isProblem, PluginRegistry } from "../../src/plugin/registry.ts";
import type { ExtPlugin } from "../../src/plugin/route.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
import type { Frame } from "../../src/protocol/frame-builder.ts";
import type { Question } from "../../src/protocol/replies.ts";
import type { WireEntry, WireText } from "../../src/protocol/text-entries.ts";
import type { Runner } from "../../src/rpc/runner.ts";
import { type ByteSocket, Connection } from "../../src/server/connection.ts";

/** A plugin's module, as `import()` gives it. */
export type LoadPlugin = () => Promise<object>;

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

/** A conf as it stands on a route; what is no string is written as JSON. */
export type Conf = string | object;

export interface HarnessOptions {
  /** `plugins.timeout`, ms. */
  readonly timeout?: number;
  /** `limits.decodedBody`, bytes. */
  readonly decodedBodyLimit?: number;
}

/**
 * One plugin on a route of its own.
 *
 * @example
 * ```ts
 * const plugin = await harness(() => import("./say.ts"), "say");
 * const { reply, text } = await plugin.request({ body: "hi" }, { path: "/get" });
 * ```
 * @throws Error where the module is no plugin
 */
export async function harness(load: LoadPlugin, name: string, options?: HarnessOptions) {
  const chain = await chainHarness({ [name]: load }, options);
  return {
    runner: chain.runner,
    request: (conf: Conf, request?: TestRequest) => chain.request([[name, conf]], request),
    response: (conf: Conf, response?: TestResponse) => chain.response([[name, conf]], response),
    disconnect: () => chain.disconnect(),
  };
}

/** Several plugins, by name; each call says which of them run, in which order. */
export async function chainHarness(
  plugins: Readonly<Record<string, LoadPlugin>>,
  options?: HarnessOptions,
): Promise<ChainHarness> {
  const chain = new ChainHarness(plugins, options);
  for (const plugin of await chain.runner.registry.all()) {
    if (isProblem(plugin)) throw new Error(`plugin ${plugin.name} did not load: ${plugin.problem}`);
  }
  return chain;
}

export class ChainHarness {
  readonly runner: Runner;
  readonly #log: string[] = [];
  readonly #connections = new Set<GatewayEnd>();

  constructor(
    plugins: Readonly<Record<string, LoadPlugin>>,
    { timeout = 10_000, decodedBodyLimit = 2 ** 20 }: HarnessOptions = {},
  ) {
    const log = loggerTo(this.#log);
    this.runner = {
      registry: new PluginRegistry(Object.entries(plugins), log),
      confs: new ConfCache({ expireTime: 3_600_000, limit: 1000, log }),
      secrets: { env: [], files: [], environment: {} },
      log,
      timeout,
      decodedBodyLimit,
    };
  }

  /** A request through ext-plugin-pre-req. */
  request(chain: Chain, request: TestRequest = {}): Promise<Outcome> {
    const { method = "GET", path = "/", args = [], headers = [], sourceIp } = request;
    return this.#call("ext-plugin-pre-req", chain, request, { request: request.body }, (token) =>
      httpReqCallFrame({
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
    return this.#call("ext-plugin-post-resp", chain, response, bodies, (token) =>
      httpRespCallFrame({ status, headers: headers.map(entry), confToken: token }),
    );
  }

  /** Closes the connections of all calls under way, which reject. */
  disconnect(): void {
    for (const connection of this.#connections) connection.disconnect();
  }

  async #call(
    plugin: ExtPlugin,
    chain: Chain,
    { route = "1", vars = {} }: CallDetails,
    bodies: Bodies,
    frame: (token: number) => Frame,
  ): Promise<Outcome> {
    const from = this.#log.length;
    const conf = chain.map(([name, value]) => ({
      name,
      value: typeof value === "string" ? value : JSON.stringify(value),
    }));
    const end = new GatewayEnd(this.runner, vars, bodies);
    this.#connections.add(end);
    try {
      let reply = await end.call(prepareConfFrame(`route#${route}#${plugin}#1`, conf));
      if (reply.kind === "conf-token") reply = await end.call(frame(reply.token));
      const body = "body" in reply ? reply.body : undefined;
      const text = body && Buffer.from(body).toString();
      return { reply, text, asked: end.asked, log: this.#log.slice(from) };
    } finally {
      this.#connections.delete(end);
    }
  }
}

/** The plugins of a route with their confs. */
export type Chain = readonly (readonly [name: string, conf: Conf])[];

interface Bodies {
  readonly request?: string | Uint8Array | undefined;
  readonly response?: string | Uint8Array | undefined;
}

/** APISIX's end of a connection, which stays in memory: one call at a time, and answers to its questions. */
class GatewayEnd implements ByteSocket {
  readonly asked: Question[] = [];
  readonly #connection: Connection;
  readonly #frames = createFrameDecoder((type, payload) => this.#receive(type, payload));
  #reply = Promise.withResolvers<RunnerReply>();

  constructor(
    runner: Runner,
    private readonly vars: Readonly<Record<string, string>>,
    private readonly bodies: Bodies,
  ) {
    this.#connection = new Connection(this, runner);
  }

  call(frame: Frame): Promise<RunnerReply> {
    this.#reply = Promise.withResolvers();
    this.#connection.data(new Uint8Array(frame));
    return this.#reply.promise;
  }

  disconnect(): void {
    this.#connection.closed();
    this.#reply.reject(new Error("the connection was closed before the runner replied"));
  }

  write(bytes: Uint8Array): number {
    this.#frames.push(bytes);
    return bytes.length;
  }

  pause(): void {}
  resume(): void {}
  end(): void {}

  #receive(type: number, payload: Buffer): void {
    try {
      const reply = decodeReply(type, payload);
      if (reply.kind === "question") this.#answer(reply.question);
      else this.#reply.resolve(reply);
    } catch (error) {
      this.#reply.reject(error);
    }
  }

  /** Later, as no socket is read while it is written. */
  #answer(question: Question): void {
    this.asked.push(question);
    const answer = this.#answerTo(question);
    const bytes = typeof answer === "string" ? Buffer.from(answer) : answer;
    queueMicrotask(() => this.#connection.data(new Uint8Array(extraInfoFrame(bytes))));
  }

  #answerTo(question: Question): string | Uint8Array | undefined {
    switch (question.kind) {
      case "var":
        return Object.hasOwn(this.vars, question.name) ? this.vars[question.name] : undefined;
      case "request-body":
        return this.bodies.request;
      case "response-body":
        return this.bodies.response;
    }
  }
}

function entry([name, value]: Pair): WireEntry {
  return { name, value };
}

/** Nothing is counted across calls: each call shows all it logs. */
function loggerTo(lines: string[]) {
  const clock = {
    now: () => 0,
    after: (_ms: number, run: () => void) => {
      queueMicrotask(run);
      return () => {};
    },
  };
  const sink = {
    write(bytes: Uint8Array) {
      lines.push(Buffer.from(bytes).toString().trimEnd());
      return bytes.length;
    },
    reopen() {},
    close() {},
  };
  return createLogger({ level: "debug", format: "text" }, { clock, sink });
}

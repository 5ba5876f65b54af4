/** Runs plugins in process as a runner does, and tells what APISIX would do then. */
import { httpReqCallFrame, httpRespCallFrame } from "../gateway/encode-calls.ts";
import type { ExtPlugin } from "../plugin/conf-key.ts";
import type { Store } from "../store/store.ts";
import { checkConf, confValue } from "./conf.ts";
import { answersFrom, type FakeVars } from "./fake-vars.ts";
import { InProcessRunner } from "./in-process-runner.ts";
import { Leases } from "./leases.ts";
import { givenRequest, type RequestInput } from "./request-input.ts";
import { requestResult } from "./request-result.ts";
import { givenResponse, type ResponseInput } from "./response-input.ts";
import { responseResult } from "./response-result.ts";
import type { RequestResult, ResponseResult } from "./results.ts";
import { pluginsOf, type TestablePlugin } from "./subject.ts";
import { storesOf, TestStore } from "./test-store.ts";

export interface ChainOptions {
  /** Variables of nginx and APISIX for every call. */
  readonly vars?: FakeVars;
  /** What `$env://NAME` in a conf leads to; all of it is allowed. */
  readonly env?: Readonly<Record<string, string>>;
  /** The route's id; default `test`. */
  readonly route?: string;
  /** Which of APISIX's plugins calls in the request phase; default `ext-plugin-pre-req`. */
  readonly extPlugin?: Exclude<ExtPlugin, "ext-plugin-post-resp">;
  /** ms that a hook may take where its plugin says nothing else (`plugins.timeout`); default 10 000. */
  readonly timeout?: number;
  /** What is behind the plugins' `store`; default: a new one. */
  readonly store?: TestStore;
}

export interface PluginTestOptions extends ChainOptions {
  /** The conf as on a route: a JSON value, or the string that `conf[].value` is. Default `{}`. */
  readonly config?: unknown;
  /** What the file is called, for a plugin that does not name itself; default the class's name, else `plugin`. */
  readonly name?: string;
}

/** A plugin, or a chain, on a route of its own: its conf is prepared once, and its `state` is shared by all calls. */
export interface PluginUnderTest extends AsyncDisposable {
  /** What the plugin, the first one of a chain, has as its `store`. */
  readonly store: Store;
  /** A request through the request phase. Rejects only where the input is none, or after {@link disconnect}. */
  request(input?: RequestInput): Promise<RequestResult>;
  /** A response through the response phase, which as under APISIX has a state of its own. */
  response(input?: ResponseInput): Promise<ResponseResult>;
  /** APISIX closes the connections of all calls under way: their signals abort, and they reject. */
  disconnect(): void;
  /** Ends the calls under way and the state: `dispose` of what `setup` returned has run when this resolves. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Puts a plugin to the test: each call goes through the real codec both ways, and comes back as what APISIX would do.
 *
 * @param plugin what a plugin file exports by default, or the module itself, or its `import()`
 * @example
 * ```ts
 * const plugin = await testPlugin(import("./say.ts"), { config: { body: "hello" } });
 * const result = await plugin.request("/get?a=1");
 * expectAction(result, "stop");
 * expect(result.response.text()).toBe("hello");
 * ```
 * @throws InvalidConfError (rejects with it) for a conf that the plugin refuses; it names each wrong field
 * @throws PluginLoadError (likewise) for what a runner would not load
 */
export function testPlugin(
  plugin: TestablePlugin,
  { config, name, ...options }: PluginTestOptions = {},
): Promise<PluginUnderTest> {
  return prepare([[plugin, config]], options, name);
}

/**
 * The same for several plugins in the order of a route's conf, each with its config. What `testPlugin` rejects, this
 * rejects too.
 *
 * @example
 * ```ts
 * const chain = await testChain([[auth, { realm: "x" }], [import("./say.ts"), { body: "hi" }]]);
 * const { ran } = await chain.request("/");
 * ```
 */
export function testChain(
  chain: readonly (readonly [plugin: TestablePlugin, config?: unknown])[],
  options: ChainOptions = {},
): Promise<PluginUnderTest> {
  return prepare(chain, options);
}

async function prepare(
  chain: readonly (readonly [plugin: TestablePlugin, config?: unknown])[],
  options: ChainOptions,
  name?: string,
): Promise<PluginUnderTest> {
  const plugins = await pluginsOf(
    chain.map(([plugin]) => plugin),
    name,
  );
  const {
    route = "test",
    extPlugin = "ext-plugin-pre-req",
    vars,
    store = new TestStore(),
  } = options;
  const runner = new InProcessRunner([...new Set(plugins)], {
    ...options,
    stores: storesOf(store),
  });
  const values = chain.map(([, config]) => confValue(config));
  for (const [i, plugin] of plugins.entries()) {
    await checkConf(plugin, values[i] ?? "", runner.runner.secrets);
  }
  const leases = new Leases(plugins);
  const conf = plugins.map((plugin, i) => ({ name: plugin.name, value: values[i] ?? "" }));
  return {
    store: store.of(plugins[0]?.name ?? "plugin"),
    async request(input = "/") {
      const given = await givenRequest(input);
      const { method, path, args, headers } = given.request;
      const call = await runner.call(
        { extPlugin, route, conf },
        answersFrom(given, [given.vars, vars]),
        (id, confToken) =>
          httpReqCallFrame({
            id,
            method,
            path,
            args,
            headers: passedOn(headers, (name) => name.toLowerCase()),
            sourceIp: given.sourceIp,
            confToken,
          }),
      );
      return requestResult(given.request, call);
    },
    async response(input = {}) {
      const given = await givenResponse(input);
      const { status, headers } = given.response;
      const call = await runner.call(
        { extPlugin: "ext-plugin-post-resp", route, conf },
        answersFrom(given.to, [given.vars, vars], given.response),
        (id, confToken) => httpRespCallFrame({ id, status, headers: passedOn(headers), confToken }),
      );
      return responseResult(given, call);
    },
    disconnect: () => runner.disconnect(),
    async [Symbol.asyncDispose]() {
      runner.disconnect();
      runner.runner.confs.clear();
      await leases.ended();
    },
  };
}

/** APISIX passes on no more of them. */
const MAX_HEADERS = 100;

function passedOn<Line extends { readonly name: string }>(
  headers: readonly Line[],
  spelled = (name: string): string => name,
): Line[] {
  return headers.slice(0, MAX_HEADERS).map((line) => ({ ...line, name: spelled(line.name) }));
}

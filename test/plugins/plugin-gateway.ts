/** The executable behind the development gateway, with plugins on one route and an upstream that says what it was sent. */
import { type Gateway, startGateway } from "../../src/gateway/gateway.ts";
import { parseRoutes } from "../../src/gateway/routes.ts";
import { EchoUpstream } from "../gateway/echo-upstream.ts";
import { type EchoedRequest, headerOf } from "../gateway/rig.ts";
import { RunnerProcess } from "../support/runner-process.ts";

/** A plugin of the chain and its conf. */
export type ChainLink = readonly [plugin: string, config: object];

export interface PluginGatewayOptions {
  /** The runner's environment, beside what APISIX gives it: its settings too, as `APISIX_BUN_RUNNER_STORE_URL`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: `ext-plugin-pre-req`. */
  readonly extPlugin?: string;
  /** Further plugins of the route, with their confs. */
  readonly routePlugins?: object;
  /** Of the ext-plugin: whether requests pass where the runner fails. */
  readonly allowDegradation?: boolean;
}

export class PluginGateway implements AsyncDisposable {
  private constructor(
    readonly runner: RunnerProcess,
    private readonly upstream: EchoUpstream,
    private readonly gateway: Gateway,
  ) {}

  static async start(
    chain: readonly ChainLink[],
    options: PluginGatewayOptions = {},
  ): Promise<PluginGateway> {
    const runner = await RunnerProcess.start({ env: options.env ?? {} });
    const upstream = await EchoUpstream.start();
    const plugin = {
      conf: chain.map(([name, config]) => ({ name, value: JSON.stringify(config) })),
      allow_degradation: options.allowDegradation ?? false,
    };
    const route = {
      uri: "/*",
      plugins: {
        ...options.routePlugins,
        [options.extPlugin ?? "ext-plugin-pre-req"]: plugin,
      },
      upstream: { nodes: { [`127.0.0.1:${upstream.port}`]: 1 } },
    };
    const { table } = parseRoutes(`${JSON.stringify({ routes: [route] })}\n#END\n`);
    const gateway = await startGateway({ port: 0, routes: table, runnerSocket: runner.socket });
    return new PluginGateway(runner, upstream, gateway);
  }

  /** How many requests have come to the upstream. */
  get requests(): number {
    return this.upstream.requests;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.gateway.url + path, init);
  }

  /** What the upstream was sent: path with arguments, and a way to its headers. */
  async echo(path: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await this.fetch(path, { headers });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const request = (await response.json()) as EchoedRequest;
    return { uri: request.uri, header: (name: string) => headerOf(request, name), response };
  }

  /** Ends the runner; resolves to all that it has logged. */
  async log(): Promise<string> {
    await this.runner.stop();
    await this.runner.log.ended;
    return this.runner.log.text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.close();
    await this.upstream[Symbol.asyncDispose]();
    await this.runner[Symbol.asyncDispose]();
  }
}

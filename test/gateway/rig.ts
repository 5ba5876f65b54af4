/** A gateway between a scripted runner and an upstream, for one test. */
import type { RequestEvent } from "../../src/gateway/events.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import { parseRoutes } from "../../src/gateway/routes.ts";
import { EchoUpstream } from "./echo-upstream.ts";
import { type RunnerScript, ScriptedRunner } from "./scripted-runner.ts";

export interface RigRoute {
  readonly uri: string;
  /** By the phase's short name. */
  readonly pre?: RunnerScript;
  readonly post?: RunnerScript;
  readonly resp?: RunnerScript;
  readonly degrade?: boolean;
  /** Further plugins of the route. */
  readonly plugins?: object;
  /** In place of the echo upstream. */
  readonly upstream?: object;
}

export class Rig implements AsyncDisposable {
  readonly events: RequestEvent[] = [];
  #waiting: ((event: RequestEvent) => void)[] = [];

  private constructor(
    readonly runner: ScriptedRunner,
    readonly upstream: EchoUpstream,
    public gateway: Gateway,
  ) {}

  static async start(
    routes: readonly RigRoute[],
    options: Partial<GatewayOptions> = {},
  ): Promise<Rig> {
    const runner = new ScriptedRunner();
    const upstream = await EchoUpstream.start();
    const rig: Rig = new Rig(
      runner,
      upstream,
      await startGateway({
        port: 0,
        routes: parseRoutes(routesText(routes, upstream.port)).table,
        runnerSocket: runner.path,
        onRequest: (event) => rig.#told(event),
        ...options,
      }),
    );
    return rig;
  }

  get port(): number {
    return this.gateway.port;
  }

  url(path: string): string {
    return `${this.gateway.url}${path}`;
  }

  /** The event of the next request that ends. */
  next(): Promise<RequestEvent> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.close();
    await this.upstream[Symbol.asyncDispose]();
    this.runner[Symbol.dispose]();
  }

  #told(event: RequestEvent): void {
    this.events.push(event);
    for (const resolve of this.#waiting.splice(0)) resolve(event);
  }
}

/** A GET without anything that a client adds. */
export function get(target: string, ...headers: string[]): string {
  return [`GET ${target} HTTP/1.1`, "Host: gw.example:9080", ...headers, "", ""].join("\r\n");
}

/** What the echo upstream says it was sent. */
export interface EchoedRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export function echoOf(body: Uint8Array): EchoedRequest {
  return JSON.parse(Buffer.from(body).toString()) as EchoedRequest;
}

export function headerOf(
  { headers }: { readonly headers: readonly (readonly [string, string])[] },
  name: string,
): string | undefined {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

function routesText(routes: readonly RigRoute[], port: number): string {
  const file = routes.map(({ uri, pre, post, resp, degrade, plugins, upstream }, i) => {
    const plugin = (script: RunnerScript): object => ({
      conf: [{ name: "probe", value: JSON.stringify(script) }],
      ...(degrade && { allow_degradation: true }),
    });
    return {
      id: `r${i + 1}`,
      uri,
      plugins: {
        ...(pre && { "ext-plugin-pre-req": plugin(pre) }),
        ...(post && { "ext-plugin-post-req": plugin(post) }),
        ...(resp && { "ext-plugin-post-resp": plugin(resp) }),
        ...plugins,
      },
      upstream: upstream ?? { nodes: { [`127.0.0.1:${port}`]: 1 } },
    };
  });
  return `${JSON.stringify({ routes: file })}\n#END\n`;
}

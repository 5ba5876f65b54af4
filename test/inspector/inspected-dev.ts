/** `dev` with an inspector, plugins of the test's own and an upstream, as an author runs it. */
import { connect } from "node:net";
import type { Inspected } from "../../src/inspector/model.ts";
import { executable as built } from "../support/executable.ts";
import { LineLog } from "../support/line-log.ts";
import { TempDir } from "../support/temp-dir.ts";

/** A route to plugins, each with its conf. */
export interface DevRoute {
  readonly uri: string;
  readonly pre?: Readonly<Record<string, unknown>>;
  readonly post?: Readonly<Record<string, unknown>>;
  readonly resp?: Readonly<Record<string, unknown>>;
  readonly degrade?: boolean;
}

export interface InspectedDevOptions {
  /** Sources, by the plugin's name. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly routes: readonly DevRoute[];
  /** Further arguments. */
  readonly args?: readonly string[];
  /** Default: the one in dist/. */
  readonly executable?: string;
  readonly upstream?: (request: Request) => Response | Promise<Response>;
}

export class InspectedDev implements AsyncDisposable {
  readonly dir = new TempDir();
  readonly log = new LineLog();
  /** Of the gateway. */
  url = "";
  /** Of the inspector, with its key. */
  inspector = "";
  readonly #upstream;
  readonly #process;

  private constructor({
    plugins,
    routes,
    args = [],
    executable = built,
    upstream,
  }: InspectedDevOptions) {
    for (const [name, source] of Object.entries(plugins)) {
      this.dir.write(`plugins/${name}.ts`, source);
    }
    this.dir.write("apisix.yaml", routesText(routes));
    this.#upstream = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: upstream ?? (() => new Response("from the upstream\n")),
    });
    this.#process = Bun.spawn(
      [
        ...[executable, "dev", "--port", "0", "--inspect-port", "0"],
        ...["--upstream", `http://127.0.0.1:${this.#upstream.port}`],
        ...args,
      ],
      {
        cwd: this.dir.path,
        env: { PATH: process.env["PATH"] ?? "", TMPDIR: this.dir.path },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    this.log.collect(this.#process.stdout);
    this.log.collect(this.#process.stderr);
  }

  /** In a project of its own, whose routes and plugins `dev` takes by itself. */
  static async start(options: InspectedDevOptions): Promise<InspectedDev> {
    const dev = new InspectedDev(options);
    dev.url = /http:\/\/\S+\d/.exec(await dev.log.line("Development gateway"))?.[0] ?? "";
    dev.inspector = /http:\/\/\S+/.exec(await dev.log.line("  inspector "))?.[0] ?? "";
    return dev;
  }

  /** A request that has been reported, so that the inspector has it. */
  async get(target: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.url + target, init);
    await this.log.line(` ${target}  `);
    return response;
  }

  /** Bytes as a client may send them that keeps to no rules. */
  async sendRaw(text: string): Promise<void> {
    const { port } = new URL(this.url);
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ host: "127.0.0.1", port: Number(port) }, () => socket.write(text));
    socket.once("data", () => resolve());
    await promise;
    socket.destroy();
  }

  /** A request, as soon as the inspector has it. */
  async request(id: number): Promise<Inspected> {
    const abort = new AbortController();
    const [origin, key] = this.inspector.split("/#");
    const headers = { authorization: `Bearer ${key}` };
    const live = await fetch(`${origin}/api/live`, { headers, signal: abort.signal });
    const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(`{"id":${id},`)) text += (await reader?.read())?.value ?? "";
    abort.abort();
    return this.api(`requests/${id}`);
  }

  /** What the page would be told. */
  async api<Answer>(path: string, order?: object): Promise<Answer> {
    const [origin, key] = this.inspector.split("/#");
    const response = await fetch(`${origin}/api/${path}`, {
      headers: {
        authorization: `Bearer ${key}`,
        ...(order && { "content-type": "application/json" }),
      },
      ...(order && { method: "POST", body: JSON.stringify(order) }),
    });
    return (await response.json()) as Answer;
  }

  async stop(): Promise<number> {
    this.#process.kill("SIGINT");
    return this.#process.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#upstream.stop(true);
    this.dir[Symbol.dispose]();
  }
}

function routesText(routes: readonly DevRoute[]): string {
  const calling = (confs: Readonly<Record<string, unknown>> | undefined, degrade = false) =>
    confs && {
      conf: Object.entries(confs).map(([name, conf]) => ({
        name,
        value: typeof conf === "string" ? conf : JSON.stringify(conf),
      })),
      ...(degrade && { allow_degradation: true }),
    };
  const file = {
    routes: routes.map(({ uri, pre, post, resp, degrade }) => ({
      id: uri.replaceAll(/\W/g, "") || "all",
      uri,
      plugins: {
        "ext-plugin-pre-req": calling(pre, degrade),
        "ext-plugin-post-req": calling(post, degrade),
        "ext-plugin-post-resp": calling(resp, degrade),
      },
      upstream: { nodes: { "${{UPSTREAM}}": 1 } },
    })),
  };
  return `${JSON.stringify(file, null, 2)}\n#END\n`;
}

/** A runner as APISIX keeps one: started, started again when it ends, told to go and then made to. */
import { existsSync, mkdirSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** APISIX starts a runner again 3 s after it ended. */
const RESTART_MS = 3_000;

/** From SIGTERM to SIGKILL. */
const KILL_MS = 1_000;

export interface RunnerChildOptions {
  readonly command: readonly string[];
  /** What it is called on; the folder is made where it is missing. */
  readonly socket: string;
  /** The working directory: APISIX's home. */
  readonly home: string;
  /** What `nginx_config.envs` would pass on. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A line of its output; APISIX merges stdout and stderr. */
  onLine(line: string): void;
  /** It ended by itself; in `restartIn` ms it is started again. */
  onExit(code: number, restartIn: number): void;
  /** ms; default: APISIX's 3 s. */
  readonly restartAfter?: number;
}

export class RunnerChild implements AsyncDisposable {
  #child: Bun.Subprocess<"pipe", "pipe", "pipe"> | undefined;
  #restart: Timer | undefined;
  #stopping = false;

  private constructor(private readonly options: RunnerChildOptions) {}

  /** Starts it; resolves when its socket is there, or it has ended. */
  static async start(options: RunnerChildOptions): Promise<RunnerChild> {
    const runner = new RunnerChild(options);
    mkdirSync(dirname(options.socket), { recursive: true });
    const appeared = fileAt(options.socket);
    await Promise.race([appeared, runner.#spawn()]);
    return runner;
  }

  /** SIGTERM, and SIGKILL after a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), KILL_MS);
    await child.exited;
    clearTimeout(late);
  }

  /** Resolves with the exit code of this start. */
  async #spawn(): Promise<number> {
    const { command, socket, home, env } = this.options;
    const child = Bun.spawn([...command], {
      cwd: home,
      env: {
        PATH: process.env["PATH"],
        APISIX_LISTEN_ADDRESS: `unix:${socket}`,
        APISIX_CONF_EXPIRE_TIME: "3600",
        ...env,
      },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#child = child;
    const output = Promise.all([this.#show(child.stdout), this.#show(child.stderr)]);
    const code = await child.exited;
    await output;
    this.#child = undefined;
    if (!this.#stopping) this.#startAgain(code);
    return code;
  }

  #startAgain(code: number): void {
    const { restartAfter = RESTART_MS, onExit } = this.options;
    onExit(code, restartAfter);
    this.#restart = setTimeout(() => void this.#spawn(), restartAfter);
  }

  async #show(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.options.onLine(line);
    }
    if (rest !== "") this.options.onLine(rest);
  }
}

async function fileAt(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(dirname(path), (_event, name) => {
    if (name === basename(path) && existsSync(path)) resolve();
  });
  await promise;
  watcher.close();
}

/** The executable, started as APISIX starts it. */
import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { executable as built } from "./executable.ts";
import { LineLog } from "./line-log.ts";
import { TempDir } from "./temp-dir.ts";

export interface RunnerOptions {
  /** Default: the one in dist/. */
  readonly executable?: string;
  /** Default: none, as APISIX starts a runner that has its settings in a file or in the environment. */
  readonly args?: readonly string[];
  /** Beside PATH and the two variables that APISIX sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a socket in a folder of its own. */
  readonly socket?: string;
}

/** A runner that listens. Dispose of it: it is ended and its folder removed. */
export class RunnerProcess implements AsyncDisposable {
  readonly dir = new TempDir();
  readonly socket: string;
  /** What it wrote to stdout and stderr, which APISIX merges. */
  readonly log = new LineLog();
  readonly process: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #appeared: Promise<void>;

  private constructor({ executable = built, args = [], env = {}, socket }: RunnerOptions) {
    this.socket = socket ?? this.dir.file("runner.sock");
    // At debug and info level it says so; by default nothing is said, so look for the file, and before it can be there.
    this.#appeared = fileIn(dirname(this.socket), basename(this.socket));
    // A runner that is expected to end may have no such folder, and nobody waits for its socket.
    this.#appeared.catch(() => undefined);
    this.process = Bun.spawn([executable, ...args], {
      cwd: this.dir.path,
      env: {
        PATH: process.env["PATH"] ?? "",
        APISIX_LISTEN_ADDRESS: `unix:${this.socket}`,
        APISIX_CONF_EXPIRE_TIME: "3600",
        ...env,
      },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.log.collect(this.process.stdout);
    this.log.collect(this.process.stderr);
  }

  /** Resolves when the socket is there. @throws with the log where the runner ends before */
  static async start(options: RunnerOptions = {}): Promise<RunnerProcess> {
    const runner = new RunnerProcess(options);
    await runner.listening();
    return runner;
  }

  /** Starts a runner that is expected to end by itself; resolves to its exit code. */
  static async startAndExit(options: RunnerOptions = {}) {
    const runner = new RunnerProcess(options);
    const code = await runner.process.exited;
    await runner.log.ended;
    return { code, log: runner.log, runner };
  }

  private async listening(): Promise<void> {
    const pid = this.process.pid;
    const exited = this.process.exited.then(async (code) => {
      await this.log.ended;
      throw new Error(`runner ${pid} ended with ${code} before it listened:\n${this.log.text}`);
    });
    exited.catch(() => undefined);
    await Promise.race([this.#appeared, exited]);
  }

  /** Bytes that it has in memory, on Linux. */
  get resident(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, "utf8");
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    this.process.kill(signal);
    return this.process.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
    this.dir[Symbol.dispose]();
  }
}

/** Resolves when a file of this name has been moved or made there. */
async function fileIn(dir: string, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(dir, { persistent: false }, (_event, file) => {
    if (file === name) resolve();
  });
  await promise;
  watcher.close();
}

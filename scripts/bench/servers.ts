/** The servers under load: the runner, the floor, the bare server, each on a socket of its own. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Memory, memoryOf } from "./client/process.ts";
import type { Target } from "./load.ts";

/** Longer than any start takes. */
const PATIENCE_MS = 10_000;

/** Starts servers; dispose of it, and all are ended and their folder is removed. */
export class Servers implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), "bench-"));
  readonly #running: Server[] = [];

  /** @param command the socket's path follows its program, then `args` */
  async start(command: readonly string[], ...args: readonly string[]): Promise<Server> {
    const server = new Server(join(this.dir, `s${this.#running.length}`), command, args);
    this.#running.push(server);
    await server.listening();
    return server;
  }

  /** A runner takes its socket from the environment, as APISIX gives it. */
  startRunner(executable: string): Promise<Server> {
    return this.start([executable]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((server) => server.stop()));
    rmSync(this.dir, { recursive: true });
  }
}

export class Server implements Target {
  readonly #process: Bun.Subprocess<"ignore", "ignore", "pipe">;

  constructor(
    readonly socket: string,
    command: readonly string[],
    args: readonly string[],
  ) {
    this.#process = Bun.spawn([...command, ...(args.length > 0 ? [socket, ...args] : [])], {
      env: {
        PATH: process.env["PATH"],
        APISIX_LISTEN_ADDRESS: `unix:${socket}`,
        APISIX_CONF_EXPIRE_TIME: "3600",
      },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get memory(): Memory {
    return memoryOf(this.pid);
  }

  /** From here on `memory.highest` is the highest since now, see proc_pid_clear_refs(5). */
  async forgetHighest(): Promise<void> {
    await Bun.write(`/proc/${this.pid}/clear_refs`, "5");
  }

  /** @throws Error with what it said, where it ends instead */
  async listening(): Promise<void> {
    const begun = performance.now();
    while (!existsSync(this.socket)) {
      if (this.#process.exitCode !== null || performance.now() - begun > PATIENCE_MS) {
        await this.stop();
        throw new Error(`a server did not start: ${await this.#process.stderr.text()}`);
      }
      await Bun.sleep(2);
    }
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}

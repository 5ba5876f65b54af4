/** The compiled runner, started on a socket of its own with the plugins of the fuzz run. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const FUZZ_PLUGINS = resolve(import.meta.dir, "plugins");

/** Few confs are kept: most that a run prepares are let go during it. */
export const FUZZ_ARGS = ["start", "--plugins", FUZZ_PLUGINS, "--limits-confs", "500"];

/** Dispose of it: it is ended, and its folder removed. */
export class FuzzedExecutable implements AsyncDisposable {
  readonly socket: string;
  readonly #dir = mkdtempSync(join(tmpdir(), "fuzz-"));
  readonly #process: Bun.Subprocess<"ignore", "ignore", "pipe">;
  /** What it wrote to stderr. */
  readonly log: Promise<string>;

  private constructor(executable: string) {
    this.socket = join(this.#dir, "s");
    this.#process = Bun.spawn([executable, ...FUZZ_ARGS, "--socket", this.socket], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    this.log = this.#process.stderr.text();
  }

  /** @throws with its log where it ends instead of listening */
  static async start(executable: string): Promise<FuzzedExecutable> {
    const runner = new FuzzedExecutable(executable);
    while (!existsSync(runner.socket)) {
      if (runner.#process.exitCode !== null) throw new Error(await runner.log);
      await Bun.sleep(5);
    }
    return runner;
  }

  /** MB that it has in memory; 0 where the system does not tell. */
  get residentMegabytes(): number {
    const status = this.#proc("status", (path) => readFileSync(path, "utf8")) ?? "";
    return Math.round(Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }

  /** How many descriptors it has open; 0 where the system does not tell. */
  get descriptors(): number {
    return this.#proc("fd", (path) => readdirSync(path).length) ?? 0;
  }

  #proc<T>(name: string, read: (path: string) => T): T | undefined {
    const path = `/proc/${this.#process.pid}/${name}`;
    return existsSync(path) ? read(path) : undefined;
  }

  /** Resolves only if it ends by itself, which it must not. */
  get exited(): Promise<number> {
    return this.#process.exited;
  }

  /** Tells it to stop, and waits for its end. */
  async stop(): Promise<void> {
    this.#process.kill();
    await this.#process.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    rmSync(this.#dir, { recursive: true });
  }
}

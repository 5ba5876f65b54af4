/** The compiled runner under soak, and what the system says of it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Few confs are kept: a soak prepares others all the time. */
const ARGS = ["start", "--plugins", resolve(import.meta.dir, "plugins"), "--limits-confs", "200"];

/** Dispose of it: it is ended, and its folder removed. */
export class SoakedRunner implements AsyncDisposable {
  readonly socket: string;
  readonly #dir = mkdtempSync(join(tmpdir(), "soak-"));
  readonly #log = join(this.#dir, "log");
  readonly #process: Bun.Subprocess;

  private constructor(executable: string, args: readonly string[]) {
    this.socket = join(this.#dir, "s");
    this.#process = Bun.spawn(
      [executable, ...ARGS, "--socket", this.socket, "--log-file", this.#log, ...args],
      { stdin: "ignore", stdout: "ignore", stderr: "inherit" },
    );
  }

  static async start(executable: string, args: readonly string[] = []): Promise<SoakedRunner> {
    const runner = new SoakedRunner(executable, args);
    while (!existsSync(runner.socket)) {
      if (runner.#process.exitCode !== null) throw new Error("the runner ended");
      await Bun.sleep(5);
    }
    return runner;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get log(): string {
    return readFileSync(this.#log, "utf8");
  }

  get logBytes(): number {
    return statSync(this.#log).size;
  }

  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024;
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  get threads(): number {
    return readdirSync(`/proc/${this.pid}/task`).length;
  }

  /** Plugins and settings anew, while calls go on. */
  reload(): void {
    this.#process.kill("SIGHUP");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    rmSync(this.#dir, { recursive: true });
  }
}

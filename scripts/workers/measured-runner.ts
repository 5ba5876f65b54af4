/** A runner with so many workers, to be measured. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** MB of one process. */
export interface ProcessMemory {
  readonly resident: number;
  /** What it shares with nobody. */
  readonly own: number;
}

/** Dispose of it: all its processes are ended. */
export class MeasuredRunner implements AsyncDisposable {
  readonly socket: string;
  readonly #dir = mkdtempSync(join(tmpdir(), "workers-"));
  readonly #process: Bun.Subprocess;

  private constructor(executable: string, workers: number) {
    this.socket = join(this.#dir, "s");
    this.#process = Bun.spawn([executable, ...argsFor(workers), "--socket", this.socket], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
  }

  /** Resolves when the socket and all workers are there. */
  static async start(executable: string, workers: number): Promise<MeasuredRunner> {
    const runner = new MeasuredRunner(executable, workers);
    while (!existsSync(runner.socket) || runner.workers.length < workers) await Bun.sleep(5);
    return runner;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get workers(): number[] {
    const path = `/proc/${this.pid}/task/${this.pid}/children`;
    return readFileSync(path, "latin1").split(" ").filter(Boolean).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.exited;
    rmSync(this.#dir, { recursive: true });
  }
}

export function argsFor(workers: number): string[] {
  return ["start", "--plugins", resolve(import.meta.dir, "plugins"), `--workers=${workers}`];
}

export function memoryOf(pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return {
    resident: kilobytes("Rss") / 1000,
    own: (kilobytes("Private_Clean") + kilobytes("Private_Dirty")) / 1000,
  };
}

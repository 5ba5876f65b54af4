/** A runner of this executable's own, for one call. */
import { existsSync, mkdtempSync, rmSync, watch } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { connectRunner, type RunnerClient } from "../../gateway/client.ts";

/** Starts the runner: `start` and its options follow. */
export type RunnerCommand = readonly [executable: string, ...args: string[]];

/** This program, whether compiled or run from its source. */
export function ownCommand(): RunnerCommand {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main];
}

/** Thrown where a runner ends, or does not listen in time. It has said why on stderr. */
export class RunnerStartError extends Error {
  override readonly name = "RunnerStartError";

  /** @param exitCode of the runner, where it ended */
  constructor(
    message: string,
    readonly exitCode?: number,
  ) {
    super(message);
  }
}

/** ms; a start takes a few, but the machine may be busy. */
const START_LIMIT_MS = 20_000;

/** ms from SIGTERM to SIGKILL, as APISIX has it. */
const END_LIMIT_MS = 1_000;

/** What ends a call that takes too long: the runner and its folder go too. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A runner that listens. Dispose of it: it is ended and its folder removed. */
export class OwnRunner implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "apisix-bun-runner-"));
  readonly #socket = join(this.#folder, "runner.sock");
  readonly #appeared = Promise.withResolvers<void>();
  readonly #watcher = watch(this.#folder, () => {
    if (existsSync(this.#socket)) this.#appeared.resolve();
  });
  readonly #child: Bun.Subprocess;
  #client: RunnerClient | undefined;

  private constructor(command: RunnerCommand, options: readonly string[]) {
    this.#child = Bun.spawn([...command, "start", "--socket", this.#socket, ...options], {
      // Under this variable a runner ends when its stdin does: none is left behind, however this process ends.
      env: { ...process.env, APISIX_CONF_EXPIRE_TIME: "3600" },
      stdin: "pipe",
      stdout: 2,
      stderr: "inherit",
    });
    for (const signal of INTERRUPTS) process.once(signal, this.#interrupted);
  }

  /**
   * Starts a runner and waits until it listens. Its log goes to this process's stderr, and so does whatever
   * plugins print.
   *
   * @param options of `start`
   * @throws RunnerStartError
   */
  static async start(command: RunnerCommand, options: readonly string[]): Promise<OwnRunner> {
    const runner = new OwnRunner(command, options);
    try {
      await runner.#listening();
      return runner;
    } catch (error) {
      await runner[Symbol.asyncDispose]();
      throw error;
    }
  }

  async connect(): Promise<RunnerClient> {
    return (this.#client = await connectRunner(this.#socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Without a connection it ends at once.
    this.#client?.close();
    await this.#end("SIGTERM");
  }

  async #listening(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const seconds = START_LIMIT_MS / 1000;
      late.reject(new RunnerStartError(`the runner did not listen within ${seconds} s`));
    }, START_LIMIT_MS);
    const ended = this.#child.exited.then((code) => {
      throw new RunnerStartError(`the runner ended with ${code} before it listened`, code);
    });
    // Once it has listened it may end as it likes.
    ended.catch(() => undefined);
    try {
      await Promise.race([this.#appeared.promise, ended, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#watcher.close();
    for (const interrupt of INTERRUPTS) process.off(interrupt, this.#interrupted);
    this.#child.kill(signal);
    const late = setTimeout(() => this.#child.kill("SIGKILL"), END_LIMIT_MS);
    await this.#child.exited;
    clearTimeout(late);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  readonly #interrupted = (signal: NodeJS.Signals): void => {
    void this.#end("SIGKILL").then(() => process.exit(128 + constants.signals[signal]));
  };
}

/** The runners of a trial: each is told to go when the next is started, as APISIX does. */
import { existsSync, lstatSync } from "node:fs";
import { resolve } from "node:path";

/** When APISIX kills a runner that was told to go, ms. */
const KILLED_AFTER = 1_000;

/** A successor that comes later than this has less than 150 ms to be given what there is, ms. */
const LATE_AFTER = 750;

type Runner = Bun.Subprocess<"pipe", "ignore", "pipe">;

export class Reloader {
  killed = 0;
  late = 0;
  /** No successor has come in time, and none is there yet. */
  isLate = false;
  log = "";
  #runner: Runner | undefined;
  #started = 0;

  /** @param workers how many one runner after the other has */
  constructor(
    private readonly executable: string,
    private readonly dir: string,
    private readonly socket: string,
    private readonly workers: readonly number[] = [0],
  ) {}

  async begin(): Promise<void> {
    this.#runner = this.#start(0);
    while (!existsSync(this.socket)) {
      if (this.#runner.exitCode !== null) throw new Error(this.log);
      await Bun.sleep(5);
    }
  }

  /** The next one starts while this one is told to go. Resolves when this one has gone, and that one is there. */
  async reload(delay: number): Promise<void> {
    const old = this.#runner;
    const before = identity(this.socket);
    this.#runner = this.#start(delay);
    const tooLate = setTimeout(() => {
      this.late++;
      this.isLate = true;
    }, LATE_AFTER);
    await Promise.all([
      this.#stop(old),
      replaced(this.socket, before, () => clearTimeout(tooLate)),
    ]);
    this.isLate = false;
  }

  async end(): Promise<void> {
    await this.#stop(this.#runner);
  }

  async #stop(runner: Runner | undefined): Promise<void> {
    runner?.kill("SIGTERM");
    const kill = setTimeout(() => {
      this.killed++;
      runner?.kill("SIGKILL");
    }, KILLED_AFTER);
    await runner?.exited;
    clearTimeout(kill);
  }

  #start(delay: number): Runner {
    const plugins = resolve(import.meta.dir, "plugins");
    const workers = this.workers[this.#started++ % this.workers.length];
    const command = [this.executable, "start", "--plugins", plugins, `--workers=${workers}`];
    const slowed = ["/bin/sh", "-c", `sleep ${delay / 1000}; exec "$@"`, "sh", ...command];
    const runner = Bun.spawn(delay === 0 ? command : slowed, {
      cwd: this.dir,
      env: {
        PATH: process.env["PATH"] ?? "",
        APISIX_LISTEN_ADDRESS: `unix:${this.socket}`,
        APISIX_CONF_EXPIRE_TIME: "3600",
      },
      stdin: "pipe",
      stdout: "ignore",
      stderr: "pipe",
    });
    void runner.stderr.text().then((text) => (this.log += text));
    return runner;
  }
}

/** A file system may give the number of a file that is gone to the next one; the time tells them apart. */
function identity(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.ctimeMs}`;
}

/** Resolves when another socket is at the path. */
async function replaced(path: string, before: string | undefined, then: () => void): Promise<void> {
  for (let now = identity(path); now === undefined || now === before; now = identity(path)) {
    await Bun.sleep(5);
  }
  then();
}

/** A runner with workers, as its tests see it. */
import { existsSync, readFileSync } from "node:fs";
import { nextReply, prepare, request, requestBytes } from "../support/encode.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess, type RunnerOptions } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Each tells who answers. */
const PLUGINS = {
  who: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({ request: () => stop(String(process.pid)) });`,
  /** When APISIX has answered a question. */
  slow: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ vars }) { await vars.get("when"); return stop(String(process.pid)); },
    });`,
  loop: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request({ log }) {
        log.error("loops");
        for (;;);
      },
    });`,
  /** How many calls this worker has had on this conf. */
  count: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      setup: () => ({ calls: 0 }),
      request: ({ state }) => stop(process.pid + " " + ++state.calls),
    });`,
  keeps: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ store }) { return stop(String((await store.increment("n")).value)); },
    });`,
};

export interface WorkersOptions extends RunnerOptions {
  /** Default 2. */
  readonly workers?: number | string;
  /** Beside those that there are. */
  readonly plugins?: Readonly<Record<string, string>>;
  /** Beside those that load the plugins. */
  readonly more?: readonly string[];
}

/** A supervisor with its workers. Dispose of it: all are ended. */
export class Workers implements AsyncDisposable {
  private constructor(
    readonly dir: TempDir,
    readonly runner: RunnerProcess,
    readonly size: number,
  ) {}

  static async start(options: WorkersOptions = {}): Promise<Workers> {
    const { workers = 2, plugins = {}, more = [], ...rest } = options;
    const dir = new TempDir();
    for (const [name, code] of Object.entries({ ...PLUGINS, ...plugins })) {
      dir.write(`plugins/${name}.ts`, code);
    }
    const args = ["start", "--plugins", dir.file("plugins"), `--workers=${workers}`, ...more];
    const runner = await RunnerProcess.start({ args, ...rest });
    return new Workers(dir, runner, Number(workers));
  }

  get supervisor(): number {
    return this.runner.process.pid;
  }

  /** The workers' process ids, as far as they run. */
  get pids(): number[] {
    return childrenOf(this.supervisor);
  }

  connect(): Promise<RawConnection> {
    return RawConnection.connect(this.runner.socket);
  }

  /** So many connections, opened at once. */
  connectMany(count: number): Promise<RawConnection[]> {
    return Promise.all(Array.from({ length: count }, () => this.connect()));
  }

  /** A connection to each worker, by its process id. */
  async oneEach(): Promise<Map<number, RawConnection>> {
    const each = new Map<number, RawConnection>();
    while (each.size < this.size) {
      const connection = await this.connect();
      const token = await prepare(connection, [["who", ""]]);
      each.set(await answerer(connection, token), connection);
    }
    return each;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner[Symbol.asyncDispose]();
    this.dir[Symbol.dispose]();
  }
}

/** The process that answers on this connection. */
export async function answerer(connection: RawConnection, confToken: number): Promise<number> {
  return pidOf(await request(connection, { confToken }));
}

/** Sends a call that waits for the answer to its question, which has come when this resolves. */
export async function beginSlow(connection: RawConnection, confToken: number): Promise<void> {
  await connection.send(requestBytes({ confToken }));
  const question = await nextReply(connection);
  if (question.kind !== "question") throw new Error(`no question but ${JSON.stringify(question)}`);
}

export function pidOf(reply: Awaited<ReturnType<typeof nextReply>>): number {
  return Number(textOf(reply));
}

export function textOf(reply: Awaited<ReturnType<typeof nextReply>>): string {
  if (reply.kind !== "stop") throw new Error(`no answer but ${JSON.stringify(reply)}`);
  return Buffer.from(reply.body ?? []).toString();
}

/** How many there are of each. */
export function tally<Key>(keys: Iterable<Key>): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

/** Resolves when a condition that no event tells of holds; the test's own time is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(2);
}

/** Whether the process runs: one that nobody has asked about since it ended does not. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.charAt(stat.lastIndexOf(")") + 2) !== "Z";
}

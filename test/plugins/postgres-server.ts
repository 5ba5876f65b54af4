/** A Postgres server of the test's own, on a port of loopback, with its data in a folder. */
import { chownSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { SQL } from "bun";
import { TempDir } from "../support/temp-dir.ts";

/** Debian keeps the server's programs out of PATH. */
const [INITDB] = [
  ...new Bun.Glob("/usr/lib/postgresql/*/bin/initdb").scanSync({ cwd: "/", absolute: true }),
  ...[Bun.which("initdb") ?? []].flat(),
];

/** Why tests of Postgres are skipped; undefined: they are not. */
export const NO_POSTGRES: string | undefined =
  INITDB === undefined ? "there is no Postgres server on this machine" : undefined;

/** Postgres does not run as root. */
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

/** Also ends it when the test has been killed. */
const UNPRIVILEGED = [
  "setpriv",
  ...(isRoot ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : []),
  "--pdeathsig=INT",
  "--",
];

export class PostgresServer implements AsyncDisposable {
  readonly password = "hunter2";
  readonly port = freePort();
  /** Without a password. */
  readonly url = `postgres://app@127.0.0.1:${this.port}/postgres`;
  readonly #dir = new TempDir();
  readonly #data = this.#dir.file("data");
  #process: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

  private constructor() {}

  /** @param sql what is in it from the start */
  static async start(sql: string): Promise<PostgresServer> {
    const server = new PostgresServer();
    server.#initialise();
    await server.start();
    await using client = server.client();
    await client.unsafe(sql);
    return server;
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=40"];
    this.#process = Bun.spawn(
      [
        ...UNPRIVILEGED,
        `${dirname(INITDB ?? "")}/postgres`,
        "-D",
        this.#data,
        "-k",
        this.#dir.path,
        "-p",
        String(this.port),
        ...settings.flatMap((setting) => ["-c", setting]),
      ],
      { cwd: this.#dir.path, env: {}, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
    );
    let output = "";
    const decoder = new TextDecoder();
    // No iterator, whose end would close the pipe under the server.
    const reader = this.#process.stderr.getReader();
    while (!output.includes("ready to accept connections")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`postgres ended: ${output}`);
      output += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
  }

  /** Ends connections with it. */
  async stop(): Promise<void> {
    this.#process?.kill("SIGINT");
    await this.#process?.exited;
  }

  /** @param signal SIGSTOP leaves it and its connections there, deaf */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    const { pid } = this.#process ?? {};
    if (pid === undefined) return;
    process.kill(pid, signal);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    for (const child of children.map(Number)) {
      try {
        process.kill(child, signal);
      } catch {
        // It was about to end, and has.
      }
    }
  }

  /** A client of the test's own. */
  client(): SQL {
    return new SQL(this.url, { password: this.password, max: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#dir[Symbol.dispose]();
  }

  #initialise(): void {
    if (isRoot) chownSync(this.#dir.path, NOBODY, NOBODY);
    const options = ["-U", "app", "--auth=scram-sha-256", "--pwfile=/dev/stdin", "--no-sync"];
    const { exitCode, stderr } = Bun.spawnSync(
      [...UNPRIVILEGED, INITDB ?? "", "-D", this.#data, ...options, "--no-locale", "-E", "UTF8"],
      { cwd: this.#dir.path, env: {}, stdin: Buffer.from(`${this.password}\n`) },
    );
    if (exitCode !== 0) throw new Error(`initdb ended with ${exitCode}: ${stderr.toString()}`);
  }
}

/** One that was free a moment ago: Postgres takes no 0. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

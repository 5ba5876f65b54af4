/** A Redis server of the test's own, on a Unix socket in its folder. */
import { TempDir } from "../support/temp-dir.ts";

/** Why tests of Redis are skipped; undefined: they are not. */
export const NO_REDIS: string | undefined =
  Bun.which("redis-server") === null ? "there is no redis-server on this machine" : undefined;

export interface RedisServerOptions {
  readonly password?: string;
}

export class RedisServer implements AsyncDisposable {
  readonly #dir = new TempDir();
  readonly socket = this.#dir.file("redis.sock");
  #process: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;

  private constructor(private readonly options: RedisServerOptions) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(options);
    await server.start();
    return server;
  }

  /** Resolves when it accepts connections; it begins empty. */
  async start(): Promise<void> {
    const { password } = this.options;
    const args = [
      "--port",
      "0",
      "--unixsocket",
      this.socket,
      "--save",
      "",
      "--dir",
      this.#dir.path,
    ];
    if (password !== undefined) args.push("--requirepass", password);
    this.#process = Bun.spawn(["redis-server", ...args], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    let output = "";
    const decoder = new TextDecoder();
    // No iterator, whose end would close the pipe under the server.
    const reader = this.#process.stdout.getReader();
    while (!output.includes("eady to accept connections")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`redis-server ended: ${output}`);
      output += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
  }

  /** @param signal SIGSTOP leaves it there, deaf */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  async stop(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
  }

  /** A client of the test's own. */
  client(): Bun.RedisClient {
    const { password } = this.options;
    const host = password === undefined ? "" : `:${password}@localhost`;
    return new Bun.RedisClient(`redis+unix://${host}${this.socket}`, { autoReconnect: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#dir[Symbol.dispose]();
  }
}

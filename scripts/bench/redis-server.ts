/** A redis-server of the bench's own, on a Unix socket and without a file to write to. */
import { join } from "node:path";

export function hasRedis(): boolean {
  return Bun.which("redis-server") !== null;
}

/** Dispose of it, and it ends. */
export class RedisServer implements AsyncDisposable {
  readonly #process: Bun.Subprocess<"ignore", "pipe", "inherit">;

  private constructor(
    readonly socket: string,
    dir: string,
  ) {
    const args = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir];
    this.#process = Bun.spawn(["redis-server", ...args], { stdin: "ignore", stdout: "pipe" });
  }

  /**
   * @param dir where it puts its socket
   * @returns when it takes connections
   * @throws Error with what it said, where it ends instead
   */
  static async start(dir: string): Promise<RedisServer> {
    const server = new RedisServer(join(dir, "redis.sock"), dir);
    const reader = server.#process.stdout.getReader();
    const decoder = new TextDecoder();
    for (let output = ""; !output.includes("eady to accept connections");) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`redis-server ended: ${output}`);
      output += decoder.decode(value, { stream: true });
    }
    return server;
  }

  get url(): string {
    return `redis+unix://${this.socket}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#process.exited;
  }
}

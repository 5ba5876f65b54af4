/** One connection to Redis: lost, it is made again; and no command waits for it longer than it may. */

/** Where Redis is. Messages name no more of it than the address. */
export interface RedisTarget {
  /** As Bun's client takes it, with user and password but without a database. */
  readonly url: string;
  readonly database: number;
  /** Host and port, or the path of the socket: what messages may show. */
  readonly address: string;
}

export interface RedisOptions extends RedisTarget {
  /** ms that a command may take, and that making the connection may */
  timeout(): number;
  /** Told when Redis is gone, and when it is back. */
  report(isUp: boolean, message: string): void;
}

/** ms between two tries to connect while Redis is down. Commands fail at once meanwhile. */
const RETRY_MS = 250;

export class RedisConnection {
  /** Ready for commands. */
  #client: Bun.RedisClient | undefined;
  #connecting: Promise<Bun.RedisClient> | undefined;
  /** Why there is no connection, since the last try failed. */
  #down: Error | undefined;
  #retry: Timer | undefined;
  #isClosed = false;
  /** `performance.now()` of the last reply. */
  #repliedAt = 0;

  constructor(private readonly options: RedisOptions) {}

  /** Begun in one tick, commands travel together. Rejects with what Redis answers with, or with what became of the connection. */
  send(command: string, args: string[]): Promise<unknown> {
    const timeout = this.options.timeout();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const sentAt = performance.now();
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeout} ms`));
      this.#giveUp(sentAt, timeout);
    }, timeout);
    this.#send(command, args).then(
      (reply) => {
        clearTimeout(timer);
        this.#repliedAt = performance.now();
        resolve(reply);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
    return promise;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#client?.close();
    this.#client = undefined;
  }

  #send(command: string, args: string[]): Promise<unknown> {
    if (this.#client !== undefined) return this.#client.send(command, args);
    if (this.#down !== undefined) return Promise.reject(this.#down);
    return this.#connected().then((client) => client.send(command, args));
  }

  #connected(): Promise<Bun.RedisClient> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Bun.RedisClient> {
    const { url, address, report } = this.options;
    const timeout = this.options.timeout();
    const client = new Bun.RedisClient(url, { autoReconnect: false, connectionTimeout: timeout });
    const timer = setTimeout(() => client.close(), timeout);
    try {
      await this.#greet(client);
      if (this.#isClosed) throw new Error("the runner is stopping");
    } catch (error) {
      client.close();
      // Bun's own words tell no more than that it is closed.
      const reason = isReply(error) ? error.message : "it cannot be reached";
      const down = new Error(`no connection to ${address}: ${reason}`, { cause: error });
      this.#fail(down);
      throw down;
    } finally {
      clearTimeout(timer);
    }
    client.onclose = () => this.#lost(client);
    this.#client = client;
    if (this.#down !== undefined) report(true, `the store is back: ${address} answers`);
    this.#down = undefined;
    return client;
  }

  /** The first command waits for the connection, and is told why it is refused. */
  async #greet(client: Bun.RedisClient): Promise<void> {
    const { database } = this.options;
    await client.send("PING", []);
    // What Bun would do with it over a Unix socket is nothing.
    if (database !== 0) await client.send("SELECT", [String(database)]);
  }

  #fail(error: Error): void {
    if (this.#isClosed) return;
    if (this.#down === undefined) this.options.report(false, `the store is away: ${error.message}`);
    this.#down = error;
    this.#retry = setTimeout(() => void this.#connected().catch(() => undefined), RETRY_MS);
    this.#retry.unref();
  }

  /** At once again: a server that restarts, or that closes idle connections, is no failure yet. */
  #lost(client: Bun.RedisClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (!this.#isClosed) void this.#connected().catch(() => undefined);
  }

  /** A connection on which nothing has come since the command was sent may never bring anything: the next ones get another. */
  #giveUp(sentAt: number, timeout: number): void {
    const client = this.#client;
    if (client === undefined || this.#repliedAt >= sentAt) return;
    this.#client = undefined;
    client.close();
    const { address } = this.options;
    this.#fail(new Error(`${address} had not answered for ${timeout} ms`));
  }
}

/** Whether Redis itself said so; all other errors are about the connection. */
export function isReply(error: unknown): error is Error {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return (
    error.code === "ERR_REDIS_SERVER_ERROR" ||
    error.code === "ERR_REDIS_AUTHENTICATION_FAILED" ||
    error.code === "ERR_REDIS_INVALID_COMMAND"
  );
}

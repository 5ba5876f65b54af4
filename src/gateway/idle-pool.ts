/** Connections that wait for their next use, as nginx keeps them: the last one used is taken first. */

export interface Pooled {
  /** Can be used again. */
  readonly isIdle: boolean;
  /** Resolves when the connection has gone. */
  readonly closed: Promise<void>;
  close(): void;
}

export class IdlePool<Connection extends Pooled> {
  /** The least recently used first. */
  #idle: { connection: Connection; timer: NodeJS.Timeout }[] = [];
  #isClosed = false;
  readonly #known = new WeakSet<Connection>();

  /**
   * @param size at most; one more pushes out the least recently used
   * @param idleTimeout after which an idle connection is closed, ms
   */
  constructor(
    private readonly size: number,
    private readonly idleTimeout: number,
  ) {}

  /** How many wait. */
  get length(): number {
    return this.#idle.length;
  }

  /** `undefined`: none waits. */
  take(): Connection | undefined {
    for (;;) {
      const last = this.#idle.pop();
      if (last === undefined) return undefined;
      clearTimeout(last.timer);
      if (last.connection.isIdle) return last.connection;
      last.connection.close();
    }
  }

  /** Keeps a connection after use, or closes one that is of no use. */
  put(connection: Connection): void {
    if (this.#isClosed || !connection.isIdle) {
      connection.close();
      return;
    }
    const timer = setTimeout(() => {
      this.#remove(connection);
      connection.close();
    }, this.idleTimeout);
    timer.unref();
    this.#idle.push({ connection, timer });
    this.#removeWhenClosed(connection);
    if (this.#idle.length > this.size) {
      const oldest = this.#idle[0]!.connection;
      this.#remove(oldest);
      oldest.close();
    }
  }

  /** Closes those that wait, and from now on all that come back. */
  close(): void {
    this.#isClosed = true;
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      connection.close();
    }
  }

  #removeWhenClosed(connection: Connection): void {
    if (this.#known.has(connection)) return;
    this.#known.add(connection);
    void connection.closed.then(() => this.#remove(connection));
  }

  #remove(connection: Connection): void {
    const at = this.#idle.findIndex((one) => one.connection === connection);
    if (at < 0) return;
    clearTimeout(this.#idle[at]!.timer);
    this.#idle.splice(at, 1);
  }
}

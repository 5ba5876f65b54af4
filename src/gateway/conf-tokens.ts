/** The tokens that a runner gave for confs, kept and forgotten as APISIX does. */

/** How long a token is kept, ms: APISIX's APISIX_CONF_EXPIRE_TIME. */
const EXPIRE_MS = 3600 * 1000;

/** Another conf was being prepared for longer than APISIX waits for its turn. */
export class LockTimeoutError extends Error {
  override readonly name = "LockTimeoutError";
}

export class ConfTokens {
  #tokens = new Map<string, { token: number; until: number }>();
  /** The end of the last preparation that has begun or waits for its turn. */
  #last: Promise<void> = Promise.resolve();

  /** @param lockTimeout how long to wait while other confs are prepared, ms */
  constructor(private readonly lockTimeout: number) {}

  /**
   * The token under this key; prepares one where there is none. One at a time: APISIX holds a lock meanwhile.
   *
   * @throws LockTimeoutError, and whatever `prepare` throws
   */
  async get(key: string, prepare: () => Promise<number>): Promise<number> {
    const known = this.#known(key);
    if (known !== undefined) return known;
    const before = this.#last;
    const done = Promise.withResolvers<void>();
    this.#last = before.then(() => done.promise);
    try {
      await this.#turn(before);
      const meanwhile = this.#known(key);
      if (meanwhile !== undefined) return meanwhile;
      const token = await prepare();
      this.#tokens.set(key, { token, until: Date.now() + EXPIRE_MS });
      return token;
    } finally {
      done.resolve();
    }
  }

  /** Forgets all of them. */
  flush(): void {
    this.#tokens.clear();
  }

  #known(key: string): number | undefined {
    const found = this.#tokens.get(key);
    if (found === undefined || found.until > Date.now()) return found?.token;
    this.#tokens.delete(key);
    return undefined;
  }

  async #turn(before: Promise<void>): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        reject(new LockTimeoutError(`another conf was being prepared for ${this.lockTimeout} ms`)),
      this.lockTimeout,
    );
    try {
      await Promise.race([before, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Keeps what was found, and that nothing was, for a time each; and asks once for what many want at once. */

export interface CacheOptions {
  /** ms */
  readonly ttl: number;
  /** ms, for what is not there. */
  readonly negativeTtl: number;
  /** Entries. */
  readonly size: number;
}

interface Entry<T> {
  readonly value: T | undefined;
  /** `performance.now()` */
  readonly expiresAt: number;
}

export class LookupCache<T> {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #underWay = new Map<string, Promise<T | undefined>>();

  constructor(private readonly options: CacheOptions) {}

  /** @param find rejects where it cannot be told; that is not kept */
  get(key: string, find: () => Promise<T | undefined>): T | undefined | Promise<T | undefined> {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      if (entry.expiresAt > performance.now()) {
        this.#entries.set(key, entry);
        return entry.value;
      }
    }
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const finding = find()
      .then((value) => this.#keep(key, value))
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, finding);
    return finding;
  }

  #keep(key: string, value: T | undefined): T | undefined {
    const { ttl, negativeTtl, size } = this.options;
    const time = value === undefined ? negativeTtl : ttl;
    if (time === 0) return value;
    this.#entries.set(key, { value, expiresAt: performance.now() + time });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= size) break;
      this.#entries.delete(oldest);
    }
    return value;
  }
}

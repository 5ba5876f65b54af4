/** The confs that APISIX has prepared, by token. */
import type { Logger } from "../log/logger.ts";
import type { PreparedConf } from "./prepared-conf.ts";
import { withoutVersion } from "./route.ts";

export interface ConfCacheOptions {
  /** ms that APISIX keeps a token (APISIX_CONF_EXPIRE_TIME); confs live 1.2 times as long. */
  readonly expireTime: number;
  /** How many confs are kept at most. */
  readonly limit: number;
  readonly log: Logger;
}

/** What APISIX asks to prepare. */
export interface ConfRequest {
  /** Names the route, the plugin of APISIX and the version; empty before APISIX 2.9. */
  readonly key: string;
  readonly conf: readonly { readonly name: string; readonly value: string }[];
}

/** What to hash and compare: the key without its version, so that an edit elsewhere changes nothing. */
export function contentOf({ key, conf }: ConfRequest): string {
  return JSON.stringify([withoutVersion(key), ...conf.map(({ name, value }) => [name, value])]);
}

/** The request that a content was made of, but for the version. */
export function requestOf(content: string): ConfRequest {
  const [key, ...entries] = JSON.parse(content) as [string, ...[string, string][]];
  return { key, conf: entries.map(([name, value]) => ({ name, value })) };
}

/**
 * Tokens come from the content. APISIX keeps them in shared memory that outlives a runner, and two
 * runners answer at once during a reload: with a hash both know the same token for the same conf, and
 * a stale token never means another route's conf. xxHash32 is a published function: it does
 * not change with the version of Bun.
 */
export class ConfCache {
  /** In the order in which they were last prepared, so that the stale ones come first. */
  readonly #confs = new Map<number, PreparedConf>();

  constructor(private readonly options: ConfCacheOptions) {}

  get size(): number {
    return this.#confs.size;
  }

  get(token: number): PreparedConf | undefined {
    return this.#confs.get(token);
  }

  /** The conf with this content, its time begun anew. */
  touch(content: string): PreparedConf | undefined {
    const conf = this.#confs.get(this.tokenFor(content));
    if (conf !== undefined) this.add(conf);
    return conf;
  }

  /** A new conf's token: the hash of its content, or the next number that no other live conf has. */
  tokenFor(content: string): number {
    let token = Bun.hash.xxHash32(content);
    for (;;) {
      const holder = this.#confs.get(token);
      if (holder === undefined || holder.content === content) return token;
      token = (token + 1) >>> 0;
    }
  }

  add(conf: PreparedConf): void {
    conf.preparedAt = Date.now();
    this.#confs.delete(conf.token);
    this.#confs.set(conf.token, conf);
    if (this.#confs.size > this.options.limit) this.#dropOldest();
  }

  /** Those there are now. */
  all(): PreparedConf[] {
    return [...this.#confs.values()];
  }

  /** Puts one in the place of another, under its token and with its time; unless that one has gone meanwhile. */
  replace(old: PreparedConf, fresh: PreparedConf): void {
    if (this.#confs.get(old.token) !== old) {
      fresh.retire();
      return;
    }
    fresh.preparedAt = old.preparedAt;
    this.#confs.set(old.token, fresh);
    old.retire();
  }

  /** Retires what APISIX has not prepared for 1.2 × the time it keeps a token. */
  expire(now = Date.now()): void {
    for (const conf of this.#confs.values()) {
      if (now - conf.preparedAt < this.options.expireTime * 1.2) return;
      this.#remove(conf);
    }
  }

  /** Retires all. */
  clear(): void {
    for (const conf of this.#confs.values()) this.#remove(conf);
  }

  #dropOldest(): void {
    const [oldest] = this.#confs.values();
    if (oldest === undefined) return;
    this.#remove(oldest);
    this.options.log.warn(
      `more than ${this.options.limit} confs: the one prepared longest ago was dropped, APISIX will prepare it again; raise limits.confs`,
      { route: oldest.route.key },
    );
  }

  #remove(conf: PreparedConf): void {
    this.#confs.delete(conf.token);
    conf.retire();
  }
}

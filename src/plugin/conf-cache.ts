/** The confs that APISIX has prepared, by token. */
import type { Logger } from "../log/logger.ts";
import { hashOf } from "./conf-content.ts";
import type { PreparedConf } from "./prepared-conf.ts";

export interface ConfCacheOptions {
  /** ms that APISIX keeps a token (APISIX_CONF_EXPIRE_TIME); confs live 1.2 times as long. */
  readonly expireTime: number;
  /** How many confs are kept at most. */
  readonly limit: number;
  /** How many bytes the confs that are kept may have together, as `contentOf` gives them; default: any. */
  readonly byteLimit?: number;
  /** Whether a token that no conf has may be given to this content; default: always. */
  readonly mayGive?: (token: number, content: string) => boolean;
  readonly log: Logger;
}

/** A conf that another runner has prepared. */
export interface InheritedConf {
  /** As `contentOf` gives it. */
  readonly content: string;
  /** ms since the epoch */
  readonly preparedAt: number;
}

/** What a cache keeps under a token, and lets go. */
export interface KeptConf extends InheritedConf {
  readonly token: number;
  preparedAt: number;
  /** It is kept no longer. */
  retire(): void;
}

/**
 * Tokens come from the content. APISIX keeps them in shared memory that outlives a runner, and two
 * runners answer at once during a reload: with a hash both know the same token for the same conf, and
 * a stale token never means another route's conf.
 */
export class ConfCache<Conf extends KeptConf = PreparedConf> {
  /** In the order in which they were last prepared, so that the stale ones come first. */
  readonly #confs = new Map<number, Conf>();

  /** Known from another runner, and made into chains when a call asks for them. */
  readonly #inherited = new Map<number, InheritedConf>();
  /** Told of each conf that APISIX prepares. */
  onPrepared: ((token: number, conf: InheritedConf) => void) | undefined;

  /**
   * Tokens of contents whose hash was another's when they came. They keep them when that one has gone:
   * APISIX may still use its token, which must not lead here then.
   */
  readonly #displaced = new Map<string, number>();

  readonly #expireTime: number;
  readonly #mayGive: (token: number, content: string) => boolean;
  readonly #log: Logger;
  #limit: number;
  #byteLimit: number;
  #bytes = 0;

  constructor(options: ConfCacheOptions) {
    const { expireTime, limit, byteLimit = Infinity, mayGive = () => true, log } = options;
    this.#expireTime = expireTime;
    this.#mayGive = mayGive;
    this.#limit = limit;
    this.#byteLimit = byteLimit;
    this.#log = log;
  }

  /** What is kept at most, in number and in bytes. With less than there is, those prepared longest ago go. */
  setLimits(limit: number, byteLimit: number): void {
    this.#limit = limit;
    this.#byteLimit = byteLimit;
    this.#dropSurplus();
  }

  /** How many are kept, inherited ones too. */
  get size(): number {
    return this.#confs.size + this.#inherited.size;
  }

  /** Bytes of their contents. */
  get bytes(): number {
    return this.#bytes;
  }

  get(token: number): Conf | undefined {
    return this.#confs.get(token);
  }

  /** Lets go of it: whoever gives the tokens has said so. */
  forget(token: number): void {
    const conf = this.#confs.get(token);
    if (conf !== undefined) this.#remove(conf);
    this.#forgetInherited(token);
  }

  /** The conf with this content, its time begun anew. */
  touch(content: string): Conf | undefined {
    const conf = this.#confs.get(this.tokenFor(content));
    if (conf !== undefined) this.add(conf);
    return conf;
  }

  /** A new conf's token: the hash of its content, or the next number that no other live conf has. */
  tokenFor(content: string): number {
    const displaced = this.#displaced.size > 0 ? this.#displaced.get(content) : undefined;
    if (displaced !== undefined) return displaced;
    let token = hashOf(content);
    for (;;) {
      const holder = this.#confs.get(token) ?? this.#inherited.get(token);
      const isFree = holder === undefined && this.#mayGive(token, content);
      if (isFree || holder?.content === content) return token;
      token = (token + 1) >>> 0;
    }
  }

  /** APISIX has prepared it now. */
  add(conf: Conf): void {
    conf.preparedAt = Date.now();
    this.#keep(conf);
    this.onPrepared?.(conf.token, conf);
    this.#dropSurplus();
  }

  /** An inherited conf has become a chain. Its time goes on: APISIX has not prepared it again. */
  adopt(conf: Conf, { preparedAt }: InheritedConf): void {
    conf.preparedAt = preparedAt;
    this.#keep(conf);
    this.#dropSurplus();
  }

  /** Those there are now. */
  all(): Conf[] {
    return [...this.#confs.values()];
  }

  /** What a successor has to know, prepared here or inherited. */
  *known(): Iterable<InheritedConf & { readonly token: number }> {
    // The stale ones first: the successor drops those first, too.
    for (const [token, conf] of this.#inherited) yield { token, ...conf };
    for (const { token, content, preparedAt } of this.#confs.values()) {
      yield { token, content, preparedAt };
    }
  }

  /** Keeps the token for this conf, unless it is another's here. */
  inherit(token: number, conf: InheritedConf): void {
    const prepared = this.#confs.get(token);
    if (prepared !== undefined) {
      // The other one was asked to prepare what runs here already.
      if (prepared.content === conf.content) {
        prepared.preparedAt = Math.max(prepared.preparedAt, conf.preparedAt);
      }
      return;
    }
    this.#forgetInherited(token);
    this.#inherited.set(token, conf);
    this.#count(token, conf.content);
    this.#dropSurplus();
  }

  get hasInherited(): boolean {
    return this.#inherited.size > 0;
  }

  inherited(token: number): InheritedConf | undefined {
    return this.#inherited.get(token);
  }

  /** Puts one in the place of another, under its token and with its time; unless that one has gone meanwhile. */
  replace(old: Conf, fresh: Conf): void {
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
    const isStale = ({ preparedAt }: InheritedConf) => now - preparedAt >= this.#expireTime * 1.2;
    for (const conf of this.#confs.values()) if (isStale(conf)) this.#remove(conf);
    for (const [token, conf] of this.#inherited) if (isStale(conf)) this.#forgetInherited(token);
  }

  /** Retires all. */
  clear(): void {
    for (const conf of this.#confs.values()) this.#remove(conf);
    for (const token of this.#inherited.keys()) this.#forgetInherited(token);
  }

  #keep(conf: Conf): void {
    this.#forgetInherited(conf.token);
    if (!this.#confs.delete(conf.token)) this.#count(conf.token, conf.content);
    this.#confs.set(conf.token, conf);
  }

  /** Those that no call has asked for go first. The newest stays in any case: calls with its token follow. */
  #dropSurplus(): void {
    while (this.#surplus !== undefined) {
      const why = this.#surplus;
      const [inherited] = this.#inherited.keys();
      const [oldest] = this.#confs.values();
      if (inherited !== undefined && this.size > 1) this.#forgetInherited(inherited);
      else if (oldest !== undefined && this.#confs.size > 1) this.#remove(oldest);
      else return;
      // Without the route: lines that are the same are counted, and a limit that is too low is hit all the time.
      this.#log.warn(
        `${why}: the one prepared longest ago was dropped, and its state with it; APISIX will prepare it again`,
      );
    }
  }

  get #surplus(): string | undefined {
    if (this.size > this.#limit) {
      return `more than ${this.#limit} confs (raise limits.confs)`;
    }
    return this.#bytes > this.#byteLimit
      ? `confs of more than ${this.#byteLimit} bytes (raise limits.confBytes)`
      : undefined;
  }

  #remove(conf: Conf): void {
    this.#confs.delete(conf.token);
    this.#discount(conf.token, conf.content);
    conf.retire();
  }

  #forgetInherited(token: number): void {
    const conf = this.#inherited.get(token);
    if (conf === undefined) return;
    this.#inherited.delete(token);
    this.#discount(token, conf.content);
  }

  #count(token: number, content: string): void {
    this.#bytes += Buffer.byteLength(content);
    if (token !== hashOf(content)) this.#displaced.set(content, token);
  }

  #discount(token: number, content: string): void {
    this.#bytes -= Buffer.byteLength(content);
    if (this.#displaced.get(content) === token) this.#displaced.delete(content);
  }
}

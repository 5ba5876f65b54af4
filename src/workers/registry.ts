/** The confs of all workers: the supervisor gives the tokens, so that no two workers mean different confs by one. */
import type { Logger } from "../log/logger.ts";
import { ConfCache, type ConfCacheOptions, type KeptConf } from "../plugin/conf-cache.ts";
import type { InheritedConf } from "../rpc/inheritance.ts";

class RegisteredConf implements KeptConf {
  preparedAt = 0;

  constructor(
    readonly token: number,
    readonly content: string,
    private readonly onRetired: (conf: RegisteredConf) => void,
  ) {}

  retire(): void {
    this.onRetired(this);
  }
}

/** Tells a worker what to drop. */
export interface Dropper {
  drop(number: number, tokens: readonly number[]): void;
}

interface Drop {
  readonly tokens: readonly number[];
  /** Those that may still have one of the confs. */
  readonly waitingFor: Set<Dropper>;
}

export interface RegistryOptions extends Omit<ConfCacheOptions, "mayGive"> {
  readonly log: Logger;
  /** Those that may have the confs. */
  readonly workers: () => Iterable<Dropper>;
}

/**
 * A conf that expires here, or has no room any more, is dropped by all workers. Until each has said so, no
 * other conf gets its token: calls with that token may still reach a worker that has not heard of it.
 */
export class Registry {
  readonly confs: ConfCache<KeptConf>;
  readonly #drops = new Map<number, Drop>();
  /** What workers may still have under tokens that are not in use any more, and the drop that ends it. */
  readonly #leaving = new Map<number, { readonly content: string; readonly drop: number }>();
  #retired: number[] = [];
  #nextDrop = 0;

  constructor(private readonly options: RegistryOptions) {
    this.confs = new ConfCache<KeptConf>({
      ...options,
      mayGive: (token, content) => (this.#leaving.get(token)?.content ?? content) === content,
    });
  }

  /** APISIX has this content prepared now. @returns its token */
  register(content: string): number {
    const known = this.confs.touch(content);
    if (known !== undefined) return known.token;
    const conf = this.#conf(this.confs.tokenFor(content), content);
    this.confs.add(conf);
    return conf.token;
  }

  /** What is known of the token; from here on a worker may have it. */
  find(token: number): InheritedConf | undefined {
    const inherited = this.confs.inherited(token);
    if (inherited !== undefined) this.confs.adopt(this.#conf(token, inherited.content), inherited);
    return this.confs.get(token);
  }

  /** The worker has dropped them. */
  dropped(number: number, worker: Dropper): void {
    const drop = this.#drops.get(number);
    if (drop === undefined) return;
    drop.waitingFor.delete(worker);
    if (drop.waitingFor.size === 0) this.#done(number, drop);
  }

  /** The worker, or the image that it had, is no more: it has no conf. */
  forgetWorker(worker: Dropper): void {
    for (const number of this.#drops.keys()) this.dropped(number, worker);
  }

  #conf(token: number, content: string): RegisteredConf {
    return new RegisteredConf(token, content, (conf) => this.#retire(conf));
  }

  /** Those of one look travel together. */
  #retire({ token, content }: RegisteredConf): void {
    this.#leaving.set(token, { content, drop: this.#nextDrop });
    if (this.#retired.push(token) === 1) queueMicrotask(() => this.#drop());
  }

  #drop(): void {
    const tokens = this.#retired;
    this.#retired = [];
    const number = this.#nextDrop++;
    const drop = { tokens, waitingFor: new Set(this.options.workers()) };
    this.#drops.set(number, drop);
    for (const worker of drop.waitingFor) worker.drop(number, tokens);
    if (drop.waitingFor.size === 0) this.#done(number, drop);
  }

  /** Unless it was given out again meanwhile, and is to be dropped once more, the token is free. */
  #done(number: number, { tokens }: Drop): void {
    this.#drops.delete(number);
    for (const token of tokens) {
      if (this.#leaving.get(token)?.drop === number) this.#leaving.delete(token);
    }
  }
}

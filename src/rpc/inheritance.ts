/** Confs that another runner has prepared and this one takes over: made into chains when a call asks for one. */
import type { ConfCache, InheritedConf, KeptConf } from "../plugin/conf-cache.ts";
import { prepareInherited, type PrepareOptions } from "../plugin/prepare.ts";

export type { ConfCache, InheritedConf, KeptConf };

/** The runner that this one takes over from. */
export interface Predecessor {
  readonly isGone: boolean;
  /** Resolves when what it knows of this token is known here, or it does not say; it never rejects. */
  find(token: number): Promise<void>;
}

/** Who gives the tokens where several processes share them. */
export interface Registrar {
  /** Resolves to the token of a conf's content when all processes know it; it never rejects. */
  register(content: string): Promise<number>;
}

export class Inheritance {
  constructor(
    private readonly confs: ConfCache<KeptConf>,
    private readonly predecessor: Predecessor,
  ) {}

  /** Nothing is left to be had from it. */
  get isOver(): boolean {
    return this.predecessor.isGone && !this.confs.hasInherited;
  }

  add(token: number, conf: InheritedConf): void {
    this.confs.inherit(token, conf);
  }

  /**
   * Looks for a conf that is not in the cache.
   *
   * @returns whether it is there now
   */
  async find(token: number, options: PrepareOptions): Promise<boolean> {
    // APISIX may have had the token from the other runner a moment ago, sooner than we heard of it.
    if (this.confs.inherited(token) === undefined) await this.predecessor.find(token);
    return prepareInherited(token, options);
  }
}

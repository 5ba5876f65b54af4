/** Which variant a request gets. */
import { timingSafeEqual } from "node:crypto";
import { Secret } from "apisix-bun-runner";
import { Deck } from "./deck.ts";
import type { Config, Variant } from "./conf.ts";
import { pick } from "./rendezvous.ts";

export class Chooser {
  readonly #config: Config;
  readonly #deck: Deck;
  readonly #byKey: ReadonlyMap<string, Variant>;
  readonly #token: Buffer | undefined = undefined;

  constructor(config: Config) {
    const { variants, override } = config;
    this.#config = config;
    this.#deck = new Deck(variants.map(({ weight }) => weight));
    this.#byKey = new Map(
      variants.flatMap((variant) => (variant.keys ?? []).map((key) => [key, variant] as const)),
    );
    const token = override?.token;
    if (token !== undefined) this.#token = digest(token instanceof Secret ? token.reveal() : token);
  }

  /** In the order of the requests, each round exact. */
  next(): Variant {
    return this.#variant(this.#deck.draw());
  }

  /** The same for the same key, always. */
  of(key: string): Variant {
    return this.#byKey.get(key) ?? this.ofNumber(key);
  }

  /** The same without regard to the keys that belong to a variant: for what a client could make up. */
  ofNumber(id: string): Variant {
    const { variants, seed } = this.#config;
    return pick(variants, id, seed) ?? this.#variant(0);
  }

  /**
   * What a tester asks for: `NAME`, or `NAME:TOKEN` where the conf has a token.
   *
   * @returns undefined for what names no variant, or has not the token
   */
  asked(wish: string): Variant | undefined {
    const colon = wish.indexOf(":");
    const name = this.#token === undefined || colon === -1 ? wish : wish.slice(0, colon);
    if (this.#token !== undefined) {
      const given = digest(colon === -1 ? "" : wish.slice(colon + 1));
      if (!timingSafeEqual(given, this.#token)) return undefined;
    }
    return this.#config.variants.find((variant) => variant.name === name);
  }

  #variant(index: number): Variant {
    const variant = this.#config.variants[index];
    if (variant === undefined) throw new Error(`there is no variant ${index}`);
    return variant;
  }
}

/** Of one length, so that the comparison tells nothing of it. */
function digest(text: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

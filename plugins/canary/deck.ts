/** Draws by weight without luck: a shuffled deck in which each number lies as often as its weight says. */

/** The most cards of a deck: weights in thousandths of a per cent fit. */
export const MAX_CARDS = 100_000;

export class Deck {
  readonly #cards: Uint16Array;
  /** The first so many have not been drawn in this round. */
  #left = 0;

  /** @param weights whole numbers, one of them above 0, in all at most {@link MAX_CARDS} */
  constructor(weights: readonly number[]) {
    const shared = weights.reduce(greatestCommonDivisor, 0);
    this.#cards = Uint16Array.from(
      weights.flatMap((weight, i) => Array<number>(weight / shared).fill(i)),
    );
  }

  /** The index of a weight. After each round, of as many draws as there are cards, the shares are exact. */
  draw(): number {
    const cards = this.#cards;
    if (this.#left === 0) this.#left = cards.length;
    const at = Math.floor(Math.random() * this.#left--);
    const card = cards[at] ?? 0;
    cards[at] = cards[this.#left] ?? 0;
    cards[this.#left] = card;
    return card;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

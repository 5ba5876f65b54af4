/**
 * Gives each key one of several by weight, the same in every process and after every restart. Of those whose weights change
 * only as many keys move as have to: where one gets more, keys come to it and none moves between the others.
 */

export interface Weighted {
  readonly name: string;
  readonly weight: number;
}

/**
 * Weighted rendezvous hashing: each has an exponential variate of its weight that follows from its name and the key, and the
 * least of them wins.
 *
 * @param seed another one shares out the keys anew
 * @returns undefined where no weight is above 0
 */
export function pick<T extends Weighted>(
  among: readonly T[],
  key: string,
  seed: string,
): T | undefined {
  let best: T | undefined;
  let least = Infinity;
  for (const each of among) {
    // Infinite for the weight 0.
    const score = -Math.log(uniform(`${seed}\0${each.name}\0${key}`)) / each.weight;
    if (score < least) {
      best = each;
      least = score;
    }
  }
  return best;
}

/** Above 0 and below 1. XXH64 is a published function: a newer Bun gives no other numbers. */
function uniform(text: string): number {
  return (Number(Bun.hash.xxHash64(text) >> 12n) + 0.5) / 2 ** 52;
}

/** Work that takes a known time of a processor. */

/** @returns something, so that no compiler leaves the work out */
export function burn(rounds: number): number {
  let sum = 1;
  for (let i = 0; i < rounds; i++) sum = Math.imul(sum, 1_664_525) + 1_013_904_223;
  return sum;
}

/** How many rounds take so many µs: by the fastest of many goes, compiled as in a plugin that has run for a while. */
export function roundsFor(us: number): number {
  const rounds = 1_000_000;
  let leastMs = Infinity;
  for (let i = 0; i < 100; i++) {
    const begun = performance.now();
    burn(rounds);
    leastMs = Math.min(leastMs, performance.now() - begun);
  }
  return Math.round((rounds * us) / (leastMs * 1000));
}

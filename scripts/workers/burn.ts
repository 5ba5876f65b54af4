/** Work that takes a known time of a processor. */

/** @returns something, so that no compiler leaves the work out */
export function burn(rounds: number): number {
  let sum = 1;
  for (let i = 0; i < rounds; i++) sum = Math.imul(sum, 1_664_525) + 1_013_904_223;
  return sum;
}

/** How many rounds take so many µs of processor time: time in which others had it does not count. */
export function roundsFor(us: number): number {
  const rounds = 20_000_000;
  burn(rounds);
  const before = process.cpuUsage();
  burn(rounds);
  const { user, system } = process.cpuUsage(before);
  return Math.round((rounds * us) / (user + system));
}

/** Finds the word that was probably meant. */

/**
 * The candidate that is nearest to the word, where one is near enough to be suggested. Case does not count,
 * and a beginning (`warn` of `WARNING`, `sock` of `socket`) is as near as one wrong letter.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // No candidate is that long, and the distance takes time.
  if (word.length > 100) return undefined;
  const plain = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceOf(plain, candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function distanceOf(from: string, to: string): number {
  const shorter = Math.min(from.length, to.length);
  if (from !== to && shorter >= 3 && (from.startsWith(to) || to.startsWith(from))) return 1;
  return editDistance(from, to);
}

/** How many letters have to be inserted, dropped, replaced or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}

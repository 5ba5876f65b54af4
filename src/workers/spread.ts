/** Whether connections are spread evenly, and who has too many. */

/** The most may have so much more than the least, as a part of the mean, before any is moved. */
const TOLERANCE = 0.2;

/** Whether the loads lie so far apart that it is worth moving connections. */
export function isUneven(loads: readonly number[]): boolean {
  if (loads.length < 2) return false;
  const gap = Math.max(...loads) - Math.min(...loads);
  return gap > Math.max(1, mean(loads) * TOLERANCE);
}

/** How many the one at this index has above its share. */
export function surplusOf(loads: readonly number[], index: number): number {
  return Math.max((loads[index] ?? 0) - Math.ceil(mean(loads)), 0);
}

function mean(loads: readonly number[]): number {
  return loads.reduce((sum, load) => sum + load, 0) / loads.length;
}

/** Whether memory stayed flat and descriptors came back. */
import type { Sample, SoakResult } from "./run.ts";

/** Resident memory may be this much higher at the end than once it was warm. */
const GROWTH = 1.1;

export interface Verdict {
  /** Medians, in bytes: over the second quarter of the time, and over the last. */
  readonly warm: number;
  readonly end: number;
  /** One line each; none: all is well. */
  readonly problems: readonly string[];
}

/** The first quarter is for warming up: code is compiled, heaps find their size. */
export function verdictOf({ samples, descriptors, wrong, examples }: SoakResult): Verdict {
  const quarter = samples.length / 4;
  const warm = medianOf(samples.slice(quarter, 2 * quarter));
  const end = medianOf(samples.slice(3 * quarter));
  const problems = [];
  if (end > warm * GROWTH) {
    problems.push(`resident memory grew from ${megabytes(warm)} to ${megabytes(end)}`);
  }
  if (descriptors.after > descriptors.before) {
    problems.push(
      `${descriptors.after} descriptors are open, ${descriptors.before} were before the first client`,
    );
  }
  if (wrong > 0) problems.push(`${wrong} calls went wrong: ${examples.join("; ")}`);
  return { warm, end, problems };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function medianOf(samples: readonly Sample[]): number {
  const sorted = samples.map(({ residentBytes }) => residentBytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

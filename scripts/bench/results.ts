/** What a run of the bench found, as it is written to a file. */
import { type Spread, spread } from "./statistics.ts";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
  readonly bun: string;
}

/** One figure, measured in several rounds. */
export interface Figure extends Spread {
  /** Names it in `limits.ts` and in a saved run. */
  readonly id: string;
  readonly title: string;
  /** Of the rounds: `×` for a ratio, which is what can be compared between runs. */
  readonly unit: string;
  readonly rounds: readonly number[];
}

/** How a cost grows with the work. */
export interface Growth {
  readonly id: string;
  readonly title: string;
  /** What x counts, and what y measures. */
  readonly work: string;
  readonly cost: string;
  readonly lines: readonly GrowthLine[];
}

export interface GrowthLine {
  readonly name: string;
  readonly points: readonly GrowthPoint[];
}

export interface GrowthPoint extends Spread {
  readonly x: number;
}

export interface BenchResult {
  readonly machine: Machine;
  /** Who drove the load and who answered it with the least work. */
  readonly tools: "C" | "TypeScript";
  readonly quick: boolean;
  readonly figures: readonly Figure[];
  readonly growth: readonly Growth[];
  /** What was not measured, and why. */
  readonly skipped: readonly string[];
}

export function figure(id: string, title: string, unit: string, rounds: readonly number[]): Figure {
  return { id, title, unit, rounds, ...spread(rounds) };
}

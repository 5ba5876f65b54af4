/** Measures the points of lines, all in turn. */
import type { Load, LoadReport, Target } from "../../load.ts";
import { type Figure, figure, type GrowthLine } from "../../results.ts";
import { column, cpuPerCall, measure, type Reports, type Rounds } from "../../rounds.ts";
import type { Bench } from "../../section.ts";
import { bend, spread } from "../../statistics.ts";

/** A line's point before it is measured. */
export interface Planned {
  readonly line: string;
  readonly x: number;
  readonly server: Target;
  readonly load: Load;
}

/** The first, the last and one between: enough of a line that is known to be straight, the floor's. */
export function threeOf(xs: readonly number[]): readonly number[] {
  return xs.filter((_, i) => i === 0 || i === xs.length >> 1 || i === xs.length - 1);
}

/** Many and short: a machine that is slow for some seconds is so for a round or two. */
const ROUNDS: Rounds = { count: 6, seconds: 0.2, warmup: 0.2 };

/** For loads that take long to get ready. */
export const FEW_ROUNDS: Rounds = { count: 3, seconds: 0.4, warmup: 0.2 };

const QUICK: Rounds = { count: 1, seconds: 0.2, warmup: 0.1 };

export async function measurePoints(
  bench: Bench,
  points: readonly Planned[],
  rounds = ROUNDS,
): Promise<Reports> {
  return measure(
    bench,
    points.map(({ line, x, server, load }) => ({ id: idOf(line, x), server, load })),
    bench.quick ? QUICK : rounds,
  );
}

/** @param of what is drawn; default: processor time a call, in µs */
export function lineOf(
  reports: Reports,
  points: readonly Planned[],
  line: string,
  of: (report: LoadReport) => number = cpuPerCall,
  name = line,
): GrowthLine {
  return {
    name,
    points: points
      .filter((point) => point.line === line)
      .map(({ x }) => ({ x, ...spread(column(reports, idOf(line, x), of)) })),
  };
}

/** Nothing where the line does not rise: then there is nothing to bend. */
export function bendOf(id: string, title: string, { points }: GrowthLine): Figure[] {
  const value = bend(points.map(({ x, median: y }) => ({ x, y })));
  return value === undefined ? [] : [figure(id, title, "×", [value])];
}

/** The last point to the first, where a line should be flat. */
export function riseOf(id: string, title: string, { points }: GrowthLine): Figure {
  return figure(id, title, "×", [points.at(-1)!.median / points[0]!.median]);
}

function idOf(line: string, x: number): string {
  return `${line} at ${x}`;
}

/** Measures several things in turn, round after round, so that a slow moment of the machine meets all. */
import { drive, type Extent, type Load, type LoadReport, type Target } from "./load.ts";
import type { Progress } from "./progress.ts";
import type { Tools } from "./tools.ts";

/** One server under one load. */
export interface Lane {
  readonly id: string;
  readonly server: Target;
  readonly load: Load;
}

export interface Rounds {
  readonly count: number;
  /** s for each lane and round, and for each lane before the first. */
  readonly seconds: number;
  readonly warmup: number;
}

/** Reports of the rounds, in order, by the lane's id. */
export type Reports = ReadonlyMap<string, readonly LoadReport[]>;

/**
 * A B C, then C B A, then again: what comes last in one round is not always the one that comes last.
 *
 * @param extent what else there is to say of a lane's load
 */
export async function measure(
  { tools, progress }: { readonly tools: Tools; readonly progress: Progress },
  lanes: readonly Lane[],
  rounds: Rounds,
  extent: (lane: Lane) => Extent = () => ({ seconds: rounds.seconds }),
): Promise<Reports> {
  const reports = new Map<string, LoadReport[]>(lanes.map(({ id }) => [id, []]));
  for (const { id, server, load } of lanes) {
    progress.step(`${id}: warming up`);
    if (rounds.warmup > 0) await drive(tools, server, load, { seconds: rounds.warmup, warmup: 0 });
  }
  for (let round = 0; round < rounds.count; round++) {
    for (const lane of round % 2 === 0 ? lanes : lanes.toReversed()) {
      progress.step(`${lane.id}: round ${round + 1} of ${rounds.count}`);
      reports.get(lane.id)!.push(await drive(tools, lane.server, lane.load, extent(lane)));
    }
  }
  return reports;
}

/** One number of each round of a lane. */
export function column(
  reports: Reports,
  id: string,
  of: (report: LoadReport) => number,
): readonly number[] {
  const rounds = reports.get(id);
  if (rounds === undefined) throw new Error(`there is no lane ${id}`);
  return rounds.map(of);
}

export const cpuPerCall = (report: LoadReport): number => report.runner_us_per_req;

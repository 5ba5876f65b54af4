/** What the runner must reach, and how a run is judged by it. */
import type { BenchResult, Figure } from "./results.ts";

export interface Limit {
  /** The figure's. */
  readonly id: string;
  readonly limit: number;
  /** The figure must reach the limit instead of staying below it. */
  readonly atLeast?: true;
  /** What to aim for beyond the limit. */
  readonly aim?: number;
  /** The limit is one against the floor in C, and says nothing against one that costs more. */
  readonly toFloor?: true;
}

export const LIMITS: readonly Limit[] = [
  { id: "cpu.stop", limit: 2.2, aim: 1.7, toFloor: true },
  { id: "cpu.header", limit: 2.6, toFloor: true },
  { id: "cpu.nothing", limit: 1.9, toFloor: true },
  { id: "cpu.read", limit: 3.6, toFloor: true },
  { id: "cpu.body", limit: 2.5, toFloor: true },
  { id: "cpu.response", limit: 3, toFloor: true },
  { id: "latency.32", limit: 3 },
  { id: "latency.128", limit: 3 },
  { id: "start", limit: 1.25 },
  { id: "memory.idle", limit: 45 },
  { id: "memory.after", limit: 80 },
  { id: "memory.flat", limit: 1.1 },
  { id: "bodies.request.1", limit: 0.5, atLeast: true, toFloor: true },
  { id: "bodies.request.15", limit: 0.5, atLeast: true, toFloor: true },
  { id: "bodies.response.1", limit: 0.5, atLeast: true, toFloor: true },
  { id: "bodies.response.15", limit: 0.5, atLeast: true, toFloor: true },
  { id: "bodies.memory.request.1", limit: 3 },
  { id: "bodies.memory.request.15", limit: 3 },
  { id: "bodies.memory.response.1", limit: 3 },
  { id: "bodies.memory.response.15", limit: 3 },
  { id: "growth.headers", limit: 2 },
  { id: "growth.plugins", limit: 2 },
  { id: "growth.body", limit: 2 },
];

export type Verdict = "ok" | "over" | "not judged";

export interface Judgement {
  readonly figure: Figure;
  readonly limit: Limit;
  readonly verdict: Verdict;
}

/** By the medians; a figure that was not measured, or has no limit, is left out. */
export function judge(result: Pick<BenchResult, "figures" | "tools">): Judgement[] {
  return LIMITS.flatMap((limit) => {
    const figure = result.figures.find(({ id }) => id === limit.id);
    if (figure === undefined) return [];
    return [{ figure, limit, verdict: verdictOn(figure, limit, result.tools) }];
  });
}

function verdictOn({ median }: Figure, limit: Limit, tools: BenchResult["tools"]): Verdict {
  if (limit.toFloor && tools !== "C") return "not judged";
  const isWithin = limit.atLeast ? median >= limit.limit : median <= limit.limit;
  return isWithin ? "ok" : "over";
}

/** 1 where something is over its limit, and where nothing was judged: that is no success. */
export function exitCode(judgements: readonly Judgement[]): number {
  const verdicts = judgements.map(({ verdict }) => verdict);
  return verdicts.includes("ok") && !verdicts.includes("over") ? 0 : 1;
}

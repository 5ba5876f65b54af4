/** A run beside a saved one. */
import type { BenchResult, Figure } from "./results.ts";

export interface Change {
  readonly now: Figure;
  readonly before: Figure;
  /** Of the medians: 0.1 is ten per cent more. */
  readonly change: number;
  /** The rounds of the two do not even touch: it is more than noise. */
  readonly isClear: boolean;
}

/** The figures that both have. */
export function compare(now: BenchResult, before: BenchResult): Change[] {
  return now.figures.flatMap((figure) => {
    const other = before.figures.find(({ id }) => id === figure.id);
    if (other === undefined) return [];
    const change = figure.median / other.median - 1;
    const isClear = figure.low > other.high || figure.high < other.low;
    return [{ now: figure, before: other, change, isClear }];
  });
}

/**
 * @throws Error where the two do not compare: one was measured with the tools in C, the other
 * without, or the file holds no run
 */
export async function readSavedRun(path: string, now: Pick<BenchResult, "tools">) {
  const file = Bun.file(path);
  if (!(await file.exists())) throw new Error(`there is no saved run at ${path}`);
  const saved: unknown = await file.json();
  if (!isResult(saved)) {
    throw new Error(`${path} holds no run of the bench; it is the JSON that one writes`);
  }
  if (saved.tools !== now.tools) {
    throw new Error(
      `${path} was measured with tools in ${saved.tools}, this run with tools in ${now.tools}; run again with --tools ${saved.tools}`,
    );
  }
  return saved;
}

function isResult(value: unknown): value is BenchResult {
  return (
    typeof value === "object" &&
    value !== null &&
    "figures" in value &&
    Array.isArray(value.figures) &&
    "tools" in value
  );
}

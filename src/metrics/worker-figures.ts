/** The figures of workers, with what those have counted that are no more: a sum must not fall when one is replaced. */
import { families, type MetricName } from "./families.ts";
import type { HistogramFigures } from "./histogram.ts";
import type { MetricsSnapshot, Sample } from "./snapshot.ts";

/** What one worker has counted. */
export interface WorkerFigures {
  /** Its number, which a worker that takes its place gets too. */
  readonly worker: number;
  readonly pid: number;
  readonly snapshot: MetricsSnapshot;
}

/** A process goes on counting these, or leaves them to its next image, when it replaces that. */
const OF_THE_PROCESS: ReadonlySet<MetricName> = new Set([
  "apisix_bun_runner_cpu_seconds_total",
  "apisix_bun_runner_replacements_total",
]);

/** Of all workers since the start. What one has counted after the last collection before its end is lost. */
export class CollectedFigures {
  readonly #last = new Map<number, WorkerFigures>();
  #gone: MetricsSnapshot = {};

  /** @param answers of those workers that answer; of the others counts what they had counted before */
  collect(answers: readonly WorkerFigures[]): MetricsSnapshot[] {
    const answering = new Set(answers.map(({ worker }) => worker));
    for (const answer of answers) {
      const before = this.#last.get(answer.worker);
      if (before !== undefined && startOf(before) !== startOf(answer)) this.#keep(before, answer);
      this.#last.set(answer.worker, answer);
    }
    const snapshots = Array.from(this.#last.values(), ({ worker, snapshot }) =>
      answering.has(worker) ? snapshot : counted(snapshot),
    );
    return [...snapshots, this.#gone];
  }

  #keep(before: WorkerFigures, { pid }: WorkerFigures): void {
    const isSameProcess = before.pid === pid;
    this.#gone = sum(
      this.#gone,
      counted(before.snapshot, (name) => !isSameProcess || !OF_THE_PROCESS.has(name)),
    );
  }
}

/** Tells one process image from the next. */
function startOf({ snapshot }: WorkerFigures): Sample["value"] | undefined {
  return snapshot.apisix_bun_runner_start_time_seconds?.[0]?.value;
}

/** Without what is true of one moment only. */
function counted(
  snapshot: MetricsSnapshot,
  isWanted: (name: MetricName) => boolean = () => true,
): MetricsSnapshot {
  const kept: { -readonly [Name in MetricName]?: readonly Sample[] } = {};
  for (const [name, { type }] of families) {
    if (type !== "gauge" && isWanted(name)) kept[name] = snapshot[name] ?? [];
  }
  return kept;
}

function sum(one: MetricsSnapshot, other: MetricsSnapshot): MetricsSnapshot {
  const all: { -readonly [Name in MetricName]?: readonly Sample[] } = {};
  for (const [name] of families) {
    const samples = new Map<string, Sample>();
    for (const sample of [...(one[name] ?? []), ...(other[name] ?? [])]) {
      const key = JSON.stringify(sample.labels);
      const before = samples.get(key);
      samples.set(key, before === undefined ? sample : added(before, sample));
    }
    if (samples.size > 0) all[name] = [...samples.values()];
  }
  return all;
}

function added({ labels, value: a }: Sample, { value: b }: Sample): Sample {
  if (typeof a === "number" || typeof b === "number") {
    return { labels, value: Number(a) + Number(b) };
  }
  return { labels, value: addedHistograms(a, b) };
}

function addedHistograms(a: HistogramFigures, b: HistogramFigures): HistogramFigures {
  return { counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), sum: a.sum + b.sum };
}

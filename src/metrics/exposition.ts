/** Snapshots as Prometheus reads them: those of several processes added up. Loads prom-client. */
import { AggregatorRegistry } from "prom-client";
import { families, type Family, type MetricName } from "./families.ts";
import { BOUNDS, type HistogramFigures } from "./histogram.ts";
import type { Labels, MetricsSnapshot, Sample } from "./snapshot.ts";

export const CONTENT_TYPE = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE;

/**
 * The text format of Prometheus, with every metric of {@link families} that a snapshot has.
 *
 * @param snapshots one of each process; the order matters only to metrics of which the first counts
 *
 * @example
 * ```ts
 * const text = await expose([observer.snapshot()]);
 * ```
 */
export function expose(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate(snapshots.map(metricsOf)).metrics();
}

/** As prom-client's `getMetricsAsJSON` gives them, which is what it aggregates. */
function metricsOf(snapshot: MetricsSnapshot): object[] {
  return Array.from(families, ([name, family]) => metricOf(name, family, snapshot[name] ?? []));
}

function metricOf(name: MetricName, family: Family, samples: readonly Sample[]): object {
  const { help, type, overWorkers = "sum" } = family;
  return { name, help, type, aggregator: overWorkers, values: samples.flatMap(valuesOf(name)) };
}

interface Value {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

function valuesOf(name: MetricName): (sample: Sample) => Value[] {
  return ({ labels, value }) =>
    typeof value === "number"
      ? [{ metricName: name, labels, value }]
      : histogramValues(name, labels, value);
}

/** Each bucket holds those below it too. */
function histogramValues(
  name: MetricName,
  labels: Labels,
  { counts, sum }: HistogramFigures,
): Value[] {
  let below = 0;
  const buckets = counts.map((count, i) => {
    below += count;
    const le = String(BOUNDS[i] ?? "+Inf");
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: below },
  ];
}

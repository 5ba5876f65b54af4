/** What one process has counted: plain JSON, so that a worker can send it to whoever answers the scrape. */
import type { MetricName } from "./families.ts";
import type { HistogramFigures } from "./histogram.ts";

export type Labels = Readonly<Record<string, string>>;

/** One time series of a metric. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number | HistogramFigures;
}

/** A metric that is left out has no series. */
export type MetricsSnapshot = { readonly [Name in MetricName]?: readonly Sample[] };

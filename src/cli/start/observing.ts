/** Metrics and traces: loaded where the settings ask for them, and in place before the first call comes. */
import type { Config } from "../../config/config.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { MetricsServer, MetricsServerOptions } from "../../metrics/server.ts";
import type { MetricsSnapshot } from "../../metrics/snapshot.ts";
import { ObserverPair } from "../../plugin/observer-pair.ts";
import type { Runner } from "../../rpc/runner.ts";
import { groupId, userId } from "../../server/account.ts";
import type { StartedTracing } from "../../tracing/provider.ts";
import type { Replacements } from "../../watchdog/bequest.ts";
import { fail } from "../exit.ts";
import { VERSION } from "../version.ts";

export interface ObservingOptions {
  readonly config: Config;
  readonly runner: Runner;
  /** One of several processes: it counts, and another one serves what all have counted. */
  readonly isWorker?: boolean;
  /** Another runner may have the metrics' port for a moment yet. */
  readonly hasPredecessor: boolean;
  connections(): number;
  replacements(): Replacements;
}

export interface Observing {
  /** What has been counted here; undefined where the settings ask for no metrics. */
  snapshot(): MetricsSnapshot | undefined;
  /** The process is about to end: the metrics' port is the next runner's. */
  stop(): void;
  /** Sends the spans that wait, as far as there is time. */
  flush(): Promise<void>;
}

/** APISIX kills a runner 1 s after it has told it to go, and calls need most of it. */
const STOP_MS = 950;

/** Spans of the last calls get this much in any case. */
const LAST_FLUSH_MS = 50;

/** Makes the runner's observer. Ends the process where metrics cannot be served and waiting would not help. */
export async function startObserving(options: ObservingOptions): Promise<Observing> {
  const { config, runner, hasPredecessor } = options;
  const metrics = config.metrics.listen && (await metricsOf(options));
  const tracing = await tracingOf(options);
  const [first, second] = [metrics, tracing?.observer].filter((each) => each !== undefined);
  if (first !== undefined) runner.observer = second ? new ObserverPair(first, second) : first;
  const isServed = metrics !== undefined && options.isWorker !== true;
  const snapshots = () => (metrics === undefined ? [] : [metrics.snapshot()]);
  const serving = { config, log: runner.log, hasPredecessor, snapshots };
  const server = isServed ? await serveSnapshots(serving) : undefined;
  return new Started(metrics, server, tracing);
}

export interface ServingOptions extends Pick<MetricsServerOptions, "snapshots" | "log"> {
  readonly config: Config;
  readonly hasPredecessor: boolean;
}

/**
 * Serves the figures of several processes, as one that looks after workers does.
 *
 * @returns undefined where the settings ask for no metrics; ends the process where they cannot be served
 */
export async function serveSnapshots({
  config: { metrics, socket },
  ...options
}: ServingOptions): Promise<MetricsServer | undefined> {
  const { listen: address } = metrics;
  if (address === undefined) return undefined;
  const { mode, owner, group } = socket;
  const { serveMetrics } = await import("../../metrics/server.ts");
  try {
    const access = { mode, owner: userId(owner), group: groupId(group) };
    return serveMetrics({ address, access, ...options });
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

class Started implements Observing {
  #stoppedAt = performance.now();

  constructor(
    private readonly metrics: Metrics | undefined,
    private readonly server: MetricsServer | undefined,
    private readonly tracing: StartedTracing | undefined,
  ) {}

  snapshot(): MetricsSnapshot | undefined {
    return this.metrics?.snapshot();
  }

  stop(): void {
    this.#stoppedAt = performance.now();
    this.server?.stop();
    // While the last calls are answered, those before them are on their way already.
    void this.tracing?.flush(STOP_MS);
  }

  async flush(): Promise<void> {
    const left = STOP_MS - (performance.now() - this.#stoppedAt);
    await this.tracing?.flush(Math.max(left, LAST_FLUSH_MS));
  }
}

async function metricsOf({
  runner,
  connections,
  replacements,
}: ObservingOptions): Promise<Metrics> {
  const { confs, strayErrors } = runner;
  const { EventLoopLag } = await import("../../metrics/event-loop-lag.ts");
  const { Metrics } = await import("../../metrics/metrics.ts");
  const lag = new EventLoopLag();
  const sources = { confs, strayErrors, lag, connections, replacements };
  return new Metrics({ ...sources, version: VERSION });
}

async function tracingOf({
  config,
  runner,
}: ObservingOptions): Promise<StartedTracing | undefined> {
  const { endpoint, sample, propagate } = config.tracing;
  if (endpoint === undefined) return undefined;
  const { startTracing } = await import("../../tracing/provider.ts");
  return startTracing({ endpoint, sample, propagate, version: VERSION, log: runner.log });
}

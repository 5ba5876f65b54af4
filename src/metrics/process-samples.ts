/** What is not counted call by call but looked up when somebody asks. */
import type { ConfCache } from "../plugin/conf-cache.ts";
import type { StrayErrors } from "../plugin/stray-errors.ts";
import type { EventLoopLag } from "./event-loop-lag.ts";
import type { MetricsSnapshot, Sample } from "./snapshot.ts";

export interface ProcessSources {
  readonly confs: ConfCache;
  readonly strayErrors: StrayErrors;
  readonly lag: EventLoopLag;
  /** Of the runner. */
  readonly version: string;
  /** How many connections there are now. */
  connections(): number;
  /** How often this process has replaced its image so far, by the reason. */
  replacements(): { readonly unyielding: number; readonly memory: number };
}

/** When this image of the process began, in seconds since 1970. */
const STARTED_AT = performance.timeOrigin / 1000;

export function processSamples(sources: ProcessSources): MetricsSnapshot {
  const { confs, strayErrors, lag, version } = sources;
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  return {
    apisix_bun_runner_confs: one(confs.size),
    apisix_bun_runner_conf_bytes: one(confs.bytes),
    apisix_bun_runner_connections: one(sources.connections()),
    apisix_bun_runner_stray_errors_total: strayErrors.counts.map(
      ({ kind, plugin = "", count }) => ({ labels: { kind, plugin }, value: count }),
    ),
    apisix_bun_runner_event_loop_lag_seconds: [{ labels: {}, value: lag.figures() }],
    apisix_bun_runner_resident_memory_bytes: one(memory.rss),
    apisix_bun_runner_heap_bytes: one(memory.heapUsed),
    apisix_bun_runner_cpu_seconds_total: one((cpu.user + cpu.system) / 1e6),
    apisix_bun_runner_start_time_seconds: one(STARTED_AT),
    apisix_bun_runner_replacements_total: Object.entries(sources.replacements()).map(
      ([reason, value]) => ({ labels: { reason }, value }),
    ),
    apisix_bun_runner_build_info: [{ labels: { version, bun: Bun.version }, value: 1 }],
  };
}

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

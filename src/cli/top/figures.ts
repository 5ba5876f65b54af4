/** What `top` shows, in the words in which it shows it. */
import { escapeHidden } from "../../config/problems.ts";
import type { Difference } from "./difference.ts";

export interface PluginRow {
  readonly plugin: string;
  readonly phase: string;
  /** A second. */
  readonly calls: number;
  readonly failures: number;
  /** As they are shown, in the order of {@link PLUGIN_COLUMNS}. */
  readonly cells: readonly string[];
}

export const PLUGIN_COLUMNS = [
  "plugin",
  "phase",
  "calls/s",
  "p50",
  "p99",
  "rewrote/s",
  "stopped/s",
  "failed/s",
  "timeout/s",
] as const;

/** Those that fail first, then those that are called most. */
export function pluginRows(difference: Difference): PluginRow[] {
  const plugins = difference.values("plugin_calls_total", "plugin");
  const rows = plugins.flatMap((plugin) =>
    ["request", "response"].map((phase) => pluginRow(difference, plugin, phase)),
  );
  return rows
    .filter(({ cells }) => cells.length > 0)
    .sort((a, b) => b.failures - a.failures || b.calls - a.calls);
}

function pluginRow(difference: Difference, plugin: string, phase: string): PluginRow {
  const labels = { plugin, phase };
  const isKnown = difference.now("plugin_calls_total", labels) > 0;
  const of = (outcome: string) => difference.rate("plugin_calls_total", { ...labels, outcome });
  const quantile = (share: number) => difference.quantile(share, "plugin_duration_seconds", labels);
  const calls = difference.rate("plugin_calls_total", labels);
  const cells = [
    escapeHidden(plugin),
    phase,
    perSecond(calls),
    duration(quantile(0.5)),
    duration(quantile(0.99)),
    ...["rewrote", "stopped", "failed", "timeout"].map((outcome) => perSecond(of(outcome))),
  ];
  const failures = of("failed") + of("timeout");
  return { plugin, phase, calls, failures, cells: isKnown ? cells : [] };
}

/** The columns of plain lines, and their values. */
export function plainCells(difference: Difference): Readonly<Record<string, string>> {
  const quantile = (share: number) => duration(difference.quantile(share, "call_duration_seconds"));
  const result = (name: string) => perSecond(difference.rate("calls_total", { result: name }));
  return {
    "calls/s": perSecond(difference.rate("calls_total")),
    p50: quantile(0.5),
    p99: quantile(0.99),
    "rewrite/s": result("rewrite"),
    "stop/s": result("stop"),
    "error/s": result("error"),
    "gone/s": result("gone"),
    connections: String(difference.now("connections")),
    memory: bytes(difference.now("resident_memory_bytes")),
    cpu: percent(difference.rate("cpu_seconds_total")),
    lag: duration(difference.quantile(0.99, "event_loop_lag_seconds")),
  };
}

/** `12.3`, `1234`. */
export function perSecond(rate: number): string {
  return rate > 0 && rate < 100 ? rate.toFixed(1) : Math.round(rate).toString();
}

/** @param seconds undefined: `-` */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`;
  if (seconds >= 0.001) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${(seconds * 1e6).toFixed(0)} µs`;
}

export function bytes(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(2)} GB` : `${(count / 1e6).toFixed(1)} MB`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** `3d 4h`, `2h 5m`, `12s`. */
export function age(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return "0s";
  let left = seconds;
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return `${count}${unit}`;
  });
  return parts.join(" ");
}

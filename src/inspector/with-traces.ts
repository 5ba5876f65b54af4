/** Lays the runner's traces over what the gateway knows of a call. */
import { canonicalName } from "../plugin/exports.ts";
import type { InspectedPhase, InspectedPlugin, LogView, PluginRun, RunEnd } from "./model.ts";
import type { LogTrace, RunTrace } from "./runner/traces.ts";

/** @param began the request, ms since 1970 */
export function withRun(phase: InspectedPhase, trace: RunTrace, began: number): InspectedPhase {
  const at = phase.plugins.findIndex(
    (plugin) => plugin.ran === undefined && isNamed(plugin, trace.plugin),
  );
  return at < 0 ? phase : withPlugin(phase, at, { ran: runOf(trace, phase, began) });
}

export function withLine(phase: InspectedPhase, trace: LogTrace, began: number): InspectedPhase {
  const line = { ...trace.line, at: trace.line.at - began };
  const at = phase.plugins.findLastIndex(
    ({ name, ran }) => ran !== undefined && ran.at <= line.at && isNamed({ name }, trace.plugin),
  );
  const ran = phase.plugins[at]?.ran;
  if (ran === undefined) return { ...phase, log: inOrder(phase.log, line) };
  return withPlugin(phase, at, { ran: { ...ran, log: inOrder(ran.log, line) } });
}

function withPlugin(
  phase: InspectedPhase,
  at: number,
  change: Partial<InspectedPlugin>,
): InspectedPhase {
  const plugins = phase.plugins.map((plugin, i) => (i === at ? { ...plugin, ...change } : plugin));
  return { ...phase, plugins };
}

function isNamed({ name }: { readonly name: string }, plugin: string): boolean {
  return canonicalName(name) === canonicalName(plugin);
}

/** Two processes tell the time; what a plugin did lies within its call. */
function runOf(trace: RunTrace, phase: InspectedPhase, began: number): PluginRun {
  const { source, did, before, after, stopped, error } = trace;
  const offset = Math.max(0, phase.at - (trace.at - began));
  const relative = (at: number): number => at - began + offset;
  return {
    source,
    at: relative(trace.at),
    duration: trace.duration,
    did,
    end: endOf(stopped, error),
    before,
    after,
    asked: trace.asked.map((asked) =>
      asked.at === undefined ? asked : { ...asked, at: relative(asked.at) },
    ),
    log: [],
  };
}

function endOf(stopped: RunTrace["stopped"], error: RunTrace["error"]): RunEnd {
  if (stopped) return { kind: "stopped", answer: stopped };
  if (error) return { kind: "failed", error };
  return { kind: "went on" };
}

/** Lines of one process come in order; those of two may not. */
function inOrder(lines: readonly LogView[], line: LogView): LogView[] {
  const at = lines.findLastIndex((other) => other.at <= line.at);
  return lines.toSpliced(at + 1, 0, line);
}

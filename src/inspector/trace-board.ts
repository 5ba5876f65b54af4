/** Holds traces until the request they belong to has ended. */
import type { LogTrace, RunTrace, Trace } from "./runner/traces.ts";

export interface CallTraces {
  readonly runs: readonly RunTrace[];
  readonly log: readonly LogTrace[];
}

/** Calls whose traces nobody has asked for are those of requests that never ended; keep few. */
const KEPT_CALLS = 2000;

/** Lines about routes, which come when a conf is prepared or refused. */
const KEPT_ROUTE_LINES = 200;

export class TraceBoard {
  readonly #waiting = new Map<number, { runs: RunTrace[]; log: LogTrace[] }>();
  readonly #routeLines: LogTrace[] = [];
  /** Calls that have been taken, and may still get a line. */
  readonly #taken = new Set<number>();

  /** @param onLate told of what comes when its call has been taken */
  constructor(private readonly onLate: (call: number, trace: Trace) => void) {}

  add(trace: Trace): void {
    const { call } = trace;
    if (call === undefined) {
      if (trace.kind === "log") keepLast(this.#routeLines, trace);
      return;
    }
    if (this.#taken.has(call)) return this.onLate(call, trace);
    let traces = this.#waiting.get(call);
    if (traces === undefined) {
      this.#waiting.set(call, (traces = { runs: [], log: [] }));
      dropOldest(this.#waiting);
    }
    if (trace.kind === "run") traces.runs.push(trace);
    else traces.log.push(trace);
  }

  /** The traces of a call, once. */
  take(call: number): CallTraces {
    const traces = this.#waiting.get(call) ?? { runs: [], log: [] };
    this.#waiting.delete(call);
    this.#taken.add(call);
    dropOldest(this.#taken);
    return traces;
  }

  /**
   * Lines about a route's conf.
   *
   * @param route its key, without the version
   * @param since ms since 1970
   */
  linesOf(route: string, since: number): readonly LogTrace[] {
    return this.#routeLines.filter((trace) => trace.route === route && trace.line.at >= since);
  }
}

function dropOldest(kept: Map<number, unknown> | Set<number>): void {
  if (kept.size <= KEPT_CALLS) return;
  for (const oldest of kept.keys()) {
    kept.delete(oldest);
    return;
  }
}

function keepLast(lines: LogTrace[], line: LogTrace): void {
  lines.push(line);
  if (lines.length > KEPT_ROUTE_LINES) lines.shift();
}

/** What the runner of `dev` tells of its plugins, a line of JSON each. */
import type { Answer, AskedView, ErrorView, LogView, PhaseKind, State } from "../model.ts";

export type Trace = RunTrace | LogTrace;

/** A plugin's turn, when it has ended. Times are ms since 1970, with their fractions. */
export interface RunTrace {
  readonly kind: "run";
  /** The number of the call. */
  readonly call: number;
  readonly phase: PhaseKind;
  readonly plugin: string;
  readonly source: string;
  readonly at: number;
  /** ms. */
  readonly duration: number;
  readonly did: string;
  readonly before: State;
  readonly after: State;
  readonly stopped?: Answer;
  readonly error?: ErrorView;
  readonly asked: readonly AskedView[];
}

/** A line that a plugin, or the runner for it, logged. */
export interface LogTrace {
  readonly kind: "log";
  /** Absent: it is of the route's conf, not of a call. */
  readonly call?: number;
  /** The route's key, without its version. */
  readonly route: string;
  readonly plugin: string;
  /** Its time is ms since 1970. */
  readonly line: LogView;
}

/** What `check` finds. */

export interface CheckProblem {
  /** Absolute. */
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1. */
  readonly column: number;
  /** Warnings do not make `check` fail. */
  readonly severity: "error" | "warning";
  /** One of {@link CheckCode}, or the compiler's own, such as `TS2322`. */
  readonly code: CheckCode | `TS${string}`;
  /** One line. */
  readonly message: string;
}

export type CheckCode =
  /** A plugin file that throws, or cannot be read as TypeScript or JavaScript. */
  | "does-not-load"
  /** It did not finish loading, or a sample or the check of a conf did not end. */
  | "timeout"
  /** A plugin ended the process that it was loaded into. */
  | "ends-process"
  /** It loads, but exports no plugin: no default export, no hook, another name than its file's, an unknown key. */
  | "not-a-plugin"
  /** Something went wrong beside loading: a promise that nobody awaits was rejected. */
  | "stray-error"
  /** Two files, or a file and a plugin of the executable, have one name. */
  | "duplicate-name"
  | "sample-fails"
  /** The routes file cannot be taken. */
  | "routes-file"
  /** A route names a plugin that there is not. */
  | "unknown-plugin"
  /** A route names a plugin in a phase that it has no hook for. */
  | "wrong-phase"
  /** A route has a conf that its plugin refuses. */
  | "invalid-conf"
  /** The type check could not be run. */
  | "type-check";

/** By file and place. */
export function inOrder(problems: readonly CheckProblem[]): CheckProblem[] {
  return problems.toSorted(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column,
  );
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

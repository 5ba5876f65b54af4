/**
 * Where the code of one plugin file runs. Bun.ModuleGraph, which is experimental, is known to
 * this file alone.
 */
import type { StrayKind } from "./stray-errors.ts";

/** Gets what escaped the plugin's own handling. */
export type ScopeErrorHandler = (error: unknown, kind: StrayKind) => void;

export interface ModuleScope {
  /** Loads a file, and what it imports, afresh. */
  import(file: string): Promise<object>;
  /** Calls a function so that timers, sockets and stray errors of it belong to the scope. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R;
  /** Closes what the scope's code opened. */
  dispose(): void;
}

export function createModuleScope(onError: ScopeErrorHandler): ModuleScope {
  const graph = new Bun.ModuleGraph({ onError });
  return {
    import: (file) => graph.import<object>(file),
    run: (fn, ...args) => graph.run(fn, ...args),
    dispose: () => graph.dispose(),
  };
}

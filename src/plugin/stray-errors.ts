/** Errors that nothing caught: told with the plugin that they come from, counted, and survived. */
import type { Logger } from "../log/logger.ts";

export type StrayKind = "uncaughtException" | "unhandledRejection";

const TEXTS: Readonly<Record<StrayKind, string>> = {
  uncaughtException: "an exception that nothing caught; the runner goes on",
  unhandledRejection: "a rejection that nothing caught; the runner goes on",
};

export interface StrayCount {
  readonly plugin: string | undefined;
  readonly kind: StrayKind;
  readonly count: number;
}

export class StrayErrors {
  readonly #log: Logger;
  readonly #counts = new Map<string, StrayCount>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** How many there were, by kind and plugin; without a plugin where none is known. */
  get counts(): readonly StrayCount[] {
    return [...this.#counts.values()];
  }

  /**
   * Logs and counts one.
   *
   * @param plugin the plugin whose code it comes from; left out, the error's stack is asked
   */
  report(error: unknown, kind: StrayKind, plugin = pluginIn(error)): void {
    this.#log.error(TEXTS[kind], { plugin, error });
    const key = `${kind} ${plugin ?? ""}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { plugin, kind, count });
  }
}

/**
 * The plugin inside the executable whose file is the first of a `plugins` folder in an error's stack.
 * Plugins of folders have module graphs that tell on them; for these a stack costs nothing before it is needed.
 */
function pluginIn(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack : undefined;
  return /(?:^|[\s(/])plugins\/([\w.-]+?)(?:\/index)?\.[mc]?[jt]s:\d+:\d+/m.exec(stack ?? "")?.[1];
}

/** What calls and hooks came to, as plain numbers. */
import type { Plugin } from "../plugin/plugin.ts";
import type { Outcome, Result } from "./families.ts";
import { Histogram } from "./histogram.ts";

/** What one phase's calls came to. */
export class PhaseCounts {
  readonly results: Record<Result, number> = { nothing: 0, rewrite: 0, stop: 0, error: 0, gone: 0 };
  readonly durations = new Histogram();
  inProgress = 0;
  /** By the plugin's name. What is unloaded keeps its counts, as Prometheus expects of a counter. */
  readonly plugins = new Map<string, PluginCounts>();
  /** The same by plugin: the way of a call. Held weakly, since a reload makes other ones. */
  readonly #byPlugin = new WeakMap<Plugin, PluginCounts>();

  of(plugin: Plugin): PluginCounts {
    const known = this.#byPlugin.get(plugin);
    if (known !== undefined) return known;
    const counts = this.plugins.getOrInsertComputed(plugin.name, () => new PluginCounts());
    this.#byPlugin.set(plugin, counts);
    return counts;
  }
}

/** What one plugin did in one phase. */
export class PluginCounts {
  readonly outcomes: Record<Outcome, number> = {
    passed: 0,
    rewrote: 0,
    stopped: 0,
    failed: 0,
    timeout: 0,
    gone: 0,
  };
  readonly durations = new Histogram();
}

/** A loaded plugin, whichever style it was written in. */
import type { HookResult, PluginOptions, SetupContext } from "./definition.ts";
import type { RequestContext, ResponseContext } from "./context.ts";
import type { ConfigSchema } from "./definition.ts";
import type { Places } from "./places.ts";

export type Phase = "request" | "response";

export interface Plugin {
  /** What a conf calls it. */
  readonly name: string;
  /** The file it came from; `bundled` for one inside the executable. */
  readonly source: string;
  readonly description: string | undefined;
  readonly onError: NonNullable<PluginOptions["onError"]>;
  /** ms; undefined: `plugins.timeout`. */
  readonly timeout: number | undefined;
  /** Where only so many calls may be in its hooks at once. */
  readonly places: Places | undefined;
  readonly config: ConfigSchema<unknown> | undefined;
  setup: ((config: unknown, context: SetupContext) => unknown) | undefined;
  request: ((context: RequestContext) => HookResult | Promise<HookResult>) | undefined;
  response: ((context: ResponseContext) => HookResult | Promise<HookResult>) | undefined;
  /** Who still uses it; undefined for one that is never unloaded. */
  lease?: PluginLease;
}

/** Counts the confs that use a plugin from a folder, so that its code goes when the last of them has. */
export interface PluginLease {
  acquire(): void;
  release(): void;
  /** Another version has taken its place: no conf will acquire it any more. */
  end(): void;
}

/** A name that routes may use but that leads to no plugin: the file behind it did not load. */
export interface PluginProblem {
  readonly name: string;
  readonly source: string;
  /** One line: what is wrong and where. */
  readonly problem: string;
}

/** The phases a plugin has a hook for. */
export function phasesOf(plugin: Plugin): Phase[] {
  const phases: Phase[] = [];
  if (plugin.request !== undefined) phases.push("request");
  if (plugin.response !== undefined) phases.push("response");
  return phases;
}

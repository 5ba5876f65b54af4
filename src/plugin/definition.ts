/** What a plugin is: the object style, and the types both styles share. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Stop } from "../http/stop.ts";
import type { Store } from "../store/store.ts";
import type { RequestContext, ResponseContext } from "./context.ts";
import type { Logger } from "../log/logger.ts";
import type { Route } from "./route.ts";
import type { PluginSample } from "./samples.ts";

/** What a hook may return: nothing (go on), a {@link Stop}, or a web Response, which stops too. */
export type HookResult = void | undefined | Stop | Response;

/**
 * How a conf is checked: any Standard Schema (Zod, Valibot, ArkType …), or a function that returns
 * the config or throws. Either may be asynchronous; the config it gives is what the hooks see.
 */
export type ConfigSchema<Config> =
  StandardSchemaV1<unknown, Config> | ((conf: unknown) => Config | Promise<Config>);

/** The config that a schema gives. */
export type ConfigOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : Schema extends (conf: never) => infer Config
    ? Awaited<Config>
    : unknown;

/** What `setup` is given beside the config. */
export interface SetupContext {
  readonly log: Logger;
  /** The route that the conf belongs to. */
  readonly route: Route;
  /** What the plugin keeps beyond a call, a conf or, with another engine, the process. */
  readonly store: Store;
}

/** What a plugin wants of the runner. Both styles have these. */
export interface PluginOptions {
  /** What `conf[].name` calls it on a route; default: the file's base name. It must be the same word. */
  readonly name?: string;
  /** One sentence for `apisix-bun-runner plugins`. */
  readonly description?: string;
  /**
   * What happens to a call when a hook throws or takes too long, or the conf is not valid.
   * `"fail"` (default): the call fails, and APISIX answers 503 (or goes on, where the route says
   * `allow_degradation`). `"continue"`: the rest of the chain runs as if the plugin were not there.
   */
  readonly onError?: "fail" | "continue";
  /** How long a hook may take, in ms, instead of `plugins.timeout`; at most 55 000. */
  readonly timeout?: number;
  /**
   * How many calls may be in the plugin's hooks at once, over all routes of the process; default: any
   * number. Others wait in order, under their own deadline. A call that finds 1000 waiting fails at once.
   * A hook that outstays its time gives up its place.
   */
  readonly concurrency?: number;
  /** Examples of what the plugin does; `apisix-bun-runner check` and the test kit run them. */
  readonly samples?: readonly PluginSample[];
}

export interface PluginDefinition<Config = unknown, State = unknown> extends PluginOptions {
  /** Checks a conf; without it `config` is the JSON value, or the string where it is no JSON. */
  readonly config?: ConfigSchema<Config>;
  /**
   * Runs once per prepared conf, not per request; may be async. What it returns is `state`: the one
   * object that calls share. Give it a `[Symbol.dispose]` or `[Symbol.asyncDispose]` to be told when
   * the conf has gone.
   */
  setup?(config: Config, context: SetupContext): State | Promise<State>;
  /** ext-plugin-pre-req and ext-plugin-post-req. Without `async` it runs to the socket without a pause. */
  request?(context: RequestContext<Config, State>): HookResult | Promise<HookResult>;
  /** ext-plugin-post-resp. */
  response?(context: ResponseContext<Config, State>): HookResult | Promise<HookResult>;
}

/**
 * Declares a plugin; default-export it. The types of `config` and `state` follow from the schema
 * and from `setup`.
 *
 * @example
 * ```ts
 * export default definePlugin({
 *   config: z.object({ token: z.string() }),
 *   request({ request, config }) {
 *     if (request.headers.get("x-token") !== config.token) return stop("who are you?", { status: 401 });
 *   },
 * });
 * ```
 */
export function definePlugin<Schema extends ConfigSchema<unknown>, State = undefined>(
  definition: Omit<PluginDefinition<ConfigOf<Schema>, State>, "config"> & {
    readonly config: Schema;
  },
): PluginDefinition<ConfigOf<Schema>, State>;
export function definePlugin<State = undefined>(
  definition: PluginDefinition<unknown, State>,
): PluginDefinition<unknown, State>;
export function definePlugin(definition: object): object {
  return definition;
}

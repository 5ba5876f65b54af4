/** The class style: one instance a call. */
import type { PluginRequest } from "../http/plugin-request.ts";
import type { StopResponse } from "../http/stop-response.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import type { Vars } from "../http/vars.ts";
import type { Logger } from "../log/logger.ts";
import type { Store } from "../store/store.ts";
import type { CallContext } from "./context.ts";
import type { HookResult, PluginDefinition } from "./definition.ts";
import type { Locals } from "./locals.ts";
import type { Route } from "./route.ts";

/** The context of the call for which an instance is being made; Base's constructor takes it. */
let contextOfNext: CallContext | undefined;

/**
 * A plugin as a class; default-export it. There is a new instance for each call, so fields belong to
 * the call. `static config`, `setup`, `description`, `onError`, `timeout`, `concurrency` and
 * `samples` mean what they mean in {@link PluginDefinition}; the file's base name is the plugin's name.
 *
 * @example
 * ```ts
 * export default class Stop extends Base<{ body: string }> {
 *   filter(request: PluginRequest, response: StopResponse) {
 *     response.status = 403;
 *     response.body = this.config.body;
 *     this.stop();
 *   }
 * }
 * ```
 */
export class Base<Config = unknown, State = unknown> {
  // Declared only: on a frozen class a property of their names would keep subclasses from setting theirs.
  declare static readonly config?: PluginDefinition["config"];
  declare static readonly description?: string;
  declare static readonly onError?: "fail" | "continue";
  declare static readonly timeout?: number;
  declare static readonly concurrency?: number;
  declare static readonly samples?: PluginDefinition["samples"];

  readonly #context: CallContext | undefined = contextOfNext;
  #stopped = false;

  constructor() {
    contextOfNext = undefined;
  }

  /** The request phase. */
  filter?(request: PluginRequest, response: StopResponse): HookResult | Promise<HookResult>;

  /** The response phase. */
  filterResponse?(response: UpstreamResponse): HookResult | Promise<HookResult>;

  /** Ends the chain: the client gets `filter`'s response. */
  stop(): void {
    this.#stopped = true;
  }

  /** Lets the request go on, changed or not: the default. Takes a `stop()` back. */
  rewrite(): void {
    this.#stopped = false;
  }

  /** @internal */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The conf of this plugin on this route, checked and frozen. */
  get config(): Config {
    return this.#call.config as Config;
  }

  /** What `static setup` returned: shared by all calls of this conf. */
  get state(): State {
    return this.#call.state as State;
  }

  get locals(): Locals {
    return this.#call.locals;
  }

  get vars(): Vars {
    return this.#call.vars;
  }

  get route(): Route {
    return this.#call.route;
  }

  /** What the plugin keeps beyond the call: shared by its calls on all routes, and with `sqlite` or `redis` by processes and hosts. */
  get store(): Store {
    return this.#call.store;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get log(): Logger {
    return this.#call.log;
  }

  get #call(): CallContext {
    if (this.#context !== undefined) return this.#context;
    throw new Error(
      `${this.constructor.name} was made outside of a call: the runner makes its instances, tests use testPlugin()`,
    );
  }
}

/** A class that a file may export: whatever its constructor, the runner calls it without arguments. */
export type PluginClass = (new () => Base) & typeof Base;

export function isPluginClass(value: unknown): value is PluginClass {
  return typeof value === "function" && value.prototype instanceof Base;
}

/** The instance for one call. */
export function instantiate(Class: PluginClass, context: CallContext): Base {
  contextOfNext = context;
  try {
    return new Class();
  } finally {
    contextOfNext = undefined;
  }
}

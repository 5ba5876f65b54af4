/**
 * What a hook is given. One object a plugin and call, and what calls share lies behind private names, so
 * that nothing of a call reaches another.
 */
import { CallEndedError } from "../http/errors.ts";
import type { PluginRequest } from "../http/plugin-request.ts";
import type { AddedResponseHeaders } from "../http/response-headers.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import type { Vars } from "../http/vars.ts";
import type { Logger } from "../log/logger.ts";
import type { Store } from "../store/store.ts";
import type { Call, RequestCall, ResponseCall } from "./call.ts";
import type { Locals } from "./locals.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";
import type { Route } from "./route.ts";

export abstract class CallContext<Config = unknown, State = unknown> {
  readonly #call: Call;
  readonly #step: PreparedPlugin;
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  #log: Logger | undefined;

  /** @internal */
  constructor(call: Call, step: PreparedPlugin) {
    this.#call = call;
    this.#step = step;
  }

  /** The conf of this plugin on this route, checked and frozen. */
  get config(): Config {
    return this.#step.config as Config;
  }

  /** What `setup` returned: shared by all calls of this conf. */
  get state(): State {
    return this.#step.state as State;
  }

  /** Belongs to this call and is shared by the plugins of its chain. */
  get locals(): Locals {
    this.checkTurn();
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
    return this.#step.store;
  }

  /** Aborts when the plugin's time is up or APISIX has closed the connection: hand it to `fetch`. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  /** Log lines that carry the plugin's name, the route's key and the request id. */
  get log(): Logger {
    return (this.#log ??= this.#step.log.with({ request: this.#call.id }));
  }

  /** @internal */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#abort?.abort(this.#reason);
  }

  /** @throws CallEndedError where the plugin's turn is over: what others work on now is none of its business. */
  protected checkTurn(): void {
    if (this.#reason === undefined) return;
    throw new CallEndedError("the plugin's turn is over", { cause: this.#reason });
  }
}

/** The call behind a context, for the runner's own use. */
export let requestCallOf: (context: RequestContext) => RequestCall;

/** For the request phase: ext-plugin-pre-req and ext-plugin-post-req. */
export class RequestContext<Config = unknown, State = unknown> extends CallContext<Config, State> {
  readonly #call: RequestCall;

  static {
    requestCallOf = (context) => context.#call;
  }

  /** @internal */
  constructor(call: RequestCall, step: PreparedPlugin) {
    super(call, step);
    this.#call = call;
  }

  get request(): PluginRequest {
    this.checkTurn();
    return this.#call.request;
  }

  /**
   * Headers to add to whatever response the client gets: the upstream's, or a later plugin's stop.
   * They stand beside the upstream's, they replace none.
   */
  get responseHeaders(): AddedResponseHeaders {
    this.checkTurn();
    return this.#call.responseHeaders;
  }
}

/** For the response phase: ext-plugin-post-resp. */
export class ResponseContext<Config = unknown, State = unknown> extends CallContext<Config, State> {
  readonly #call: ResponseCall;

  /** @internal */
  constructor(call: ResponseCall, step: PreparedPlugin) {
    super(call, step);
    this.#call = call;
  }

  get response(): UpstreamResponse {
    this.checkTurn();
    return this.#call.response;
  }
}

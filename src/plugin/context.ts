/** What a hook is given. One object a plugin and call, so that nothing of it reaches another. */
import type { PluginRequest } from "../http/plugin-request.ts";
import type { AddedResponseHeaders } from "../http/response-headers.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import type { Vars } from "../http/vars.ts";
import type { Logger } from "../log/logger.ts";
import type { Call, RequestCall, ResponseCall } from "./call.ts";
import type { Locals } from "./locals.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";
import type { Route } from "./route.ts";

export abstract class CallContext<Config = unknown, State = unknown> {
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  #log: Logger | undefined;

  /** @internal */
  constructor(
    private readonly call: Call,
    private readonly step: PreparedPlugin,
  ) {}

  /** The conf of this plugin on this route, checked and frozen. */
  get config(): Config {
    return this.step.config as Config;
  }

  /** What `setup` returned: shared by all calls of this conf. */
  get state(): State {
    return this.step.state as State;
  }

  /** Belongs to this call and is shared by the plugins of its chain. */
  get locals(): Locals {
    return this.call.locals;
  }

  get vars(): Vars {
    return this.call.vars;
  }

  get route(): Route {
    return this.call.route;
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
    return (this.#log ??= this.step.log.with({ request: this.call.id }));
  }

  /** @internal */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#abort?.abort(this.#reason);
  }
}

/** For the request phase: ext-plugin-pre-req and ext-plugin-post-req. */
export class RequestContext<Config = unknown, State = unknown> extends CallContext<Config, State> {
  /** @internal */
  constructor(
    /** @internal */
    readonly requestCall: RequestCall,
    step: PreparedPlugin,
  ) {
    super(requestCall, step);
  }

  get request(): PluginRequest {
    return this.requestCall.request;
  }

  /**
   * Headers to add to whatever response the client gets: the upstream's, or a later plugin's stop.
   * They stand beside the upstream's, they replace none.
   */
  get responseHeaders(): AddedResponseHeaders {
    return this.requestCall.responseHeaders;
  }
}

/** For the response phase: ext-plugin-post-resp. */
export class ResponseContext<Config = unknown, State = unknown> extends CallContext<Config, State> {
  /** @internal */
  constructor(
    private readonly responseCall: ResponseCall,
    step: PreparedPlugin,
  ) {
    super(responseCall, step);
  }

  get response(): UpstreamResponse {
    return this.responseCall.response;
  }
}

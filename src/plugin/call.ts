/** One call on its way through a chain: what its plugins share. */
import { AddedResponseHeaders, isUpstreamOnly } from "../http/response-headers.ts";
import { CallEndedError } from "../http/errors.ts";
import type { ExtraInfo } from "../http/extra-info.ts";
import type { PluginRequest } from "../http/plugin-request.ts";
import type { ResponseHeaders } from "../http/response-headers.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import { Vars } from "../http/vars.ts";
import { decodeText } from "../protocol/text-entries.ts";
import { type CallContext, RequestContext, ResponseContext } from "./context.ts";
import type { HookResult } from "./definition.ts";
import type { Locals } from "./locals.ts";
import type { CallObservation } from "./observer.ts";
import type { Phase } from "./plugin.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";
import type { Route } from "./route.ts";
import { MAX_CALL_MS } from "./timeouts.ts";

/** A plugin was called where it has no hook: it would have protected nobody. */
class WrongPhaseError extends Error {
  override readonly name = "WrongPhaseError";

  constructor(plugin: string, phase: Phase) {
    super(`plugin ${plugin} has no ${phase} phase, but the route names it in one`);
  }
}

export abstract class Call {
  abstract readonly phase: Phase;
  /** Who is told how the call fares, if anybody. */
  observation: CallObservation | undefined;
  #vars: Vars | undefined;
  #locals: Locals | undefined;
  /** The context of the plugin whose turn it is. */
  protected current: CallContext | undefined;
  /** Why the call is over before its chain is, if it is. */
  #aborted: Error | undefined;
  #turn = 0;
  #onTurnEnd: ((reason: Error) => void)[] | undefined;
  /** `performance.now()` when the last hook has to be done. */
  #deadline: number | undefined;

  constructor(
    readonly id: number,
    readonly route: Route,
    readonly info: ExtraInfo,
  ) {}

  get vars(): Vars {
    return (this.#vars ??= new Vars(this.info));
  }

  get locals(): Locals {
    return (this.#locals ??= Object.create(null));
  }

  get aborted(): Error | undefined {
    return this.#aborted;
  }

  /** Changes when the plugin whose turn it is has lost it: what it was about to do is not wanted any more. */
  get turn(): number {
    return this.#turn;
  }

  /**
   * ms that are left for the whole chain. They count from the first hook that waits: hooks before it
   * have taken no time worth measuring.
   */
  timeLeft(): number {
    const now = performance.now();
    this.#deadline ??= now + MAX_CALL_MS;
    return this.#deadline - now;
  }

  /** Runs a plugin's hook. */
  abstract invoke(step: PreparedPlugin): HookResult | Promise<HookResult>;

  /** Rises with every change that a plugin makes. */
  abstract get revision(): number;

  /** What plugins have made of the call so far, a `part=value` each. For traces: it costs. */
  abstract snapshot(): string[];

  /** Has it called if the plugin whose turn it is, or one after it, loses its turn; at once where the call is over. */
  onTurnEnd(callback: (reason: Error) => void): void {
    if (this.#aborted !== undefined) callback(this.#aborted);
    else (this.#onTurnEnd ??= []).push(callback);
  }

  /** Ends the turn of the plugin at work: aborts its signal, and its hook if it has not begun. */
  abortStep(reason: Error): void {
    this.#turn++;
    const callbacks = this.#onTurnEnd ?? [];
    this.#onTurnEnd = undefined;
    for (const callback of callbacks) callback(reason);
    this.current?.abort(reason);
  }

  /**
   * Goes on with copies of all that the plugins of the chain work on: what a plugin that lost its turn
   * still holds is no part of the call any more.
   */
  detach(): void {
    this.#locals = this.#locals && Object.assign(Object.create(null), this.#locals);
  }

  /** Nobody waits for the answer any more: aborts the plugin at work, and no other one starts. */
  abort(): void {
    this.#aborted = new CallEndedError("the connection to APISIX was closed");
    this.abortStep(this.#aborted);
  }
}

export class RequestCall extends Call {
  override readonly phase = "request";
  #request: PluginRequest;
  #responseHeaders: AddedResponseHeaders | undefined;

  constructor(request: PluginRequest, route: Route, info: ExtraInfo) {
    super(request.id, route, info);
    this.#request = request;
  }

  get request(): PluginRequest {
    return this.#request;
  }

  get responseHeaders(): AddedResponseHeaders {
    return (this.#responseHeaders ??= new AddedResponseHeaders());
  }

  override get revision(): number {
    return this.#request.revision + (this.#responseHeaders?.revision ?? 0);
  }

  override detach(): void {
    super.detach();
    this.#request = this.#request.copy();
    this.#responseHeaders = this.#responseHeaders?.copy();
  }

  override snapshot(): string[] {
    const { path, headers = [], args = [], body } = this.request.changes() ?? {};
    const parts = [
      ...headers.map(({ name, value }) => `header ${decodeText(name)}=${decodeText(value ?? "")}`),
      ...args.map(({ name, value }) => `argument ${decodeText(name)}=${decodeText(value ?? "")}`),
      ...headerParts("response header", this.#responseHeaders),
    ];
    if (path !== undefined) parts.unshift(`path=${decodeText(path)}`);
    if (body !== undefined) parts.push(`body=${body.length}`);
    return parts;
  }

  /** Those that were added, if any. */
  get addedHeaders(): AddedResponseHeaders | undefined {
    return this.#responseHeaders?.isEmpty ? undefined : this.#responseHeaders;
  }

  /** Adds a class-style plugin's headers; returns the names that APISIX takes from the upstream alone. */
  addResponseHeaders(headers: ResponseHeaders): string[] {
    const left: string[] = [];
    for (const [name, value] of headers) {
      if (isUpstreamOnly(name)) left.push(name);
      else this.responseHeaders.append(name, value);
    }
    return left;
  }

  override invoke(step: PreparedPlugin): HookResult | Promise<HookResult> {
    const context = new RequestContext(this, step);
    this.current = context;
    if (step.plugin.request === undefined) throw new WrongPhaseError(step.plugin.name, this.phase);
    return step.plugin.request(context);
  }
}

function headerParts(kind: string, headers: ResponseHeaders | undefined): string[] {
  const entries = headers?.toWire() ?? [];
  return entries.map(({ name, value }) => `${kind} ${decodeText(name)}=${decodeText(value ?? "")}`);
}

export class ResponseCall extends Call {
  override readonly phase = "response";
  #response: UpstreamResponse;

  constructor(response: UpstreamResponse, route: Route, info: ExtraInfo) {
    super(response.id, route, info);
    this.#response = response;
  }

  get response(): UpstreamResponse {
    return this.#response;
  }

  override get revision(): number {
    return this.#response.revision;
  }

  override detach(): void {
    super.detach();
    this.#response = this.#response.copy();
  }

  override snapshot(): string[] {
    const { status, headers, body } = this.response;
    const parts = [`status=${status}`, ...headerParts("header", headers)];
    if (body !== undefined) parts.push(`body=${body.length}`);
    return parts;
  }

  override invoke(step: PreparedPlugin): HookResult | Promise<HookResult> {
    const context = new ResponseContext(this, step);
    this.current = context;
    if (step.plugin.response === undefined) throw new WrongPhaseError(step.plugin.name, this.phase);
    return step.plugin.response(context);
  }
}

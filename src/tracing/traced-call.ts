/** One call on its way through its chain, as spans. */
import {
  type Attributes,
  type Context,
  context as contexts,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { ExtraInfoKind } from "../http/extra-info.ts";
import type { Call } from "../plugin/call.ts";
import { type ChainResult, Failure } from "../plugin/chain.ts";
import type { CallObservation, HookOutcome } from "../plugin/observer.ts";
import type { PreparedPlugin } from "../plugin/prepared-plugin.ts";

export class TracedCall implements CallObservation {
  /** With the call's span as the active one. */
  readonly context: Context;
  readonly #span: Span;
  /** Nobody will see the spans of a trace that is not sampled. */
  readonly #isRecording: boolean;
  #hookContext: Context;
  #hookSpan: Span | undefined;
  #unsendable: unknown;

  /** @param began ms since 1970; default: now */
  constructor(
    private readonly call: Call,
    private readonly tracer: Tracer,
    parent: Context,
    began = now(),
  ) {
    const { plugin } = call.route;
    this.#span = tracer.startSpan(
      plugin ?? call.phase,
      { kind: SpanKind.SERVER, startTime: began },
      parent,
    );
    this.#isRecording = this.#span.isRecording();
    if (this.#isRecording) this.#span.setAttributes(attributesOf(call));
    this.context = trace.setSpan(parent, this.#span);
    this.#hookContext = this.context;
  }

  hookBegan({ plugin }: PreparedPlugin): void {
    if (!this.#isRecording) return;
    const attributes = { "apisix.runner.plugin": plugin.name };
    const options = { attributes, startTime: now() };
    this.#hookSpan = this.tracer.startSpan(plugin.name, options, this.context);
    this.#hookContext = trace.setSpan(this.context, this.#hookSpan);
  }

  /** What the hook, and all that it waits for, sees as the active span is the hook's. */
  readonly around = <Result>(hook: () => Result): Result => contexts.with(this.#hookContext, hook);

  hookEnded(_step: PreparedPlugin, outcome: HookOutcome, error?: unknown): void {
    const span = this.#hookSpan;
    if (span === undefined) return;
    span.setAttribute("apisix.runner.outcome", outcome);
    if (outcome === "failed" || outcome === "timeout") fail(span, error);
    span.end(now());
    this.#hookSpan = undefined;
    this.#hookContext = this.context;
  }

  asked(): number {
    return performance.now();
  }

  /** The answer comes to whoever asked, which is the plugin at work unless it did not wait. */
  answered(kind: ExtraInfoKind, askedAt: number): void {
    if (!this.#isRecording) return;
    const ms = performance.now() - askedAt;
    const attributes = { "apisix.runner.kind": kind, "apisix.runner.duration_ms": ms };
    (this.#hookSpan ?? this.#span).addEvent("extra info", attributes);
  }

  unsendable(error: unknown): void {
    this.#unsendable = error;
  }

  ended(result: ChainResult): void {
    if (!this.#isRecording) return;
    const span = this.#span;
    if (this.#unsendable !== undefined) fail(span, this.#unsendable);
    else if (result instanceof Failure && this.call.aborted === undefined) fail(span, result.error);
    span.setAttributes(this.#resultOf(result));
    span.end(now());
  }

  #resultOf(result: ChainResult): Attributes {
    if (this.call.aborted !== undefined) return { "apisix.runner.result": "gone" };
    if (this.#unsendable !== undefined || result instanceof Failure) {
      return { "apisix.runner.result": "error" };
    }
    if (result === undefined) return { "apisix.runner.result": "passed" };
    return {
      "apisix.runner.result": "stop",
      "apisix.runner.stopped_by": result.by.plugin.name,
      "http.response.status_code": result.stop.status ?? 200,
    };
  }
}

/**
 * ms since 1970, on one clock for all spans: left to themselves, spans each read the time of day at their
 * start, and one could end after the one around it.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** What is known of the route: those that are undefined are left out. */
function attributesOf({ phase, route }: Call): Attributes {
  return {
    "apisix.runner.phase": phase,
    "apisix.route.id": route.id,
    "apisix.service.id": route.service,
    "apisix.consumer": route.consumer,
    "apisix.global_rule.id": route.globalRule,
  };
}

function fail(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

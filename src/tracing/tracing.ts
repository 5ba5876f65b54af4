/** A span for each call and each plugin's hook, in the trace that the request belongs to. */
import { type Context, propagation, ROOT_CONTEXT, type Tracer } from "@opentelemetry/api";
import { type Call, RequestCall } from "../plugin/call.ts";
import type { CallObservation, CallObserver } from "../plugin/observer.ts";
import { now, TracedCall } from "./traced-call.ts";

export interface TracingOptions {
  readonly tracer: Tracer;
  /** Give requests that have no `traceparent` that of the call's span. */
  readonly propagate: boolean;
}

/** Where a trace's identity is written. */
const FIELDS = ["traceparent", "tracestate"] as const;

export class Tracing implements CallObserver {
  constructor(private readonly options: TracingOptions) {}

  callBegan(call: Call): CallObservation | Promise<CallObservation> {
    return call instanceof RequestCall ? this.#request(call) : this.#response(call);
  }

  /** A call that begins no chain has nothing to measure: the log and the metrics tell of it. */
  callRefused(): void {}
  tokenNotFound(): void {}
  confPrepared(): void {}
  confRefused(): void {}

  #request(call: RequestCall): CallObservation {
    const { headers } = call.request;
    const parent = propagation.extract(ROOT_CONTEXT, headers, {
      get: (from, name) => from.get(name) ?? undefined,
      keys: () => [...FIELDS],
    });
    const traced = new TracedCall(call, this.options.tracer, parent);
    if (this.options.propagate && parent === ROOT_CONTEXT) {
      propagation.inject(traced.context, headers, {
        set: (to, name, value) => to.set(name, value),
      });
    }
    return traced;
  }

  /** APISIX sends a response without its request's headers: they have to be asked for. */
  async #response(call: Call): Promise<CallObservation> {
    const began = now();
    const parent = await parentOfResponse(call);
    return new TracedCall(call, this.options.tracer, parent, began);
  }
}

async function parentOfResponse({ vars }: Call): Promise<Context> {
  try {
    const values = await Promise.all(FIELDS.map((name) => vars.get(`http_${name}`)));
    return propagation.extract(
      ROOT_CONTEXT,
      Object.fromEntries(FIELDS.map((name, i) => [name, values[i]])),
    );
  } catch {
    // The connection has gone, and the call with it.
    return ROOT_CONTEXT;
  }
}

/** What turns spans into requests to the collector: OpenTelemetry's own SDK, as plugins see it too. */
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "../log/logger.ts";
import { LoggedExporter } from "./sending-log.ts";
import { Tracing } from "./tracing.ts";

export interface TracingSettings {
  /** The collector's URL for traces. */
  readonly endpoint: string;
  /** From 0 to 1. */
  readonly sample: number;
  readonly propagate: boolean;
  /** Of the runner. */
  readonly version: string;
  readonly log: Logger;
}

export interface StartedTracing {
  readonly observer: Tracing;
  /** Sends what has ended, and waits for it no longer than this; it never rejects. */
  flush(ms: number): Promise<void>;
}

/** Spans that wait to be sent; more are dropped, so that a collector that is away costs no memory. */
const MAX_QUEUE = 2048;

/** Few enough to be written as JSON in a few ms, which calls wait for. */
const MAX_BATCH = 256;

/** ms from a span's end until it is sent; as short as this, since a runner that is told to go has a second. */
const DELAY_MS = 1_000;

/** ms that a collector may take, tries of it included. */
const EXPORT_TIMEOUT_MS = 5_000;

/** Registers itself as what `@opentelemetry/api` leads to, in plugins as well. */
export function startTracing({ endpoint, log, ...settings }: TracingSettings): StartedTracing {
  const { sample, propagate, version } = settings;
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: resource(version),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new LoggedExporter(exporter, endpoint, log),
        maxQueueSize: MAX_QUEUE,
        maxExportBatchSize: MAX_BATCH,
        scheduledDelayMillis: DELAY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  const tracer = provider.getTracer("apisix-bun-runner", version);
  return {
    observer: new Tracing({ tracer, propagate }),
    flush: (ms) => within(ms, provider.forceFlush()),
  };
}

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` go before what we say. */
function resource(version: string) {
  const own = resourceFromAttributes({
    "service.name": "apisix-bun-runner",
    "service.version": version,
    "process.pid": process.pid,
  });
  return own.merge(detectResources({ detectors: [envDetector] }));
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  // Why they could not be sent has been logged.
  const done = work.catch(() => undefined);
  await Promise.race([done, Bun.sleep(ms)]);
}

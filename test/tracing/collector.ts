/** An OpenTelemetry collector that takes OTLP/HTTP in JSON and keeps the spans. */

export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  /** 1: internal, 2: server. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  /** 2: error. */
  readonly status: { readonly code?: number; readonly message?: string };
  /** Of the process. */
  readonly resource: Readonly<Record<string, unknown>>;
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface WireSpan extends Omit<ReceivedSpan, "attributes" | "events" | "resource"> {
  readonly attributes?: readonly KeyValue[];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly KeyValue[] }[];
}

interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

export class Collector implements Disposable {
  readonly spans: ReceivedSpan[] = [];
  /** What it answers with instead, if it is set. */
  answer: (() => Response | Promise<Response>) | undefined;
  readonly #server: Bun.Server<undefined>;
  #waiting: (() => void)[] = [];
  requests = 0;
  lastHeaders: Headers | undefined;

  /** @param port default: any that is free */
  constructor(port = 0) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port,
      fetch: async (request) => {
        this.requests++;
        this.lastHeaders = request.headers;
        if (this.answer !== undefined) return this.answer();
        this.#take(request, (await request.json()) as Traces);
        return Response.json({});
      },
    });
  }

  get url(): string {
    return this.#server.url.href;
  }

  /** Waits until it has so many; the test's own time is the limit. */
  async received(count: number): Promise<readonly ReceivedSpan[]> {
    while (this.spans.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
    return this.spans;
  }

  /** Waits for a span of this name. */
  async span(name: string): Promise<ReceivedSpan> {
    for (let count = 1; ; count = this.spans.length + 1) {
      const found = this.spans.find((span) => span.name === name);
      if (found !== undefined) return found;
      await this.received(count);
    }
  }

  #take(request: Request, { resourceSpans }: Traces): void {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/v1/traces") {
      throw new Error(`${request.method} ${request.url} is not where traces go`);
    }
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({
          ...span,
          attributes: record(span.attributes),
          events: (span.events ?? []).map(({ name, attributes }) => ({
            name,
            attributes: record(attributes),
          })),
          resource: record(resource.attributes),
        });
      }
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

function record(attributes: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

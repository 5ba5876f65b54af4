/** The requests that the inspector keeps. */
import { type BodyView, type Inspected, type Summary, summaryOf } from "./model.ts";
import type { HistoryEvent } from "./wire.ts";

export interface HistoryOptions {
  /** 1000 by default. */
  readonly requests?: number;
  /** Of all bodies and headers together, about; 64 MiB by default. */
  readonly bytes?: number;
}

export class History {
  readonly #requests = new Map<
    number,
    { readonly inspected: Inspected; readonly weight: number }
  >();
  readonly #listeners = new Set<(event: HistoryEvent) => void>();
  readonly #most: Required<HistoryOptions>;
  #weight = 0;

  constructor({ requests = 1000, bytes = 64 * 2 ** 20 }: HistoryOptions = {}) {
    this.#most = { requests, bytes };
  }

  /** Adds a request, or puts what is known now in the place of what was. */
  put(inspected: Inspected): void {
    this.#remove(inspected.id);
    const weight = weightOf(inspected);
    this.#requests.set(inspected.id, { inspected, weight });
    this.#weight += weight;
    this.#dropOldest();
    this.#tell({ kind: "request", summary: summaryOf(inspected) });
  }

  get(id: number): Inspected | undefined {
    return this.#requests.get(id)?.inspected;
  }

  /** Those there are, the oldest first. */
  summaries(): Summary[] {
    return Array.from(this.#requests.values(), ({ inspected }) => summaryOf(inspected));
  }

  /** The ids of those that have this text anywhere: in bodies, headers, log lines, confs, whatever its case. */
  search(text: string): number[] {
    const wanted = text.toLowerCase();
    const found: number[] = [];
    for (const [id, { inspected }] of this.#requests) {
      if (hasText(inspected, wanted)) found.push(id);
    }
    return found;
  }

  clear(): void {
    this.#requests.clear();
    this.#weight = 0;
    this.#tell({ kind: "cleared" });
  }

  /** @returns ends it */
  subscribe(listener: (event: HistoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(event: HistoryEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #remove(id: number): void {
    this.#weight -= this.#requests.get(id)?.weight ?? 0;
    this.#requests.delete(id);
  }

  #dropOldest(): void {
    for (const id of this.#requests.keys()) {
      const isTooMuch =
        this.#requests.size > this.#most.requests || this.#weight > this.#most.bytes;
      if (!isTooMuch || this.#requests.size === 1) return;
      this.#remove(id);
    }
  }
}

/** Bytes, about: what is long are bodies. */
function weightOf({ body, responseBody, phases }: Inspected): number {
  const bodies = phases.flatMap((phase) => [
    phase.body,
    ...phase.asked.map(({ answer }) => answer ?? undefined),
    ...phase.plugins.flatMap(({ ran }) => [
      ran?.before.body,
      ran?.after.body,
      ...(ran?.asked ?? []).map(({ answer }) => answer ?? undefined),
    ]),
  ]);
  return [body, responseBody, ...bodies].reduce((sum, one) => sum + lengthOf(one), 4000);
}

function lengthOf(body: BodyView | undefined): number {
  if (body === undefined) return 0;
  return (body.text?.length ?? 0) + (body.base64?.length ?? 0) + lengthOf(body.decoded);
}

/** Base64 is no text that anybody looks for. */
function hasText(value: unknown, wanted: string): boolean {
  if (typeof value === "string") return value.toLowerCase().includes(wanted);
  if (typeof value === "number") return String(value) === wanted;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, member]) => key !== "base64" && hasText(member, wanted));
}

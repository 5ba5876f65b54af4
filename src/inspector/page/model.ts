/** What the page knows, and how it comes to know it. */
import type { Inspected, Summary } from "../model.ts";
import { type Filter, isShown, NO_FILTER } from "../view/filter.ts";
import type { LiveEvent } from "../wire.ts";
import { Client, RefusedError } from "./client.ts";

/** As many as the server keeps. */
const KEPT = 1000;

const RETRY_MS = 1000;

export type Connection =
  | { readonly is: "connecting" | "live" | "lost" }
  /** For good: the key is not the server's. */
  | { readonly is: "refused"; readonly reason: string };

export class Model {
  readonly client: Client;
  connection: Connection = { is: "connecting" };
  /** Where the gateway is. */
  gateway = "";
  filter: Filter = NO_FILTER;
  isPaused = false;
  /** The request that is open. */
  selected: number | undefined;
  detail: Inspected | undefined;
  detailError: string | undefined;
  #requests = new Map<number, Summary>();
  /** Came while the list was paused. */
  #waiting = new Map<number, Summary>();
  /** Those that have the text. */
  #found: ReadonlySet<number> | undefined;
  #searching: AbortController | undefined;
  #shown: readonly Summary[] | undefined;
  #listener: () => void = () => {};
  #isTelling = false;

  constructor(key: string) {
    this.client = new Client(key);
  }

  /** @returns ends it */
  start(listener: () => void): void {
    this.#listener = listener;
    void this.#listen();
  }

  /** Those that fit the filter, the newest first. */
  get shown(): readonly Summary[] {
    return (this.#shown ??= [...this.#requests.values()]
      .filter((summary) => isShown(summary, this.filter, this.#found))
      .sort((a, b) => b.id - a.id));
  }

  get count(): number {
    return this.#requests.size;
  }

  get waiting(): number {
    return [...this.#waiting.keys()].filter((id) => !this.#requests.has(id)).length;
  }

  /** Names to choose from. */
  get plugins(): readonly string[] {
    return [...new Set([...this.#requests.values()].flatMap(({ plugins }) => plugins))].sort();
  }

  setFilter(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change };
    if (change.text !== undefined) void this.#search();
    this.#changed();
  }

  pause(): void {
    this.isPaused = true;
    this.#changed();
  }

  goOn(): void {
    this.isPaused = false;
    for (const summary of this.#waiting.values()) this.#keep(summary);
    this.#waiting.clear();
    this.#changed();
  }

  /** Opens a request; `undefined` closes the one that is open. */
  async select(id: number | undefined): Promise<void> {
    this.selected = id;
    if (id === undefined) this.detail = undefined;
    this.detailError = undefined;
    this.#changed();
    if (id !== undefined) await this.#load(id);
  }

  /** The next or previous one of those that are shown. */
  selectBeside(offset: number): void {
    const { shown } = this;
    const at = shown.findIndex(({ id }) => id === this.selected);
    const from = at < 0 && offset < 0 ? 0 : at;
    const next = Math.min(shown.length - 1, Math.max(0, from + offset));
    const id = shown[next]?.id;
    if (id !== undefined && id !== this.selected) void this.select(id);
  }

  async #load(id: number): Promise<void> {
    try {
      const detail = await this.client.request(id);
      if (this.selected === id) this.detail = detail;
    } catch (error) {
      if (this.selected === id) {
        this.detail = undefined;
        this.detailError = error instanceof Error ? error.message : String(error);
      }
    }
    this.#changed();
  }

  async #listen(): Promise<void> {
    for (;;) {
      try {
        await Promise.all([
          this.client.about().then(({ gateway }) => {
            this.gateway = gateway;
            this.#changed();
          }),
          this.client.live((event) => this.#take(event)),
        ]);
      } catch (error) {
        if (error instanceof RefusedError) {
          this.connection = { is: "refused", reason: error.message };
          return this.#changed();
        }
      }
      this.connection = { is: "lost" };
      this.#changed();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #take(event: LiveEvent): void {
    switch (event.kind) {
      case "all":
        // The server may have been started again, and counts from 1.
        this.connection = { is: "live" };
        this.#requests = new Map(event.summaries.map((summary) => [summary.id, summary]));
        this.#waiting.clear();
        break;
      case "request":
        this.#takeRequest(event.summary);
        break;
      case "cleared":
        this.#requests.clear();
        this.#waiting.clear();
        this.selected = undefined;
        this.detail = undefined;
        break;
    }
    if (this.filter.text !== "") void this.#search();
    this.#changed();
  }

  #takeRequest(summary: Summary): void {
    if (this.isPaused && !this.#requests.has(summary.id)) this.#waiting.set(summary.id, summary);
    else this.#keep(summary);
    // More is known of the one that is open.
    if (summary.id === this.selected && this.detail?.id === summary.id) void this.#load(summary.id);
  }

  #keep(summary: Summary): void {
    this.#requests.set(summary.id, summary);
    for (const oldest of this.#requests.keys()) {
      if (this.#requests.size <= KEPT) break;
      this.#requests.delete(oldest);
    }
  }

  async #search(): Promise<void> {
    this.#searching?.abort();
    const { text } = this.filter;
    if (text === "") {
      this.#found = undefined;
      return this.#changed();
    }
    const searching = new AbortController();
    this.#searching = searching;
    try {
      const { ids } = await this.client.search(text, searching.signal);
      if (searching.signal.aborted) return;
      this.#found = new Set(ids);
      this.#changed();
    } catch {
      // Another search has begun, or the connection is lost, which is told elsewhere.
    }
  }

  /** Once a frame is often enough, however much comes. */
  #changed(): void {
    this.#shown = undefined;
    if (this.#isTelling) return;
    this.#isTelling = true;
    requestAnimationFrame(() => {
      this.#isTelling = false;
      this.#listener();
    });
  }
}

/** `limits.memory`: looks now and then at how much memory the process has, and has it replaced above the limit. */
import type { Logger } from "../../log/logger.ts";
import { trimLargeMemory } from "../../protocol/large-memory.ts";

export interface MemoryLimitOptions {
  /** Bytes; undefined: any. */
  readonly limit: number | undefined;
  readonly log: Logger;
  /** Does not return where it can replace the process. @returns or throws why it could not */
  replace(): Promise<string>;
  /** The image before this one was replaced for its memory: a limit that no image can keep must not end in a loop. */
  readonly isReplacement: boolean;
  /** ms between two looks; default 1000. */
  readonly period?: number;
  /** ms between two replacements, or tries of it; default 60 000. */
  readonly rest?: number;
}

export class MemoryLimit {
  #limit: number | undefined;
  #looking: Timer | undefined;
  /** `performance.now()` */
  #restsUntil = 0;
  #hasCollected = false;
  #isReplacing = false;

  constructor(private readonly options: MemoryLimitOptions) {
    if (options.isReplacement) this.#rest();
    this.configure(options.limit);
  }

  configure(limit: number | undefined): void {
    this.#limit = limit;
    clearInterval(this.#looking);
    if (limit === undefined) return;
    this.#looking = setInterval(() => void this.#look(), this.options.period ?? 1_000).unref();
  }

  async #look(): Promise<void> {
    if (this.#isReplacing || !this.#isAbove) {
      this.#hasCollected = false;
      return;
    }
    if (performance.now() < this.#restsUntil) return;
    // Much of it may be garbage that nobody has looked for yet, or kept for the next large body.
    Bun.gc(true);
    trimLargeMemory();
    if (!this.#hasCollected) {
      // What Bun's allocator gives back it gives back later.
      this.#hasCollected = true;
      return;
    }
    if (!this.#isAbove) return;
    this.#isReplacing = true;
    await this.#replace();
    this.#rest();
    this.#isReplacing = false;
  }

  async #replace(): Promise<void> {
    const { log, replace } = this.options;
    const fields = { resident: process.memoryUsage.rss(), limit: this.#limit, pid: process.pid };
    log.warn("the process has more memory than limits.memory: it is replaced", fields);
    try {
      const reason = await replace();
      log.warn(`the process was not replaced: ${reason}; the next try is in a minute`);
    } catch (error) {
      log.error("the process could not be replaced; the next try is in a minute", { error });
    }
  }

  #rest(): void {
    this.#restsUntil = performance.now() + (this.options.rest ?? 60_000);
  }

  get #isAbove(): boolean {
    return this.#limit !== undefined && process.memoryUsage.rss() > this.#limit;
  }
}

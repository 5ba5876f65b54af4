/** Starts the thread that watches this one, and shows it that the event loop turns. */
import type { Logger } from "../log/logger.ts";
import type { Post } from "./bequest.ts";
import { board } from "./board.ts";
import { type Orders, periodOf, THREAD_MODULE, type WatchSettings } from "./orders.ts";

/** By then APISIX has found the socket: a thread costs about a millisecond to start. */
const START_DELAY_MS = 20;

export interface WatchdogOptions extends WatchSettings {
  readonly post: Post;
  readonly worker?: number | undefined;
  readonly log: Logger;
}

export class Watchdog {
  #thread: Worker | undefined;
  #beating: Timer | undefined;
  #orders: Orders;
  readonly #log: Logger;
  #isDisarmed = false;

  /** Begins soon, and at once when a plugin's code is about to run. */
  constructor({ log, ...orders }: WatchdogOptions) {
    this.#log = log;
    this.#orders = { ...orders, memory: board.memory };
    board.onFirstWork = () => this.#begin();
    setTimeout(() => this.#begin(), START_DELAY_MS).unref();
  }

  /** Takes other settings, or a history in which less is held against plugins. */
  configure(settings: Partial<WatchSettings>): void {
    this.#orders = { ...this.#orders, ...settings };
    if (this.#thread === undefined) this.#begin();
    else this.#tell(settings);
  }

  /** The process is about to end: nobody may start it again. */
  disarm(): void {
    this.#isDisarmed = true;
    this.#tell({ timeout: 0 });
  }

  #begin(): void {
    if (this.#thread !== undefined || this.#isDisarmed || this.#orders.timeout === 0) return;
    try {
      const thread = new Worker(`./${THREAD_MODULE}`, { smol: true });
      thread.unref();
      thread.onerror = ({ message }) => this.#failed(message);
      thread.postMessage(this.#orders);
      this.#thread = thread;
      this.#beat();
    } catch (error) {
      this.#failed(error);
    }
  }

  #tell(change: Partial<WatchSettings>): void {
    this.#orders = { ...this.#orders, ...change };
    this.#thread?.postMessage(change);
    if (this.#thread !== undefined) this.#beat();
  }

  #beat(): void {
    clearInterval(this.#beating);
    const { timeout } = this.#orders;
    if (timeout > 0) this.#beating = setInterval(() => board.beat(), periodOf(timeout)).unref();
  }

  #failed(error: unknown): void {
    this.#log.error("the watchdog does not run: a plugin that never yields will not be noticed", {
      error,
    });
  }
}

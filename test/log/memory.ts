/** A clock that stands still until it is told, and a sink that keeps its lines. */
import type { Clock } from "../../src/log/clock.ts";
import { createLogger, type LogSettings } from "../../src/log/logger.ts";
import type { Sink } from "../../src/log/sink.ts";

export class ManualClock implements Clock {
  #time = Date.UTC(2026, 10, 22, 15, 10, 40, 123);
  #timers: { due: number; run: () => void }[] = [];

  get pending(): number {
    return this.#timers.length;
  }

  now = (): number => this.#time;

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { due: this.#time + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  advance(ms: number): void {
    this.#time += ms;
    const due = this.#timers.filter((timer) => timer.due <= this.#time);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
  }
}

export class MemorySink implements Sink {
  text = "";
  /** Thrown by the next writes while it is set. */
  failure: Error | undefined;
  /** Bytes that are still taken before the failure. */
  room = 0;
  reopened = 0;
  closed = false;

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  write(bytes: Uint8Array): number {
    if (this.failure === undefined) {
      this.text += Buffer.from(bytes).toString();
      return bytes.length;
    }
    if (this.room === 0) throw this.failure;
    const taken = bytes.subarray(0, this.room);
    this.room -= taken.length;
    this.text += Buffer.from(taken).toString();
    return taken.length;
  }

  reopen(): void {
    if (this.failure !== undefined) throw this.failure;
    this.reopened++;
  }

  close(): void {
    this.closed = true;
  }
}

export function memoryLogger(settings: Partial<LogSettings> = {}) {
  const clock = new ManualClock();
  const sink = new MemorySink();
  const log = createLogger({ level: "debug", format: "text", ...settings }, { clock, sink });
  return { log, sink, clock };
}

/** A worker's place: who has it changes, since a worker that ends is started again. */
import type { Logger } from "../log/logger.ts";
import { Pauses } from "./pauses.ts";
import type { Unread } from "./transfers.ts";
import type { WorkerEnd } from "./worker-child.ts";
import { type Tools, type WorkerEvents, WorkerProcess } from "./worker-process.ts";

export interface SeatOptions {
  /** From 1. */
  readonly number: number;
  /** How many seats there are. */
  readonly of: number;
  readonly tools: Tools;
  readonly log: Logger;
  readonly events: SeatEvents;
}

export interface SeatEvents extends Omit<WorkerEvents, "ended"> {
  /** It is no more. @param left connections that it has not taken */
  left(worker: WorkerProcess, left: readonly Unread[]): void;
}

export class Seat {
  worker: WorkerProcess | undefined;
  /** Nobody is to be started again. */
  isEnding = false;
  readonly #pauses = new Pauses();

  constructor(private readonly options: SeatOptions) {}

  /** Starts a worker, now or, where that cannot be done, after a while. */
  start(): void {
    const { number, of, tools, log, events } = this.options;
    const post = { number, of, supervisor: process.pid };
    const begun = performance.now();
    try {
      const worker = new WorkerProcess(post, tools, {
        ...events,
        ended: (who, end) => this.#ended(who, end),
      });
      worker.start();
      this.worker = worker;
    } catch (error) {
      log.error("a worker cannot be started", { worker: number, error });
      this.#startAgain(performance.now() - begun);
    }
  }

  #ended(worker: WorkerProcess, end: WorkerEnd): void {
    const lived = performance.now() - worker.startedAt;
    this.worker = undefined;
    if (!this.isEnding) {
      this.#tell(worker, end, lived);
      this.#startAgain(lived);
    }
    this.options.events.left(worker, worker.transfers.abandon());
  }

  #tell({ pid, load, transfers }: WorkerProcess, { code, signal }: WorkerEnd, lived: number): void {
    this.options.log.error("a worker has ended: its connections are closed", {
      worker: this.options.number,
      pid,
      ...(signal === null ? { code } : { signal }),
      connections: load - transfers.count,
      lived: Math.round(lived),
    });
  }

  #startAgain(lived: number): void {
    const pause = this.#pauses.next(lived);
    if (pause === 0) {
      this.start();
      return;
    }
    this.options.log.error(
      `a worker has ended ${this.#pauses.ends} times in a row: it is started again in ${pause} ms`,
      { worker: this.options.number },
    );
    setTimeout(() => {
      if (!this.isEnding) this.start();
    }, pause);
  }
}

/** All workers: starts them, starts those again that end, and decides who gets a connection. */
import type { Logger } from "../log/logger.ts";
import type { QuestionName } from "./messages.ts";
import type { Dropper } from "./registry.ts";
import { Seat, type SeatEvents } from "./seat.ts";
import { isUneven, surplusOf } from "./spread.ts";
import type { Unread } from "./transfers.ts";
import type { Tools, WorkerEvents, WorkerProcess } from "./worker-process.ts";

export interface CrewOptions {
  readonly size: number;
  readonly tools: Tools;
  readonly log: Logger;
  /** What a worker has to do with the confs of all. */
  readonly confs: Pick<WorkerEvents, "register" | "find"> & {
    dropped(number: number, worker: Dropper): void;
    forgetWorker(worker: Dropper): void;
  };
  /** A worker gives a connection back. */
  readonly onReturned: (what: Unread) => void;
}

/** What one worker answered. */
export interface WorkerAnswer {
  readonly worker: number;
  readonly pid: number;
  readonly value?: unknown;
  /** Why there is no answer. */
  readonly problem?: string;
}

/** How often it is looked whether connections are spread evenly, ms. */
const LEVEL_EVERY_MS = 1_000;

/** How often those on their way are looked after while there are any, ms. */
const LOOK_EVERY_MS = 25;

export class Crew {
  readonly #seats: readonly Seat[];
  /** For whom there is no worker at the moment, not even one that starts. */
  #held: Unread[] = [];
  /** Until each has been ready once, those that start are counted with the others. */
  #isFresh = true;
  #looking: Timer | undefined;
  #isLeveling = false;
  #isCollecting = false;
  #isEnding = false;
  readonly #gone = Promise.withResolvers<void>();

  constructor(private readonly options: CrewOptions) {
    const { size, tools, log, confs, onReturned } = options;
    const events: SeatEvents = {
      ...confs,
      ready: (worker) => this.#isReady(worker),
      returned: onReturned,
      left: (worker, left) => this.#left(worker, left),
    };
    this.#seats = Array.from(
      { length: size },
      (_, i) => new Seat({ number: i + 1, of: size, tools, log, events }),
    );
    setInterval(() => this.#level(), LEVEL_EVERY_MS).unref();
  }

  start(): void {
    for (const seat of this.#seats) seat.start();
  }

  /** Those that run, ready or not. */
  get workers(): WorkerProcess[] {
    return this.#seats.map(({ worker }) => worker).filter((worker) => worker !== undefined);
  }

  /** Connections that workers have, or that wait for one. */
  get count(): number {
    return this.#held.length + this.workers.reduce((sum, { load }) => sum + load, 0);
  }

  /** Gives a connection to the worker with the fewest. */
  place(what: Unread): void {
    if (what.descriptor < 0) return;
    const worker = this.#choose();
    if (worker === undefined) this.#held.push(what);
    else worker.give(what);
    this.#lookAgain();
  }

  /** What no worker has been sent. */
  takeHeld(limit: number): Unread[] {
    return this.#held.splice(0, limit).filter(({ descriptor }) => descriptor >= 0);
  }

  /** Asks for so many connections back, from whomever; 0: no more. */
  collect(count: number): void {
    this.#isCollecting = count > 0;
    for (const worker of this.#ready) worker.collect(count);
  }

  closeIdle(): void {
    for (const worker of this.workers) worker.closeIdle();
  }

  reopenLog(): void {
    for (const worker of this.workers) worker.reopenLog();
  }

  reload(): void {
    for (const worker of this.workers) worker.reload();
  }

  /**
   * Asks all that run at once.
   *
   * @param patience ms for which one may keep silent; its answer then says so
   */
  ask(what: QuestionName, patience: number): Promise<WorkerAnswer[]> {
    return Promise.all(
      this.#ready.map(async (worker) => {
        const who = { worker: worker.post.number, pid: worker.pid };
        try {
          return { ...who, value: await worker.ask(what, patience) };
        } catch (error) {
          return { ...who, problem: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
  }

  /** Lets them end, and kills those that have not after so many ms. Resolves when none is left. */
  async end(patience: number): Promise<void> {
    this.#isEnding = true;
    for (const seat of this.#seats) seat.isEnding = true;
    for (const worker of this.workers) worker.end();
    if (this.workers.length === 0) return;
    const late = setTimeout(() => {
      for (const worker of this.workers) worker.kill();
    }, patience);
    await this.#gone.promise;
    clearTimeout(late);
  }

  get #ready(): WorkerProcess[] {
    return this.workers.filter(({ isReady }) => isReady);
  }

  #choose(): WorkerProcess | undefined {
    const { workers } = this;
    const taking = workers.filter(
      ({ isTaking, isStarting }) => isTaking || (this.#isFresh && isStarting),
    );
    if (taking.length > 0) return leastLoaded(taking);
    // One that hangs, or starts, will take it sooner or later; one that is full may not.
    const others = workers.filter(({ isFull }) => !isFull);
    return leastLoaded(others);
  }

  #isReady(worker: WorkerProcess): void {
    const { pid, post, startedAt, images } = worker;
    // When the image before was replaced, nobody here has seen.
    const ms = images > 1 ? undefined : Math.round(performance.now() - startedAt);
    this.options.log.info("a worker is ready", { worker: post.number, pid, ms });
    // Its image may be a new one.
    this.options.confs.forgetWorker(worker);
    if (this.#ready.length === this.#seats.length) this.#isFresh = false;
    this.#placeHeld();
    this.#level();
  }

  #left(worker: WorkerProcess, left: readonly Unread[]): void {
    if (this.#isEnding) {
      if (this.workers.length === 0) this.#gone.resolve();
      return;
    }
    this.options.confs.forgetWorker(worker);
    for (const what of left) this.place(what);
  }

  #placeHeld(): void {
    for (const what of this.takeHeld(Infinity)) this.place(what);
  }

  /** While anything is on its way, or nobody could take it. */
  #lookAgain(): void {
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      this.#look();
    }, LOOK_EVERY_MS);
  }

  #look(): void {
    this.#placeHeld();
    const { workers } = this;
    // Where nobody else takes it, it stays where it is.
    for (const worker of workers) {
      if (!workers.some((other) => other !== worker && other.isTaking)) continue;
      for (const what of worker.checkStall()) this.place(what);
    }
    if (this.#held.length > 0 || workers.some(({ transfers }) => transfers.count > 0)) {
      this.#lookAgain();
    }
  }

  /** APISIX keeps its connections for long: those of a worker that is new have to come from the others. */
  #level(): void {
    if (this.#isCollecting) return;
    const ready = this.#ready.filter(({ isTaking }) => isTaking);
    const loads = ready.map(({ load }) => load);
    const isNeeded = isUneven(loads);
    if (!isNeeded && !this.#isLeveling) return;
    this.#isLeveling = isNeeded;
    ready.forEach((worker, i) => worker.collect(isNeeded ? surplusOf(loads, i) : 0));
  }
}

function leastLoaded(workers: readonly WorkerProcess[]): WorkerProcess | undefined {
  let least: WorkerProcess | undefined;
  for (const worker of workers) {
    if (least === undefined || worker.load < least.load) least = worker;
  }
  return least;
}

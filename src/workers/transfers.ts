/** Connections on their way from the supervisor to one worker; each stays open here until it has come. */
import { closeSync } from "node:fs";
import type { DescriptorPassing } from "../server/handover/descriptors.ts";

/** Descriptors that are not filled with connections: Bun ends the process when it cannot open a file. */
export const RESERVED_DESCRIPTORS = 32;

/** An open connection of which nothing has been read. */
export interface Unread {
  /** -1: its client has gone. */
  readonly descriptor: number;
  /** Closes our descriptor, and says nothing to the client, whom another process may serve. */
  release(): void;
}

/** One that is known by its descriptor alone. */
export class BareConnection implements Unread {
  constructor(readonly descriptor: number) {}

  release(): void {
    closeSync(this.descriptor);
  }
}

/** Descriptors that are on their way at once: the kernel keeps few for one socket. */
const MOST_UNDER_WAY = 64;

interface UnderWay {
  readonly what: Unread;
  /** `performance.now()` */
  readonly since: number;
}

export interface TransfersOptions {
  readonly passing: DescriptorPassing;
  /** Our end of the socket for descriptors. */
  readonly socket: number;
  /** The worker's: what it has not taken can be taken back there. */
  readonly workersSocket: number;
  /** Something has been sent. */
  readonly onSent: () => void;
}

export class Transfers {
  /** Not sent yet. */
  #waiting: Unread[] = [];
  /** Sent, and not yet said to have come. */
  readonly #underWay = new Map<number, UnderWay>();
  #number = 0;

  constructor(private readonly options: TransfersOptions) {}

  get count(): number {
    return this.#waiting.length + this.#underWay.size;
  }

  /** The number of the last that was sent; -1: none. */
  get last(): number {
    return this.#number - 1;
  }

  /** Since when (`performance.now()`) the oldest that was sent has not been taken; undefined: there is none. */
  get unansweredSince(): number | undefined {
    const [oldest] = this.#underWay.values();
    return oldest?.since;
  }

  /** Keeps it until {@link flush} sends it. */
  add(what: Unread): void {
    this.#waiting.push(what);
  }

  /** Sends what waits, as far as the socket takes it. */
  flush(): void {
    const { passing, socket, onSent } = this.options;
    let hasSent = false;
    while (this.#underWay.size < MOST_UNDER_WAY) {
      const what = this.#waiting.shift();
      if (what === undefined) break;
      if (what.descriptor < 0) continue;
      if (!passing.send(socket, what.descriptor, this.#number)) {
        this.#waiting.unshift(what);
        break;
      }
      this.#underWay.set(this.#number++, { what, since: performance.now() });
      hasSent = true;
    }
    if (hasSent) onSent();
  }

  /** They have come. */
  taken(numbers: Iterable<number>): void {
    for (const number of numbers) this.#remove(number)?.release();
  }

  /** All up to this one have come, whether that was said or not. */
  takenUpTo(last: number): void {
    this.taken([...this.#underWay.keys()].filter((number) => number <= last));
  }

  /** @returns those of them that were on their way */
  refused(numbers: Iterable<number>): Unread[] {
    return Array.from(numbers, (number) => this.#remove(number)).filter(
      (what) => what !== undefined,
    );
  }

  /** What the worker has not taken will not reach it. @returns that, with what was not sent */
  takeBack(): Unread[] {
    const { passing, workersSocket } = this.options;
    const back: Unread[] = [];
    for (;;) {
      const received = passing.receive(workersSocket);
      if (received === undefined) break;
      closeSync(received.descriptor);
      const what = this.#remove(received.number);
      if (what !== undefined) back.push(what);
    }
    return [...back, ...this.takeWaiting()];
  }

  /** @returns what has not been sent */
  takeWaiting(): Unread[] {
    return this.#waiting.splice(0).filter(({ descriptor }) => descriptor >= 0);
  }

  /** The worker has died. @returns what it has not said to have */
  abandon(): Unread[] {
    const left = Array.from(this.#underWay.values(), ({ what }) => what);
    this.#underWay.clear();
    return [...left, ...this.takeWaiting()].filter(({ descriptor }) => descriptor >= 0);
  }

  #remove(number: number): Unread | undefined {
    const underWay = this.#underWay.get(number);
    this.#underWay.delete(number);
    return underWay?.what;
  }
}

/** What the supervisor's listener accepts goes to the workers, unread, and comes back from them for a successor. */
import type { Transferable } from "../server/handover/estate.ts";
import type { Keeper } from "../server/keeper.ts";
import type { Crew } from "./crew.ts";
import { BareConnection, type Unread } from "./transfers.ts";

/** A successor that has not asked for more for so long is given no more, ms; it asks every 20. */
const DEMAND_MS = 100;

/** How often it is looked whether it still asks, ms. */
const LOOK_EVERY_MS = 25;

interface AcceptedSocket {
  readonly fd: number;
  pause(): void;
  close(): void;
  data: AcceptedConnection | undefined;
}

class AcceptedConnection implements Unread {
  constructor(private readonly socket: AcceptedSocket) {}

  get descriptor(): number {
    return this.socket.fd;
  }

  release(): void {
    this.socket.close();
  }
}

export class Distribution implements Keeper<AcceptedConnection | undefined> {
  onIdle: (() => void) | undefined;
  /** No worker has them, and a successor wants them. */
  #returned: Unread[] = [];
  /** On their way to a successor. */
  readonly #leaving = new Set<Unread>();
  /** `performance.now()` */
  #wantedAt = -Infinity;
  #looking: Timer | undefined;
  #hasEnded = false;

  readonly handler: Bun.SocketHandler<AcceptedConnection | undefined> = {
    open: (socket) => {
      // What comes waits in the kernel for the worker.
      socket.pause();
      const accepted = new AcceptedConnection(socket);
      socket.data = accepted;
      this.returned(accepted);
    },
    data: () => undefined,
    error: () => undefined,
  };

  constructor(private readonly crew: () => Crew) {}

  get count(): number {
    return this.crew().count + this.#returned.length + this.#leaving.size;
  }

  /** The workers themselves say what was cut. */
  get busy(): number {
    return 0;
  }

  /** A connection that nobody reads: it is placed, or given away. */
  returned(what: Unread): void {
    if (this.#hasEnded) {
      what.release();
      return;
    }
    if (!this.#isWanted) {
      this.crew().place(what);
      return;
    }
    this.#returned.push(what);
    this.onIdle?.();
  }

  async adopt(descriptor: number): Promise<void> {
    this.returned(new BareConnection(descriptor));
  }

  takeIdle(limit: number): Transferable[] {
    this.#wantedAt = performance.now();
    this.#look();
    const taken = this.#returned.splice(0, limit);
    taken.push(...this.crew().takeHeld(limit - taken.length));
    if (taken.length < limit) this.crew().collect(limit - taken.length);
    return taken
      .filter(({ descriptor }) => descriptor >= 0)
      .map((what) => this.#transferable(what));
  }

  closeIdle(): void {
    for (const what of this.#returned.splice(0)) what.release();
    this.crew().closeIdle();
  }

  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#looking);
  }

  get #isWanted(): boolean {
    return performance.now() - this.#wantedAt < DEMAND_MS;
  }

  #transferable(what: Unread): Transferable {
    this.#leaving.add(what);
    return {
      descriptor: what.descriptor,
      given: () => {
        this.#leaving.delete(what);
        what.release();
      },
      kept: () => {
        this.#leaving.delete(what);
        this.crew().place(what);
      },
    };
  }

  /** When nobody takes any more, they go back to the workers. */
  #look(): void {
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      if (this.#isWanted) {
        this.#look();
        return;
      }
      this.crew().collect(0);
      for (const what of this.#returned.splice(0)) this.crew().place(what);
    }, LOOK_EVERY_MS);
  }
}

/** A worker gives idle connections back, as many as its supervisor wants. */
import type { Connections } from "../server/connections.ts";
import type { DescriptorPassing } from "../server/handover/descriptors.ts";
import type { Transferable } from "../server/handover/estate.ts";
import { DESCRIPTORS } from "./post.ts";

/** Connections that are on their way at once. */
const MOST_UNDER_WAY = 64;

export class GivingBack {
  /** How many are wanted and have not been sent. */
  #wanted = 0;
  #isAboutToGive = false;
  #number = 0;
  /** Sent, and the supervisor has not said that it has them. */
  readonly #given = new Map<number, Transferable>();

  /** @param onSent told the number of each that has been sent */
  constructor(
    private readonly connections: Connections,
    private readonly passing: DescriptorPassing,
    private readonly onSent: (number: number) => void,
  ) {}

  /** Connections are to leave, or on their way. */
  get isUnderWay(): boolean {
    return this.#wanted > 0 || this.#given.size > 0;
  }

  /** So many are wanted from now on, each when it is idle; 0: no more. */
  want(count: number): void {
    this.#wanted = count;
    this.connections.onIdle = count === 0 ? undefined : () => this.#give();
    this.#give();
  }

  /** The supervisor has it; or it has not, and the connection goes on here. */
  settled(number: number, ok: boolean): void {
    const what = this.#given.get(number);
    this.#given.delete(number);
    if (ok) what?.given();
    else what?.kept();
    if (this.#wanted > 0) this.#give();
  }

  /** In a moment: a connection that is paused while the event loop hands out what it has found may be read all the same. */
  #give(): void {
    if (this.#isAboutToGive) return;
    this.#isAboutToGive = true;
    setImmediate(() => {
      this.#isAboutToGive = false;
      this.#giveNow();
    });
  }

  #giveNow(): void {
    const limit = Math.min(this.#wanted, MOST_UNDER_WAY - this.#given.size);
    const idle = this.connections.takeIdle(limit);
    for (const [i, what] of idle.entries()) {
      const number = this.#number++;
      if (!this.passing.send(DESCRIPTORS, what.descriptor, number)) {
        for (const other of idle.slice(i)) other.kept();
        break;
      }
      this.#given.set(number, what);
      this.#wanted--;
      this.onSent(number);
    }
    if (this.#wanted === 0) this.connections.onIdle = undefined;
  }
}

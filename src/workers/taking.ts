/** A worker takes the connections that its supervisor has sent. */
import { closeSync } from "node:fs";
import type { Connections } from "../server/connections.ts";
import { type DescriptorPassing, mostDescriptors } from "../server/handover/descriptors.ts";
import { board } from "../watchdog/board.ts";
import { DESCRIPTORS } from "./post.ts";
import { RESERVED_DESCRIPTORS } from "./transfers.ts";

/** The numbers of those that came. */
export interface Taken {
  readonly numbers: readonly number[];
  /** For which there is no room: they have been closed here. */
  readonly refused: readonly number[];
}

export class Taking {
  /** Taken, and not yet among the open ones. */
  pending = 0;
  readonly #firstReserved = mostDescriptors() - RESERVED_DESCRIPTORS;

  constructor(
    private readonly connections: Connections,
    private readonly passing: DescriptorPassing,
    private readonly onSettled: () => void,
  ) {}

  /**
   * Takes all that has come. From here to the answer nothing else runs: a connection is either the
   * supervisor's, or on the board that the next image is made from.
   */
  take(): Taken {
    const numbers: number[] = [];
    const refused: number[] = [];
    for (;;) {
      const received = this.passing.receive(DESCRIPTORS);
      if (received === undefined) return { numbers, refused };
      const { descriptor, number } = received;
      if (descriptor >= this.#firstReserved) {
        closeSync(descriptor);
        refused.push(number);
      } else {
        board.idle(descriptor);
        numbers.push(number);
        void this.#adopt(descriptor);
      }
    }
  }

  async #adopt(descriptor: number): Promise<void> {
    this.pending++;
    try {
      await this.connections.adopt(descriptor);
    } catch {
      board.forget(descriptor);
      closeSync(descriptor);
    }
    this.pending--;
    this.onSettled();
  }
}

/** Bytes on their way out: at once where the kernel takes them, the rest when it does again. */
import { ownCopy, release } from "../protocol/large-memory.ts";

export interface Outbox {
  readonly isEmpty: boolean;
  /** `performance.now()` when the kernel last took some of what waits. */
  readonly movedAt: number;
  /** @param hold default: lent */
  write(bytes: Uint8Array, hold?: Hold): void;
  /** Bytes of a larger memory, which are lent. */
  writePart(memory: Uint8Array, start: number, end: number): void;
  /** The socket takes bytes again. */
  drain(): void;
}

/**
 * How bytes may be held until they are written: those that are `lent` are the writer's again at once, `stable` ones
 * stay as they are, and `own` ones are the outbox's, which releases them when they are written.
 */
export type Hold = "lent" | "stable" | "own";

interface Writable {
  /** @returns how many bytes were taken; negative: the socket has closed */
  write(bytes: Uint8Array, start?: number, length?: number): number;
}

/** @param onEmpty called when all that had to wait has been written */
export function createOutbox(socket: Writable, onEmpty: () => void): Outbox {
  return new SocketOutbox(socket, onEmpty);
}

interface Left {
  readonly bytes: Uint8Array;
  readonly isOwn: boolean;
}

class SocketOutbox implements Outbox {
  /** What is left, in order; the first has been written up to `#written`. */
  readonly #left: Left[] = [];
  #written = 0;
  movedAt = 0;

  constructor(
    private readonly socket: Writable,
    private readonly onEmpty: () => void,
  ) {}

  get isEmpty(): boolean {
    return this.#left.length === 0;
  }

  write(bytes: Uint8Array, hold: Hold = "lent"): void {
    const written = this.#writeAtOnce(bytes);
    if (written === bytes.length) {
      if (hold === "own") release(bytes);
    } else if (hold === "lent") {
      this.#left.push({ bytes: ownCopy(bytes.subarray(written)), isOwn: true });
    } else {
      if (this.isEmpty) this.#written = written;
      this.#left.push({ bytes, isOwn: hold === "own" });
    }
  }

  writePart(memory: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const written = this.isEmpty ? this.socket.write(memory, start, length) : 0;
    if (written < 0 || written === length) return;
    if (this.isEmpty) this.movedAt = performance.now();
    this.#left.push({ bytes: ownCopy(memory.subarray(start + written, end)), isOwn: true });
  }

  drain(): void {
    this.movedAt = performance.now();
    for (;;) {
      const first = this.#left[0];
      if (first === undefined) break;
      const { bytes } = first;
      const rest = this.#written === 0 ? bytes : bytes.subarray(this.#written);
      const written = this.socket.write(rest);
      if (written < 0) {
        this.#drop();
        return;
      }
      this.#written += written;
      if (this.#written < bytes.length) return;
      this.#left.shift();
      this.#written = 0;
      if (first.isOwn) release(bytes);
    }
    this.onEmpty();
  }

  /** How many bytes need not wait: all of them where the socket has closed, for then nobody reads them. */
  #writeAtOnce(bytes: Uint8Array): number {
    if (!this.isEmpty) return 0;
    const written = this.socket.write(bytes);
    if (written < 0) return bytes.length;
    if (written < bytes.length) this.movedAt = performance.now();
    return written;
  }

  #drop(): void {
    for (const { bytes, isOwn } of this.#left.splice(0)) if (isOwn) release(bytes);
    this.#written = 0;
  }
}

/** Bytes on their way out: at once where the kernel takes them, the rest when it does again. */

export interface Outbox {
  readonly isEmpty: boolean;
  /** `performance.now()` when the kernel last took some of what waits. */
  readonly movedAt: number;
  /** Takes the bytes before it returns: what cannot be written at once is copied. */
  write(bytes: Uint8Array): void;
  /** The socket takes bytes again. */
  drain(): void;
}

/** @param onEmpty called when all that had to wait has been written */
export function createOutbox(
  socket: { write(bytes: Uint8Array): number },
  onEmpty: () => void,
): Outbox {
  return new SocketOutbox(socket, onEmpty);
}

class SocketOutbox implements Outbox {
  /** What is left, in order; the first has been written up to `#written`. */
  readonly #left: Uint8Array[] = [];
  #written = 0;
  movedAt = 0;

  constructor(
    private readonly socket: { write(bytes: Uint8Array): number },
    private readonly onEmpty: () => void,
  ) {}

  get isEmpty(): boolean {
    return this.#left.length === 0;
  }

  write(bytes: Uint8Array): void {
    if (!this.isEmpty) {
      this.#left.push(new Uint8Array(bytes));
      return;
    }
    // A closed socket takes -1 bytes: the reply has no reader any more.
    const written = this.socket.write(bytes);
    if (written >= 0 && written < bytes.length) {
      this.#left.push(new Uint8Array(bytes.subarray(written)));
      this.#written = 0;
      this.movedAt = performance.now();
    }
  }

  drain(): void {
    this.movedAt = performance.now();
    for (;;) {
      const first = this.#left[0];
      if (first === undefined) break;
      const written = this.socket.write(first.subarray(this.#written));
      if (written < 0) {
        this.#left.length = 0;
        return;
      }
      this.#written += written;
      if (this.#written < first.length) return;
      this.#left.shift();
      this.#written = 0;
    }
    this.onEmpty();
  }
}

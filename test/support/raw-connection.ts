/** A connection on which a test decides about every byte. */
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";

export interface RawFrame {
  readonly type: number;
  readonly payload: Buffer;
}

export class RawConnection implements Disposable {
  readonly closed: Promise<void>;
  #close!: () => void;
  readonly #ended = Promise.withResolvers<void>();
  /** All that has come. */
  readonly chunks: Buffer[] = [];
  #socket!: Bun.Socket<undefined>;
  readonly #frames: RawFrame[] = [];
  #waiting: ((frame: RawFrame) => void)[] = [];
  readonly #decoder = createFrameDecoder((type, payload) => {
    const waiter = this.#waiting.shift();
    if (waiter) waiter({ type, payload });
    else this.#frames.push({ type, payload });
  });
  #drained: (() => void) | undefined;

  private constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  /** @param allowHalfOpen as APISIX does it: at the peer's end it does not close, and can still write */
  static async connect(path: string, allowHalfOpen = false): Promise<RawConnection> {
    const connection = new RawConnection();
    connection.#socket = await Bun.connect({
      unix: path,
      allowHalfOpen,
      socket: {
        data: (_socket, chunk) => {
          connection.chunks.push(chunk);
          connection.#decoder.push(chunk);
        },
        end: () => connection.#ended.resolve(),
        drain: () => connection.#drained?.(),
        close: () => connection.#close(),
        error: () => connection.#close(),
      },
    });
    return connection;
  }

  /** The peer writes no more. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Writes all of it, however often the kernel has to be asked. @returns false where nobody takes it */
  async send(...parts: Uint8Array[]): Promise<boolean> {
    let left = Buffer.concat(parts);
    while (left.length > 0) {
      const written = this.#socket.write(left);
      if (written < 0) return false;
      left = left.subarray(written);
      if (left.length > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    }
    return true;
  }

  /** The next frame, whether it has come or will. */
  next(): Promise<RawFrame> {
    const frame = this.#frames.shift();
    return frame ? Promise.resolve(frame) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Frames that have come and were not asked for yet. */
  get pending(): number {
    return this.#frames.length;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.end();
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

/** A frame with any type and payload. */
export function rawFrame(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.length);
  header[0] = type;
  return Buffer.concat([header, payload]);
}

/** Reads a socket by lines and by bytes, no faster than they are taken. */
import type { Socket } from "node:net";

/** The socket ended in the middle of something. */
export class CutOffError extends Error {
  override readonly name = "CutOffError";
}

/** Nothing came for too long. */
export class SilenceError extends Error {
  override readonly name = "SilenceError";
}

/** A line is longer than it may be. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/** Bytes that are read ahead at most. */
const READ_AHEAD_BYTES = 256 * 1024;

export class SocketReader {
  /** How long to wait for bytes, ms; `undefined`: for ever. */
  timeout: number | undefined;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #taken = 0;

  constructor(private readonly socket: Socket) {
    socket.on("data", (chunk) => {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      this.#chunks.push(bytes);
      this.#buffered += bytes.length;
      if (this.#buffered > READ_AHEAD_BYTES) socket.pause();
      this.#wake?.();
    });
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("error", (error) => this.#end(error));
  }

  /** The other side has sent its last byte, or the connection has gone. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Bytes have come that nobody has taken. */
  get hasUnread(): boolean {
    return this.#buffered > 0;
  }

  /** How many bytes have been taken altogether. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether another byte comes before the end. */
  async hasMore(): Promise<boolean> {
    while (this.#buffered === 0) {
      if (this.#ended) return false;
      await this.#more();
    }
    return true;
  }

  /**
   * A line without its end, `\n` or `\r\n`; a character for each byte.
   *
   * @throws CutOffError, SilenceError, LineTooLongError
   */
  async line(limit: number): Promise<string> {
    let searched = 0;
    for (;;) {
      const at = this.#indexOfNewline(searched);
      if (at >= 0 && at <= limit) {
        const line = this.#take(at + 1).toString("latin1", 0, at);
        return line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (at > limit || this.#buffered > limit) {
        throw new LineTooLongError(`a line has more than ${limit} bytes`);
      }
      searched = this.#buffered;
      await this.#need();
    }
  }

  /**
   * What has come, at most `limit` bytes of it; waits for the first.
   *
   * @throws CutOffError, SilenceError
   */
  async some(limit: number): Promise<Buffer> {
    while (this.#buffered === 0) await this.#need();
    const first = this.#chunks[0]!;
    return this.#take(Math.min(first.length, limit));
  }

  async #need(): Promise<void> {
    if (this.#ended)
      throw new CutOffError("the connection ended too early", { cause: this.#failure });
    await this.#more();
  }

  async #more(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { timeout } = this;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => reject(new SilenceError(`nothing came for ${timeout} ms`)), timeout);
    this.#wake = resolve;
    this.socket.resume();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }

  #end(error?: Error): void {
    this.#failure ??= error;
    this.#ended = true;
    this.#wake?.();
  }

  #indexOfNewline(from: number): number {
    let start = 0;
    for (const chunk of this.#chunks) {
      const at = chunk.indexOf(0x0a, Math.max(0, from - start));
      if (at >= 0) return start + at;
      start += chunk.length;
    }
    return -1;
  }

  #take(length: number): Buffer {
    if (this.#chunks.length > 1 && this.#chunks[0]!.length < length) {
      this.#chunks = [Buffer.concat(this.#chunks)];
    }
    const first = this.#chunks[0]!;
    if (first.length === length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(length);
    this.#buffered -= length;
    this.#taken += length;
    return first.subarray(0, length);
  }
}

/** One end of the socket that two processes talk over: whole messages in, whole messages out. */
import { createOutbox } from "../outbox.ts";
import { encodeMessage, messageReader } from "./messages.ts";

/** The part of Bun's socket that a channel needs. */
export interface ChannelSocket {
  /** -1 when closed. */
  readonly fd: number;
  write(bytes: Uint8Array): number;
  terminate(): void;
}

export interface ChannelOptions {
  /** ms for which the other end may leave unread what we keep for it; default 10 000. */
  readonly patience?: number;
  /** Its end may be another process image's since, and the line before half a one: that is passed over. */
  readonly skipsHalfLines?: boolean;
}

const PATIENCE = 10_000;

/** @typeParam In what the other end says */
export class Channel<In extends object, Out extends object> {
  readonly #outbox;
  readonly #patience: number;
  readonly #read: (chunk: Uint8Array) => void;
  #flushed: (() => void) | undefined;

  constructor(
    private readonly socket: ChannelSocket,
    onMessage: (message: In) => void,
    { patience = PATIENCE, skipsHalfLines = false }: ChannelOptions = {},
  ) {
    this.#outbox = createOutbox(socket, () => this.#flushed?.());
    this.#read = messageReader(onMessage, skipsHalfLines);
    this.#patience = patience;
  }

  get isOpen(): boolean {
    return this.socket.fd >= 0;
  }

  send(message: Out): void {
    if (!this.isOpen) return;
    const { isEmpty, movedAt } = this.#outbox;
    if (!isEmpty && performance.now() - movedAt > this.#patience) this.close();
    else this.#outbox.write(encodeMessage(message));
  }

  /** Resolves when all has been written, or cannot be; other things may happen meanwhile. */
  async flushed(): Promise<void> {
    if (this.#outbox.isEmpty || !this.isOpen) {
      await new Promise(setImmediate);
    } else {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#flushed = resolve;
      await promise;
    }
  }

  /** What cannot be read ends the conversation: the other end is no runner of this kind. */
  data(chunk: Uint8Array): void {
    try {
      this.#read(chunk);
    } catch {
      this.close();
    }
  }

  drain(): void {
    this.#outbox.drain();
  }

  close(): void {
    this.socket.terminate();
  }

  /** The socket has been closed, by whichever end. */
  closed(): void {
    this.#flushed?.();
  }
}
